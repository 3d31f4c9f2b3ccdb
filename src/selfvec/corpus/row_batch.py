"""`RowBatch`: some rows of a file or a data frame as columns, and what the readers of rows share.

Readers split a file into rows and check their form: JSON, the types of columns. What the fields mean
(text, dates, duplicates) is decided once, in `selfvec.corpus.documents`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from selfvec.base.arrays import Ints
from selfvec.base.errors import CorpusError
from selfvec.base.names import parted, value_at

from .document_files import MAX_ROW
from .fields import Fields

if TYPE_CHECKING:
    from .streams import TextSource
    from .summary import CorpusPass

ROWS = 1 << 14
"""Rows of a data frame or Parquet file read at a time."""

_HELD = 1 << 24  # bytes of such rows

SURROGATE = "holds half of a surrogate pair, which is not Unicode text"
HOLDS_NUL = "holds NUL bytes"

LineBlock = tuple[int, bytes]
"""The number of its first line, and whole lines."""

_STRINGS = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True)
class RowBatch:
    """Some rows of a file."""

    # of equal length, null if a row lacks one; String, or a temporal type for dates
    columns: dict[str, pl.Series]
    lines: Sequence[int] | Ints  # first line of each row (Parquet: row), counted from 1

    def part(self, kept: pl.Series) -> RowBatch:
        """The selected rows, (n,) bool."""
        columns = {name: column.filter(kept) for name, column in self.columns.items()}
        return RowBatch(columns, [int(self.lines[i]) for i in kept.arg_true()])


class RowReader:
    """Reads the rows of one source; the base of the readers in `selfvec.corpus.row_formats`."""

    def __init__(self, source: TextSource) -> None:
        self.source = source

    def columns(self) -> Sequence[str] | None:
        """The names of the columns, from the beginning of the source; None if it is empty."""
        raise NotImplementedError

    def inner(self) -> Collection[str]:
        """The paths to what is inside the columns, after `columns`."""
        return ()

    def types(self) -> Mapping[str, pl.DataType]:
        """The types of columns that may hold other values than strings."""
        return {}

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The columns of ``fields``. ``blocks`` are lines in UTF-8; bad rows are reported."""
        raise NotImplementedError


def batch_of_rows(
    rows: Sequence[Sequence[str | None]],
    lines: Sequence[int],
    names: Sequence[str],  # of the values
    columns: Sequence[str] | None = None,  # those that are wanted, all by default
) -> RowBatch:
    """Rows of strings as a batch."""
    values = list(zip(*rows, strict=True)) or [()] * len(names)
    wanted = names if columns is None else columns
    return RowBatch({name: pl.Series(values[names.index(name)], dtype=pl.String) for name in wanted}, lines)


