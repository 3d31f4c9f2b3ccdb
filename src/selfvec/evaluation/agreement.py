"""How far two tables of the same words agree: by their neighbours, and by the cosines of their rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.numerics.rows import unit_rows

__all__ = ["WHOLE", "cosines", "frequent_words", "neighbour_overlap", "turned_cosines"]

NEIGHBOURS = 10
WHOLE = 10  # occurrences in a corpus below which a word says more about chance than about the method
MOST = 10_000  # words compared, the most frequent
_LEAST = 2 * NEIGHBOURS  # words, for neighbours to differ
_BLOCK = 512


def frequent_words(counts: NDArray[np.int64], least: int, most: int = MOST) -> NDArray[np.int64]:
    """Numbers of the most frequent words that occur often enough, by falling frequency.

    Raises
    ------
    InputError
        If they are too few for their neighbours to differ.
    """
    order = np.argsort(-counts, kind="stable")[:most]
    words = order[counts[order] >= least]
    if len(words) < _LEAST:
        rule = f"{len(words)} words occur often enough to be compared, {_LEAST} are needed"
        raise InputError(rule, remedy="bring more text")
    return words


def neighbour_overlap(
    a: NDArray[np.float32], b: NDArray[np.float32], neighbours: int = NEIGHBOURS
) -> NDArray[np.float64]:
    """Jaccard index of each word's nearest neighbours in two tables of the same words, (n,).

    Parameters
    ----------
    a, b : (n, d) float32
        Unit rows, of possibly different d; a row of zeros has no neighbours and overlaps with nothing.
    neighbours : int

    Examples
    --------
    >>> a = np.eye(4, dtype=np.float32)[[0, 0, 1, 1]]
    >>> neighbour_overlap(a, a[[0, 2, 1, 3]], neighbours=1).tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    out = np.zeros(len(a))
    there = a.any(axis=1) & b.any(axis=1)
    for start in range(0, len(a), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(a)))
        near = [_nearest(table, rows, neighbours) for table in (a, b)]
        shared = (near[0][:, :, None] == near[1][:, None, :]).sum(axis=(1, 2))
        out[rows] = shared / (near[0].shape[1] + near[1].shape[1] - shared)
    return np.where(there, out, 0.0)


def _nearest(table: NDArray[np.float32], rows: NDArray[np.int64], neighbours: int) -> NDArray[np.int64]:
    cosines = table[rows] @ table.T
    cosines[np.arange(len(rows)), rows] = -np.inf
    return np.argpartition(-cosines, min(neighbours, len(table) - 1) - 1, axis=1)[:, :neighbours]


def cosines(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """Between equal rows of two tables of (n, d) unit rows, (n,)."""
    found: NDArray[np.float64] = np.einsum("ij,ij->i", a, b, dtype=np.float64)
    return found


def turned_cosines(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """Cosines after b is turned upon a: every other word fits the rotation that the rest is measured with.

    Fitted on the words themselves it would turn noise upon noise, and nearly perfectly where they are few.
    """
    out = np.zeros(len(a))
    for part in (slice(0, None, 2), slice(1, None, 2)):
        rest = slice(1 - part.start, None, 2)
        u, _, v = np.linalg.svd(b[rest].T.astype(np.float64) @ a[rest])
        out[part] = cosines(a[part], unit_rows(b[part] @ (u @ v)))
    return out
