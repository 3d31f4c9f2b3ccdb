"""A sparse matrix times a table, and what turns counts into PPMI.

A row of the product is summed by one thread in a fixed order, so the result does not depend on how many
there are. Four neighbours are taken at a time and added up in float64: one read and write of the running
sums for four rows, and the processor asks for four rows at once without being told to.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["multiply_rows", "ppmi_rows", "ppmi_sizes"]

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_LOGARITHMS = np.log(np.maximum(np.arange(4096), 1))  # most counts are small


@njit(cache=True, nogil=True)
def multiply_rows(
    indptr: Int64, indices: Int32, values: NDArray[Any], table: Float32, first: int, last: int, out: Float32
) -> None:
    """Rows ``first`` to ``last - 1`` of matrix · table.

    Parameters
    ----------
    indptr : (V + 1,) int64, indices : (n,) int32, values : (n,) float32 or int64
        The matrix.
    table : (V, d) float32
    first, last : int
    out : (V, d) float32
        Receives these rows.
    """
    sums = np.zeros(table.shape[1], np.float64)
    for row in range(first, last):
        sums[:] = 0
        k, end = indptr[row], indptr[row + 1]
        while k + 3 < end:
            a, b = table[indices[k]], table[indices[k + 1]]
            c, d = table[indices[k + 2]], table[indices[k + 3]]
            p, q = np.float32(values[k]), np.float32(values[k + 1])
            r, s = np.float32(values[k + 2]), np.float32(values[k + 3])
            for j in range(sums.size):
                sums[j] += np.float64(p * a[j] + q * b[j] + r * c[j] + s * d[j])
            k += 4
        while k < end:
            a, p = table[indices[k]], np.float32(values[k])
            for j in range(sums.size):
                sums[j] += np.float64(p * a[j])
            k += 1
        for j in range(sums.size):
            out[row, j] = sums[j]


@njit(inline="always")
def _log(number: Any) -> Any:
    return _LOGARITHMS[number] if number < _LOGARITHMS.size else np.log(np.float64(number))


@njit(cache=True, nogil=True)
def ppmi_sizes(
    indptr: Int64,
    indices: Int32,
    data: Int64,
    row_log: Float64,
    column_log: Float64,
    first: int,
    last: int,
    sizes: Int64,
) -> None:
    """How many entries of rows ``first`` to ``last - 1`` are above zero, into ``sizes`` (V,) int64."""
    for row in range(first, last):
        size = 0
        for k in range(indptr[row], indptr[row + 1]):
            size += _log(data[k]) - column_log[indices[k]] > row_log[row]
        sizes[row] = size


@njit(cache=True, nogil=True)
def ppmi_rows(
    indptr: Int64,
    indices: Int32,
    data: Int64,
    row_log: Float64,
    column_log: Float64,
    first: int,
    last: int,
    new_indptr: Int64,
    new_indices: Int32,
    values: Float32,
) -> None:
    """Write the entries above zero: log C_ij - column_log_j - row_log_i.

    Parameters
    ----------
    indptr, indices, data
        Counts.
    row_log, column_log : (V,) float64
    first, last : int
        Rows to write.
    new_indptr : (V + 1,) int64
        Where they go; from `ppmi_sizes`.
    new_indices : (m,) int32, values : (m,) float32
        Receive them.
    """
    for row in range(first, last):
        at = new_indptr[row]
        for k in range(indptr[row], indptr[row + 1]):
            value = _log(data[k]) - column_log[indices[k]]
            if value > row_log[row]:
                new_indices[at] = indices[k]
                values[at] = value - row_log[row]
                at += 1
