"""Large sparse matrices made row by row, in blocks on all threads; a long one lies in a temporary file.

Blocks are appended in the order of their rows, so the result has the same bits for any number of threads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from selfvec.base.arrays import Array, Ids, Ints
from selfvec.base.memory import Spool


class SparseRows:
    """Collects the rows of a matrix in order; see `selfvec.base.memory.Spool`."""

    def __init__(self, dtype: DTypeLike = np.int64) -> None:
        self._lengths: list[Ints] = [np.zeros(1, np.int64)]
        self._indices = Spool(np.int32)
        self._values = Spool(dtype)

    def append(self, lengths: Ints, indices: Ids, values: Array) -> None:
        """Add R rows: their lengths (R,), and the columns and values (n,) of all, which are kept."""
        self._lengths.append(lengths)
        self._indices.append(indices)
        self._values.append(values)

    def finish(self) -> tuple[Ints, Ids, Array]:
        """indptr (V + 1,), indices (n,) and values (n,); the last two may be maps of files."""
        return np.cumsum(np.concatenate(self._lengths)), self._indices.joined(), self._values.joined()

    def close(self) -> None:
        """Forget rows that were not taken."""
        self._indices.close()
        self._values.close()


def places_of(indptr: Ints, rows: Ints) -> Ints:
    """The entries of some rows, one row after the other.

    >>> places_of(np.array([0, 2, 2, 5]), np.array([2, 0])).tolist()
    [2, 3, 4, 0, 1]
    """
    lengths = indptr[rows + 1] - indptr[rows]
    ends = np.cumsum(lengths)
    places: Ints = np.arange(lengths.sum()) + np.repeat(indptr[rows] - (ends - lengths), lengths)
    return places
