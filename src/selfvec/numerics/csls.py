"""Nearest rows of another matrix by CSLS, which corrects for hubs: rows that are near to very many others.

    CSLS(x, y) = 2 cos(x, y) - r(x) - r(y)

r is the mean cosine of a row to its ten nearest rows of the other matrix (Conneau et al., 2018, *Word
translation without parallel data*).
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Ids, Ints, Rows
from selfvec.base.threads import in_order, one_core, threads

from .nearest import nearest_columns

NEIGHBOURS = 10  # rows that r is the mean of, as published
_CANDIDATES = 30
_BYTES = 1 << 26  # of cosines that a thread holds at a time


def mean_of_nearest(rows: Rows, pool: Rows, neighbours: int = NEIGHBOURS) -> Rows:
    """r of each row, (n,): the mean cosine to its nearest rows of a pool; all are unit rows.

    >>> pool = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    >>> mean_of_nearest(np.array([[1, 0], [0.6, 0.8]], np.float32), pool, 2).astype(float).round(2).tolist()
    [0.5, 0.7]
    """
    kept = min(neighbours, len(pool))
    return np.asarray(nearest_values(rows, pool, kept)[1].mean(axis=1))


def best_columns(
    rows: Rows,  # (n, d) unit rows
    pool: Rows,  # (P, d) unit rows
    most: int,
    hubness: Rows | None = None,  # (P,) r of each row of the pool, for CSLS; None compares cosines
) -> Ids:
    """The best rows of a pool for each row, best first, (n, most); -1 if there are fewer.

    CSLS also subtracts r of the row itself, which does not change the order and is left out.

    >>> rows, pool = np.array([[0.8, 0.6]], np.float32), np.array([[1, 0], [0, 1]], np.float32)
    >>> best_columns(rows, pool, 1).tolist(), best_columns(rows, pool, 1, np.array([0.9, 0.1], "f")).tolist()
    ([[0]], [[1]])
    """
    off = np.zeros(len(pool), np.float32) if hubness is None else hubness / 2
    return _largest(rows, pool, off.astype(np.float32), most)[0]


def nearest_values(rows: Rows, pool: Rows, most: int) -> tuple[Ids, Rows]:
    """The rows of a pool with the largest cosines to each row, and the cosines, both (n, most)."""
    return _largest(rows, pool, np.zeros(len(pool), np.float32), most)


def mutual_best(a: Rows, b: Rows) -> Ints:
    """Pairs of rows of two matrices that are each other's best by CSLS, (n, 2), in rising order.

    The best row is searched for among the thirty rows with the largest cosines.

    >>> a = np.array([[1, 0], [0, 1]], np.float32)
    >>> mutual_best(a, np.array([[0.8, 0.6], [0.6, 0.8], [1, 0]], np.float32)).tolist()
    [[0, 2], [1, 1]]
    """
    near_b, near_a = (nearest_values(x, y, _CANDIDATES) for x, y in ((a, b), (b, a)))
    r_a, r_b = (
        cosines[:, : min(NEIGHBOURS, len(pool))].mean(axis=1)
        for (_, cosines), pool in ((near_b, b), (near_a, a))
    )
    to_b = _best_of(*near_b, r_b)
    to_a = _best_of(*near_a, r_a)
    kept = np.flatnonzero(to_a[to_b] == np.arange(len(a)))
    return np.stack([kept, to_b[kept]], axis=1)


def _best_of(numbers: Ids, cosines: Rows, hubness: Rows) -> Ints:
    scores = np.where(numbers >= 0, 2 * cosines - hubness[numbers], -np.inf)
    return np.asarray(numbers[np.arange(len(numbers)), np.argmax(scores, axis=1)], np.int64)


def _largest(rows: Rows, pool: Rows, off: Rows, most: int) -> tuple[Ids, Rows]:
    """The columns of the largest cosines minus ``off`` (P,), and these values, both (n, most)."""
    numbers = np.full((len(rows), most), -1, np.int32)
    values = np.zeros((len(rows), most), np.float32)
    step = max(1, _BYTES // (4 * max(1, len(pool))))

    def search(start: int) -> None:
        part = slice(start, start + step)
        scores = rows[part] @ pool.T - off
        own = np.full(len(scores), -1, np.int64)
        numbers[part], values[part] = nearest_columns(scores, own, most, -np.inf)

    with one_core():
        for _ in in_order(range(0, len(rows), step), search, threads(None)):
            pass
    return numbers, values
