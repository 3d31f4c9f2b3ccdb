"""`drift`: what changed between two slices of a corpus, or by refining, as rows of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.result_table import ResultTable, short_repr
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, by_period, named_slice, slice_counts
from selfvec.data.run import Run
from selfvec.numerics.neighbours import gained_and_lost
from selfvec.usage.examples import examples, sentences
from selfvec.usage.use_vectors import UseSpace, slice_vectors, use_space

from .nearest_uses import nearest_distances
from .permutation_test import LEVEL, Distances, permutation_test, refinement_drift
from .slices import first_and_last, slices_of
from .word_choice import WordChoice, chosen_words, measurable

__all__ = ["Drift", "chosen_slices", "drift", "sources_of"]


NEIGHBOURS = 10
_Z = 1.96  # standard errors in half of a 95 % interval

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Drift(ResultTable):
    """Words between two states, significant ones first, by their distance beyond chance.

    Attributes
    ----------
    a, b : str
        Names of the states: two slices, or "original" and "refined".
    measured : list of dict
        The rows without gained and lost neighbours.
    only_a, only_b : int
        Words that occur often enough but in one slice only; they have no row.
    left_out : dict
        How many words were not tested, by reason.
    unknown : list of dict
        Words that were asked for and have no row: word, reason, and their counts.
    """

    order = f"words with q ≤ {LEVEL} first; then by distance - expected, the largest first"

    a: str
    b: str
    measured: list[dict[str, Any]]
    only_a: int = 0
    only_b: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    unknown: list[dict[str, Any]] = field(default_factory=list)
    slices: tuple[Slice, ...] = ()  # that uses come from; none if the run has not kept its corpus
    seed: int = 0
    space: UseSpace | None = None  # of the slices, if it was made
    tables: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None  # (V, d) each, for neighbours
    index_to_key: list[str] = field(default_factory=list)  # words of the tables

    def __len__(self) -> int:
        return len(self.measured)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __getitem__(self, word: str) -> dict[str, Any]:
        """The row of a word."""
        return self.select(word=word).rows[0]

    def __repr__(self) -> str:
        significant = sum(row["q"] is not None and row["q"] <= LEVEL for row in self.measured)
        title = f"Drift from {self.a} to {self.b}: {len(self):,} words, {significant:,} with q ≤ {LEVEL}"
        return short_repr(title, [row["word"] for row in self.measured], "see .rows or .to_polars()")

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per word, as in ``selfvec drift --json``."""
        if self.tables is None:
            return self.measured
        place = {word: row for row, word in enumerate(self.index_to_key)}
        words = np.array([place[row["word"]] for row in self.measured], np.int64)
        changes = gained_and_lost(*self.tables, words, NEIGHBOURS)
        return [
            row
            | {
                "gained": [self.index_to_key[i] for i in gained],
                "lost": [self.index_to_key[i] for i in lost],
            }
            for row, (gained, lost) in zip(self.measured, changes, strict=True)
        ]

    def select(self, top: int | None = None, fdr: float | None = None, word: str | None = None) -> Drift:
        """The first ``top`` rows, without words of a larger q than ``fdr``; or the row of one word.

        Raises
        ------
        KeyError
            If the word has no row.
        """
        if fdr is not None and not 0 < fdr <= 1:
            raise OptionError(f"is a share above 0, at most 1, not {fdr!r}", field="fdr")
        kept = self.measured
        if fdr is not None:
            kept = [row for row in kept if row["q"] is not None and row["q"] <= fdr]
        if word is not None:
            kept = [row for row in kept if row["word"] == word]
            if not kept:
                raise KeyError(f"no row for {word!r}")
        return replace(self, measured=kept[:top])

    def illustrate(self, run: Run, top: int | None = None, number: int = 1) -> Drift:
        """Add ``examples_a`` and ``examples_b`` to the first rows: uses that show the change.

        They are sentences if the run's original files are unchanged, otherwise the words around the use.
        """
        if not self.slices:
            return self
        index, sides = run.vectors.key_to_index, len(self.slices)
        space = self.space or use_space(run, self.slices, self.seed)
        found = [use for row in self.rows[:top] for use in examples(space, index[row["word"]], number)]
        texts: dict[tuple[str, int], list[str]] = {}
        for use in sentences(run, found):
            texts.setdefault((use.word, use.side), []).append(use.text)
        shown = [
            row
            | {
                "examples_a": texts.get((row["word"], 0), []) if sides == 2 else [],
                "examples_b": texts.get((row["word"], sides - 1), []),
            }
            for row in self.rows[:top]
        ]
        return replace(self, measured=[*shown, *self.rows[len(shown) :]], tables=None)

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
    """What changed between two slices of a run's corpus, or by refining if it has no slices.

    Parameters
    ----------
    run : Run
    between : two of str or Slice, or str, optional
        Such as ``"1976..1979", "2021"``, or two labels; or a period, such as ``"decade"``, of which the first
        and the last are compared. By default the first and the last slice of the run, or the original and the
        refined vectors if it has no slices.
    which : WordChoice, optional
        The words to test; by default all but stop words, numbers and words of repeated text.
    min_count : int
        Leave out words that occur less often in either slice.
    permutations : int
        Random splits of a word's documents, at most. If few words are beyond all of them, these get more.
    seed : int
        For every random choice.
    jobs : int, optional
        Threads; all cores by default. The rows are the same for any number.
    progress : Progress, optional

    Returns
    -------
    Drift
        Rows have ``word``; ``distance`` with its 95 % interval ``low`` to ``high``, and ``expected``, the
        distance in random splits of the same documents; ``apd``; ``nearest``, the mean distance of a use to
        the nearest five in the other slice; ``change``, the mean rank of the word by distance and by nearest,
        from 0 to 1; ``p`` and ``q``; ``count_a``, ``count_b``, ``documents_a``, ``documents_b``;
        ``gained`` and ``lost`` neighbours (words that occur ``min_count`` times in that slice).

    Raises
    ------
    InputError
        If the run has not kept its corpus, a slice does not exist, or no word can be measured.
    """
    which, slices = which or WordChoice(), chosen_slices(run, between)
    test = {"permutations": permutations, "seed": seed, "jobs": threads(jobs)}
    return _measured(run, slices, which, min_count, test | {"progress": progress or Progress()})


