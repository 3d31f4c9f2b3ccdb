"""FAISS: an exact index of inner products, which are cosines of unit rows; it numbers the rows of a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .parquet import write_table
from .rows import Rows

__all__ = ["write"]


def write(rows: Rows, folder: Path) -> None:
    """Write ``index.faiss``, and ``rows.parquet`` whose row i is vector i."""
    import faiss

    index = faiss.IndexFlatIP(rows.vectors.shape[1])
    index.add(np.ascontiguousarray(rows.vectors))
    faiss.write_index(index, str(folder / "index.faiss"))
    write_table(rows, folder)
