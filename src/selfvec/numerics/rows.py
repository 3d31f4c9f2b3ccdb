"""Unit rows and the largest scores: what every search by cosine starts and ends with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROW_BLOCK", "top_indices", "unit_in_place", "unit_rows"]

ROW_BLOCK = 4096  # rows worked on at a time


def unit_rows(matrix: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Rows divided by their Euclidean length; rows of zeros stay zero. (n, d) -> (n, d) float32, a copy."""
    out = np.array(matrix, dtype=np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", out, out))[:, None]
    np.divide(out, norms, out=out, where=norms > 0)
    return out


def unit_in_place(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same, in place and in blocks, so that nothing of its size stands beside it; returns ``matrix``."""
    for start in range(0, len(matrix), ROW_BLOCK):
        matrix[start : start + ROW_BLOCK] = unit_rows(matrix[start : start + ROW_BLOCK])
    return matrix


def top_indices(scores: NDArray[np.floating[Any]], n: int) -> list[int]:
    """Indices of the n largest scores, best first, ties by index."""
    n = min(n, len(scores))
    if n <= 0:
        return []
    threshold = np.partition(scores, len(scores) - n)[len(scores) - n]
    candidates = np.flatnonzero(scores >= threshold)
    order = np.argsort(-scores[candidates], kind="stable")
    return [int(i) for i in candidates[order][:n]]
