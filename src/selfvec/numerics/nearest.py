"""The rows of a pool with the largest cosines. In a large pool only near clusters are compared."""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Floats, Ids, Ints, Rows
from selfvec.base.compiled import kernel
from selfvec.base.threads import in_order, one_core, threads

from .kmeans import lloyd
from .rows import unit_rows

__all__ = ["nearest_columns", "nearest_rows"]

EXACT = 10_000  # in a pool of at most so many rows all are compared
CLUSTERS = 64  # of a larger pool
PROBED = 16  # clusters that a row is compared with
_ROUNDS = 10  # of k-means
_BLOCK = 1024


def nearest_rows(
    rows: Rows,  # (n, d) of any length, or zeros; they are normalised here, in blocks, without a copy of all
    pool: Rows,  # (P, d) unit rows
    own: Ints,  # (n,) the row of the pool that is the row itself, -1 if it is not in the pool
    most: int,
    least: float = -2.0,
    seed: int = 0,
) -> tuple[Ids, Rows]:
    """The rows of a pool that are nearest to each row, nearest first, and their cosines, both (n, most).

    Cosines exceed ``least``; missing rows are -1, with cosine 0. A pool of more than 10,000 rows is divided
    into 64 clusters, and a row is compared with the rows of the sixteen clusters nearest to its own (Jégou,
    Douze and Schmid, 2011). This finds most neighbours of texts. It misses more neighbours of words, which
    are less near. The nearest neighbours are missed least.
    """
    numbers = np.full((len(rows), most), -1, np.int32)
    cosines = np.zeros((len(rows), most), np.float32)
    with one_core():
        groups = [(np.arange(len(rows)), np.arange(len(pool)))]
        if len(pool) > EXACT:
            groups = _by_cluster(rows, pool, seed)

        def search(block: tuple[Ints, Ints]) -> None:
            which, columns = block
            place = np.searchsorted(columns, own[which])
            place[columns[np.minimum(place, len(columns) - 1)] != own[which]] = -1
            others = pool if len(columns) == len(pool) else pool[columns]
            near, cosines[which] = nearest_columns(unit_rows(rows[which]) @ others.T, place, most, least)
            numbers[which] = np.where(near >= 0, columns[near], -1)

        blocks = (
            (which[i : i + _BLOCK], columns)
            for which, columns in groups
            for i in range(0, len(which) if len(columns) else 0, _BLOCK)
        )
        for _ in in_order(blocks, search, threads(None)):
            pass
    return numbers, cosines


def _by_cluster(rows: Rows, pool: Rows, seed: int) -> list[tuple[Ints, Ints]]:
    """For each cluster its rows, and the rows of the pool that they are compared with, in rising order."""
    sample = pool[np.random.default_rng(seed).choice(len(pool), EXACT, replace=False)]
    _, centres, _ = lloyd(sample, sample[:CLUSTERS], spherical=True, rounds=_ROUNDS)
    home, cluster = (np.argmax(part @ centres.T, axis=1) for part in (rows, pool))
    probed = np.argsort(-(centres @ centres.T), axis=1, kind="stable")[:, :PROBED]
    return [
        (np.flatnonzero(home == number), np.flatnonzero(np.isin(cluster, near)))
        for number, near in enumerate(probed)
    ]


def nearest_columns(
    cosines: Rows,  # (n, P) float32
    own: Ints,  # (n,) int64, the column to leave out of each row, or -1
    most: int,
    least: float,
) -> tuple[Ids, Floats]:
    """The columns of the largest cosines of each row, largest first, and the cosines, both (n, most).

    Cosines must exceed ``least``; missing columns are -1.
    """
    numbers = np.full((len(cosines), most), -1, np.int32)
    values = np.zeros((len(cosines), most), np.float32)
    _nearest_columns(cosines, own, least, numbers, values)
    return numbers, values


@kernel
def _nearest_columns(
    cosines: Floats,
    own: Ints,
    least: float,
    numbers: Ids,  # (n, most), -1
    values: Rows,  # (n, most)
) -> None:
    most = numbers.shape[1]
    for row in range(len(cosines)):
        n = 0
        for column in range(cosines.shape[1]):
            value = cosines[row, column]
            if value <= least or column == own[row] or (n == most and value <= values[row, n - 1]):
                continue
            i = n if n < most else n - 1
            while i > 0 and values[row, i - 1] < value:
                values[row, i] = values[row, i - 1]
                numbers[row, i] = numbers[row, i - 1]
                i -= 1
            values[row, i] = value
            numbers[row, i] = column
            n = min(n + 1, most)
