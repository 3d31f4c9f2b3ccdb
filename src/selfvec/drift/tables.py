"""Tables of slices: every word as it is used in each part of the corpus, all in one space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..vectors import unit_rows
from .space import UseSpace
from .units import Units, summed

__all__ = ["slice_tables", "use_sums"]


def use_sums(space: UseSpace, jobs: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Sums of the directions of every word's uses in every slice, and how many uses that were.

    Both are additive: over documents, and so over slices.

    Returns
    -------
    sums : (S, V, d) float32
    uses : (S, V) int64
    """
    types, slices = len(space.batch.types), len(space.centres)
    whole = Units(np.ones((types, slices), np.int64), np.full(types, space.batch.documents, np.int64))
    parts = list(summed(space, np.arange(types), whole, 0, jobs))
    sums = np.concatenate([part.rows for part in parts]).reshape(types, slices, -1)
    uses = np.concatenate([part.uses for part in parts]).reshape(types, slices)
    return np.ascontiguousarray(sums.transpose(1, 0, 2)), uses.T.astype(np.int64)


def slice_tables(space: UseSpace, jobs: int) -> list[NDArray[np.float32]]:
    """The mean use of every word in every slice: S tables (V, d) float32 of unit rows, zero without a use.

    Rows of different slices can be compared by cosine: they are measured in one space, `UseSpace`.
    """
    sums, _ = use_sums(space, jobs)
    return [unit_rows(rows) for rows in sums]
