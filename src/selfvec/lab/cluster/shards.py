"""A corpus divided into shards: byte ranges of lines, row groups of Parquet, whole files of other kinds.

The shards depend only on the files, so the result does not depend on the workers. A worker reads a shard as a
`Corpus`, with the readers that one machine uses, from a local or remote file system (``s3://…``, by fsspec).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl

from selfvec.base.errors import CorpusError, InputError, MissingExtra
from selfvec.base.threads import cut
from selfvec.corpus import Corpus
from selfvec.corpus.columns import fields_of_types, inner_types, outer_columns, with_nested
from selfvec.corpus.documents import absolute
from selfvec.corpus.fields import FieldNames, Fields
from selfvec.corpus.files import FilePart, LeftOut, find_sources, open_part, require_fields
from selfvec.corpus.memory import MemoryPart, frame_of_strings
from selfvec.corpus.row_formats import read_row_groups, row_format_of
from selfvec.corpus.streams import TextSource, reading
from selfvec.corpus.summary import OF_SHARDS, FileRead
from selfvec.files.charsets import MARK_BYTES, marked
from selfvec.files.compressed_files import is_compressed

SHARD_BYTES = 8 << 20
"""Approximate size of a shard of a text that is not longer than `MOST_SHARDS` of them."""

MOST_SHARDS = 4096  # since a scheduler takes about a millisecond for each task
_PARQUET = "parquet"
_LINES = ("jsonl", "lines")
_UNITS = {**dict.fromkeys(_LINES, "byte"), _PARQUET: "row group"}  # of the beginnings of shards


@dataclass(frozen=True)
class Shard:
    """A file, a part of one, or some documents of a folder of text files."""

    source: TextSource
    fields: Fields  # recognised at the beginning of the file
    start: int = 0  # the first byte or row group
    stop: int = 0  # the byte or row group after the last; 0 for a whole file

    def as_dict(self) -> dict[str, Any]:
        """For ``run.json``."""
        source = self.source
        own = {"path": source.path, "kind": source.kind, "size": source.size}
        return {**own, "start": self.start, "stop": self.stop}

    def corpus(self, skip_bad_rows: bool) -> Corpus:
        """The documents of the shard."""
        path = self.source.path
        part = _part(self)
        part.file = path if is_remote(path) else absolute(path)
        return Corpus([part], path, skip_bad_rows=skip_bad_rows, is_shard=True)


def find_shards(
    names: Sequence[str], fields: FieldNames, shard_bytes: int = SHARD_BYTES, *, skip_bad_rows: bool = False
) -> tuple[list[Shard], LeftOut]:
    """The shards of files, folders and URLs in reading order, and what is left out in folders.

    Raises `CorpusError` for standard input, for names that do not exist and for those without a file to read.
    """
    files: list[Shard] = []
    left_out = LeftOut(skip_bad_rows)
    for name in names:
        if name == "-":
            remedy = "save it to a file first"
            raise CorpusError("standard input cannot be read by several workers", path=name, remedy=remedy)
        sources = _remote(name, left_out) if is_remote(name) else find_sources(name, left_out)
        for source in sources:
            if recognised := left_out.opened(_fields, source, fields):
                files.append(Shard(source, recognised))
    require_fields([file.source.kind for file in files], ", ".join(names), fields.asked, left_out)
    size = max(shard_bytes, sum(file.source.size or 0 for file in files) // MOST_SHARDS)
    return [shard for file in files for shard in _cut(file, size)], left_out


def _remote(url: str, left_out: LeftOut) -> Iterator[TextSource]:
    files, path = filesystem(url)
    if "file" in files.protocol:
        yield from find_sources(path, left_out)
        return
    with reading(url):
        listed = files.find(path, detail=True)
    if not listed:
        raise CorpusError("there is no such file or folder", path=url, remedy="check the address")
    kinds = {name: row_format_of(Path(name)) for name in sorted(listed)}
    if not any(kinds.values()):
        remedy = "give text, csv, tsv, jsonl or parquet files"
        raise CorpusError("there is no file to read under this address", path=url, remedy=remedy)
    for name, kind in kinds.items():
        place = files.unstrip_protocol(name)
        if kind is None:
            left_out.names.append(place)
        else:
            yield TextSource(place, kind.name, int(listed[name]["size"]))


def _fields(source: TextSource, names: FieldNames) -> Fields:
    path = source.path
    if source.size is None:
        remedy = "save it to a file first"
        raise CorpusError("a pipe cannot be read by several workers", path=path, remedy=remedy)
    if source.kind == _PARQUET:
        with _parquet(path) as file:
            types = dict(cast(pl.DataFrame, pl.from_arrow(file.schema_arrow.empty_table())).schema)
        return fields_of_types(list(types), types, path, names, inner_types(types))
    if not is_remote(path):
        return open_part(source, names).fields
    with _opened(path) as file:
        piped = replace(source, pipe=file)
        piped.peek()
        source.returns = piped.returns
        fields = open_part(piped, names).fields
        source.kind = piped.kind
        return fields


def _cut(file: Shard, shard_bytes: int) -> Iterator[Shard]:
    source = file.source
    size = source.size or 0
    if source.members:
        sizes = [member.stat().st_size for member in source.members]
        for first, last in cut(np.array(sizes), shard_bytes):
            some = replace(source, size=sum(sizes[first:last]), members=source.members[first:last])
            yield replace(file, source=some)
    elif source.kind == _PARQUET:
        with _parquet(source.path) as rows:
            groups = [rows.metadata.row_group(n).total_byte_size for n in range(rows.metadata.num_row_groups)]
        for first, last in cut(np.array(groups, np.int64), shard_bytes):
            yield replace(file, start=first, stop=last)
    elif size <= shard_bytes or _is_whole(source):
        yield file
    else:
        number = -(-size // shard_bytes)
        bounds = [size * n // number for n in range(number + 1)]
        yield from (replace(file, start=a, stop=b) for a, b in pairwise(bounds))


def _is_whole(source: TextSource) -> bool:
    """Whether a file cannot be cut between lines."""
    if source.kind not in _LINES or source.returns or source.form.wrapped:
        return True
    with _opened(source.path) as file:
        head = file.read(MARK_BYTES)
    return is_compressed(head) or marked(head) is not None  # UTF-16 is not cut into lines of bytes


def _opened(path: str) -> Any:
    files, inner = filesystem(path)
    with reading(path):
        return files.open(inner, "rb")


@contextmanager
def _parquet(path: str) -> Iterator[Any]:
    """An open Parquet file. Its row groups can be read one by one."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with _opened(path) as file:
            yield ParquetFile(file)
    except ArrowException as error:
        rule = f"is not a sound Parquet file, or compressed as a whole ({str(error).splitlines()[0][:200]})"
        raise CorpusError(rule, path=path, remedy="write it again") from error


