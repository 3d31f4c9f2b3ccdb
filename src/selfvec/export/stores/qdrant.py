"""Qdrant: a folder for the local mode of its client, from which a server's collection can be filled.

Points are numbered from 0, since Qdrant takes numbers and UUIDs only; what the rows hold is their payload.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from .rows import Rows

__all__ = ["write"]

_BLOCK = 1024


def write(rows: Rows, folder: Path) -> None:
    """Write a collection called as the rows are, with cosine distance."""
    from qdrant_client import QdrantClient, models

    client = QdrantClient(path=str(folder))
    try:
        size = models.VectorParams(size=rows.vectors.shape[1], distance=models.Distance.COSINE)
        client.create_collection(rows.name, vectors_config=size)
        _without_waiting(client, rows.name)
        payloads = (_payload(row) for row in rows.table.iter_rows(named=True))
        with warnings.catch_warnings():  # it warns from 20,000 points on, whoever opens it is warned again
            warnings.simplefilter("ignore", UserWarning)
            client.upload_collection(
                rows.name, rows.vectors, payload=payloads, ids=range(len(rows)), batch_size=_BLOCK
            )
    finally:
        client.close()


def _without_waiting(client: Any, name: str) -> None:
    """Let a new collection wait for the disk once instead of after every point, where we know how to tell it.

    Nobody sees the folder before it is complete, so there is nothing to be kept safe on the way.
    """
    with suppress(AttributeError, KeyError):
        client._client.collections[name].storage.storage.execute("PRAGMA synchronous = OFF")


def _payload(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON can hold it; dates as the filter by dates reads them."""
    return {name: value.isoformat() if name == "date" and value else value for name, value in row.items()}
