"""Compiled loops that sum the vectors of the words around tokens.

Each word is summed in one call and in one order, so the sums have the same bits for any number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["FAST", "add", "count_occurrences", "sample_occurrences", "sum_occurrences", "sum_windows"]

FAST = {"contract", "reassoc", "nsz"}  # fused multiply-add and sums in any order


@njit(cache=True, nogil=True, inline="always", fastmath=FAST)
def add(row, factor, out):
    for j in range(out.size):
        out[j] += factor * row[j]


@njit(cache=True, nogil=True, inline="always", fastmath=FAST)
def _to_unit(row):
    """Divide a row by its length; False for a row of zeros."""
    square = np.float32(0)
    for j in range(row.size):
        square += row[j] * row[j]
    if square <= np.float32(1e-20):
        return False
    scale = np.float32(1) / np.sqrt(square)
    for j in range(row.size):
        row[j] *= scale
    return True


@njit(cache=True, nogil=True)
def sum_occurrences(ids, offsets, order, sides, table, half, centres, first, blocks, most, out, uses):
    """Add the vector of every occurrence to the block of its document.

    The vector of an occurrence is the sum of the rows of ``table`` around a token. The row at distance k
    weighs 1 - k / (half + 1); other occurrences of the word itself are left out. The sum is scaled to length
    1, the centre of its side is subtracted, and the result is scaled to length 1 again. The text is (N,)
    ``ids`` with (D + 1,) ``offsets`` and (D,) ``sides``.

    Documents are dealt in ``order`` to the blocks of each word in turn. By word and side, (V, S): ``first``
    is the first row of ``out`` (-1 to skip the word), ``blocks`` the number of blocks, ``most`` the number of
    documents to deal. Sums are added to (R, d) ``out`` and numbers of occurrences to (R,) ``uses``.
    """
    use = np.zeros(table.shape[1], np.float32)
    dealt = np.zeros(first.shape, np.int64)
    last = np.full(first.shape[0], -1, np.int64)
    place = np.zeros(first.shape[0], np.int64)
    for document in order:
        lo, hi, side = offsets[document], offsets[document + 1], sides[document]
        for i in range(lo, hi):
            word = ids[i]
            if first[word, side] < 0:
                continue
            if last[word] != document:
                last[word] = document
                number = dealt[word, side]
                dealt[word, side] += 1
                place[word] = -1
                if number < most[word, side]:
                    place[word] = first[word, side] + number % blocks[word, side]
            if place[word] < 0:
                continue
            use[:] = 0
            for k in range(max(lo, i - half), min(hi, i + half + 1)):
                if ids[k] != word:
                    add(table[ids[k]], np.float32(1 - abs(k - i) / (half + 1)), use)
            if _to_unit(use):
                add(centres[side], np.float32(-1), use)
                if _to_unit(use):
                    add(use, np.float32(1), out[place[word]])
                    uses[place[word]] += 1


@njit(cache=True, nogil=True)
def sum_windows(windows, table, weights, out):
    """Add the vectors of the occurrences in (n, 2 · half) windows to (n, d) ``out``.

    Rows of words are multiplied by (V,) ``weights``.
    """
    half = windows.shape[1] // 2
    for n in range(len(windows)):
        for k in range(2 * half):
            word = windows[n, k]
            if word >= 0:
                distance = half - k if k < half else k - half + 1
                add(table[word], weights[word] * np.float32(1 - distance / (half + 1)), out[n])


@njit(cache=True, nogil=True)
def count_occurrences(ids, offsets, sides, row, counts):
    """Count the occurrences of m words by side in (m, S) ``counts``; (V,) ``row`` is a word's row or -1."""
    for document in range(sides.size):
        side = sides[document]
        if side < 0:
            continue
        for i in range(offsets[document], offsets[document + 1]):
            if row[ids[i]] >= 0:
                counts[row[ids[i]], side] += 1


@njit(cache=True, nogil=True)
def sample_occurrences(ids, offsets, sides, row, counts, first, most, places):
    """Write at most ``most`` evenly spaced positions of each word and side to ``places``, from ``first`` on.

    Number k of the sample is occurrence floor(k (n - 1) / (most - 1)) of n. Other arguments as in
    `count_occurrences`.
    """
    seen, taken = np.zeros(counts.shape, np.int64), np.zeros(counts.shape, np.int64)
    for document in range(sides.size):
        side = sides[document]
        if side < 0:
            continue
        for i in range(offsets[document], offsets[document + 1]):
            m = row[ids[i]]
            if m < 0:
                continue
            number, k = counts[m, side], taken[m, side]
            wanted = seen[m, side]
            if number > most:
                wanted = number - 1 if k == most - 1 else np.int64(k * ((number - 1) / (most - 1)))
            if seen[m, side] == wanted:
                places[first[m, side] + k] = i
                taken[m, side] += 1
            seen[m, side] += 1
