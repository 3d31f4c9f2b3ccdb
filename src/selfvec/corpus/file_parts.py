"""A file, pipe or folder as a part of a corpus: its fields are chosen, its rows read by kind."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import polars as pl

from selfvec.base.errors import CorpusError

from .csv_rows import Header, read_csv, read_header
from .fields import Fields, recognise
from .jsonl import json_columns, read_jsonl
from .parquet import parquet_schema, read_parquet
from .row_tables import Table, read_folder, read_lines
from .streams import UTF8_BOM, Source, Stream, prefetched
from .summary import FileRead, Reading

__all__ = ["FilePart", "open_part", "typed"]

CHUNK = 8 << 20
TEXT, ID = "text", "id"


@dataclass
class FilePart:
    """A file, a pipe, or a folder of text files."""

    source: Source
    fields: Fields
    header: Header | None = None
    name: str = ""

    @property
    def path(self) -> str:
        return self.source.path

    @property
    def kind(self) -> str:
        return self.source.kind

    @property
    def size(self) -> int | None:
        return self.source.size

    def tables(self, reading: Reading) -> Iterator[Table]:
        """The rows, with at most a few chunks of the file in memory."""
        if self.kind == "folder":
            digests: list[str] = []
            yield from read_folder(self.source, (TEXT, ID), reading, digests)
            digest = hashlib.sha256("".join(digests).encode()).hexdigest()
            size = self.size or 0
        else:
            stream = Stream(self.source)
            with closing(_chunks(stream, reading)) as chunks:
                yield from self._rows(chunks, reading)
                for _ in chunks:
                    pass  # to the end, for the hash
            size, digest = stream.position, stream.sha256()
        fields = self.fields
        date = " + ".join(fields.date) or None
        reading.summary.files.append(
            FileRead(self.path, self.kind, size, digest, fields.text, date, fields.layout)
        )

    def _rows(self, chunks: Iterator[bytes], reading: Reading) -> Iterator[Table]:
        columns = self.fields.columns
        if not columns:
            return
        if self.kind == "parquet":
            for table in read_parquet(self.source.local(), columns, self.path):
                yield table
                next(chunks, b"")
        elif self.kind == "jsonl":
            yield from read_jsonl(chunks, columns, self.fields.text, self.path, reading)
        elif self.header:
            yield from read_csv(chunks, self.header, columns, self.path, reading)
        else:
            yield from read_lines(chunks, TEXT, self.path, reading)


def _chunks(stream: Stream, reading: Reading) -> Generator[bytes]:
    """The bytes of a file, without a byte order mark."""
    done = 0
    # At least 16 bytes, so that the mark is in the first chunk.
    size = max(16, min(CHUNK, reading.batch_bytes))
    with closing(prefetched(stream.chunks(size))) as pieces:
        for chunk, position in pieces:
            yield chunk if done else chunk.removeprefix(UTF8_BOM)
            reading.advance(position - done)
            done = position


def open_part(
    source: Source,
    text_fields: Sequence[str] | None,
    date_field: str | None,
    slice_field: str | None = None,
    name: str = "",
    *,
    keep: bool = False,
) -> FilePart:
    """Choose the fields of a source from its beginning; ``name`` is its short name.

    With ``keep``, all other fields are read too if they hold strings, numbers or dates.
    """
    path = source.path
    if source.kind in ("folder", "lines"):
        if asked := [*(text_fields or ()), *(name for name in (date_field, slice_field) if name)]:
            raise CorpusError(
                "is plain text and has no fields",
                path=path,
                field=asked[0],
                remedy="leave such options out, or give csv, jsonl or parquet files",
            )
        return FilePart(source, Fields((TEXT,), id=ID if source.kind == "folder" else None), name=name)
    header, types = None, {}
    if source.kind == "parquet":
        types = parquet_schema(source.local(), path)
        columns = list(types)
    elif source.kind == "jsonl":
        columns = json_columns(source.peek(), path)
    else:
        header = read_header(source.peek(), path, source.kind)
        columns = list(header.names)
    if not columns and source.kind != "parquet":
        return FilePart(source, Fields(()))  # an empty file holds no documents
    fields = recognise(columns, path, text_fields, date_field, slice_field, keep=keep)
    return FilePart(source, typed(fields, types, path), header, name)


def typed(fields: Fields, types: dict[str, pl.DataType], path: str) -> Fields:
    """Check the types of the columns; an id or date of an unsuitable type is not read."""
    odd = {name for name in fields.columns if name in types and not _is_plain(types[name])}
    wrong = {name for name in fields.text if name in types and types[name] not in _STRINGS}
    asked = {*(fields.date if fields.date_given else ()), fields.slice}
    for name in (*fields.text, *fields.date, *([fields.slice] if fields.slice else [])):
        if name in wrong or (name in asked and name in odd):
            rule = f"a column of strings is needed, this one holds {types[name]}"
            raise CorpusError(rule, path=path, field=name, remedy="choose another field")
    date = () if odd.intersection(fields.date) else fields.date
    kept = tuple(name for name in fields.kept if name not in odd)
    return replace(fields, date=date, id=None if fields.id in odd else fields.id, kept=kept)


_STRINGS = (pl.String, pl.Categorical, pl.Enum)


def _is_plain(dtype: pl.DataType) -> bool:
    return dtype in _STRINGS or dtype.is_numeric() or dtype.is_temporal()
