"""Compiled loops of encoding: a hash table of words, the numbers of the words of texts, sums of rows.

The hash table is that of `selfvec.text.kernels.distinct`. It is never changed, so that threads can share it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from selfvec.text.characters import APOSTROPHE
from selfvec.text.kernels import _pack, _slot

__all__ = ["find", "index", "sums"]

Bytes = NDArray[np.uint8]
Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Slots = NDArray[np.uint64]

_ONE = np.uint64(1)
_APOSTROPHE, _S = 39, 115
_PART = 64  # rows added up in float32 before they go to the sum, so that long texts stay precise


@njit(cache=True, nogil=True)
def index(data: Bytes, starts: Int64, lengths: Int32) -> Slots:
    """A hash table of V distinct words, (S, 4) uint64: 16 bytes, length and rest, number + 1 (0: free)."""
    room = 16
    while room < 2 * len(starts):
        room *= 2
    slots = np.zeros((room, 4), np.uint64)
    mask = np.uint64(room - 1)
    for i in range(len(starts)):
        low, high, rest = _pack(data, starts[i], lengths[i])
        s = _slot(low, high, rest, mask)
        while slots[s, 3]:
            s = (s + _ONE) & mask
        slots[s, 0], slots[s, 1], slots[s, 2], slots[s, 3] = low, high, rest, i + 1
    return slots


@njit(cache=True, nogil=True)
def _equal(data: Bytes, a: int, spelt: Bytes, b: int, length: int) -> bool:
    for k in range(length):  # noqa: SIM110 (Numba compiles the loop, not a generator)
        if data[a + k] != spelt[b + k]:
            return False
    return True


@njit(cache=True, nogil=True)
def find(
    data: Bytes,
    starts: Int64,
    lengths: Int32,
    flags: Bytes,
    spelt: Bytes,
    begins: Int64,
    sizes: Int32,
    slots: Slots,
) -> Int32:
    """The number of each token in a vocabulary, (N,) int32, -1 for unknown words.

    If apostrophes belong to words, a final ``'s`` is ignored.

    Parameters
    ----------
    data, starts, lengths
        Tokens, as of `selfvec.text.kernels.spans`.
    flags : (0x110000,) uint8
        The table of characters that `spans` used.
    spelt, begins, sizes
        The words of the vocabulary, in the same form.
    slots
        Of `index`.
    """
    out = np.empty(len(starts), np.int32)
    mask = np.uint64(len(slots) - 1)
    possessive = flags[_APOSTROPHE] & APOSTROPHE != 0
    for i in range(len(starts)):
        start, length = starts[i], lengths[i]
        end = start + length
        if possessive and length > 2 and data[end - 1] == _S and data[end - 2] == _APOSTROPHE:
            length -= 2
        low, high, rest = _pack(data, start, length)
        s = _slot(low, high, rest, mask)
        out[i] = -1
        while slots[s, 3]:
            if slots[s, 0] == low and slots[s, 1] == high and slots[s, 2] == rest:
                word = np.int64(slots[s, 3] - _ONE)
                same = sizes[word] == length and _equal(data, start, spelt, begins[word], length)
                if length <= 16 or same:
                    out[i] = word
                    break
            s = (s + _ONE) & mask
    return out


@njit(cache=True, nogil=True)
def sums(ids: Int32, offsets: Int64, places: Int32, rows: NDArray[np.float32], out: Any) -> None:
    """The sums of the rows of each text's words at length 1, (D, d) float32; zeros if there are none.

    Parameters
    ----------
    ids : (N,) int32
        Words by number, -1 for none.
    offsets : (D + 1,) int64
    places : (V,) int32
        The row of each word.
    rows : (R, d) float32
    out : (D, d) float32
        Filled.
    """
    width = rows.shape[1]
    part = np.zeros(width, np.float32)
    total = np.zeros(width, np.float64)
    for text in range(len(offsets) - 1):
        added = 0
        for i in range(offsets[text], offsets[text + 1]):
            if ids[i] < 0:
                continue
            row = places[ids[i]]
            for k in range(width):
                part[k] += rows[row, k]
            added += 1
            if added % _PART == 0:
                for k in range(width):
                    total[k] += part[k]
                    part[k] = 0
        square = 0.0
        for k in range(width):
            total[k] += part[k]
            square += total[k] * total[k]
        scale = 1 / np.sqrt(square) if square > 0 else 0.0
        for k in range(width):
            out[text, k] = total[k] * scale
            total[k] = 0
            part[k] = 0
