"""`drift`: the words that changed between two slices of a corpus, or by refining."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Ints, Mask
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.result_table import ResultTable, short_repr
from selfvec.base.schema import misfit
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.numerics.statistics import benjamini_hochberg
from selfvec.storage.cache import cached, read_result, write_result
from selfvec.usage.examples import Example, examples, sentences
from selfvec.usage.occurrence_vectors import OccurrenceSpace, occurrence_space

from .changed_neighbours import NEIGHBOURS, Side, changed_neighbours, known_rows, possible_neighbours
from .compared_slices import chosen_slices, sources_of
from .permutation_test import (
    LEVEL,
    Distances,
    DriftTest,
    permutation_test,
    refinement_drift,
    usual_distances,
)
from .word_choice import WORD, WordChoice, chosen_words, left_out_words, mark_words, measurable

_NAME = "drift"  # in the cache, which holds the measures of every word; a choice is made when it is read
_STEPS = {  # with their relative durations
    "Preparing occurrences": 2,
    "Choosing words": 1,
    "Splitting": 5,
    "Splitting again": 1,
    "Neighbours": 3,
}
_SPARE = 2  # times as many examples as are shown, for those that show a sentence again
_FIELDS = ("a", "b", "only_a", "only_b", "reasons", "rows")  # of a cached result


@dataclass(frozen=True, eq=False, repr=False)
class Drift(ResultTable):
    """Words between two states, significant ones first, by their change.

    Attributes
    ----------
    a, b : str
        Names of the states: two slices, or "original" and "refined".
    rows : list of dict
        One dict per word, as in ``selfvec drift --json``.
    only_a, only_b : int
        Words that occur often enough, but in one slice only; they have no row.
    left_out : dict
        Number of words that are not listed, by reason. Other spellings of a listed word are tested all the
        same.
    unknown : list of dict
        Named words without a row: word, reason, and their counts.
    """

    order = (
        f"words with q ≤ {LEVEL} first; of these, names, numbers and other spellings of a word last; then by "
        "change, the largest first"
    )

    a: str
    b: str
    rows: list[dict[str, Any]]
    only_a: int = 0
    only_b: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    unknown: list[dict[str, Any]] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)  # by word, of words that are not listed by default
    min_count: int = 5
    slices: tuple[Slice, ...] = ()  # that occurrences come from; none if the run has not kept its corpus
    seed: int = 0
    space: OccurrenceSpace | None = None  # of the slices, if it was made
    quotes: dict[str, list[Example]] = field(default_factory=dict)  # by word, see `illustrate`

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __getitem__(self, word: str) -> dict[str, Any]:
        """The row of a word."""
        return self.select(word=word).rows[0]

    def __repr__(self) -> str:
        significant = sum(row["q"] is not None and row["q"] <= LEVEL for row in self.rows)
        title = f"Drift from {self.a} to {self.b}: {len(self):,} words, {significant:,} with q ≤ {LEVEL}"
        return short_repr(title, [row["word"] for row in self.rows], "see .rows or .to_polars()")

    def choose(self, run: Run, which: WordChoice) -> Drift:
        """The rows of a choice of words, with their q, in order.

        If the choice names words, only these are listed; their q is that among all words.
        """
        sides = self.slices if len(self.slices) == 2 else ()
        named, unknown = named_words(run, sides, which, self.min_count)
        by_word = {row["word"]: row for row in self.rows}
        measured = sorted(by_word, key=run.vectors.key_to_index.__getitem__)
        words, left_out = chosen_words(run, measured, self.reasons, which, named)
        rows = [by_word[word] for word in words]
        q = benjamini_hochberg(np.array([_number(row["p"]) for row in rows])).tolist()
        rows = sorted((row | {"q": _known(of)} for row, of in zip(rows, q, strict=True)), key=order_key)
        if which.words:
            rows = [row for row in rows if row["word"] in named]
        elif not which.every:
            tested = len(rows)
            rows = _each_once(rows)
            left_out["other spellings"] = tested - len(rows)
        return replace(self, rows=rows, left_out=left_out, unknown=unknown)

    def select(self, top: int | None = None, fdr: float | None = None, word: str | None = None) -> Drift:
        """The first ``top`` rows, without words of a larger q than ``fdr``; or the row of one word.

        Raises
        ------
        KeyError
            If the word has no row.
        """
        if fdr is not None and not 0 < fdr <= 1:
            raise OptionError(f"is a share above 0, at most 1, not {fdr!r}", field="fdr")
        kept = self.rows
        if fdr is not None:
            kept = [row for row in kept if row["q"] is not None and row["q"] <= fdr]
        if word is not None:
            kept = [row for row in kept if row["word"] == word]
            if not kept:
                raise KeyError(f"no row for {word!r}")
        return replace(self, rows=kept[:top])

    def illustrate(
        self, run: Run, top: int | None = None, number: int = 1, progress: Progress | None = None
    ) -> Drift:
        """Add ``examples_a`` and ``examples_b`` to the first rows: occurrences that show the change.

        They are sentences if the run's original files are unchanged, otherwise the words around the
        occurrence.
        """
        if not self.slices:
            return self
        sides = len(self.slices)
        texts: dict[tuple[str, int], list[str]] = {}
        quotes: dict[str, list[Example]] = {}
        for example in self._examples(run, top, number, progress or Progress()):
            texts.setdefault((example.word, example.side), []).append(example.text)
            side = example.side if sides == 2 else 1
            quotes.setdefault(example.word, []).append(replace(example, side=side))
        shown = [
            row
            | {
                "examples_a": texts.get((row["word"], 0), []) if sides == 2 else [],
                "examples_b": texts.get((row["word"], sides - 1), []),
            }
            for row in self.rows[:top]
        ]
        return replace(self, rows=[*shown, *self.rows[len(shown) :]], quotes=quotes)

    def _examples(self, run: Run, top: int | None, number: int, progress: Progress) -> list[Example]:
        """Occurrences that show the change of the first words, as sentences; kept in the run's cache."""
        words = [row["word"] for row in self.rows[:top]]

        def make() -> dict[str, Any]:
            return {"examples": [asdict(one) for one in self._make_examples(run, words, number, progress)]}

        def read(folder: Path) -> dict[str, Any]:
            found = read_result(folder)
            _as_examples(found)
            return found

        key = [_documents(self.slices), self.seed, words, number]
        return _as_examples(cached(run, "sentences", key, make, write_result, read, progress))

    def _make_examples(
        self, run: Run, words: Sequence[str], number: int, progress: Progress
    ) -> list[Example]:
        index = run.vectors.key_to_index
        made = {} if self.space else {"Preparing occurrences": 3}
        with progress.steps("Sentences", {**made, "Occurrences": 2, "Sentences": 1}) as steps:
            sliced = len(self.slices) == 2
            space = self.space or occurrence_space(run, self.slices, self.seed, steps, refined=sliced)
            found: list[Example] = []
            with steps.stage("Occurrences", len(words), "words") as advance:
                for word in words:
                    found += examples(space, index[word], _SPARE * number)
                    advance(1)
            return _each_sentence_once(sentences(run, found), number)

    def as_dict(self) -> dict[str, Any]:
        """The result as ``selfvec drift --json`` prints it."""
        named = ("a", "b", "only_a", "only_b", "left_out", "unknown", "order", "rows")
        return {name: getattr(self, name) for name in named}


