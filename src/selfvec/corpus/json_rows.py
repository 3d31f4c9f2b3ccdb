"""Rows of JSON Lines: an object per line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from selfvec.base.errors import CorpusError

from .fields import Fields
from .readable import decoded, readable
from .row_batch import SURROGATE, LineBlock, RowBatch, RowReader, cell_text
from .summary import CorpusPass

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


class JsonLinesReader(RowReader):
    """Reads an object per line."""

    def columns(self) -> Sequence[str] | None:
        """The field names in the first hundred lines, in order of appearance; None for an empty file."""
        lines = decoded(self.source.peek())[0].encode().split(b"\n")
        lines = lines[:_HEAD_LINES] if len(lines) > 1 else lines
        names: dict[str, None] = {}
        fault: tuple[str | None, int] | None = None  # of the first line that is not blank
        for number, line in enumerate(lines, 1):
            if not (line := line.strip()):
                continue
            row, rule, _ = _checked(line, (), ())
            fault = fault or (rule, number)
            if rule is None:
                names |= dict.fromkeys(row)
        if fault and not names:
            rule, number = fault
            remedy = "a .jsonl file holds one object per line, with its fields"
            raise CorpusError(
                rule or "the object has no fields", path=self.source.path, line=number, remedy=remedy
            )
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
                row, rule, field = _checked(line, needed, fields.text)
                if rule:
                    corpus_pass.bad(rule, path=self.source.path, line=number, field=field)
                else:
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
            if name not in values and len(values) < _MOST_COLUMNS:
                values[name] = [None] * count
    for name, column in values.items():
        column.append(get(name))


def _checked(line: bytes, columns: Sequence[str], text: Sequence[str]) -> tuple[Any, str | None, str | None]:
    """The object in a line, or the broken rule and the field; ``columns`` must be Unicode text."""
    try:
        row = _object(line)
        rule, field = _fault(row, text)
        if rule is None and columns:
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
    if text and row.keys().isdisjoint(text):
        return "the row has no such field", text[-1]
    return None, None
