"""Rows as columns, the one shape in which every kind of file reaches the rest of the house.

Readers find rows and judge their form: is it UTF-8, JSON, as wide as its header? What the fields mean
(which is text, what is a date, what repeats) is decided later and once, in `documents`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import CorpusError
from .sources import Source
from .streams import MAX_ROW, UTF8_BOM, Stream, line_blocks, too_long
from .summary import Reading

__all__ = [
    "Table",
    "as_text",
    "json_columns",
    "parquet_schema",
    "read_folder",
    "read_jsonl",
    "read_lines",
    "read_parquet",
    "shown",
    "table_of",
]

ICONV = "convert the file to UTF-8 (iconv -f windows-1252 -t utf-8)"
NUL = "holds NUL bytes"
PARQUET_ROWS = 1 << 14


@dataclass(frozen=True)
class Table:
    """Some rows of a file.

    Parameters
    ----------
    columns : dict of Series
        The columns asked for, as long as each other, null where a row has none. String, but dates may be of
        a temporal type.
    lines : sequence of int
        The line (in Parquet the row) each row begins at, counted from 1.
    """

    columns: dict[str, pl.Series]
    lines: Sequence[int] | NDArray[np.int64]


def as_text(pieces: Sequence[bytes]) -> pl.Series | None:
    """Bytes as a String series; None if some are not UTF-8. Much faster than `bytes.decode` one by one."""
    try:
        return pl.Series(pieces, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return None


def not_utf8(data: bytes) -> str | None:
    """What is wrong with these bytes as text, or None."""
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


def read_jsonl(
    chunks: Iterator[bytes], columns: Sequence[str], text: Sequence[str], path: str, reading: Reading
) -> Iterator[Table]:
    """An object per line, of which ``columns`` are kept; those named in ``text`` have to be strings."""
    for first, block in line_blocks(chunks, path):
        lines = block.removesuffix(b"\n").split(b"\n")
        table = _all_objects(lines, first, columns, text)
        yield _each_object(lines, first, columns, text, path, reading) if table is None else table


def _all_objects(lines: list[bytes], first: int, columns: Sequence[str], text: Sequence[str]) -> Table | None:
    """The lines as a table if all of them are as they should be, else None."""
    try:
        rows = [_object(line) for line in lines]
        values = {name: [row.get(name) for row in rows] for name in columns}
        kinds = {name: set(map(type, column)) for name, column in values.items()}
        if any(not kinds[name] <= {str, type(None)} for name in text):
            return None
        if all(type(None) in kinds[name] for name in text):
            return None  # perhaps a row without any text field
        series = {
            name: pl.Series(column if kinds[name] == {str} else map(shown, column), dtype=pl.String)
            for name, column in values.items()
        }
    except (ValueError, RecursionError, AttributeError):
        return None
    return Table(series, range(first, first + len(lines)))


def _each_object(
    lines: list[bytes], first: int, columns: Sequence[str], text: Sequence[str], path: str, reading: Reading
) -> Table:
    """The sound lines as a table, the others judged one by one."""
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, first):
        field = None
        remedy = "mend the row"
        try:
            if not line or line.isspace():
                continue
            value = _object(line.strip())
            rule, field = _fault(value, text)
            if rule is None:
                row = [shown(value.get(name)) for name in columns]
                "".join(cell or "" for cell in row).encode()
        except UnicodeDecodeError:
            rule, remedy = not_utf8(line), ICONV
        except UnicodeEncodeError:
            rule = "holds half of a surrogate pair, which is no Unicode text"
        except json.JSONDecodeError as error:
            rule = f"is not valid JSON ({error.msg}, column {error.pos + 1})"
        except (ValueError, RecursionError) as error:
            rule = f"is not JSON that can be read ({error})"
        if rule:
            reading.bad(rule, path=path, line=number, field=field, remedy=remedy)
        else:
            rows.append(row)
            numbers.append(number)
    return table_of(rows, numbers, columns)


def _object(line: bytes) -> Any:
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
    if not any(name in value for name in text):
        return "the row has no such field", text[-1]
    return None, None


def table_of(rows: Sequence[Sequence[str | None]], lines: Sequence[int], columns: Sequence[str]) -> Table:
    """Rows of strings as a table."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    series = [pl.Series(column, dtype=pl.String) for column in values]
    return Table(dict(zip(columns, series, strict=True)), lines)


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


