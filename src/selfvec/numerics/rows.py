"""Unit rows and the largest scores: the first and the last step of every search by cosine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.threads import ROW_BLOCK

__all__ = ["ROW_BLOCK", "top_columns", "top_indices", "unit_in_place", "unit_rows"]

Scores = NDArray[np.floating[Any]]


def unit_rows(matrix: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Rows divided by their Euclidean length; rows of zeros stay zero. (n, d) -> (n, d) float32, a copy."""
    out = np.array(matrix, dtype=np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", out, out))[:, None]
    np.divide(out, norms, out=out, where=norms > 0)
    return out


def unit_in_place(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """`unit_rows` in place and in blocks, without a second table; returns ``matrix``."""
    for start in range(0, len(matrix), ROW_BLOCK):
        matrix[start : start + ROW_BLOCK] = unit_rows(matrix[start : start + ROW_BLOCK])
    return matrix


def top_columns(scores: Scores, k: int) -> NDArray[np.int64]:
    """Columns of the k largest scores of each row, best first, ties by column. (m, n) -> (m, min(k, n))."""
    n = scores.shape[1]
    columns: NDArray[np.int64] = np.broadcast_to(np.arange(n), scores.shape)
    if k < n:
        least = np.partition(scores, n - k, axis=1)[:, n - k, None]
        chosen, ties = np.greater(scores, least), np.equal(scores, least)
        places = k - chosen.sum(axis=1, keepdims=True)
        # Of those that tie for the last place the first come in, as many as places are left.
        crowded = np.flatnonzero(ties.sum(axis=1) > places[:, 0])
        ties[crowded] &= np.cumsum(ties[crowded], axis=1) <= places[crowded]
        columns = np.nonzero(chosen | ties)[1].reshape(len(scores), k)
    order = np.argsort(-np.take_along_axis(scores, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1).astype(np.int64)


def top_indices(scores: Scores, n: int) -> list[int]:
    """Indices of the n largest of (m,) scores, best first, ties by index."""
    found: list[int] = top_columns(scores[None], n)[0].tolist() if n > 0 and len(scores) else []
    return found
