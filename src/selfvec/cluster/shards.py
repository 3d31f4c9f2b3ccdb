"""A corpus divided into shards: byte ranges of lines, row groups of Parquet, whole files of other kinds.

The shards depend only on the files, so the sums do not depend on the workers. Shards are read by the readers
of `selfvec.corpus` from local or remote file systems.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path, PurePosixPath
from typing import Any, cast

import numpy as np
import polars as pl

from selfvec.base.compressed_files import COMPRESSED, is_compressed
from selfvec.base.errors import CorpusError, MissingExtra
from selfvec.base.threads import cut
from selfvec.corpus.documents import Documents, documents_of_rows, with_files
from selfvec.corpus.fields import FieldNames, Fields, recognise
from selfvec.corpus.files import FilePart, find_sources, open_part
from selfvec.corpus.fingerprints import Seen
from selfvec.corpus.kept_documents import absolute
from selfvec.corpus.row_batch import ROWS, RowBatch, readable_fields, string_columns
from selfvec.corpus.row_formats import row_format_of_suffix
from selfvec.corpus.streams import Source, reading
from selfvec.corpus.summary import OF_SHARDS, CorpusPass, FileRead, Summary

from .shared_files import filesystem, is_remote

__all__ = [
    "SHARD_BYTES",
    "RowOptions",
    "TextShard",
    "find_shards",
    "joined_files",
    "read_shard",
    "task_ranges",
]

SHARD_BYTES = 16 << 20
"""Approximate size of a shard. A shard is in memory while it is read."""

MOST_TASKS = 1024  # of a reduction; a larger corpus has more shards per task
_LINES = ("jsonl", "lines")


@dataclass(frozen=True)
class TextShard:
    """A part of a file, or some documents of a folder of text files."""

    path: str
    kind: str
    size: int  # bytes; of the file if it is whole
    start: int = 0  # the first byte or row group
    stop: int = 0  # the byte or row group after the last; 0 for a whole file
    members: tuple[str, ...] = ()  # the documents of a folder

    def as_dict(self) -> dict[str, Any]:
        """For ``run.json``: without the members of a folder."""
        return {name: value for name, value in asdict(self).items() if name != "members"}


def task_ranges(shards: int, least: int) -> list[tuple[int, int]]:
    """The range of shards of each task. It depends only on the number of shards.

    >>> task_ranges(5, least=2)
    [(0, 2), (2, 4), (4, 5)]
    """
    size = max(least, -(-shards // MOST_TASKS))
    return [(first, min(first + size, shards)) for first in range(0, shards, size)]


@dataclass(frozen=True)
class RowOptions:
    """How rows are read as documents."""

    text_fields: tuple[str, ...] | None = None
    date_field: str | None = None
    skip_bad_rows: bool = False
    keep_fields: bool | tuple[str, ...] = True  # whether documents keep the other fields, or which
    id_field: str | None = None

    @property
    def names(self) -> FieldNames:
        """The fields that are named."""
        return FieldNames(self.text_fields or (), self.date_field, id=self.id_field, keep=self.keep_fields)


def find_shards(names: Sequence[str], shard_bytes: int = SHARD_BYTES) -> tuple[list[TextShard], list[str]]:
    """The shards of files, folders and URLs in reading order, and the skipped files of other kinds.

    Raises `CorpusError` for standard input, for names that do not exist and for those without a file to read.
    """
    shards: list[TextShard] = []
    skipped: list[str] = []
    for name in names:
        if name == "-":
            remedy = "save it to a file first"
            raise CorpusError("standard input cannot be read by several workers", path=name, remedy=remedy)
        sources = _remote(name, skipped) if is_remote(name) else find_sources([name], skipped)
        for source in sources:
            shards += _cut(source, shard_bytes)
    return shards, skipped


def _remote(url: str, skipped: list[str]) -> Iterator[Source]:
    """The files under a URL; their suffixes give their kinds."""
    files, path = filesystem(url)
    if "file" in files.protocol:
        yield from find_sources([path], skipped)
        return
    with reading(url):
        found = files.find(path, detail=True)
    if not found:
        raise CorpusError("there is no such file or folder", path=url, remedy="check the address")
    kinds = {}
    for name in sorted(found):
        bare = name.removesuffix(PurePosixPath(name).suffix) if name.endswith(COMPRESSED) else name
        found_format = row_format_of_suffix(PurePosixPath(bare).suffix.lower())
        kinds[files.unstrip_protocol(name)] = found_format.name if found_format else None
    skipped += [name for name, kind in kinds.items() if not kind]
    sizes = {files.unstrip_protocol(name): int(about["size"]) for name, about in found.items()}
    yield from (Source(name, kind, sizes[name]) for name, kind in kinds.items() if kind)
    if not any(kinds.values()):
        remedy = "give text, csv, tsv, jsonl or parquet files"
        raise CorpusError("there is no file to read under this address", path=url, remedy=remedy)


def _cut(source: Source, shard_bytes: int) -> Iterator[TextShard]:
    size = source.size
    if size is None:
        remedy = "save it to a file first"
        raise CorpusError("a pipe cannot be read by several workers", path=source.path, remedy=remedy)
    if source.members:
        yield from _documents(source, shard_bytes)
        return
    whole = TextShard(source.path, source.kind, size)
    with _opened(source.path) as file:
        packed = is_compressed(file.read(4))
    if source.kind == "parquet":
        if packed:
            rule = "a compressed Parquet file cannot be divided"
            raise CorpusError(rule, path=source.path, remedy="unpack it")
        yield from _row_groups(whole, shard_bytes)
    elif packed or size <= shard_bytes or source.kind not in _LINES:
        yield whole
    else:
        number = -(-size // shard_bytes)
        bounds = [size * n // number for n in range(number + 1)]
        yield from (replace(whole, start=a, stop=b) for a, b in pairwise(bounds))


def _documents(source: Source, shard_bytes: int) -> Iterator[TextShard]:
    sizes = [member.stat().st_size for member in source.members]
    for first, last in cut(np.array(sizes), shard_bytes):
        members = tuple(map(str, source.members[first:last]))
        yield TextShard(source.path, source.kind, sum(sizes[first:last]), members=members)


def _row_groups(whole: TextShard, shard_bytes: int) -> Iterator[TextShard]:
    with _parquet(whole.path) as file:
        groups = [file.metadata.row_group(n).total_byte_size for n in range(file.metadata.num_row_groups)]
    for first, last in cut(np.array(groups, np.int64), shard_bytes):
        yield replace(whole, start=first, stop=last)


def _opened(path: str) -> Any:
    files, inner = filesystem(path)
    with reading(path):
        return files.open(inner, "rb")


@contextmanager
def _parquet(path: str) -> Iterator[Any]:
    """An open Parquet file. Its row groups can be read one by one."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise MissingExtra("pyarrow", "dask", "reading Parquet files on a cluster") from None
    try:
        with _opened(path) as file:
            yield ParquetFile(file)
    except ArrowException as error:
        rule = f"is not a sound Parquet file ({str(error).splitlines()[0][:200]})"
        raise CorpusError(rule, path=path, remedy="write it again") from error