def cell_text(value: object) -> str | None:
    """A value as a string: whole numbers without the .0 of data frames, missing values as None.

    Lists, objects and booleans are JSON.

    >>> cell_text(3.0), cell_text(True), cell_text(["a", None]), cell_text({"k": 0.5})
    ('3', 'true', '["a", null]', '{"k": 0.5}')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_ | list | tuple | dict | np.ndarray):
        return json.dumps(value, ensure_ascii=False, default=_json_value)
    if value != value:  # NaN, NaT
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _json_value(value: Any) -> Any:
    """A JSON value for NumPy arrays and numbers and for dates."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def inner_types(types: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    """The types of what is inside columns, by paths.

    >>> inner_types({"post": pl.Struct({"body": pl.String})})
    {'post.body': String}
    """
    found: dict[str, pl.DataType] = {}
    for name, outer in types.items():
        dtype: Any = outer
        while isinstance(dtype, pl.List | pl.Array):
            dtype = dtype.inner
        if isinstance(dtype, pl.Struct):
            fields: dict[str, Any] = {f"{name}.{one.name}": one.dtype for one in dtype.fields}
            found |= fields | inner_types(fields)
    return {path: dtype for path, dtype in found.items() if path not in types}


def outer_columns(fields: Fields, columns: Sequence[str]) -> list[str]:
    """The columns of a file that hold the fields."""
    known = dict.fromkeys(columns)
    return list(dict.fromkeys(name if name in known else parted(known, name)[0] for name in fields.columns))


def with_nested(frame: pl.DataFrame, fields: Fields) -> pl.DataFrame:
    """The columns of ``fields``; those that are paths are taken out of the columns that hold them."""
    if not fields.nested:
        return frame
    return frame.select(
        _inside(frame, name) if name in fields.nested else frame[name] for name in fields.columns
    )


def _inside(frame: pl.DataFrame, path: str) -> pl.Series:
    """What is under a path."""
    outer, keys = parted(frame.schema, path)
    series, inside = frame[outer], list(keys)
    while inside and isinstance(series.dtype, pl.Struct):
        series = series.struct.field(inside.pop(0))
    if inside:  # in lists
        rows = ({outer: value} for value in frame[outer].to_list())
        series = pl.Series([cell_text(value_at(row, path)) for row in rows], dtype=pl.String)
    return series.alias(path)


def batches_of_frame(
    frame: pl.DataFrame, first: int, path: str, corpus_pass: CorpusPass
) -> Iterator[RowBatch]:
    """Rows of a data frame, of which the first has this number, in batches of bounded size.

    A text that many rows share is in the memory once, until it is read.
    """
    size = sum(map(_characters, frame))
    if size <= (_HELD if len(frame) > 1 else MAX_ROW):
        yield RowBatch(string_columns(frame), range(first, first + len(frame)))
    elif len(frame) > 1:
        half = len(frame) // 2
        yield from batches_of_frame(frame[:half], first, path, corpus_pass)
        yield from batches_of_frame(frame[half:], first + half, path, corpus_pass)
    else:
        rule = f"a row is at most {MAX_ROW >> 20} MiB long, this one is longer"
        corpus_pass.bad(rule, path=path, line=first, remedy="split its text")


def _characters(column: pl.Series) -> int:
    """The bytes of all texts in a column, and the number of its other values."""
    kind = column.dtype
    if isinstance(kind, pl.Struct):
        return sum(_characters(column.struct.field(name)) for name in (one.name for one in kind.fields))
    if isinstance(kind, pl.List | pl.Array):
        return len(column) + _characters(column.explode())
    if kind in (pl.String, pl.Binary):
        sizes = column.str.len_bytes() if kind == pl.String else column.bin.size()
    elif kind in (pl.Categorical, pl.Enum):
        sizes = column.cat.len_bytes()
    else:
        return len(column)
    return int(sizes.cast(pl.Int64).sum())


def string_columns(frame: pl.DataFrame) -> dict[str, pl.Series]:
    """The columns as strings, with lists and objects as JSON; dates and times are unchanged."""
    return {column.name: _string_column(column) for column in frame}


def _string_column(column: pl.Series) -> pl.Series:
    if column.dtype.is_nested():
        return pl.Series(column.name, [cell_text(value) for value in column.to_list()], dtype=pl.String)
    return column if column.dtype.is_temporal() else column.cast(pl.String)


def readable_fields(fields: Fields, types: Mapping[str, pl.DataType], path: str) -> Fields:
    """The fields whose types can be read. Columns without a type hold strings.

    An id or date of an unsuitable type is not read. `CorpusError` if the user named such a field, and for a
    text that is not of strings.
    """
    odd = {name for name in fields.columns if name in types and not _is_plain(types[name])}
    wrong = {name for name in fields.text if name in types and types[name] not in _STRINGS}
    asked = {fields.slice, *(fields.date * fields.date_given), fields.id if fields.id_given else None}
    for name in fields.needed:
        if name in wrong or (name in asked and name in odd):
            rule = f"a column of strings is needed, this one holds {types[name]}"
            raise CorpusError(rule, path=path, field=name, remedy="choose another field")
    unread = tuple(name for name in fields.kept if name in types and _is_unread(types[name]))
    return replace(
        fields,
        date=() if odd.intersection(fields.date) else fields.date,
        id=None if fields.id in odd else fields.id,
        kept=tuple(name for name in fields.kept if name not in unread),
        unread=(*fields.unread, *unread),
    )


def _is_plain(dtype: pl.DataType) -> bool:
    return dtype in _STRINGS or dtype.is_numeric() or dtype.is_temporal()


def _is_unread(dtype: pl.DataType) -> bool:
    """Whether a column cannot be a field to filter by: bytes, Python objects and vectors."""
    vector = isinstance(dtype, pl.List | pl.Array) and dtype.inner in (pl.Float32, pl.Float64)
    return vector or dtype in (pl.Binary, pl.Object)
