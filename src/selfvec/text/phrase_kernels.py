"""The loops over running text for phrases: what separates two words, and where a phrase begins."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .characters import SPACE
from .kernels import _character

__all__ = ["apart", "matches"]

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

_NEWLINE = 10
_HYPHEN = 0x2D


@njit(cache=True, nogil=True)
def apart(
    data: NDArray[np.uint8], starts: Int64, lengths: Int32, offsets: Int64, flags: NDArray[np.uint8]
) -> Flags:
    """Whether a token is separated from the previous one by more than blanks or one hyphen, (N,) bool.

    Parameters as of `selfvec.text.sentences.count_sentences`. The first token of a document is apart.
    """
    out = np.zeros(len(starts), np.bool_)
    for d in range(len(offsets) - 1):
        for k in range(offsets[d], offsets[d + 1]):
            if k == offsets[d]:
                out[k] = True
                continue
            i, newlines, spaces, hyphens = starts[k - 1] + lengths[k - 1], 0, 0, 0
            while i < starts[k]:
                kind, width = _character(data, i, flags)
                if kind & SPACE:
                    spaces += 1
                    newlines += data[i] == _NEWLINE
                elif data[i] == _HYPHEN or (
                    width == 3 and data[i] == 0xE2 and data[i + 1] == 0x80 and data[i + 2] in (0x90, 0x91)
                ):
                    hyphens += 1
                else:
                    out[k] = True
                i += width
            out[k] |= newlines > 1 or hyphens > 1 or (hyphens == 1 and spaces > 0)
    return out


@njit(cache=True, nogil=True)
def matches(
    classes: Int32,  # (N,) int32, the words, numbered
    breaks: Flags,  # (N,) bool, the word does not follow the previous one
    bounds: Int64,  # (C + 1,) int64, phrases that begin with c: bounds[c]:bounds[c + 1], longest first
    sizes: Int64,  # (P,) int64, words of each phrase
    words: Int32,  # (P, n) int32
) -> Int32:
    """Find phrases from left to right, the longest first, without overlaps.

    (N,) int32: the phrase that begins at each token, -1 for none, -2 inside a phrase.
    """
    out = np.full(len(classes), -1, np.int32)
    i = 0
    while i < len(classes):
        first = classes[i]
        taken = 1
        for p in range(bounds[first], bounds[first + 1]):
            size = sizes[p]
            if i + size > len(classes):
                continue
            same = True
            for k in range(1, size):
                if breaks[i + k] or classes[i + k] != words[p, k]:
                    same = False
                    break
            if same:
                out[i] = p
                for k in range(1, size):
                    out[i + k] = -2
                taken = size
                break
        i += taken
    return out
