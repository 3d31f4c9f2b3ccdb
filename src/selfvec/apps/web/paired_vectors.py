"""The vectors of the same words before and after, for the views of a word.

The page answers while somebody types, so vectors are contiguous, and a query is one product of a matrix and a
vector. Which words changed, and how much, is what `drift` says; see `ranking`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from selfvec.analysis.word_drift.changed_neighbours import NEIGHBOURS
from selfvec.base.arrays import Ints, Mask, Rows
from selfvec.numerics.nearest import only_in_each
from selfvec.numerics.rows import top_indices

Neighbours = list[tuple[int, float]]
Near = Callable[..., tuple[Neighbours, Neighbours]]


@dataclass(frozen=True, eq=False)
class PairedVectors:
    """The vectors of the same V words before and after."""

    words: Sequence[str]
    before: Rows  # (V, d), unit rows; zeros for a word without a vector
    after: Rows
    counts: Ints  # (2, V), occurrences before and after; equal rows if the text is the same
    names: tuple[str, str]  # of the two states
    content: Mask  # (V,), neither stop words nor numbers
    listed: Mask  # (2, V), words that may be neighbours before, and after

    @cached_property
    def both(self) -> Ints:
        """The smaller count of each word, (V,)."""
        rarer: Ints = self.counts.min(axis=0)
        return rarer

    @cached_property
    def shown(self) -> tuple[Ints, Ints]:
        """Rows of the words that may be neighbours, before and after, (n,) each."""
        sides = zip(self.listed, (self.before, self.after), strict=True)
        before, after = (np.flatnonzero(listed & rows.any(axis=1)) for listed, rows in sides)
        return before, after

    @cached_property
    def compact(self) -> tuple[Rows, Rows]:
        """The vectors of `shown`, (n, d) each."""
        before, after = self.shown
        return np.ascontiguousarray(self.before[before]), np.ascontiguousarray(self.after[after])

    @cached_property
    def near(self) -> Near:
        """The nearest rows before and after, with cosines, best first: ``near(row, neighbours)``."""
        return lru_cache(maxsize=4096)(self._near)

    def _near(self, row: int, neighbours: int = NEIGHBOURS) -> tuple[Neighbours, Neighbours]:
        sides: list[Neighbours] = []
        for vectors, shown, compact in zip((self.before, self.after), self.shown, self.compact, strict=True):
            cosines = compact @ vectors[row]
            cosines[(shown == row) | (not vectors[row].any())] = -np.inf  # a zero vector is near nothing
            best = top_indices(cosines, neighbours)
            sides.append([(int(shown[i]), float(cosines[i])) for i in best if np.isfinite(cosines[i])])
        return sides[0], sides[1]

    def gained_and_lost(self, row: int) -> tuple[list[int], list[int]]:
        """Rows that are near a word only after, and only before, nearest first."""
        before, after = ([other for other, _ in side] for side in self.near(row))
        return only_in_each(before, after)
