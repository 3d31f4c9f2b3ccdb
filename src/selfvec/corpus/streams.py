"""A source and its bytes: decompressed, as UTF-8, hashed and counted in one pass, in a separate thread.

Decompression and hashing release the interpreter lock, so they run while the text is parsed. Only a few
chunks are in memory at a time, however large a compressed file is when unpacked.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import polars as pl

from selfvec.base.errors import CorpusError
from selfvec.files.charsets import MARK_BYTES, NotUtf8, Tally, Utf8Reader, marked
from selfvec.files.compressed_files import DECODING_ERRORS, decompressed

from .document_files import MAX_ROW
from .furniture import LineForm
from .summary import BATCH_ROWS, CorpusPass

HEAD = 1 << 16
"""Bytes from which the format of a file is recognised."""

_PIECE = 1 << 20  # bytes asked for at once, which are allocated before they are read

UTF8_BOM = b"\xef\xbb\xbf"


@dataclass
class TextSource:
    """A file, pipe or folder of text files to be read."""

    path: str  # as the user named it
    kind: str = ""  # "lines", "csv", "tsv", "jsonl", "parquet", "document" or "folder"
    size: int | None = None  # bytes on disk; None for a pipe
    members: list[Path] = field(default_factory=list)  # files that are a document each, in reading order
    pipe: BinaryIO | None = None  # open, and read only once
    in_folder: bool = False  # a file of rows that was found in a folder, not named
    returns: bool = False  # whether lines end in carriage returns alone, as on old Macintoshes
    form: LineForm = LineForm()  # noqa: RUF009 (it is never changed)
    _stream: Stream | None = field(default=None, init=False)  # that of a pipe

    def stream(self) -> Stream:
        """A pass over the bytes from the beginning; a pipe has only one."""
        if self.pipe is None:
            return Stream(self.path)
        self._stream = self._stream or Stream(self.path, self.pipe)
        return self._stream

    def peek(self) -> bytes:
        """The first decompressed bytes, at least the first line."""
        stream = self.stream()
        stream.open()
        with nullcontext() if self.pipe else closing(stream.file):
            size = HEAD
            data = stream.peek(size)
            self.returns = b"\n" not in data and b"\r" in data[: HEAD - 1]
            while not self.returns and b"\n" not in data and len(data) >= size:
                size *= 2
                data = stream.peek(size)
                if len(data) > MAX_ROW:
                    raise too_long(self.path, 1)
        return self.line_ends(data.removeprefix(UTF8_BOM))

    def line_ends(self, data: bytes) -> bytes:
        """The bytes with newlines where lines end."""
        return data.replace(b"\r", b"\n") if self.returns else data


class _Tap:
    """The bytes of an open file, counted and hashed while they are read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.bytes = 0
        self.head = self._taken(MARK_BYTES)  # by which compression is recognised; given out first

    def read(self, size: int) -> bytes:
        data = self.head[:size]
        self.head = self.head[size:]
        return data + self._taken(size - len(data))

    def _taken(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size and (piece := self.file.read(min(size, _PIECE))):  # a pipe may give less
            pieces.append(piece)
            size -= len(piece)
        data = b"".join(pieces)
        self.digest.update(data)
        self.bytes += len(data)
        return data


class Stream:
    """One pass over the bytes of a file, or of a pipe, which is open."""

    file: BinaryIO
    _tap: _Tap

    def __init__(self, path: str, pipe: BinaryIO | None = None) -> None:
        self.path = path
        self._pipe = pipe
        self._opened = False
        self._ahead = b""  # decompressed bytes that were looked at

    def open(self) -> None:
        """Open the file and detect compression, unless that was done."""
        if self._opened and self.file.closed:
            remedy = "save it to a file to read it again"
            raise CorpusError("a pipe can be read only once", path=self.path, remedy=remedy)
        if not self._opened:
            with reading(self.path):
                self.file = self._pipe or Path(self.path).open("rb", buffering=0)  # noqa: SIM115
                self._tap = _Tap(self.file)
            self._reader = decompressed(self._tap, self._tap.head)
            self._opened = True
            try:
                codec = marked(self._tap.head if self._reader is self._tap else self.peek(MARK_BYTES))
            except CorpusError:
                self.file.close()
                raise
            if codec is not None:  # the first bytes are the mark of UTF-16 or UTF-32, read as UTF-8
                self._reader, self._ahead = Utf8Reader(self._reader, self._ahead, codec), b""

    def __enter__(self) -> Stream:
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.file.close()

    def read(self, size: int) -> bytes:
        """Up to ``size`` decompressed bytes, fewer only at the end."""
        with reading(self.path):
            data = self._ahead[:size]
            self._ahead = self._ahead[size:]
            return data + self._reader.read(size - len(data))

    def peek(self, size: int) -> bytes:
        """The next bytes, ``size`` or more of them except at the end, which will be read again."""
        with reading(self.path):
            self._ahead += self._reader.read(max(0, size - len(self._ahead)))
        return self._ahead

    @property
    def position(self) -> int:
        """Bytes of the file read so far, before decompression."""
        return self._tap.bytes

    def sha256(self) -> str:
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
        rule = f"the compressed data is damaged or cut short ({str(error).rstrip('.')})"
        raise CorpusError(rule, path=path, remedy="fetch or compress it again") from error
    except OSError as error:
        rule = f"cannot be read: {error.strerror or error}"
        raise CorpusError(rule, path=path, remedy="check the path and its permissions") from error


def few_lines(chunk: bytes) -> Iterator[bytes]:
    pieces = 1 + newlines(chunk) // BATCH_ROWS
    size = 1 + len(chunk) // pieces
    return (chunk[start : start + size] for start in range(0, len(chunk), size))


def newlines(data: bytes) -> int:
    """How many there are, in a sixth of the time of `bytes.count`."""
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))


