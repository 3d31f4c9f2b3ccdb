"""The compiled parser of lines of numbers, for text formats.

Polars' CSV reader is slower, takes twice the memory, as its columns are copied into rows, and does not read
words with blanks.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from selfvec.base.arrays import Bytes, Floats, Ints
from selfvec.base.compiled import kernel

__all__ = ["count_newlines", "parse"]

_DIGITS = 19  # what fits 64 bits
_POWERS = np.array([float(f"1e{exponent}") for exponent in range(61)])
_DOUBT = 2.0**-49  # relative: several times the error made below
_SMALLEST = 1.2e-38  # of normal float32
_LARGEST = 3.4e38

_TAB = 9  # characters
_NEWLINE = 10
_RETURN = 13
_SPACE = 32
_PLUS = 43
_MINUS = 45
_POINT = 46
_ZERO = 48
_CAPITAL_E = 69
_SMALL_E = 101


@kernel
def count_newlines(text: Bytes) -> int:
    """Number of newlines in ``text`` (bytes,)."""
    count = 0
    for byte in text:
        count += byte == _NEWLINE
    return count


# One function: with a function for each of its steps `parse` takes twice the time.
@nb.njit(nogil=True, cache=True, inline="always")  # a tenth faster
def _number(text: Bytes, p: int, end: int) -> tuple[float, int]:
    """The number at ``p`` as a float64 that rounds to the right float32, and its end; -1 if in doubt.

    Digits times power of ten, in float64, may be off by two units in the last place. That matters only close
    to the middle between two float32 values. There, and for unusual numbers, the caller lets Python parse.
    """
    # The sign.
    negative = p < end and text[p] == _MINUS
    if p < end and (text[p] == _MINUS or text[p] == _PLUS):
        p += 1
    # The digits before and after the point, as one whole number.
    first = p
    digits = np.uint64(0)
    exponent = 0
    while p < end:
        digit = np.uint8(text[p] - _ZERO)
        if digit > 9:
            break
        digits = digits * np.uint64(10) + np.uint64(digit)
        p += 1
    count = p - first
    if p < end and text[p] == _POINT:
        p += 1
        begin = p
        while p < end:
            digit = np.uint8(text[p] - _ZERO)
            if digit > 9:
                break
            digits = digits * np.uint64(10) + np.uint64(digit)
            p += 1
        exponent = begin - p
        count -= exponent
    if count == 0 or count > _DIGITS:
        return 0.0, -1
    # The power of ten.
    if p < end and (text[p] == _SMALL_E or text[p] == _CAPITAL_E):
        p += 1
        down = p < end and text[p] == _MINUS
        if p < end and (text[p] == _MINUS or text[p] == _PLUS):
            p += 1
        begin = p
        power = np.int64(0)
        while p < end and np.uint8(text[p] - _ZERO) <= 9 and p - begin < 4:
            power = power * 10 + np.int64(text[p] - _ZERO)
            p += 1
        if p == begin:
            return 0.0, -1
        exponent += int(-power if down else power)
    if p < end and text[p] != _SPACE and text[p] != _TAB and text[p] != _NEWLINE and text[p] != _RETURN:
        return 0.0, -1
    # Their product.
    value = 0.0
    if digits != 0:
        if exponent < -60 or exponent > 60:
            return 0.0, -1
        scale = _POWERS[abs(exponent)]
        value = np.float64(digits) / scale if exponent < 0 else np.float64(digits) * scale
        below = value * (1 - _DOUBT)
        above = value * (1 + _DOUBT)
        if below < _SMALLEST or above > _LARGEST or np.float32(below) != np.float32(above):
            return 0.0, -1
    return (-value if negative else value), p


@kernel
def parse(text: Bytes, worded: bool, out: Floats, spans: Ints, begin: int) -> None:
    """Parse n lines with a newline between them; ``worded`` if a word comes before the numbers.

    ``out``, (n, d), gets the numbers of every regular line. ``spans``, (n, 3), gets the bounds of its word
    and 1; for an irregular line the bounds of the line and 0. ``begin`` is added to all offsets.
    """
    end = len(text)
    p = 0
    for row in range(len(out)):
        line = p
        regular = True
        if worded:
            while p < end and text[p] != _SPACE and text[p] != _TAB and text[p] != _NEWLINE:
                p += 1
            regular = p > line
        word_end = p
        for column in range(out.shape[1]):
            while p < end and (text[p] == _SPACE or text[p] == _TAB):
                p += 1
            value, after = _number(text, p, end)
            if after < 0:
                regular = False
                break
            out[row, column] = value
            p = after
        while regular and p < end and (text[p] == _SPACE or text[p] == _TAB or text[p] == _RETURN):
            p += 1
        regular = regular and (p == end or text[p] == _NEWLINE)
        while p < end and text[p] != _NEWLINE:
            p += 1
        spans[row, 0] = begin + line
        spans[row, 1] = begin + (word_end if regular else p)
        spans[row, 2] = regular
        p += 1
