"""A large sparse matrix made row by row: in blocks on every thread, in memory or, if it is larger, in a file.

Blocks are appended in the order of their rows, so the result has the same bits for any number of threads,
block size and memory, and spilling to a file is appending to it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.files import writing
from selfvec.base.threads import cut, in_order

__all__ = ["MEMORY", "RowBuffer", "RowStore", "assemble"]

MEMORY = 1 << 30  # bytes, by default
_BLOCK = 1 << 20  # entries at a time: large enough for the cost of a call, small enough to share evenly

Block = tuple[int, int]
"""The first row and the one after the last."""


class RowBuffer:
    """A thread's arrays for making rows of V columns; see `counting_kernels.count_rows`."""

    def __init__(self, columns: int, entries: int) -> None:
        places = -(-columns // 64)
        self.totals = np.zeros(columns, np.int64)
        self.marks = np.zeros(places, np.uint64)
        self.summary = np.zeros(-(-places // 64), np.uint64)
        self.indices = np.empty(entries, np.int32)
        self.data = np.empty(entries, np.int64)
        self.arrays = self.totals, self.marks, self.summary, self.indices, self.data  # as kernels take them


class _Column:
    """A growing array, in memory or in an unnamed temporary file."""

    def __init__(self, dtype: type[np.generic], size: int) -> None:
        self.values: NDArray[Any] = np.empty(size, dtype)  # pages that are never written cost nothing
        self.filled = 0
        self.file: IO[bytes] | None = None

    def append(self, values: NDArray[Any]) -> None:
        end = self.filled + len(values)
        if self.file is None:
            self.values[self.filled : end] = values
        else:
            values.tofile(self.file)
        self.filled = end

    def spill(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 closed by the owner
        self.values[: self.filled].tofile(self.file)
        self.values = np.empty(0, self.values.dtype)

    def finish(self) -> NDArray[Any]:
        if self.file is None:
            self.values.resize(self.filled, refcheck=False)  # releases the rest, in place
            return self.values
        self.file.flush()  # the map keeps the file alive
        return np.memmap(self.file, self.values.dtype, mode="r", shape=(self.filled,)).view(np.ndarray)


class RowStore:
    """Collects the rows of a sparse matrix in order; a context manager.

    If there are more than ``memory`` bytes of entries, all go to temporary files (in ``TMPDIR``).
    """

    def __init__(
        self,
        sizes: NDArray[np.int64],  # (V,): the most entries that each row can have
        memory: int,  # bytes
        dtype: type[np.generic] = np.int64,  # of the values
    ) -> None:
        self.indptr = np.zeros(len(sizes) + 1, np.int64)
        self.row, self.memory = 0, memory
        self.entry_bytes = 4 + np.dtype(dtype).itemsize
        size = min(int(sizes.sum()), memory // self.entry_bytes)
        self._columns = (_Column(np.int32, size), _Column(dtype, size))

    def __enter__(self) -> RowStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for column in self._columns:
            if column.file is not None:
                column.file.close()

    def append(self, lengths: NDArray[np.int64], indices: NDArray[np.int32], values: NDArray[Any]) -> None:
        """Add R rows: their lengths (R,), and the columns and values (n,) of all, which are copied."""
        end = self.row + len(lengths)
        np.cumsum(lengths, out=self.indptr[self.row + 1 : end + 1])
        self.indptr[self.row + 1 : end + 1] += self.indptr[self.row]
        self.row = end
        with writing(Path(tempfile.gettempdir())):
            spilled = self._columns[0].file is not None
            if not spilled and int(self.indptr[end]) * self.entry_bytes > self.memory:
                for column in self._columns:
                    column.spill()
            self._columns[0].append(indices)
            self._columns[1].append(values)

    def finish(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any]]:
        """indptr (V + 1,), indices (n,) and values (n,); the last two are memory-mapped if spilled."""
        with writing(Path(tempfile.gettempdir())):
            indices, values = (column.finish() for column in self._columns)
        return self.indptr, indices, values


def assemble(
    store: RowStore,
    sizes: NDArray[np.int64],  # (R,): additions for each row, an upper bound of its entries
    columns: int,  # V
    work: Callable[[RowBuffer, Block], NDArray[np.int64]],  # fills a block's rows, returns their lengths
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

    def fill(block: Block) -> tuple[RowBuffer, NDArray[np.int64]]:
        buffer = free.get()
        return buffer, work(buffer, block)

    for buffer, lengths in in_order(blocks, fill, jobs):
        filled = int(lengths.sum())
        store.append(lengths, buffer.indices[:filled], buffer.data[:filled])
        free.put(buffer)
