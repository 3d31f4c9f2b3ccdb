"""Vector stores: rows with their vectors, in the form of other libraries that search them.

A store is written once and then belongs to its library, which also reads it (see ``docs/stores.md``). To add
one, write a subclass of `Store` and list it in `STORES`. Databases are `Database`: `selfvec.export.migrate`
gives them vectors of another run.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import shutil
import sqlite3
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, MissingExtra, TargetError
from selfvec.base.files import exchange_folders, read_json
from selfvec.storage.formats.source import writing_by_polars

from .rows import Rows

__all__ = ["STORES", "Database", "Store", "Stored", "library_errors"]

TABLE, RUN = "passages", "selfvec.run"  # of a database: the table that migrates, and the key of `Rows.source`
_BATCH = 1024  # points written at a time


class Store(ABC):
    """A kind of store."""

    name: ClassVar[str]
    description: ClassVar[str]
    module: ClassVar[str] = ""  # what it imports, if anything
    package: ClassVar[str] = ""  # has the module
    extra: ClassVar[str] = ""  # of Selfvec, installs the package
    folder: ClassVar[bool] = True  # not a file

    @abstractmethod
    def write(self, rows: Rows, path: Path) -> None:
        """Write rows into an empty folder, or to a new file."""

    def require(self) -> None:
        """Raise `MissingExtra` if the library is not installed."""
        try:
            importlib.import_module(self.module or "selfvec")
        except ImportError:
            raise MissingExtra(self.package, self.extra, f"the store {self.name}") from None

    def put(self, rows: Rows, path: Path) -> None:
        """Write rows to a new path."""
        if self.folder:
            path.mkdir()
        with library_errors():
            self.write(rows, path)


@contextmanager
def library_errors() -> Iterator[None]:
    """Turn what libraries raise when they cannot write into `OSError`."""
    try:
        with writing_by_polars():
            yield
    except (RuntimeError, sqlite3.Error) as error:
        message = str(error)
        number = next((n for n in (errno.ENOSPC, errno.EFBIG) if os.strerror(n) in message), errno.EIO)
        raise OSError(number, message[:200]) from error


@dataclass(frozen=True)
class Stored:
    """The n rows of a database, and what their vectors are to be."""

    texts: Sequence[str]  # n; empty for a row without a text
    content: Any  # what the library keeps of the rows, in order
    stamp: str  # another one if the database has changed
    lost: Sequence[str] = ()  # what is not carried over
    vectors: NDArray[np.float32] | None = None  # (n, d) float32, of the new run
    source: str | None = None  # as of `Rows`, of the new vectors
    language: str | None = None


class Database(Store):
    """A store whose vectors can be replaced while it is searched; a working folder keeps what is done."""

    @abstractmethod
    def source(self, path: Path) -> str | None:
        """`Rows.source` of a database; `InputError` if there is none of this kind."""

    @abstractmethod
    def read(self, path: Path) -> Stored:
        """Read all rows."""

    def stage(self, new: Stored, path: Path, folder: Path) -> Iterator[int]:
        """Write what can be written before the switch; yield numbers of rows."""
        del new, path, folder
        yield from ()

    @abstractmethod
    def switch(self, new: Stored, path: Path, folder: Path) -> bool:
        """Replace all vectors at once; change nothing and return False if the database has changed."""

    def complete(self, path: Path, language: str | None) -> None:
        """Add what a killed switch may have left out."""


class LanceDB(Database):
    """An embedded database, searched by vectors, by full text, by both, and filtered by SQL.

    It has no index of vectors: up to some hundred thousand rows an exact scan is as fast. Rows of zeros have
    no cosine; LanceDB finds them by their words only.
    """

    name = "lancedb"
    description = "LanceDB folder with a full-text index"
    module = package = extra = "lancedb"
    languages: ClassVar[dict[str, str]] = {  # whose stems and stop words its full-text index knows
        **{"ar": "Arabic", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish"},
        **{"fi": "Finnish", "fr": "French", "hu": "Hungarian", "it": "Italian", "nl": "Dutch"},
        **{"no": "Norwegian", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish"},
        **{"ta": "Tamil", "tr": "Turkish"},
    }

    def write(self, rows: Rows, path: Path) -> None:
        """Write a table called ``rows.name``, with a full-text index if the rows have a text."""
        import lancedb
        import polars as pl

        data = rows.frame().to_arrow(compat_level=pl.CompatLevel.oldest())
        if rows.source is not None:
            data = data.replace_schema_metadata({RUN: rows.source})
        table = lancedb.connect(path).create_table(rows.name, data)
        self.index_text(table, rows.language)

    def index_text(self, table: Any, stems: str | None) -> None:
        """Make the full-text index if there is a text and no index of it."""
        from lancedb.index import FTS

        if "text" in table.schema.names and ["text"] not in [index.columns for index in table.list_indices()]:
            known = stems in self.languages
            language = self.languages.get(stems or "", "English")
            table.create_index("text", config=FTS(language=language, stem=known, remove_stop_words=known))

    def source(self, path: Path) -> str | None:
        """A metadatum of the table's schema."""
        found = (self._table(path).schema.metadata or {}).get(RUN.encode())
        return None if found is None else str(found.decode())

    def read(self, path: Path) -> Stored:
        """All columns. Indices other than that of the text are lost."""
        table = self._table(path)
        others = [index for index in table.list_indices() if index.columns != ["text"]]
        lost = [f"{one.name}, the index of {', '.join(one.columns)}" for one in others]
        data = table.to_arrow()
        texts = [text or "" for text in data["text"].to_pylist()]
        return Stored(texts, data, str(table.version), lost)

    def switch(self, new: Stored, path: Path, folder: Path) -> bool:  # noqa: ARG002
        """Write a new version of the table, which appears at once. Readers of the old version keep it."""
        import lancedb
        import pyarrow as pa

        table, vectors = self._table(path), new.vectors
        if str(table.version) != new.stamp or vectors is None:
            return False
        column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
        data = new.content.set_column(new.content.column_names.index("vector"), "vector", column)
        data = data.replace_schema_metadata({**(data.schema.metadata or {}), RUN.encode(): new.source})
        fresh = lancedb.connect(path).create_table(TABLE, data, mode="overwrite")
        if fresh.version != table.version + 1:  # somebody wrote in between: bring that back
            fresh.restore(fresh.version - 1)
            return False
        self.index_text(fresh, new.language)
        return True

    def complete(self, path: Path, language: str | None) -> None:
        """Make the full-text index."""
        self.index_text(self._table(path), language)

    @staticmethod
    def _table(path: Path) -> Any:
        import lancedb

        if not (path / f"{TABLE}.lance").is_dir():
            raise _no_database(path)
        table = lancedb.connect(path).open_table(TABLE)
        if not {"text", "vector"} <= set(table.schema.names):
            raise InputError("has the columns text and vector", path=path, field=TABLE, remedy="export again")
        return table


