"""Turn rows into documents: join texts, parse dates, and find empty and repeated documents."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from selfvec.base.arrays import Hashes, Ints, Mask
from selfvec.data.run_text import DATE, FILE, FINGERPRINT, ID, SLICE, TEXT, column_of, fields_among
from selfvec.data.token_batch import ONCE

from .dates import parse_dates
from .fields import Fields
from .fingerprints import Seen, fingerprints
from .readable import NUL, REPLACEMENT, readable
from .row_batch import RowBatch
from .summary import CorpusPass

__all__ = [
    "Documents",
    "Rows",
    "concatenated",
    "documents_of",
    "documents_of_rows",
    "in_slice",
    "with_files",
]


@dataclass(frozen=True)
class Documents:
    """A batch of documents in reading order; columns that the source lacks are None."""

    texts: pl.Series  # String, no nulls, none empty
    ids: pl.Series | None = None  # String
    dates: pl.Series | None = None  # Date; null if unknown
    slices: pl.Series | None = None  # String, the slice of the corpus each belongs to; null if unknown
    fields: dict[str, pl.Series] = field(default_factory=dict)  # String, other fields of the rows
    fingerprints: Hashes | None = None  # (D,) odd in layouts that keep a repeated text once
    files: pl.Series | None = None  # String, the absolute path of each document's file; null if it has none

    def __len__(self) -> int:
        return len(self.texts)

    def part(self, kept: Mask) -> Documents:
        """The selected documents, (D,) bool."""
        mask = pl.Series(kept)

        def some(values: pl.Series | None) -> pl.Series | None:
            return None if values is None else values.filter(mask)

        return Documents(
            self.texts.filter(mask),
            some(self.ids),
            some(self.dates),
            some(self.slices),
            {name: values.filter(mask) for name, values in self.fields.items()},
            None if self.fingerprints is None else self.fingerprints[kept],
            some(self.files),
        )

    def frame(self) -> pl.DataFrame:
        """The documents as rows of a `selfvec.data.run_text.RunText`.

        A field called ``date`` is not written next to the dates.
        """
        columns = {TEXT: self.texts, ID: self.ids, DATE: self.dates, SLICE: self.slices, FILE: self.files}
        own = {name: values for name, values in columns.items() if values is not None}
        fields = {
            column_of(name): values.cast(pl.String)
            for name, values in self.fields.items()
            if name != DATE or self.dates is None
        }
        marks = fingerprints(self.texts) if self.fingerprints is None else self.fingerprints
        missing = {ID: self.ids, FILE: self.files}
        empty = {
            name: pl.repeat(None, len(self), dtype=pl.String, eager=True)
            for name, values in missing.items()
            if values is None
        }
        return pl.DataFrame({**own, **empty, **fields, FINGERPRINT: pl.Series(marks)})

    @classmethod
    def of_frame(cls, rows: pl.DataFrame) -> Documents:
        """Rows of a `selfvec.data.run_text.RunText` as documents."""

        def some(name: str) -> pl.Series | None:
            return None if rows[name].null_count() == len(rows) else rows[name]

        fields = {name: rows[column_of(name)] for name in fields_among(rows.columns)}
        ids, dates, slices, files = map(some, (ID, DATE, SLICE, FILE))
        return cls(rows[TEXT], ids, dates, slices, fields, rows[FINGERPRINT].to_numpy(), files)


def concatenated(batches: Sequence[Documents]) -> Documents:
    """Several batches as one; ids and dates are null for sources without any."""
    if len(batches) == 1:
        return batches[0]

    def joined(parts: list[pl.Series | None], dtype: type[pl.DataType] = pl.String) -> pl.Series:
        columns = [
            pl.repeat(None, len(batch), dtype=dtype, eager=True) if part is None else part.alias("")
            for part, batch in zip(parts, batches, strict=True)
        ]
        return pl.concat(columns)

    def joined_if_any(name: str, dtype: type[pl.DataType] = pl.String) -> pl.Series | None:
        parts = [getattr(batch, name) for batch in batches]
        return None if all(part is None for part in parts) else joined(parts, dtype)

    marks = [batch.fingerprints for batch in batches if batch.fingerprints is not None]
    names = dict.fromkeys(name for batch in batches for name in batch.fields)
    return Documents(
        joined([batch.texts for batch in batches]),
        joined_if_any("ids"),
        joined_if_any("dates", pl.Date),
        joined_if_any("slices"),
        {name: joined([batch.fields.get(name) for batch in batches]) for name in names},
        np.concatenate(marks) if len(marks) == len(batches) else None,
        joined_if_any("files"),
    )


class Rows(Protocol):
    """A part of a corpus that is read as rows."""

    @property
    def path(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def size(self) -> int | None: ...

    @property
    def fields(self) -> Fields: ...

    def row_batches(self, corpus_pass: CorpusPass) -> Iterator[RowBatch]:
        """The rows from the start."""


def documents_of(part: Rows, corpus_pass: CorpusPass, seen: Seen) -> Iterator[Documents]:
    """The documents of a part from the start, with the files that they come from."""
    on_disk = part.size is not None and part.kind not in ("memory", "frame")
    path = os.path.normpath(Path(part.path).absolute()) if on_disk else None
    for rows in part.row_batches(corpus_pass):
        batch = documents_of_rows(rows, part.fields, part.path, corpus_pass, seen)
        yield batch if path is None else with_files(batch, path, part.kind)


def with_files(batch: Documents, path: str, kind: str) -> Documents:
    """The same documents with the file that they were read from; in a folder it is named by the id."""
    files = pl.repeat(path, len(batch), dtype=pl.String, eager=True)
    if kind == "folder" and batch.ids is not None:
        files = files + "/" + batch.ids
    return replace(batch, files=files)


def in_slice(batch: Documents, name: str) -> Documents:
    """The same documents, all of one slice."""
    return replace(batch, slices=pl.repeat(name, len(batch), dtype=pl.String, eager=True))


def documents_of_rows(
    batch: RowBatch, fields: Fields, path: str, corpus_pass: CorpusPass, seen: Seen
) -> Documents:
    """The documents of some rows; what is left out is counted in the summary of the pass.

    Without a layout a row is a document, and repeated texts are only counted. With a layout each text column
    of a row is a document, and a repeated text is kept once. A row with a bad date is a bad row only if the
    user named the date field.
    """
    batch = _without_nul(batch, path, corpus_pass)
    batch, dates = _dated(batch, fields, path, corpus_pass)
    ids = _as_text(batch.columns[fields.id]) if fields.id else None
    columns = [batch.columns[name] for name in fields.text]
    if fields.layout:
        texts, rows = _interleaved(columns)
        keys = fingerprints(_single_spaced(texts))
        if ids is not None:
            ids, _ = _interleaved([ids + suffix for suffix in fields.layout.id_suffixes])
    else:
        texts = _joined(columns)
        rows = np.arange(len(texts))
        keys = fingerprints(texts)
    full = (texts.str.strip_chars().str.len_bytes() > 0).fill_null(False).to_numpy()
    new = np.ones(len(full), bool)
    new[full] = seen.add(keys[full])
    kept = np.flatnonzero(full & new if fields.layout else full)
    kept_rows = rows[kept]

    def column(name: str) -> pl.Series:
        return _as_text(batch.columns[name]).gather(kept_rows)

    later = [name for name in batch.columns if name not in fields.columns] if fields.every else []
    found = Documents(
        texts.gather(kept),
        None if ids is None else ids.gather(kept),
        None if dates is None else dates.gather(kept_rows),
        column(fields.slice) if fields.slice else None,
        {readable(name): column(name) for name in (*fields.kept, *later)},
        keys[kept] | ONCE if fields.layout else keys[kept],
    )
    summary = corpus_pass.summary
    summary.documents += len(found)
    summary.empty += len(batch.lines) - int(np.count_nonzero(np.bincount(rows[full])))
    summary.duplicates += int(np.sum(~new))
    summary.undated += 0 if found.dates is None else found.dates.null_count()
    return found


def _without_nul(batch: RowBatch, path: str, corpus_pass: CorpusPass) -> RowBatch:
    """The rows with U+FFFD in place of NUL characters, in texts, ids, slices and fields alike."""
    columns = dict(batch.columns)
    mended = np.zeros(len(batch.lines), bool)
    for name, column in batch.columns.items():
        if column.dtype != pl.String:
            continue
        found = column.str.contains(NUL, literal=True).fill_null(False)
        if found.any():
            mended |= found.to_numpy()
            columns[name] = column.str.replace_all(NUL, REPLACEMENT, literal=True)
    for row in np.flatnonzero(mended).tolist():
        corpus_pass.mended("NUL characters replaced", path=path, line=int(batch.lines[row]))
    return RowBatch(columns, batch.lines)


def _as_text(values: pl.Series) -> pl.Series:
    """A column as strings; null for days and times without a name in ISO 8601, which Polars cannot write."""
    if values.dtype.is_temporal() and values.dtype not in (pl.Time, pl.Duration):
        values = values.set(parse_dates(values).is_null(), None)
    return values.cast(pl.String)


def _joined(columns: list[pl.Series]) -> pl.Series:
    """The text fields of each row joined by a blank line, without empty ones."""
    if len(columns) == 1:
        return columns[0]
    frame = pl.DataFrame({str(i): column for i, column in enumerate(columns)})
    parts = [pl.when(pl.col(name).str.contains(r"\S")).then(pl.col(name)) for name in frame.columns]
    return frame.select(pl.concat_str(parts, separator="\n\n", ignore_nulls=True)).to_series()


def _interleaved(columns: list[pl.Series]) -> tuple[pl.Series, Ints]:
    """Every field of every row as a separate text, in reading order, and the row of each."""
    rows = np.arange(len(columns[0]))
    order = np.column_stack([rows + i * len(rows) for i in range(len(columns))]).ravel()
    texts = pl.concat([column.alias("") for column in columns]).gather(order)
    return texts, np.repeat(rows, len(columns))


def _single_spaced(texts: pl.Series) -> pl.Series:
    """Texts with each run of white space as one space. Most texts are unchanged."""
    texts = texts.str.strip_chars()
    odd = texts.str.contains(r"\s\s|[^\S ]").fill_null(False)
    if not odd.any():
        return texts
    plain = texts.filter(odd).str.replace_all(r"\s+", " ")
    return texts.scatter(odd.arg_true(), plain)


def _dated(
    batch: RowBatch, fields: Fields, path: str, corpus_pass: CorpusPass
) -> tuple[RowBatch, pl.Series | None]:
    """The dates of the rows. A row whose date cannot be read is bad if the user named the field."""
    if not fields.date:
        return batch, None
    raw = batch.columns[fields.date[0]]
    if len(fields.date) == 2:  # year and month, and day
        raw = raw.str.strip_chars() + batch.columns[fields.date[1]].str.strip_chars().str.zfill(2)
    dates = parse_dates(raw)
    if not fields.date_given or raw.dtype.is_temporal():
        return batch, dates
    bad = dates.is_null() & (raw.str.strip_chars() != "").fill_null(False)
    for i in bad.arg_true():
        rule = f"{raw[i][:40]!r} is not a date in a known form"
        remedy = "mend the row, choose another --date-field"
        corpus_pass.bad(rule, path=path, line=int(batch.lines[i]), field=fields.date[0], remedy=remedy)
    if not bad.any():
        return batch, dates
    good = ~bad
    lines = [int(batch.lines[i]) for i in good.arg_true()]
    columns = {name: column.filter(good) for name, column in batch.columns.items()}
    return RowBatch(columns, lines), dates.filter(good)
