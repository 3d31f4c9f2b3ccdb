"""`Table`: some rows of a file as columns, the form in which every reader returns them.

Readers split a file into rows and check their form: UTF-8, JSON, as many fields as the header. What the
fields mean (text, dates, duplicates) is decided once, in `selfvec.corpus.documents`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .streams import MAX_ROW, UTF8_BOM, Source, Stream, line_blocks, too_long
from .summary import Reading

__all__ = ["ICONV", "NUL", "Table", "as_text", "not_utf8", "read_folder", "read_lines", "shown", "table_of"]

ICONV = "convert the file to UTF-8 (iconv -f windows-1252 -t utf-8)"
NUL = "holds NUL bytes"


@dataclass(frozen=True)
class Table:
    """Some rows of a file."""

    # of equal length, null if a row lacks one; String, or a temporal type for dates
    columns: dict[str, pl.Series]
    lines: Sequence[int] | NDArray[np.int64]  # first line of each row (Parquet: row), counted from 1


def as_text(pieces: Sequence[bytes]) -> pl.Series | None:
    """Bytes as a String series, much faster than by `bytes.decode`; None if some are not UTF-8."""
    try:
        return pl.Series(pieces, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return None


def not_utf8(data: bytes) -> str | None:
    """Describe why these bytes are not UTF-8; None if they are."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return f"is not UTF-8 text (byte 0x{data[error.start]:02x} at byte {error.start + 1})"
    return NUL if b"\0" in data else None


def read_lines(chunks: Iterator[bytes], column: str, path: str, reading: Reading) -> Iterator[Table]:
    """A document per line."""
    for first, block in line_blocks(chunks, path):
        lines = block.removesuffix(b"\n").split(b"\n")
        numbers: Sequence[int] = range(first, first + len(lines))
        texts = as_text(lines) if b"\0" not in block else None
        if texts is None:
            good = []
            for i, line in enumerate(lines):
                if rule := not_utf8(line):
                    reading.bad(rule, path=path, line=first + i, remedy=ICONV)
                else:
                    good.append(i)
            texts, numbers = pl.Series([lines[i].decode() for i in good]), [first + i for i in good]
        yield Table({column: texts.cast(pl.String).str.strip_suffix("\r")}, numbers)


def table_of(rows: Sequence[Sequence[str | None]], lines: Sequence[int], columns: Sequence[str]) -> Table:
    """Rows of strings as a table."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    series = [pl.Series(column, dtype=pl.String) for column in values]
    return Table(dict(zip(columns, series, strict=True)), lines)


def shown(value: object) -> str | None:
    """A value as a string: whole numbers without the .0 of data frames, missing values as None."""
    if value is None or isinstance(value, str):
        return value
    if value != value:  # NaN, NaT
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def read_folder(
    source: Source, columns: tuple[str, str], reading: Reading, digests: list[str]
) -> Iterator[Table]:
    """A document per file; its id is its path inside the folder.

    ``digests`` receives the lines that ``sha256sum`` would print for the files.
    """
    texts: list[str] = []
    ids: list[str] = []
    held = 0

    def table() -> Table:
        values = (pl.Series(texts, dtype=pl.String), pl.Series(ids, dtype=pl.String))
        return Table(dict(zip(columns, values, strict=True)), [1] * len(texts))

    for member in source.members:
        with Stream(Source(str(member))) as stream:
            data = stream.read(MAX_ROW + 1)
            if len(data) > MAX_ROW:
                raise too_long(str(member), 1)
        name = member.relative_to(source.path).as_posix()
        digests.append(f"{stream.sha256()}  {name}\n")
        reading.advance(stream.position)
        held += len(data)
        data = data.removeprefix(UTF8_BOM)
        if rule := not_utf8(data):
            wrong = next((n for n, line in enumerate(data.split(b"\n"), 1) if not_utf8(line)), 1)
            reading.bad(rule, path=str(member), line=wrong, remedy=ICONV)
        else:
            texts.append(data.decode())
            ids.append(name)
        if held >= reading.batch_bytes:
            yield table()
            texts, ids, held = [], [], 0
    yield table()
