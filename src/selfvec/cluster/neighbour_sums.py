"""`ClusterScan`: the neighbour sums of a matrix over a text in shards, and their whitening.

A task sums `COLUMNS` columns of the matrix over a range of shards, so a worker holds these columns and their
sums. Further tasks take a block of rows: they read these rows of all sums, add them, and whiten them. The
client decomposes a d × d matrix between the two.

A first scan sums the base of the vectors for words without a vector of their own. The client writes the base,
and workers write the rows of each pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, cast

import numpy as np

from selfvec.base.arrays import Array, Doubles, Ints, Mask, Rows
from selfvec.base.memory import release
from selfvec.base.threads import ROW_BLOCK, in_order, threads
from selfvec.cooccurrence.scan import are_rare, degree_weights
from selfvec.numerics.rows import weighted_sum
from selfvec.numerics.whitening import whitened, whitening_matrix
from selfvec.refinement.base_vectors import Base
from selfvec.refinement.methods.decorrelated import GAMMA, Anchors, evidence, mix_first_rows

from .job import Job
from .shards import MOST_TASKS
from .shared_files import BROKEN, ROWS, SUFFIX, Tensors, load, load_or_make, remove, save
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


class SharedRows:
    """A matrix, (V, d) float32, in files that all workers read. `numpy.asarray` reads them."""

    def __init__(self, job: Job, number: int, shape: tuple[int, ...]) -> None:
        self.job = job
        self.number = number  # of the pass that sums them
        self.shape = shape

    @property
    def folder(self) -> str:
        """The folder of its blocks of rows."""
        return f"{_pass_folder(self.job, self.number)}-table"

    @property
    def starts(self) -> range:
        """The first row of each block."""
        return range(0, self.shape[0], ROWS)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Rows:
        """All rows."""
        del copy
        out = np.empty(self.shape, np.float32 if dtype is None else dtype)

        def fill(start: int) -> None:
            tensors = load(_row_file(self.folder, start))[0]
            for first, last in _column_blocks(self.shape[1]):
                out[start : start + ROWS, first:last] = tensors[_columns(first)]

        for _ in in_order(self.starts, fill, threads(None)):
            pass
        return out


class ClusterScan:
    """The neighbour operator A of a text in shards. Workers sum, whiten and mix the rows in their files.

    The client writes the base of the vectors once, and reads the rows of the last pass.
    """

    def __init__(self, job: Job, engine: Engine, ranges: Sequence[tuple[int, int]], degrees: Ints) -> None:
        self.job = job
        self.engine = engine
        self.ranges = ranges
        self.degrees = degrees.astype(np.float64)
        self.weights = degree_weights(self.degrees, GAMMA)
        self.shares = self.degrees * self.weights / max(self.degrees.sum(), 1.0)

    def first_rows(self, anchors: Anchors, counts: Ints) -> Rows:
        """The rows that the first pass sums."""
        rows = SharedRows(self.job, 0, anchors.base.shape)
        if anchors.whole.all():
            self._share(rows, anchors.base, self.shares)
            return cast(Rows, rows)
        following = SharedRows(self.job, 1, rows.shape)
        sums = self._sums(rows)
        self._share(rows, anchors.base, np.where(anchors.whole, self.shares, 0))
        unknown = ~anchors.whole
        if not are_rare(unknown, counts, self.job.window // 2):
            unknown[:] = True
        weights = np.where(anchors.whole, self.weights, 0)  # other rows are taken for zero
        mixing = {"whole": anchors.whole, "composed": anchors.composed, "near": evidence(counts)}
        self._centre(rows, weights, unknown, mixing)
        self._sum(sums)
        self._each_block(partial(first_rows_of, sums, following.folder), rows, "Writing rows")
        sums.remove()
        return cast(Rows, following)

    def decorrelated(self, rows: Rows, power: float) -> Rows:
        """One pass: unit rows of the whitened neighbour sums."""
        shared = cast(SharedRows, rows)
        following = SharedRows(self.job, shared.number + 1, shared.shape)
        sums = self._sums(shared)
        blocks = tree(f"{sums.folder}-moments", [(n, n + 1) for n in range(len(shared.starts))])
        self._centre(shared, self.weights, np.ones(len(self.weights), bool))
        self._sum(sums)
        moments_of = partial(moments_of_rows, sums)
        found = reduced(self.engine, blocks, moments_of, "Whitening", "blocks").sums
        sums.remove()
        number = np.maximum(found["number"], 1)
        mean = found["total"] / number
        spread = found["moment"] / number - np.outer(mean, mean)
        whitening = f"{blocks.folder}/whitening{SUFFIX}"
        save(whitening, {"shift": mean.astype(np.float32), "whitener": whitening_matrix(spread, power)})
        self._each_block(partial(whiten_rows, sums, whitening, following.folder), shared, "Writing rows")
        return cast(Rows, following)

    def _sums(self, rows: SharedRows) -> _Sums:
        return _Sums(self.job, _pass_folder(self.job, rows.number), tuple(self.ranges), rows.shape[1])

    def _share(self, rows: SharedRows, base: Base, shares: Doubles) -> None:
        """Write the base of the vectors."""

        def write(start: int) -> None:
            part = slice(start, min(start + ROWS, len(base)))
            firsts = range(part.start, part.stop, ROW_BLOCK)  # larger products need more memory
            block = np.vstack([base[first : min(first + ROW_BLOCK, part.stop)] for first in firsts])
            save(_row_file(rows.folder, start), _by_columns(block, shares[part]))
            release(base.rows[part])

        for _ in in_order(rows.starts, write, threads(None)):
            pass

    def _centre(
        self, rows: SharedRows, weights: Doubles, summed: Mask, more: Mapping[str, Array] | None = None
    ) -> None:
        """Write what tasks need to know about all words."""
        parts = (load(_row_file(rows.folder, start), ["mean"])[0]["mean"] for start in rows.starts)
        mean = np.sum(list(parts), axis=0)
        own = {"weights": weights, "shares": self.shares, "degrees": self.degrees, "mean": mean}
        columns = {**own, "summed": summed, **(more or {})}
        file = _centre_file(_pass_folder(self.job, rows.number))
        save(file, {name: _as_bytes(column) for name, column in columns.items()})

    def _sum(self, sums: _Sums) -> None:
        """Write the neighbour sums of the shared matrix."""
        blocks = _column_blocks(sums.width)
        tasks = []
        for leaf, work in (pair for columns in blocks for pair in sums.leaves(columns)):
            share = leaf.share("shards")._replace(size=(leaf.last - leaf.first) / len(blocks))
            tasks.append(self.engine.submit(partial(compute_leaf, leaf, work), share=share))
        self.engine.gather(tasks, "Summing neighbours", unit="shards")

    def _each_block(self, work: Callable[[int], None], rows: SharedRows, label: str) -> None:
        """Let workers make each block of rows."""
        tasks = [
            self.engine.submit(work, start, share=Share(f"block {start // ROWS}", 1)) for start in rows.starts
        ]
        self.engine.gather(tasks, label, unit="blocks")


def _as_bytes(column: Array) -> Array:
    """A mask as bytes, as files hold it; other columns unchanged."""
    return column.view(np.uint8) if column.dtype == np.bool_ else column


def _pass_folder(job: Job, number: int) -> str:
    """The first part of the names of the folders of a pass."""
    return f"{job.folder}/pass-{number}"


def _centre_file(folder: str) -> str:
    """The file of a pass with the mean, (d,), and columns of all words, (V,).

    These are weights, shares in the mean of the next rows, degrees, whether the neighbours of a word are
    summed and, in the first scan, how its row is mixed.
    """
    return f"{folder}-table/centre{SUFFIX}"


def _row_file(folder: str, first: int) -> str:
    """The URL of the rows of a matrix from ``first`` on."""
    return f"{folder}/{first:09}{SUFFIX}"


def _column_blocks(width: int) -> list[tuple[int, int]]:
    return [(first, min(first + COLUMNS, width)) for first in range(0, width, COLUMNS)]


def _columns(first: int) -> str:
    """The name of the tensor with the columns from ``first`` on."""
    return f"columns {first}"


def _by_columns(rows: Rows, shares: Doubles) -> Tensors:
    """A block of rows as tensors of `COLUMNS` columns, and its part of the mean, by the shares of rows."""
    blocks = _column_blocks(rows.shape[1])
    columns = {_columns(first): np.ascontiguousarray(rows[:, first:last]) for first, last in blocks}
    return {**columns, "mean": weighted_sum(rows, shares)}


# ---- Tasks of workers


@dataclass(frozen=True)
class _Sums:
    """The files of the neighbour sums of a pass: for each range of shards and each block of columns one."""

    job: Job
    folder: str  # first part of the names of its folders
    ranges: tuple[tuple[int, int], ...]
    width: int  # d

    def centre(self, names: Sequence[str], first: int = 0, last: int | None = None) -> Tensors:
        """What tasks need to know about the words of a block, or about all."""
        found = load(_centre_file(self.folder), names, first, last)[0]
        # Kernels are compiled for arrays that can be written.
        return {name: np.array(a, bool if a.dtype == np.uint8 else None) for name, a in found.items()}

    def leaves(self, columns: tuple[int, int]) -> Iterator[tuple[Node, Work]]:
        """The file of each range of shards for a block of columns, and the function that computes it."""
        for first, last in self.ranges:
            node = Node(f"{self.folder}-sums-{columns[0]}", first, last)
            yield node, partial(sum_neighbours, self, columns)

    def remove(self) -> None:
        """Delete all of them."""
        for first, _ in _column_blocks(self.width):
            remove(f"{self.folder}-sums-{first}")


def sum_neighbours(sums: _Sums, columns: tuple[int, int], first: int, last: int) -> Partial:
    """Neighbour sums of some columns of the matrix over some shards."""
    centre = sums.centre(["weights", "mean", "summed"])
    words = len(centre["weights"])
    summed = None if centre["summed"].all() else centre["summed"]
    name = _columns(columns[0])
    files = (_row_file(f"{sums.folder}-table", start) for start in range(0, words, ROWS))
    blocks = (load(file, [name])[0][name] for file in files)
    mean = centre["mean"][slice(*columns)]
    table = SharedTable(words, sums.job.window, blocks, centre["weights"], mean, summed)
    return sum_shards((numbered_shard(sums.job, number) for number in range(first, last)), table)


def first_rows_of(sums: _Sums, folder: str, first: int) -> None:
    """Write a block of the rows that the first pass sums, unless its file exists."""

    def rows() -> tuple[Tensors, dict[str, str]]:
        here = sums.centre(["shares", "degrees", "whole", "composed", "near"], first, first + ROWS)
        summed = np.hstack(list(_added(sums, first, here["degrees"]).values()))
        tensors = load(_row_file(f"{sums.folder}-table", first))[0]
        columns = [tensors[_columns(start)] for start, _ in _column_blocks(sums.width)]
        for start in range(0, len(summed), ROW_BLOCK):  # so that no second block is in memory
            part = slice(start, start + ROW_BLOCK)
            base = np.hstack([rows[part] for rows in columns])
            mix_first_rows(summed[part], base, *(here[name][part] for name in ("whole", "composed", "near")))
        return _by_columns(summed, here["shares"]), {}

    load_or_make(_row_file(folder, first), rows)


def moments_of_rows(sums: _Sums, first: int, last: int) -> Partial:
    """The moments of some blocks of A·E."""
    return merged(moments(number, *_summed(sums, number * ROWS)) for number in range(first, last))


def whiten_rows(sums: _Sums, whitening: str, folder: str, first: int) -> None:
    """Write a block of whitened rows, the last step of a pass, unless its file exists."""

    def rows() -> tuple[Tensors, dict[str, str]]:
        by = load(whitening)[0]
        shares = sums.centre(["shares"], first, first + ROWS)["shares"]
        made = whitened(*_summed(sums, first), by["shift"], by["whitener"], jobs=1)
        return _by_columns(made, shares), {}

    load_or_make(_row_file(folder, first), rows)


def _summed(sums: _Sums, first: int) -> tuple[Rows, Mask]:
    """The block of A·E that begins at a row, and which of its words have neighbours."""
    degrees = sums.centre(["degrees"], first, first + ROWS)["degrees"]

    def add() -> tuple[Tensors, dict[str, str]]:
        return _added(sums, first, degrees), {}

    tensors, _ = load_or_make(_row_file(f"{sums.folder}-summed", first), add)
    blocks = _column_blocks(sums.width)
    return np.hstack([tensors[_columns(columns[0])] for columns in blocks]), degrees > 0


def _added(sums: _Sums, first: int, degrees: Doubles) -> Tensors:
    """A block of A·E by columns, from the sums of each range of shards; only these rows are read."""
    added: Tensors = {}
    for columns in _column_blocks(sums.width):
        total = merged(_rows_of(leaf, work, first) for leaf, work in sums.leaves(columns))
        added[_columns(columns[0])] = finish(total, degrees)
    return added


def _rows_of(leaf: Node, work: Work, first: int) -> Partial:
    """A block of rows of a range's sums, which are computed again if their file is damaged or missing."""
    try:
        tensors, _ = load(leaf.url, ["neighbours"], first, first + ROWS)
    except BROKEN:
        remove(leaf.url)
        make(leaf, work)
        tensors, _ = load(leaf.url, ["neighbours"], first, first + ROWS)
    return Partial.of(leaf.first, leaf.last, tensors)
