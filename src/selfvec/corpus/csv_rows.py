"""Rows of comma- and tab-separated files, with line numbers.

Polars reads well-formed blocks, which is fast. The `csv` module reads the other blocks row by row and reports
what is wrong and where. Both give the same rows for well-formed blocks; a test checks this.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import polars as pl

from selfvec.base.arrays import Bytes, Ints, Mask
from selfvec.base.errors import CorpusError

from .document_files import MAX_ROW
from .fields import Fields
from .layouts import unquoted_column
from .readable import decoded
from .row_batch import NUL, RowBatch, batch_of_rows
from .streams import Source, too_long
from .summary import BATCH_ROWS, CorpusPass

__all__ = ["LARGEST_BLOCK", "CsvReader", "Header", "read_csv", "read_header"]

LARGEST_BLOCK = 16 << 20  # bytes
_MOST_COLUMNS = 1 << 16
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
    text, _ = decoded(head)
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
    if any("\0" in name for name in names):
        raise CorpusError(f"the header {NUL}", path=path, line=1, remedy=remedy)
    return Header(tuple(name.strip() for name in names), delimiter, reader.line_num)


class CsvReader:
    """Reads the rows of a .csv or .tsv file."""

    def __init__(self, source: Source) -> None:
        self.source = source

    @cached_property
    def header(self) -> Header:
        """The first row."""
        return read_header(self.source.peek(), self.source.path, self.source.kind)

    def columns(self) -> Sequence[str] | None:
        """The names in the header; None for an empty file."""
        return self.header.names or None

    def types(self) -> dict[str, pl.DataType]:
        """None: all columns are strings."""
        return {}

    def row_batches(
        self, chunks: Iterator[bytes], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The requested columns; see `selfvec.corpus.row_formats.RowReader`."""
        return read_csv(chunks, self.header, fields.columns, self.source.path, corpus_pass)


def read_csv(
    chunks: Iterator[bytes],
    header: Header,
    columns: Sequence[str],
    path: str,
    corpus_pass: CorpusPass,
    *,
    largest_block: int = LARGEST_BLOCK,  # bytes; larger blocks are read row by row
) -> Iterator[RowBatch]:
    """The requested columns; every row must have as many fields as the header."""
    wanted = [header.names.index(name) for name in columns]
    blocks = _Blocks(chunks, header.lines, path)
    while blocks.grow():
        rows = None if len(blocks.data) > largest_block else _rows_by_polars(blocks.data, header, wanted)
        if rows is None:
            yield from _rows_by_csv_module(blocks, header, columns, corpus_pass)
            continue
        if len(rows.lines):
            yield RowBatch(dict(zip(columns, rows.columns, strict=True)), rows.lines + blocks.line)
        blocks.drop(rows.length, rows.newlines)
    if blocks.data:  # a quote is open at the end
        yield from _rows_by_csv_module(blocks, header, columns, corpus_pass)


class _Blocks:
    """The unread bytes of a file after its header, and the number of their first line."""

    def __init__(self, chunks: Iterator[bytes], header_lines: int, path: str) -> None:
        self._chunks = _without_header(chunks, header_lines)
        self.path = path
        self.data = b""
        self.line = header_lines + 1
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
        """Remove the first bytes, which hold so many newlines."""
        self.data = self.data[length:]
        self.line += lines

    def lines(self) -> Iterator[str]:
        """Take whole lines, after reading on if needed."""
        while True:
            whole, newline, rest = self.data.rpartition(b"\n")
            if newline:
                self.data = rest
                lines = whole.split(b"\n")
                self.waiting = len(lines)
                for line in lines:
                    self.waiting -= 1
                    self.yielded += len(line)
                    # Line by line, because one rare letter widens the whole decoded string.
                    yield line.decode() + "\n"
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
    """The whole rows at the start of a block."""

    columns: list[pl.Series]
    lines: Ints  # (R,) newlines before each row
    length: int  # bytes of all rows
    newlines: int  # in all rows


@dataclass(frozen=True)
class _Marks:
    """The M bytes of a block that shape its rows: delimiters, quotes, newlines, carriage returns and NUL."""

    places: Ints  # (M,) int64, rising
    kinds: Bytes  # (M,) the bytes themselves
    quoted: Mask  # (M,) inside a quoted field: from its opening quote to before the closing one

    @classmethod
    def of(cls, block: bytes, delimiter: str) -> _Marks:
        # bytes.translate is Python's fastest table look-up of bytes.
        places = np.flatnonzero(np.frombuffer(block.translate(_shaping(delimiter)), bool))
        kinds = np.frombuffer(block, np.uint8)[places]
        return cls(places, kinds, np.bitwise_xor.accumulate(kinds == _QUOTE))

    def before(self, place: int) -> _Marks:
        """The marks before a byte."""
        used = int(np.searchsorted(self.places, place))
        return _Marks(self.places[:used], self.kinds[:used], self.quoted[:used])


