"""Compiled loops that sum the vectors of the words around tokens.

A word's sums come from one call, in one order, so they have the same bits for any number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["FAST", "add", "gather_uses", "sum_uses"]

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
def _use(ids, lo, hi, i, half, table, out):
    """The use at token i of the document lo … hi: the sum of its neighbours' rows, nearer ones weighted more.

    The neighbour at distance k weighs 1 - k / (half + 1); other occurrences of the word itself are skipped.
    """
    out[:] = 0
    for k in range(max(lo, i - half), min(hi, i + half + 1)):
        if ids[k] != ids[i]:
            add(table[ids[k]], np.float32(1 - abs(k - i) / (half + 1)), out)


@njit(cache=True, nogil=True)
def sum_uses(ids, offsets, order, sides, table, half, centres, first, blocks, most, out, uses):
    """Add every use, as a unit vector, to the block of documents that its document belongs to.

    A use is the sum of the rows around a token, scaled to length 1, less the centre of its side, scaled to
    length 1 again.

    Parameters
    ----------
    ids : (N,) int32, offsets : (D + 1,) int64
        As in `TokenBatch`.
    order : (E,) int64
        Documents in the order in which they are dealt to blocks.
    sides : (D,) int32
        The side of each document.
    table : (V, d) float32
        Weighted rows.
    half : int
        Neighbours on each side.
    centres : (S, d) float32
    first, blocks, most : (V, S) int64
        For each word and side: its first row of ``out`` (-1 to skip the word), the number of its blocks, and
        the number of documents dealt to them in turn.
    out : (R, d) float32, uses : (R,) float64
        Sums and numbers of uses, added to.
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
            _use(ids, lo, hi, i, half, table, use)
            if _to_unit(use):
                add(centres[side], np.float32(-1), use)
                if _to_unit(use):
                    add(use, np.float32(1), out[place[word]])
                    uses[place[word]] += 1


@njit(cache=True, nogil=True)
def gather_uses(ids, offsets, places, documents, table, half, out):
    """Write the sum of the rows around each of some tokens into (n, d) ``out``."""
    for n in range(places.size):
        _use(ids, offsets[documents[n]], offsets[documents[n] + 1], places[n], half, table, out[n])
