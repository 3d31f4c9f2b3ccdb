"""Parquet: one file with a column a field and a last one of vectors, fixed-size lists of float32.

The vectors hardly compress, so nothing is compressed: a reader that maps the file finds its pages as they
are used.
"""

from __future__ import annotations

from pathlib import Path

from selfvec.storage.formats.check import writing_by_polars

from .rows import Rows

__all__ = ["write", "write_table"]


def write(rows: Rows, path: Path) -> None:
    """Write the rows and their vectors into a file."""
    with writing_by_polars():
        rows.frame().write_parquet(path, compression="uncompressed")


def write_table(rows: Rows, folder: Path) -> None:
    """Write the rows without their vectors, as ``rows.parquet``, for an index that knows numbers only."""
    with writing_by_polars():
        rows.table.write_parquet(folder / "rows.parquet")