@cache
def _shaping(delimiter: str) -> bytes:
    """For every byte, whether it may end a row or field or be a quote."""
    shaping = b'"\n\r\0' + delimiter.encode()
    return bytes(byte in shaping for byte in range(256))


def _rows_by_polars(block: bytes, header: Header, wanted: Sequence[int]) -> _Rows | None:
    """The whole rows at the start of a block, read by Polars; None unless `csv` would read the same.

    Polars refuses long rows but accepts short rows and misplaced quotes. So quotes and delimiters are counted
    first.
    """
    marks = _Marks.of(block, header.delimiter)
    row_ends = marks.places[(marks.kinds == _NEWLINE) & ~marks.quoted]  # (R,)
    length = int(row_ends[-1]) + 1 if len(row_ends) else 0
    marks = marks.before(length)
    if not _is_regular(np.frombuffer(block, np.uint8), marks, header, len(row_ends)):
        return None
    columns = _columns_by_polars(block[:length], header, wanted, len(row_ends))
    if columns is None:
        return None
    newlines = marks.places[marks.kinds == _NEWLINE]
    row_starts = np.concatenate(([0], row_ends + 1))[:-1]
    lines = np.searchsorted(newlines, row_starts).astype(np.int64)
    return _Rows(columns, lines, length, len(newlines))


def _is_regular(data: Bytes, marks: _Marks, header: Header, rows: int) -> bool:
    """Whether rows have as many delimiters as the header, quotes stand at the ends of fields, lines end in
    newlines or both characters, and nothing is NUL.
    """
    delimiter = ord(header.delimiter)
    delimiters = np.count_nonzero((marks.kinds == delimiter) & ~marks.quoted)
    if delimiters != rows * (len(header.names) - 1):
        return False
    quotes = marks.places[marks.kinds == _QUOTE]
    returns = marks.places[marks.kinds == _RETURN]
    before = data[quotes[::2] - 1]
    after = data[quotes[1::2] + 1]
    if len(quotes) and not quotes[0]:
        before[0] = _NEWLINE  # the block begins with a quote; index -1 was its last byte
    opened = (before == delimiter) | (before == _NEWLINE) | (before == _QUOTE)
    closed = (after == delimiter) | (after == _NEWLINE) | (after == _RETURN) | (after == _QUOTE)
    ended = data[returns + 1] == _NEWLINE
    return bool(opened.all() and closed.all() and ended.all() and marks.kinds.all())


def _columns_by_polars(
    block: bytes, header: Header, wanted: Sequence[int], rows: int
) -> list[pl.Series] | None:
    """The wanted columns of whole rows; None if Polars reads another number of rows or not at all."""
    width = len(header.names)
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
    if len(frame) != rows or (width == 1 and frame.null_count().item()):  # a blank line is not a row
        return None
    return [frame[names[number]].fill_null("") for number in wanted]


def _rows_by_csv_module(
    blocks: _Blocks, header: Header, columns: Sequence[str], corpus_pass: CorpusPass
) -> Iterator[RowBatch]:
    """Rows by `csv.reader`, each checked, up to the first row that ends with the block."""
    _allow_long_fields()
    reader = csv.reader(blocks.lines(), delimiter=header.delimiter, strict=True)
    wanted = [header.names.index(name) for name in columns]
    unquoted = unquoted_column(header.names)
    rows: list[list[str]] = []
    numbers: list[int] = []
    while blocks.waiting or not reader.line_num:
        number = blocks.line + reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            corpus_pass.bad(_explained(error), path=blocks.path, line=number)
            continue
        if unquoted and len(row) > len(header.names) and (whole := unquoted.rejoined(row, header.names)):
            corpus_pass.mended("unquoted delimiters joined", path=blocks.path, line=number)
            row = whole
        if rule := _fault(row, header):
            wide = len(row) > len(header.names)
            remedy = "quote the field that holds the delimiter" if wide else "mend the row"
            corpus_pass.bad(rule, path=blocks.path, line=number, remedy=remedy)
        elif row:
            rows.append([row[i] for i in wanted])
            numbers.append(number)
        if blocks.yielded >= corpus_pass.batch_bytes or len(rows) >= BATCH_ROWS:
            blocks.yielded = 0
            yield batch_of_rows(rows, numbers, columns)
            rows = []
            numbers = []
    blocks.line += reader.line_num
    yield batch_of_rows(rows, numbers, columns)


def _fault(row: list[str], header: Header) -> str | None:
    """The rule that a row breaks; None if it breaks none."""
    if row and len(row) != len(header.names):
        return f"a row has {len(header.names)} fields as its header, this one has {len(row)}"
    return NUL if any("\0" in value for value in row) else None


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
