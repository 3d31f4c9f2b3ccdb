"""Rows of a sparse matrix made in blocks on every core and put together in order.

The order of the result is the order of the rows, not of the threads, so it has the same bits for any number
of threads and any size of blocks.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .store import ENTRY_BYTES, RowStore

__all__ = ["MEMORY", "Block", "Room", "assemble", "cut", "in_order", "threads"]

In = TypeVar("In")
Out = TypeVar("Out")

MEMORY = 1 << 30  # bytes; the usual bound
_BLOCK = 1 << 20  # entries at a time: enough to forget the cost of a call, little enough to share evenly


def threads(jobs: int | None) -> int:
    """The number of threads asked for; where none was, OMP_NUM_THREADS, or all cores that may be used."""
    if jobs is not None and jobs < 1:
        raise OptionError(f"work takes at least 1 thread, not {jobs}", field="jobs")
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if jobs is None and asked.isdecimal() and int(asked) > 0:
        return int(asked)
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return jobs or own or 1


def cut(sizes: NDArray[np.int64], limit: int) -> list[tuple[int, int]]:
    """Ranges of neighbours that are together no larger than ``limit``, or alone.

    >>> cut(np.array([5, 1, 2, 0, 9]), 4)
    [(0, 1), (1, 4), (4, 5)]
    """
    ends = np.cumsum(sizes)
    ranges, first = [], 0
    while first < len(sizes):
        done = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + limit, side="right")))
        ranges.append((first, last))
        first = last
    return ranges


def in_order(items: Iterable[In], work: Callable[[In], Out], jobs: int) -> Iterator[Out]:
    """Results in the items' order, at most ``jobs + 1`` of them made and not yet taken."""
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[Out]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


class Room:
    """What a thread needs to make rows of V columns; see `cooccurrence_kernels.count_rows`."""

    def __init__(self, columns: int, entries: int) -> None:
        places = -(-columns // 64)
        self.totals = np.zeros(columns, np.int64)
        self.marks = np.zeros(places, np.uint64)
        self.summary = np.zeros(-(-places // 64), np.uint64)
        self.indices = np.empty(entries, np.int32)
        self.data = np.empty(entries, np.int64)
        self.arrays = self.totals, self.marks, self.summary, self.indices, self.data  # as kernels take them


@dataclass(frozen=True)
class Block:
    """Rows ``first`` to ``last - 1``."""

    first: int
    last: int


def assemble(
    store: RowStore,
    sizes: NDArray[np.int64],
    columns: int,
    work: Callable[[Room, Block], NDArray[np.int64]],
    *,
    jobs: int,
    memory: int,
) -> None:
    """Make all rows and add them to ``store``.

    Parameters
    ----------
    store : RowStore
    sizes : (R,) int64
        What each row takes to make: how many additions, and so how many entries at most.
    columns : int
        V.
    work : callable
        Fills a `Room` with the rows of a `Block` and returns their lengths.
    jobs : int
    memory : int
        Bytes for the rooms of all threads, as far as a row fits.
    """
    limit = min(_BLOCK, max(1, memory // ENTRY_BYTES // (jobs + 1)))
    blocks = [Block(*bounds) for bounds in cut(sizes, limit)]
    entries = np.minimum(sizes, columns)
    most = max((int(entries[block.first : block.last].sum()) for block in blocks), default=0)
    free: SimpleQueue[Room] = SimpleQueue()
    for _ in range(min(jobs + 1, len(blocks))):
        free.put(Room(columns, most))

    def fill(block: Block) -> tuple[Room, NDArray[np.int64]]:
        room = free.get()
        return room, work(room, block)

    for room, lengths in in_order(blocks, fill, jobs):
        filled = int(lengths.sum())
        store.append(lengths, room.indices[:filled], room.data[:filled])
        free.put(room)
