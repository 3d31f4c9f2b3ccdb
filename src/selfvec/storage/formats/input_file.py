"""Vectors files from unknown sources: mapped, or unpacked within limits.

A vectors file can be much larger than memory, so it is mapped. A compressed file is unpacked to a temporary
file and then mapped.
"""

from __future__ import annotations

import mmap
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import DTypeLike

from selfvec.base.arrays import Array
from selfvec.base.errors import FormatError, SelfvecError
from selfvec.files.compressed_files import Readable, decompressed, is_compressed
from selfvec.files.untrusted import DAMAGED, decoding
from selfvec.storage.folder_kinds import similar_paths
from selfvec.storage.public_vectors import PUBLIC_VECTORS

_CHUNK = 1 << 24
_SMALL = 1 << 26  # bytes; up to this size a file may be compressed at any ratio
_HIGHEST_RATIO = 100  # text vectors compress to about a third, a decompression bomb to a thousandth
TOO_LARGE = f"unpacks to more than {_HIGHEST_RATIO} times its size, as no vectors do"


@dataclass(frozen=True)
class Input:
    """A vectors file or folder, opened for the readers."""

    path: Path
    data: bytes | mmap.mmap = b""  # the file's bytes, unpacked; empty for a folder
    unpacked: bool = False  # whether the file is compressed, so that ``data`` are not its own bytes
    errors: str = "strict"  # or "replace", "ignore": words not UTF-8 or repeated, see `selfvec.load`
    limit: int | None = None  # read the first so many rows only

    def array(self, dtype: DTypeLike, count: int, offset: int) -> Array:
        """``count`` items from byte ``offset`` on, as a read-only view of the file. (count,)"""
        return np.frombuffer(self.data, dtype, count, offset)

    def error(self, rule: str, *, remedy: str = DAMAGED, line: int | None = None) -> FormatError:
        """A `FormatError` at this file."""
        return FormatError(rule, path=self.path, line=line, remedy=remedy)

    def rows(self, announced: int) -> int:
        """How many of the ``announced`` rows to read."""
        return announced if self.limit is None else min(announced, self.limit)

    def siblings(self, *names: str) -> list[Path]:
        """The named files that exist in the same folder (``{}``: this file's name without suffix)."""
        stem = Path(self.path.stem).stem if self.unpacked else self.path.stem
        paths = [self.path.parent / name.format(stem) for name in names]
        return [path for path in paths if path.is_file()]

    def open(self, path: Path) -> Input:
        """Another file that belongs to this one, read with the same options."""
        return replace(open_input(path), errors=self.errors, limit=self.limit)


def open_input(path: Path) -> Input:
    """Map a file (unpacking .gz and .zst by their content), or name a folder."""
    try:
        if path.is_dir():
            next(path.iterdir(), None)  # raises if it may not be listed
            return Input(path)
        if path.exists() and not path.is_file():
            raise FormatError("is not a regular file", path=path, remedy="save the vectors to a file first")
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if not start:
                raise FormatError("is empty", path=path, remedy=DAMAGED)
            if is_compressed(start):
                data = unpack(decompressed(file, start), largest_unpacked(path.stat().st_size), path)
                return Input(path, data, unpacked=True)
            return Input(path, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        names = PUBLIC_VECTORS if path.name == str(path) else ()  # it may be the name of public vectors
        remedy = similar_paths(path, names) or "check the path"
        raise FormatError("does not exist", path=path, remedy=remedy) from None
    except (OSError, ValueError) as error:
        if isinstance(error, SelfvecError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise FormatError(f"cannot be read: {reason}", path=path, remedy="check the path") from error


def largest_unpacked(packed: int) -> int:
    """The most bytes that ``packed`` bytes on disk may unpack to."""
    return max(_SMALL, _HIGHEST_RATIO * packed)


def unpack(stream: Readable, most: int, path: Path) -> mmap.mmap:
    """All bytes of a decompressing stream, unless they are more than ``most``.

    They are written to an unnamed temporary file and mapped, since they may not fit into memory.
    """
    with tempfile.TemporaryFile() as file:
        copy_unpacked(stream, file, most, path)
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def copy_unpacked(stream: Readable, file: IO[bytes], most: int, path: Path) -> None:
    """Write all bytes of a decompressing stream; `FormatError` if there are none or more than ``most``."""
    size = 0
    while chunk := _read(stream, path):
        size += file.write(chunk)
        if size > most:
            raise FormatError(
                TOO_LARGE,
                path=path,
                remedy="unpack it yourself if you trust it",
            )
    if not size:
        raise FormatError("is empty once unpacked", path=path, remedy=DAMAGED)


def _read(stream: Readable, path: Path) -> bytes:
    with decoding(path, "compressed file"):
        return stream.read(_CHUNK)
