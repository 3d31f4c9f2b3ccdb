"""`Qdrant`: a collection of passages in the folder of a client's local mode."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .store import Store, reading
from .store_rows import StoreRows


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
    """A row as JSON values."""
    return {name: v.isoformat() if name == "date" and v else v for name, v in row.items()}
