"""Cuts clean blocks of CSV into columns, several times as fast as reading row by row.

Quotes, delimiters and line ends are found for the whole block at once; the parity of the quotes before it
says whether one stands inside a quoted field. The block is taken only if all quotes open after and close
before a delimiter or line end (or are doubled) and all rows are equally wide: then there is one way to read
it. Otherwise the answer is None and the careful reader judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .tables import as_text

__all__ = ["Rows", "cut"]

QUOTE, NEWLINE, RETURN, NUL = b'"\n\r\0'


@dataclass(frozen=True)
class Rows:
    """The whole rows at the start of a block.

    Parameters
    ----------
    columns : list of Series
        The columns asked for, String.
    lines : (R,) int64
        Newlines in the block before each row.
    length, newlines : int
        Bytes and newlines of the block that are used up.
    """

    columns: list[pl.Series]
    lines: NDArray[np.int64]
    length: int
    newlines: int


def cut(block: bytes, delimiter: str, width: int, wanted: Sequence[int]) -> Rows | None:
    """The whole rows of a block that begins with a row; None where there is any doubt.

    Parameters
    ----------
    block : bytes
    delimiter : str
    width : int
        Fields in a row.
    wanted : sequence of int
        The columns to return.
    """
    data = np.frombuffer(block, np.uint8)
    marks = _marks(block, delimiter)
    kinds = data[marks]
    inside = np.bitwise_xor.accumulate(kinds == QUOTE)  # by the parity of the quotes before
    ends = marks[(kinds == NEWLINE) & ~inside]
    if not len(ends):
        return Rows([pl.Series(dtype=pl.String) for _ in wanted], ends, 0, 0)
    length = int(ends[-1]) + 1
    used = int(np.searchsorted(marks, length))
    marks, kinds, inside = marks[:used], kinds[:used], inside[:used]
    if not _sound(data, marks, kinds, inside, ord(delimiter)) or as_text([block[:length]]) is None:
        return None
    bounds = _bounds(data, marks[(kinds == ord(delimiter)) & ~inside], ends, width)
    if bounds is None:
        return None
    columns = []
    for i in wanted:
        starts, stops = bounds[:, i] + 1, bounds[:, i + 1]
        quoted = data[starts] == QUOTE  # never past the end: the line end is a byte, too
        spans = zip((starts + quoted).tolist(), (stops - quoted).tolist(), strict=True)
        texts = as_text([block[start:stop] for start, stop in spans])
        assert texts is not None  # cuts of UTF-8 at ASCII bytes
        columns.append(texts.str.replace_all('""', '"', literal=True) if quoted.any() else texts)
    newlines = marks[kinds == NEWLINE]
    lines = np.searchsorted(newlines, bounds[:, 0] + 1).astype(np.int64)
    return Rows(columns, lines, length, len(newlines))


def _marks(block: bytes, delimiter: str) -> NDArray[np.int64]:
    """Places of everything that may shape rows, (M,) int64."""
    table = bytearray(256)
    for mark in (QUOTE, NEWLINE, RETURN, NUL, ord(delimiter)):
        table[mark] = 1
    # bytes.translate is the fastest look-up of bytes in a table there is
    return np.flatnonzero(np.frombuffer(block.translate(table), bool))


def _sound(
    data: NDArray[np.uint8],
    marks: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    inside: NDArray[np.bool_],
    delimiter: int,
) -> bool:
    """Whether quotes open after and close before an end of a field, and nothing else is odd."""
    quotes = marks[kinds == QUOTE]
    opening, closing = quotes[::2], quotes[1::2]
    before, after = data[opening - 1], data[closing + 1]
    before[opening == 0] = NEWLINE
    returns = marks[(kinds == RETURN) & ~inside]
    return (
        not np.any(kinds == NUL)
        and bool(np.all(data[returns + 1] == NEWLINE))
        and bool(np.all((before == delimiter) | (before == NEWLINE) | (before == QUOTE)))
        and bool(np.all((after == delimiter) | (after == NEWLINE) | (after == RETURN) | (after == QUOTE)))
    )


def _bounds(
    data: NDArray[np.uint8], separators: NDArray[np.int64], ends: NDArray[np.int64], width: int
) -> NDArray[np.int64] | None:
    """The marks around the fields of each row, (R, width + 1) int64; None if rows differ in width."""
    if len(separators) != len(ends) * (width - 1):
        return None
    before = np.concatenate(([-1], ends[:-1]))
    stops = ends - (data[ends - 1] == RETURN) * (ends > 0)
    bounds = np.column_stack((before, separators.reshape(len(ends), width - 1), stops))
    if np.any(bounds[:, 1:] <= bounds[:, :-1]) or (width == 1 and np.any(stops - before == 1)):
        return None
    return bounds
