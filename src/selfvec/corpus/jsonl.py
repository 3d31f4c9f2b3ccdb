"""Rows of JSON Lines files: whole blocks at once if all rows are valid, otherwise one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from selfvec.base.errors import CorpusError

from .row_tables import ICONV, Table, not_utf8, shown, table_of
from .streams import line_blocks
from .summary import Reading

__all__ = ["json_columns", "read_jsonl"]

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


def json_columns(head: bytes, path: str, most: int = 100) -> list[str]:
    """The field names in the first ``most`` lines, in order of appearance; none in an empty file."""
    lines = head.split(b"\n")
    lines = lines[:most] if len(lines) > 1 else lines
    judged = [(n, *_judged(line, (), ())) for n, line in enumerate(lines, 1) if line and not line.isspace()]
    names = [name for _, value, rule, _ in judged if rule is None for name in value]
    if judged and not names:
        number, _, rule, _ = judged[0]
        remedy = "a .jsonl file holds one object per line, with its fields"
        raise CorpusError(rule or "the object has no fields", path=path, line=number, remedy=remedy)
    return list(dict.fromkeys(names))


def read_jsonl(
    chunks: Iterator[bytes], columns: Sequence[str], text: Sequence[str], path: str, reading: Reading
) -> Iterator[Table]:
    """The ``columns`` of an object per line; those named in ``text`` have to be strings."""
    for first, block in line_blocks(chunks, path):
        lines = block.removesuffix(b"\n").split(b"\n")
        table = _all_objects(lines, first, columns, text)
        yield _each_object(lines, first, columns, text, path, reading) if table is None else table


def _all_objects(lines: list[bytes], first: int, columns: Sequence[str], text: Sequence[str]) -> Table | None:
    """The lines as a table if all of them are valid, else None."""
    values: dict[str, list[Any]] = {name: [] for name in columns}
    fill = [(name, column.append) for name, column in values.items()]
    try:
        for line in lines:
            get = _object(line).get
            for name, append in fill:
                append(get(name))
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
    """The valid lines as a table; the others are reported one by one."""
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, first):
        if not line or line.isspace():
            continue
        value, rule, field = _judged(line, columns, text)
        if rule:
            remedy = ICONV if not_utf8(line) else "mend the row"
            reading.bad(rule, path=path, line=number, field=field, remedy=remedy)
        else:
            rows.append([shown(value.get(name)) for name in columns])
            numbers.append(number)
    return table_of(rows, numbers, columns)


def _judged(line: bytes, columns: Sequence[str], text: Sequence[str]) -> tuple[Any, str | None, str | None]:
    """The object in a line, or the rule that the line breaks and the field."""
    try:
        value = _object(line.strip())
        rule, field = _fault(value, text)
        if rule is None:
            "".join(shown(value.get(name)) or "" for name in columns).encode()
        return value, rule, field
    except UnicodeDecodeError:
        return None, not_utf8(line), None
    except UnicodeEncodeError:
        return None, "holds half of a surrogate pair, which is no Unicode text", None
    except json.JSONDecodeError as error:
        return None, f"is not valid JSON ({error.msg}, column {error.pos + 1})", None
    except (ValueError, RecursionError) as error:
        return None, f"is not JSON that can be read ({error})", None


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
    if text and not any(name in value for name in text):
        return "the row has no such field", text[-1]
    return None, None
