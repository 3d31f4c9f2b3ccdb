"""Flags of each character for the tokenisers, one byte per code point.

The kernels use only bytes and this table, so `words` and `whitespace` share one loop. The tables follow
`unicodedata`, and so the Unicode version of the running Python.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import repeat

import numpy as np

from selfvec.base.arrays import Bytes

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
