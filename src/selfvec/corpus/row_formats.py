"""The formats of files whose rows or lines are documents: one table, `ROW_FORMATS`.

A new format is a reader and its row here. Files that hold one document each are in
`selfvec.corpus.document_files`, and compression is in `selfvec.base.compressed_files`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from selfvec.base.display import decoded, readable
from selfvec.base.errors import CorpusError

from .document_files import MAX_ROW
from .fields import Fields, unquoted_column
from .row_batch import (
    FIRST_ROWS,
    HOLDS_NUL,
    ROWS,
    SURROGATE,
    LineBlock,
    RowBatch,
    RowReader,
    batch_of_rows,
    cell_text,
    string_columns,
)
from .streams import TextSource
from .summary import CorpusPass

# Comma- and tab-separated files

_MOST_COLUMNS = 1 << 16


@dataclass(frozen=True)
class CsvHeader:
    """The first row of a file: column names, the delimiter, and how many lines it takes."""

    names: tuple[str, ...]
    delimiter: str
    lines: int


class CsvReader(RowReader):
    """Reads the rows of a .csv or .tsv file."""

    @cached_property
    def header(self) -> CsvHeader:
        """The first row; no columns for an empty file.

        In a .csv the delimiter is the most frequent of comma, semicolon, tab and bar in the first line.
        """
        path = self.source.path
        text, _ = decoded(self.source.peek())
        line = text.partition("\n")[0]
        delimiter = "\t" if self.source.kind == "tsv" else max(",;\t|", key=line.count)
        reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter, strict=True)
        _allow_long_fields()
        remedy = "the first row names the columns, separated by commas (.csv) or tabs (.tsv)"
        if line.count(delimiter) >= _MOST_COLUMNS:
            rule = (
                f"a table has at most {_MOST_COLUMNS:,} columns, this one has {line.count(delimiter) + 1:,}"
            )
            raise CorpusError(rule, path=path, line=1, remedy=remedy)
        try:
            names = next((row for row in reader if any(map(str.strip, row))), [])
        except csv.Error as error:
            rule = f"the header is malformed ({error})"
            raise CorpusError(rule, path=path, line=1, remedy=remedy) from error
        if any("\0" in name for name in names):
            raise CorpusError(f"the header {HOLDS_NUL}", path=path, line=1, remedy=remedy)
        return CsvHeader(tuple(name.strip() for name in names), delimiter, reader.line_num)

    def columns(self) -> Sequence[str] | None:
        """The names in the header; None for an empty file."""
        return self.header.names or None

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The requested columns; every row must have as many fields as the header."""
        header, path = self.header, self.source.path
        nul = False  # whether any byte was NUL
        full = False  # whether a whole block was read

        def lines() -> Iterator[str]:
            nonlocal nul, full
            for block in _without_header(blocks, header.lines):
                nul = nul or b"\0" in block
                yield from map(bytes.decode, io.BytesIO(block))
                full = True

        _allow_long_fields()
        reader = csv.reader(lines(), delimiter=header.delimiter, strict=True)
        rows: list[list[str]] = []
        numbers: list[int] = []  # of their first lines
        while True:
            number = header.lines + reader.line_num + 1
            try:
                row = next(reader, None)
            except csv.Error as error:
                corpus_pass.bad(_explained(error), path=path, line=number)
                continue
            if row is None:
                yield batch_of_rows(rows, numbers, header.names, fields.columns)
                return
            if nul or len(row) != len(header.names):
                row = self._valid(row, number, corpus_pass)
            if row:
                rows.append(row)
                numbers.append(number)
            if full:
                yield batch_of_rows(rows, numbers, header.names, fields.columns)
                rows, numbers, full = [], [], False

    def _valid(self, row: list[str], number: int, corpus_pass: CorpusPass) -> list[str]:
        """The row, mended if its defect is known; empty if it is blank, or bad, which is reported."""
        names, path = self.header.names, self.source.path
        unquoted = unquoted_column(names)
        if unquoted and len(row) > len(names) and (whole := unquoted.rejoined(row, names)):
            corpus_pass.mended("unquoted delimiters joined", path=path, line=number)
            row = whole
        rule = HOLDS_NUL if any("\0" in value for value in row) else None
        if row and len(row) != len(names):
            rule = f"a row has {len(names)} fields as its header, this one has {len(row)}"
        if rule is None:
            return row
        remedy = "quote the field that holds the delimiter" if len(row) > len(names) else "mend the row"
        corpus_pass.bad(rule, path=path, line=number, remedy=remedy)
        return []


