"""Opening a vectors file from an unknown source: its bytes without copying, and errors that name the place.

A vectors file can be much larger than memory, so it is mapped. A compressed file is unpacked within limits.
Whatever a decoding library raises becomes one `FormatError`.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from selfvec.base.errors import FormatError, SelfvecError

__all__ = ["Input", "decoding", "open_input", "unpack"]

_DAMAGED = "the file may be cut off or damaged: get it again"
_CHUNK = 1 << 24
_SMALL = 1 << 26  # bytes; up to this size a file may be packed as tightly as it likes
_HIGHEST_RATIO = 100  # text vectors pack to about a third, a decompression bomb to a thousandth


@dataclass(frozen=True)
class Input:
    """A vectors file or folder as the readers see it.

    Parameters
    ----------
    path : Path
    data : bytes or mmap
        The file's bytes, unpacked; empty for a folder.
    unpacked : bool
        Whether the file at ``path`` is compressed, so that ``data`` are not its own bytes.
    errors : "strict", "replace" or "ignore"
        What happens to words that are not UTF-8 or occur twice; see `selfvec.load`.
    limit : int, optional
        Read the first so many rows only.
    """

    path: Path
    data: bytes | mmap.mmap = b""
    unpacked: bool = False
    errors: str = "strict"
    limit: int | None = None

    def array(self, dtype: DTypeLike, count: int, offset: int) -> NDArray[Any]:
        """``count`` items from byte ``offset`` on, as a read-only view of the file. (count,)"""
        return np.frombuffer(self.data, dtype, count, offset)

    def error(self, rule: str, *, remedy: str = _DAMAGED, line: int | None = None) -> FormatError:
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


@contextmanager
def decoding(path: Path, what: str) -> Iterator[None]:
    """Turn anything a decoder raises into one `FormatError`: ``path: is not a readable {what}``.

    Rust libraries report a panic as a ``BaseException``, which is why everything is caught.
    """
    try:
        yield
    except (SelfvecError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise FormatError(
            f"is not a readable {what} ({reason})",
            path=path,
            remedy=_DAMAGED,
        ) from error


def open_input(path: Path) -> Input:
    """Map a file (unpacking .gz and .zst by their content), or name a folder.

    Raises
    ------
    FormatError
        If the path does not exist, cannot be read, is empty, or unpacks to an implausible size.
    """
    try:
        if path.is_dir():
            return Input(path)
        if path.exists() and not path.is_file():
            raise FormatError("is not a regular file", path=path, remedy="save the vectors to a file first")
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if not start:
                raise FormatError("is empty", path=path, remedy=_DAMAGED)
            if start.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
                return Input(path, _unpacked(path, file, start), unpacked=True)
            return Input(path, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        raise FormatError("does not exist", path=path, remedy="check the path") from None
    except (OSError, ValueError) as error:
        if isinstance(error, SelfvecError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise FormatError(f"cannot be read: {reason}", path=path, remedy="check the path") from error


def _unpacked(path: Path, file: IO[bytes], start: bytes) -> mmap.mmap:
    import gzip

    from selfvec.base.zstd import ZstdFile

    opened = gzip.GzipFile(fileobj=file) if start.startswith(b"\x1f\x8b") else ZstdFile(file)
    with decoding(path, "compressed file"), opened as stream:
        return unpack(stream, path.stat().st_size, path)


def unpack(stream: Any, packed: int, path: Path) -> mmap.mmap:
    """All bytes of a decompressing stream, unless they are implausibly many for ``packed`` bytes on disk.

    They go to an unnamed temporary file, which is mapped, since they may not fit into memory.
    """
    size = 0
    with tempfile.TemporaryFile() as file:
        while chunk := stream.read(_CHUNK):
            size += file.write(chunk)
            if size > max(_SMALL, _HIGHEST_RATIO * packed):
                raise FormatError(
                    f"unpacks to more than {_HIGHEST_RATIO} times its size, no table of vectors does",
                    path=path,
                    remedy="unpack it yourself if you trust it",
                )
        if not size:
            raise FormatError("is empty once unpacked", path=path, remedy=_DAMAGED)
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
