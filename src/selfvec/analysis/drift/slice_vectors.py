"""Tables of slices: every word as it is used in each part of the corpus, all in one space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.numerics.rows import unit_in_place
from selfvec.usage.space import UseSpace

from .document_blocks import Units, summed

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
    sums = np.zeros((slices, types, space.table.shape[1]), np.float32)
    uses = np.zeros((slices, types), np.int64)
    for part in summed(space, np.arange(types), whole, 0, jobs):
        sums[:, part.words] = part.rows.reshape(len(part.words), slices, -1).transpose(1, 0, 2)
        uses[:, part.words] = part.uses.reshape(len(part.words), slices).T
    return sums, uses


def slice_tables(space: UseSpace, jobs: int, least: int = 1) -> list[NDArray[np.float32]]:
    """The mean use of every word in every slice: S tables (V, d) float32 of unit rows.

    Rows of different slices can be compared by cosine: they are measured in one space, `UseSpace`. A word
    with fewer uses in a slice than ``least`` has a row of zeros there.
    """
    sums, uses = use_sums(space, jobs)
    sums[uses < least] = 0
    return [unit_in_place(rows) for rows in sums]
