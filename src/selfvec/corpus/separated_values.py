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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from itertools import chain, dropwhile, islice, takewhile, tee
from typing import Any

from selfvec.base.errors import CorpusError

from .columns import FIRST_ROWS, HOLDS_NUL, LineBlock, RowBatch, RowReader, batch_of_rows
from .document_files import MAX_ROW
from .field_names import has_text_name
from .fields import Fields, is_heading
from .streams import HEAD, newlines
from .summary import CorpusPass

_MOST_COLUMNS = 1 << 16  # four times those of a spreadsheet: more are a wrong delimiter, or an attack
_MOST_LINES = 1 << 20  # of one row; each takes fifty bytes besides its text
_DELIMITERS = ",;\t|"  # that may be delimiters
_LOOKED_AT = 20  # rows that tell the delimiter
_AT_ONCE = 1 << 10  # lines that are held, if rows end in them: few enough for the caches of a processor
_ASKED = re.compile(r'"?sep=([^\n])"?\1*[ \t]*\r?(?:\n|\Z)', re.IGNORECASE)
"""Excel's first line, which names the delimiter."""
_QUOTED = r'(?<![^{0}\r\n])"[^"]*+(?:""[^"]*+)*+"'  # from the start of a field; {0} are delimiters
_ESCAPED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')
_LONE_RETURN = re.compile(r"\r(?!\n|\Z)")


