"""Principal axes of a table: the directions in which its rows vary most."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rows import unit_rows

__all__ = ["principal_axes"]

_BLOCK = 4096


def principal_axes(matrix: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Orthonormal axes of (V, d) unit rows by falling second moment, (d, d) float32, an axis a column."""
    moments = np.zeros((matrix.shape[1],) * 2)
    for start in range(0, len(matrix), _BLOCK):
        rows = unit_rows(matrix[start : start + _BLOCK])
        moments += rows.T @ rows
    _, axes = np.linalg.eigh(moments)
    return np.ascontiguousarray(axes[:, ::-1], np.float32)
