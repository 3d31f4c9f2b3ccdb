"""Rows of comma- and tab-separated files, with line numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice, repeat

from selfvec.base.errors import CorpusError

from .document_files import MAX_ROW
from .fields import Fields
from .layouts import unquoted_column
from .readable import decoded
from .row_batch import HOLDS_NUL, LineBlock, RowBatch, RowReader, batch_of_rows
from .summary import BATCH_ROWS, CorpusPass

_MOST_COLUMNS = 1 << 16
_TOGETHER = 16  # rows read before their size is looked at


@dataclass(frozen=True)
class CsvHeader:
    """The first row of a file: column names, the delimiter, and how many lines it takes."""

    names: tuple[str, ...]
    delimiter: str
    lines: int


def read_header(head: bytes, path: str, kind: str) -> CsvHeader:
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
        raise CorpusError(f"the header {HOLDS_NUL}", path=path, line=1, remedy=remedy)
    return CsvHeader(tuple(name.strip() for name in names), delimiter, reader.line_num)


class CsvReader(RowReader):
    """Reads the rows of a .csv or .tsv file."""

    @cached_property
    def header(self) -> CsvHeader:
        """The first row."""
        return read_header(self.source.peek(), self.source.path, self.source.kind)

    def columns(self) -> Sequence[str] | None:
        """The names in the header; None for an empty file."""
        return self.header.names or None

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The requested columns; every row must have as many fields as the header."""
        header, path = self.header, self.source.path
        taken = 0  # bytes
        nul = False  # whether any were NUL

        def lines() -> Iterator[str]:
            nonlocal taken, nul
            for block in _without_header(blocks, header.lines):
                taken += len(block)
                nul = nul or b"\0" in block
                yield from map(bytes.decode, io.BytesIO(block))

        _allow_long_fields()
        reader = csv.reader(lines(), delimiter=header.delimiter, strict=True)
        while True:
            before = reader.line_num
            rows: list[list[str]] = []
            wrong: csv.Error | None = None
            taken = 0
            try:
                while taken < corpus_pass.batch_bytes and len(rows) < BATCH_ROWS:
                    read = len(rows)
                    rows.extend(islice(reader, _TOGETHER))
                    if len(rows) == read:
                        break
            except csv.Error as error:
                wrong = error
            plain = wrong is None and reader.line_num - before == len(rows)  # every row is a line
            lengths = repeat(1, len(rows)) if plain else map(_line_count, rows)
            *numbers, end = accumulate(lengths, initial=header.lines + before + 1)
            valid = rows, numbers
            if nul or set(map(len, rows)) != {len(header.names)}:
                valid = _valid_rows(rows, numbers, header, path, corpus_pass)
            yield batch_of_rows(*valid, header.names, fields.columns)
            if wrong is not None:
                corpus_pass.bad(_explained(wrong), path=path, line=end)
            elif not rows:
                return


def _without_header(blocks: Iterator[LineBlock], lines: int) -> Iterator[bytes]:
    for _, block in blocks:
        while lines and block:
            _, newline, block = block.partition(b"\n")
            lines -= len(newline)
        if block:
            yield block


def _line_count(row: list[str]) -> int:
    """The number of lines of a row; newlines in quoted fields are kept."""
    return 1 + "".join(row).count("\n")


def _valid_rows(
    rows: list[list[str]],
    numbers: list[int],  # of their first lines
    header: CsvHeader,
    path: str,
    corpus_pass: CorpusPass,
) -> tuple[list[list[str]], list[int]]:
    """The valid rows and their lines; the others are reported one by one."""
    width = len(header.names)
    unquoted = unquoted_column(header.names)
    valid: list[list[str]] = []
    kept: list[int] = []
    for number, row in zip(numbers, rows, strict=True):
        if unquoted and len(row) > width and (whole := unquoted.rejoined(row, header.names)):
            corpus_pass.mended("unquoted delimiters joined", path=path, line=number)
            row = whole
        if rule := _fault(row, header):
            remedy = "quote the field that holds the delimiter" if len(row) > width else "mend the row"
            corpus_pass.bad(rule, path=path, line=number, remedy=remedy)
        elif row:
            valid.append(row)
            kept.append(number)
    return valid, kept


def _fault(row: list[str], header: CsvHeader) -> str | None:
    """The rule that a row breaks; None if it breaks none."""
    if row and len(row) != len(header.names):
        return f"a row has {len(header.names)} fields as its header, this one has {len(row)}"
    return HOLDS_NUL if any("\0" in value for value in row) else None


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
