"""Sentence boundaries: character spans for showing text, and fast counts for the mean sentence length.

A sentence ends at a blank line, and at . ! ? … before white space unless the next word is in lower case.
Full stops of initials and common abbreviations end nothing. `count_sentences` works on bytes and words, and
knows lower case in any script.
"""

from __future__ import annotations

import re

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .characters import DIGIT, LOWER, SPACE, TERMINATOR
from .kernels import _character

__all__ = ["count_sentences", "sentence_spans"]

Bytes = NDArray[np.uint8]
Int64 = NDArray[np.int64]

_NEWLINE = 10
_FULL_STOP = 46
# A full stop of an initial or an abbreviation ends nothing. (A look-behind has one width.)
_NOT_ABBREVIATED = (
    r"(?<!\b[A-Z]\.)(?<!\b(?:[DM]r|[dm]r|Ms|St|vs|al|cf|[Ee]q|No)\.)"
    r"(?<!\b(?:Mrs|[Ff]ig|[Ee]qs|e\.g|i\.e|[Vv]ol)\.)(?<!\b(?:Prof|[Ff]igs|resp)\.)"
)
_CLOSED = rf"[.!?\u2026\u3002]{_NOT_ABBREVIATED}[\"'\u2019\u201d)\]]*\s+"
_END = re.compile(rf"{_CLOSED}(?![a-z])|\n\s*\n")
_END_LOWER = re.compile(rf"{_CLOSED}|\n\s*\n")


def sentence_spans(text: str, lower: bool = False) -> list[tuple[int, int]]:
    """Start and end of each sentence in characters, with the space after it; blank sentences are left out.

    With ``lower``, a sentence may begin in lower case, as in a text without capitals.

    >>> text = "It hailed. Was it bad? (Yes, e.g. on roofs.)"
    >>> [text[first:last] for first, last in sentence_spans(text)]
    ['It hailed. ', 'Was it bad? ', '(Yes, e.g. on roofs.)']
    >>> len(sentence_spans("Dr. J. Doe (Fig. 2) left."))
    1
    >>> len(sentence_spans("it hailed . it froze .", lower=True))
    2
    """
    pattern = _END_LOWER if lower else _END
    ends = [match.end() for match in pattern.finditer(text)] + [len(text)]
    return [(a, b) for a, b in zip([0, *ends], ends, strict=False) if text[a:b].strip()]


@njit(cache=True, nogil=True)
def count_sentences(
    data: Bytes,  # (B,) uint8, this and the rest as in kernels.spans
    bounds: Int64,  # (D + 1,) int64
    starts: Int64,  # (N,) int64
    lengths: NDArray[np.int32],  # (N,) int32
    offsets: Int64,  # (D + 1,) int64
    flags: Bytes,  # (0x110000,) uint8
) -> NDArray[np.int32]:
    """Number of sentences of each document, (D,) int32."""
    counts = np.zeros(len(bounds) - 1, np.int32)
    for d in range(len(bounds) - 1):
        first, last = offsets[d], offsets[d + 1]
        counts[d] = last > first
        for k in range(first + 1, last):
            i = starts[k - 1]
            kind, width = _character(data, i, flags)
            initial = lengths[k - 1] == width and not kind & DIGIT
            i += lengths[k - 1]
            ended = spaced = False  # a terminator was seen; white space after it
            newlines = 0
            while i < starts[k]:
                kind, width = _character(data, i, flags)
                if kind & SPACE:
                    spaced = ended
                    newlines += data[i] == _NEWLINE
                elif kind & TERMINATOR:
                    ended |= not (initial and data[i] == _FULL_STOP)
                else:
                    newlines = 0 if newlines < 2 else newlines
                initial = False
                i += width
            kind, width = _character(data, starts[k], flags)
            counts[d] += newlines > 1 or (spaced and not kind & LOWER)
    return counts
