"""Rows of comma- and tab-separated files, exact to the line, and fast where the file is clean.

Blocks in which every quote and every column stands where it should are cut by `csv_fast`; from the first
doubt on, Python's own `csv` reads the rest of the file and says what is wrong and where. Both give the same
rows (a test holds them to it).
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selfvec.base.errors import CorpusError

from .csv_fast import cut
from .streams import MAX_ROW, line_blocks
from .summary import Reading
from .tables import ICONV, NUL, Table, table_of

__all__ = ["Header", "read_csv", "read_header"]

_SOILED = re.compile("[\0\udc80-\udcff]")
"""What is left of NUL bytes and of bytes that are not UTF-8 after decoding them with surrogates."""


_EXPORT_DATE = re.compile(r"\d{2}/\d{2}/\d{4}", re.ASCII)


@dataclass(frozen=True)
class Header:
    """The first row of a file: column names, the delimiter, and how many lines it takes."""

    names: tuple[str, ...]
    delimiter: str
    lines: int


def read_header(head: bytes, path: str, kind: str) -> Header:
    """The header of a file that begins with ``head``; none in an empty file.

    In a .csv the delimiter is the most frequent of comma, semicolon, tab and bar in the first line.

    Raises
    ------
    CorpusError
        If the first row is not sound.
    """
    text = head.decode("utf-8", "surrogateescape")
    line = text.partition("\n")[0]
    delimiter = "\t" if kind == "tsv" else max(",;\t|", key=line.count)
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter, strict=True)
    _allow_long_fields()
    remedy = "the first row names the columns, separated by commas (.csv) or tabs (.tsv)"
    try:
        names = next((row for row in reader if any(map(str.strip, row))), [])
    except csv.Error as error:
        rule = f"the header is not sound ({error})"
        raise CorpusError(rule, path=path, line=1, remedy=remedy) from error
    if any(_SOILED.search(name) for name in names):
        raise CorpusError("the header is not UTF-8 text", path=path, line=1, remedy=ICONV)
    return Header(tuple(name.strip() for name in names), delimiter, reader.line_num)


def read_csv(
    chunks: Iterator[bytes], header: Header, columns: Sequence[str], path: str, reading: Reading
) -> Iterator[Table]:
    """The columns asked for; every row has to be as wide as the header."""
    wanted = [header.names.index(name) for name in columns]
    chunks, first = _without_header(chunks, header.lines), header.lines + 1
    rest = b""
    for chunk in itertools.chain(chunks, [b""]):
        rest += chunk if chunk or rest[-1:] in (b"", b"\n") else b"\n"
        rows = cut(rest, header.delimiter, len(header.names), wanted)
        if rows is None or len(rest) > MAX_ROW:
            yield from _carefully(itertools.chain([rest], chunks), first, header, columns, path, reading)
            return
        if len(rows.lines):
            yield Table(dict(zip(columns, rows.columns, strict=True)), rows.lines + first)
        rest, first = rest[rows.length :], first + rows.newlines
    if rest:  # a quote is open at the end
        yield from _carefully(iter([rest]), first, header, columns, path, reading)


def _without_header(chunks: Iterator[bytes], lines: int) -> Iterator[bytes]:
    for chunk in chunks:
        while lines and chunk:
            _, newline, chunk = chunk.partition(b"\n")
            lines -= len(newline)
        if chunk:
            yield chunk


def _carefully(
    chunks: Iterator[bytes], first: int, header: Header, columns: Sequence[str], path: str, reading: Reading
) -> Iterator[Table]:
    """Row by row with `csv.reader`, judging each."""
    _allow_long_fields()
    taken = [0]
    lines = _decoded(line_blocks(chunks, path, first), taken)
    reader = csv.reader(lines, delimiter=header.delimiter, strict=True)
    wanted = [header.names.index(name) for name in columns]
    rows: list[list[str]] = []
    numbers: list[int] = []
    while True:
        number = first + reader.line_num
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
        if taken[0] >= reading.batch_bytes:
            taken[0] = 0
            yield table_of(rows, numbers, columns)
            rows, numbers = [], []
    yield table_of(rows, numbers, columns)


def _decoded(blocks: Iterator[tuple[int, bytes]], taken: list[int]) -> Iterator[str]:
    """Lines as text; bytes that are no UTF-8 become surrogates, to be found row by row."""
    for _, block in blocks:
        # Line by line, since one odd letter doubles the width of all that is decoded with it.
        for line in block.removesuffix(b"\n").split(b"\n"):
            taken[0] += len(line)
            yield line.decode("utf-8", "surrogateescape") + "\n"


def _fault(row: list[str], header: Header) -> str | None:
    if row and len(row) != len(header.names):
        return f"a row has {len(header.names)} fields as its header, this one has {len(row)}"
    for value in row:
        if (not value.isascii() or "\0" in value) and (soiled := _SOILED.search(value)):
            return NUL if soiled[0] == "\0" else "is not UTF-8 text"
    return None


def _rejoined(row: list[str], header: Header) -> list[str] | None:
    """A row of NOAA's web export whose place name holds unquoted commas, as NOAA writes some; else None.

    The date two columns on says how many of the fields belong to the name.
    """
    if not {"CZ_NAME_STR", "BEGIN_DATE"} <= set(header.names):
        return None
    at, more = header.names.index("CZ_NAME_STR"), len(row) - len(header.names)
    whole = [*row[:at], ",".join(row[at : at + more + 1]), *row[at + more + 1 :]]
    return whole if _EXPORT_DATE.fullmatch(whole[header.names.index("BEGIN_DATE")]) else None


def _explained(error: csv.Error) -> str:
    """The messages of the `csv` module in terms of the file."""
    message = str(error)
    if "unexpected end of data" in message:
        return "a quoted field that begins in this row is never closed"
    if "field larger" in message:
        return f"a field is at most {MAX_ROW >> 20} MiB long; is a quote left open?"
    if "expected after" in message:
        return "a quote inside a quoted field is doubled, this one is not"
    return f"is not a sound row ({message})"


def _allow_long_fields() -> None:
    # The limit of 128 KiB is shared by the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW))
