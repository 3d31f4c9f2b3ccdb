"""The table of vector stores: rows with their vectors, in the formats of search libraries.

The library of a store also reads it; see ``docs/how-to/export-and-serve.md``. To add a store, write a
subclass of `Store`, and list it in `STORES`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from .lancedb import LanceDB
from .store import Store, reading
from .store_rows import StoreRows


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
    module = extra = "faiss"

    def write(self, rows: StoreRows, path: Path) -> None:
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
        from usearch.index import Index

        index = Index(ndim=rows.vectors.shape[1], metric="ip", dtype="f32")
        index.add(np.arange(len(rows), dtype=np.uint64), np.ascontiguousarray(rows.vectors), threads=1)
        index.save(str(path / "index.usearch"))
        rows.table.write_parquet(path / "rows.parquet", metadata=dict(rows.about))


class Qdrant(Store):
    """A folder for the local mode of its client, from which a server's collection can be filled.

    Points are numbered from 0, because Qdrant accepts only numbers and UUIDs as ids. Rows are their payload.
    The client keeps them as pickles, so Selfvec writes such a folder and never reads one.
    """

    name = "qdrant"
    opened_by = "qdrant_client.QdrantClient(path={})"
    module = "qdrant_client"
    extra = "qdrant"

    def write(self, rows: StoreRows, path: Path) -> None:
        """Write a collection called ``rows.name``, with cosine distance."""
        with _client(path) as client:
            _create(client, rows.name, rows.vectors.shape[1], rows.about)
        with _client(path) as client:
            payloads = map(_payload, rows.table.iter_rows(named=True))
            client.upload_collection(rows.name, rows.vectors, payload=payloads, ids=range(len(rows)))


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


def _create(client: Any, name: str, dimensions: int, about: Mapping[str, str]) -> None:
    from qdrant_client import models

    size = models.VectorParams(size=dimensions, distance=models.Distance.COSINE)
    metadata = {"metadata": dict(about)} if about else {}
    client.create_collection(name, vectors_config=size, **metadata)


def _payload(row: dict[str, Any]) -> dict[str, Any]:
    return {name: v.isoformat() if name == "date" and v else v for name, v in row.items()}


STORES: dict[str, Store] = {
    store.name: store for store in (LanceDB(), Parquet(), Faiss(), USearch(), Qdrant())
}
"""All stores by name."""