@dataclass(frozen=True)
class CsvHeader:
    """The first row of a file: column names, the delimiter, and how many lines it takes."""

    names: tuple[str, ...]
    delimiter: str
    lines: int
    blanks: bool = False  # whether quotes follow blanks, as in: a, "b, c"
    second: bool = False  # whether names of groups of columns stand above it

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
        best = "\t" if self.source.kind == "tsv" else max(_DELIMITERS, key=partial(_fit, text))
        delimiter = asked[1] if asked else best
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
        return replace(header, lines=header.lines + bool(asked))

    def columns(self) -> Sequence[str] | None:
        """The names in the header, without columns at its end that have none; None for an empty file."""
        tables = _tables(self.head()) if len(self.header.names) == 1 else iter(())
        if line := next((line for _, line, _ in tables), None):
            rule = f"lines stand above the header, which seems to be line {line}"
            remedy = f"cut them off: tail -n +{line}"
            raise CorpusError(rule, path=self.source.path, line=1, remedy=remedy)
        return self.header.names[: self.header.least] or None

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The requested columns; every row must have as many fields as the header."""
        _allow_long_fields()
        lines = _Lines(blocks, self.header.lines)
        table = _Table(self.header, self.source.path, lines, corpus_pass)
        while lines.more():
            end = lines.end  # a row that goes on in the next block begins before it
            while lines.first < end:
                table.read(end - lines.first)
            yield table.batch(fields.columns)
        if table.rows:
            yield table.batch(fields.columns, last=True)
        table.note()


def _first_row(text: str, delimiter: str) -> CsvHeader:
    """The header at the beginning of a file, with an unnamed column for each field that rows end with."""
    blanks = _has_blanks(text, delimiter)
    _allow_long_fields()
    try:
        names, lines = _named(text, CsvHeader((), delimiter, 0, blanks).dialect)
    except csv.Error:
        if delimiter != "\t":
            raise
        names, lines = _named(text, {"delimiter": delimiter, "quoting": csv.QUOTE_NONE})
        names = [name.strip('" ') for name in names]  # quotes without a partner are no part of a name
    below = list(islice(_rows_below(text, delimiter, blanks), FIRST_ROWS)) if names else []
    rows = [row for _, row in below[1:]]
    second = len(set(names)) < len(names) and bool(rows) and len(set(filter(None, rows[0]))) == len(rows[0])
    second = second and any(is_heading(rows[0], names, rows[start:]) for start in (1, 2))
    if second:
        names, lines, rows = rows[0], below[2][0] - 1, rows[1:]
    more = [""] * (len(rows[0]) - len(names)) if rows and not any(rows[0][len(names) :]) else []
    names = [*(name.strip() for name in names), *more]
    return CsvHeader(tuple(names), delimiter, lines, blanks, second)


_LONGEST_NAME = 40  # characters of a name in a header that stands below other lines, or in a text


def _tables(text: str) -> Iterator[tuple[str, int, list[list[str]]]]:
    """What may be tables in a text that is none by its name: delimiter, line of the header, first rows.

    A header has several short names, and all rows below it that are looked at, two at least, have as many
    fields. It may stand below other lines, such as the title of a report.
    """
    for delimiter in _DELIMITERS:
        rows = islice(_rows_below(text, delimiter), _LOOKED_AT)
        below = list(dropwhile(lambda numbered: len(numbered[1]) < 2, rows))
        table = [row for _, row in below]
        if len(table) > 2 and {len(row) for row in table} == {len(table[0])}:
            names = [name.strip() for name in table[0]]
            names = names[: -1 if names[-1] == "" else None]  # a delimiter may end every line
            if len(set(names)) == len(names) and all(0 < len(name) <= _LONGEST_NAME for name in names):
                yield delimiter, below[0][0], table


def delimiter_of(text: str) -> str | None:
    """The delimiter if a text is a table, whose first row names its columns; else None.

    Commas and bars stand in sentences, so that there a field must have a usual name of a text.

    >>> delimiter_of("n;who\\n1;Ann\\n2;Bo\\n3;Cy\\n"), delimiter_of("Yes, please\\nNo, thanks\\nSo, what\\n")
    (';', None)
    """
    first = text.lstrip("\r\n").partition("\n")[0]
    if all(max(map(len, first.split(delimiter))) > _LONGEST_NAME for delimiter in _DELIMITERS):
        return None  # of most texts that tells already
    for delimiter, line, (names, *rows) in _tables(text):
        if line == 1 and (has_text_name(names) or (delimiter in ";\t" and is_heading(names, names, rows))):
            return delimiter
    return None


def _named(text: str, how: dict[str, Any]) -> tuple[list[str], int]:
    """The first row that is not blank, and how many lines it takes with those before it."""
    reader = csv.reader(io.StringIO(text, newline="\n"), **how)
    return next((row for row in reader if any(map(str.strip, row))), []), reader.line_num


def _has_blanks(text: str, delimiter: str) -> bool:
    """Whether quotes follow blanks in a table, and rows are read right if such blanks are left out."""
    if delimiter == "\t" or f'{delimiter} "' not in text:
        return False
    d = re.escape(delimiter)
    bare = re.sub(_QUOTED.format(d), "", text)
    spaced = re.search(rf'{d} +"', bare) is not None
    return spaced and _fit(text, delimiter, blanks=True)[0] >= _fit(text, delimiter)[0]


def _fit(text: str, delimiter: str, blanks: bool = False) -> tuple[int, int]:
    """How many of the first rows have as many fields as the first one, and its fields, if it is divided."""
    widths = [len(row) for _, row in islice(_rows_below(text[:HEAD], delimiter, blanks), _LOOKED_AT)]
    return (widths.count(widths[0]), widths[0]) if widths and widths[0] > 1 else (0, 0)


def _rows_below(text: str, delimiter: str, blanks: bool = False) -> Iterator[tuple[int, list[str]]]:
    """The first rows of a file that are not blank, up to a malformed one, each with its first line."""
    whole = text[: text.rfind("\n") + 1] or text
    reader = csv.reader(io.StringIO(whole, newline="\n"), delimiter=delimiter, skipinitialspace=blanks)
    line = 1
    with suppress(csv.Error):
        for row in reader:
            if row:
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


_TOTAL = re.compile(
    r"(?:(?:grand )?totals?|total (?:general|général|geral)|sum|gesamt(?:ergebnis|summe)?|summe|somme|totaal|"
    r"totalt|totale(?: complessivo)?|suma(?: końcowa)?|eindtotaal|razem|celkem|итого|общий итог|"
    r"合计|总计|総計)\s*(?:\([^()]*\))?\s*:?",
    re.IGNORECASE,
)
_FILTERS = re.compile(
    r"(?:applied filters|angewendete filter|filtres appliqués|filtros aplicados|filtri applicati|"
    r"toegepaste filters)\s*:\s*\n|no filters applied\Z",
    re.IGNORECASE,
)
_NO_SUM = re.compile(r"[^\W\d_]|\d[-/:]\d")  # a word, a day or a time


def _is_end(row: Sequence[str]) -> bool:
    """Whether a row may stand below the documents of a table that a program has summed up or filtered.

    A total has only numbers beside its name, and the list of filters is alone in its row.
    """
    first, *others = [value.strip() for value in row if value.strip()] or [""]
    if _TOTAL.fullmatch(first):
        return len(row) > 1 and not any(map(_NO_SUM.search, others))
    return not others and _FILTERS.match(first) is not None


@dataclass
class _Table:
    header: CsvHeader
    path: str
    lines: _Lines
    corpus_pass: CorpusPass
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)  # of their first lines

    def read(self, number: int) -> None:
        """Read rows of the next ``number`` lines, up to one that needs a closer look and with it."""
        held = list(islice(self.lines.ahead(), min(number, _AT_ONCE)))
        used = self._sound_rows(held)
        self.lines.forget(used)
        if used < len(held):
            self.lines.forget(self._odd_row())

    def batch(self, columns: Sequence[str], *, last: bool = False) -> RowBatch:
        """The rows that were read and are documents; those that may end the table wait for its end."""
        kept = self._documents(last)
        batch = batch_of_rows(self.rows[:kept], self.numbers[:kept], self.header.names, columns)
        del self.rows[:kept], self.numbers[:kept]
        return batch

    def _documents(self, last: bool) -> int:
        """Leave out rows that are no documents; how many of the others need not wait."""
        names = self.header.names
        # as files have it that were put one after another
        alike = (place for place, row in enumerate(self.rows) if row[0].strip() == names[0] and names[1:])
        again = [place for place in alike if tuple(map(str.strip, self.rows[place])) == names]
        self._leave_out("rows that repeat the header", again)
        ends = list(takewhile(lambda row: _is_end(row) or not any(row), reversed(self.rows)))
        kept = len(self.rows) - (len(ends) if any(map(any, ends)) else 0)  # rows that are blank need not wait
        if last:
            below = [place for place in range(kept, len(self.rows)) if any(self.rows[place])]
            self._leave_out("totals and filters below the table", below)
        return len(self.rows) if last else kept

    def _leave_out(self, what: str, places: Collection[int]) -> None:
        for place in places:
            self.corpus_pass.repaired({f"{what} left out": 1}, path=self.path, line=self.numbers[place])
        if gone := set(places):
            self.rows = [row for place, row in enumerate(self.rows) if place not in gone]
            self.numbers = [line for place, line in enumerate(self.numbers) if place not in gone]

    def note(self) -> None:
        note = self.corpus_pass.summary.note
        if self.header.second:
            where = f"the second, in line {self.header.lines}, names the columns"
            note(f"{self.path}: the table has two header rows; {where}")
        if self.header.blanks:
            note(f"{self.path}: blanks between a delimiter and a quote are left out")

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
        remedy = "quote the field that holds the delimiter" if len(row) > width else "correct the row"
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
            what = "a quoted field holds lines that look like rows; if they are, a quote is left open there"
            self.corpus_pass.unread(f"{self.path}:{number}", "rows in quotes", what, "row")
        if len(row) > len(fitted):
            self.corpus_pass.mended(
                "empty fields after the last column left out", path=self.path, line=number
            )
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
            doubled = partial(_ESCAPED.sub, r'\1""')
            yield from self._mended("quotes escaped by backslashes", change=doubled)
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


def _holds_nul(row: Sequence[str]) -> bool:
    return any("\0" in value for value in row)


_FAULTS = {
    "unexpected end of data": "a quoted field that begins in this row is never closed",
    "expected after": "a quote inside a quoted field is doubled, this one is not",
    "new-line character": "a carriage return ends a line here, and a newline elsewhere in this file",
}
"""What the `csv` module says of a row, and what is wrong with it."""


def _explained(error: csv.Error) -> str:
    faults = (fault for sign, fault in _FAULTS.items() if sign in str(error))
    return next(faults, f"is a malformed row ({error})")


def _allow_long_fields() -> None:
    # The limit of 128 KiB is shared by the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW))
