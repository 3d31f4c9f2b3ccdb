"""Turn rows into documents: join texts, parse dates, and find empty and repeated documents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from selfvec.base.display import readable
from selfvec.data.documents import Documents
from selfvec.data.run_text import DATE, FILE, FINGERPRINT, GIVEN, ID, SLICE, TAGS, TEXT, column_of

from .columns import RowBatch
from .dates import DateField
from .fields import Fields
from .fingerprints import Seen, fingerprints
from .repairs import mended
from .summary import CorpusPass

READ_WHOLE = ("folder", "document")
"""Kinds whose documents are files of their own: their texts are mended, or decoded, where a file is read."""


def absolute(path: str | Path) -> str:
    """An absolute path without ``.`` and ``..``. Links are not resolved, because they may change."""
    return os.path.normpath(Path(path).absolute())


@dataclass
class Part:
    """A source of documents as a part of a corpus."""

    path: str
    kind: str  # `selfvec.corpus.streams.TextSource.kind`, or "memory", "frame" or "run"
    size: int | None = None  # bytes on disk
    fields: Fields = Fields(())  # noqa: RUF009 (it is never changed)
    name: str = ""  # a short one
    file: str | None = None  # where its documents come from; None if that is not a file

    def row_batches(self, corpus_pass: CorpusPass) -> Iterator[RowBatch]:
        """The rows from the start; the part adds itself to the summary when they are read to their end."""
        raise NotImplementedError

    def documents(
        self, corpus_pass: CorpusPass, seen: Seen, date_field: DateField | None = None
    ) -> Iterator[Documents]:
        """The documents from the start; ``seen`` are the texts that were read before."""
        headings = self.fields.headings
        for rows in self.row_batches(corpus_pass):
            for line in rows.lines[:headings]:
                corpus_pass.repaired(
                    {"headings below the header left out": 1}, path=self.path, line=int(line)
                )
            if headings:
                below = pl.int_range(len(rows.lines), eager=True) >= headings
                rows, headings = rows.part(below), max(0, headings - len(rows.lines))
            plain = self.kind not in READ_WHOLE and not self.fields.tokenized
            if TAGS not in rows.frame.columns:  # which are of the words as they are
                rows = mended(rows, self.fields, self.path, corpus_pass, plain=plain)
            batch = documents_of_rows(rows, self.fields, self.path, corpus_pass, seen, date_field)
            if self.file is not None:
                in_folder = self.kind == "folder" and ID in batch.rows  # where the id names the file
                batch = batch.labelled(FILE, pl.lit(f"{self.file}/") + pl.col(ID) if in_folder else self.file)
            yield batch


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
    if date_field is not None:
        dates = date_field.read(batch.column(date_field.name), np.asarray(batch.lines), corpus_pass)
        if dates["bad"].any():
            batch, dates = batch.part(~dates["bad"]), dates.remove("bad")
    texts = batch.texts(fields.text)
    length = pl.col("text").str.strip_chars().str.len_bytes().fill_null(0)
    full = texts.alias("text").to_frame().select_seq(length > 0).to_series()
    batch, texts = batch.part(full), texts.filter(full)
    keys, lines = fingerprints(texts), np.asarray(batch.lines)
    own = set(map(readable, fields.columns))
    later = [name for name in batch.frame.columns if name not in own] if fields.every else []
    columns = {TEXT: texts}
    if batch.given is not None:
        columns[GIVEN] = batch.given.set(batch.given == texts, None)
    if fields.id:
        ids = batch.column(fields.id)
        columns[ID] = ids.set(ids.str.strip_chars() == "", None)
        corpus_pass.named(columns[ID], path, lines)
    if dates is not None:
        dates = dates.filter(full)
        columns[DATE] = dates["day"]
    if fields.slice:
        columns[SLICE] = batch.column(fields.slice)
    for name in (*fields.kept, *later):
        if name != DATE or dates is None:  # no field called date beside the dates
            tags = name == TAGS and fields.tokenized
            columns[TAGS if tags else column_of(readable(name))] = batch.column(name)
    columns[FINGERPRINT] = pl.Series(keys)
    summary = corpus_pass.summary
    summary.documents += len(texts)
    summary.empty += len(full) - len(texts)
    summary.duplicates += len(texts) - int(seen.add(keys).sum())
    return Documents(pl.DataFrame(columns), dates, lines)
