"""The table of vector stores: rows with their vectors, in the formats of search libraries.

The library of a store also reads it; see ``docs/how-to/export-and-serve.md``. To add a store, write a
subclass of `Store`, or of `Database` if its vectors can be replaced, and list it in `STORES`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .lancedb import LanceDB
from .qdrant import Qdrant
from .store import Database, Store
from .store_rows import StoreRows


class Parquet(Store):
    """One file, with the vectors as a last column of fixed-size lists of float32.

    Nothing is compressed, because vectors hardly compress and readers can map the file.
    """

    name = "parquet-documents"
    suffix = ".parquet"
    opened_by = "polars.read_parquet({})"

    def write(self, rows: StoreRows, path: Path) -> None:
        """Write the rows and their vectors."""
        rows.frame().write_parquet(path, compression="uncompressed", metadata=dict(rows.about))


class Faiss(Store):
    """An exact index of inner products. Row i of ``rows.parquet`` is vector i of ``index.faiss``."""

    name = "faiss"
    module = extra = "faiss"

    def write(self, rows: StoreRows, path: Path) -> None:
        """Write index and rows."""
        import faiss

        index = faiss.IndexFlatIP(rows.vectors.shape[1])
        index.add(np.ascontiguousarray(rows.vectors))
        faiss.write_index(index, str(path / "index.faiss"))
        rows.table.write_parquet(path / "rows.parquet", metadata=dict(rows.about))


class USearch(Store):
    """A graph of neighbours. Row i of ``rows.parquet`` has the key i in ``index.usearch``.

    The metric is the inner product, which is defined for rows of zeros. One thread builds the graph, so that
    the same rows give the same file.
    """

    name = "usearch"
    module = extra = "usearch"

    def write(self, rows: StoreRows, path: Path) -> None:
        """Write graph and rows."""
        from usearch.index import Index

        index = Index(ndim=rows.vectors.shape[1], metric="ip", dtype="f32")
        index.add(np.arange(len(rows), dtype=np.uint64), np.ascontiguousarray(rows.vectors), threads=1)
        index.save(str(path / "index.usearch"))
        rows.table.write_parquet(path / "rows.parquet", metadata=dict(rows.about))


STORES: dict[str, Store] = {
    store.name: store for store in (LanceDB(), Parquet(), Faiss(), USearch(), Qdrant())
}
"""All stores by name."""


def find_database(path: Path) -> Database:
    """The kind of database in a folder, by its files.

    Raises
    ------
    InputError
        If there is no database with passages. `MissingExtra` if its library is not installed.
    """
    for kind in (store for store in STORES.values() if isinstance(store, Database)):
        if kind.recognises(path):
            kind.require()
            return kind
    raise LanceDB().not_found(path)
