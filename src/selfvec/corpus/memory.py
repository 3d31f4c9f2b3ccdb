"""Texts and data frames in memory as parts of a corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from numbers import Number
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.errors import CorpusError

from .fields import Fields, recognise
from .files import typed
from .summary import FileRead, Reading
from .tables import ROWS, SURROGATE, Table, plain_columns, shown, table_of

__all__ = ["FRAME", "FramePart", "MemoryPart", "frame_part"]

FRAME = "data frame"
TEXT, DATE, ID, SLICE = "text", "date", "id", "slice"
_MISSING = object()


@dataclass
class MemoryPart:
    """Texts given by the caller, with their dates, ids and slices."""

    path: str
    texts: Iterable[str | None]
    dates: Iterable[object] | None = None
    ids: Iterable[object] | None = None
    slices: Iterable[object] | None = None
    kind: str = "memory"
    size: int | None = None
    name: str = ""
    fields: Fields = field(init=False)
    _read: bool = False

    def __post_init__(self) -> None:
        dates = () if self.dates is None else (DATE,)
        part = None if self.slices is None else SLICE
        self.fields = Fields((TEXT,), dates, None if self.ids is None else ID, slice=part, date_given=True)

    def tables(self, reading: Reading) -> Iterator[Table]:
        """The texts in batches; null counts as an empty text."""
        given = {TEXT: self.texts, DATE: self.dates, ID: self.ids, SLICE: self.slices}
        columns = {name: column for name, column in given.items() if column is not None}
        if self._read and any(iter(column) is column for column in columns.values()):
            raise CorpusError("an iterator can be read only once", path=self.path, remedy="give a list")
        self._read = True
        digest, size, held = hashlib.sha256(), 0, 0
        rows: list[list[str | None]] = []
        lines: list[int] = []
        for number, row in enumerate(zip_longest(*columns.values(), fillvalue=_MISSING), 1):
            if any(value is _MISSING for value in row):
                rule = f"there is one of {', '.join(columns)} each, but not for number {number}"
                raise CorpusError(rule, path=self.path, remedy="give as many of each")
            data = self._encoded(row[0], number, reading)
            if data is None:
                continue
            digest.update(data + b"\0")
            size, held = size + len(data), held + len(data)
            rows.append([shown(value) for value in row])
            lines.append(number)
            if held >= reading.batch_bytes:
                yield table_of(rows, lines, list(columns))
                rows, lines, held = [], [], 0
        yield table_of(rows, lines, list(columns))
        reading.summary.files.append(FileRead(self.path, self.kind, size, digest.hexdigest()))

    def _encoded(self, text: object, number: int, reading: Reading) -> bytes | None:
        if text is not None and not isinstance(text, str):
            rule = f"text is a string, this is {type(text).__name__}"
        else:
            try:
                return (text or "").encode()
            except UnicodeEncodeError:
                rule = SURROGATE
        reading.bad(rule, path=self.path, line=number)
        return None


@dataclass
class FramePart:
    """The rows of a data frame with the columns that ``fields`` names, read as those of a file."""

    path: str
    frame: pl.DataFrame
    fields: Fields
    kind: str = "frame"
    size: int | None = None
    name: str = ""

    def tables(self, reading: Reading) -> Iterator[Table]:
        """The rows in batches."""
        digest, size = hashlib.sha256(), 0
        for first in range(0, len(self.frame), ROWS):
            part = self.frame.slice(first, ROWS)
            values = plain_columns(part)
            for row in zip(*(values[name] for name in self.fields.text), strict=True):
                data = "".join(f"{text or ''}\0" for text in row).encode()
                digest.update(data)
                size += len(data) - len(row)
            yield Table(values, range(first + 1, first + 1 + len(part)))
        fields, dates = self.fields, " + ".join(self.fields.date) or None
        read = FileRead(self.path, self.kind, size, digest.hexdigest(), fields.text, dates, fields.layout)
        reading.summary.files.append(read)


def frame_part(
    names: list[str], column: Callable[[int], pl.Series | list[Any]], text_fields: Sequence[str] | None
) -> FramePart:
    """A data frame as a part of a corpus, with the columns that are read."""
    fields = recognise(names, FRAME, text_fields, asking="text_fields=[NAME]; its columns are")
    columns = {name: column(names.index(name)) for name in fields.columns}
    series = {
        name: values if isinstance(values, pl.Series) else _series(values, name, name in fields.text)
        for name, values in columns.items()
    }
    fields = typed(fields, {name: values.dtype for name, values in series.items()}, FRAME)
    return FramePart(FRAME, pl.DataFrame({name: series[name] for name in fields.columns}), fields)


def _series(values: list[Any], name: str, is_text: bool) -> pl.Series:
    """Values as strings. A column with other values than strings, numbers and dates is not read."""
    odd = next((value for value in values if value is not None and not isinstance(value, str)), None)
    if odd is not None and is_text:
        rule = f"a column of strings is needed, this one holds {type(odd).__name__}"
        remedy = "choose another field, or give lists of tokens as the column itself"
        raise CorpusError(rule, path=FRAME, field=name, remedy=remedy)
    plain = (str, Number, date, np.generic, type(None))
    if odd is not None and not all(isinstance(value, plain) for value in values):
        return pl.Series([None] * len(values), dtype=pl.Object)
    try:
        return pl.Series([shown(value) for value in values], dtype=pl.String)
    except UnicodeEncodeError as error:
        raise CorpusError(SURROGATE, path=FRAME, field=name, remedy="mend it or leave it out") from error
