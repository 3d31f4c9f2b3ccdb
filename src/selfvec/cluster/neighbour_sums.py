"""`ClusterScan`: the neighbour sums of a matrix over a text in shards, and their whitening.

Workers sum rows of the matrix, which are files of `BLOCK` rows, and whiten the sums. The client decomposes a
d × d matrix between the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Ints, Mask
from selfvec.cooccurrence.scan import CentredRows
from selfvec.numerics.whitening import whitened, whitening_matrix
from selfvec.refinement.methods.decorrelated import GAMMA

from .job import Job
from .shared_files import BROKEN, SUFFIX, listed, load, load_or_make, save
from .sums import Partial, SharedTable, finish, merged, moments
from .sums import partial as sum_shards
from .tasks import numbered_shard
from .tree import Engine, reduced, tree

__all__ = ["BLOCK", "ClusterScan"]

BLOCK = 1 << 16  # rows of a matrix in one file, written by one task


class ClusterScan:
    """The neighbour operator A of a text in shards. Workers whiten the rows that they sum."""

    def __init__(self, job: Job, engine: Engine, ranges: Sequence[tuple[int, int]], degrees: Ints) -> None:
        self.job = job
        self.engine = engine
        self.ranges = ranges
        self.degrees = degrees.astype(np.float64)
        self._passes = 0

    @property
    def _folder(self) -> str:
        return f"{self.job.folder}/pass-{self._passes}"

    def apply(self, table: AnyFloats, out: Floats | None = None) -> Floats:
        """Sum every word's neighbours; (V, d) -> (V, d) float32."""
        total = self._sum(table)
        self._passes += 1
        if out is None:
            return finish(total)
        out[:] = finish(total)
        return out

    def decorrelated(self, table: Floats, power: float, out: Floats | None = None) -> Floats:
        """One pass: unit rows of the whitened neighbour sums."""
        out = np.empty_like(table) if out is None else out
        following = f"{self.job.folder}/pass-{self._passes + 1}/table"
        try:
            _assemble(following, out)
        except BROKEN:  # usually missing
            self._sum(table)
            self._whiten(power, following, range(0, len(table), BLOCK))
            _assemble(following, out)
        self._passes += 1
        return out

    def _sum(self, table: AnyFloats) -> Partial:
        """The neighbour sums of a matrix, whose rows the previous pass may have written."""
        shared = f"{self._folder}/table"
        centre = f"{shared}/centre{SUFFIX}"
        written = listed(shared)
        for start in range(0, len(table), BLOCK):
            if _row_file(shared, start) not in written:
                save(_row_file(shared, start), {"rows": table[start : start + BLOCK].astype(np.float32)})
        if centre not in written:
            centred = CentredRows(self.degrees, GAMMA, table)
            save(centre, {"weights": centred.weights, "mean": centred.mean})
        root = tree(f"{self._folder}/sums", self.ranges)
        return reduced(self.engine, root, partial(sum_neighbours, self.job, shared), "Summing neighbours")

    def _whiten(self, power: float, following: str, starts: Sequence[int]) -> None:
        root = tree(f"{self._folder}/sums", self.ranges).url
        blocks = tree(f"{self._folder}/moments", [(n, n + 1) for n in range(len(starts))])
        sums = reduced(self.engine, blocks, partial(moments_of_rows, root), "Whitening").sums
        mean = sums["total"] / np.maximum(sums["number"], 1)
        spread = sums["moment"] / np.maximum(sums["number"], 1) - np.outer(mean, mean)
        whitening = f"{self._folder}/whitening{SUFFIX}"
        save(whitening, {"shift": mean.astype(np.float32), "whitener": whitening_matrix(spread, power)})
        tasks = [self.engine.submit(whiten_rows, root, whitening, following, start) for start in starts]
        self.engine.gather(tasks, "Writing rows")


def _assemble(folder: str, out: Floats) -> None:
    """Fill a matrix from its blocks of rows; raise one of `BROKEN` if a block is missing or damaged."""
    blocks = {start: load(_row_file(folder, start))[0]["rows"] for start in range(0, len(out), BLOCK)}
    for start, rows in blocks.items():
        out[start : start + BLOCK] = rows


# ---- Tasks of workers


def sum_neighbours(job: Job, folder: str, first: int, last: int) -> Partial:
    """Neighbour sums of the matrix in a folder, over some shards."""
    centre = load(f"{folder}/centre{SUFFIX}")[0]
    words = len(centre["weights"])
    blocks = [load(_row_file(folder, start))[0]["rows"] for start in range(0, words, BLOCK)]
    table = SharedTable(words, job.window, blocks, centre["weights"], centre["mean"])
    return sum_shards([numbered_shard(job, number) for number in range(first, last)], table, jobs=None)


def moments_of_rows(url: str, first: int, last: int) -> Partial:
    """The moments of some blocks of A·E, computed from sums in a file."""
    return merged(moments(number, *_summed(url, number * BLOCK)) for number in range(first, last))


def whiten_rows(url: str, whitening: str, folder: str, first: int) -> None:
    """Write a block of whitened rows, the last step of a pass, unless its file exists."""

    def rows() -> tuple[dict[str, Floats], dict[str, str]]:
        by = load(whitening)[0]
        return {"rows": whitened(*_summed(url, first), by["shift"], by["whitener"], jobs=1)}, {}

    load_or_make(_row_file(folder, first), rows)


def _row_file(folder: str, first: int) -> str:
    """The URL of the rows of a matrix from ``first`` on."""
    return f"{folder}/{first:09}{SUFFIX}"


def _summed(url: str, first: int) -> tuple[Floats, Mask]:
    """The block of A·E that begins at a row, and which of its words have neighbours."""
    total = Partial.of(0, 0, load(url)[0])
    rows = slice(first, first + BLOCK)
    return finish(total, rows), total.sums["degrees"][rows] > 0