def _without_header(blocks: Iterator[LineBlock], lines: int) -> Iterator[bytes]:
    for _, block in blocks:
        while lines and block:
            _, newline, block = block.partition(b"\n")
            lines -= len(newline)
        if block:
            yield block


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


# JSON Lines: an object per line

_MOST_BRACKETS = 1 << 20  # objects and arrays in a row; each takes 30 times its size in memory
_MOST_NEW = 200  # of a block of rows, so that a file with new names in every row does not fill the memory
_DECODE = json.JSONDecoder().raw_decode  # a tenth faster than `json.loads` on short lines
_TYPES = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}

Columns = dict[str, list[Any]]
"""Name -> the values of the rows so far."""


class JsonLinesReader(RowReader):
    """Reads an object per line."""

    def columns(self) -> Sequence[str] | None:
        """The field names in the first hundred lines, in order of appearance; None for an empty file."""
        lines = decoded(self.source.peek())[0].encode().split(b"\n")
        lines = lines[:FIRST_ROWS] if len(lines) > 1 else lines
        names: dict[str, None] = {}
        first: tuple[str, int] | None = None  # the fault of the first line that is not blank
        for number, line in enumerate(lines, 1):
            if not (line := line.strip()):
                continue
            rule = "the object has no fields"
            try:
                names |= dict.fromkeys(_row(line))
            except _BadRowError as error:
                rule = error.rule
            first = first or (rule, number)
        if first and not names:
            rule, number = first
            remedy = "a .jsonl file holds one object per line, with its fields"
            raise CorpusError(rule, path=self.source.path, line=number, remedy=remedy)
        return list(names) or None

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The requested fields; see `RowReader`."""
        for first, block in blocks:
            values: Columns = {name: [] for name in fields.columns}
            numbers: list[int] = []
            needed = fields.needed if b"\\u" in block else ()
            for number, line in enumerate(block.removesuffix(b"\n").split(b"\n"), first):
                if line[:1] != b"{" and not (line := line.strip()):
                    continue
                try:
                    row = _row(line, needed, fields.text)
                except _BadRowError as error:
                    corpus_pass.bad(error.rule, path=self.source.path, line=number, field=error.field)
                    continue
                _append(values, row, len(numbers), fields.every)
                numbers.append(number)
            yield RowBatch({name: _series(column) for name, column in values.items()}, numbers)


def _series(values: list[Any]) -> pl.Series:
    """Values as strings. A field that no document needs may hold halves of surrogate pairs."""
    texts = values if set(map(type, values)) == {str} else list(map(cell_text, values))
    try:
        return pl.Series(texts, dtype=pl.String)
    except UnicodeEncodeError:
        return pl.Series([text and readable(text) for text in texts], dtype=pl.String)


def _append(values: Columns, row: Any, count: int, every: bool) -> None:
    """Append a row to columns of ``count`` values; with ``every``, its other fields become new columns."""
    get = row.get
    if every:
        for name in row:
            if name not in values and len(values) < _MOST_NEW:
                values[name] = [None] * count
    for name, column in values.items():
        column.append(get(name))


class _BadRowError(Exception):
    """The rule that a row breaks, and in which field."""

    def __init__(self, rule: str, field: str | None = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.field = field


def _row(line: bytes, columns: Sequence[str] = (), text: Sequence[str] = ()) -> dict[str, Any]:
    """The object in a line; the fields of ``text`` hold strings or nothing, and ``columns`` Unicode text."""
    if len(line) > _MOST_BRACKETS and line.count(b"{") + line.count(b"[") > _MOST_BRACKETS:
        raise _BadRowError(
            f"is not JSON that can be read (it holds more than {_MOST_BRACKETS:,} opening brackets)"
        )
    try:
        source = line.decode()
        row, end = _DECODE(source)
        if source[end:].strip():
            raise json.JSONDecodeError("Extra data", source, end)
    except json.JSONDecodeError as error:
        raise _BadRowError(f"is not valid JSON ({error.msg}, column {error.pos + 1})") from None
    except (ValueError, RecursionError) as error:
        raise _BadRowError(f"is not JSON that can be read ({error})") from None
    if type(row) is not dict:
        raise _BadRowError(f"a line is a JSON object, this one is {_TYPES[type(row)]}")
    for name in text:
        value = row.get(name)
        if value is not None and type(value) is not str:
            raise _BadRowError(f"text is a string, this is {_TYPES[type(value)]}", name)
    try:
        if columns:
            "".join(cell_text(row.get(name)) or "" for name in columns).encode()
    except UnicodeEncodeError:
        raise _BadRowError(SURROGATE) from None
    return row


# Plain lines, and Parquet


class LineReader(RowReader):
    """Reads a document per line, whose one column has no name in the file."""

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The lines as texts; see `RowReader`."""
        for first, block in blocks:
            lines = block.removesuffix(b"\n").split(b"\n")
            texts = pl.Series(lines, dtype=pl.Binary).cast(pl.String)
            if b"\r" in block:
                texts = texts.str.strip_suffix("\r")
            batch = RowBatch({fields.text[0]: texts}, range(first, first + len(lines)))
            bad = texts.str.contains("\0", literal=True) if b"\0" in block else None
            for i in () if bad is None else bad.arg_true():
                corpus_pass.bad(HOLDS_NUL, path=self.source.path, line=first + i)
            yield batch if bad is None else batch.part(~bad)


