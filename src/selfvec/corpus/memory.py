"""Texts, rows and data frames in memory as parts of a corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import chain, islice, zip_longest
from typing import Any, TypeGuard

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
    batches_of_frame,
    cell_text,
    is_missing,
    is_text_type,
    odd_type,
    readable_fields,
)
from .summary import BATCH_ROWS, CorpusPass, FileRead

FRAME = "data frame"
ROW_LIST = "rows"
_MISSING = object()


@dataclass
class MemoryPart(Part):
    """Values in memory, read a row at a time; the size and hash are those of the texts."""

    rows: Callable[[], Iterator[Sequence[object]]] = lambda: iter(())  # the values of ``fields``
    once: bool = False  # whether they can be read only once
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
        for first, rows in _blocks(self.rows(), len(self.fields.text), corpus_pass.batch_bytes):
            columns: dict[str, pl.Series] = {}
            bad: dict[int, tuple[str, str]] = {}  # the first field with a fault, by number in the block
            for name, values in zip(self.fields.columns, zip(*rows, strict=True), strict=True):
                columns[name], faults = _column(values, name, self.fields)
                bad = {row: (name, rule) for row, rule in faults.items()} | bad
            for row, (name, rule) in sorted(bad.items()):
                named = None if self.kind == "memory" else name  # texts alone have no names
                corpus_pass.bad(rule, path=self.path, line=first + row, field=named)
            batch = RowBatch(columns, range(first, first + len(rows)))
            yield batch.part(pl.Series([row not in bad for row in range(len(rows))])) if bad else batch


def _blocks(
    rows: Iterable[Sequence[object]],
    texts: int,  # first values of each row
    most: int,  # characters of texts in a block
) -> Iterator[tuple[int, list[Sequence[object]]]]:
    """Rows in blocks, each with the number of its first row, from 1."""
    first = 1
    held = 0
    block: list[Sequence[object]] = []
    for row in rows:
        block.append(row)
        held += sum(len(text) for text in row[:texts] if isinstance(text, str))
        if held >= most or len(block) >= BATCH_ROWS:
            yield first, block
            first += len(block)
            held = 0
            block = []
    if block:
        yield first, block


def _column(values: Sequence[object], name: str, fields: Fields) -> tuple[pl.Series, dict[int, str]]:
    """The values of a field as strings, null for those that cannot be read, and the faults of these."""
    odd = _odd_texts(values) if name in fields.text else ()
    faults = {row: f"text is a string, this is {kind}" for row, kind in odd}
    texts = [None if row in faults else cell_text(value) for row, value in enumerate(values)]
    if name not in fields.needed:
        texts = [text and readable(text) for text in texts]
    try:
        return pl.Series(texts, dtype=pl.String), faults
    except UnicodeEncodeError:
        for row, text in enumerate(texts):
            if text and text != text.encode(errors="replace").decode():
                texts[row] = None
                faults[row] = SURROGATE
    return pl.Series(texts, dtype=pl.String), faults


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
        (TEXT,), DATE if DATE in columns else None, single[ID], slice=single[SLICE], date_given=True
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
    """The rows of a data frame of Polars with the columns in ``fields``, read like those of a file."""

    frame: pl.DataFrame = field(default_factory=pl.DataFrame)

    def batches(self, corpus_pass: CorpusPass) -> Iterator[RowBatch]:
        """The rows in batches."""
        for first in range(0, len(self.frame), ROWS):
            yield from batches_of_frame(self.frame.slice(first, ROWS), first + 1, self.path, corpus_pass)


def frame_part(
    names: list[str],
    column: Callable[[int], pl.Series | list[Any]],
    named: FieldNames,
) -> MemoryPart:
    """A data frame as a part of a corpus: of columns of Polars, or of lists, which are read as rows."""
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
    types = {name: kind for name in fields.columns if (kind := _type_of(values(name), name, fields))}
    fields = replace(readable_fields(fields, types, FRAME), nested=())  # these are columns now
    columns = {name: values(name) for name in fields.columns}
    if all(map(_is_typed, columns.values())):
        return FramePart(FRAME, "frame", fields=fields, frame=pl.DataFrame(columns))
    lists = list(map(_plain, columns.values()))
    return MemoryPart(FRAME, "frame", fields=fields, rows=lambda: zip(*lists, strict=True))


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


def _is_typed(values: pl.Series | Sequence[object]) -> TypeGuard[pl.Series]:
    """Whether a column has a type of Polars, and not any objects of Python."""
    return isinstance(values, pl.Series) and values.dtype != pl.Object


def _type_of(values: pl.Series | Sequence[object], name: str, fields: Fields) -> pl.DataType | str | None:
    """The type of a column: one of Polars, or that of values that are not read; None for strings."""
    if _is_typed(values):
        return values.dtype
    values = list(values)
    if name not in fields.text:
        return _odd_type(values, plain=name in fields.needed)
    odd = next(_odd_texts(values), None)
    return None if odd is None or _holds_text(values) else odd[1]


def type_name(value: object) -> str:
    """The name of the type of a value, as errors show it."""
    return type(value).__name__


def _holds_text(values: pl.Series | Sequence[object]) -> bool:
    """Whether some values of a column are strings, or all of them are missing."""
    if _is_typed(values):
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
