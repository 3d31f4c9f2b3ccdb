"""Compiled loops: lines of numbers, and fastText's character n-grams.

Polars' CSV reader is slower, takes twice the memory, as its columns are copied into rows, and does not read
words with blanks.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from selfvec.base.arrays import Array, Bytes, Floats, Ints, Rows

__all__ = ["compose", "count_newlines", "parse"]

_DIGITS = 19  # what fits 64 bits
_POWERS = np.array([float(f"1e{exponent}") for exponent in range(61)])
_DOUBT = 2.0**-49  # relative: several times the error made below
_SMALLEST, _LARGEST = 1.2e-38, 3.4e38  # normal float32
_OFFSET, _PRIME = np.uint32(2166136261), np.uint32(16777619)  # of the 32-bit FNV hash


@nb.njit(nogil=True, cache=True)
def count_newlines(text: Bytes) -> int:
    """Number of newlines in ``text`` (bytes,)."""
    count = 0
    for byte in text:
        count += byte == 10
    return count


@nb.njit(nogil=True, cache=True, inline="always")  # a tenth faster
def _number(text: Bytes, p: int, end: int) -> tuple[float, int]:
    """The number at ``p`` as a float64 that rounds to the right float32, and its end; -1 if in doubt.

    Digits times power of ten, in float64, may be off by two units in the last place. That matters only close
    to the middle between two float32 values. There, and for unusual numbers, the caller lets Python parse.
    """
    negative = p < end and text[p] == 45
    if p < end and (text[p] == 45 or text[p] == 43):
        p += 1
    first = p
    digits, exponent = np.uint64(0), 0
    while p < end:
        digit = np.uint8(text[p] - 48)
        if digit > 9:
            break
        digits = digits * np.uint64(10) + np.uint64(digit)
        p += 1
    count = p - first
    if p < end and text[p] == 46:
        p += 1
        begin = p
        while p < end:
            digit = np.uint8(text[p] - 48)
            if digit > 9:
                break
            digits = digits * np.uint64(10) + np.uint64(digit)
            p += 1
        exponent = begin - p
        count -= exponent
    if count == 0 or count > _DIGITS:
        return 0.0, -1
    if p < end and (text[p] == 101 or text[p] == 69):
        p += 1
        down = p < end and text[p] == 45
        if p < end and (text[p] == 45 or text[p] == 43):
            p += 1
        begin, power = p, np.int64(0)
        while p < end and np.uint8(text[p] - 48) <= 9 and p - begin < 4:
            power = power * 10 + np.int64(text[p] - 48)
            p += 1
        if p == begin:
            return 0.0, -1
        exponent += int(-power if down else power)
    if p < end and text[p] != 32 and text[p] != 9 and text[p] != 10 and text[p] != 13:
        return 0.0, -1
    value = 0.0
    if digits != 0:
        if exponent < -60 or exponent > 60:
            return 0.0, -1
        scale = _POWERS[abs(exponent)]
        value = np.float64(digits) / scale if exponent < 0 else np.float64(digits) * scale
        below, above = value * (1 - _DOUBT), value * (1 + _DOUBT)
        if below < _SMALLEST or above > _LARGEST or np.float32(below) != np.float32(above):
            return 0.0, -1
    return (-value if negative else value), p


@nb.njit(nogil=True, cache=True)
def parse(text: Bytes, worded: bool, out: Floats, spans: Ints, begin: int) -> None:
    """Parse n lines with a newline between them; ``worded`` if a word comes before the numbers.

    ``out``, (n, d), gets the numbers of every regular line. ``spans``, (n, 3), gets the bounds of its word
    and 1; for an irregular line the bounds of the line and 0. ``begin`` is added to all offsets.
    """
    end, p = len(text), 0
    for row in range(len(out)):
        line = p
        regular = True
        if worded:
            while p < end and text[p] != 32 and text[p] != 9 and text[p] != 10:
                p += 1
            regular = p > line
        word_end = p
        for column in range(out.shape[1]):
            while p < end and (text[p] == 32 or text[p] == 9):
                p += 1
            value, after = _number(text, p, end)
            if after < 0:
                regular = False
                break
            out[row, column] = value
            p = after
        while regular and p < end and (text[p] == 32 or text[p] == 9 or text[p] == 13):
            p += 1
        regular = regular and (p == end or text[p] == 10)
        while p < end and text[p] != 10:
            p += 1
        spans[row, 0] = begin + line
        spans[row, 1] = begin + (word_end if regular else p)
        spans[row, 2] = regular
        p += 1


@nb.njit(nogil=True, cache=True)
def compose(
    text: Bytes,  # UTF-8 of all words, each between < and >; empty for one without n-grams
    ends: Ints,  # (n + 1,) word i is text[ends[i]:ends[i + 1]]
    first_row: int,  # row of word 0, of which word i has the i-th after it; negative if words have no rows
    table: Rows,  # (words + bucket, d)
    words: int,  # rows before the n-gram rows
    bucket: int,  # n-gram rows
    shortest: int,  # characters in an n-gram
    longest: int,
    out: Array,  # (n, d) zeros on entry
) -> None:
    """Mean of the rows of each word: its own row first, then those that its n-grams are hashed to."""
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
