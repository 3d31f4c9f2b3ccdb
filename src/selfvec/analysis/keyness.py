"""Keyness: the words that one part of a text, or one text, uses more than another.

The test is the log-likelihood of the two counts of a word (`log_likelihood_scores`), the size of the
difference the log ratio of its relative frequencies (Hardie, 2014, *Log ratio: an informal introduction*).
Counts take every occurrence for an observation of its own, although words come in documents. So a word that
fills a few documents is significant, too; the numbers of documents tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np

from selfvec.analysis.sides import Sides, compared
from selfvec.analysis.sides.written import LikeForLike
from selfvec.analysis.word_drift.compared_slices import Compared, asked_slices
from selfvec.base.arrays import Ints
from selfvec.base.declarations import checked
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import InputError, OptionError
from selfvec.base.result_table import Figures
from selfvec.base.view import COUNT, PROBABILITY, SIGNED, Column, Part, Table, View, figure
from selfvec.corpus.filters import GivenFilter, filtered_documents, given_filters
from selfvec.corpus.slices import Slice, slice_of_each
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.statistics import benjamini_hochberg, chi_square_p, log_likelihood_scores
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.document_vectors import document_frequencies

ABSENT = 0.5  # the count of a word that does not occur, in the log ratio, which would be infinite
_HOW_COUNTED = ("tokenizer", "lemmatize", "stem", "stop_words", "pos", "phrases", "min_count", "language")


def keyness_columns(a: str = "a", b: str = "b") -> tuple[Column, ...]:
    """What is shown of a word that one side, of these names, has more of."""
    return (
        Column("word", width=24),
        Column("count_a", a, COUNT),
        Column("count_b", b, COUNT),
        Column("log_ratio", form=SIGNED, meaning=f"1 is twice as frequent in {a}, -1 in {b}"),
        Column("ll", form=figure(1), meaning="log-likelihood"),
        Column("q", form=PROBABILITY, meaning="false discovery rate"),
    )


class Keyness(Figures):
    """The words that one of two sides uses more, as `keyness` describes them."""

    @property
    def columns(self) -> Sequence[Column]:
        """The word, its count on either side, and how much the two differ."""
        return keyness_columns(*(escape_for_display(str(self[side])) for side in "ab"))

    @property
    def messages(self) -> Sequence[str]:
        """How these parts are written differently, and why they are compared."""
        return [*self["sides"]["sentences"], *[self["note"]] * bool(self["note"])]

    def view(self, top: int | None = None) -> View:
        """The first words of a, then those of b."""
        names = {side: escape_for_display(str(self[side])) for side in "ab"}
        parts: list[Part] = []
        for side, other in ("ab", "ba"):
            rows = [row for row in self["rows"] if row["key_of"] == side][:top]
            title = f"More frequent in {names[side]} than in {names[other]}"
            shown = f"{len(rows):,} of {count_of(self[f'words_{side}'], 'word')}"
            parts.append(Table(self.columns, rows, title, [shown]))
        sizes = [f"{names[side]} has {count_of(self[f'tokens_{side}'], 'word')}." for side in "ab"]
        return View(self.title, parts, notes=[" ".join(sizes)], records=self["rows"])


@dataclass(frozen=True)
class _Side:
    """What is compared: some documents of a run."""

    name: str
    batch: TokenBatch

    def of(self, words: dict[str, int]) -> tuple[Ints, Ints]:
        """Occurrences of each of V words, and documents with it; words of the run are among them."""
        counts, documents = np.zeros((2, len(words)), np.int64)
        rows = [words[word] for word in self.batch.types]
        counts[rows] = self.batch.counts
        documents[rows] = document_frequencies(self.batch)
        return counts, documents


@checked
def keyness(
    run: GivenRun,
    between: Sequence[str | Slice] | None = None,
    *,
    slice_field: str | None = None,
    against: GivenRun | None = None,
    filter: GivenFilter = (),
    top: int | None = None,
    min_count: int = 1,
    **given: Unpack[LikeForLike],
) -> Figures:
    """List the words that one part of a text uses more than another.

    Parameters
    ----------
    run : Run or path
    between : sequence of slices, optional
        The two parts, as drift names them; by default those that drift compares.
    slice_field : str, optional
        Compare two values of this field of the documents. They are named by ``between``, or are the two with
        the most text.
    against : Run or path, optional
        Compare the whole text with that of another run.
    filter : str or dict, or sequence of them
        Only documents of the run with this value or date; may be repeated. As state=IOWA, size=2..5 or
        date=1996..1998; several on one field are alternatives.
    top : int, at least 1, optional
        Words listed of each side; by default all.
    **given
        Those of `LikeForLike`: which words are one, and with which mix of documents.

    Other Parameters
    ----------------
    min_count : int, at least 1
        Leave out words that are rarer in both parts together.

    Returns
    -------
    Figures
        ``a`` and ``b`` are the names of the sides, ``tokens_a`` and ``tokens_b`` their sizes, ``words_a`` and
        ``words_b`` the numbers of words that are more frequent there. ``note`` says why parts were compared
        that nobody named, or what differs between the options of two runs, ``sides`` how parts are written
        differently. ``rows`` has a dict for each word,
        the largest ``ll`` first.

        ``word``
            As the run has it.
        ``count_a``, ``count_b``, ``documents_a``, ``documents_b``
            Its occurrences on each side, and the documents with it.
        ``key_of``
            The side that has relatively more of it: "a", "b", or empty if both are equal.
        ``log_ratio``
            The binary logarithm of the ratio of its relative frequencies: 1 if it is twice as frequent in a,
            -1 in b. A count of 0 is taken for one half.
        ``ll``
            The log-likelihood G², whichever side has more.
        ``p``, ``q``
            Of chi-square with one degree of freedom; the false discovery rate among the words listed.

    Raises
    ------
    InputError
        If there is nothing to compare, the parts share documents, or the run has not kept its tokens.
    NotFound
        If a part does not exist, or no document of it passes the filters.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> found = selfvec.keyness(run, ["2000..2002", "2017..2019"])
    >>> [(row["word"], row["count_a"], row["count_b"]) for row in found.rows[:2]]
    [('email', 0, 56), ('derecho', 0, 25)]
    """
    run = as_run(run)
    passing = given_filters(filter)
    if against is None:
        parts = _parts(run, between, slice_field, passing)
        run, slices, written = compared(run, parts.slices, given)
        batch = run.require_tokens("in which words are counted")
        sides, note = [_side(part.name, batch.part(part.documents)) for part in slices], parts.why
    elif between is not None or slice_field is not None:
        name = "slice_field" if between is None else "between"
        raise OptionError("does not go with another run", field=name, remedy="choose documents with --filter")
    else:
        other = as_run(against, "against")
        sides, written = [_whole(run, passing), _whole(other, [])], Sides()
        note = _differences(run, other)
    a, b = sides
    rows = _rows(a, b, min_count)
    more = {side: [row for row in rows if row["key_of"] == side] for side in "ab"}
    if top is not None:
        rows = [row for side in more.values() for row in side[:top]]
        rows.sort(key=lambda row: -row["ll"])
    sizes = {f"tokens_{name}": len(side.batch) for name, side in (("a", a), ("b", b))}
    words = {f"words_{name}": len(side) for name, side in more.items()}
    figures = {"a": a.name, "b": b.name, **sizes, **words, "note": note, "sides": written.as_dict()}
    figures["rows"] = rows
    return Keyness(f"Keyness of {a.name} against {b.name}", figures, rows="rows")


def _parts(
    run: Run, between: Sequence[str | Slice] | None, slice_field: str | None, filters: Sequence[str]
) -> Compared:
    """Two parts of one run, and why they were chosen, if nobody named them."""
    run.require_tokens("in which words are counted")
    parts = asked_slices(run, between, field=slice_field, filters=filters)
    if not parts.slices:
        rule = "the text has neither periods nor labels to compare"
        remedy = "name two parts with --between or --slice-field, or another run with --against"
        raise InputError(rule, path=run.folder, remedy=remedy)
    slice_of_each(parts.slices)  # an error if they overlap
    return parts


def _whole(run: Run, filters: Sequence[str]) -> _Side:
    """All documents of a run that pass, by the name of its folder."""
    batch = run.require_tokens("in which words are counted")
    batch = batch.part(filtered_documents(run, filters)) if filters else batch
    return _side(run.folder.name if run.folder else run.provenance.corpus_name, batch)


def _side(name: str, batch: TokenBatch) -> _Side:
    if not len(batch):
        raise InputError(f"the documents of {name} have no words", remedy="compare others")
    return _Side(name, batch)


def _differences(run: Run, other: Run) -> str:
    """A sentence about options by which two runs count differently; empty if there are none."""
    pair = (run.provenance.options, other.provenance.options)
    names = [name for name in _HOW_COUNTED if len({str(options.get(name)) for options in pair}) > 1]
    if not names:
        return ""
    return f"the runs count differently, as they were made with other options: {', '.join(names)}"


def _rows(a: _Side, b: _Side, min_count: int) -> list[dict[str, Any]]:
    """The rows of all words, the largest ``ll`` first."""
    words = {word: i for i, word in enumerate(dict.fromkeys([*a.batch.types, *b.batch.types]))}
    (count_a, documents_a), (count_b, documents_b) = a.of(words), b.of(words)
    scores = log_likelihood_scores(count_a, count_b)
    shares = [np.maximum(count, ABSENT) / count.sum() for count in (count_a, count_b)]
    log_ratio = np.log2(shares[0] / shares[1])
    listed = np.flatnonzero(count_a + count_b >= max(min_count, 1))
    p = chi_square_p(scores[listed])
    q = benjamini_hochberg(p)
    order = np.argsort(-np.abs(scores[listed]), kind="stable")
    chosen = listed[order]
    names = list(words)
    columns = {
        "word": [names[i] for i in chosen.tolist()],
        "count_a": count_a[chosen].tolist(),
        "count_b": count_b[chosen].tolist(),
        "documents_a": documents_a[chosen].tolist(),
        "documents_b": documents_b[chosen].tolist(),
        "key_of": np.array(["b", "", "a"])[1 + np.sign(scores[chosen]).astype(int)].tolist(),
        "log_ratio": log_ratio[chosen].tolist(),
        "ll": (scores[chosen] ** 2).tolist(),
        "p": p[order].tolist(),
        "q": q[order].tolist(),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
