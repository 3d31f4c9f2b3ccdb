"""Rows of comma- and tab-separated files, with line numbers.

Polars reads well-formed blocks, which is fast. The `csv` module reads the other blocks row by row and reports
what is wrong and where. Both give the same rows for well-formed blocks; a test checks this.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from selfvec.base.arrays import Bytes, Ints
from selfvec.base.errors import CorpusError

from .document_files import MAX_ROW
from .streams import too_long
from .summary import BATCH_ROWS, Reading
from .tables import ICONV, NUL, Table, as_text, table_of

__all__ = ["Header", "read_csv", "read_header"]

_UNREADABLE = re.compile("[\0\udc80-\udcff]")
"""NUL bytes, and bytes that are not UTF-8 after decoding them with surrogates."""

_LONG = 16 << 20  # bytes; larger blocks are read row by row
_MOST_COLUMNS = 1 << 16

_EXPORT_DATE = re.compile(r"\d{2}/\d{2}/\d{4}", re.ASCII)
_QUOTE, _NEWLINE, _RETURN = b'"\n\r'


@dataclass(frozen=True)
class Header:
    """The first row of a file: column names, the delimiter, and how many lines it takes."""

    names: tuple[str, ...]
    delimiter: str
    lines: int


def read_header(head: bytes, path: str, kind: str) -> Header:
    """The header of a file that begins with ``head``; no columns for an empty file.

    In a .csv the delimiter is the most frequent of comma, semicolon, tab and bar in the first line.
    """
    text = head.decode("utf-8", "surrogateescape")
    line = text.partition("\n")[0]
    delimiter = "\t" if kind == "tsv" else max(",;\t|", key=line.count)
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter, strict=True)
    _allow_long_fields()
    remedy = "the first row names the columns, separated by commas (.csv) or tabs (.tsv)"
    if line.count(delimiter) >= _MOST_COLUMNS:
        rule = f"a table has at most {_MOST_COLUMNS:,} columns, this one has {line.count(delimiter) + 1:,}"
        raise CorpusError(rule, path=path, line=1, remedy=remedy)
    try:
        names = next((row for row in reader if any(map(str.strip, row))), [])
    except csv.Error as error:
        rule = f"the header is malformed ({error})"
        raise CorpusError(rule, path=path, line=1, remedy=remedy) from error
    if any(_UNREADABLE.search(name) for name in names):
        raise CorpusError("the header is not UTF-8 text", path=path, line=1, remedy=ICONV)
    return Header(tuple(name.strip() for name in names), delimiter, reader.line_num)


def read_csv(
    chunks: Iterator[bytes], header: Header, columns: Sequence[str], path: str, reading: Reading
) -> Iterator[Table]:
    """The requested columns; every row must have as many fields as the header."""
    wanted = [header.names.index(name) for name in columns]
    blocks = _Blocks(chunks, header.lines, path)
    while blocks.grow():
        rows = None if len(blocks.data) > _LONG else _clean_rows(blocks.data, header, wanted)
        if rows is None:
            yield from _checked_rows(blocks, header, columns, reading)
            continue
        if len(rows.lines):
            yield Table(dict(zip(columns, rows.columns, strict=True)), rows.lines + blocks.line)
        blocks.drop(rows.length, rows.newlines)
    if blocks.data:  # a quote is open at the end
        yield from _checked_rows(blocks, header, columns, reading)


class _Blocks:
    """The unread bytes of a file after its header, and the number of their first line."""

    def __init__(self, chunks: Iterator[bytes], header_lines: int, path: str) -> None:
        self._chunks, self.path = _without_header(chunks, header_lines), path
        self.data, self.line = b"", header_lines + 1
        self.waiting = 0  # lines that `lines` has split off and not yielded
        self.yielded = 0  # bytes that `lines` has yielded

    def grow(self) -> bool:
        """Add the next chunk, or at the end of the file a missing newline; False if nothing is left."""
        chunk = next(self._chunks, b"")
        if not chunk and self.data and not self.data.endswith(b"\n"):
            chunk = b"\n"
        self.data += chunk
        return bool(chunk)

    def drop(self, length: int, lines: int) -> None:
        self.data, self.line = self.data[length:], self.line + lines

    def lines(self) -> Iterator[str]:
        """Take whole lines, after reading on if needed; bytes that are not UTF-8 become surrogates."""
        while True:
            whole, newline, rest = self.data.rpartition(b"\n")
            if newline:
                self.data, lines = rest, whole.split(b"\n")
                self.waiting = len(lines)
                for line in lines:
                    self.waiting -= 1
                    self.yielded += len(line)
                    # Line by line, because one rare letter widens the whole decoded string.
                    yield line.decode("utf-8", "surrogateescape") + "\n"
            elif not self.grow():
                return
            elif len(self.data) > MAX_ROW:
                raise too_long(self.path, self.line)


def _without_header(chunks: Iterator[bytes], lines: int) -> Iterator[bytes]:
    for chunk in chunks:
        while lines and chunk:
            _, newline, chunk = chunk.partition(b"\n")
            lines -= len(newline)
        if chunk:
            yield chunk


@dataclass(frozen=True)
class _Rows:
    """The whole rows at the start of a block: their columns, and the newlines before each, (R,) int64.

    ``length`` and ``newlines`` are the bytes and newlines that they take.
    """

    columns: list[pl.Series]
    lines: Ints
    length: int
    newlines: int


def _clean_rows(block: bytes, header: Header, wanted: Sequence[int]) -> _Rows | None:
    """The whole rows at the start of a block, read by Polars; None unless `csv` would read the same.

    Polars refuses long rows but accepts short rows and misplaced quotes. So quotes and delimiters are counted
    first.
    """
    data, width = np.frombuffer(block, np.uint8), len(header.names)
    # bytes.translate is Python's fastest table look-up of bytes.
    marks = np.flatnonzero(np.frombuffer(block.translate(_marks(header.delimiter)), bool))
    kinds = data[marks]
    quoted = np.bitwise_xor.accumulate(kinds == _QUOTE)  # from an opening quote to before the closing one
    ends = marks[(kinds == _NEWLINE) & ~quoted]
    length = int(ends[-1]) + 1 if len(ends) else 0
    used = int(np.searchsorted(marks, length))
    block, marks, kinds, quoted = block[:length], marks[:used], kinds[:used], quoted[:used]
    delimiters = np.count_nonzero((kinds == ord(header.delimiter)) & ~quoted)
    if delimiters != len(ends) * (width - 1) or not _sound_marks(data, marks, kinds, ord(header.delimiter)):
        return None
    if as_text([block]) is None:  # Polars checks only the requested columns
        return None
    names = [str(number) for number in range(width)]
    try:
        frame = pl.read_csv(
            block,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            columns=sorted(set(wanted)),
            separator=header.delimiter,
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError:
        return None
    if len(frame) != len(ends) or (width == 1 and frame.null_count().item()):  # a blank line is not a row
        return None
    columns = [frame[names[number]].fill_null("") for number in wanted]
    newlines = marks[kinds == _NEWLINE]
    lines = np.searchsorted(newlines, np.concatenate(([0], ends + 1))[:-1]).astype(np.int64)
    return _Rows(columns, lines, length, len(newlines))


@cache
def _marks(delimiter: str) -> bytes:
    """For every byte, whether it may end a row or field or be a quote."""
    shaping = b'"\n\r\0' + delimiter.encode()
    return bytes(byte in shaping for byte in range(256))


def _sound_marks(data: Bytes, marks: Ints, kinds: Bytes, delimiter: int) -> bool:
    """Whether the quotes and carriage returns among the M marks are valid, and no mark is NUL."""
    quotes, returns = marks[kinds == _QUOTE], marks[kinds == _RETURN]
    before, after = data[quotes[::2] - 1], data[quotes[1::2] + 1]
    if len(quotes) and not quotes[0]:
        before[0] = _NEWLINE
    opened = (before == delimiter) | (before == _NEWLINE) | (before == _QUOTE)
    closed = (after == delimiter) | (after == _NEWLINE) | (after == _RETURN) | (after == _QUOTE)
    sound = opened.all() and closed.all() and np.all(data[returns + 1] == _NEWLINE) and kinds.all()
    return bool(sound)


def _checked_rows(
    blocks: _Blocks, header: Header, columns: Sequence[str], reading: Reading
) -> Iterator[Table]:
    """Rows by `csv.reader`, each checked, up to the first row that ends with the block."""
    _allow_long_fields()
    reader = csv.reader(blocks.lines(), delimiter=header.delimiter, strict=True)
    wanted, path = [header.names.index(name) for name in columns], blocks.path
    rows: list[list[str]] = []
    numbers: list[int] = []
    while blocks.waiting or not reader.line_num:
        number = blocks.line + reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            reading.bad(_explained(error), path=path, line=number)
            continue
        if len(row) > len(header.names) and (whole := _rejoined(row, header)):
            reading.mended(path=path, line=number)
            row = whole
        if rule := _fault(row, header):
            many = len(row) > len(header.names)
            remedy = "quote the field that holds the delimiter" if many else "mend the row"
            remedy = ICONV if "UTF-8" in rule else remedy
            reading.bad(rule, path=path, line=number, remedy=remedy)
        elif row:
            rows.append([row[i] for i in wanted])
            numbers.append(number)
        if blocks.yielded >= reading.batch_bytes or len(rows) >= BATCH_ROWS:
            blocks.yielded = 0
            yield table_of(rows, numbers, columns)
            rows, numbers = [], []
    blocks.line += reader.line_num
    yield table_of(rows, numbers, columns)


def _fault(row: list[str], header: Header) -> str | None:
    if row and len(row) != len(header.names):
        return f"a row has {len(header.names)} fields as its header, this one has {len(row)}"
    for value in row:
        if (not value.isascii() or "\0" in value) and (unreadable := _UNREADABLE.search(value)):
            return NUL if unreadable[0] == "\0" else "is not UTF-8 text"
    return None


def _rejoined(row: list[str], header: Header) -> list[str] | None:
    """A row of NOAA's web export with its place name joined again; None for other rows.

    Some place names contain unquoted commas. The date two columns later shows where the name ends.
    """
    if not {"CZ_NAME_STR", "BEGIN_DATE"} <= set(header.names):
        return None
    at, more = header.names.index("CZ_NAME_STR"), len(row) - len(header.names)
    whole = [*row[:at], ",".join(row[at : at + more + 1]), *row[at + more + 1 :]]
    return whole if _EXPORT_DATE.fullmatch(whole[header.names.index("BEGIN_DATE")]) else None


def _explained(error: csv.Error) -> str:
    """Reword a message of the `csv` module for users."""
    message = str(error)
    if "unexpected end of data" in message:
        return "a quoted field that begins in this row is never closed"
    if "field larger" in message:
        return f"a field is at most {MAX_ROW >> 20} MiB long; is a quote left open?"
    if "expected after" in message:
        return "a quote inside a quoted field is doubled, this one is not"
    return f"is a malformed row ({message})"


def _allow_long_fields() -> None:
    # The limit of 128 KiB is shared by the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW))
