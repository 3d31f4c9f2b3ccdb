"""Vector stores: rows with their vectors, in the formats of search libraries; `STORES` is their table.

Documents are cut into the passages of search, and each passage is a row, `StoreRows`. Fields of the documents
are columns, so that stores can filter by them.

A store is written once and then belongs to its library, which reads it; see
``docs/how-to/export-and-serve.md``. LanceDB's can be brought up to date: rows are upserted and deleted by id,
and `selfvec.stores.migrate` gives it the vectors of another run while it is searched. To add a store,
write a subclass of `Store`, and list it in `STORES`.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sqlite3
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from selfvec.base.arrays import Ints, Mask, Rows
from selfvec.base.errors import FormatError, InputError, OptionError, require
from selfvec.base.progress import stage
from selfvec.data.field_types import TEXT, parsed
from selfvec.data.run import Run
from selfvec.files.atomic_files import atomic_files, check_target, writing_by_polars
from selfvec.files.untrusted import decoding
from selfvec.retrieval.documents import GatheredDocuments, gather
from selfvec.retrieval.encoder import Encoder
from selfvec.storage.run_folder import refuse_run
from selfvec.text.document_vectors import smooth_by_neighbours
from selfvec.text.languages import language
from selfvec.text.passages import CUT, Cut, check_cut
from selfvec.text.preprocessing import Preprocessing

RUN = "selfvec.run"  # metadatum of a store: the fingerprint of the run whose encoder made the vectors
_BLOCK = 4096  # texts encoded at a time

Encode = Callable[[Sequence[str]], Rows]
"""Texts to vectors: n texts -> (n, d) float32, unit rows, zeros for texts without a known word."""


@dataclass(frozen=True)
class StoreRows:
    """Rows to be stored; raises `InputError` without rows, or unless each row has one vector."""

    table: pl.DataFrame  # n rows without the vectors; column names have only letters, digits and _
    vectors: Rows  # (n, d), unit rows or zeros
    language: str | None = None  # code of the language whose stems a full-text index may use
    notes: Sequence[str] = ()  # what is changed or left out, one sentence each
    about: Mapping[str, str] = field(default_factory=dict)  # metadata of the store

    def __post_init__(self) -> None:
        if not len(self.table):
            raise InputError("there are no passages to store", remedy="use another run")
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.table):
            raise InputError(
                f"{len(self.table):,} passages need a vector each, the shape is {self.vectors.shape}"
            )

    def __len__(self) -> int:
        return len(self.table)

    @property
    def empty(self) -> Mask:
        """True for rows without a vector, because all of their words are unknown, (n,) bool."""
        filled: Mask = np.any(self.vectors != 0, axis=1)
        return ~filled

    def frame(self) -> pl.DataFrame:
        """The table with a last column ``vector``, a fixed-size list of float32."""
        return self.table.with_columns(pl.Series("vector", self.vectors))


def passage_rows(run: Run, *, encode: Encode | None = None, cut: Cut = CUT) -> StoreRows:
    """The passages of a run's documents, encoded and, without ``encode``, smoothed by their neighbours.

    The columns are ``id`` (the document's, with ``#1``, ``#2``, ... for the passages of a long one; with
    ``##1`` if that is the id of another document), ``document``, ``text`` (as it is counted, since vectors
    and a store's own index are of it), ``date`` (null if unknown), and one per field:
    numbers, booleans, lists or objects if all its values are, else strings.
    """
    documents = replace(gather(run), cut=check_cut(cut))
    ids, texts, owners = _passages(documents)
    table = pl.DataFrame(
        {
            "id": pl.Series(ids, dtype=pl.String),
            "document": pl.Series([documents.ids[owner] for owner in owners], dtype=pl.String),
            "text": pl.Series(texts, dtype=pl.String),
            "date": pl.Series(documents.days.astype("datetime64[D]")[owners], dtype=pl.Date),
        }
    )
    fields = {}
    for old, new in column_names(list(documents.fields), [*table.columns, "vector"]).items():
        values, kind = pl.Series(new, documents.fields[old], dtype=pl.String), documents.kinds[old]
        fields[old] = typed_column(values) if kind == TEXT else parsed(values, kind)
    table = table.with_columns(column.gather(owners) for column in fields.values())
    about: dict[str, str] = {}
    if encode is None:
        encoder = Encoder.of(run)
        encode, about = encoder.encode, described(run, encoder)
    vectors = np.concatenate([*encoded_blocks(texts, encode)] or [np.zeros((0, 1), np.float32)])
    if about:
        vectors = smooth_by_neighbours(vectors, len(vectors))
    language = Preprocessing.of(run.provenance).stem
    why = dict.fromkeys(documents.left_out, "its values are too long")
    why |= dict.fromkeys(documents.unread, "it has bytes or vectors, or occurs twice")
    notes = [f"the field {name!r} is not a column: {reason}" for name, reason in why.items()]
    return StoreRows(table, vectors, language, [*notes, *_changes(fields)], about)


def described(run: Run, encoder: Encoder) -> dict[str, str]:
    """The metadata of a store: the fingerprint and name of the run, the encoder, and its dimensions."""
    return {
        RUN: run.fingerprint,
        "selfvec.name": "" if run.folder is None else run.folder.absolute().name,
        "selfvec.encoder": encoder.digest,
        "selfvec.dimensions": str(encoder.dimensions),
    }


def _changes(columns: Mapping[str, pl.Series]) -> list[str]:
    notes = [f"the field {old!r} is the column {new.name}" for old, new in columns.items() if old != new.name]
    for name, column in columns.items():
        if column.dtype == pl.String and column.str.contains(r"^[\[{]").any():
            notes.append(f"the field {name!r} is a column of JSON text: its values are of several types")
    return notes


def _passages(documents: GatheredDocuments) -> tuple[list[str], list[str], Ints]:
    ids: list[str] = []
    texts: list[str] = []
    owners: list[int] = []
    taken = set(documents.ids)
    for number, (name, text, spans) in enumerate(
        zip(documents.ids, documents.texts, documents.spans(), strict=True)
    ):
        sign = "#"
        while not taken.isdisjoint(several := [f"{name}{sign}{i}" for i in range(1, len(spans) + 1)]):
            sign += "#"  # a document may be called a#1 itself
        taken.update(several)
        ids += several or [name]
        texts += [text[start:end] for start, end in spans] or [text]
        owners += [number] * max(1, len(spans))
    return ids, texts, np.array(owners, np.int64)


def encoded_blocks(texts: Sequence[str], encode: Encode, done: int = 0) -> Iterator[Rows]:
    """Vectors of texts, some at a time, from the first on that is not ``done``."""
    with stage("Encoding", len(texts), "passages") as advance:
        advance(done)
        for start in range(done, len(texts), _BLOCK):
            block = np.asarray(encode(texts[start : start + _BLOCK]), np.float32)
            yield block
            advance(len(block))


# ---- Columns


def column_names(fields: Sequence[str], taken: Sequence[str]) -> dict[str, str]:
    """Column names of fields: valid in every store and in SQL, and distinct.

    >>> column_names(["Text", "wind speed", "_score", "2019"], ["id", "text"])
    {'Text': 'Text_', 'wind speed': 'wind_speed', '_score': 'field_score', '2019': 'field_2019'}
    """
    used = set(taken)
    out = {}
    for old in fields:
        name = re.sub(r"\W", "_", old) or "_"
        name = f"_{name}" if name[0].isdigit() else name  # in a condition, 2019 is a number
        name = f"field{name}" if name.startswith("_") else name
        while name.lower() in used:
            name += "_"
        used.add(name.lower())
        out[old] = name
    return out


def typed_column(values: pl.Series) -> pl.Series:
    """Texts as lists or objects, if all of them are JSON of one type; others stay texts."""
    if not values.str.contains(r"^(\[|\{)").fill_null(True).all():
        return values
    try:
        read = _of_one_type(values.name, [None if text is None else json.loads(text) for text in values])
    except (ValueError, RecursionError):
        return values
    return values if read is None else read


def _of_one_type(name: str, values: list[Any]) -> pl.Series | None:
    """JSON values as a column; None if they have several types, or a type that stores do not support."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {list}:
        items = _of_one_type(name, [item for value in values if value is not None for item in value])
        return None if items is None else pl.Series(name, values, dtype=pl.List(items.dtype))
    if kinds == {dict}:
        keys = column_names(list(dict.fromkeys(key for value in values if value for key in value)), [])
        columns = {new: _of_one_type(new, [(v or {}).get(old) for v in values]) for old, new in keys.items()}
        parts = [column for column in columns.values() if column is not None]
        return pl.DataFrame(parts).to_struct(name) if parts and len(parts) == len(columns) else None
    for allowed, dtype in (
        ({bool}, pl.Boolean),
        ({int}, pl.Int64),
        ({int, float}, pl.Float64),
        ({str}, pl.String),
    ):
        if kinds <= allowed:
            wide = any(isinstance(value, int) and abs(value) > 1 << 53 for value in values)
            return None if wide else pl.Series(name, values, dtype=dtype if kinds else pl.String)
    return None


# ---- The stores


_HARDLY_ANY = 1 << 20  # bytes free on a disk: if a library fails without a reason, this is it


class Store(ABC):
    """A kind of store."""

    name: ClassVar[str]
    module: ClassVar[str] = ""  # the library to import, if any, with the extra of Selfvec that `name` names
    suffix: ClassVar[str] = ""  # of a store that is a file; others are folders
    opened_by: ClassVar[str] = ""  # Python that opens a store, with {} for its path

    @abstractmethod
    def write(self, rows: StoreRows, path: Path) -> None:
        """Write rows into an empty folder, or to a new file."""

    def require(self) -> None:
        if self.module:
            require(self.module, self.name, f"the store {self.name}")

    def put(self, rows: StoreRows, path: Path) -> None:
        if not self.suffix:
            path.mkdir()
        with library_errors(path):
            self.write(rows, path)


@contextmanager
def library_errors(path: Path) -> Iterator[None]:
    """Convert the write errors of libraries at a path to `OSError`."""
    try:
        with writing_by_polars():
            yield
    except (RuntimeError, sqlite3.Error) as error:
        full = shutil.disk_usage(path.parent).free < _HARDLY_ANY
        usual = errno.ENOSPC if full else errno.EIO
        raise OSError(_number(error) or usual, str(error)[:200]) from error
    except FormatError as error:  # of `reading`: a database that cannot be opened, as the disk is full
        number = _number(error.__cause__)
        if number is None:
            raise
        raise OSError(number, os.strerror(number)) from error


def _number(error: BaseException | None) -> int | None:
    """The number of the system's error that a library met while writing; None if it is not known."""
    message = str(error)
    if "database or disk is full" in message:  # SQLite's words
        return errno.ENOSPC
    numbers = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return next((number for number in numbers if os.strerror(number) in message), None)


def reading(path: Path) -> AbstractContextManager[None]:
    """Convert any error of a library at a damaged database to `FormatError`."""
    return decoding(path, "database", "export again with --overwrite")


# ---- LanceDB

_TABLE = "passages"  # that can be migrated
# Languages whose stems and stop words the full-text index supports.
_INDEXED = {"ar", "da", "de", "el", "en", "es", "fi", "fr", "hu"}
_INDEXED |= {"it", "nl", "no", "pt", "ro", "ru", "sv", "ta", "tr"}


@dataclass(frozen=True)
class Stored:
    """The n rows of a table, and their new vectors."""

    texts: Sequence[str]  # n; empty for a row without a text
    content: Any  # the rows as a table of Arrow, in order
    version: int
    lost: Sequence[str] = ()  # parts of the database that are not carried over
    vectors: Rows = field(default_factory=lambda: np.zeros((0, 0), np.float32))  # (n, d), of the new run
    about: Mapping[str, str] = field(default_factory=dict)  # as of `StoreRows`, of the new vectors
    language: str | None = None


class LanceDB(Store):
    """An embedded database, searched by vectors, by full text, by both, and filtered by SQL.

    It has no index of vectors: up to some hundred thousand rows an exact scan is as fast. Rows of zeros have
    no cosine; LanceDB finds them only by their words.
    """

    name = "lancedb"
    opened_by = 'lancedb.connect({}).open_table("passages")'
    module = "lancedb"

    def write(self, rows: StoreRows, path: Path) -> None:
        """Write a table of passages, with a full-text index."""
        import lancedb

        data = _arrow(rows).replace_schema_metadata(dict(rows.about) or None)
        table = lancedb.connect(path).create_table(_TABLE, data)
        _index_text(table, rows.language)

    def about(self, path: Path) -> dict[str, str]:
        """`StoreRows.about` of a database: the metadata of the table's schema."""
        table = self._table(path)
        with reading(path):
            metadata = table.schema.metadata or {}
            return {k.decode(): v.decode() for k, v in metadata.items() if k.startswith(b"selfvec.")}

    def source(self, path: Path) -> str | None:
        """The fingerprint of the run of the vectors; `InputError` if there is no such database."""
        return self.about(path).get(RUN)

    def update(self, rows: StoreRows, path: Path) -> dict[str, int] | None:
        """Write new and changed rows, and delete rows whose id no longer occurs.

        Unchanged rows keep their vectors. None if all rows must be written: the vectors are of another
        encoder, or the columns or ids do not allow an update.
        """
        if not rows.about or {**self.about(path), "selfvec.name": ""} != {**rows.about, "selfvec.name": ""}:
            return None
        fresh = {str(row["id"]): row for row in rows.table.iter_rows(named=True)}
        stored = self._rows_by_id(rows, path)
        if stored is None or len(fresh) != len(rows):
            return None
        gone = [name for name in stored if name not in fresh]
        numbers = [i for i, (name, row) in enumerate(fresh.items()) if stored.get(name) != row]
        self._change(rows, path, numbers, gone)
        added = len(fresh.keys() - stored.keys())
        counts = {"added": added, "changed": len(numbers) - added, "removed": len(gone)}
        return {**counts, "unchanged": len(rows) - len(numbers)}

    def _rows_by_id(self, rows: StoreRows, path: Path) -> dict[str, dict[str, Any]] | None:
        """The rows of the table without their vectors; None if ids repeat or columns differ."""
        table = self._table(path)
        if not table.schema.equals(_arrow(rows).schema):
            return None
        with reading(path):
            frame = pl.DataFrame(table.to_arrow().drop_columns(["vector"]))
        by_id = {str(row["id"]): row for row in frame.iter_rows(named=True)}
        return by_id if len(by_id) == len(frame) else None

    def _change(self, rows: StoreRows, path: Path, numbers: Sequence[int], gone: Sequence[str]) -> None:
        """Write one version of the table with all changes; readers see the old one or the new one."""
        table = self._table(path)
        rule = f"id IN ({', '.join(_quoted(name) for name in gone)})" if gone else ""
        if numbers:
            merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            if gone:
                merge = merge.when_not_matched_by_source_delete(rule)
            merge.execute(_arrow(rows).take(list(numbers)))
        elif gone:
            table.delete(rule)
        if numbers or gone:
            table.optimize()  # adds the new rows to the full-text index

    def read(self, path: Path) -> Stored:
        """All columns. Indices other than that of the text are lost."""
        table = self._table(path)
        with reading(path):
            others = [index for index in table.list_indices() if index.columns != ["text"]]
            lost = [f"{one.name}, the index of {', '.join(one.columns)}" for one in others]
            data = table.to_arrow()
            return Stored([text or "" for text in data["text"].to_pylist()], data, table.version, lost)

    def switch(self, new: Stored, path: Path) -> bool:
        """Replace all vectors at once; False, and no change, if the table has changed since."""
        import lancedb
        import pyarrow as pa

        table = self._table(path)
        if table.version != new.version:
            return False
        column = pa.FixedSizeListArray.from_arrays(pa.array(new.vectors.ravel()), new.vectors.shape[1])
        data = new.content.set_column(new.content.column_names.index("vector"), "vector", column)
        about = {name.encode(): value.encode() for name, value in new.about.items()}
        data = data.replace_schema_metadata({**(data.schema.metadata or {}), **about})
        fresh = lancedb.connect(path).create_table(_TABLE, data, mode="overwrite")
        if fresh.version != table.version + 1:  # somebody wrote in between: restore that version
            fresh.restore(fresh.version - 1)
            return False
        _index_text(fresh, new.language)
        return True

    def complete(self, path: Path, language: str | None) -> None:
        """Build the full-text index, which a switch that was killed may lack."""
        _index_text(self._table(path), language)

    def _table(self, path: Path) -> Any:
        import lancedb

        _check_folder(path)
        with reading(path):
            table = lancedb.connect(path).open_table(_TABLE)
            names = set(table.schema.names)
        if not {"text", "vector"} <= names:
            raise InputError(
                "has the columns text and vector", path=path, field=_TABLE, remedy="export again"
            )
        return table


def find_database(path: Path) -> LanceDB:
    """The database in a folder; `InputError` if there is none, `MissingExtra` without its library."""
    _check_folder(path)
    database = LanceDB()
    database.require()
    return database


def _check_folder(path: Path) -> None:
    if not (path / f"{_TABLE}.lance").is_dir():
        remedy = "make one with: selfvec export RUN --to lancedb"
        raise InputError(f"is not a LanceDB folder with {_TABLE}", path=path, remedy=remedy)


def _index_text(table: Any, stems: str | None) -> None:
    """Build the full-text index if there is none."""
    from lancedb.index import FTS

    if ["text"] not in [index.columns for index in table.list_indices()]:
        is_stemmed = stems in _INDEXED
        name = language(stems if is_stemmed else "en").name
        table.create_index("text", config=FTS(language=name, stem=is_stemmed, remove_stop_words=is_stemmed))


def _arrow(rows: StoreRows) -> Any:
    return rows.frame().to_arrow(compat_level=pl.CompatLevel.oldest())


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


# ---- The others


class Parquet(Store):
    """One file, with the vectors as a last column of fixed-size lists of float32.

    Nothing is compressed, because vectors hardly compress and readers can map the file.
    """

    name = "parquet-documents"
    suffix = ".parquet"
    opened_by = "polars.read_parquet({})"

    def write(self, rows: StoreRows, path: Path) -> None:
        rows.frame().write_parquet(path, compression="uncompressed", metadata=dict(rows.about))


class Faiss(Store):
    """An exact index of inner products. Row i of ``rows.parquet`` is vector i of ``index.faiss``."""

    name = "faiss"
    module = "faiss"

    def write(self, rows: StoreRows, path: Path) -> None:
        import faiss

        index = faiss.IndexFlatIP(rows.vectors.shape[1])
        index.add(np.ascontiguousarray(rows.vectors))
        faiss.write_index(index, str(path / "index.faiss"))
        rows.table.write_parquet(path / "rows.parquet", metadata=dict(rows.about))


class Qdrant(Store):
    """A folder for the local mode of its client, from which a server's collection can be filled.

    Points are numbered from 0, because Qdrant accepts only numbers and UUIDs as ids. Rows are their payload.
    The client keeps them as pickles, so Selfvec writes such a folder and never reads one.
    """

    name = "qdrant"
    opened_by = "qdrant_client.QdrantClient(path={})"
    module = "qdrant_client"

    def write(self, rows: StoreRows, path: Path) -> None:
        """Write a collection of passages, with cosine distance."""
        from qdrant_client import models

        size = models.VectorParams(size=rows.vectors.shape[1], distance=models.Distance.COSINE)
        metadata = {"metadata": dict(rows.about)} if rows.about else {}
        with _client(path) as client:
            client.create_collection(_TABLE, vectors_config=size, **metadata)
        with _client(path) as client:
            payloads = (
                {name: v.isoformat() if name == "date" and v else v for name, v in row.items()}
                for row in rows.table.iter_rows(named=True)
            )
            client.upload_collection(_TABLE, rows.vectors, payload=payloads, ids=range(len(rows)))


@contextmanager
def _client(path: Path) -> Iterator[Any]:
    """The folder's client. It syncs to disk once, not after every point."""
    from qdrant_client import QdrantClient

    with warnings.catch_warnings():  # it warns of more than 20,000 points
        warnings.simplefilter("ignore", UserWarning)
        with reading(path):
            client: Any = QdrantClient(path=str(path))
        try:
            with suppress(AttributeError):
                for collection in client._client.collections.values():
                    collection.storage.storage.execute("PRAGMA synchronous = OFF")
            yield client
        finally:
            client.close()


STORES: dict[str, Store] = {store.name: store for store in (LanceDB(), Parquet(), Faiss(), Qdrant())}
"""All stores by name."""


def write_rows(rows: StoreRows, to: str, target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write rows into a store; if that fails, the target is not changed."""
    if to not in STORES:
        raise OptionError.one_of(to, STORES, field="to")
    STORES[to].require()
    with replaced(Path(target), overwrite) as fresh:
        STORES[to].put(rows, fresh)


@contextmanager
def replaced(path: Path, overwrite: bool) -> Iterator[Path]:
    """`atomic_files`; an existing run is refused before the work."""
    check_target(path, overwrite=overwrite)
    refuse_run(path)
    with atomic_files(path, overwrite=overwrite) as fresh:
        yield fresh
