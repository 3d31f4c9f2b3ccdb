"""`Table`: some rows of a file as columns; readers of lines, folders, JSON Lines and Parquet files.

Readers split a file into rows and check their form: UTF-8, JSON, the types of columns. What the fields mean
(text, dates, duplicates) is decided once, in `selfvec.corpus.documents`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.arrays import Ints
from selfvec.base.compressed_files import bare_suffix
from selfvec.base.errors import CorpusError

from .document_files import MAX_ROW, document_kind, document_text
from .streams import UTF8_BOM, Source, Stream, line_blocks, too_long
from .summary import Reading

ROWS = 1 << 14
"""Rows of a data frame or Parquet file read at a time."""

SURROGATE = "holds half of a surrogate pair, which is not Unicode text"
ICONV = "convert the file to UTF-8 (iconv -f windows-1252 -t utf-8)"
NUL = "holds NUL bytes"
_MOST_BRACKETS = 1 << 20  # objects and arrays in a row; each takes 30 times its size in memory
_MOST = 200  # fields of a block of rows, so that a file with new names in every row does not fill the memory
_DECODE = json.JSONDecoder().raw_decode
_TYPES = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


@dataclass(frozen=True)
class Table:
    """Some rows of a file."""

    # of equal length, null if a row lacks one; String, or a temporal type for dates
    columns: dict[str, pl.Series]
    lines: Sequence[int] | Ints  # first line of each row (Parquet: row), counted from 1


def as_text(pieces: Sequence[bytes]) -> pl.Series | None:
    """Bytes as a String series, much faster than by `bytes.decode`; None if some are not UTF-8."""
    try:
        return pl.Series(pieces, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return None


def not_utf8(data: bytes) -> str | None:
    """A message with the first byte that is not UTF-8; None if all are."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return f"is not UTF-8 text (byte 0x{data[error.start]:02x} at byte {error.start + 1})"
    return NUL if b"\0" in data else None


def read_lines(chunks: Iterator[bytes], column: str, path: str, reading: Reading) -> Iterator[Table]:
    """A document per line."""
    for first, block in line_blocks(chunks, path):
        lines = block.removesuffix(b"\n").split(b"\n")
        numbers: Sequence[int] = range(first, first + len(lines))
        texts = as_text(lines) if b"\0" not in block else None
        if texts is None:
            good = []
            for i, line in enumerate(lines):
                if rule := not_utf8(line):
                    reading.bad(rule, path=path, line=first + i, remedy=ICONV)
                else:
                    good.append(i)
            texts, numbers = pl.Series([lines[i].decode() for i in good]), [first + i for i in good]
        yield Table({column: texts.cast(pl.String).str.strip_suffix("\r")}, numbers)


