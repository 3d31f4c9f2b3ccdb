"""Sparse matrices in compressed rows: made row by row, and multiplied by dense ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from selfvec.base.arrays import Array, Doubles, Floats, Ids, Ints
from selfvec.base.compiled import kernel
from selfvec.base.threads import cut, in_order
from selfvec.files.memory import Spool

SHARE = 1 << 18
"""Entries that a thread takes at a time."""


class SparseRows:
    """Large sparse matrices made row by row, in blocks on all threads; a long one lies in a temporary file.

    Blocks are appended in the order of their rows, so the result has the same bits for any number of threads.
    """

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


def sparse_product(
    indptr: Ints,  # (n + 1,)
    indices: Ids,  # (e,)
    values: Array,  # (e,)
    rows: Floats,  # (m, d)
    jobs: int,
) -> Floats:
    """A matrix in compressed rows, (n, m), times a dense matrix, (m, d) -> (n, d) float32.

    SciPy's product takes longer on one thread and has a larger rounding error (float32 sums).
    """
    out = np.empty((len(indptr) - 1, rows.shape[1]), np.float32)

    def multiply(block: tuple[int, int]) -> None:
        multiply_rows(indptr, indices, values, rows, *block, np.empty(rows.shape[1]), out)

    for _ in in_order(cut(np.diff(indptr) + 1, SHARE), multiply, jobs):
        pass
    return out


@kernel
def multiply_rows(
    indptr: Ints,  # (n + 1,)
    indices: Ids,  # (e,)
    values: Array,  # (e,)
    rows: Floats,  # (m, d)
    first: int,
    last: int,
    sums: Doubles,  # (d,), working memory
    out: Floats,  # (n, d), written
) -> None:
    """Rows ``first`` to ``last - 1`` of the product, each summed in float64, in a fixed order."""
    for row in range(first, last):
        for j in range(sums.size):
            sums[j] = 0
        for k in range(indptr[row], indptr[row + 1]):
            value = np.float32(values[k])
            other = rows[indices[k]]
            for j in range(sums.size):
                sums[j] += np.float64(value * other[j])
        for j in range(sums.size):
            out[row, j] = sums[j]