def read_shard(shard: TextShard, how: RowOptions, summary: Summary) -> Iterator[Documents]:
    """The documents of a shard, in batches; ``summary`` records what was read and left out."""
    corpus_pass = CorpusPass(summary, how.skip_bad_rows)
    seen = Seen()
    read_rows = _by_groups if shard.kind == "parquet" else _by_bytes
    fields, batches = read_rows(shard, how, corpus_pass)
    if fields.layout:
        raise CorpusError(
            "NOAA's layouts leave out repeated texts, which needs all of the text in one place",
            path=shard.path,
            remedy="leave out --cluster, or name a field with --text-field",
        )
    if shard.kind not in ("lines", "folder", "document"):
        summary.text_fields = fields.text
        summary.text_given = fields.text_given
        summary.date_field = fields.date_name
        summary.date_given = fields.date_given
        summary.id_field = fields.id if fields.id_given else None
    summary.kept_fields = how.names.kept
    path = shard.path if is_remote(shard.path) else absolute(shard.path)
    for rows in batches:
        batch = documents_of_rows(rows, fields, _label(shard), corpus_pass, seen)
        if len(batch):
            yield with_files(batch, path, shard.kind)


def _label(shard: TextShard) -> str:
    """The path for messages, where line numbers count from the beginning of the shard."""
    return f"{shard.path} (from byte {shard.start})" if shard.start and shard.kind in _LINES else shard.path


