"""The run and the encoder of tests/encoder, and what databases hold."""

from pathlib import Path
from typing import Any

import polars as pl
from tests.retrieval.encoder.conftest import encoder, report_run

__all__ = ["encoder", "report_run", "stored"]


def stored(path: Path) -> dict[str, dict[str, Any]]:
    """The rows of a store by id, in their order, with their vectors but in FAISS, which has them apart."""
    if path.is_file() or (path / "rows.parquet").exists():
        rows = pl.read_parquet(path if path.is_file() else path / "rows.parquet").to_dicts()
    elif (path / "meta.json").exists():
        from qdrant_client import QdrantClient

        client = QdrantClient(path=str(path))
        points = client.scroll("passages", limit=10_000, with_vectors=True)[0]
        client.close()
        rows = [{**point.payload, "vector": point.vector} for point in points]
    else:
        import lancedb

        rows = lancedb.connect(path).open_table("passages").to_arrow().to_pylist()
    return {row["id"]: row for row in rows}
