"""Rows of a sparse matrix made in blocks on every core and put together in order.

The order of the result is the order of the rows, not of the threads, so it has the same bits for any number
of threads and any size of blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from selfvec.base.threads import cut, in_order

from .row_store import ENTRY_BYTES, RowStore

__all__ = ["MEMORY", "Block", "Room", "assemble"]

MEMORY = 1 << 30  # bytes; the usual bound
_BLOCK = 1 << 20  # entries at a time: enough to forget the cost of a call, little enough to share evenly


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