class Parquet(Store):
    """One file, with the vectors as a last column of fixed-size lists of float32.

    Nothing is compressed: vectors hardly compress, and readers can map the file.
    """

    name = "parquet-documents"
    description = "Parquet, vectors as fixed-size lists"
    folder = False

    def write(self, rows: Rows, path: Path) -> None:
        """Write the rows and their vectors."""
        rows.frame().write_parquet(path, compression="uncompressed")


class Faiss(Store):
    """An exact index of inner products. Row i of ``rows.parquet`` is vector i of ``index.faiss``."""

    name = "faiss"
    description = "FAISS index and rows.parquet"
    module = extra = "faiss"
    package = "faiss-cpu"

    def write(self, rows: Rows, path: Path) -> None:
        """Write index and rows."""
        import faiss

        index = faiss.IndexFlatIP(rows.vectors.shape[1])
        index.add(np.ascontiguousarray(rows.vectors))
        faiss.write_index(index, str(path / "index.faiss"))
        rows.table.write_parquet(path / "rows.parquet")


class USearch(Store):
    """A graph of neighbours. Row i of ``rows.parquet`` has the key i in ``index.usearch``.

    The metric is the inner product, which is defined for rows of zeros. One thread makes the graph, so that
    the same rows give the same file.
    """

    name = "usearch"
    description = "USearch index and rows.parquet"
    module = "usearch.index"
    package = extra = "usearch"

    def write(self, rows: Rows, path: Path) -> None:
        """Write graph and rows."""
        from usearch.index import Index

        index = Index(ndim=rows.vectors.shape[1], metric="ip", dtype="f32")
        index.add(np.arange(len(rows), dtype=np.uint64), np.ascontiguousarray(rows.vectors), threads=1)
        index.save(str(path / "index.usearch"))
        rows.table.write_parquet(path / "rows.parquet")


