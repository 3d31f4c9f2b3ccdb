"""USearch: a graph of neighbours in a file that is opened without being read; it numbers the rows of a table.

The metric is the inner product: of unit rows it is the cosine, and it is defined for a row of zeros. The
graph is made by one thread, so that the same rows give the same file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .parquet import write_table
from .rows import Rows

__all__ = ["write"]


def write(rows: Rows, folder: Path) -> None:
    """Write ``index.usearch``, and ``rows.parquet`` whose row i has the key i."""
    from usearch.index import Index

    index = Index(ndim=rows.vectors.shape[1], metric="ip", dtype="f32")
    index.add(np.arange(len(rows), dtype=np.uint64), np.ascontiguousarray(rows.vectors), threads=1)
    index.save(str(folder / "index.usearch"))
    write_table(rows, folder)
