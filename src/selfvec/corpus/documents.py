"""Turn rows into documents: join texts, parse dates, and find empty and repeated documents.

A fingerprint is a hash that identifies a text, within a corpus and in run folders on any machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from selfvec.base.arrays import Array, Bytes, Hashes, Ints, Mask
from selfvec.base.compiled import kernel
from selfvec.data.token_batch import ONCE

from .dates import parse_dates
from .fields import Fields
from .summary import Reading
from .tables import Table

__all__ = ["ONCE", "Documents", "Seen", "concatenated", "documents", "fingerprints", "named"]

EPISODE_SUFFIX = ":episode"
"""Appended to the id of an event to make the id of its episode's narrative."""

_BYTE = np.uint64(8)
_HALF = np.uint64(32)
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd constants with well-mixed bits (golden ratio; SplitMix64's last)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_REST = np.uint64(0xFFFFFFFFFFFFFFFE)


@dataclass(frozen=True)
class Documents:
    """A batch of documents in reading order; columns that the source lacks are None."""

    texts: pl.Series  # String, no nulls, none empty
    ids: pl.Series | None = None  # String
    dates: pl.Series | None = None  # Date; null if unknown
    slices: pl.Series | None = None  # String, the slice of the corpus each belongs to; null if unknown
    fields: dict[str, pl.Series] = field(default_factory=dict)  # String, other fields of the rows
    fingerprints: Hashes | None = None  # (D,) odd in layouts that keep a repeated text once

    def __len__(self) -> int:
        return len(self.texts)

    def part(self, kept: Mask) -> Documents:
        """The selected documents, (D,) bool."""
        mask = pl.Series(kept)

        def some(values: pl.Series | None) -> pl.Series | None:
            return None if values is None else values.filter(mask)

        marks = None if self.fingerprints is None else self.fingerprints[kept]
        fields = {name: values.filter(mask) for name, values in self.fields.items()}
        ids, dates, slices = some(self.ids), some(self.dates), some(self.slices)
        return Documents(self.texts.filter(mask), ids, dates, slices, fields, marks)


class Seen:
    """The hashes of all texts read so far, eight bytes each, in a few sorted arrays.

    Arrays of similar size are merged, so n texts cost O(n log² n) for any batch size.
    """

    def __init__(self, hashes: Hashes | None = None) -> None:
        self.runs: list[Hashes] = []
        if hashes is not None:
            self.add(hashes)

    def add(self, hashes: Hashes) -> Mask:
        """Add hashes, (n,) uint64; returns which of them are new, (n,) bool."""
        new = np.zeros(len(hashes), bool)
        run, places = np.unique(hashes, return_index=True)
        new[places] = True
        for old in self.runs:
            new &= old[np.minimum(np.searchsorted(old, hashes), len(old) - 1)] != hashes
        run = np.sort(hashes[new])
        if len(run):
            self.runs.append(run)
        while len(self.runs) > 1 and len(self.runs[-2]) < 2 * len(self.runs[-1]):
            self.runs[-2:] = [np.sort(np.concatenate(self.runs[-2:]))]
        return new


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
    )


def named(batch: Documents, name: str) -> Documents:
    """The same documents, all of one slice."""
    return replace(batch, slices=pl.repeat(name, len(batch), dtype=pl.String, eager=True))


