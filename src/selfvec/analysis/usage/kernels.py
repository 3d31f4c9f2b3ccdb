"""Compiled loops that sum the vectors of the words around tokens.

Each word is summed in one call and in one order, so the sums have the same bits for any number of threads.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Doubles, Floats, Ids, Ints, Rows
from selfvec.base.compiled import SUMS, kernel

_STEPS = 256  # from a sum around a token to the next one, before it is made anew
_ZERO = np.float32(1e-20)  # squared length of a vector without direction
_DOUBTFUL = np.float32(1e-4)  # share of the largest squared sum below which a difference is mostly rounding


@kernel(fastmath=SUMS)
def add(row, factor, out):
    """Add a multiple of a row, (d,) each."""
    for j in range(out.size):
        out[j] += factor * row[j]


@kernel(fastmath=SUMS)
def _square(row):
    """The squared length of a row."""
    square = np.float32(0)
    for j in range(row.size):
        square += row[j] * row[j]
    return square


@kernel(fastmath=SUMS)
def _less(row, factor, other, out):
    """Write row - factor * other; the squared lengths of the row and of what is written."""
    before = np.float32(0)
    square = np.float32(0)
    for j in range(row.size):
        value = row[j] - factor * other[j]
        before += row[j] * row[j]
        square += value * value
        out[j] = value
    return before, square


@kernel(fastmath=SUMS)
def _centre(row, factor, centre):
    """Replace a row by factor * row - centre; its squared length."""
    square = np.float32(0)
    for j in range(row.size):
        value = factor * row[j] - centre[j]
        square += value * value
        row[j] = value
    return square


@kernel
def _sum_window(ids, lo, hi, rows, at, half, without, around):
    """The weighted rows around a token and its own, but for those of the word ``without``."""
    for j in range(around.size):
        around[j] = 0
    for k in range(max(lo, at - half), min(hi, at + half + 1)):
        if ids[k] != without:
            add(rows[ids[k]], np.float32(1 - abs(k - at) / (half + 1)), around)


@kernel
def _window_slope(ids, lo, hi, rows, at, half, slope):
    """The difference of the sums around the next token and around this one."""
    for j in range(slope.size):
        slope[j] = 0
    weight = np.float32(1 / (half + 1))
    for k in range(max(lo, at - half), min(hi, at + half + 2)):
        add(rows[ids[k]], weight if k > at else -weight, slope)


@kernel(fastmath=SUMS)
def _step(ids, lo, hi, rows, at, half, around, slope):
    """Move from a token to the next one."""
    weight = np.float32(1 / (half + 1))
    entering = weight if at + half + 2 < hi else np.float32(0)
    leaving = weight if at - half >= lo else np.float32(0)
    first = rows[ids[min(at + half + 2, hi - 1)]]
    middle = rows[ids[at + 1]]
    last = rows[ids[max(at - half, lo)]]
    # The weights are a triangle: its slope changes where it begins and ends, and twice as much at its peak.
    for j in range(around.size):
        around[j] += slope[j]
        slope[j] += entering * first[j] + leaving * last[j] - 2 * weight * middle[j]


@kernel
def sum_occurrences(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    order: Ints,  # documents in the order in which they are dealt to blocks
    sides: Ids,  # (D,), the slice of each document
    rows: Rows,  # (V, d)
    half: int,  # words on either side of an occurrence
    centres: Rows,  # (S, d), subtracted from occurrences in each slice
    first: Ints,  # (V, S), first row of `out` for a word and slice; -1 to skip them
    blocks: Ints,  # (V, S), number of blocks
    most: Ints,  # (V, S), number of documents to deal
    out: Rows,  # (R, d), sums are added
    counts: Doubles,  # (R,), occurrences are counted
) -> None:
    """Add the vector of every occurrence to the block of its document.

    The vector of an occurrence is the sum of the rows of the words around a token. The row at distance k
    weighs 1 - k / (half + 1); other occurrences of the word itself are left out. The sum is scaled to length
    1, the centre of its side is subtracted, and the result is scaled to length 1 again. The documents with a
    word are dealt to its blocks in turn.

    The sum around a token near the last one follows from that one in a step per token, because the weights
    fall in a straight line. After `_STEPS` steps it is made anew, so that rounding errors stay small.
    """
    vector = np.zeros(rows.shape[1], np.float32)
    around = np.zeros(rows.shape[1], np.float32)  # the weighted rows around a token, all of them
    slope = np.zeros(rows.shape[1], np.float32)  # what `around` changes by at the next token
    no_word = np.int32(-1)
    dealt = np.zeros(first.shape, np.int64)  # documents with each word so far
    last = np.full(first.shape[0], -1, np.int64)  # the last document with each word
    target = np.zeros(first.shape[0], np.int64)  # the row of `out` for that document; -1 for none
    for document in order:
        lo = offsets[document]
        hi = offsets[document + 1]
        side = sides[document]
        at = lo - _STEPS  # the token that `around` belongs to
        steps = 0  # since it was made; -1 without a slope
        largest = np.float32(0)  # squared sum since then
        for i in range(lo, hi):
            word = ids[i]
            if first[word, side] < 0:
                continue
            if last[word] != document:
                last[word] = document
                number = dealt[word, side]
                dealt[word, side] += 1
                target[word] = -1
                if number < most[word, side]:
                    target[word] = first[word, side] + number % blocks[word, side]
            if target[word] < 0:
                continue
            # Farther than half a window, stepping takes longer than summing.
            if i - at > half or steps + i - at > _STEPS:
                _sum_window(ids, lo, hi, rows, i, half, no_word, around)
                steps = -1
                largest = np.float32(0)
            else:
                if steps < 0:
                    _window_slope(ids, lo, hi, rows, at, half, slope)
                    steps = 0
                while at < i:
                    _step(ids, lo, hi, rows, at, half, around, slope)
                    at += 1
                    steps += 1
            at = i
            # The word itself is subtracted, not left out of `around`, which goes on to the next occurrence.
            own = np.float32(0)
            for k in range(max(lo, i - half), min(hi, i + half + 1)):
                if ids[k] == word:
                    own += np.float32(1 - abs(k - i) / (half + 1))
            before, square = _less(around, own, rows[word], vector)
            largest = max(largest, before)
            if square < _DOUBTFUL * largest:
                _sum_window(ids, lo, hi, rows, i, half, word, vector)
                square = _square(vector)
            if square <= _ZERO:
                continue
            square = _centre(vector, np.float32(1) / np.sqrt(square), centres[side])
            if square <= _ZERO:
                continue
            add(vector, np.float32(1) / np.sqrt(square), out[target[word]])
            counts[target[word]] += 1


@kernel
def sum_windows(
    windows: Ids,  # (n, 2 · half), words around each occurrence; -1 for none
    rows: Rows,  # (V, d)
    weights: Floats,  # (V,)
    out: Rows,  # (n, d), sums are added
) -> None:
    """Add the weighted rows of the words in each window; nearer words weigh more, as in `sum_occurrences`."""
    half = windows.shape[1] // 2
    for n in range(len(windows)):
        total = out[n]
        for k in range(2 * half):
            word = windows[n, k]
            if word >= 0:
                distance = half - k if k < half else k - half + 1
                add(rows[word], weights[word] * np.float32(1 - distance / (half + 1)), total)
