"""A source and its bytes: decompressed, hashed and counted in one pass, in a separate thread.

Decompression and hashing release the interpreter lock, so they run while the text is parsed. Only a few
chunks are in memory at a time, however large a compressed file is when unpacked.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import polars as pl

from selfvec.base.compressed_files import DECODING_ERRORS, decompressed
from selfvec.base.display import decoded
from selfvec.base.errors import CorpusError

from .document_files import MAX_ROW
from .summary import BATCH_ROWS, CorpusPass

HEAD = 1 << 16
"""Bytes from which the format of a file is recognised."""

_STEP = 1 << 20
UTF8_BOM = b"\xef\xbb\xbf"


@dataclass
class TextSource:
    """A file, pipe or folder of text files to be read."""

    path: str  # as the user named it
    kind: str = ""  # "lines", "csv", "tsv", "jsonl", "parquet", "document" or "folder"
    size: int | None = None  # bytes on disk; None for a pipe
    members: list[Path] = field(default_factory=list)  # files that are a document each, in reading order
    pipe: bool = False  # can be read only once
    head: bytes = b""  # bytes already taken from a pipe
    returns: bool = False  # whether lines end in carriage returns alone, as on old Macintoshes
    _handle: BinaryIO | None = None
    _unpacked: Path | None = None

    def raw(self) -> BinaryIO:
        """The bytes on disk, unbuffered; a pipe can be opened only once."""
        if not self.pipe:
            return Path(self.path).open("rb", buffering=0)
        if self._handle is None:
            raise CorpusError(
                "a pipe can be read only once", path=self.path, remedy="save it to a file to read it again"
            )
        handle = self._handle
        self._handle = None
        return handle

    def peek(self) -> bytes:
        """The first decompressed bytes, at least the first line."""
        stream = Stream(self, keep=self.pipe)
        stream.open()
        try:
            data = stream.read(HEAD)
            self.returns = b"\n" not in data and b"\r" in data[: HEAD - 1]
            while not self.returns and b"\n" not in data and (more := stream.read(max(HEAD, len(data)))):
                data += more
                if len(data) > MAX_ROW:
                    raise too_long(self.path, 1)
        finally:
            if self.pipe:
                self.head = stream.raw
                self._handle = stream.file
            else:
                stream.file.close()
        return self.line_ends(data.removeprefix(UTF8_BOM))

    def line_ends(self, data: bytes) -> bytes:
        """The bytes with newlines where lines end."""
        return data.replace(b"\r", b"\n") if self.returns else data

    def local(self) -> Path:
        """An uncompressed file on disk, for formats that are not read sequentially."""
        with Stream(self) as stream:
            if not stream.compressed:
                return Path(self.path)
            if self._unpacked is None:
                handle, name = tempfile.mkstemp(prefix="selfvec-", suffix=f".{self.kind}")
                weakref.finalize(self, Path(name).unlink, missing_ok=True)
                with os.fdopen(handle, "wb") as file:
                    while chunk := stream.read(1 << 20):
                        file.write(chunk)
                self._unpacked = Path(name)
        return self._unpacked


class _Tap(io.RawIOBase):
    """A raw file whose bytes are counted, hashed and optionally kept while they are read."""

    def __init__(self, raw: BinaryIO, head: bytes = b"", keep: bool = False) -> None:
        self.raw = raw
        self.head = head  # bytes already taken from the raw file
        self.kept = bytearray() if keep else None
        self.digest = hashlib.sha256()
        self.bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self.head[: len(buffer)] if self.head else self.raw.read(len(buffer)) or b""
        self.head = self.head[len(data) :]
        buffer[: len(data)] = data
        self.digest.update(data)
        self.bytes += len(data)
        if self.kept is not None:
            self.kept += data
        return len(data)


class Stream:
    """One pass over the bytes of a source. With ``keep``, ``raw`` holds the bytes read from a pipe."""

    file: BinaryIO
    compressed: bool

    def __init__(self, source: TextSource, keep: bool = False) -> None:
        self.path = source.path
        self._source = source
        self._keep = keep

    def open(self) -> None:
        """Open the source and detect compression."""
        with reading(self.path):
            self.file = self._source.raw()
            head = self._source.head
            while len(head) < 4 and (more := self.file.read(4 - len(head))):  # a pipe may give less
                head += more
        self._tap = _Tap(self.file, head, self._keep)
        buffered = io.BufferedReader(self._tap, _STEP)
        self._reader = decompressed(buffered, head)
        self.compressed = self._reader is not buffered

    def __enter__(self) -> Stream:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.file.close()

    def read(self, size: int) -> bytes:
        """Up to ``size`` decompressed bytes, fewer only at the end."""
        with reading(self.path):
            return self._reader.read(size)

    @property
    def position(self) -> int:
        """Bytes of the file read so far, before decompression."""
        return self._tap.bytes

    @property
    def raw(self) -> bytes:
        """The bytes read from the file, if they are kept."""
        return bytes(self._tap.kept or b"")

    def sha256(self) -> str:
        """Hexadecimal digest of the file's bytes read so far."""
        return self._tap.digest.hexdigest()

    def chunks(self, size: int) -> Generator[tuple[bytes, int]]:
        """Decompressed chunks of at most ``size`` bytes, each with the number of file bytes read so far.

        The generator opens and closes the source itself. If another thread closed it during a read, the file
        descriptor could be reused for another file.
        """
        with self:
            while chunk := self.read(size):
                yield chunk, self.position


@contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn errors in reading ``path`` into a `CorpusError`."""
    try:
        yield
    except DECODING_ERRORS as error:
        rule = "the compressed data is damaged or cut short"
        raise CorpusError(rule, path=path, remedy="fetch or compress it again") from error
    except OSError as error:
        rule = f"cannot be read: {error.strerror or error}"
        raise CorpusError(rule, path=path, remedy="check the path and its permissions") from error


def few_lines(chunk: bytes) -> Iterator[bytes]:
    """A chunk in blocks of about `BATCH_ROWS` lines."""
    pieces = 1 + chunk.count(b"\n") // BATCH_ROWS
    size = 1 + len(chunk) // pieces
    return (chunk[start : start + size] for start in range(0, len(chunk), size))


def line_blocks(chunks: Iterator[bytes], path: str, corpus_pass: CorpusPass) -> Iterator[tuple[int, bytes]]:
    """Whole lines in blocks of about a chunk, `mended`, with the number of the first line of each."""
    pieces: list[bytes] = []
    first = 1
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if cut:
            block = b"".join((*pieces, chunk[:cut]))
            yield first, mended(block, first, path, corpus_pass)
            first += block.count(b"\n")
            pieces = [chunk[cut:]]
        else:
            pieces.append(chunk)
        if sum(map(len, pieces)) > MAX_ROW:
            raise too_long(path, first)
    if rest := b"".join(pieces):
        yield first, mended(rest, first, path, corpus_pass)


def mended(block: bytes, first: int, path: str, corpus_pass: CorpusPass) -> bytes:
    """Lines from number ``first`` on, with U+FFFD for what is not UTF-8; lines that had any are counted."""
    if block.isascii() or _is_utf8(block):
        return block
    lines = block.split(b"\n")
    for number, line in enumerate(lines):
        text, places = decoded(line)
        if places:
            corpus_pass.replaced(places, path=path, line=first + number)
            lines[number] = text.encode()
    return b"\n".join(lines)


def _is_utf8(block: bytes) -> bool:
    """Whether bytes are UTF-8; `bytes.decode` would take four times their size for one rare letter."""
    try:
        pl.Series([block], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return False
    return True


def too_long(path: str, line: int) -> CorpusError:
    """The error for a row that is too long for one document."""
    return CorpusError(
        f"a document is at most {MAX_ROW >> 20} MiB long, the one that begins here is longer",
        path=path,
        line=line,
        remedy="split it, or check that this is a text file and its quotes are closed",
    )
