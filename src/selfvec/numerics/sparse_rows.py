"""`SparseRows`: a sparse matrix in compressed rows, made row by row, and multiplied by dense ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from selfvec.base.arrays import AnyFloats, Array, Doubles, Floats, Ids, Ints
from selfvec.base.compiled import SUMS, kernel, read_only
from selfvec.base.threads import cut, finish, in_order
from selfvec.files.memory import Spool

SHARE = 1 << 18
"""Entries that a thread takes at a time."""


class SparseRows(NamedTuple):
    """A sparse matrix X, (n, m), in compressed rows, like SciPy's ``csr_array``."""

    indptr: Ints  # (n + 1,): row i has the entries indptr[i]:indptr[i + 1]
    indices: Ids  # (e,): their columns
    values: Array  # (e,)

    @property
    def height(self) -> int:
        return len(self.indptr) - 1

    @property
    def read_only(self) -> SparseRows:
        """The same, as if it were a map of a file, so that kernels are compiled once for both."""
        return SparseRows(read_only(self.indptr), read_only(self.indices), read_only(self.values))

    def part(self, rows: Ints) -> SparseRows:
        """Some rows, by number, in the order given.

        >>> matrix = SparseRows(np.array([0, 2, 2, 5]), np.int32([0, 1, 0, 1, 2]), np.arange(1.0, 6))
        >>> matrix.part(np.array([2, 0])).values.tolist()
        [3.0, 4.0, 5.0, 1.0, 2.0]
        """
        lengths = np.diff(self.indptr)[rows]
        ends = np.cumsum(lengths)
        places = np.arange(lengths.sum()) + np.repeat(self.indptr[rows] - (ends - lengths), lengths)
        indptr = np.concatenate(([0], ends))
        return SparseRows(indptr, self.indices[places], self.values[places]).read_only

    def times(self, rows: Floats) -> Floats:
        """X R, (n, d) float32, for dense rows, (m, d).

        SciPy's product takes longer on one thread and has a larger rounding error (float32 sums).
        """
        out = np.empty((self.height, rows.shape[1]), np.float32)
        entries = self.read_only

        def multiply(block: tuple[int, int]) -> None:
            multiply_rows(*entries, rows, *block, np.empty(rows.shape[1]), out)

        finish(in_order(cut(np.diff(self.indptr) + 1, SHARE), multiply))
        return out

    def inner_products(self, width: int) -> Doubles:
        """X Xᵀ, (n, n) float64, of a matrix with ``width`` columns, m."""
        out = np.empty((self.height, self.height))

        def multiply(block: tuple[int, int]) -> None:
            multiply_pairs(*self, *block, np.zeros(width), out)

        finish(in_order(cut(np.arange(self.height) + 1, SHARE), multiply))
        return out


class SparseRowsMaker:
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

    def finish(self) -> SparseRows:
        indptr = np.cumsum(np.concatenate(self._lengths))
        return SparseRows(indptr, self._indices.joined(), self._values.joined())

    def close(self) -> None:
        """Forget rows that were not taken."""
        self._indices.close()
        self._values.close()


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


@kernel
def multiply_pairs(
    indptr: Ints,
    indices: Ids,
    values: Floats,
    first: int,
    last: int,
    own: Doubles,  # (m,) zeros, before and after
    out: Doubles,  # (n, n), written
) -> None:
    """The inner products of the rows ``first`` to ``last - 1`` with those before them."""
    for row in range(first, last):
        for k in range(indptr[row], indptr[row + 1]):
            own[indices[k]] = values[k]
        for other in range(row + 1):
            total = 0.0
            for k in range(indptr[other], indptr[other + 1]):
                total += own[indices[k]] * values[k]
            out[row, other] = total
            out[other, row] = total
        for k in range(indptr[row], indptr[row + 1]):
            own[indices[k]] = 0


@kernel(fastmath=SUMS)
def add_moment(
    indptr: Ints,
    indices: Ids,
    values: Floats,
    rows: AnyFloats,  # W, (m, w)
    own: AnyFloats,  # (w,), working memory
    out: AnyFloats,  # (m, w)
) -> None:
    """Add Xᵀ X W to ``out``, in its type, with one pass over X.

    Four entries at a time, so that sums stay in registers. Unsigned numbers need no check of the sign.
    """
    for row in range(len(indptr) - 1):
        for j in range(own.size):
            own[j] = 0
        k = indptr[row]
        while k + 4 <= indptr[row + 1]:
            a, b, c, d = values[k], values[k + 1], values[k + 2], values[k + 3]
            row_a, row_b = rows[np.uint32(indices[k])], rows[np.uint32(indices[k + 1])]
            row_c, row_d = rows[np.uint32(indices[k + 2])], rows[np.uint32(indices[k + 3])]
            for j in range(own.size):
                own[j] += a * row_a[j] + b * row_b[j] + c * row_c[j] + d * row_d[j]
            k += 4
        while k < indptr[row + 1]:
            a, row_a = values[k], rows[np.uint32(indices[k])]
            for j in range(own.size):
                own[j] += a * row_a[j]
            k += 1
        for k in range(indptr[row], indptr[row + 1]):
            sums, value = out[np.uint32(indices[k])], values[k]
            for j in range(own.size):
                sums[j] += value * own[j]


@kernel(fastmath=SUMS)
def add_transposed_product(
    indptr: Ints, indices: Ids, values: Floats, duals: AnyFloats, out: AnyFloats
) -> None:
    """Add Xᵀ A, (m, w), to ``out`` for A of (n, w)."""
    for row in range(len(indptr) - 1):
        own = duals[row]
        for k in range(indptr[row], indptr[row + 1]):
            sums, value = out[np.uint32(indices[k])], values[k]
            for j in range(own.size):
                sums[j] += value * own[j]
