"""Query expansion: terms related to a query by meaning and by topic.

By refined vectors, a word is near words with similar contexts (*hail*: *hailstones*). By topic vectors, it is
near words of the same documents (*hail*: *windshields*). The weight of a term is the mean of its cosines to
the query by both, times n / (n + 10) for n occurrences, because few occurrences are weak evidence. The query
is the idf-weighted sum of its words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from selfvec.analysis.word_kinds import has_letter
from selfvec.base.arrays import Rows
from selfvec.base.declarations import checked
from selfvec.base.display import escape_for_display
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import RecordTable, short_repr
from selfvec.base.threads import one_core
from selfvec.base.view import COUNT, Column, Table, View, figure
from selfvec.data.run import Run
from selfvec.numerics.rows import unit_rows
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.document_vectors import inverse_document_frequency
from selfvec.text.phrases import LINK, parts
from selfvec.text.preprocessing import Preprocessing, encode_texts
from selfvec.text.rules import stems

from .terms import stop_words, topic_rows

LEAST = 0.2  # smallest mean cosine of a related term, as in search
EVIDENCE = 10  # occurrences at which a term has half of its full weight


@dataclass(frozen=True)
class Related:
    """A term related to a query."""

    term: str  # a phrase has underscores
    weight: float  # 0 to 1, the mean of ``meaning`` and ``topic``, lower for rare terms
    meaning: float  # cosine to the query by refined vectors
    topic: float  # cosine to the query by topic vectors
    count: int  # occurrences
    near: str  # the nearest word of the query


@dataclass(frozen=True, repr=False)
class Expansion(RecordTable):
    """A query and its related terms.

    Attributes
    ----------
    query : str
    known : list of str
        Its words and phrases that occur in the run. Stop words are neither here nor in ``unknown``.
    unknown : list of str
    related : list of Related
        The largest weight first.
    """

    listed = "related"
    columns = (
        Column("term", width=32),
        Column("weight", form=figure(2)),
        Column("meaning", form=figure(2)),
        Column("topic", form=figure(2)),
        Column("count", form=COUNT),
        Column("near", width=20),
    )

    query: str
    known: list[str]
    unknown: list[str]
    related: list[Related]

    def __repr__(self) -> str:
        title = f"Expansion of {self.query!r}: {len(self)} terms"
        return short_repr(title, [f"{row.term} {row.weight:.2f}" for row in self.related])

    @property
    def messages(self) -> list[str]:
        """Which words of the query the run lacks."""
        return [f"the run does not have: {', '.join(self.unknown)}"] if self.unknown else []

    def view(self, top: int | None = None) -> View:
        """The related terms, and the expanded query."""
        words = " ".join(escape_for_display(word) for word in self.expanded.split(" "))
        table = Table(self.columns, self.rows[:top])
        title = f"Terms related to {escape_for_display(self.query)}"
        return View(title, [table], notes=[words], records=self.rows)

    @property
    def expanded(self) -> str:
        """The query with its related terms, in Lucene's syntax with boosts."""
        more = [f"{_quoted(row.term)}^{row.weight:.2f}" for row in self.related]
        return " ".join([*map(_quoted, self.known), *more])

    def as_dict(self) -> dict[str, Any]:
        """As ``selfvec text expand --json`` prints it."""
        return {
            "query": self.query,
            "known": self.known,
            "unknown": self.unknown,
            "expanded": self.expanded,
            "rows": self.rows,
        }


@checked
def expand(
    run: GivenRun, query: str, top: int = 10, *, min_count: int = 5, progress: Progress | None = None
) -> Expansion:
    """List terms related to a query, with weights.

    Parameters
    ----------
    run : Run or path
        A run folder; its phrases are also terms.
    query : str, not empty
        A question or some words.
    top : int, at least 1
        Terms listed.
    min_count : int, at least 1
        Leave out words that occur less often.
    progress : Progress, optional

    Returns
    -------
    Expansion
        Terms that share a stem with the query or with an earlier term are left out, if there is a stemmer for
        the run's language.

    Raises
    ------
    OptionError
        If ``top`` is not at least 1.
    InputError
        If no word of the query occurs in the run or counts, or the run has not kept its tokens.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> [row["term"] for row in selfvec.expand(run, "flooded road", top=3).rows]
    ['basements', 'depth', 'cellars']
    """
    run = as_run(run)
    batch = run.require_tokens()
    known, unknown, weights = _query_words(run, query)
    rows = np.array([run.vectors.key_to_index[word] for word in known], np.int64)
    with as_progress(progress).stage("Relating texts", None, "words"):
        meaning = run.vectors.unit
        topic = np.asarray(topic_rows(run))
    with one_core():
        cosines = np.stack([each @ unit_rows((weights @ each[rows])[None])[0] for each in (meaning, topic)])
        nearest = (meaning @ meaning[rows].T).argmax(axis=1)
    near_both = cosines.mean(axis=0)
    scores = near_both * batch.counts / (batch.counts + EVIDENCE)
    able = (batch.counts >= min_count) & (near_both >= LEAST)
    able[rows] = False
    ranked = np.flatnonzero(able)[np.argsort(-scores[able], kind="stable")].tolist()
    related = [
        Related(
            run.vectors.index_to_key[row],
            weight=float(scores[row]),
            meaning=float(cosines[0, row]),
            topic=float(cosines[1, row]),
            count=int(batch.counts[row]),
            near=known[int(nearest[row])],
        )
        for row in _distinct_terms(run, known, ranked, top)
    ]
    return Expansion(query, known, unknown, related)


def _query_words(run: Run, query: str) -> tuple[list[str], list[str], Rows]:
    """Words of a query that the run knows, those that it does not, and the weights of the former."""
    asked = encode_texts([query], Preprocessing.of(run.provenance), run.vectors)
    index = run.vectors.key_to_index
    times = dict(zip(asked.types, asked.counts.tolist(), strict=True))
    known = [word for word in asked.types if times[word] and word in index]
    unknown = [word for word in asked.types if times[word] and word not in index]
    if not known and unknown:
        run.rows(unknown)  # raises an error with words of similar spelling
    if not known:
        rule = "no word of the query is left without stop words and signs"
        raise InputError(rule, remedy="use words of the corpus")
    rows = np.array([index[word] for word in known], np.int64)
    idf = inverse_document_frequency(run.require_tokens())[rows]
    return known, unknown, idf * np.array([times[word] for word in known], np.float32)


def _distinct_terms(run: Run, known: list[str], ranked: list[int], top: int) -> list[int]:
    """The first rows whose terms share no stem with the query or an earlier term, at most ``top``."""
    stops = stop_words(run)
    language = Preprocessing.of(run.provenance).stem
    seen = {stem for word in known for stem in _stems(word, language)}
    out: list[int] = []
    for row in ranked:
        term = run.vectors.index_to_key[row]
        roots = _stems(term, language)
        if term.lower() in stops or not has_letter(term) or seen.issuperset(roots):
            continue
        seen.add(LINK.join(roots))
        if LINK not in term:
            seen.update(roots)
        out.append(row)
        if len(out) == top:
            break
    return out


def _stems(term: str, language: str | None) -> list[str]:
    """The stems of the words of a term."""
    words = parts(term.lower()) or [term.lower()]
    return words if language is None else stems(words, language)


def _quoted(term: str) -> str:
    return f'"{term.replace(LINK, " ")}"' if LINK in term else term
