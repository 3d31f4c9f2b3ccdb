"""`drift`: what changed between two slices of a corpus, or by refining, as rows of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.result_table import ResultTable, short_repr
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, named_slice, slice_counts
from selfvec.data.run import Run
from selfvec.numerics.neighbours import gained_and_lost
from selfvec.usage.examples import examples, sentences
from selfvec.usage.use_vectors import UseSpace, slice_vectors, use_space

from .permutation_test import LEVEL, Distances, permutation_test, refinement_drift
from .slices import first_and_last, slices_of

__all__ = ["Drift", "drift"]

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
    """

    a: str
    b: str
    measured: list[dict[str, Any]]
    only_a: int = 0
    only_b: int = 0
    space: UseSpace | None = None  # None if the run has not kept its corpus
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
        if self.space is None:
            return self
        index, sides = run.vectors.key_to_index, len(self.space.centres)
        found = [use for row in self.rows[:top] for use in examples(self.space, index[row["word"]], number)]
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
        return {"a": self.a, "b": self.b, "only_a": self.only_a, "only_b": self.only_b, "rows": self.rows}


def drift(
    run: Run,
    between: Sequence[str | Slice] | None = None,
    *,
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
    between : two of str or Slice, optional
        Such as ``"1976..1979", "2021"``, or two labels. By default the first and the last slice of the run,
        or the original and the refined vectors if it has no slices.
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
        distance in random splits of the same documents; ``apd``; ``p`` and ``q``; ``count_a``, ``count_b``,
        ``documents_a``, ``documents_b``; ``gained`` and ``lost`` neighbours (words that occur ``min_count``
        times in that slice).

    Raises
    ------
    InputError
        If the run has not kept its corpus, a slice does not exist, or no word occurs in both.
    """
    listener, workers, slices = progress or Progress(), threads(jobs), _chosen(run, between)
    space: UseSpace | None
    if slices:
        counts, names = slice_counts(run.require_tokens(), slices), [part.name for part in slices]
        words = _in_both(counts, min_count, slices)
        space = use_space(run, slices, seed)
        found = permutation_test(
            space, words, permutations=permutations, seed=seed, jobs=workers, progress=listener
        )
        every = np.arange(len(run.vectors))
        before, after = slice_vectors(space, every, workers, least=min_count)
    else:
        own = run.vectors.counts
        counts = np.stack([np.zeros(len(run.vectors), np.int64) if own is None else own] * 2)
        names, space = ["original", "refined"], None
        if run.tokens is not None:
            space = use_space(run, [Slice("all", np.ones(run.tokens.documents, bool))], seed)
        found = refinement_drift(
            run, space, min_count, permutations=permutations, seed=seed, jobs=workers, progress=listener
        )
        often = (counts[0] >= min_count)[:, None]
        before, after = (np.where(often, table.unit, 0) for table in (run.original, run.vectors))
    order = np.lexsort((-found.excess, found.q > LEVEL))
    only = [int(np.sum((counts[i] >= min_count) & (counts[1 - i] == 0))) for i in (0, 1)]
    keys = list(run.vectors.index_to_key)
    rows = _rows(keys, found, order, counts)
    return Drift(names[0], names[1], rows, only[0], only[1], space, (before, after), keys)


def _in_both(counts: Ints, least: int, slices: Sequence[Slice]) -> Ints:
    words = np.flatnonzero(counts.min(axis=0) >= least)
    if not len(words):
        raise InputError(
            f"no word occurs {least} times in both {slices[0].name} and {slices[1].name}",
            remedy="compare larger slices, or lower --min-count",
        )
    return words


def _chosen(run: Run, between: Sequence[str | Slice] | None) -> list[Slice]:
    if between is not None:
        if len(between) != 2:
            raise OptionError(f"two slices are compared, not {len(between)}", field="between")
        batch = run.require_tokens()
        return [named_slice(batch, part) if isinstance(part, str) else part for part in between]
    slices = slices_of(run)
    if len(slices) == 1:
        raise InputError(
            f"the run has one slice only, {slices[0].name}", remedy="say what to compare: --between A..B C..D"
        )
    if not slices or run.tokens is None:
        return []
    return [slices[0], slices[-1]] if run.tokens.slices is not None else first_and_last(slices, run.tokens)


def _rows(keys: list[str], found: Distances, order: Ints, counts: Ints) -> list[dict[str, Any]]:
    half = _Z * found.error
    figures = {
        "distance": found.distance,
        "low": np.maximum(found.distance - half, 0.0),
        "high": np.minimum(found.distance + half, 2.0),
        "expected": found.expected,
        "apd": found.apd,
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
