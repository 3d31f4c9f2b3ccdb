"""Texts, rows and data frames in memory as parts of a corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import chain, islice, zip_longest
from typing import Any, TypeGuard

import numpy as np
import polars as pl

from selfvec.base.display import readable
from selfvec.base.errors import CorpusError
from selfvec.base.names import inner_names, parted, value_at
from selfvec.data.run_text import DATE, ID, SLICE, TEXT

from .columns import (
    FIRST_ROWS,
    ROWS,
    RowBatch,
    batch_of_values,
    batches_of_frame,
    is_missing,
    is_text_type,
    odd_type,
    readable_fields,
    strings,
)
from .documents import Part
from .fields import FieldNames, Fields, recognise
from .summary import BATCH_ROWS, CorpusPass, FileRead

FRAME = "data frame"
ROW_LIST = "rows"
_MISSING = object()


@dataclass
class MemoryPart(Part):
    """Values in memory; the size and hash are those of the texts."""

    read: Callable[[CorpusPass], Iterator[RowBatch]] = lambda _: iter(())
    once: bool = False  # whether they can be read only once
    _begun: bool = False

    def row_batches(self, corpus_pass: CorpusPass) -> Iterator[RowBatch]:
        if self._begun and self.once:
            raise CorpusError("an iterator can be read only once", path=self.path, remedy="give a list")
        self._begun = True
        digest = hashlib.sha256()
        size = 0
        for batch in self.read(corpus_pass):
            for row in zip(*map(batch.column, self.fields.text), strict=True):
                data = "".join(f"{text or ''}\0" for text in row).encode()
                digest.update(data)
                size += len(data) - len(row)
            yield batch
        named = () if self.kind == "memory" else (self.fields.text, self.fields.date)  # texts have no names
        corpus_pass.summary.files.append(FileRead(self.path, self.kind, size, digest.hexdigest(), *named))


def _batches_of_rows(
    rows: Callable[[], Iterator[Sequence[object]]],  # the values of ``fields``, the texts first
    fields: Fields,
    path: str,
    corpus_pass: CorpusPass,
    *,
    named: bool = True,  # whether errors name fields
) -> Iterator[RowBatch]:
    """Rows of values, which may be an endless stream, in batches of bounded size."""
    first, held = 1, 0
    block: list[Sequence[object]] = []

    def batch() -> RowBatch:
        columns = dict(zip(fields.columns, zip(*block, strict=True), strict=True))
        lines = range(first, first + len(block))
        return batch_of_values(columns, lines, fields, (), path, corpus_pass, type_name, named=named)

    for row in rows():
        block.append(row)
        held += sum(len(text) for text in row[: len(fields.text)] if isinstance(text, str))
        if held >= corpus_pass.batch_bytes or len(block) >= BATCH_ROWS:
            yield batch()
            first, held = first + len(block), 0
            block.clear()
    if block:
        yield batch()


def frame_of_strings(
    path: str,
    kind: str,
    fields: Fields,
    frame: pl.DataFrame,
    faults: Mapping[int, tuple[str, str]] | None = None,  # the field and the rule of bad rows
) -> MemoryPart:
    """A data frame with the columns in ``fields``, read like those of a file."""
    known = faults or {}

    def read(corpus_pass: CorpusPass) -> Iterator[RowBatch]:
        for start in range(0, len(frame), ROWS):
            for batch in batches_of_frame(frame.slice(start, ROWS), start + 1, path, corpus_pass):
                bad = [line for line in batch.lines if line - 1 in known] if known else []
                for line in bad:
                    name, rule = known[line - 1]
                    corpus_pass.bad(rule, path=path, line=int(line), field=name)
                yield batch.part(~pl.Series(batch.lines).is_in(bad)) if bad else batch

    return MemoryPart(path, kind, fields=fields, read=read)


def texts_part(
    path: str,
    texts: Iterable[str | None],
    dates: Iterable[object] | None = None,
    ids: Iterable[object] | None = None,
    slices: Iterable[object] | None = None,
    *,
    tokenized: bool = False,
) -> MemoryPart:
    """Texts given by the caller, with their dates, ids and slices, as a part of a corpus."""
    given = {TEXT: texts, DATE: dates, ID: ids, SLICE: slices}
    columns = {name: column for name, column in given.items() if column is not None}
    own = {name: name for name in columns}
    single = own.get(DATE), own.get(ID), own.get(SLICE)
    fields = Fields((TEXT,), *single, date_given=True, tokenized=tokenized)

    def rows() -> Iterator[Sequence[object]]:
        for number, row in enumerate(zip_longest(*columns.values(), fillvalue=_MISSING), 1):
            if any(value is _MISSING for value in row):
                rule = f"{', '.join(columns)} differ in length, one lacks number {number}"
                raise CorpusError(rule, path=path, remedy="give as many of each")
            yield row

    once = any(isinstance(column, Iterator) for column in columns.values())
    read = partial(_batches_of_rows, rows, fields, path, named=False)
    return MemoryPart(path, "memory", fields=fields, read=read, once=once)


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
    first_rows = {name: columns[name] for name in names}
    fields = recognise(names, ROW_LIST, named, inner, first_rows=lambda: first_rows)
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

    read = partial(_batches_of_rows, values, fields, ROW_LIST)
    return MemoryPart(ROW_LIST, "frame", fields=fields, read=read, once=once)


def frame_part(
    names: list[str],
    column: Callable[[int], pl.Series | list[Any]],
    named: FieldNames,
) -> MemoryPart:
    """A data frame as a part of a corpus: of columns of Polars, or of lists, which are read as rows."""
    names = [readable(name) for name in names]
    whole = named.keep is True or not set(named.asked) <= set(names)  # or else no path is meant
    values = cache(partial(_values, names, column))
    first = {name: _plain(values(name)[:FIRST_ROWS]) for name in names}
    rows = (dict(zip(first, row, strict=True)) for row in zip(*first.values(), strict=True) if whole)
    fields = recognise(
        names,
        FRAME,
        named,
        dict.fromkeys(chain(*map(inner_names, rows))),
        holds_text=lambda name: _holds_text(values(name)),
        first_rows=lambda: first,
    )
    types = {name: kind for name in fields.columns if (kind := _type_of(values(name), name, fields))}
    fields = replace(readable_fields(fields, types, FRAME), nested=())  # these are columns now
    columns: dict[str, pl.Series] = {}
    faults: dict[int, tuple[str, str]] = {}
    for name in fields.columns:
        given = values(name)
        if _is_typed(given):
            columns[name] = given
        else:
            columns[name], wrong = strings(_plain(given), name, fields, type_name)
            faults = {row: (name, rule) for row, rule in wrong.items()} | faults
    return frame_of_strings(FRAME, "frame", fields, pl.DataFrame(columns), faults)


def _values(
    names: list[str], column: Callable[[int], pl.Series | list[Any]], name: str
) -> pl.Series | list[Any]:
    if name in names:
        return column(names.index(name))
    outer = parted(dict.fromkeys(names), name)[0]
    return [value_at({outer: value}, name) for value in _plain(column(names.index(outer)))]


def _plain(values: pl.Series | list[Any]) -> list[Any]:
    return values.to_list() if isinstance(values, pl.Series) else values


def _is_typed(values: pl.Series | Sequence[object]) -> TypeGuard[pl.Series]:
    return isinstance(values, pl.Series) and values.dtype != pl.Object


def _type_of(values: pl.Series | Sequence[object], name: str, fields: Fields) -> pl.DataType | str | None:
    """The type of a column: one of Polars, or that of values that are not read; None for strings."""
    if _is_typed(values):
        return values.dtype
    values = list(values)
    if name not in fields.text:
        return _odd_type(values, plain=name in fields.needed)
    odd = (value for value in values if not is_missing(value))
    return None if _holds_text(values) else type_name(next(odd))


def type_name(value: object) -> str:
    return type(value).__name__


def _holds_text(values: pl.Series | Sequence[object]) -> bool:
    if _is_typed(values):
        return is_text_type(values.dtype)
    return any(isinstance(value, str) for value in values) or all(map(is_missing, values))


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