def _part(shard: Shard) -> FilePart | MemoryPart:
    """The rows of a shard. Its lines and rows are counted from its beginning, so messages name that."""
    source = shard.source
    path = f"{source.path} (from {_UNITS[source.kind]} {shard.start})" if shard.start else source.path
    fields = replace(shard.fields, headings=0) if shard.start else shard.fields
    if source.kind == _PARQUET:
        frame = with_nested(_rows(shard), fields)
        return frame_of_strings(path, _PARQUET, replace(fields, nested=()), frame)  # which are columns now
    if shard.stop:
        source = replace(source, path=path, pipe=BytesIO(_lines(shard)))
    elif is_remote(path):
        source = replace(source, pipe=_opened(path))
    return FilePart(source, fields)


def _rows(shard: Shard) -> pl.DataFrame:
    path = shard.source.path
    with _parquet(path) as file:
        columns = outer_columns(shard.fields, file.schema_arrow.names)
        if is_remote(path):  # Polars would fetch the whole file
            return cast(
                pl.DataFrame, pl.from_arrow(file.read_row_groups(range(shard.start, shard.stop), columns))
            )
    return read_row_groups(path, columns, shard.start, shard.stop)


def _lines(shard: Shard) -> bytes:
    """The lines that begin in a range of bytes, including the rest of the last line."""
    path = shard.source.path
    with reading(path), _opened(path) as file:
        file.seek(max(0, shard.start - 1))
        if shard.start:
            file.readline()  # this line belongs to the previous shard
        data: bytes = file.read(max(0, shard.stop - file.tell()))
        return data + file.readline() if data and not data.endswith(b"\n") else data


def joined_files(shards: Sequence[Shard], read: Sequence[FileRead]) -> list[FileRead]:
    """The entries of all shards joined into one entry for each file.

    The hash of a file in several shards is the hash of their hashes, one per line, after the word ``shards``.
    """
    files: list[FileRead] = []
    for path, group in groupby(zip(shards, read, strict=True), key=lambda pair: pair[0].source.path):
        pairs = list(group)
        shard, first = pairs[0]
        folder = shard.source.kind == "folder"
        size = sum(of.source.size or 0 for of, _ in pairs) if folder else shard.source.size or 0
        digest = first.sha256
        if len(pairs) > 1 or shard.stop:
            lines = "".join(f"{part.sha256}\n" for _, part in pairs)
            digest = f"{OF_SHARDS} {hashlib.sha256(lines.encode()).hexdigest()}"
        files.append(replace(first, path=path, bytes=size, sha256=digest))
    return files


# File systems


def is_remote(url: str) -> bool:
    """Whether a path is on a remote file system, such as ``s3://bucket/corpus``."""
    return "://" in url


def filesystem(url: str) -> tuple[Any, str]:
    """The file system of a path or URL, and the path in it.

    Listings are not cached, because other machines write files.
    """
    from fsspec.core import url_to_fs

    try:
        return url_to_fs(url, use_listings_cache=False)  # type: ignore[no-any-return]
    except ImportError:
        extra = "s3" if url.startswith("s3:") else "dask"
        raise MissingExtra(f"fsspec for {url.split(':')[0]}", extra, f"reading {url}") from None
    except ValueError as error:
        raise InputError(f"cannot be opened: {error}", path=url, remedy="check the address") from None
