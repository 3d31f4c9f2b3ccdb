"""Files of values separated by commas, tabs, semicolons or bars: their header, and where each row ends.

A quote that is left open would take the rows after it into one field, without a word. So a row over several
lines is believed only if it is quoted as a writer of such files quotes it and has as many fields as the
header. Another row is mended if its defect is known; else its first line is malformed, and reading goes on
at the line after it. Tables with tabs are often written without quoting: there a quote without a partner is
text.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain, compress, dropwhile, islice, tee
from typing import Any

from selfvec.base.display import count_of
from selfvec.base.errors import CorpusError

from .columns import HOLDS_NUL, LineBlock, RowBatch, RowReader, batch_of_rows
from .document_files import MAX_ROW
from .fields import Fields
from .streams import newlines
from .summary import CorpusPass

_MOST_COLUMNS = 1 << 16
_MOST_LINES = 1 << 20  # of one row; each takes fifty bytes besides its text
_LOOKED_AT = 20  # rows that tell the delimiter
_AT_ONCE = 1 << 10  # lines that are held, if rows end in them: few enough for the caches of a processor
_ASKED = re.compile(r'"?sep=([^\n])"?\1*[ \t]*\r?(?:\n|\Z)', re.IGNORECASE)
"""Excel's first line, which names the delimiter."""
_QUOTED = r'(?<![^{0}\r\n]) *"[^"]*+(?:""[^"]*+)*+"'  # from the start of a field; {0} are delimiters
_ESCAPED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')
_LONE_RETURN = re.compile(r"\r(?!\n|\Z)")


@dataclass(frozen=True)
class CsvHeader:
    """The first row of a file: column names, the delimiter, and how many lines it takes."""

    names: tuple[str, ...]
    delimiter: str
    lines: int
    blanks: bool = False  # whether quotes follow blanks, as in: a, "b, c"

    @cached_property
    def least(self) -> int:
        """The fields that a row must have: up to the last one with a name."""
        return max((i for i, name in enumerate(self.names, 1) if name), default=len(self.names))

    @cached_property
    def dialect(self) -> dict[str, Any]:
        return {"delimiter": self.delimiter, "skipinitialspace": self.blanks, "strict": True}


