"""The rows of a pool with the largest cosines. In a large pool only near clusters are compared."""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Floats, Ids, Ints, Rows
from selfvec.base.threads import in_order, one_core, threads

from .kernels import insert_nearest
from .kmeans import lloyd
from .rows import unit_rows

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
) -> tuple[Ids, Rows]:
    """The rows of a pool that are nearest to each row; see `Pool.nearest`."""
    return Pool(pool).nearest(rows, own, most)


class Pool:
    """Rows among which the nearest are found.

    More than 10,000 are divided into 64 clusters, and a row is compared with the rows of the sixteen clusters
    nearest to its own (Jégou, Douze and Schmid, 2011). This finds most neighbours of texts. It misses more
    neighbours of words, which are less near. The nearest neighbours are missed least.
    """

    def __init__(self, rows: Rows, seed: int = 0) -> None:
        self.rows = rows  # (P, d) unit rows
        self._centres: Rows | None = None  # of the clusters
        if len(rows) > EXACT:
            sample = rows[np.random.default_rng(seed).choice(len(rows), EXACT, replace=False)]
            with one_core():
                _, centres, _ = lloyd(sample, sample[:CLUSTERS], spherical=True, rounds=_ROUNDS)
                self._cluster = np.argmax(rows @ centres.T, axis=1)
                self._probed = np.argsort(-(centres @ centres.T), axis=1, kind="stable")[:, :PROBED]
            self._centres = centres

    def nearest(self, rows: Rows, own: Ints, most: int, least: float = -2.0) -> tuple[Ids, Rows]:
        """The rows of the pool that are nearest to n rows, nearest first, and their cosines, both (n, most).

        ``own``, (n,), is the row of the pool that a row is itself, -1 if it is not in the pool. Cosines
        exceed ``least``; missing rows are -1, with cosine 0.
        """
        numbers = np.full((len(rows), most), -1, np.int32)
        cosines = np.zeros((len(rows), most), np.float32)

        def search(block: tuple[Ints, Ints]) -> None:
            which, columns = block
            place = np.searchsorted(columns, own[which])
            place[columns[np.minimum(place, len(columns) - 1)] != own[which]] = -1
            others = self.rows if len(columns) == len(self.rows) else self.rows[columns]
            near, cosines[which] = nearest_columns(unit_rows(rows[which]) @ others.T, place, most, least)
            numbers[which] = np.where(near >= 0, columns[near], -1)

        with one_core():
            blocks = (
                (which[i : i + _BLOCK], columns)
                for which, columns in self._groups(rows)
                for i in range(0, len(which) if len(columns) else 0, _BLOCK)
            )
            for _ in in_order(blocks, search, threads(None)):
                pass
        return numbers, cosines

    def _groups(self, rows: Rows) -> list[tuple[Ints, Ints]]:
        """Some of the rows, and the rows of the pool that they are compared with, in rising order."""
        if self._centres is None:
            return [(np.arange(len(rows)), np.arange(len(self.rows)))]
        home = np.argmax(rows @ self._centres.T, axis=1)
        return [
            (np.flatnonzero(home == number), np.flatnonzero(np.isin(self._cluster, near)))
            for number, near in enumerate(self._probed)
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
    insert_nearest(cosines, own, least, numbers, values)
    return numbers, values
