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
    marks, kinds, ends = _marks(data, ord(delimiter))
    if not len(ends):
        return Rows([pl.Series(dtype=pl.String) for _ in wanted], ends, 0, 0)
    length = int(ends[-1]) + 1
    used = int(np.searchsorted(marks, length))
    marks, kinds = marks[:used], kinds[:used]
    bounds = _bounds(data, marks, kinds, ends, ord(delimiter), width)
    if bounds is None or as_text([block[:length]]) is None:
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


def _marks(
    data: NDArray[np.uint8], delimiter: int
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Places and kinds of all marks, and the places of the newlines that end rows."""
    table = np.zeros(256, bool)
    table[[QUOTE, NEWLINE, RETURN, NUL, delimiter]] = True
    marks = np.flatnonzero(table[data])
    kinds = data[marks]
    return marks, kinds, marks[(kinds == NEWLINE) & ~_inside(kinds)]


def _inside(kinds: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which marks stand inside a quoted field, by the parity of the quotes before them."""
    inside: NDArray[np.bool_] = np.bitwise_xor.accumulate(kinds == QUOTE)
    return inside


def _bounds(
    data: NDArray[np.uint8],
    marks: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    ends: NDArray[np.int64],
    delimiter: int,
    width: int,
) -> NDArray[np.int64] | None:
    """The marks around the fields of each row, (R, width + 1) int64; None if anything is out of order."""
    inside = _inside(kinds)
    returns = marks[(kinds == RETURN) & ~inside]
    quotes = marks[kinds == QUOTE]
    opening, closing = quotes[::2], quotes[1::2]
    before = data[opening - 1]
    before[opening == 0] = NEWLINE
    after = data[closing + 1]
    sound = (
        not np.any(kinds == NUL)
        and bool(np.all(data[returns + 1] == NEWLINE))
        and bool(np.all((before == delimiter) | (before == NEWLINE) | (before == QUOTE)))
        and bool(np.all((after == delimiter) | (after == NEWLINE) | (after == RETURN) | (after == QUOTE)))
    )
    separators = marks[(kinds == delimiter) & ~inside]
    if not sound or len(separators) != len(ends) * (width - 1):
        return None
    before_row = np.concatenate(([-1], ends[:-1]))
    stops = ends - (data[ends - 1] == RETURN) * (ends > 0)
    bounds = np.column_stack((before_row, separators.reshape(len(ends), width - 1), stops))
    if np.any(np.diff(bounds, axis=1) < 1) or (width == 1 and np.any(stops - before_row == 1)):
        return None
    return bounds
