"""Turn rows into documents: join texts, parse dates, and find empty and repeated documents."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from selfvec.base.arrays import Ints, Mask
from selfvec.base.display import NUL, REPLACEMENT, count_of, readable
from selfvec.data.run_text import DATE, FILE, FINGERPRINT, ID, SLICE, TEXT, column_of
from selfvec.files.charsets import TWICE_DECODED, decoded_once

from .date_fields import DateField, DecidedDates
from .dates import FIRST_USUAL, LAST_USUAL, DateColumn, parse_dates
from .fields import FieldNames, Fields
from .fingerprints import Seen, fingerprints
from .row_batch import RowBatch
from .summary import NAMED_PLACES, CorpusPass, Summary


class Documents:
    """A batch of documents in reading order, or their (D,) texts alone.

    ``rows`` are those of a `selfvec.data.run_text.RunText`. Columns that the source lacks may be missing.
    """

    def __init__(self, rows: pl.DataFrame | pl.Series) -> None:
        self.rows = rows.alias(TEXT).to_frame() if isinstance(rows, pl.Series) else rows

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def texts(self) -> pl.Series:
        """The texts, strings without nulls."""
        return self.rows[TEXT]

    def get(self, column: str) -> pl.Series | None:
        """A column, such as ``date``; None if it is missing."""
        found: pl.Series | None = self.rows.get_column(column, default=None)
        return found

    def part(self, kept: Mask) -> Documents:
        """The selected documents, (D,) bool."""
        return Documents(self.rows.filter(kept))

    def labelled(self, column: str, value: str | pl.Expr) -> Documents:
        """The same documents with another column of strings."""
        value = pl.lit(value) if isinstance(value, str) else value
        return Documents(self.rows.with_columns(value.alias(column)))


def absolute(path: str | Path) -> str:
    """An absolute path without ``.`` and ``..``. Links are not resolved, because they may change."""
    return os.path.normpath(Path(path).absolute())


def concatenated(batches: Sequence[Documents]) -> Documents:
    """Several batches as one; columns are null for sources without them."""
    if len(batches) == 1:
        return batches[0]
    return Documents(pl.concat([batch.rows for batch in batches], how="diagonal"))


@dataclass
class Part:
    """A source of documents as a part of a corpus."""

    path: str
    kind: str  # `selfvec.corpus.streams.TextSource.kind`, or "memory", "frame" or "run"
    size: int | None = None  # bytes on disk
    fields: Fields = Fields(())  # noqa: RUF009 (it is never changed)
    name: str = ""  # a short one
    file: str | None = None  # where its documents come from; None if that is not a file
    once: bool = False  # whether it can be read only once
    decided: DecidedDates | None = None  # how its dates are written, if that is known

    def row_batches(self, corpus_pass: CorpusPass) -> Iterator[RowBatch]:
        """The rows from the start; the part adds itself to the summary when they are read to their end."""
        raise NotImplementedError

    def dates(self) -> Iterator[RowBatch]:
        """The rows, of which only the dates are needed, apart from any pass; bad rows are left out."""
        return self.row_batches(CorpusPass(Summary(), skip_bad_rows=True))

    def date_field(self) -> DateField | None:
        """Its field of dates, if it has one."""
        if not self.fields.date:
            return None
        return DateField(self.fields, self.path, None if self.once else self.dates, self.decided)

    def documents(
        self, corpus_pass: CorpusPass, seen: Seen, date_field: DateField | None = None
    ) -> Iterator[Documents]:
        """The documents from the start; ``seen`` are the texts that were read before."""
        rows_read = (_mended(rows, self.path, corpus_pass) for rows in self.row_batches(corpus_pass))
        for rows in date_field.dated(rows_read) if date_field else rows_read:
            batch = documents_of_rows(rows, self.fields, self.path, corpus_pass, seen, date_field)
            if self.file is not None:
                in_folder = self.kind == "folder" and ID in batch.rows  # where the id names the file
                batch = batch.labelled(FILE, pl.lit(f"{self.file}/") + pl.col(ID) if in_folder else self.file)
            yield batch


def kept_names(names: FieldNames, parts: Sequence[Part]) -> tuple[str, ...] | None:
    """The columns of parts that were named to be kept; None if none was named."""
    if names.kept is None:
        return None
    return tuple(dict.fromkeys(name for part in parts for name in part.fields.named))


def documents_of_rows(
    batch: RowBatch,
    fields: Fields,
    path: str,
    corpus_pass: CorpusPass,
    seen: Seen,
    date_field: DateField | None,
) -> Documents:
    """The documents of some rows; what is left out is counted in the summary of the pass.

    Repeated texts are only counted. A row with a bad date is a bad row only if the user named the date field.
    """
    dates = None
    if date_field is not None and batch.dates is not None:
        batch, dates = _dated(batch, batch.dates, date_field, corpus_pass)
    ids = _ids(batch.columns[fields.id]) if fields.id else None
    texts = _joined([batch.columns[name] for name in fields.text])
    full = (texts.str.strip_chars().str.len_bytes() > 0).fill_null(False)
    kept = full.arg_true().to_numpy()
    keys = fingerprints(texts.filter(full))
    lines = np.asarray(batch.lines)[kept]

    def column(name: str) -> pl.Series:
        return _as_text(batch.columns[name]).filter(full)

    later = [name for name in batch.columns if name not in fields.columns] if fields.every else []
    found = {TEXT: texts.filter(full)}
    if ids is not None:
        found[ID] = ids.filter(full)
        corpus_pass.named(found[ID], path, lines)
    if dates is not None:
        dates = dates.filter(full)
        found[DATE] = dates["day"]
    if fields.slice:
        found[SLICE] = column(fields.slice)
    for name in (*fields.kept, *later):
        if name != DATE or dates is None:  # no field called date beside the dates
            found[column_of(readable(name))] = column(name)
    found[FINGERPRINT] = pl.Series(keys)
    summary = corpus_pass.summary
    summary.documents += len(kept)
    summary.empty += len(batch.lines) - len(kept)
    summary.duplicates += len(kept) - int(seen.add(keys).sum())
    if date_field is not None and dates is not None:
        _count_dates(dates, lines, date_field, corpus_pass)
    return Documents(pl.DataFrame(found))


def _mended(batch: RowBatch, path: str, corpus_pass: CorpusPass) -> RowBatch:
    """The rows with what is broken in texts, ids, slices and fields mended, which is counted.

    U+FFFD stands for a NUL. What was UTF-8, read as Windows-1252 and saved again, is decoded once.
    """
    frame = pl.DataFrame({str(i): column for i, column in enumerate(batch.columns.values())})  # any names
    held = pl.col(pl.String).str.contains(NUL, literal=True).fill_null(False)
    with_nul = frame.select(pl.any_horizontal(pl.lit(False), held)).to_series().arg_true()
    for row in with_nul:
        corpus_pass.mended("NUL characters replaced", path=path, line=int(batch.lines[row]))
    if len(with_nul):
        frame = frame.with_columns(pl.col(pl.String).str.replace_all(NUL, REPLACEMENT, literal=True))
    garbled: Counter[int] = Counter()  # places of each row
    columns = [_decoded_once(column, garbled) for column in frame]
    for row, places in sorted(garbled.items()):
        repair = f"UTF-8 had been read as Windows-1252: {count_of(places, 'place')} decoded again"
        corpus_pass.mended(repair, path=path, line=int(batch.lines[row]))
    changed = len(with_nul) or garbled
    return RowBatch(dict(zip(batch.columns, columns, strict=True)), batch.lines) if changed else batch


def _decoded_once(column: pl.Series, garbled: Counter[int]) -> pl.Series:
    """A column of strings with `decoded_once` applied; adds to the places of each row."""
    if column.dtype != pl.String:
        return column
    rows = column.str.contains(TWICE_DECODED).fill_null(False).arg_true()
    found = [decoded_once(text) for text in column.gather(rows)]
    changed = {row: text for row, (text, places) in zip(rows, found, strict=True) if places}
    garbled.update({row: places for row, (_, places) in zip(rows, found, strict=True) if places})
    return column.scatter(list(changed), list(changed.values())) if changed else column


def _as_text(values: pl.Series) -> pl.Series:
    """A column as strings; null for days and times without a name in ISO 8601, which Polars cannot write."""
    if values.dtype.is_temporal():
        values = values.set(parse_dates(values).is_null(), None)
    if isinstance(values.dtype, pl.Datetime):  # as Python writes it, with a fraction only if there is one
        return values.dt.to_string(f"%Y-%m-%d %H:%M:%S%.f{'%:z' if values.dtype.time_zone else ''}")
    return values.cast(pl.String)


def _ids(values: pl.Series) -> pl.Series:
    """A column as ids; null where it is blank."""
    ids = _as_text(values)
    return ids.set(ids.str.strip_chars() == "", None)


def _joined(columns: list[pl.Series]) -> pl.Series:
    """The text fields of each row joined by a blank line, without empty ones."""
    if len(columns) == 1:
        return columns[0]
    frame = pl.DataFrame({str(i): column for i, column in enumerate(columns)})
    parts = [pl.when(pl.col(name).str.contains(r"\S")).then(pl.col(name)) for name in frame.columns]
    return frame.select(pl.concat_str(parts, separator="\n\n", ignore_nulls=True)).to_series()


def _dated(
    batch: RowBatch, column: DateColumn, field: DateField, corpus_pass: CorpusPass
) -> tuple[RowBatch, pl.DataFrame]:
    """The dates of the rows: ``day``, as they were ``written``, and whether they are ``unread``.

    A row whose date cannot be read is bad if the user named the field.
    """
    days = column.days(field.form)
    unread = days.is_null() & ~column.missing
    dates = pl.DataFrame({"day": days, "unread": unread, "written": column.written})
    if not (field.fields.date_given and unread.any()) or column.values.dtype.is_temporal():
        return batch, dates
    for i in unread.arg_true():
        rule = f"{column.values[i][:40]!r} is not a date in a known form"
        remedy = "mend the row, choose another --date-field"
        line = int(batch.lines[i])
        corpus_pass.bad(rule, path=field.path, line=line, field=field.name, remedy=remedy)
    return batch.part(~unread), dates.filter(~unread)


def _count_dates(dates: pl.DataFrame, lines: Ints, field: DateField, corpus_pass: CorpusPass) -> None:
    """Count the dates of documents that were not read, are missing, or can hardly be meant."""
    summary, days = corpus_pass.summary, dates["day"]
    odd = ((days < FIRST_USUAL) | (days > LAST_USUAL)).fill_null(False)
    summary.undated += days.null_count()
    summary.unread_dates += int(dates["unread"].sum())
    summary.odd_dates += int(odd.sum())
    found = ((dates["unread"], summary.unread_date_places), (odd, summary.odd_date_places))
    for which, places in found:
        for i in which.arg_true().head(NAMED_PLACES - len(places)):
            places.append(f"{field.path}:{lines[i]}: {dates['written'][i][:40]!r}")
    if field.decision is not None:
        field.decision.tell(summary)