class ParquetReader(RowReader):
    """Reads a Parquet file from disk, some rows at a time."""

    def columns(self) -> Sequence[str]:
        """The names of the columns."""
        return list(self.types())

    def types(self) -> dict[str, pl.DataType]:
        """The types of the columns; `CorpusError` if the file is damaged."""
        file = self.source.local()
        with _decoding(self.source.path):
            return dict(pl.read_parquet_schema(file))

    def first_rows(self, columns: Sequence[str]) -> Mapping[str, Iterable[object]]:
        """See `RowReader`."""
        with _decoding(self.source.path):
            head = pl.scan_parquet(self.source.local(), glob=False).select(columns).head(FIRST_ROWS).collect()
        return string_columns(head)

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The requested columns; see `RowReader`.

        The bytes are not parsed. They are taken for the hash and the progress, a block for each batch.
        """
        del corpus_pass
        frame = pl.scan_parquet(self.source.local(), glob=False).select(fields.columns)
        for offset in range(0, 1 << 62, ROWS):
            with _decoding(self.source.path):
                part = frame.slice(offset, ROWS).collect()
            if not len(part):
                return
            yield RowBatch(string_columns(part), range(offset + 1, offset + 1 + len(part)))
            next(blocks, None)


@contextmanager
def _decoding(path: str) -> Iterator[None]:
    """Shorten an error message of Polars to one line."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        rule = f"is a damaged Parquet file ({reason})"
        raise CorpusError(rule, path=path, remedy="write it again") from error


@dataclass(frozen=True)
class RowFormat:
    """A format of files whose rows or lines are documents."""

    name: str  # `TextSource.kind`, and the kind in run.json
    suffixes: tuple[str, ...]
    reader: Callable[[TextSource], RowReader]
    has_fields: bool = True  # whether columns have names, so that fields can be chosen
    magic: bytes | None = None  # first bytes of every file; such files are not read from a pipe


ROW_FORMATS = (
    RowFormat("csv", (".csv",), CsvReader),
    RowFormat("tsv", (".tsv", ".tab"), CsvReader),
    RowFormat("jsonl", (".jsonl", ".ndjson"), JsonLinesReader),
    RowFormat("parquet", (".parquet", ".pq"), ParquetReader, magic=b"PAR1"),
    RowFormat("lines", (".txt", ".text"), LineReader, has_fields=False),
)


def row_format(name: str) -> RowFormat:
    """The format with this name."""
    return next(found for found in ROW_FORMATS if found.name == name)


def row_format_of_suffix(suffix: str) -> RowFormat | None:
    """The format of files with this suffix, in lower case; None for others."""
    return next((found for found in ROW_FORMATS if suffix in found.suffixes), None)
