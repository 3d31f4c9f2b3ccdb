"""The loop that numbers sequences of words."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["pairs"]

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

_ONE = np.uint64(1)
_HALF = np.uint64(32)
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, with well-mixed bits (golden ratio)


@njit(cache=True, nogil=True)
def _grown(keys: NDArray[np.uint64], values: Int32) -> tuple[NDArray[np.uint64], Int32]:
    """The same hash table with four times the room."""
    new, numbers = np.zeros(4 * len(keys), np.uint64), np.zeros(4 * len(keys), np.int32)
    mask = np.uint64(len(new) - 1)
    for s in range(len(keys)):
        if keys[s]:
            t = (keys[s] * _MIX >> _HALF) & mask
            while new[t]:
                t = (t + _ONE) & mask
            new[t], numbers[t] = keys[s], values[s]
    return new, numbers


@njit(cache=True, nogil=True)
def pairs(grams: Int32, breaks: NDArray[np.bool_]) -> tuple[Int32, Int64, Int64]:
    """Number the pairs of neighbours in a sequence, in order of first appearance.

    Sequences of n words are pairs of those of n - 1, one beginning a word after the other, so that one loop
    numbers sequences of any length.

    Parameters
    ----------
    grams : (N,) int32
        What begins at each token; -1 for nothing.
    breaks : (N,) bool
        Whether a token does not follow the one before it.

    Returns
    -------
    ids : (N,) int32
        The pair that begins at each token; -1 where none does.
    counts : (P,) int64
    firsts : (P,) int64
        Where each pair begins first.
    """
    ids = np.full(len(grams), -1, np.int32)
    counts, firsts = np.zeros(1 << 12, np.int64), np.zeros(1 << 12, np.int64)
    keys, values = np.zeros(1 << 14, np.uint64), np.zeros(1 << 14, np.int32)
    n = 0
    for i in range(len(grams) - 1):
        a, b = grams[i], grams[i + 1]
        if a < 0 or b < 0 or breaks[i + 1]:
            continue
        key = (np.uint64(a) << _HALF | np.uint64(b)) + _ONE  # 0 is a free slot
        mask = np.uint64(len(keys) - 1)
        s = (key * _MIX >> _HALF) & mask
        while keys[s] and keys[s] != key:
            s = (s + _ONE) & mask
        if not keys[s]:
            if n == len(counts):
                counts = np.concatenate((counts, np.zeros_like(counts)))
                firsts = np.concatenate((firsts, np.zeros_like(firsts)))
            keys[s], values[s] = key, n
            firsts[n] = i
            ids[i] = n
            counts[n] = 1
            n += 1
            if 2 * n > len(keys):
                keys, values = _grown(keys, values)
        else:
            ids[i] = values[s]
            counts[values[s]] += 1
    return ids, counts[:n].copy(), firsts[:n].copy()
