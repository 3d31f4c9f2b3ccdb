"""Unit rows and largest scores, the first and the last step of a search by cosine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Floats
from selfvec.base.errors import InputError
from selfvec.base.threads import ROW_BLOCK

__all__ = ["ROW_BLOCK", "as_matrix", "top_indices", "unit_in_place", "unit_rows"]


def as_matrix(given: Array | Sequence[Sequence[float]]) -> Array:
    """An array of floats unchanged; other numbers and lists of them as float32."""
    if isinstance(given, np.ndarray) and np.issubdtype(given.dtype, np.floating):
        return given
    try:
        return np.asarray(given, np.float32)
    except (TypeError, ValueError):
        rule = "all vectors have the same number of dimensions, these do not"
        raise InputError(rule, remedy="give a matrix, or lists of equal length") from None


def unit_rows(matrix: AnyFloats) -> Floats:
    """Rows divided by their Euclidean length; rows of zeros stay zero. (n, d) -> (n, d) float32, a copy."""
    out = np.array(matrix, dtype=np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", out, out))
    norms[norms == 0] = 1
    out /= norms[:, None]
    return out


def unit_in_place(matrix: Floats) -> Floats:
    """`unit_rows` in place and in blocks, without a second matrix; returns ``matrix``."""
    for start in range(0, len(matrix), ROW_BLOCK):
        matrix[start : start + ROW_BLOCK] = unit_rows(matrix[start : start + ROW_BLOCK])
    return matrix


def top_indices(scores: AnyFloats, n: int) -> list[int]:
    """Indices of the n largest of (m,) scores, best first, ties by index."""
    n = min(n, len(scores))
    if n <= 0:
        return []
    least = np.partition(scores, len(scores) - n)[len(scores) - n]
    candidates = np.flatnonzero(scores >= least)
    order = np.argsort(-scores[candidates], kind="stable")
    found: list[int] = candidates[order][:n].tolist()
    return found
