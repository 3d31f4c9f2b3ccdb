"""Rows of Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import polars as pl

from selfvec.base.errors import CorpusError

from .fields import Fields
from .row_batch import ROWS, LineBlock, RowBatch, RowReader, string_columns
from .summary import CorpusPass


class ParquetReader(RowReader):
    """Reads a Parquet file from disk, some rows at a time."""

    def columns(self) -> Sequence[str]:
        """The names of the columns."""
        return list(self.types())

    def types(self) -> dict[str, pl.DataType]:
        """The types of the columns; `CorpusError` if the file is damaged."""
        file = self.source.local()
        with _decoding(self.source.path):
            return dict(pl.read_parquet_schema(file))

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The requested columns; see `RowReader`.

        The bytes are not parsed. They are taken for the hash and the progress, a block for each batch.
        """
        del corpus_pass
        frame = pl.scan_parquet(self.source.local(), glob=False).select(fields.columns)
        for offset in range(0, 1 << 62, ROWS):
            with _decoding(self.source.path):
                part = frame.slice(offset, ROWS).collect()
            if not len(part):
                return
            yield RowBatch(string_columns(part), range(offset + 1, offset + 1 + len(part)))
            next(blocks, None)


@contextmanager
def _decoding(path: str) -> Iterator[None]:
    """Shorten an error message of Polars to one line."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        rule = f"is a damaged Parquet file ({reason})"
        raise CorpusError(rule, path=path, remedy="write it again") from error