def shown(value: object) -> str | None:
    """Ids and dates that are no strings: whole numbers without the .0 of data frames, no value as null."""
    if value is None or isinstance(value, str):
        return value
    if value != value:  # NaN, NaT
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def json_columns(head: bytes, path: str, most: int = 100) -> list[str]:
    """The field names of the first objects of a file, in order of appearance.

    Raises
    ------
    CorpusError
        If none of the first lines is a JSON object.
    """
    names: dict[str, None] = {}
    lines = head.split(b"\n")
    for line in lines[:most] if len(lines) > 1 else lines:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        names.update(dict.fromkeys(value if isinstance(value, dict) else ()))
    if not names and any(not line.isspace() for line in lines if line):
        raise CorpusError(
            "none of its first lines is a JSON object with fields",
            path=path,
            remedy="a .jsonl file holds one object per line",
        )
    return list(names)


def read_parquet(file: Path, columns: Sequence[str], path: str, rows: int = PARQUET_ROWS) -> Iterator[Table]:
    """Some rows at a time of the columns asked for."""
    frame = pl.scan_parquet(file, glob=False).select(columns)
    for offset in range(0, 1 << 62, rows):
        try:
            part = frame.slice(offset, rows).collect()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise parquet_error(path, error) from error
        if not len(part):
            return
        values = {s.name: s if s.dtype.is_temporal() else s.cast(pl.String) for s in part}
        yield Table(values, range(offset + 1, offset + 1 + len(part)))


def parquet_schema(file: Path, path: str) -> dict[str, pl.DataType]:
    """Names and types of the columns.

    Raises
    ------
    CorpusError
        If the file is not sound.
    """
    try:
        return dict(pl.read_parquet_schema(file))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise parquet_error(path, error) from error


def parquet_error(path: str, error: BaseException) -> CorpusError:
    """One line for what Polars says in many."""
    reason = str(error).strip().split("\n")[0][:200]
    return CorpusError(f"is not a sound Parquet file ({reason})", path=path, remedy="write it again")


def read_folder(
    source: Source, columns: tuple[str, str], reading: Reading, digests: list[str]
) -> Iterator[Table]:
    """A document per file, several to a table, each with its path inside the folder as its id.

    ``digests`` gets the lines ``sha256sum`` would print for the files.
    """
    texts: list[str] = []
    ids: list[str] = []
    held = 0

    def table() -> Table:
        values = (pl.Series(texts, dtype=pl.String), pl.Series(ids, dtype=pl.String))
        return Table(dict(zip(columns, values, strict=True)), [1] * len(texts))

    for member in source.members:
        with Stream(Source(str(member))) as stream:
            data = stream.read(MAX_ROW + 1)
            if len(data) > MAX_ROW:
                raise too_long(str(member), 1)
        name = member.relative_to(source.path).as_posix()
        digests.append(f"{stream.sha256()}  {name}\n")
        reading.advance(stream.position)
        held += len(data)
        data = data.removeprefix(UTF8_BOM)
        if rule := not_utf8(data):
            wrong = next((n for n, line in enumerate(data.split(b"\n"), 1) if not_utf8(line)), 1)
            reading.bad(rule, path=str(member), line=wrong, remedy=ICONV)
        else:
            texts.append(data.decode())
            ids.append(name)
        if held >= reading.batch_bytes:
            yield table()
            texts, ids, held = [], [], 0
    yield table()