class CsvReader(RowReader):
    @cached_property
    def header(self) -> CsvHeader:
        """The first row; no columns for an empty file.

        Excel's line ``sep=;`` names the delimiter. Without it that of a .csv is the one of comma, semicolon,
        tab and bar, outside quotes, that gives the first rows as many fields as the header.
        """
        path = self.source.path
        text = self.head()
        asked = _ASKED.match(text)
        text = text[asked.end() :] if asked else text
        delimiter = asked[1] if asked else "\t" if self.source.kind == "tsv" else _delimiter(text)
        remedy = "the first row names the columns, separated by commas (.csv) or tabs (.tsv)"
        columns = text.partition("\n")[0].count(delimiter) + 1
        if columns > _MOST_COLUMNS:
            rule = f"a table has at most {_MOST_COLUMNS:,} columns, this one has {columns:,}"
            raise CorpusError(rule, path=path, line=1, remedy=remedy)
        try:
            header = _first_row(text, delimiter)
        except csv.Error as error:
            rule = f"the header is malformed ({error})"
            raise CorpusError(rule, path=path, line=1, remedy=remedy) from error
        if any("\0" in name for name in header.names):
            raise CorpusError(f"the header {HOLDS_NUL}", path=path, line=1, remedy=remedy)
        return CsvHeader(header.names, delimiter, header.lines + bool(asked), header.blanks)

    def columns(self) -> Sequence[str] | None:
        """The names in the header, without columns at its end that have none; None for an empty file."""
        if len(self.header.names) == 1 and (line := _later_header(self.head())):
            rule = f"lines stand above the header, which seems to be line {line}"
            remedy = f"cut them off: tail -n +{line}"
            raise CorpusError(rule, path=self.source.path, line=1, remedy=remedy)
        return self.header.names[: self.header.least] or None

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The requested columns; every row must have as many fields as the header."""
        _allow_long_fields()
        header = self.header
        lines = _Lines(blocks, header.lines)
        table = _Table(header, self.source.path, lines, corpus_pass)
        while lines.more():
            end = lines.end  # a row that goes on in the next block begins before it
            while lines.first < end:
                table.read(end - lines.first)
            table.leave_out_headers()
            yield batch_of_rows(table.rows, table.numbers, header.names, fields.columns)
            table.rows, table.numbers = [], []
        table.note()


def _first_row(text: str, delimiter: str) -> CsvHeader:
    """The header at the beginning of a file, with an unnamed column for each field that rows end with."""
    blanks = _has_blanks(text, delimiter)
    how: dict[str, Any] = {"delimiter": delimiter, "skipinitialspace": blanks, "strict": True}
    _allow_long_fields()
    try:
        names, lines = _named(text, how)
    except csv.Error:
        if delimiter != "\t":
            raise
        names, lines = _named(text, {"delimiter": delimiter, "quoting": csv.QUOTE_NONE})
        names = [name.strip('" ') for name in names]  # quotes without a partner are no part of a name
    below = _rows_below(text, delimiter, blanks)
    row = next(islice(below, 1, None), []) if names else []
    more = [""] * (len(row) - len(names)) if not any(row[len(names) :]) else []
    return CsvHeader((*(name.strip() for name in names), *more), delimiter, lines, blanks)


_LONGEST_NAME = 40  # characters of a name in a header that stands below other lines


def _later_header(text: str) -> int | None:
    """The line of a header below lines that are no table, such as the title of a report; None without one.

    It has several short names, and all rows below it that are looked at, two at least, have as many fields.
    """
    for delimiter in ",;\t|":
        rows = islice(_numbered_rows(text, delimiter), _LOOKED_AT)
        table = [(line, row) for line, row in dropwhile(lambda numbered: len(numbered[1]) < 2, rows) if row]
        if len(table) > 2 and len({len(row) for _, row in table}) == 1:
            line, header = table[0]
            names = [name.strip() for name in header]
            if len(set(names)) == len(names) and all(0 < len(name) <= _LONGEST_NAME for name in names):
                return line
    return None


def _named(text: str, how: dict[str, Any]) -> tuple[list[str], int]:
    """The first row that is not blank, and how many lines it takes with those before it."""
    reader = csv.reader(io.StringIO(text, newline="\n"), **how)
    return next((row for row in reader if any(map(str.strip, row))), []), reader.line_num


def _delimiter(text: str) -> str:
    bare = re.sub(_QUOTED.format(r",;\t|"), "", text, count=_MOST_COLUMNS).lstrip("\r\n")
    first = bare.partition("\n")[0]
    delimiters = [sign for sign in ",;\t|" if sign in first]
    if len(delimiters) < 2:
        return delimiters[0] if delimiters else ","
    return max(delimiters, key=lambda sign: (_agreeing(text, sign), first.count(sign)))


def _has_blanks(text: str, delimiter: str) -> bool:
    """Whether quotes follow blanks in a table, and rows are read right if such blanks are left out."""
    if delimiter == "\t" or f'{delimiter} "' not in text:
        return False
    d = re.escape(delimiter)
    bare = re.sub(_QUOTED.format(d).replace(" *", "", 1), "", text)
    spaced = re.search(rf'{d} +"', bare) is not None
    return spaced and _agreeing(text, delimiter, blanks=True) >= _agreeing(text, delimiter)


def _agreeing(text: str, delimiter: str, blanks: bool = False) -> int:
    """How many of the first rows have as many fields as the first one."""
    widths = [len(row) for row in islice(_rows_below(text, delimiter, blanks), _LOOKED_AT)]
    return widths.count(widths[0]) if widths else 0


def _rows_below(text: str, delimiter: str, blanks: bool) -> Iterator[list[str]]:
    return (row for _, row in _numbered_rows(text, delimiter, blanks) if row)


def _numbered_rows(text: str, delimiter: str, blanks: bool = False) -> Iterator[tuple[int, list[str]]]:
    """The rows of the beginning of a file up to the first malformed one, each with its first line."""
    whole = text[: text.rfind("\n") + 1] or text
    reader = csv.reader(io.StringIO(whole, newline="\n"), delimiter=delimiter, skipinitialspace=blanks)
    line = 1
    with suppress(csv.Error):
        for row in reader:
            yield line, row
            line = reader.line_num + 1


class _Lines:
    """The lines below the header from the first that is not read yet; any number of them can be looked at."""

    def __init__(self, blocks: Iterator[LineBlock], header: int) -> None:
        self.first = 1  # the number of the first of them
        self.end = 1  # that of the line after the blocks that were taken so far
        self.nul = False  # whether any byte of these blocks is NUL
        self._lines: Iterator[str] = chain.from_iterable(self._taken(block) for _, block in blocks)
        self.forget(header)

    def _taken(self, block: bytes) -> Iterator[str]:
        self.end += newlines(block) + (block[-1:] not in (b"", b"\n"))  # the last one may have no end
        self.nul = self.nul or b"\0" in block
        return map(bytes.decode, io.BytesIO(block))

    def more(self) -> bool:
        """Whether there is another line. Another block is taken if all lines of those so far are read."""
        return next(self.ahead(), None) is not None

    def ahead(self) -> Iterator[str]:
        self._lines, again = tee(self._lines)
        return again

    def forget(self, number: int) -> None:
        """Go on after the first ``number`` lines, which were read."""
        self.first += number
        deque(islice(self._lines, number), maxlen=0)


@dataclass
class _Places:
    """How many rows had a peculiarity, and the line of the first one."""

    rows: int = 0
    line: int = 0

    def add(self, line: int) -> None:
        self.line = self.line or line
        self.rows += 1

    def __str__(self) -> str:
        return f"{count_of(self.rows, 'row')}, first in line {self.line}"


@dataclass
class _Table:
    header: CsvHeader
    path: str
    lines: _Lines
    corpus_pass: CorpusPass
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)  # of their first lines
    doubtful: _Places = field(default_factory=_Places)  # over several lines that might be rows themselves
    headers: _Places = field(default_factory=_Places)  # that are the header again
    ends: _Places = field(default_factory=_Places)  # with empty fields after the last column

    def read(self, number: int) -> None:
        """Read rows of the next ``number`` lines, up to one that needs a closer look and with it."""
        held = list(islice(self.lines.ahead(), min(number, _AT_ONCE)))
        used = self._sound_rows(held)
        self.lines.forget(used)
        if used < len(held):
            self.lines.forget(self._odd_row())

    def leave_out_headers(self) -> None:
        """Leave out rows that are the header again, as files have them that were put one after another."""
        names = self.header.names
        again = [
            row[0].strip() == names[0] and len(names) > 1 and tuple(map(str.strip, row)) == names
            for row in self.rows
        ]
        for line in compress(self.numbers, again):
            self.headers.add(line)
        if any(again):
            kept = [not header for header in again]
            self.rows, self.numbers = list(compress(self.rows, kept)), list(compress(self.numbers, kept))

    def note(self) -> None:
        note = self.corpus_pass.summary.note
        if self.headers.rows:
            note(f"{self.path}: rows that are the header again are left out ({self.headers})")
        if self.header.blanks:
            note(f"{self.path}: blanks between a delimiter and a quote are left out")
        if self.ends.rows:
            note(f"{self.path}: empty fields after the last column are left out ({self.ends})")
        if self.doubtful.rows:
            note(
                f"{self.path}: a quoted field holds lines that look like rows ({self.doubtful}); "
                "if these are rows, a quote is left open there"
            )

    def _sound_rows(self, held: Sequence[str]) -> int:
        """Read rows of some lines, up to the first that needs a closer look; how many lines they take."""
        width, nul = len(self.header.names), self.lines.nul
        # Polars reads clean blocks ten times as fast, and DuckDB twice. But at a quote too many both lose
        # other rows, neither gives the line of a bad row, and to find clean blocks is to check every quote.
        reader = csv.reader(held, **self.header.dialect)
        start, first = 0, self.lines.first
        append, number = self.rows.append, self.numbers.append
        with suppress(csv.Error):
            for row in reader:
                end = reader.line_num
                # Nearly all rows have one line and no NUL, and need no call.
                usual = len(row) == width and end - start == 1 and not nul
                if usual or self._is_sound(row, held[start:end]):
                    append(row)
                    number(first + start)
                elif row:
                    break
                start = end
        return start

    def _is_sound(self, row: Sequence[str], lines: Sequence[str]) -> bool:
        """Whether a row needs no closer look: it fits the header, and its quotes tell where it ends."""
        if len(row) != len(self.header.names) or (self.lines.nul and _holds_nul(row)):
            return False
        return not self._looks_like_rows(lines) and self._is_quoted(row, lines)

    def _is_quoted(self, row: Sequence[str], lines: Sequence[str], blanks: bool = False) -> bool:
        """Whether the quotes of a row over several lines are where a writer puts them.

        The `csv` module has checked those of fields in quotes, such as every field with a line end.
        """
        for value in row if len(lines) > 1 else ():
            if '"' in value and "\n" not in value:
                pattern = _row_pattern(self.header.delimiter, blanks or self.header.blanks)
                return pattern.fullmatch("".join(lines)) is not None
        return True

    def _looks_like_rows(self, lines: Sequence[str]) -> bool:
        """Whether each of several lines would be a row, if quotes did not count."""
        between, delimiter = len(self.header.names) - 1, self.header.delimiter
        # The first and the last line tell nearly always, and a row may have a million.
        if len(lines) == 1 or not lines[0].count(delimiter) == lines[-1].count(delimiter) == between > 0:
            return False
        for line in lines:  # noqa: SIM110 (a third of the time of `all`)
            if line.count(delimiter) != between:
                return False
        return True

    def _odd_row(self) -> int:
        """Read, mend or report the row that begins in the next line; how many lines it takes."""
        number = self.lines.first
        row, lines, fault = self._next()
        if fault is None and self._take(row, lines):
            return len(lines)
        for repair, rows, used in self._repairs(row, lines):
            self.corpus_pass.mended(repair, path=self.path, line=number)
            self.rows += rows
            self.numbers += [number] * len(rows)
            return used
        width = len(self.header.names)
        fault = HOLDS_NUL if _holds_nul(row) else fault
        if fault is None:
            differ = f"a row has {width} fields as its header, this one has {len(row)}"
            fault = differ if len(row) != width else "a quote is left open in this row, or in one below it"
        remedy = "quote the field that holds the delimiter" if len(row) > width else "mend the row"
        self.corpus_pass.bad(fault, path=self.path, line=number, remedy=remedy)
        return 1

    def _next(
        self, change: Callable[[str], str] = str, **dialect: Any
    ) -> tuple[list[str], list[str], str | None]:
        """The row that begins in the next line, the lines that were looked at, and why it is no row."""
        lines: list[str] = []
        ahead = _of_a_row(map(change, self.lines.ahead()), lines)
        reader = csv.reader(ahead, **{**self.header.dialect, **dialect})
        try:
            return next(reader), lines, None
        except csv.Error as error:
            return [], lines, _explained(error)

    def _take(self, row: list[str], lines: Sequence[str]) -> bool:
        """Take a row that is not odd after all: with empty fields more or less at its end."""
        fitted, number = self._fitted(row), self.lines.first
        if fitted is None or not self._is_quoted(row, lines):
            return False
        if self._looks_like_rows(lines):
            if self.header.delimiter == "\t":
                return False  # texts hold commas, and hardly ever tabs
            self.doubtful.add(number)
        if len(row) > len(fitted):
            self.ends.add(number)
        self.rows.append(fitted)
        self.numbers.append(number)
        return True

    def _fitted(self, row: list[str]) -> list[str] | None:
        """A row with as many fields as the header; None unless only empty or unnamed ones differ."""
        width = len(self.header.names)
        if len(row) < self.header.least or any(row[width:]) or _holds_nul(row):
            return None
        return row[:width] + [""] * (width - len(row))

    def _repairs(self, row: list[str], lines: list[str]) -> Iterator[tuple[str, list[list[str]], int]]:
        """What the defect of a row may be, the rows without it, and how many lines they take."""
        line = lines[0]
        if len(row) > len(self.header.names) and (whole := self._rejoined(row)):
            yield "unquoted delimiters joined", [whole], len(lines)
        if ' "' in line:
            yield from self._mended("a blank before a quote left out", skipinitialspace=True)
        if any('\\"' in piece for piece in lines):
            yield from self._mended("quotes escaped by backslashes", change=_doubled)
        if _LONE_RETURN.search(line) and (rows := self._split(_LONE_RETURN.split(line))):
            yield "a line end of another kind", rows, 1
        if self.header.delimiter == "\t" and '"' in line:
            yield from self._mended("a quote without a partner is text", quoting=csv.QUOTE_NONE)

    def _rejoined(self, row: Sequence[str]) -> list[str] | None:
        """A row in which delimiters before a blank are punctuation, as in SMITH, ANN, if it then fits.

        No blank follows the delimiters of a table, unless its header says otherwise.
        """
        whole: list[str] = []
        for value in row:
            if whole and value[:1] == " " and value.strip():
                whole[-1] += self.header.delimiter + value
            else:
                whole.append(value)
        return whole if len(whole) == len(self.header.names) and not self.header.blanks else None

    def _mended(self, repair: str, **how: Any) -> Iterator[tuple[str, list[list[str]], int]]:
        """A row that is read in another way, if it then fits the header."""
        row, lines, _ = self._next(**how)
        fitted = self._fitted(row)
        if fitted and self._is_quoted(row, lines, blanks=True):
            yield repair, [fitted], len(lines)

    def _split(self, pieces: Sequence[str]) -> list[list[str]]:
        """The rows in pieces of a line, none unless each is one."""
        try:
            rows = list(filter(None, map(self._fitted, csv.reader(pieces, **self.header.dialect))))
        except csv.Error:
            return []
        return rows if len(rows) == len(pieces) else []


def _of_a_row(lines: Iterable[str], seen: list[str]) -> Iterator[str]:
    """As many lines as a row may have, each of which ``seen`` receives."""
    size = 0
    for line in lines:
        if len(seen) > _MOST_LINES or size > MAX_ROW:
            return
        seen.append(line)
        size += len(line)
        yield line


@lru_cache
def _row_pattern(delimiter: str, blanks: bool) -> re.Pattern[str]:
    """A row in which quotes open a field, close it or are doubled."""
    d = re.escape(delimiter)
    field = rf'(?:{" *" if blanks else ""}"[^"]*+(?:""[^"]*+)*+"|[^"\r\n{d}]*+)'
    return re.compile(rf"{field}(?:{d}{field})*+\r?\n?")


def _doubled(line: str) -> str:
    """A line with doubled quotes for those that follow a backslash."""
    return _ESCAPED.sub(r'\1""', line)


def _holds_nul(row: Sequence[str]) -> bool:
    return any("\0" in value for value in row)


def _explained(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end of data" in message:
        return "a quoted field that begins in this row is never closed"
    if "field larger" in message:
        return f"a field is at most {MAX_ROW >> 20} MiB long; is a quote left open?"
    if "expected after" in message:
        return "a quote inside a quoted field is doubled, this one is not"
    if "new-line character" in message:
        return "a carriage return ends a line here, and a newline elsewhere in this file"
    return f"is a malformed row ({message})"


def _allow_long_fields() -> None:
    # The limit of 128 KiB is shared by the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW))