def sources_of(run: Run, slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """The slices whose uses are measured: all documents if none are compared; none without a corpus."""
    if slices or run.tokens is None:
        return tuple(slices)
    return (Slice("all", np.ones(run.tokens.documents, bool)),)


def _measured(
    run: Run, slices: Sequence[Slice], which: WordChoice, min_count: int, test: dict[str, Any]
) -> Drift:
    """The rows of a comparison, in order. A named word is tested among all, so its q is that of a list."""
    sources = sources_of(run, slices)
    space = use_space(run, sources, test["seed"]) if sources else None
    if slices and space is not None:
        counts, names = slice_counts(space.batch, slices), [part.name for part in slices]
        able = _in_both(counts, min_count, slices)
        named, unknown = measurable(run, which.words, able, counts, names, min_count)
        words, left_out = chosen_words(run, slices, able, which, named)
        found = permutation_test(space, words, **test)
        found = replace(found, nearest=nearest_distances(space, words, test["jobs"], test["progress"]))
        every = np.arange(len(run.vectors))
        before, after = slice_vectors(space, every, test["jobs"], least=min_count)
    else:
        own, names = run.vectors.counts, ["original", "refined"]
        counts = np.stack([np.zeros(len(run.vectors), np.int64) if own is None else own] * 2)
        tables, often = (run.original.unit, run.vectors.unit), counts[0] >= min_count
        able = (often | (own is None)) & np.all([table.any(axis=1) for table in tables], axis=0)
        named, unknown = measurable(run, which.words, able, counts, names, min_count)
        words, left_out = chosen_words(run, slices, able, which, named)
        found = refinement_drift(run, space, words, **test)
        before, after = (np.where(often[:, None], table, 0) for table in tables)
    order = np.lexsort((-found.excess, found.q > LEVEL))
    if which.words:
        order = order[np.isin(found.words[order], named)]
    only = [int(np.sum((counts[i] >= min_count) & (counts[1 - i] == 0))) for i in (0, 1)]
    keys = list(run.vectors.index_to_key)
    rows = _rows(keys, found, order, counts)
    return Drift(
        a=names[0],
        b=names[1],
        measured=rows,
        only_a=only[0],
        only_b=only[1],
        left_out=left_out,
        unknown=unknown,
        slices=sources,
        seed=test["seed"],
        space=space,
        tables=(before, after),
        index_to_key=keys,
    )


def _in_both(counts: Ints, least: int, slices: Sequence[Slice]) -> NDArray[np.bool_]:
    able: NDArray[np.bool_] = counts.min(axis=0) >= least
    if not able.any():
        raise InputError(
            f"no word occurs {least} times in both {slices[0].name} and {slices[1].name}",
            remedy="compare larger slices, or lower --min-count",
        )
    return able


def chosen_slices(run: Run, between: str | Sequence[str | Slice] | None) -> list[Slice]:
    """The two slices that `drift` compares; none if it compares the original with the refined vectors."""
    if isinstance(between, str):
        batch = run.require_tokens()
        periods = by_period(batch, between)
        return first_and_last(_two(periods), batch)
    if between is not None:
        if len(between) != 2:
            raise OptionError(f"two slices are compared, not {len(between)}", field="between")
        batch = run.require_tokens()
        return [named_slice(batch, part) if isinstance(part, str) else part for part in between]
    slices = slices_of(run)
    if not slices or run.tokens is None:
        return []
    _two(slices)
    return [slices[0], slices[-1]] if run.tokens.slices is not None else first_and_last(slices, run.tokens)


def _two(slices: list[Slice]) -> list[Slice]:
    """The slices, if there is more than one."""
    if len(slices) == 1:
        raise InputError(
            f"the run has one slice only, {slices[0].name}", remedy="say what to compare: --between A..B C..D"
        )
    return slices


def _rows(keys: list[str], found: Distances, order: Ints, counts: Ints) -> list[dict[str, Any]]:
    half = _Z * found.error
    figures = {
        "distance": found.distance,
        "low": np.maximum(found.distance - half, 0.0),
        "high": np.minimum(found.distance + half, 2.0),
        "expected": found.expected,
        "apd": found.apd,
        "nearest": np.full(len(found.words), np.nan) if found.nearest is None else found.nearest,
        "change": found.change,
        "p": found.p,
        "q": found.q,
        "count_a": counts[0, found.words],
        "count_b": counts[1, found.words],
        "documents_a": found.documents[:, 0],
        "documents_b": found.documents[:, 1],
    }
    columns = [values[order].tolist() for values in figures.values()]
    return [
        {"word": keys[word]}
        | {name: None if value != value else value for name, value in zip(figures, row, strict=True)}
        for word, row in zip(found.words[order].tolist(), zip(*columns, strict=True), strict=True)
    ]
