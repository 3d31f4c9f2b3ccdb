"""Arrays and strings that may be longer than the memory: in unnamed files, and given back page by page.

An array of at most `IN_MEMORY` bytes stays in memory. A longer one is a map of a file in ``TMPDIR``, or else
in /var/tmp, because /tmp is in memory on some systems. The file has no name, so nothing is left after a kill.
Room is reserved, so a full disk is an error before anything is written. Code that has read or written a part
of a map gives its pages back by `release`.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Any, overload

import numpy as np
from numpy.typing import DTypeLike

from selfvec.base.arrays import Array, Bytes, Ints

from .atomic_files import needing, writing


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


def share_of_memory() -> int:
    """Bytes that one thing of unknown use, such as the rows of a file, may take: half of the memory there is.

    That is the machine's, or what a container or ``ulimit -v`` leaves of it.
    """
    limits = [os.sysconf("SC_PHYS_PAGES") * mmap.PAGESIZE if hasattr(os, "sysconf") else _UNKNOWN]
    with suppress(OSError, ValueError):  # "max" is no number
        limits.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))
    with suppress(ImportError):
        import resource

        limits.append(resource.getrlimit(resource.RLIMIT_AS)[0])
    return min(limit for limit in limits if limit > 0) // 2


_UNKNOWN = 8 << 30  # bytes of memory of a machine that does not say

IN_MEMORY = 1 << 27
"""Bytes of the longest array that stays in memory."""

_BLOCK = 1 << 20  # bytes kept in memory before they are written


def scratch_array(size: int, dtype: DTypeLike) -> Array:
    """An array of zeros, (size,), in memory or in a file."""
    needed = size * np.dtype(dtype).itemsize
    if needed <= IN_MEMORY:
        return np.zeros(size, dtype)
    with writing(_folder()), needing(needed), _unnamed() as file:
        allocate(file.fileno(), needed)
        return _mapped(file).view(dtype)


def allocate(descriptor: int, size: int) -> None:
    """Reserve ``size`` bytes for a file; a full disk is an error."""
    if hasattr(os, "posix_fallocate"):  # not on macOS
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.ftruncate(descriptor, size)


class Spool:
    """A long array while it is read, block by block: the ids of a text, or its bytes."""

    def __init__(self, dtype: DTypeLike = np.int32) -> None:
        self.sizes: list[int] = []
        self._dtype = dtype
        self._blocks: list[Array] = []
        self._file: IO[bytes] | None = None
        self._held = 0  # bytes in memory

    def append(self, block: Array) -> None:
        self.sizes.append(len(block))
        self._blocks.append(block)
        self._held += block.nbytes
        if self._held <= (_BLOCK if self._file else IN_MEMORY):
            return
        with writing(_folder()):
            self._file = self._file or _unnamed()
            for held in self._blocks:
                self._file.write(held.data)
        self._blocks.clear()
        self._held = 0

    def joined(self) -> Array:
        """All values. Nothing more can be added."""
        self.sizes = []
        if self._file is None:
            blocks, self._blocks = self._blocks, []
            return np.concatenate([np.zeros(0, self._dtype), *blocks])
        with writing(_folder()), self._file as file:
            for held in self._blocks:
                file.write(held.data)
            return _mapped(file).view(self._dtype)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _folder() -> Path:
    if "TMPDIR" not in os.environ and os.access("/var/tmp", os.W_OK):
        return Path("/var/tmp")
    return Path(tempfile.gettempdir())


def _unnamed() -> IO[bytes]:
    return tempfile.TemporaryFile(dir=_folder())


def _mapped(file: IO[bytes]) -> Array:
    """The bytes of a file, (n,) uint8, writable; the map keeps the file alive."""
    file.flush()
    return np.frombuffer(FileMap(file.fileno(), 0), np.uint8)


# Many strings as UTF-8 bytes, one after the other. A Python string takes fifty bytes besides its text.

_READ = 1 << 12  # strings encoded or decoded at a time


@dataclass(frozen=True, eq=False, repr=False)
class PackedStrings(Sequence[str]):
    """A sequence of n strings.

    >>> strings = PackedStrings.of(["hail", "", "naïve"])
    >>> strings[2], strings[-3], strings[:2], list(strings), len(strings), strings.data.nbytes
    ('naïve', 'hail', ['hail', ''], ['hail', '', 'naïve'], 3, 10)
    """

    data: Bytes  # (B,) may be a memory map
    ends: Ints  # (n + 1,) from 0; string i is data[ends[i]:ends[i + 1]]

    @classmethod
    def of(cls, strings: Iterable[str]) -> PackedStrings:
        """From strings. Half of a surrogate pair cannot be packed."""
        packer = Packer()
        rest = iter(strings)
        while parts := [string.encode() for string in islice(rest, _READ)]:
            ends = np.cumsum([0, *map(len, parts)], dtype=np.int64)
            packer.add(np.frombuffer(b"".join(parts), np.uint8), ends)
        return packer.packed()

    def __len__(self) -> int:
        return len(self.ends) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self))
            if step != 1:
                raise IndexError("a step is not supported")
            return self._decoded(start, max(start, stop))
        number = place + len(self) if place < 0 else place
        if not 0 <= number < len(self):
            raise IndexError(place)
        return self._decoded(number, number + 1)[0]

    def __iter__(self) -> Iterator[str]:
        """One pass over the strings of a file keeps none of them in memory."""
        for start in range(0, len(self), _READ):
            yield from self._decoded(start, min(start + _READ, len(self)))

    def _decoded(self, start: int, stop: int) -> list[str]:
        ends = self.ends[start : stop + 1].tolist()
        part = self.data[ends[0] : ends[-1]]
        data = part.tobytes()
        if stop - start > 1:
            release(part)
        first = ends[0]
        if data.isascii():  # then bytes are characters, and one call decodes them all
            text = data.decode()
            return [text[a - first : b - first] for a, b in pairwise(ends)]
        return [data[a - first : b - first].decode(errors="replace") for a, b in pairwise(ends)]


class Packer:
    """Collects strings, many of them in a temporary file; see `selfvec.files.memory`."""

    def __init__(self) -> None:
        self._data = Spool(np.uint8)
        self._ends: list[Ints] = [np.zeros(1, np.int64)]
        self._size = 0

    def add(self, data: Bytes, ends: Ints) -> None:
        """Add the strings of (B,) bytes with the ends (n + 1,), from 0."""
        self._data.append(data)
        self._ends.append(ends[1:] + self._size)
        self._size += int(ends[-1])

    def packed(self) -> PackedStrings:
        """The strings. Nothing more can be added."""
        return PackedStrings(self._data.joined(), np.concatenate(self._ends))