def line_blocks(chunks: Iterator[bytes], path: str, corpus_pass: CorpusPass) -> Iterator[tuple[int, bytes]]:
    """Whole lines in blocks of about a chunk, `mended`, with the number of the first line of each."""
    pieces: list[bytes] = []
    first = 1
    tally = Tally()
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if cut:
            block = b"".join((*pieces, chunk[:cut]))
            yield first, mended(block, first, path, corpus_pass, tally)
            first += newlines(block)
            pieces = [chunk[cut:]]
        else:
            pieces.append(chunk)
        if sum(map(len, pieces)) > MAX_ROW:
            raise too_long(path, first)
    if rest := b"".join(pieces).rstrip(b"\x1a"):  # DOS ends a text with ^Z
        yield first, mended(rest, first, path, corpus_pass, tally)
    if tally.hardly and not corpus_pass.skip_bad_rows:
        raise other_encoding(tally.fault, path)


def mended(block: bytes, first: int, path: str, corpus_pass: CorpusPass, tally: Tally) -> bytes:
    """Lines from number ``first`` on, with U+FFFD for what is not UTF-8; lines that had any are counted."""
    if block.isascii() or _is_utf8(block):
        tally.add(block)
        return block
    lines = block.split(b"\n")
    for number, line in enumerate(lines, first):
        lines[number - first], places = tally.add_line(number, line)
        if places:
            corpus_pass.replaced(places, line, path=path, line=number)
    return b"\n".join(lines)


def other_encoding(fault: NotUtf8, path: str) -> CorpusError:
    return CorpusError(fault.rule, path=path, line=fault.line, remedy=fault.remedy)


def _is_utf8(block: bytes) -> bool:
    """Whether bytes are UTF-8; `bytes.decode` would take four times their size for one rare letter."""
    try:
        pl.Series([block], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return False
    return True


def too_long(path: str, line: int) -> CorpusError:
    rule = f"a document is at most {MAX_ROW >> 20} MiB long, the one that begins here is longer"
    remedy = "split it, or check that this is a text file and its quotes are closed"
    return CorpusError(rule, path=path, line=line, remedy=remedy)
