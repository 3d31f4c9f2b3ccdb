"""fastText's character n-grams, compiled: a model has tens of millions of them to hash."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

__all__ = ["compose"]

_OFFSET, _PRIME = np.uint32(2166136261), np.uint32(16777619)  # of the 32-bit FNV hash


@nb.njit(nogil=True, cache=True)
def compose(
    text: NDArray[np.uint8],
    ends: NDArray[np.int64],
    first_row: int,
    table: NDArray[np.float32],
    words: int,
    bucket: int,
    shortest: int,
    longest: int,
    out: NDArray[Any],
) -> None:
    """Mean of the rows of each word: its own first, then those its n-grams are hashed into.

    Parameters
    ----------
    text : (bytes,) uint8
        UTF-8 of all words, each between ``<`` and ``>``; empty for a word that has no n-grams.
    ends : (n + 1,) int64
        Word i is ``text[ends[i]:ends[i + 1]]``.
    first_row : int
        Row of word 0, of which word i has the i-th after it; negative if words have no rows.
    table : (words + bucket, d) float32
    words, bucket : int
        Rows before the n-gram rows, and number of n-gram rows.
    shortest, longest : int
        Characters in an n-gram. A single ``<`` or ``>`` is none.
    out : (n, d) float32
        Zeros on entry, the result on return.
    """
    dimensions = out.shape[1]
    for i in range(len(ends) - 1):
        begin, end = ends[i], ends[i + 1]
        total = 0
        if first_row >= 0:
            for k in range(dimensions):
                out[i, k] = table[first_row + i, k]
            total = 1
        for start in range(begin, end):
            if text[start] & 0xC0 == 0x80:  # inside a character
                continue
            hashed = _OFFSET
            position = start
            for n in range(1, longest + 1):
                if position == end:
                    break
                while True:  # one character: its first byte and those that continue it
                    byte = np.uint32(text[position])
                    if byte & 0x80:  # fastText widens a signed char
                        byte |= np.uint32(0xFFFFFF00)
                    hashed = np.uint32((hashed ^ byte) * _PRIME)
                    position += 1
                    if position == end or text[position] & 0xC0 != 0x80:
                        break
                if n >= shortest and not (n == 1 and (start == begin or position == end)):
                    row = words + np.int64(hashed % np.uint32(bucket))
                    for k in range(dimensions):
                        out[i, k] += table[row, k]
                    total += 1
        if total:
            scale = np.float32(1.0 / total)
            for k in range(dimensions):
                out[i, k] *= scale
