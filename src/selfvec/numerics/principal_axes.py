"""Principal axes: the directions in which the rows of a table vary most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.threads import by_blocks, one_core

from .rows import unit_rows

__all__ = ["axes_of_moment", "axes_of_points", "principal_axes", "second_moment"]

Float64 = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]


def principal_axes(matrix: Rows) -> NDArray[np.float32]:
    """Principal axes of (V, d) rows at length 1, not centred: (d, d) float32, an axis per column."""
    _, axes = axes_of_moment(second_moment(matrix.shape, lambda part: unit_rows(matrix[part])))
    return np.ascontiguousarray(axes, np.float32)


def second_moment(shape: tuple[int, ...], block: Callable[[slice], Rows]) -> Float64:
    """Sum of the outer products of all rows of a (V, d) table, (d, d).

    ``block`` returns the rows of a slice; it is called in several threads.
    """

    def product(part: slice) -> Rows:
        table = block(part)
        return table.T @ table

    total = np.zeros((shape[1], shape[1]))
    for each in by_blocks(shape[0], product):
        total += each
    return total


def axes_of_moment(moment: Rows) -> tuple[Float64, Float64]:
    """Eigenvalues of a symmetric (d, d) matrix, largest first, (d,), and its eigenvectors, (d, d) columns."""
    with one_core():
        values, axes = np.linalg.eigh(moment)
    return values[::-1], axes[:, ::-1]


def axes_of_points(centred: Float64) -> tuple[Float64, Float64]:
    """Squared extents of (n, d) points along r axes, largest first, (r,), and the axes, (d, r) columns."""
    if len(centred) < centred.shape[1]:  # a few points span fewer dimensions than d
        _, strengths, rows = np.linalg.svd(centred, full_matrices=False)
        return strengths**2, rows.T
    return axes_of_moment(centred.T @ centred)