def _by_bytes(
    shard: TextShard, how: RowOptions, corpus_pass: CorpusPass
) -> tuple[Fields, Iterator[RowBatch]]:
    path = shard.path
    kind = shard.kind
    if shard.members:
        source = Source(path, kind, shard.size, members=[Path(name) for name in shard.members])
    elif shard.stop:
        fields = _fields(path, kind, how)
        data = io.BytesIO(_lines(shard))
        part = FilePart(Source(_label(shard), kind, pipe=True, _handle=data), fields)
        return fields, part.row_batches(corpus_pass)
    elif is_remote(path):
        source = Source(path, kind, shard.size, pipe=True, _handle=_opened(path))
    else:
        source = Source(path, kind, shard.size)
    part = _part(source, how)
    return part.fields, part.row_batches(corpus_pass)


def _part(source: Source, how: RowOptions) -> FilePart:
    return open_part(source, how.names)


@lru_cache(maxsize=64)
def _fields(path: str, kind: str, how: RowOptions) -> Fields:
    """The fields of a file, from its beginning."""
    with _opened(path) as file:
        return _part(Source(path, kind, pipe=True, _handle=file), how).fields


def _lines(shard: TextShard) -> bytes:
    """The lines that begin in a range of bytes, including the rest of the last line."""
    with reading(shard.path), _opened(shard.path) as file:
        file.seek(max(0, shard.start - 1))
        if shard.start:
            file.readline()  # this line belongs to the previous shard
        data: bytes = file.read(max(0, shard.stop - file.tell()))
        return data + file.readline() if data and not data.endswith(b"\n") else data


def _by_groups(
    shard: TextShard, how: RowOptions, corpus_pass: CorpusPass
) -> tuple[Fields, Iterator[RowBatch]]:
    import pyarrow as pa

    with _parquet(shard.path) as file:
        types = dict(cast(pl.DataFrame, pl.from_arrow(file.schema_arrow.empty_table())).schema)
    fields = readable_fields(recognise(list(types), shard.path, how.names), types, shard.path)

    def batches() -> Iterator[RowBatch]:
        digest = hashlib.sha256()
        with _parquet(shard.path) as file:
            sizes = [file.metadata.row_group(n).num_rows for n in range(shard.stop)]
            row = 1 + sum(sizes[: shard.start])
            for group in range(shard.start, shard.stop):
                for batch in file.iter_batches(ROWS, [group], fields.columns):
                    columns = string_columns(
                        cast(pl.DataFrame, pl.from_arrow(pa.Table.from_batches([batch])))
                    )
                    for column in columns.values():
                        digest.update("\0".join(map(str, column.to_list())).encode("utf-8", "surrogatepass"))
                    yield RowBatch(columns, range(row, row + len(batch)))
                    row += len(batch)
        read = FileRead.of(shard.path, shard.kind, shard.size, digest.hexdigest(), fields)
        corpus_pass.summary.files.append(read)

    return fields, batches()


def joined_files(shards: Sequence[TextShard], read: Sequence[FileRead]) -> list[FileRead]:
    """The entries of all shards joined into one entry for each file.

    The hash of a file in several shards is the hash of their hashes, one per line, after the word ``shards``.
    """
    files: list[FileRead] = []
    for path, group in groupby(zip(shards, read, strict=True), key=lambda pair: pair[0].path):
        pairs = list(group)
        shard, first = pairs[0]
        size = sum(of.size for of, _ in pairs) if shard.kind == "folder" else shard.size
        digest = first.sha256
        if len(pairs) > 1 or shard.stop:
            lines = "".join(f"{part.sha256}\n" for _, part in pairs)
            digest = f"{OF_SHARDS} {hashlib.sha256(lines.encode()).hexdigest()}"
        files.append(replace(first, path=path, bytes=size, sha256=digest))
    return files