def table_of(rows: Sequence[Sequence[str | None]], lines: Sequence[int], columns: Sequence[str]) -> Table:
    """Rows of strings as a table."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    series = [pl.Series(column, dtype=pl.String) for column in values]
    return Table(dict(zip(columns, series, strict=True)), lines)


def shown(value: object) -> str | None:
    """A value as a string: whole numbers without the .0 of data frames, missing values as None.

    Lists, objects and booleans are JSON.

    >>> shown(3.0), shown(True), shown(["a", None]), shown({"k": 0.5})
    ('3', 'true', '["a", null]', '{"k": 0.5}')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_ | list | tuple | dict | np.ndarray):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    if value != value:  # NaN, NaT
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _plain(value: Any) -> Any:
    """A JSON value for NumPy arrays and numbers and for dates."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def read_folder(
    source: Source, columns: tuple[str, str], reading: Reading, digests: list[str]
) -> Iterator[Table]:
    """A document per file; its id is its path inside the folder.

    ``digests`` receives the lines that ``sha256sum`` would print for the files. The source may also be a
    single file that is one document, such as a page of HTML.
    """
    rows: list[tuple[str, str]] = []
    held = 0
    for member in source.members:
        with Stream(Source(str(member))) as stream:
            data = stream.read(MAX_ROW + 1)
            if len(data) > MAX_ROW:
                raise too_long(str(member), 1)
        name = member.relative_to(source.path).as_posix() if str(member) != source.path else member.name
        digests.append(f"{stream.sha256()}  {name}\n")
        reading.advance(stream.position)
        held += len(data)
        text = _member_text(member, data, reading)
        if text is not None:
            rows.append((text, name))
        if held >= reading.batch_bytes:
            yield table_of(rows, [1] * len(rows), columns)
            rows, held = [], 0
    yield table_of(rows, [1] * len(rows), columns)


def _member_text(member: Path, data: bytes, reading: Reading) -> str | None:
    """The text of a document; None if it is left out as bad."""
    kind = document_kind(bare_suffix(member))
    if kind is not None:
        try:
            return document_text(kind, data)
        except ValueError as error:
            reading.bad(str(error), path=str(member), line=None, remedy="mend the file")
            return None
    data = data.removeprefix(UTF8_BOM)
    if rule := not_utf8(data):
        wrong = next((n for n, line in enumerate(data.split(b"\n"), 1) if not_utf8(line)), 1)
        reading.bad(rule, path=str(member), line=wrong, remedy=ICONV)
        return None
    return data.decode()


def json_columns(head: bytes, path: str, most: int = 100) -> list[str]:
    """The field names in the first ``most`` lines, in order of appearance; none in an empty file."""
    lines = head.split(b"\n")
    lines = lines[:most] if len(lines) > 1 else lines
    checked = [(n, *_checked(line, (), ())) for n, line in enumerate(lines, 1) if line and not line.isspace()]
    names = [name for _, value, rule, _ in checked if rule is None for name in value]
    if checked and not names:
        number, _, rule, _ = checked[0]
        remedy = "a .jsonl file holds one object per line, with its fields"
        raise CorpusError(rule or "the object has no fields", path=path, line=number, remedy=remedy)
    return list(dict.fromkeys(names))


def read_jsonl(
    chunks: Iterator[bytes],
    columns: Sequence[str],
    text: Sequence[str],
    path: str,
    reading: Reading,
    every: bool = False,
) -> Iterator[Table]:
    """The ``columns`` of one object per line; those named in ``text`` must be strings.

    With ``every``, the tables also have the other fields of their rows.
    """
    for first, block in line_blocks(chunks, path):
        lines = block.removesuffix(b"\n").split(b"\n")
        table = _all_objects(lines, first, columns, text, every)
        yield _each_object(lines, first, columns, text, path, reading, every) if table is None else table


def _all_objects(
    lines: list[bytes], first: int, columns: Sequence[str], text: Sequence[str], every: bool
) -> Table | None:
    """The lines as a table if all of them are valid, else None."""
    values: dict[str, list[Any]] = {name: [] for name in columns}
    try:
        for number, line in enumerate(lines):
            _append(values, _object(line), number, every)
        kinds = {name: set(map(type, column)) for name, column in values.items()}
        if any(not kinds[name] <= {str, type(None)} for name in text):
            return None
        if all(type(None) in kinds[name] for name in text):
            return None  # a row may lack all text fields
        series = {
            name: pl.Series(column if kinds[name] == {str} else map(shown, column), dtype=pl.String)
            for name, column in values.items()
        }
    except (ValueError, RecursionError, AttributeError):
        return None
    return Table(series, range(first, first + len(lines)))


def _each_object(
    lines: list[bytes],
    first: int,
    columns: Sequence[str],
    text: Sequence[str],
    path: str,
    reading: Reading,
    every: bool,
) -> Table:
    """The valid lines as a table; the others are reported one by one."""
    values: dict[str, list[Any]] = {name: [] for name in columns}
    numbers: list[int] = []
    for number, line in enumerate(lines, first):
        if not line or line.isspace():
            continue
        value, rule, field = _checked(line, None if every else columns, text)
        if rule:
            remedy = ICONV if not_utf8(line) else "mend the row"
            reading.bad(rule, path=path, line=number, field=field, remedy=remedy)
        else:
            _append(values, value, len(numbers), every)
            numbers.append(number)
    series = {name: pl.Series(map(shown, column), dtype=pl.String) for name, column in values.items()}
    return Table(series, numbers)


def _append(values: dict[str, list[Any]], row: Any, count: int, every: bool) -> None:
    """Append a row to columns of ``count`` values; with ``every``, its other fields become new columns."""
    get = row.get
    if every:
        for name in row:
            if name not in values and len(values) < _MOST:
                values[name] = [None] * count
    for name, column in values.items():
        column.append(get(name))


def _checked(
    line: bytes, columns: Sequence[str] | None, text: Sequence[str]
) -> tuple[Any, str | None, str | None]:
    """The object in a line, or the broken rule and the field; ``columns`` None reads all columns."""
    try:
        value = _object(line.strip())
        rule, field = _fault(value, text)
        if rule is None:
            "".join(shown(value.get(name)) or "" for name in (value if columns is None else columns)).encode()
        return value, rule, field
    except UnicodeDecodeError:
        return None, not_utf8(line), None
    except UnicodeEncodeError:
        return None, SURROGATE, None
    except json.JSONDecodeError as error:
        return None, f"is not valid JSON ({error.msg}, column {error.pos + 1})", None
    except (ValueError, RecursionError) as error:
        return None, f"is not JSON that can be read ({error})", None


def _object(line: bytes) -> Any:
    if len(line) > _MOST_BRACKETS and line.count(b"{") + line.count(b"[") > _MOST_BRACKETS:
        raise ValueError(f"it holds more than {_MOST_BRACKETS:,} opening brackets")
    source = line.decode()
    value, end = _DECODE(source)
    if end != len(source) and not source[end:].isspace():
        raise json.JSONDecodeError("more follows after its end", source, end)
    return value


def _fault(value: Any, text: Sequence[str]) -> tuple[str | None, str | None]:
    """What is wrong with a JSON value as a row, and in which field."""
    if type(value) is not dict:
        return f"a line is a JSON object, this one is {_TYPES[type(value)]}", None
    for name in text:
        field = value.get(name)
        if field is not None and type(field) is not str:
            return f"text is a string, this is {_TYPES[type(field)]}", name
    if text and not any(name in value for name in text):
        return "the row has no such field", text[-1]
    return None, None


def read_parquet(file: Path, columns: Sequence[str], path: str, rows: int = ROWS) -> Iterator[Table]:
    """The requested columns, some rows at a time."""
    frame = pl.scan_parquet(file, glob=False).select(columns)
    for offset in range(0, 1 << 62, rows):
        with _decoding(path):
            part = frame.slice(offset, rows).collect()
        if not len(part):
            return
        yield Table(plain_columns(part), range(offset + 1, offset + 1 + len(part)))


def parquet_schema(file: Path, path: str) -> dict[str, pl.DataType]:
    """Names and types of the columns; `CorpusError` if the file is damaged."""
    with _decoding(path):
        return dict(pl.read_parquet_schema(file))


@contextmanager
def _decoding(path: str) -> Iterator[None]:
    """Shorten an error message of Polars to one line."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        rule = f"is a damaged Parquet file ({reason})"
        raise CorpusError(rule, path=path, remedy="write it again") from error


def plain_columns(frame: pl.DataFrame) -> dict[str, pl.Series]:
    """The columns as strings, with lists and objects as JSON; dates and times are unchanged."""
    return {column.name: _plain_column(column) for column in frame}


def _plain_column(column: pl.Series) -> pl.Series:
    if column.dtype.is_nested():
        return pl.Series(column.name, [shown(value) for value in column.to_list()], dtype=pl.String)
    return column if column.dtype.is_temporal() else column.cast(pl.String)
