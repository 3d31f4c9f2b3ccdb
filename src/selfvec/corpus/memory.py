"""Texts, rows and data frames in memory as parts of a corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import chain, islice, zip_longest
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from selfvec.base.display import readable
from selfvec.base.errors import CorpusError
from selfvec.base.names import inner_names, parted, value_at
from selfvec.data.run_text import DATE, ID, SLICE, TEXT

from .documents import Part
from .fields import FieldNames, Fields, recognise
from .row_batch import (
    FIRST_ROWS,
    ROWS,
    SURROGATE,
    RowBatch,
    batch_of_rows,
    batches_of_frame,
    cell_text,
    is_missing,
    is_text_type,
    odd_type,
    readable_fields,
    string_columns,
)
from .summary import BATCH_ROWS, CorpusPass, FileRead

FRAME = "data frame"
ROW_LIST = "rows"
_MISSING = object()


@dataclass
class MemoryPart(Part):
    """Values in memory, read a row at a time; the size and hash are those of the texts."""

    rows: Callable[[], Iterator[Sequence[object]]] = lambda: iter(())  # the values of ``fields``
    _read: bool = False

    def row_batches(self, corpus_pass: CorpusPass) -> Iterator[RowBatch]:
        """The rows in batches, whose texts are counted and hashed."""
        digest = hashlib.sha256()
        size = 0
        for batch in self.batches(corpus_pass):
            for row in zip(*(batch.columns[name] for name in self.fields.text), strict=True):
                data = "".join(f"{text or ''}\0" for text in row).encode()
                digest.update(data)
                size += len(data) - len(row)
            yield batch
        named = Fields(()) if self.kind == "memory" else self.fields  # texts alone have no names
        corpus_pass.summary.files.append(FileRead.of(self.path, self.kind, size, digest.hexdigest(), named))

    def batches(self, corpus_pass: CorpusPass) -> Iterator[RowBatch]:
        """The rows in batches, the text fields first; null counts as an empty text."""
        if self._read and self.once:
            raise CorpusError("an iterator can be read only once", path=self.path, remedy="give a list")
        self._read = True
        names = self.fields.columns
        needed = len(self.fields.needed)
        held = 0  # characters of the texts in this batch
        batch: list[list[str | None]] = []
        lines: list[int] = []
        for number, row in enumerate(self.rows(), 1):
            texts = row[: len(self.fields.text)]
            odd = next((text for text in texts if not isinstance(text, str) and not is_missing(text)), None)
            if odd is not None:
                corpus_pass.bad(f"text is a string, this is {type_name(odd)}", path=self.path, line=number)
                continue
            values = [cell_text(value) for value in row]
            try:
                "".join(value or "" for value in values[:needed]).encode()
            except UnicodeEncodeError:
                corpus_pass.bad(SURROGATE, path=self.path, line=number)
                continue
            values[needed:] = [value and readable(value) for value in values[needed:]]
            held += sum(len(value or "") for value in values[: len(texts)])
            batch.append(values)
            lines.append(number)
            if held >= corpus_pass.batch_bytes or len(lines) >= BATCH_ROWS:
                yield batch_of_rows(batch, lines, names)
                batch = []
                lines = []
                held = 0
        yield batch_of_rows(batch, lines, names)


def texts_part(
    path: str,
    texts: Iterable[str | None],
    dates: Iterable[object] | None = None,
    ids: Iterable[object] | None = None,
    slices: Iterable[object] | None = None,
) -> MemoryPart:
    """Texts given by the caller, with their dates, ids and slices, as a part of a corpus."""
    given = {TEXT: texts, DATE: dates, ID: ids, SLICE: slices}
    columns = {name: column for name, column in given.items() if column is not None}
    single = {name: name if name in columns else None for name in (ID, SLICE)}
    fields = Fields(
        (TEXT,), (DATE,) if DATE in columns else (), single[ID], slice=single[SLICE], date_given=True
    )

    def rows() -> Iterator[Sequence[object]]:
        for number, row in enumerate(zip_longest(*columns.values(), fillvalue=_MISSING), 1):
            if any(value is _MISSING for value in row):
                rule = f"{', '.join(columns)} differ in length, one lacks number {number}"
                raise CorpusError(rule, path=path, remedy="give as many of each")
            yield row

    once = any(isinstance(column, Iterator) for column in columns.values())
    return MemoryPart(path, "memory", fields=fields, rows=rows, once=once)


def rows_part(rows: Iterable[object], named: FieldNames) -> MemoryPart:
    """Mappings from names to values, such as those of a streamed dataset, as a part of a corpus.

    The names of the first hundred are its columns.
    """
    first = list(islice(rows, FIRST_ROWS))
    mappings = [row for row in first if isinstance(row, Mapping)]
    keys = {str(name): name for row in reversed(mappings) for name in reversed(row)}
    names = list(reversed(keys))
    inner = [path for path in dict.fromkeys(chain(*map(inner_names, mappings))) if path not in keys]
    columns = {name: [row.get(keys[name]) for row in mappings] for name in names}
    columns |= {path: [value_at(row, path) for row in mappings] for path in inner}
    fields = recognise(names, ROW_LIST, named, inner, first_rows=lambda: columns)
    odd = {name: _odd_type(columns[name], plain=name in fields.needed) for name in fields.columns}
    types = {name: kind for name, kind in odd.items() if kind and name not in fields.text}
    fields = readable_fields(fields, types, ROW_LIST)
    nested = set(fields.nested)

    once = isinstance(rows, Iterator)

    def values() -> Iterator[Sequence[object]]:
        for number, row in enumerate(chain(first, rows) if once else rows, 1):
            if is_missing(row):
                row = {}
            if not isinstance(row, Mapping):
                rule = f"a row is a mapping, this is {type_name(row)}"
                remedy = "give only mappings, or only texts"
                raise CorpusError(rule, path=ROW_LIST, line=number, remedy=remedy)
            if None in row:  # of csv.DictReader, for a row that is too long
                rule = f"a row has {len(row) - 1} values, as its header, this one has more"
                raise CorpusError(rule, path=ROW_LIST, line=number, remedy="quote the delimiter")
            yield [value_at(row, name) if name in nested else row.get(keys[name]) for name in fields.columns]

    return MemoryPart(ROW_LIST, "frame", fields=fields, rows=values, once=once)


@dataclass
class FramePart(MemoryPart):
    """The rows of a data frame with the columns in ``fields``, read like those of a file."""

    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    bad: Mapping[int, tuple[str, str]] = field(default_factory=dict)  # field and fault, by number of row

    def dates(self) -> Iterator[RowBatch]:
        """The rows with their dates alone; see `Part.dates`."""
        yield RowBatch(string_columns(self.frame.select(self.fields.date)), range(1, 1 + len(self.frame)))

    def batches(self, corpus_pass: CorpusPass) -> Iterator[RowBatch]:
        """The rows in batches."""
        for first in range(0, len(self.frame), ROWS):
            part = self.frame.slice(first, ROWS)
            bad = sorted(row for row in self.bad if first <= row < first + len(part)) if self.bad else []
            for row in bad:
                name, rule = self.bad[row]
                corpus_pass.bad(rule, path=self.path, line=row + 1, field=name)
            for batch in batches_of_frame(part, first + 1, self.path, corpus_pass):
                good = pl.Series([line - 1 not in self.bad for line in batch.lines]) if bad else None
                yield batch if good is None else batch.part(good)


def frame_part(
    names: list[str],
    column: Callable[[int], pl.Series | list[Any]],
    named: FieldNames,
) -> FramePart:
    """A data frame as a part of a corpus."""
    names = [readable(name) for name in names]
    inner = {} if _all_plain(names, named) else _inner(names, column)
    values = cache(partial(_values, names, column))  # one that is not kept is not even fetched
    fields = recognise(
        names,
        FRAME,
        named,
        inner,
        holds_text=lambda name: _holds_text(values(name)),
        first_rows=lambda: {name: list(values(name)[:FIRST_ROWS]) for name in names},
    )
    read = {name: _read(values(name), name, fields) for name in fields.columns}
    fields = readable_fields(fields, {name: column.type for name, column in read.items()}, FRAME)
    frame = pl.DataFrame({name: read[name].series for name in fields.columns})
    bad = {row: (name, rule) for name, column in read.items() for row, rule in column.bad.items()}
    fields = replace(fields, nested=())  # which are columns now
    return FramePart(FRAME, "frame", fields=fields, frame=frame, bad=bad)


def _all_plain(names: Sequence[str], named: FieldNames) -> bool:
    """Whether all names in options are columns."""
    return set(named.asked) <= set(names)


def _inner(names: Sequence[str], column: Callable[[int], pl.Series | list[Any]]) -> dict[str, None]:
    """The paths to what is inside the first rows of a data frame."""
    first = [_plain(column(number)[:FIRST_ROWS]) for number in range(len(names))]
    rows = (dict(zip(names, row, strict=True)) for row in zip(*first, strict=True))
    return {path: None for row in rows for path in inner_names(row)}


def _values(
    names: list[str], column: Callable[[int], pl.Series | list[Any]], name: str
) -> pl.Series | list[Any]:
    """A column of a data frame, or what is under a path."""
    if name in names:
        return column(names.index(name))
    outer = parted(dict.fromkeys(names), name)[0]
    return [value_at({outer: value}, name) for value in _plain(column(names.index(outer)))]


def _plain(values: pl.Series | list[Any]) -> list[Any]:
    """The values of a column, with lists and objects as those of Python."""
    return values.to_list() if isinstance(values, pl.Series) else values


class _Column(NamedTuple):
    """A column of a data frame."""

    type: pl.DataType | str  # the name of a type of Python if the values cannot be read
    series: pl.Series = pl.Series(dtype=pl.String)
    bad: Mapping[int, str] = MappingProxyType({})  # faults by number of row


def _read(values: pl.Series | Sequence[object], name: str, fields: Fields) -> _Column:
    """A column as strings, or as it is in Polars."""
    if isinstance(values, pl.Series) and values.dtype != pl.Object:
        return _Column(values.dtype, values)
    values = list(values)
    odd_texts = dict(_odd_texts(values)) if name in fields.text else {}
    if odd_texts and not _holds_text(values):
        return _Column(next(iter(odd_texts.values())))
    values = [None if number in odd_texts else value for number, value in enumerate(values)]
    if odd := _odd_type(values, plain=name in fields.needed):
        return _Column(odd)
    bad = {row: f"text is a string, this is {kind}" for row, kind in odd_texts.items()}
    return _Column(pl.String(), _series(values, name, fields), bad)


def type_name(value: object) -> str:
    """The name of the type of a value, as errors show it."""
    return type(value).__name__


def _holds_text(values: pl.Series | Sequence[object]) -> bool:
    """Whether some values of a column are strings, or all of them are missing."""
    if isinstance(values, pl.Series) and values.dtype != pl.Object:
        return is_text_type(values.dtype)
    return any(isinstance(value, str) for value in values) or all(map(is_missing, values))


def _odd_texts(values: Sequence[object]) -> Iterator[tuple[int, str]]:
    """The numbers of the values that are no texts, and their types."""
    for number, value in enumerate(values):
        if not isinstance(value, str) and not is_missing(value):
            yield number, type_name(value)


def _odd_type(values: Sequence[object], *, plain: bool) -> str | None:
    """The type of values that are not read, see `odd_type`; ``vector`` for lists of floats alone."""
    present = [value for value in values if not isinstance(value, str) and not is_missing(value)]
    if present and all(map(_is_vector, present)):
        return "vector"
    return next(filter(None, (odd_type(value, plain=plain) for value in present)), None)


def _is_vector(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return bool(np.issubdtype(value.dtype, np.floating))
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(x, float) for x in value)


def _series(values: Sequence[object], name: str, fields: Fields) -> pl.Series:
    """Values as strings."""
    texts = [cell_text(value) for value in values]
    if name not in fields.needed:
        texts = [text and readable(text) for text in texts]
    try:
        return pl.Series(texts, dtype=pl.String)
    except UnicodeEncodeError as error:
        raise CorpusError(SURROGATE, path=FRAME, field=name, remedy="mend it or leave it out") from error
