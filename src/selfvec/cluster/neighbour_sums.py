"""`ClusterScan`: the neighbour sums of a matrix over a text in shards, and their whitening.

A task sums `COLUMNS` columns of the matrix over a range of shards, so a worker holds these columns and their
sums. Further tasks take a block of rows: they read these rows of all sums, add them, and whiten them. The
client decomposes a d × d matrix between the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Ints, Mask, Rows
from selfvec.base.threads import in_order, threads
from selfvec.cooccurrence.scan import CentredRows
from selfvec.numerics.whitening import whitened, whitening_matrix
from selfvec.refinement.methods.decorrelated import GAMMA

from .job import Job
from .shards import MOST_TASKS
from .shared_files import BROKEN, ROWS, SUFFIX, Tensors, exists, listed, load, load_or_make, remove, save
from .sums import Partial, SharedTable, finish, merged, moments
from .sums import partial as sum_shards
from .tasks import numbered_shard
from .tree import Engine, Node, Share, Work, compute_leaf, make, reduced, tree

__all__ = ["COLUMNS", "ROWS", "ClusterScan", "pass_ranges"]

COLUMNS = 64  # of a matrix, summed by one task, so that the rows of frequent words stay in the cache
PER_WORD = 64
"""Tokens for each word of the vocabulary that a task sums at least.

