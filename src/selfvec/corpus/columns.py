"""The door: what files, rows in memory and data frames hold becomes frames of strings.

Readers split a source into rows. Here their values become columns of strings, those that cannot are bad rows,
and columns whose type holds no text, date or id are passed over and said. What the fields mean (text, dates,
duplicates) is decided once, in `selfvec.corpus.documents`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import polars as pl

from selfvec.base.arrays import Ints
from selfvec.base.display import decoded, readable
from selfvec.base.errors import CorpusError
from selfvec.base.names import parted, value_at

from .document_files import MAX_ROW
from .field_names import text_within
from .fields import FieldNames, Fields, FirstRows, recognise
from .summary import CorpusPass, Summary

if TYPE_CHECKING:
    from .streams import TextSource

FIRST_ROWS = 100
"""Rows whose names are the columns of mappings and JSON, and by which text is recognised."""

ROWS = 1 << 14
"""Rows of a data frame or Parquet file read at a time."""

# Bytes of such rows: a file holds a text that rows share once, as a batch of strings does for each row.
_HELD = 1 << 24

SURROGATE = "holds half of a surrogate pair, which is not Unicode text"
HOLDS_NUL = "holds NUL bytes"

LineBlock = tuple[int, bytes]
"""The number of its first line, and whole lines."""

_FIRST_DAY, _LAST_DAY = date.min, date.max  # those that ISO 8601 can name
_STRINGS = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True)
class RowBatch:
    frame: pl.DataFrame  # columns of strings, null where a row has no value; their names are `readable`
    lines: Sequence[int] | Ints  # first line of each row (Parquet: row), counted from 1
    given: pl.Series | None = None  # the texts as they came; None if nothing in them was mended

    @classmethod
    def of(cls, columns: Mapping[str, pl.Series], lines: Sequence[int] | Ints) -> RowBatch:
        return cls(pl.DataFrame({readable(name): column for name, column in columns.items()}), lines)

    def column(self, name: str) -> pl.Series:
        return self.frame[readable(name)]

    def texts(self, fields: Sequence[str]) -> pl.Series:
        """The text fields of each row joined by a blank line, without empty ones.

        A last one that begins with the others, as the text that a run gives back, is the whole.
        """
        columns = [self.column(name) for name in fields]
        if len(columns) == 1:
            return columns[0]
        frame = pl.DataFrame({str(i): column for i, column in enumerate(columns)})
        parts = [pl.when(pl.col(name).str.contains(r"\S")).then(pl.col(name)) for name in frame.columns]
        last, blank = pl.col(frame.columns[-1]), pl.lit("")
        joined, before = (
            pl.concat_str(some, separator="\n\n", ignore_nulls=True) for some in (parts, [*parts[:-1], blank])
        )
        return frame.select(pl.when(last.str.starts_with(before)).then(last).otherwise(joined)).to_series()

    def part(self, kept: pl.Series) -> RowBatch:
        given = None if self.given is None else self.given.filter(kept)
        return RowBatch(self.frame.filter(kept), np.asarray(self.lines)[kept.to_numpy()], given)


class RowReader:
    """Reads the rows of one source; the base of the readers in `selfvec.corpus.row_formats`."""

    tokenized = False  # whether the source says what its words are

    def __init__(self, source: TextSource) -> None:
        self.source = source

    def head(self) -> str:
        """The beginning of the source, at least its first line."""
        return decoded(self.source.peek())[0]

    def lines(self, blocks: Iterable[LineBlock], corpus_pass: CorpusPass) -> Iterable[LineBlock]:
        """The lines whose rows `row_batches` reads, as `head` has their beginning."""
        del corpus_pass
        return blocks

    def columns(self) -> Sequence[str] | None:
        """The names of the columns, from the beginning of the source; None if it is empty."""
        raise NotImplementedError

    def inner(self) -> Collection[str]:
        """The paths to what is inside the columns, after `columns`."""
        return ()

    def types(self) -> Mapping[str, pl.DataType]:
        """The types of columns that may hold other values than strings."""
        return {}

    def first_rows(self, columns: Sequence[str]) -> Mapping[str, Iterable[object]]:
        """Some values of columns from the beginning of the source, by which text is recognised."""
        fields = Fields((), kept=tuple(dict.fromkeys(columns)))
        trial = CorpusPass(Summary(), skip_bad_rows=True)
        batches = self.row_batches(iter([(1, self.head().encode())]), fields, trial)
        return next((batch.frame.to_dict() for batch in batches if len(batch.frame)), {})

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
    values = list(zip(*rows, strict=True)) or [()] * len(names)
    wanted = names if columns is None else columns
    return RowBatch.of(
        {name: pl.Series(values[names.index(name)], dtype=pl.String) for name in wanted}, lines
    )


Fault = tuple[int, str | None, str]
"""What is wrong with a row: its line, the field, and the rule that it breaks."""


def batch_of_values(
    columns: Mapping[str, Sequence[object]],
    lines: Sequence[int],
    fields: Fields,
    faults: Sequence[Fault],  # of other rows
    path: str,
    corpus_pass: CorpusPass,
    called: Callable[[object], str],  # the type of a value, as errors show it
    *,
    named: bool = True,  # whether errors name fields
) -> RowBatch:
    """Rows of any values as a batch. Rows with faults are reported in their order, and left out."""
    read: dict[str, pl.Series] = {}
    wrong: dict[int, Fault] = {}  # the first of each row
    for name, values in columns.items():
        read[name], of_column = strings(values, name, fields, called)
        wrong = {row: (lines[row], name, rule) for row, rule in of_column.items()} | wrong
    for line, field, rule in sorted((*faults, *wrong.values()), key=itemgetter(0)):
        corpus_pass.bad(rule, path=path, line=line, field=field if named else None)
    batch = RowBatch.of(read, lines)
    return batch.part(~pl.int_range(len(lines), eager=True).is_in(list(wrong))) if wrong else batch


def strings(
    values: Sequence[object], name: str, fields: Fields, called: Callable[[object], str]
) -> tuple[pl.Series, dict[int, str]]:
    """The values of a field as strings, null for those that cannot be read, and the faults of these by place.

    A field that no document needs may hold halves of surrogate pairs.
    """
    faults: dict[int, str] = {}
    texts: Sequence[Any] = values
    if not set(map(type, values)) <= _PLAIN:  # or else no value needs a call of `cell_text`
        if name in fields.text:
            values = [value if isinstance(value, str) else text_within(value) or value for value in values]
            faults = {
                row: f"text is a string, this is {called(value)}"
                for row, value in enumerate(values)
                if not (isinstance(value, str) or is_missing(value))
            }
        texts = [None if row in faults else cell_text(value) for row, value in enumerate(values)]
    try:
        return pl.Series(texts, dtype=pl.String), faults
    except UnicodeEncodeError:  # halves of surrogate pairs, which JSON and Python can spell and UTF-8 cannot
        sound = [text and readable(text) for text in texts]
    if name in fields.needed:
        for row, text in enumerate(texts):
            if text and _SURROGATES.search(text):
                sound[row], faults[row] = None, SURROGATE
    return pl.Series(sound, dtype=pl.String), faults


def plain_value(value: object) -> object:
    """What MongoDB's extended JSON writes as an object, such as ``{"$date": ...}``, as a value.

    >>> plain_value({"$date": {"$numberLong": "1627084800000"}}), plain_value({"a": 1})
    ('1627084800000', {'a': 1})
    """
    while isinstance(value, dict) and len(value) == 1 and (name := next(iter(value))) in _EXTENDED:
        value = value[name]
    return value


_EXTENDED = (
    "$date", "$oid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$uuid", "$symbol",
)  # fmt: skip
_PLAIN = {str, type(None)}
_SURROGATES = re.compile("[\ud800-\udfff]")


def cell_text(value: object) -> str | None:
    """A value as a string: whole numbers without the .0 of data frames, missing values as None.

    Lists, objects and booleans are JSON. Members of an enumeration are their values. Bytes are text, the 16
    bytes of a UUID, or else hexadecimal. Other values are as they write themselves.

    >>> cell_text(3.0), cell_text(True), cell_text(["a", None]), cell_text({"k": 0.5})
    ('3', 'true', '["a", null]', '{"k": 0.5}')
    >>> cell_text(timedelta(hours=26)), cell_text(b"a1"), cell_text(bytes(16))
    ('1 day, 2:00:00', 'a1', '00000000-0000-0000-0000-000000000000')
    """
    if value is None or type(value) is str:
        return value
    if type(value) is int:  # the usual types first: every field of every row comes here
        return str(value)
    if type(value) is float:
        return _number_text(value)
    if isinstance(value, Enum):
        return cell_text(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict) and (inner := plain_value(value)) is not value:
        return cell_text(inner)
    if isinstance(value, (bool, np.bool_, *_NESTED)):
        return json.dumps(
            value,
            ensure_ascii=False,
            default=lambda of: of.tolist() if isinstance(of, np.ndarray | np.generic) else str(of),
        )
    if is_missing(value):
        return None
    if isinstance(value, bytes | bytearray):
        return _bytes_text(bytes(value))
    if isinstance(value, timedelta):  # pandas writes its own in another way
        return str(timedelta(value.days, value.seconds, value.microseconds))
    return _number_text(value) if isinstance(value, float | np.floating) else str(value)


def _number_text(value: float | np.floating[Any]) -> str | None:
    if value != value:
        return None
    return str(int(value)) if value.is_integer() else str(value)


_NESTED = (list, tuple, dict, np.ndarray)


def is_missing(value: object) -> bool:
    """Whether a value of a list, row or data frame stands for none: None, NaN, and pandas' NaT and NA.

    >>> [is_missing(value) for value in (None, float("nan"), np.datetime64("NaT", "D"), "", 0)]
    [True, True, True, False, False]
    """
    if value is None or isinstance(value, str):
        return value is None
    if isinstance(value, float | Decimal | np.generic):
        return bool(value != value)
    return type(value).__name__ in ("NAType", "NaTType")


def odd_type(value: object, *, plain: bool) -> str | None:
    """The type of a value that cannot be written as a string, or with ``plain``, only as JSON; else None.

    Bytes cannot, nor can objects that do not say how they are written.

    >>> odd_type(object(), plain=False), odd_type([1], plain=True), odd_type([1], plain=False)
    ('object', 'list', None)
    """
    value = plain_value(value)
    kind = type(value)
    nested = isinstance(value, _NESTED)
    mute = kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__
    binary = isinstance(value, bytes | bytearray | memoryview | np.void) and not plain
    return kind.__name__ if mute or binary or (nested and plain) else None


def _bytes_text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "\0"
    return text if text.isprintable() else str(UUID(bytes=value)) if len(value) == 16 else value.hex()


def inner_types(types: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    """The types of what is inside columns, by paths.

    >>> inner_types({"post": pl.Struct({"body": pl.String})})
    {'post.body': String}
    """
    inside: dict[str, pl.DataType] = {}
    for name, outer in types.items():
        dtype: Any = outer
        while isinstance(dtype, pl.List | pl.Array):
            dtype = dtype.inner
        if isinstance(dtype, pl.Struct):
            fields: dict[str, Any] = {f"{name}.{field.name}": field.dtype for field in dtype.fields}
            inside |= fields | inner_types(fields)
    return {path: dtype for path, dtype in inside.items() if path not in types}


def outer_columns(fields: Fields, columns: Sequence[str]) -> list[str]:
    """The columns of a file that hold the fields."""
    names = dict.fromkeys(columns)
    return list(dict.fromkeys(name if name in names else parted(names, name)[0] for name in fields.columns))


def with_nested(frame: pl.DataFrame, fields: Fields) -> pl.DataFrame:
    """The columns of ``fields``; those that are paths are taken out of the columns that hold them."""
    if not fields.nested:
        return frame
    return frame.select(
        _inside(frame, name) if name in fields.nested else frame[name] for name in fields.columns
    )


def _inside(frame: pl.DataFrame, path: str) -> pl.Series:
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
        yield RowBatch.of(string_columns(frame), np.arange(first, first + len(frame)))
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
        return sum(_characters(column.struct.field(name)) for name in (field.name for field in kind.fields))
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
    """The columns as strings, as `cell_text` writes their values, but exponents as Polars does."""
    return {column.name: _string_column(column) for column in frame}


def _string_column(column: pl.Series) -> pl.Series:
    dtype = column.dtype
    if dtype in (pl.Date, pl.Datetime):
        return _day_column(column)
    if dtype.is_float():
        return column.fill_nan(None).cast(pl.String).str.strip_suffix(".0")
    if dtype.is_nested() or dtype in (pl.Time, pl.Duration, pl.Binary, pl.Object):
        return pl.Series(column.name, list(map(cell_text, column.to_list())), dtype=pl.String)
    return column.cast(pl.String)


def _day_column(column: pl.Series) -> pl.Series:
    """Days, and times of days as Python writes them; null for those that Polars holds and cannot write."""
    dtype = column.dtype
    times = isinstance(dtype, pl.Datetime)
    days = (column.dt.replace_time_zone(None) if times else column).cast(pl.Date)
    column = column.set(~days.is_between(_FIRST_DAY, _LAST_DAY).fill_null(True), None)
    if not isinstance(dtype, pl.Datetime):
        return column.cast(pl.String)
    # %.f writes a fraction only if there is one.
    return column.dt.to_string(f"%Y-%m-%d %H:%M:%S%.f{'%:z' if dtype.time_zone else ''}")


def readable_fields(fields: Fields, types: Mapping[str, pl.DataType | str], path: str) -> Fields:
    """The fields whose types can be read. A column without a type holds strings.

    An id or date of an unsuitable type is not read, and said. `CorpusError` if the user named such a field,
    and for a text that is not of strings.
    """

    def unfit(name: str | None, fits: Callable[[pl.DataType | str], bool]) -> bool:
        return name is not None and name in types and not fits(types[name])

    def typed(*names: str) -> str:
        return ", ".join(f"{name} ({types[name]})" for name in names)

    wrong = [name for name in fields.text if unfit(name, is_text_type)]  # no document can be read without
    left_out: dict[str, Any] = {}
    notes = []
    for which, is_needed, fits in (
        ("date", fields.date_given, _is_date),
        ("id", fields.id_given, _is_plain),
        ("slice", True, _is_plain),
    ):
        name = getattr(fields, which)
        if unfit(name, fits):
            wrong += [name] * is_needed
            left_out[which] = None
            notes.append(f"{which}s are not read: {typed(name)} holds none")
    for name in wrong:
        rule = f"a column of strings is needed, this one holds {types[name]}"
        raise CorpusError(rule, path=path, field=name, remedy="choose another field")
    others = [name for name in fields.kept if name in types and name not in (fields.id, fields.slice)]
    unread = [name for name in others if _is_unread(types[name])]
    notes += [f"not kept: {typed(*unread)}"] * bool(unread)
    return replace(
        fields,
        **left_out,
        kept=tuple(name for name in fields.kept if name not in unread),
        unread=(*fields.unread, *unread),
        notes=(*fields.notes, *notes),
    )


def fields_of_types(
    columns: Sequence[str],
    types: Mapping[str, pl.DataType],  # of columns that may hold other values than strings
    path: str,
    names: FieldNames,
    inner: Collection[str] = (),  # paths into the columns
    first_rows: FirstRows = dict,
) -> Fields:
    """Choose the fields of a file with these columns, as far as their types can be read."""
    types = {**types, **inner_types(types)}

    def holds_text(name: str) -> bool:
        return is_text_type(types.get(name, pl.String()))

    fields = recognise(columns, path, names, inner, holds_text=holds_text, first_rows=first_rows)
    fields = replace(fields, headings=0) if types else fields  # columns of a type hold no headings
    return readable_fields(fields, types, path)


def is_text_type(dtype: pl.DataType | str) -> bool:
    """Whether a column of this type may be a text; one of nulls may."""
    return dtype in (*_STRINGS, pl.Null)


def _is_plain(dtype: pl.DataType | str) -> bool:
    """Whether a column can be an id or a slice."""
    return not isinstance(dtype, str) and (
        is_text_type(dtype) or dtype.is_numeric() or dtype.is_temporal() or dtype in (pl.Binary, pl.Boolean)
    )


def _is_date(dtype: pl.DataType | str) -> bool:
    return _is_plain(dtype) and dtype not in (pl.Time, pl.Duration, pl.Binary, pl.Boolean)


def _is_unread(dtype: pl.DataType | str) -> bool:
    """Whether a column cannot be a field to filter by: bytes, Python objects and vectors."""
    if isinstance(dtype, str):
        return True
    vector = isinstance(dtype, pl.List | pl.Array) and dtype.inner in (pl.Float32, pl.Float64)
    return vector or isinstance(dtype, pl.BaseExtension) or dtype in (pl.Binary, pl.Object)
