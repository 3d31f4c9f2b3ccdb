"""Large sparse matrices made row by row: in blocks on all threads, in memory or, if too large, in a file.

Blocks are appended in the order of their rows, so the result has the same bits for any number of threads,
block size and memory, and spilling to a file is appending to it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import IO

import numpy as np

from selfvec.base.arrays import Array, Ids, Ints
from selfvec.base.targets import writing
from selfvec.base.threads import cut, in_order

__all__ = ["MEMORY", "RowBuffer", "RowStore", "assemble"]

MEMORY = 1 << 30  # bytes, by default
_BLOCK = 1 << 20  # entries at a time: large enough for the cost of a call, small enough to share evenly

Block = tuple[int, int]
"""The first row and the one after the last."""


class RowBuffer:
    """A thread's arrays for making rows of V columns; see `kernels.count_rows`."""

    def __init__(self, columns: int, entries: int) -> None:
        places = -(-columns // 64)
        self.totals = np.zeros(columns, np.int64)
        self.marks = np.zeros(places, np.uint64)
        self.summary = np.zeros(-(-places // 64), np.uint64)
        self.indices = np.empty(entries, np.int32)
        self.data = np.empty(entries, np.int64)
        self.arrays = self.totals, self.marks, self.summary, self.indices, self.data  # as kernels take them


class RowStore:
    """Collects the rows of a sparse matrix in order.

    If there are more than ``memory`` bytes of entries, all go to unnamed temporary files (in ``TMPDIR``).
    """

    def __init__(
        self,
        sizes: Ints,  # (V,): the most entries that each row can have
        memory: int,  # bytes
        dtype: type[np.generic] = np.int64,  # of the values
    ) -> None:
        self.indptr = np.zeros(len(sizes) + 1, np.int64)
        self.entry_bytes = 4 + np.dtype(dtype).itemsize
        self._row = 0  # rows appended so far
        self._most = memory // self.entry_bytes  # entries in memory
        size = min(int(sizes.sum()), self._most)
        # Columns and values; pages that are never written cost nothing.
        self._arrays: list[Array] = [np.empty(size, np.int32), np.empty(size, dtype)]
        self._files: list[IO[bytes]] = []

    def append(self, lengths: Ints, indices: Ids, values: Array) -> None:
        """Add R rows: their lengths (R,), and the columns and values (n,) of all, which are copied."""
        filled = int(self.indptr[self._row])
        last = self._row + len(lengths)
        end = filled + len(indices)
        self.indptr[self._row + 1 : last + 1] = filled + np.cumsum(lengths)
        self._row = last
        with writing(Path(tempfile.gettempdir())):
            if not self._files and end > self._most:
                self._files = [tempfile.TemporaryFile() for _ in self._arrays]  # noqa: SIM115 closed by `close`
                for file, array in zip(self._files, self._arrays, strict=True):
                    array[:filled].tofile(file)
                self._arrays = [np.empty(0, array.dtype) for array in self._arrays]
            for k, added in enumerate((indices, values)):
                if self._files:
                    added.tofile(self._files[k])
                else:
                    self._arrays[k][filled:end] = added

    def finish(self) -> tuple[Ints, Ids, Array]:
        """indptr (V + 1,), indices (n,) and values (n,); the last two are memory-mapped if spilled."""
        arrays = self._arrays
        filled = int(self.indptr[-1])
        with writing(Path(tempfile.gettempdir())):
            for file in self._files:
                file.flush()  # the map keeps the file alive
        if self._files:
            maps = zip(self._files, arrays, strict=True)
            arrays = [np.memmap(f, a.dtype, mode="r", shape=(filled,)).view(np.ndarray) for f, a in maps]
        else:
            for array in arrays:
                array.resize(filled, refcheck=False)  # releases the rest, in place
        return self.indptr, arrays[0], arrays[1]

    def close(self) -> None:
        """Close the temporary files. The arrays that `finish` returned stay valid."""
        for file in self._files:
            file.close()


def assemble(
    store: RowStore,
    sizes: Ints,  # (R,): number of additions to each row, an upper bound of its entries
    columns: int,  # V
    work: Callable[[RowBuffer, Block], Ints],  # fills a block's rows, returns their lengths
    *,
    jobs: int,
    memory: int,  # bytes for the buffers of all threads; a buffer holds at least one row
) -> None:
    """Make rows in blocks on all threads and append them to ``store``."""
    limit = min(_BLOCK, max(1, memory // store.entry_bytes // (jobs + 1)))
    blocks = cut(sizes, limit)
    entries = np.minimum(sizes, columns)
    most = max((int(entries[first:last].sum()) for first, last in blocks), default=0)
    free: SimpleQueue[RowBuffer] = SimpleQueue()
    for _ in range(min(jobs + 1, len(blocks))):
        free.put(RowBuffer(columns, most))

    def fill(block: Block) -> tuple[RowBuffer, Ints]:
        buffer = free.get()
        return buffer, work(buffer, block)

    for buffer, lengths in in_order(blocks, fill, jobs):
        filled = int(lengths.sum())
        store.append(lengths, buffer.indices[:filled], buffer.data[:filled])
        free.put(buffer)