def documents(table: Table, fields: Fields, path: str, reading: Reading, seen: Seen) -> Documents:
    """The documents of some rows; a bad date is a bad row only if the user named the date field."""
    table, dates = _dated(table, fields, path, reading)
    columns = [table.columns[name] for name in fields.text]
    if fields.layout:
        texts, rows = _interleaved(columns)
    else:
        texts, rows = _joined(columns), np.arange(len(table.lines))
    ids = table.columns[fields.id].gather(rows) if fields.id else None
    if ids is not None and fields.layout:
        episode = np.arange(len(rows)) % len(columns) == 0
        ids = (ids + EPISODE_SUFFIX).zip_with(pl.Series(episode), ids) if len(ids) else ids
    full = texts.str.contains(r"\S").fill_null(False).to_numpy()
    summary = reading.summary
    summary.empty += len(table.lines) - len(np.unique(rows[full]))
    keys = fingerprints(_plain(texts) if fields.layout else texts)
    new = np.ones(len(full), bool)
    new[full] = seen.add(keys[full])
    summary.duplicates += int(np.sum(~new))
    kept = np.flatnonzero(full & new if fields.layout else full)
    if dates is not None:
        dates = dates.gather(rows[kept])
        summary.undated += dates.null_count()
    summary.documents += len(kept)
    slices = table.columns[fields.slice].cast(pl.String).gather(rows[kept]) if fields.slice else None
    later = [name for name in table.columns if name not in fields.columns] if fields.every else []
    others = {name: table.columns[name].cast(pl.String).gather(rows[kept]) for name in (*fields.kept, *later)}
    ids = None if ids is None else ids.gather(kept)
    marks = keys[kept] | ONCE if fields.layout else keys[kept]
    return Documents(texts.gather(kept), ids, dates, slices, others, marks)


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


def _plain(texts: pl.Series) -> pl.Series:
    """Texts with each run of white space as one space. Most texts are unchanged."""
    texts = texts.str.strip_chars()
    odd = texts.str.contains(r"\s\s|[^\S ]").fill_null(False)
    if not odd.any():
        return texts
    plain = texts.filter(odd).str.replace_all(r"\s+", " ")
    return texts.scatter(odd.arg_true(), plain)


def _dated(table: Table, fields: Fields, path: str, reading: Reading) -> tuple[Table, pl.Series | None]:
    """The dates of the rows. A row whose date cannot be read is bad if the user named the field."""
    if not fields.date:
        return table, None
    raw = table.columns[fields.date[0]]
    if len(fields.date) == 2:
        raw = raw.str.strip_chars() + table.columns[fields.date[1]].str.strip_chars().str.zfill(2)
    dates = parse_dates(raw)
    if not fields.date_given or raw.dtype.is_temporal():
        return table, dates
    bad = dates.is_null() & (raw.str.strip_chars() != "").fill_null(False)
    for i in bad.arg_true():
        rule = f"{raw[i][:40]!r} is not a date in a known form"
        remedy = "mend the row, choose another --date-field"
        reading.bad(rule, path=path, line=int(table.lines[i]), field=fields.date[0], remedy=remedy)
    if not bad.any():
        return table, dates
    good = ~bad
    lines = [int(table.lines[i]) for i in good.arg_true()]
    columns = {name: column.filter(good) for name, column in table.columns.items()}
    return Table(columns, lines), dates.filter(good)


def fingerprints(texts: pl.Series) -> Hashes:
    """Fingerprints of (D,) texts, (D,) uint64 with the lowest bit 0; null is an empty text.

    63 bits: in a corpus of a million texts, two different ones collide with a probability of 1 in 20 million.
    Polars hashes faster, but its hashes may change from version to version, and fingerprints are saved in run
    folders.
    """
    texts = texts.fill_null("")
    bounds = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(texts.str.len_bytes().to_numpy(), out=bounds[1:])
    joined = texts.str.join("").cast(pl.Binary).item() if len(texts) else b""
    out = np.empty(len(texts), np.uint64)
    _mix(np.frombuffer(joined, np.uint8), bounds, out)
    return out


@kernel
def _mix(data: Bytes, bounds: Ints, out: Array) -> None:
    """Mix eight bytes at a time into 64 bits; each step is invertible, so that every byte matters."""
    for d in range(len(out)):
        start, end = bounds[d], bounds[d + 1]
        mixed = np.uint64(end - start) * _MIX
        whole = start + (end - start) // 8 * 8
        for i in range(start, whole, 8):
            word = np.uint64(0)
            for k in range(8):
                word = word << _BYTE | np.uint64(data[i + k])
            mixed = (mixed ^ word) * _MIX
            mixed ^= mixed >> _HALF
        word = np.uint64(0)
        for i in range(whole, end):
            word = word << _BYTE | np.uint64(data[i])
        mixed = (mixed ^ word) * _MIX_2
        mixed ^= mixed >> _HALF
        mixed *= _MIX
        out[d] = (mixed ^ mixed >> _HALF) & _REST
