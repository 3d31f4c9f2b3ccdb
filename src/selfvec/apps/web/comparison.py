"""Two tables of the same words side by side: who is near a word in one, who in the other.

A page answers while somebody types, so that everything is laid out for one product of a matrix and a vector
a question: the words that may be neighbours (those seen often enough to be shown) stand together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from selfvec.base.progress import Progress
from selfvec.numerics.neighbourhoods import nearest
from selfvec.numerics.rows import top_indices

__all__ = ["LEAST", "NEIGHBOURS", "Changes", "Comparison", "changes", "shown_from"]

NEIGHBOURS = 10
LEAST = 5  # occurrences from which on a word is shown as a neighbour, as in `selfvec.analysis.drift.drift`
_ENOUGH = 200  # words that neighbours are chosen from; a smaller corpus shows rarer ones
_BLOCK = 512  # words compared at a time

Table = NDArray[np.float32]
Ints = NDArray[np.int64]


def shown_from(counts: Ints) -> int:
    """How often a word has to occur to be shown: 5 times, less often in a small corpus.

    >>> shown_from(np.full(2000, 12)), shown_from(np.array([7, 3, 1]))
    (5, 1)
    """
    return next((n for n in range(LEAST, 1, -1) if np.count_nonzero(counts >= n) >= _ENOUGH), 1)


@dataclass(frozen=True)
class Comparison:
    """The same V words before and after.

    Parameters
    ----------
    words : sequence of V str
    before, after : (V, d) float32
        Unit rows; zeros where a word has no vector.
    counts : (2, V) int64
        How often each word occurs before and after; the same twice where the text is the same.
    names : pair of str
        What the two are called.
    told : (V,) bool
        Words of which it can be told whether they changed.
    """

    words: Sequence[str]
    before: Table
    after: Table
    counts: Ints
    names: tuple[str, str]
    told: NDArray[np.bool_]

    @cached_property
    def both(self) -> Ints:
        """How often each word occurs on the side where it is rarer, (V,)."""
        rarer: Ints = self.counts.min(axis=0)
        return rarer

    @cached_property
    def least(self) -> int:
        """Occurrences on both sides from which on a word is shown as a neighbour."""
        return shown_from(self.both)

    @cached_property
    def shown(self) -> Ints:
        """Rows of the words that may be neighbours, (n,)."""
        return np.flatnonzero(self.both >= self.least)

    @cached_property
    def places(self) -> Ints:
        """Where a row stands among those shown, (V,); -1 for one that is not."""
        places = np.full(len(self.words), -1, np.int64)
        places[self.shown] = np.arange(len(self.shown))
        return places

    @cached_property
    def compact(self) -> tuple[Table, Table]:
        """Rows of the words that may be neighbours, before and after."""
        return np.ascontiguousarray(self.before[self.shown]), np.ascontiguousarray(self.after[self.shown])

    def near(self, row: int, neighbours: int = NEIGHBOURS) -> list[list[tuple[int, float]]]:
        """Rows nearest to a row before, and after, with cosines, best first."""
        out: list[list[tuple[int, float]]] = []
        for table, compact in zip((self.before, self.after), self.compact, strict=True):
            own = table[row]
            if not own.any():
                out.append([])
                continue
            cosines = compact @ own
            if self.places[row] >= 0:
                cosines[self.places[row]] = -np.inf
            best = [i for i in top_indices(cosines, neighbours) if np.isfinite(cosines[i])]
            out.append([(int(self.shown[i]), float(cosines[i])) for i in best if compact[i].any()])
        return out

    def distance(self, rows: Ints) -> NDArray[np.float64]:
        """1 - cosine of before and after, (m,); NaN where either is zero."""
        out = np.empty(len(rows))
        for start in range(0, len(rows), _BLOCK):
            part = rows[start : start + _BLOCK]
            one, other = self.before[part], self.after[part]
            cosine = np.einsum("ij,ij->i", one, other, dtype=np.float64)
            alive = one.any(axis=1) & other.any(axis=1)
            out[start : start + _BLOCK] = np.where(alive, 1 - cosine, np.nan)
        return out


@dataclass(frozen=True)
class Changes:
    """What became of m words; all arrays have a row a word.

    Parameters
    ----------
    rows : (m,) int64
        Rows of the words.
    distance : (m,) float64
        1 - cosine of the word's own vectors.
    company : (m,) float64
        How much the company it keeps has changed, 0 to 1: see `changes`.
    had, has : (m, k) int64
        Rows of its neighbours before and after, nearest first; -1 where there are fewer.
    """

    rows: Ints
    distance: NDArray[np.float64]
    company: NDArray[np.float64]
    had: Ints
    has: Ints

    def gained_and_lost(self, place: int) -> tuple[list[int], list[int]]:
        """Neighbours that came and that went, nearest first, of the word at a place."""
        had = [i for i in self.had[place].tolist() if i >= 0]
        has = [i for i in self.has[place].tolist() if i >= 0]
        return [i for i in has if i not in had], [i for i in had if i not in has]


def changes(
    comparison: Comparison, rows: Ints, neighbours: int = NEIGHBOURS, progress: Progress | None = None
) -> Changes:
    """How far words moved, and how much their company changed.

    A word moves far for many reasons; what a reader sees is who is near it. *Company* is 1 - the cosine of
    two lists: how near the word is, before and after, to all that are among its nearest on either side (the
    local neighbourhood measure of Hamilton, Leskovec and Jurafsky, 2016, *Cultural Shift or
    Linguistic Drift?*). The mean of a table is taken off first, since all words share it.

    Parameters
    ----------
    comparison : Comparison
    rows : (m,) int64
        Rows of words that have a vector before and after.
    neighbours : int
        k.
    progress : Progress, optional

    Returns
    -------
    Changes
    """
    had, has = np.full((2, len(rows), neighbours), -1, np.int64)
    company = np.zeros(len(rows))
    means = [table.mean(axis=0) for table in comparison.compact]
    with (progress or Progress()).stage("Comparing", len(rows), "words") as advance:
        for start in range(0, len(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            had[part], has[part] = (_nearest(comparison, side, rows[part], neighbours) for side in (0, 1))
            for place, row in enumerate(rows[part].tolist(), start):
                company[place] = _company(comparison, means, row, np.union1d(had[place], has[place]))
            advance(len(rows[part]))
    return Changes(rows, comparison.distance(rows), company, had, has)


def _company(comparison: Comparison, means: Sequence[Table], row: int, around: Ints) -> float:
    """1 - the cosine of how near a word is to others before, and after; at least 0, at most 1."""
    tables = (comparison.before, comparison.after)
    one, other = (_closeness(t, m, row, around[around >= 0]) for t, m in zip(tables, means, strict=True))
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return min(1.0, max(0.0, 1 - float(one @ other) / size)) if size > 0 else 0.0


def _closeness(table: Table, mean: Table, row: int, around: Ints) -> Table:
    """Cosines of a row to others, the mean taken off."""
    own, others = table[row] - mean, table[around] - mean
    lengths = np.linalg.norm(others, axis=1) * np.linalg.norm(own)
    cosines: Table = others @ own / np.maximum(lengths, 1e-9)
    return cosines


def _nearest(comparison: Comparison, side: int, rows: Ints, neighbours: int) -> Ints:
    """Neighbours on one side, (m, k), as rows of the whole table."""
    compact, table = comparison.compact[side], (comparison.before, comparison.after)[side]
    places = comparison.places[rows]
    # Words asked about that are no neighbours themselves stand behind those that are.
    rare = np.flatnonzero(places < 0)
    asked = places.copy()
    asked[rare] = len(compact) + np.arange(len(rare))
    stacked = np.concatenate([compact, table[rows[rare]]]) if len(rare) else compact
    among = np.arange(len(stacked)) < len(compact)
    found = nearest(stacked, asked, neighbours, among=among if len(rare) else None)
    return np.where(found >= 0, comparison.shown[found], -1)
