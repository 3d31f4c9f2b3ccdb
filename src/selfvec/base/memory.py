"""Memory given back to the system: the pages of memory maps, and what the C library keeps."""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import Any

import numpy as np

from selfvec.base.arrays import Array


class FileMap(mmap.mmap):
    """A map of a file that changed pages are written to, so they can be given back like read ones."""


def release(rows: Array) -> None:
    """Give the pages of a map that hold these rows back to the system: of a read-only one, or of a `FileMap`.

    They are read again when they are needed. A pass over a large map calls this for the rows it has read, so
    that the map does not stay in memory as a whole.
    """
    owner: Any = rows
    while isinstance(owner, np.ndarray | memoryview):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    advice = getattr(mmap, "MADV_DONTNEED", None)
    if not isinstance(owner, mmap.mmap) or advice is None or not rows.size:
        return
    if rows.flags.writeable and not isinstance(owner, FileMap):
        return
    begin = np.frombuffer(owner, np.uint8, 1).ctypes.data
    low, high = np.lib.array_utils.byte_bounds(rows)
    first = (low - begin) // mmap.PAGESIZE * mmap.PAGESIZE  # a page shared with other rows is harmless
    owner.madvise(advice, first, high - begin - first)


def return_freed_memory() -> None:
    """Return freed memory to the system. The C library (glibc) would keep it for later."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
