"""The formats of files whose rows or lines are documents: one table, `ROW_FORMATS`.

A new format is a reader and its row here. Files that hold one document each are in
`selfvec.corpus.document_files`, and compression is in `selfvec.base.compressed_files`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from selfvec.base.errors import CorpusError

from .csv_rows import CsvReader
from .fields import Fields
from .json_rows import JsonLinesReader
from .row_batch import HOLDS_NUL, ROWS, LineBlock, RowBatch, RowReader, string_columns
from .streams import TextSource
from .summary import CorpusPass


class LineReader(RowReader):
    """Reads a document per line, whose one column has no name in the file."""

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The lines as texts; see `RowReader`."""
        for first, block in blocks:
            lines = block.removesuffix(b"\n").split(b"\n")
            numbers: Sequence[int] = range(first, first + len(lines))
            if b"\0" in block:
                for number, line in zip(numbers, lines, strict=True):
                    if b"\0" in line:
                        corpus_pass.bad(HOLDS_NUL, path=self.source.path, line=number)
                numbers = [number for number, line in zip(numbers, lines, strict=True) if b"\0" not in line]
                lines = [line for line in lines if b"\0" not in line]
            texts = pl.Series(lines, dtype=pl.Binary).cast(pl.String)
            if b"\r" in block:
                texts = texts.str.strip_suffix("\r")
            yield RowBatch({fields.text[0]: texts}, numbers)


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


@dataclass(frozen=True)
class RowFormat:
    """A format of files whose rows or lines are documents."""

    name: str  # `TextSource.kind`, and the kind in run.json
    suffixes: tuple[str, ...]
    reader: Callable[[TextSource], RowReader]
    has_fields: bool = True  # whether columns have names, so that fields can be chosen
    magic: bytes | None = None  # first bytes of every file; such files are not read from a pipe


ROW_FORMATS = (
    RowFormat("csv", (".csv",), CsvReader),
    RowFormat("tsv", (".tsv", ".tab"), CsvReader),
    RowFormat("jsonl", (".jsonl", ".ndjson"), JsonLinesReader),
    RowFormat("parquet", (".parquet", ".pq"), ParquetReader, magic=b"PAR1"),
    RowFormat("lines", (".txt", ".text"), LineReader, has_fields=False),
)


def row_format(name: str) -> RowFormat:
    """The format with this name."""
    return next(found for found in ROW_FORMATS if found.name == name)


def row_format_of_suffix(suffix: str) -> RowFormat | None:
    """The format of files with this suffix, in lower case; None for others."""
    return next((found for found in ROW_FORMATS if suffix in found.suffixes), None)