With fewer, writing and adding sums would take longer than summing.
"""


def pass_ranges(tokens: Ints, words: int) -> list[tuple[int, int]]:
    """The range of shards of each task of a pass, from the tokens of each shard, (S,).

    It depends only on the text.

    >>> pass_ranges(np.array([300, 300, 300, 300]), words=9)
    [(0, 2), (2, 4)]
    """
    ends = np.cumsum(tokens)
    most = min(len(tokens), MOST_TASKS // 4)
    number = int(np.clip(ends[-1] // (PER_WORD * max(words, 1)), 1, most))
    wanted = ends[-1] * np.arange(1, number) / number
    bounds = np.unique([0, *(np.searchsorted(ends, wanted) + 1), len(tokens)]).tolist()
    return list(pairwise(bounds))


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
        out = np.empty(table.shape, np.float32) if out is None else out
        sums = _Sums(self.job, self._folder, tuple(self.ranges), table.shape[1])
        summed = f"{self._folder}/summed"
        try:
            _assemble(summed, out)
        except BROKEN:  # usually missing
            self._share(table, sums)
            self._sum(sums)
            starts = range(0, len(table), ROWS)
            work = partial(add_rows, sums)
            tasks = [self.engine.submit(work, start, share=_block(start)) for start in starts]
            self.engine.gather(tasks, "Adding sums", unit="blocks")
            _assemble(summed, out)
            sums.remove()
        self._passes += 1
        return out

    def decorrelated(self, table: Floats, power: float, out: Floats | None = None) -> Floats:
        """One pass: unit rows of the whitened neighbour sums."""
        out = np.empty_like(table) if out is None else out
        following = f"{self.job.folder}/pass-{self._passes + 1}/table"
        try:
            _assemble(following, out)
        except BROKEN:  # usually missing
            sums = _Sums(self.job, self._folder, tuple(self.ranges), table.shape[1])
            self._whiten(table, sums, power, following)
            _assemble(following, out)
        self._passes += 1
        return out

    def _share(self, table: AnyFloats, sums: _Sums) -> None:
        """Write the files of a matrix that do not exist; the previous pass may have written its rows."""
        shared = f"{self._folder}/table"
        written = listed(shared)

        def write(start: int) -> None:
            if _row_file(shared, start) not in written:
                save(_row_file(shared, start), _by_columns(table[start : start + ROWS]))

        for _ in in_order(range(0, len(table), ROWS), write, threads(None)):
            pass
        if sums.centre not in written:
            centred = CentredRows(self.degrees, GAMMA, table)
            tensors = {"weights": centred.weights, "mean": centred.mean, "degrees": self.degrees}
            save(sums.centre, tensors)

    def _sum(self, sums: _Sums) -> None:
        """Write the neighbour sums of the shared matrix."""
        blocks = _column_blocks(sums.width)
        done = set[str]().union(*(listed(f"{self._folder}/sums/{first}") for first, _ in blocks))
        tasks = []
        for leaf, work in (pair for columns in blocks for pair in sums.leaves(columns)):
            if leaf.url not in done:
                share = leaf.share("shards")._replace(size=(leaf.last - leaf.first) / len(blocks))
                tasks.append(self.engine.submit(partial(compute_leaf, leaf, work), share=share))
        self.engine.gather(tasks, "Summing neighbours", unit="shards")

    def _whiten(self, table: Floats, sums: _Sums, power: float, following: str) -> None:
        starts = range(0, len(table), ROWS)
        blocks = tree(f"{self._folder}/moments", [(n, n + 1) for n in range(len(starts))])
        self._share(table, sums)
        if not exists(blocks.url):
            self._sum(sums)
        moments_of = partial(moments_of_rows, sums)
        found = reduced(self.engine, blocks, moments_of, "Whitening", "blocks").sums
        sums.remove()
        number = np.maximum(found["number"], 1)
        mean = found["total"] / number
        spread = found["moment"] / number - np.outer(mean, mean)
        whitening = f"{self._folder}/whitening{SUFFIX}"
        save(whitening, {"shift": mean.astype(np.float32), "whitener": whitening_matrix(spread, power)})
        work = partial(whiten_rows, sums, whitening, following)
        tasks = [self.engine.submit(work, start, share=_block(start)) for start in starts]
        self.engine.gather(tasks, "Writing rows", unit="blocks")


def _assemble(folder: str, out: Floats) -> None:
    """Fill a matrix from its blocks of rows; raise one of `BROKEN` if a block is missing or damaged.

    Of a damaged file, rows before it are filled. A matrix that is summed is read from files from then on.
    """
    starts = range(0, len(out), ROWS)
    if missing := {_row_file(folder, start) for start in starts} - listed(folder):
        raise FileNotFoundError(min(missing))

    def fill(start: int) -> None:
        tensors = load(_row_file(folder, start))[0]
        for first, last in _column_blocks(out.shape[1]):
            out[start : start + ROWS, first:last] = tensors[_columns(first)]

    for _ in in_order(starts, fill, threads(None)):
        pass


def _row_file(folder: str, first: int) -> str:
    """The URL of the rows of a matrix from ``first`` on."""
    return f"{folder}/{first:09}{SUFFIX}"


def _block(first: int) -> Share:
    """The block of rows from ``first`` on, for the progress."""
    return Share(f"block {first // ROWS}", 1)


def _column_blocks(width: int) -> list[tuple[int, int]]:
    return [(first, min(first + COLUMNS, width)) for first in range(0, width, COLUMNS)]


def _columns(first: int) -> str:
    """The name of the tensor with the columns from ``first`` on."""
    return f"columns {first}"


def _by_columns(rows: AnyFloats) -> Tensors:
    """Some rows of a matrix as tensors of `COLUMNS` columns."""
    blocks = _column_blocks(rows.shape[1])
    return {_columns(first): np.ascontiguousarray(rows[:, first:last], np.float32) for first, last in blocks}


# ---- Tasks of workers


@dataclass(frozen=True)
class _Sums:
    """The files of the neighbour sums of a pass: for each range of shards and each block of columns one."""

    job: Job
    folder: str  # of the pass
    ranges: tuple[tuple[int, int], ...]
    width: int  # d

    @property
    def centre(self) -> str:
        """The file with the weights and degrees of the words, (V,), and the mean, (d,)."""
        return f"{self.folder}/table/centre{SUFFIX}"

    def leaves(self, columns: tuple[int, int]) -> Iterator[tuple[Node, Work]]:
        """The file of each range of shards for a block of columns, and the function that computes it."""
        for first, last in self.ranges:
            node = Node(f"{self.folder}/sums/{columns[0]}", first, last)
            yield node, partial(sum_neighbours, self, columns)

    def remove(self) -> None:
        """Delete all of them."""
        remove(f"{self.folder}/sums")


def sum_neighbours(sums: _Sums, columns: tuple[int, int], first: int, last: int) -> Partial:
    """Neighbour sums of some columns of the matrix over some shards."""
    centre = load(sums.centre)[0]
    words = len(centre["weights"])
    name = _columns(columns[0])
    files = (_row_file(f"{sums.folder}/table", start) for start in range(0, words, ROWS))
    blocks = (load(file, [name])[0][name] for file in files)
    table = SharedTable(words, sums.job.window, blocks, centre["weights"], centre["mean"][slice(*columns)])
    return sum_shards((numbered_shard(sums.job, number) for number in range(first, last)), table)


def add_rows(sums: _Sums, first: int) -> None:
    """Write a block of A·E, unless its file exists."""
    _summed(sums, first)


def moments_of_rows(sums: _Sums, first: int, last: int) -> Partial:
    """The moments of some blocks of A·E."""
    return merged(moments(number, *_summed(sums, number * ROWS)) for number in range(first, last))


def whiten_rows(sums: _Sums, whitening: str, folder: str, first: int) -> None:
    """Write a block of whitened rows, the last step of a pass, unless its file exists."""

    def rows() -> tuple[Tensors, dict[str, str]]:
        by = load(whitening)[0]
        return _by_columns(whitened(*_summed(sums, first), by["shift"], by["whitener"], jobs=1)), {}

    load_or_make(_row_file(folder, first), rows)


def _summed(sums: _Sums, first: int) -> tuple[Rows, Mask]:
    """The block of A·E that begins at a row, and which of its words have neighbours.

    Of the sums of each range of shards only these rows are read.
    """
    degrees = load(sums.centre, ["degrees"], first, first + ROWS)[0]["degrees"]

    def add() -> tuple[Tensors, dict[str, str]]:
        added: Tensors = {}
        for columns in _column_blocks(sums.width):
            total = merged(_rows_of(leaf, work, first) for leaf, work in sums.leaves(columns))
            added[_columns(columns[0])] = finish(total, degrees)
        return added, {}

    tensors, _ = load_or_make(_row_file(f"{sums.folder}/summed", first), add)
    blocks = _column_blocks(sums.width)
    return np.hstack([tensors[_columns(columns[0])] for columns in blocks]), degrees > 0


def _rows_of(leaf: Node, work: Work, first: int) -> Partial:
    """A block of rows of a range's sums, which are computed again if their file is damaged or missing."""
    try:
        tensors, _ = load(leaf.url, ["neighbours"], first, first + ROWS)
    except BROKEN:
        remove(leaf.url)
        make(leaf, work)
        tensors, _ = load(leaf.url, ["neighbours"], first, first + ROWS)
    return Partial.of(leaf.first, leaf.last, tensors)
