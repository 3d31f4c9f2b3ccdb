"""gzip and Zstandard, recognised by their first bytes: browsers may unpack a file and keep its suffix."""

from __future__ import annotations

import gzip
import shutil
import sys
import zlib
from pathlib import Path
from typing import Protocol

if sys.version_info >= (3, 14):
    from compression import zstd as zstd
else:
    from backports import zstd as zstd

PACKED = (".gz", ".zst")  # suffixes of files that are written compressed
COMPRESSED = (*PACKED, ".zstd")  # suffixes of files that are read

DECODING_ERRORS = (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError)
"""What reading a damaged or shortened compressed file raises."""

# Archives of whole sites are written with a window of 2 GiB, whose pages are taken as they are filled.
_WINDOW = {zstd.DecompressionParameter.window_log_max: zstd.DecompressionParameter.window_log_max.bounds()[1]}
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes, fewer only at the end."""


def bare_suffix(path: Path) -> str:
    """The suffix without that of the compression, in lower case: ``.csv`` of ``a.csv.gz``."""
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in COMPRESSED else suffix


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins with ``head`` (4 bytes) is compressed."""
    return head.startswith((_GZIP, _ZSTD))


def decompressed(packed: Readable, head: bytes) -> Readable:
    """The content of ``packed``, which begins with ``head``; ``packed`` itself if it is not compressed."""
    if head.startswith(_GZIP):
        return gzip.GzipFile(fileobj=packed, mode="rb")  # type: ignore[call-overload,no-any-return]
    if head.startswith(_ZSTD):
        return zstd.ZstdFile(packed, options=_WINDOW)  # type: ignore[call-overload,no-any-return]
    return packed


def pack(plain: Path, packed: Path) -> None:
    """Write a compressed copy of a file in the format of its suffix; the bytes are the same each time."""
    is_gzip = packed.suffix == ".gz"
    with (
        plain.open("rb") as source,
        packed.open("wb") as out,
        gzip.GzipFile("", "wb", 6, out, mtime=0) if is_gzip else zstd.open(out, "wb") as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)
