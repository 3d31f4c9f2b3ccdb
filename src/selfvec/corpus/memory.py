"""Texts, rows and data frames in memory as parts of a corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain, islice, zip_longest
from numbers import Number
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.display import readable
from selfvec.base.errors import CorpusError
from selfvec.base.names import inner_names, parted, value_at
from selfvec.data.run_text import DATE, ID, SLICE, TEXT

from .documents import Part
from .fields import FieldNames, Fields, recognise
from .row_batch import (
    ROWS,
    SURROGATE,
    RowBatch,
    batch_of_rows,
    batches_of_frame,
    cell_text,
    readable_fields,
    string_columns,
    with_nested,
)
from .summary import BATCH_ROWS, CorpusPass, FileRead

FRAME = "data frame"
ROW_LIST = "rows"
_MISSING = object()
_FIRST_ROWS = 100  # the columns are the names in these rows


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
            odd = next((text for text in texts if text is not None and not isinstance(text, str)), None)
            if odd is not None:
                rule = f"text is a string, this is {type(odd).__name__}"
                corpus_pass.bad(rule, path=self.path, line=number)
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
    first = list(islice(rows, _FIRST_ROWS))
    names = dict.fromkeys(str(name) for row in first if isinstance(row, Mapping) for name in row)
    inner = {path: None for row in first if isinstance(row, Mapping) for path in inner_names(row)}
    fields = recognise(list(names), ROW_LIST, named, [path for path in inner if path not in names])
    nested = set(fields.nested)

    once = isinstance(rows, Iterator)

    def values() -> Iterator[Sequence[object]]:
        for number, row in enumerate(chain(first, rows) if once else rows, 1):
            if not isinstance(row, Mapping):
                rule = f"a row is a mapping, this is {type(row).__name__}"
                remedy = "give only mappings, or only texts"
                raise CorpusError(rule, path=ROW_LIST, line=number, remedy=remedy)
            yield [value_at(row, name) if name in nested else row.get(name) for name in fields.columns]

    return MemoryPart(ROW_LIST, "frame", fields=fields, rows=values, once=once)


@dataclass
class FramePart(MemoryPart):
    """The rows of a data frame with the columns in ``fields``, read like those of a file."""

    frame: pl.DataFrame = field(default_factory=pl.DataFrame)

    def dates(self) -> Iterator[RowBatch]:
        """The rows with their dates alone; see `Part.dates`."""
        yield RowBatch(string_columns(self.frame.select(self.fields.date)), range(1, 1 + len(self.frame)))

    def batches(self, corpus_pass: CorpusPass) -> Iterator[RowBatch]:
        """The rows in batches."""
        for first in range(0, len(self.frame), ROWS):
            part = with_nested(self.frame.slice(first, ROWS), self.fields)
            yield from batches_of_frame(part, first + 1, self.path, corpus_pass)


def frame_part(
    names: list[str],
    column: Callable[[int], pl.Series | list[Any]],
    named: FieldNames,
) -> FramePart:
    """A data frame as a part of a corpus."""
    names = [readable(name) for name in names]
    inner = {} if _all_plain(names, named) else _inner(names, column)
    fields = recognise(names, FRAME, named, inner)
    columns = {name: _values(names, column, name) for name in fields.columns}
    series = {
        name: values if isinstance(values, pl.Series) else _series(values, name, fields)
        for name, values in columns.items()
    }
    fields = readable_fields(fields, {name: values.dtype for name, values in series.items()}, FRAME)
    frame = pl.DataFrame({name: series[name] for name in fields.columns})
    fields = replace(fields, nested=())  # which are columns now
    return FramePart(FRAME, "frame", fields=fields, frame=frame)


def _all_plain(names: Sequence[str], named: FieldNames) -> bool:
    """Whether all names in options are columns."""
    return set(named.asked) <= set(names)


def _inner(names: Sequence[str], column: Callable[[int], pl.Series | list[Any]]) -> dict[str, None]:
    """The paths to what is inside the first rows of a data frame."""
    first = [_plain(column(number)[:_FIRST_ROWS]) for number in range(len(names))]
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


def _series(values: list[Any], name: str, fields: Fields) -> pl.Series:
    """Values as strings. A column with other values than strings, numbers and dates is not read."""
    odd = next((value for value in values if value is not None and not isinstance(value, str)), None)
    if odd is not None and name in fields.text:
        rule = f"a column of strings is needed, this one holds {type(odd).__name__}"
        remedy = "choose another field, or give lists of tokens as the column itself"
        raise CorpusError(rule, path=FRAME, field=name, remedy=remedy)
    plain = (str, Number, date, np.generic, type(None))
    if odd is not None and not all(isinstance(value, plain) for value in values):
        return pl.Series([None] * len(values), dtype=pl.Object)
    texts = [cell_text(value) for value in values]
    if name not in fields.needed:
        texts = [text and readable(text) for text in texts]
    try:
        return pl.Series(texts, dtype=pl.String)
    except UnicodeEncodeError as error:
        raise CorpusError(SURROGATE, path=FRAME, field=name, remedy="mend it or leave it out") from error
