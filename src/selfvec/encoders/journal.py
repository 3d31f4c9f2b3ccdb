"""`Journal`: vectors that have been encoded, in a file that only grows, so that a kill loses few of them.

    header     16 bytes that name the format, 32 that name the encoder, h as uint32
    a text     its hash, 16 bytes; its vector, h × float16; the CRC-32 of both as uint32

A record that was not written whole ends what is read, and is overwritten. A journal of another encoder is
discarded.
"""

from __future__ import annotations

import os
import struct
import zlib
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.files.file_system import NO_LINK
from selfvec.files.targets import refuse_special, writing

from .sentence_encoder import SentenceEncoder

HASH = "S16"
"""The dtype of hashes. Their order is that of their bytes."""

_FORMAT = b"selfvec-vectors1"
_HEADER = struct.Struct("<16s32sI")
_WIDEST = 1 << 16  # numbers of a vector


class Journal:
    """The file, open while the block lasts; `TargetError` if it cannot be written."""

    def __init__(self, path: Path, encoder: SentenceEncoder) -> None:
        self.path = path
        self._dimensions = encoder.dimensions  # 0 if not known yet
        about = encoder.digest or f"without digest: {encoder.name}"
        self._identity = blake2b(about.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        with writing(path):
            refuse_special(path, folder=False)
            flags = os.O_RDWR | os.O_CREAT | NO_LINK
            self._file = os.fdopen(os.open(path, flags, 0o600), "r+b")

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self) -> tuple[NDArray[np.bytes_], NDArray[np.float16]]:
        """Hashes, (n,), and vectors, (n, h), of the records that are whole; what follows them is removed."""
        header = self._file.read(_HEADER.size)
        form, identity, dimensions = _HEADER.unpack(header.ljust(_HEADER.size, b"\0"))
        known = (form, identity) == (_FORMAT, self._identity) and 0 < dimensions <= _WIDEST
        if not known or self._dimensions not in (0, dimensions):
            with writing(self.path):
                self._file.truncate(0)
            return np.zeros(0, HASH), np.zeros((0, self._dimensions), np.float16)
        self._dimensions = dimensions
        record = _record(dimensions)
        size = os.fstat(self._file.fileno()).st_size - _HEADER.size
        written = size // record.itemsize
        records = (
            np.memmap(self._file, record, "r", _HEADER.size, written) if written else np.zeros(0, record)
        )
        whole = _whole(records)
        with writing(self.path):
            self._file.truncate(_HEADER.size + whole * record.itemsize)
        return records["hash"][:whole], records["row"][:whole]

    def append(self, hashes: NDArray[np.bytes_], rows: NDArray[np.float16]) -> None:
        """Add vectors, (n, h), of texts with these hashes, (n,)."""
        self._dimensions = rows.shape[1]
        records = np.zeros(len(rows), _record(self._dimensions))
        records["hash"], records["row"] = hashes, rows
        records["check"] = [_checksum(records[k : k + 1]) for k in range(len(records))]
        with writing(self.path):
            if not self._file.seek(0, os.SEEK_END):
                self._file.write(_HEADER.pack(_FORMAT, self._identity, self._dimensions))
            self._file.write(records.tobytes())
            self._file.flush()


def _record(dimensions: int) -> np.dtype[Any]:
    return np.dtype([("hash", HASH), ("row", "<f2", (dimensions,)), ("check", "<u4")])


def _checksum(record: NDArray[Any]) -> int:
    return zlib.crc32(record.tobytes()[:-4])


def _whole(records: NDArray[Any]) -> int:
    """How many records from the first on are as they were written."""
    for number in range(len(records)):
        record = records[number : number + 1]
        if record["check"][0] != _checksum(record) or not np.isfinite(record["row"]).all():
            return number
    return len(records)
