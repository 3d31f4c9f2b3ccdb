"""Flags of each character, one byte per code point, and the loops over them that find tokens and sentences.

The tokenisers `words` and `whitespace` share one loop, which uses only bytes and this table. The tables
follow `unicodedata`, and so the Unicode version of the running Python.

Only this part of the text stage takes time per character, so it is compiled. A regular-expression engine has
about half the speed and makes a string of every token. Here only new types become strings.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import repeat
from typing import Any

import numpy as np

from selfvec.base.arrays import Bytes, Ids, Ints, Mask
from selfvec.base.compiled import kernel

WORD = 1  # continues a token: letters, marks, numbers, underscore, joiners
STRONG = 2  # a token needs one of these: letters and numbers
DIGIT = 4  # a point or comma between two of these stays inside the token
APOSTROPHE = 8  # stays inside a token between two WORD characters
POINT = 16  # stays inside a token between two DIGIT characters
TERMINATOR = 32  # may end a sentence
SPACE = 64
LOWER = 128  # a sentence does not begin with one of these

_CODE_POINTS = 0x110000
_ASSIGNED = (range(0x33480), range(0xE0100, 0xE01F0))  # beyond these: nothing but private use
_JOINERS = "_\u00ad\u200c\u200d"  # soft hyphen (removed later, per type) and the zero-width (non-)joiner
_BY_CATEGORY = {
    **dict.fromkeys(("Lu", "Lt", "Lm", "Lo", "Nl", "No"), WORD | STRONG),
    "Ll": WORD | STRONG | LOWER,
    "Nd": WORD | STRONG | DIGIT,
    **dict.fromkeys(("Mn", "Mc", "Me"), WORD),
    **dict.fromkeys(("Zs", "Zl", "Zp", "Cc"), SPACE),  # controls if they are white space
}
_APOSTROPHES = "'\u2019"
_TERMINATORS = ".!?\u2026\u203c\u2047\u2048\u2049\u0964\u0965\u061f\u06d4\u3002\uff01\uff1f"


@cache
def table(split: str) -> Bytes:
    """Flags of every code point, (0x110000,) uint8, read-only.

    ``words``: runs of letters, marks, numbers and underscores. ``whitespace``: as in ``str.split``.
    """
    flags = np.zeros(_CODE_POINTS, np.uint8)
    for code_points in _ASSIGNED:
        flags[code_points.start : code_points.stop] = _flags(code_points)
    for characters, flag in (
        (_JOINERS, WORD),
        (_APOSTROPHES, APOSTROPHE),
        (".,", POINT),
        (_TERMINATORS, TERMINATOR),
    ):
        for character in characters:
            flags[ord(character)] |= flag
    if split == "whitespace":
        flags &= SPACE
        flags[flags == 0] = WORD | STRONG
    flags.flags.writeable = False
    return flags


def _flags(code_points: range) -> Bytes:
    """Flags by category, (n,). The loop runs in C: there are 210,000 characters."""
    categories = map(unicodedata.category, map(chr, code_points))
    flags = np.array(bytearray(map(_BY_CATEGORY.get, categories, repeat(0))), np.uint8)
    for place in np.flatnonzero(flags == SPACE).tolist():
        flags[place] *= chr(code_points[place]).isspace()
    return flags


_NEWLINE = 0x0A
_HYPHEN = 0x2D
_FULL_STOP = 0x2E
_IDEOGRAPHIC = 0xE3  # first byte of 。！？ and of later marks


@kernel
def _character(data: Bytes, i: int, flags: Bytes) -> tuple[Any, int]:
    """Flags and length in bytes of the UTF-8 character that begins at ``i``."""
    first = data[i]
    if first < 0x80:
        return flags[first], 1
    if first < 0xE0:
        return flags[(first & 0x1F) << 6 | (data[i + 1] & 0x3F)], 2
    if first < 0xF0:
        return flags[(first & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)], 3
    high = (first & 0x07) << 18 | (data[i + 1] & 0x3F) << 12
    return flags[high | (data[i + 2] & 0x3F) << 6 | (data[i + 3] & 0x3F)], 4


@kernel(steps=lambda data, *_: len(data))
def spans(
    data: Bytes,  # (B,) uint8, the texts in UTF-8, one after the other
    bounds: Ints,  # (D + 1,) int64, first byte of each document
    flags: Bytes,  # (0x110000,) uint8, see characters.table
) -> tuple[Ints, Ids, Ints]:
    """Find a batch's tokens: first bytes (N,) int64, lengths in bytes (N,) int32, offsets (D + 1,) int64.

    Document ``k`` holds the tokens ``offsets[k]:offsets[k + 1]``.
    """
    most = len(data) // 2 + len(bounds)  # pages never written cost nothing
    starts = np.empty(most, np.int64)
    lengths = np.empty(most, np.int32)
    offsets = np.empty(len(bounds), np.int64)
    n = 0
    offsets[0] = 0
    for d in range(len(bounds) - 1):
        i = bounds[d]
        end = bounds[d + 1]
        while i < end:
            kind, width = _character(data, i, flags)
            if not kind & WORD:
                i += width
                continue
            start = i
            strong = False  # whether the token has a letter or a number
            previous = kind
            # The token goes on with letters, and with an apostrophe or point between two that it joins.
            while True:
                if kind & WORD:
                    strong |= kind & STRONG != 0
                i += width
                if i >= end:
                    break
                previous = kind
                kind, width = _character(data, i, flags)
                if kind & WORD:
                    continue
                if not kind & (APOSTROPHE | POINT) or i + width >= end:
                    break
                after, _ = _character(data, i + width, flags)
                apostrophe = kind & APOSTROPHE and previous & WORD and after & WORD
                point = kind & POINT and previous & DIGIT and after & DIGIT
                if not (apostrophe or point):
                    break
            if strong:
                starts[n] = start
                lengths[n] = i - start
                n += 1
        offsets[d + 1] = n
    return starts[:n], lengths[:n], offsets


@kernel
def _is_hyphen(data: Bytes, i: int, width: int) -> bool:
    """Whether the character at ``i`` is a hyphen: -, U+2010 or U+2011."""
    if width == 1:
        return bool(data[i] == _HYPHEN)
    return bool(width == 3 and data[i] == 0xE2 and data[i + 1] == 0x80 and (data[i + 2] | 1) == 0x91)


@kernel
def apart(data: Bytes, starts: Ints, lengths: Ids, offsets: Ints, flags: Bytes) -> Mask:
    """Whether a token is separated from the previous one by more than blanks or one hyphen, (N,) bool.

    Parameters as of `count_sentences`. The first token of a document is apart.
    """
    out = np.zeros(len(starts), np.bool_)
    for d in range(len(offsets) - 1):
        first = offsets[d]
        last = offsets[d + 1]
        if first < last:
            out[first] = True
        for k in range(first + 1, last):
            i = starts[k - 1] + lengths[k - 1]
            newlines = 0
            spaces = 0
            hyphens = 0
            while i < starts[k]:
                kind, width = _character(data, i, flags)
                if kind & SPACE:
                    spaces += 1
                    newlines += data[i] == _NEWLINE
                elif _is_hyphen(data, i, width):
                    hyphens += 1
                else:
                    out[k] = True
                i += width
            out[k] |= newlines > 1 or hyphens > 1 or (hyphens == 1 and spaces > 0)
    return out


@kernel
def count_sentences(
    data: Bytes,  # (B,) uint8, this and the rest as in `spans`
    starts: Ints,  # (N,) int64
    lengths: Ids,  # (N,) int32
    offsets: Ints,  # (D + 1,) int64
    flags: Bytes,  # (0x110000,) uint8
) -> Ids:
    """Number of sentences of each document, (D,) int32; `selfvec.text.sentences` has the rules."""
    counts = np.empty(len(offsets) - 1, np.int32)
    for d in range(len(counts)):
        first = offsets[d]
        last = offsets[d + 1]
        counts[d] = last > first
        for k in range(first + 1, last):  # does a sentence end between this token and the one before?
            i = starts[k - 1]
            kind, width = _character(data, i, flags)
            initial = lengths[k - 1] == width and not kind & DIGIT  # one letter, whose full stop ends nothing
            i += lengths[k - 1]
            ended = False  # a terminator was seen
            spaced = False  # white space after it
            newlines = 0  # two without other marks between them are a blank line
            while i < starts[k]:
                kind, width = _character(data, i, flags)
                if kind & SPACE:
                    spaced = ended
                    newlines += data[i] == _NEWLINE
                elif kind & TERMINATOR:
                    ended |= not (initial and data[i] == _FULL_STOP)
                    spaced |= width == 3 and data[i] >= _IDEOGRAPHIC  # 。！？ need no space
                else:
                    newlines = 0 if newlines < 2 else newlines
                initial = False
                i += width
            kind, width = _character(data, starts[k], flags)
            counts[d] += newlines > 1 or (spaced and not kind & LOWER)
    return counts
