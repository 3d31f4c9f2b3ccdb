"""The tools: each calls the function behind a command and limits the size of the answer.

An assistant reads the docstrings here to choose a tool, so they say what comes back and what it means.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.numerics.neighbours import only_in_each

from . import results

if TYPE_CHECKING:
    from selfvec.analysis.drift import Drift
    from selfvec.analysis.senses import SenseSpace
    from selfvec.search import Hit, Index

__all__ = ["Tools"]

LONGEST = 2000  # characters of a passage or a sentence
_SHORT = 200  # characters of a field's value
_FILES, _FIELDS = 20, 30  # files named, fields of a document
_KEPT = 3  # comparisons of two states kept in memory
_LEVEL = 0.05  # a change is beyond chance below this false discovery rate
_UNMOVED = 1e-3  # a word at most this far from where it was has not moved
_REASONS = 8  # matches shown for a passage
_EXAMPLES = 3  # sentences for a state or a sense

Word = Annotated[str, Field(min_length=1, max_length=100, description="A word of the corpus.")]
Question = Annotated[str, Field(min_length=1, max_length=1000, description="A question, or some words.")]
Text = Annotated[str, Field(max_length=10_000, description="A sentence or text that contains the word.")]
Topn = Annotated[int, Field(ge=1, le=20, description="How many.")]
MinCount = Annotated[int, Field(ge=1, description="Leave out words that occur less often.")]
Mode = Annotated[
    Literal["hybrid", "bm25", "dense"],
    Field(description="hybrid: words, related words and vectors together; bm25: words; dense: vectors."),
]
Filters = Annotated[
    list[Annotated[str, Field(max_length=200)]] | None,
    Field(
        max_length=20,
        description="As state=IOWA, magnitude=2.., date=1996..1998. Several on one field are alternatives.",
    ),
]
Between = Annotated[
    list[Annotated[str, Field(max_length=100)]] | None,
    Field(
        min_length=2,
        max_length=2,
        description="Two slices of time, as ['1993', '1994..2000'], or two labels. By default the first and "
        "the last slice of the run or, if it has none, before and after refining.",
    ),
]


class Tools:
    """Answers about one run. The methods are not thread-safe.

    Parameters
    ----------
    run : Run
    corpus : sequence of paths, optional
        The documents to search; by default the run's own.
    progress : Progress, optional

    Raises
    ------
    SelfvecError
        From every method, with a remedy, if the run does not have what is asked for.
    """

    def __init__(
        self, run: Run, corpus: Sequence[str] | None = None, progress: Progress | None = None
    ) -> None:
        self.run, self.corpus, self.progress = run, corpus, progress or Progress()
        self._drift = lru_cache(maxsize=_KEPT)(self._measure_drift)

    def run_info(self) -> results.RunInfo:
        """What this corpus is: its size, dates and slices of time, how its vectors were refined, and whether
        that went well (`findings`)."""
        from selfvec.analysis.drift import slices_of

        run, made = self.run, self.run.provenance
        corpus = made.get("corpus", {})
        dates = None if run.tokens is None else run.tokens.dates
        days = [] if dates is None else dates[~np.isnat(dates)].astype(str).tolist()
        return results.RunInfo(
            corpus=str(corpus.get("description", "")),
            files=[Path(str(file.get("path", ""))).name for file in corpus.get("files", [])[:_FILES]],
            documents=int(made.get("documents", 0)),
            tokens=int(made.get("tokens", 0)),
            words=len(run.vectors),
            dates=[min(days), max(days)] if days else [],
            slices=[part.name for part in slices_of(run)][:200],
            method=str(made.get("method", "")),
            vectors=str(made.get("vectors", {}).get("name", "")),
            findings=[f"{finding['name']}: {finding['message']}" for finding in run.health["findings"]],
        )

    def search_passages(
        self, query: Question, topn: Topn = 5, mode: Mode = "hybrid", filters: Filters = None
    ) -> results.Passages:
        """Find documents of the corpus, best first, each with its best passage and `why` it was found: which
        word of the query matches which word of the passage (kind "match": the same stem; "related": a word of
        similar meaning). The hybrid score is in standard deviations above the mean document. `filters` lists
        the fields that can be filtered by, `unknown` the words of the query that the corpus does not have."""
        found = self._index.search(query, topn, mode=mode, filters=filters or ())
        hits = [_passage(self._index, hit) for hit in found.hits]
        return results.Passages(
            query, mode, found.documents, self._index.filter_names[:_FIELDS], found.unknown, hits
        )

    def similar_terms(self, word: Word, topn: Topn = 10, min_count: MinCount = 5) -> results.SimilarTerms:
        """The words nearest to a word by cosine, before the vectors were refined on this corpus (general
        language) and after (this corpus), and which words were gained and lost. `count` is how often the word
        occurs."""
        before, after = self.run.similar(word, topn, compare=True, min_count=min_count)
        had, has = ([term for term, _ in row["neighbours"]] for row in (before, after))
        gained, lost = only_in_each(had, has)
        counts = self.run.vectors.counts
        return results.SimilarTerms(
            word=after["word"],
            count=0 if counts is None else int(counts[self.run.index(word)]),
            before=[results.Term(term, _short(cosine)) for term, cosine in before["neighbours"]],
            after=[results.Term(term, _short(cosine)) for term, cosine in after["neighbours"]],
            gained=gained,
            lost=lost,
        )

    def changed_words(self, topn: Topn = 10, between: Between = None) -> results.ChangedWords:
        """The words whose meaning changed most between two slices of time (or by refining, if the corpus has
        no slices), significant changes first. `distance` is 1 - cosine, `expected` what random splits of the
        same documents give, `q` the false discovery rate. The first call takes some seconds."""
        found = self._drift(tuple(between or ()))
        words = [
            results.ChangedWord(beyond_chance=_beyond(row), **_picked(row, results.ChangedWord))
            for row in found.rows[:topn]
        ]
        return results.ChangedWords(found.a, found.b, len(found), words)

    def explain_drift(self, word: Word, between: Between = None) -> results.Drifted:
        """How one word's meaning changed between two slices of time, a and b (or by refining: "original" and
        "refined"): the `distance` with its 95 % interval, what chance gives (`expected`, `p`, `q`; believe a
        change only if `beyond_chance`), how often it occurs, neighbours gained and lost, and sentences that
        show the change. The first call takes some seconds."""
        name = self.run.vectors.index_to_key[self.run.index(word)]
        found = self._drift(tuple(between or ()))
        try:
            row = found.select(word=name).illustrate(self.run, 1, _EXAMPLES).rows[0]
        except KeyError:
            rule = f"{name!r} occurs too rarely in {found.a} or {found.b} to be measured"
            raise InputError(rule, remedy="ask about a word that occurs five times in both") from None
        return results.Drifted(
            a=found.a,
            b=found.b,
            beyond_chance=_beyond(row),
            sentences_a=[_cut(text) for text in row.get("examples_a", [])],
            sentences_b=[_cut(text) for text in row.get("examples_b", [])],
            **_picked(row, results.Drifted),
        )

    def disambiguate(self, word: Word, text: Text = "") -> results.Senses:
        """The senses in which this corpus uses a word, each labelled by the words around it (`label`), with
        its share of the uses and examples; and, for each place where the word occurs in `text`, its sense
        there (`readings`: characters from `start` to `end`, the `number` of a sense, its probability)."""
        from selfvec.analysis.senses import induce

        found = induce(self.run, word, examples=_EXAMPLES, space=self._sense_space)
        senses = [
            results.Sense(
                number, sense.label, _short(sense.share), sense.count, [_cut(text) for text in sense.examples]
            )
            for number, sense in enumerate(found.senses)
        ]
        readings = [
            results.Reading(one.start, one.end, one.sense, _short(one.probability))
            for one in (found.disambiguate(text) if text else [])
        ]
        return results.Senses(found.word, senses, readings)

    @cached_property
    def _index(self) -> Index:
        """The search index of the run folder; it is made if there is none."""
        from selfvec.search import run_index

        return run_index(self.run, self.corpus, self.progress)

    @cached_property
    def _sense_space(self) -> SenseSpace:
        from selfvec.analysis.senses import sense_space

        return sense_space(self.run)

    def _measure_drift(self, between: tuple[str, ...]) -> Drift:
        """The change of every word between two states."""
        from selfvec.analysis.drift import drift

        return drift(self.run, between or None, progress=self.progress)


def _cut(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"


def _short(number: float) -> float:
    """A number to four digits."""
    return float(f"{number:.4g}")


def _passage(index: Index, hit: Hit) -> results.Passage:
    """A hit with its whole passage, up to `LONGEST` characters."""
    text = index.text(hit.id)[slice(*hit.passage)]
    return results.Passage(
        id=hit.id,
        score=_short(hit.score),
        date=hit.date,
        fields={name: _cut(hit.fields[name], _SHORT) for name in list(hit.fields)[:_FIELDS]},
        text=_cut(text),
        cut=len(text) > LONGEST,
        why=[results.Match(**vars(reason)) for reason in hit.words[:_REASONS]],
    )


def _beyond(row: dict[str, Any]) -> bool | None:
    """Whether a word moved significantly; None if that was not tested."""
    return None if row["q"] is None else bool(row["q"] <= _LEVEL and row["distance"] > _UNMOVED)


def _picked(row: dict[str, Any], kind: type) -> dict[str, Any]:
    """The values of a drift row that a record has fields for."""
    names = [name for name in kind.__dataclass_fields__ if name in row]  # type: ignore[attr-defined]
    return {name: _short(row[name]) if isinstance(row[name], float) else row[name] for name in names}
