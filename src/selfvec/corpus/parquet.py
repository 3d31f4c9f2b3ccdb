"""Rows of Parquet files, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from selfvec.base.errors import CorpusError

from .row_tables import Table

__all__ = ["parquet_schema", "read_parquet"]

ROWS = 1 << 14


def read_parquet(file: Path, columns: Sequence[str], path: str, rows: int = ROWS) -> Iterator[Table]:
    """The requested columns, some rows at a time."""
    frame = pl.scan_parquet(file, glob=False).select(columns)
    for offset in range(0, 1 << 62, rows):
        try:
            part = frame.slice(offset, rows).collect()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise parquet_error(path, error) from error
        if not len(part):
            return
        values = {s.name: s if s.dtype.is_temporal() else s.cast(pl.String) for s in part}
        yield Table(values, range(offset + 1, offset + 1 + len(part)))


def parquet_schema(file: Path, path: str) -> dict[str, pl.DataType]:
    """Names and types of the columns; `CorpusError` if the file is damaged."""
    try:
        return dict(pl.read_parquet_schema(file))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise parquet_error(path, error) from error


def parquet_error(path: str, error: BaseException) -> CorpusError:
    """Shorten an error message of Polars to one line."""
    reason = str(error).strip().split("\n")[0][:200]
    return CorpusError(f"is not a sound Parquet file ({reason})", path=path, remedy="write it again")