class Qdrant(Database):
    """A folder for the local mode of its client, from which a server's collection can be filled.

    Points are numbered from 0, because Qdrant takes numbers and UUIDs only; the rows are their payload.
    """

    name = "qdrant"
    description = "Qdrant folder, for its local mode"
    module = "qdrant_client"
    package = "qdrant-client"
    extra = "qdrant"

    def write(self, rows: Rows, path: Path) -> None:
        """Write a collection called ``rows.name``, with cosine distance."""
        with self._open(path) as client:
            self._create(client, rows.name, rows.vectors.shape[1], rows.source)
        with self._open(path) as client:
            payloads = map(self._payload, rows.table.iter_rows(named=True))
            numbers = range(len(rows))
            client.upload_collection(
                rows.name, rows.vectors, payload=payloads, ids=numbers, batch_size=_BATCH
            )

    def source(self, path: Path) -> str | None:
        """A metadatum of the collection. The file is read, because the client would lock the folder."""
        if not (path / "meta.json").is_file():
            raise _no_database(path)
        collections = read_json(path / "meta.json", "export again").get("collections", {})
        if TABLE not in collections:
            raise _no_database(path)
        found = (collections[TABLE].get("metadata") or {}).get(RUN)
        return None if found is None else str(found)

    def read(self, path: Path) -> Stored:
        """All numbers and payloads. The folder is locked for as long as this takes."""
        with self._open(path) as client:
            number = client.count(TABLE).count
            points = client.scroll(TABLE, limit=max(number, 1), with_payload=True)[0]
            named = isinstance(client.get_collection(TABLE).config.params.vectors, dict)
        if named:
            raise InputError("has one vector for each point, without a name", path=path, field=TABLE)
        content = [(point.id, point.payload or {}) for point in points]
        return Stored([str(payload.get("text") or "") for _, payload in content], content, _stamp(path))

    def stage(self, new: Stored, path: Path, folder: Path) -> Iterator[int]:
        """Fill a copy of the folder, in which other collections are as they were."""
        from qdrant_client import models

        fresh, copy, vectors = folder / "fresh", folder / "store", new.vectors
        assert vectors is not None
        if not copy.is_dir():
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(path, fresh, ignore=shutil.ignore_patterns(".lock"))
            with self._open(fresh) as client:
                client.delete_collection(TABLE)
                self._create(client, TABLE, vectors.shape[1], new.source)
            fresh.rename(copy)
        with self._open(copy) as client:
            done = client.count(TABLE).count
            yield done
            for start in range(done, len(vectors), _BATCH):
                rows = zip(new.content[start : start + _BATCH], vectors[start:], strict=False)
                points = [models.PointStruct(id=i, payload=p, vector=v.tolist()) for (i, p), v in rows]
                client.upsert(TABLE, points)
                yield len(points)

    def switch(self, new: Stored, path: Path, folder: Path) -> bool:
        """Put the copy in the folder's place, while nobody has it open."""
        with self._open(path):
            pass
        if _stamp(path) != new.stamp:
            return False
        exchange_folders(folder / "store", path)
        return True

    @staticmethod
    @contextmanager
    def _open(path: Path) -> Iterator[Any]:
        """The folder's client. It waits for the disk once, not after every point."""
        from qdrant_client import QdrantClient

        try:
            client: Any = QdrantClient(path=str(path))
        except RuntimeError as error:
            if "already accessed" not in str(error):
                raise
            remedy = "close it there and repeat the command; what is done is kept"
            raise TargetError("is open in another program", path=path, remedy=remedy) from None
        try:
            with suppress(AttributeError):
                for collection in client._client.collections.values():
                    collection.storage.storage.execute("PRAGMA synchronous = OFF")
            with warnings.catch_warnings():  # it warns of more than 20,000 points
                warnings.simplefilter("ignore", UserWarning)
                yield client
        finally:
            client.close()

    @staticmethod
    def _create(client: Any, name: str, dimensions: int, source: str | None) -> None:
        from qdrant_client import models

        size = models.VectorParams(size=dimensions, distance=models.Distance.COSINE)
        metadata = {} if source is None else {"metadata": {RUN: source}}
        client.create_collection(name, vectors_config=size, **metadata)

    @staticmethod
    def _payload(row: dict[str, Any]) -> dict[str, Any]:
        """A row as JSON can hold it."""
        return {name: v.isoformat() if name == "date" and v else v for name, v in row.items()}


def _stamp(path: Path) -> str:
    """Sizes and times of the files of a Qdrant folder."""
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.name != ".lock")
    states = [(str(file.relative_to(path)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return json.dumps(states)


def _no_database(path: Path) -> InputError:
    remedy = "make one with: selfvec export RUN --to lancedb"
    return InputError(f"is no LanceDB or Qdrant folder with {TABLE}", path=path, remedy=remedy)


STORES: dict[str, Store] = {
    store.name: store for store in (LanceDB(), Parquet(), Faiss(), USearch(), Qdrant())
}
"""All stores by name."""
