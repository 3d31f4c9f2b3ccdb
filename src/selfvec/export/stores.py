"""Vector stores: rows with their vectors, in the form of other libraries that search them.

A store is written once and then belongs to its library, which also reads it (see ``docs/stores.md``). To add
one, write a subclass of `Store` and list it in `STORES`.
"""

from __future__ import annotations

import errno
import importlib
import os
import sqlite3
import warnings
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from selfvec.base.errors import MissingExtra
from selfvec.storage.formats.source import writing_by_polars

from .rows import Rows

__all__ = ["STORES", "Store"]


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
        try:
            with writing_by_polars():
                self.write(rows, path)
        except (RuntimeError, sqlite3.Error) as error:
            message = str(error)
            number = next((n for n in (errno.ENOSPC, errno.EFBIG) if os.strerror(n) in message), errno.EIO)
            raise OSError(number, message[:200]) from error


class LanceDB(Store):
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
        from lancedb.index import FTS

        data = rows.frame().to_arrow(compat_level=pl.CompatLevel.oldest())
        table = lancedb.connect(path).create_table(rows.name, data)
        if "text" in rows.table.columns:
            known = rows.language in self.languages
            language = self.languages.get(rows.language or "", "English")
            words = FTS(language=language, stem=known, remove_stop_words=known)
            table.create_index("text", config=words)


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


class Qdrant(Store):
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
        from qdrant_client import QdrantClient, models

        client = QdrantClient(path=str(path))
        try:
            size = models.VectorParams(size=rows.vectors.shape[1], distance=models.Distance.COSINE)
            client.create_collection(rows.name, vectors_config=size)
            # Wait for the disk once, not after every point: nobody reads the folder before it is complete.
            with suppress(AttributeError, KeyError):
                database: Any = client._client.collections[rows.name].storage.storage  # type: ignore[attr-defined]
                database.execute("PRAGMA synchronous = OFF")
            payloads = map(self._payload, rows.table.iter_rows(named=True))
            numbers = range(len(rows))
            with warnings.catch_warnings():  # it warns of more than 20,000 points
                warnings.simplefilter("ignore", UserWarning)
                client.upload_collection(
                    rows.name, rows.vectors, payload=payloads, ids=numbers, batch_size=1024
                )
        finally:
            client.close()

    @staticmethod
    def _payload(row: dict[str, Any]) -> dict[str, Any]:
        """A row as JSON can hold it."""
        return {name: v.isoformat() if name == "date" and v else v for name, v in row.items()}


STORES: dict[str, Store] = {
    store.name: store for store in (LanceDB(), Parquet(), Faiss(), USearch(), Qdrant())
}
"""All stores by name."""
