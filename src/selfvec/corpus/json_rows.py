"""Rows of JSON Lines: an object per line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from selfvec.base.errors import CorpusError

from .fields import Fields
from .readable import decoded, readable
from .row_batch import SURROGATE, RowBatch, cell_text
from .streams import Source, line_blocks
from .summary import CorpusPass

__all__ = ["JsonLinesReader"]

_HEAD_LINES = 100  # lines whose fields are the columns
_MOST_BRACKETS = 1 << 20  # objects and arrays in a row; each takes 30 times its size in memory
_MOST_COLUMNS = 200  # of a block of rows, so that a file with new names in every row does not fill the memory
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

Columns = dict[str, list[Any]]
"""Name -> the values of the rows so far."""


class JsonLinesReader:
    """Reads an object per line."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.path = source.path

    def columns(self) -> Sequence[str] | None:
        """The field names in the first hundred lines, in order of appearance; None for an empty file."""
        lines = decoded(self.source.peek())[0].encode().split(b"\n")
        lines = lines[:_HEAD_LINES] if len(lines) > 1 else lines
        names: dict[str, None] = {}
        fault: tuple[str | None, int] | None = None  # of the first line that is not blank
        for number, line in enumerate(lines, 1):
            if not line or line.isspace():
                continue
            row, rule, _ = _checked(line, (), ())
            fault = fault or (rule, number)
            if rule is None:
                names |= dict.fromkeys(row)
        if fault and not names:
            rule, number = fault
            remedy = "a .jsonl file holds one object per line, with its fields"
            raise CorpusError(rule or "the object has no fields", path=self.path, line=number, remedy=remedy)
        return list(names) or None

    def types(self) -> dict[str, pl.DataType]:
        """None: texts must be strings, and all other values are read as strings."""
        return {}

    def row_batches(
        self, chunks: Iterator[bytes], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The requested fields; see `selfvec.corpus.row_formats.RowReader`."""
        for first, block in line_blocks(chunks, self.path):
            lines = block.removesuffix(b"\n").split(b"\n")
            batch = _all_rows(lines, first, fields)
            yield _valid_rows(lines, first, fields, self.path, corpus_pass) if batch is None else batch


def _all_rows(lines: list[bytes], first: int, fields: Fields) -> RowBatch | None:
    """The lines as rows if all of them are valid, else None; the first one has the number ``first``."""
    values: Columns = {name: [] for name in fields.columns}
    try:
        for number, line in enumerate(lines):
            _append(values, _object(line), number, fields.every)
        types = {name: set(map(type, column)) for name, column in values.items()}
        if any(not types[name] <= {str, type(None)} for name in fields.text):
            return None
        if all(type(None) in types[name] for name in fields.text):
            return None  # a row may lack all text fields
        series = {
            name: pl.Series(column if types[name] == {str} else map(cell_text, column), dtype=pl.String)
            for name, column in values.items()
        }
    except (ValueError, RecursionError, AttributeError):
        return None
    return RowBatch(series, range(first, first + len(lines)))


def _valid_rows(
    lines: list[bytes], first: int, fields: Fields, path: str, corpus_pass: CorpusPass
) -> RowBatch:
    """The valid lines as rows; the others are reported one by one."""
    values: Columns = {name: [] for name in fields.columns}
    numbers: list[int] = []
    for number, line in enumerate(lines, first):
        if not line or line.isspace():
            continue
        row, rule, field = _checked(line, fields.needed, fields.text)
        if rule:
            corpus_pass.bad(rule, path=path, line=number, field=field)
        else:
            _append(values, row, len(numbers), fields.every)
            numbers.append(number)
    series = {
        name: pl.Series(map(cell_text if name in fields.needed else _kept_text, column), dtype=pl.String)
        for name, column in values.items()
    }
    return RowBatch(series, numbers)


def _kept_text(value: object) -> str | None:
    """As `cell_text`, for a field that no document needs: it may hold halves of surrogate pairs."""
    text = cell_text(value)
    return None if text is None else readable(text)


def _append(values: Columns, row: Any, count: int, every: bool) -> None:
    """Append a row to columns of ``count`` values; with ``every``, its other fields become new columns."""
    get = row.get
    if every:
        for name in row:
            if name not in values and len(values) < _MOST_COLUMNS:
                values[name] = [None] * count
    for name, column in values.items():
        column.append(get(name))


def _checked(line: bytes, columns: Sequence[str], text: Sequence[str]) -> tuple[Any, str | None, str | None]:
    """The object in a line, or the broken rule and the field; ``columns`` must be Unicode text."""
    try:
        row = _object(line.strip())
        rule, field = _fault(row, text)
        if rule is None:
            "".join(cell_text(row.get(name)) or "" for name in columns).encode()
        return row, rule, field
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


def _fault(row: Any, text: Sequence[str]) -> tuple[str | None, str | None]:
    """What is wrong with a JSON value as a row, and in which field."""
    if type(row) is not dict:
        return f"a line is a JSON object, this one is {_TYPES[type(row)]}", None
    for name in text:
        value = row.get(name)
        if value is not None and type(value) is not str:
            return f"text is a string, this is {_TYPES[type(value)]}", name
    if text and not any(name in row for name in text):
        return "the row has no such field", text[-1]
    return None, None