def drift(
    run: Run,
    between: str | Sequence[str | Slice] | None = None,
    *,
    which: WordChoice | None = None,
    min_count: int = 5,
    permutations: int = 1000,
    seed: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Drift:
    """The words that changed between two slices of a run's corpus, or by refining if it has no slices.

    Parameters
    ----------
    run : Run
    between : two of str or Slice, or str, optional
        Such as ``["1976..1979", "2021"]``, or two labels; or a period, such as ``"decade"``, of which the
        first and the last are compared. By default the first and the last slice of the run, or the original
        and the refined vectors if it has no slices. Neighbouring periods are joined up to 2,000 words.
    which : WordChoice, optional
        The words to test; by default all but stop words, numbers and words of repeated text.
    min_count : int
        Leave out words that occur less often in either slice.
    permutations : int
        Random splits of a word's documents in the first round, at most: drawing stops early if many of them
        are as far apart. If few words are beyond nearly all splits, more are drawn for these words.
    seed : int
        For every random choice.
    jobs : int, optional
        Threads; all cores by default. The rows are the same for any number.
    progress : Progress, optional

    Returns
    -------
    Drift
        From the cache in the run's folder if it is there. A dict for each word. Of several spellings of a
        word only the first in order is listed, unless words are named or ``which`` is every word.

        ``word``
            As the run has it.
        ``distance``
            1 - cosine of the means of its occurrences in both slices.
        ``low``, ``high``
            The 95 % interval of what it would be with many occurrences; None for words of few documents.
        ``expected``
            The mean distance in random splits of the same documents.
        ``apd``
            The mean distance of two occurrences, one of each slice.
        ``change``
            ``distance`` less half of what chance explains: ``expected``, or what that usually is for words
            with as many occurrences and documents if this is larger.
        ``p``, ``q``
            The share of random splits that are as far apart, never 0: if none is, it is read from a
            distribution with the moments of the splits. q is the false discovery rate among tested words.
        ``count_a``, ``count_b``, ``documents_a``, ``documents_b``
            Occurrences of the word, and documents with it, in each slice.
        ``gained``, ``lost``
            Neighbours among the ten nearest in the second slice only, and in the first only. A neighbour
            is no stop word or number, and one of the 10,000 most frequent words of the slice or tested.
        ``kind``
            "word", "name", "number" or "variant" (of a more frequent spelling).
        ``variants``, ``spellings_a``, ``spellings_b``
            Other spellings of the word, and the occurrences of all its spellings.

        Between the original and the refined vectors, ``distance`` is that of the two vectors of the word,
        ``apd`` the mean distance of an occurrence to the original vector, and ``p`` the share of random signs
        of the documents under which they agree as well on the direction of the move. ``low`` and ``high``
        are None, ``expected`` is 0, both sides have the same counts. For a run that has not kept its tokens,
        ``apd``, ``p``, ``q`` and the occurrences of spellings are None, too, and documents 0.

        `Drift.illustrate` adds ``examples_a`` and ``examples_b``.

    Raises
    ------
    InputError
        If the run has not kept its corpus, a slice does not exist, or no word can be measured.
    """
    which = which or WordChoice()
    which.check(run)
    slices = chosen_slices(run, between)
    named_words(run, slices, which, min_count)
    test = DriftTest(min_count, permutations, seed)
    made: list[Drift] = []  # it holds more than is written

    def make() -> dict[str, Any]:
        made.append(measure_all(run, slices, test, jobs=jobs, progress=progress))
        return {name: getattr(made[0], name) for name in _FIELDS}

    def read(folder: Path) -> dict[str, Any]:
        return _of_words(read_result(folder), run, folder)

    figures = cached(run, _NAME, _key(slices, test), make, write_result, read, progress)
    every = (
        made[0] if made else Drift(**figures, min_count=min_count, slices=sources_of(run, slices), seed=seed)
    )
    return every.choose(run, which)


def _key(slices: Sequence[Slice], test: DriftTest) -> Any:
    """The compared documents and the options of the test."""
    return [_documents(slices), asdict(test)]


def _documents(slices: Sequence[Slice]) -> Any:
    """The names of slices, and hashes of their documents."""
    return [(one.name, hashlib.sha256(one.documents.tobytes()).hexdigest()) for one in slices]


def _as_examples(found: Mapping[str, Any]) -> list[Example]:
    return [Example(**one | {"mark": tuple(one["mark"])}) for one in found["examples"]]


def _of_words(found: dict[str, Any], run: Run, folder: Path) -> dict[str, Any]:
    """The fields of a result; `FormatError` unless its rows are those of words of the run."""
    rows = found["rows"]
    shape = {...: ("word", "change"), "word": str, "change": float}
    if misfit(rows, [shape]) or any(row["word"] not in run.vectors for row in rows):
        raise FormatError("is no result of this run", path=folder, remedy="remove it")
    return {name: found[name] for name in _FIELDS}


def named_words(
    run: Run, slices: Sequence[Slice], which: WordChoice, min_count: int
) -> tuple[set[str], list[dict[str, Any]]]:
    """The named words that can be measured; for the other named words, the reason and their counts.

    Raises `InputError` if words are named and none can be measured.
    """
    if not which.words:
        return set(), []
    names, counts, able = _sides(run, slices, min_count)
    rows, unknown = measurable(run, which.words, able, counts, names, min_count)
    return {run.vectors.index_to_key[row] for row in rows}, unknown


def measure_all(
    run: Run,
    slices: Sequence[Slice],
    test: DriftTest,
    *,
    neighbours: int = NEIGHBOURS,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Drift:
    """Measure every word that occurs often enough, including words that are not listed by default."""
    sources = sources_of(run, slices)
    with (progress or Progress()).steps("Drift", _STEPS) as steps:
        space = None
        if sources:
            space = occurrence_space(run, sources, test.seed, steps, refined=bool(slices))
        names, counts, able = _sides(run, slices, test.min_count)
        with steps.stage("Choosing words", None, "words"):
            reasons = left_out_words(run, slices, able)
        words = np.flatnonzero(able)
        listed = possible_neighbours(run, counts, test.min_count)
        often = np.flatnonzero(listed.any(axis=0) | able)
        if slices and space is not None:
            found, sides = _between(space, words, often, test, threads(jobs), steps)
        else:
            found, sides = _by_refining(run, space, words, often, test, threads(jobs), steps)
        space = None if space is None else space.light()
        keys = run.vectors.index_to_key
        near = changed_neighbours(keys, words, sides, listed, neighbours, steps)
        rows = _rows(keys, found, counts, near)
        mark_words(run, sources, rows, test.min_count)
    only = [int(np.sum((counts[i] >= test.min_count) & (counts[1 - i] == 0))) for i in (0, 1)]
    return Drift(
        a=names[0],
        b=names[1],
        rows=rows,
        only_a=only[0],
        only_b=only[1],
        reasons=reasons,
        min_count=test.min_count,
        slices=sources,
        seed=test.seed,
        space=space,
    )


def _sides(run: Run, slices: Sequence[Slice], min_count: int) -> tuple[list[str], Ints, Mask]:
    """The names of both sides, the counts of all words there, (2, V), and the words that can be measured."""
    if slices:
        counts = slice_counts(run.require_tokens(), slices)
        return [part.name for part in slices], counts, _in_both(counts, min_count, slices)
    own = run.vectors.counts
    counts = np.stack([np.zeros(len(run.vectors), np.int64) if own is None else own] * 2)
    able = (counts[0] >= min_count) | (own is None)
    able &= run.original.unit.any(axis=1) & run.vectors.unit.any(axis=1)
    return ["original", "refined"], counts, able


def _between(
    space: OccurrenceSpace,
    words: Ints,  # (m,), those that are tested
    often: Ints,  # words that may be neighbours
    test: DriftTest,
    jobs: int,
    progress: Progress,
) -> tuple[Distances, list[Side]]:
    """Measure words between two slices."""
    found = permutation_test(
        space,
        words,
        among=often,
        permutations=test.permutations,
        seed=test.seed,
        jobs=jobs,
        progress=progress,
    )
    assert found.means is not None
    return found, [known_rows(often, rows) for rows in found.means]


def _by_refining(
    run: Run,
    space: OccurrenceSpace | None,
    words: Ints,
    often: Ints,
    test: DriftTest,
    jobs: int,
    progress: Progress,
) -> tuple[Distances, list[Side]]:
    """Measure words between their original and their refined vectors."""
    found = refinement_drift(
        run, space, words, permutations=test.permutations, seed=test.seed, jobs=jobs, progress=progress
    )
    return found, [known_rows(often, vectors.unit[often]) for vectors in (run.original, run.vectors)]


def _in_both(counts: Ints, least: int, slices: Sequence[Slice]) -> Mask:
    able: Mask = counts.min(axis=0) >= least
    if not able.any():
        raise InputError(
            f"no word occurs {least} times in both {slices[0].name} and {slices[1].name}",
            remedy="compare larger slices, or lower --min-count",
        )
    return able


def order_key(row: Mapping[str, Any]) -> tuple[bool, bool, float]:
    """The sort key of a row, see `Drift.order`."""
    significant = row["q"] is not None and row["q"] <= LEVEL
    return not significant, significant and row["kind"] != WORD, -row["change"]


def _each_sentence_once(found: Sequence[Example], number: int) -> list[Example]:
    """The first ``number`` examples of each word and side whose sentence no example before has."""
    kept: dict[tuple[str, int], list[Example]] = {}
    shown: set[str] = set()
    for example in found:
        mine = kept.setdefault((example.word, example.side), [])
        if len(mine) < number and example.text not in shown:
            shown.add(example.text)
            mine.append(example)
    return [example for mine in kept.values() for example in mine]


def _each_once(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sorted rows without other spellings of a word above."""
    listed: set[str] = set()
    kept = []
    for row in rows:
        if listed.isdisjoint(row["variants"]):
            listed.add(row["word"])
            kept.append(row)
    return kept


def _rows(
    keys: Sequence[str], found: Distances, counts: Ints, neighbours: Sequence[dict[str, list[str]]]
) -> list[dict[str, Any]]:
    usual = usual_distances(found.expected, counts[:, found.words].T, found.documents)
    figures = {
        "distance": found.distance,
        "low": found.low,
        "high": found.high,
        "expected": found.expected,
        "apd": found.apd,
        "change": found.distance - np.maximum(found.expected, usual) / 2,
        "p": found.p,
        "q": np.full(len(found.words), np.nan),  # of a choice of words
        "count_a": counts[0, found.words],
        "count_b": counts[1, found.words],
        "documents_a": found.documents[:, 0],
        "documents_b": found.documents[:, 1],
    }
    columns = [values.tolist() for values in figures.values()]
    return [
        {"word": keys[word]} | {name: _known(value) for name, value in zip(figures, row, strict=True)} | near
        for word, row, near in zip(found.words.tolist(), zip(*columns, strict=True), neighbours, strict=True)
    ]


def _known(value: float) -> float | None:
    """A figure; None for NaN."""
    return None if value != value else value


def _number(value: float | None) -> float:
    """A figure; NaN for None."""
    return float("nan") if value is None else value
