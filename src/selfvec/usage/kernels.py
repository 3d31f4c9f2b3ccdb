"""The two loops of drift, compiled: over the tokens, to sum what stood around them, and over random splits.

Both are called for some words at a time, and a word's figures come from one call, in one order and with a
random stream of its own. They have the same bits for any number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from selfvec.cooccurrence.lanes import CONTRACT

__all__ = ["around", "flip", "gather_uses", "split", "sum_uses"]

_FAST = set(CONTRACT)


@njit(cache=True, nogil=True, inline="always", fastmath=_FAST)
def _add(row, factor, out):
    for j in range(out.size):
        out[j] += factor * row[j]


@njit(cache=True, nogil=True, inline="always", fastmath=_FAST)
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
def around(ids, lo, hi, i, half, table, out):
    """The use at token i of the document lo … hi: its neighbours' rows, the nearer the heavier.

    The neighbour at distance k counts 1 - k / (half + 1); other occurrences of the word itself count nothing.
    """
    out[:] = 0
    for k in range(max(lo, i - half), min(hi, i + half + 1)):
        if ids[k] != ids[i]:
            _add(table[ids[k]], np.float32(1 - abs(k - i) / (half + 1)), out)


@njit(cache=True, nogil=True)
def sum_uses(ids, offsets, order, sides, table, half, centres, first, units, most, out, uses):
    """Add every use's direction to its word's unit of documents.

    A use is what stood around a token: `around`, at length 1, less the centre of its side, at length 1.

    Parameters
    ----------
    ids : (N,) int32, offsets : (D + 1,) int64
        As in `TokenBatch`.
    order : (E,) int64
        Documents, in the order in which they are dealt to units.
    sides : (D,) int32
        The side of each document.
    table : (V, d) float32
        Weighted rows.
    half : int
        Neighbours on each side.
    centres : (S, d) float32
    first, units, most : (V, S) int64
        Each word's first row of ``out`` for a side, -1 for a word not asked about; how many units there are,
        and how many documents are dealt to them in turn.
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
                    place[word] = first[word, side] + number % units[word, side]
            if place[word] < 0:
                continue
            around(ids, lo, hi, i, half, table, use)
            if _to_unit(use):
                _add(centres[side], np.float32(-1), use)
                if _to_unit(use):
                    _add(use, np.float32(1), out[place[word]])
                    uses[place[word]] += 1


@njit(cache=True, nogil=True)
def gather_uses(ids, offsets, places, documents, table, half, out):
    """What stood around some tokens, `around`, into (n, d) ``out``."""
    for n in range(places.size):
        around(ids, offsets[documents[n]], offsets[documents[n] + 1], places[n], half, table, out[n])


@njit(cache=True, nogil=True, inline="always")
def _draw(state, below):
    """A number from 0 to ``below`` - 1 and the next state: splitmix64, high bits by multiplication."""
    state += np.uint64(0x9E3779B97F4A7C15)
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return state, np.int64(((z >> np.uint64(32)) * np.uint64(below)) >> np.uint64(32))


@njit(cache=True, nogil=True, inline="always")
def _stream(seed, word):
    """Where the random numbers of a word begin."""
    state = np.uint64(seed) * np.uint64(0xD1342543DE82EF95) + np.uint64(word)
    state, _ = _draw(state * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1), 2)
    return state


@njit(cache=True, nogil=True, inline="always")
def _apart(aa, ab, bb):
    """1 - cosine of two sums by their products; 1 where one is zero."""
    length = np.sqrt(max(aa, 0.0)) * np.sqrt(max(bb, 0.0))
    return 1.0 - min(1.0, max(-1.0, ab / length)) if length > 0 else 1.0


@njit(cache=True, nogil=True, fastmath=_FAST)
def _products(rows, gram):
    for i in range(len(rows)):
        for j in range(i + 1):
            total = np.float32(0)
            for k in range(rows.shape[1]):
                total += rows[i, k] * rows[j, k]
            gram[i, j] = gram[j, i] = total


@njit(cache=True, nogil=True)
def _jackknife(gram, one, aa, ab, bb):
    """Standard error of the distance, leaving out one unit after the other on either side."""
    number = len(gram)
    variance = 0.0
    for start, stop in ((0, one), (one, number)):
        size = stop - start
        if size < 2:
            return np.nan
        total = square = 0.0
        for i in range(start, stop):
            own = across = 0.0
            for j in range(number):
                if start <= j < stop:
                    own += gram[i, j]
                else:
                    across += gram[i, j]
            left = (aa if start == 0 else bb) - 2 * own + gram[i, i]
            value = _apart(left, ab - across, bb if start == 0 else aa)
            total += value
            square += value * value
        variance += (size - 1) / size * max(0.0, square - total * total / size)
    return np.sqrt(variance)


@njit(cache=True, nogil=True)
def split(rows, ones, starts, words, permutations, enough, seed, out):
    """Hold each word's distance against that of random splits of the same units.

    Parameters
    ----------
    rows : (R, d) float32
        Sums of uses, a row a unit: those of the first side, then those of the second.
    ones : (m,) int64, starts : (m + 1,) int64
        Units of the first side, and where each word's rows begin.
    words : (m,) int64
        Names of the random streams.
    permutations, enough : int
        Splits drawn at most; no more are drawn after so many at least as far apart (and fifty in all).
    seed : int
    out : (m, 6) float64
        Distance, its standard error, p, mean and standard deviation over the splits, splits drawn.
    """
    for m in range(len(ones)):
        units = rows[starts[m] : starts[m + 1]]
        number, one = len(units), ones[m]
        gram = np.empty((number, number), np.float32)
        _products(units, gram)
        sums = np.zeros(number)
        for i in range(number):
            for j in range(number):
                sums[i] += gram[i, j]
        total, smaller = sums.sum(), min(one, number - one)
        inside = square = 0.0
        for i in range(one):
            inside += sums[i]
            for j in range(one):
                square += gram[i, j]
        found = _apart(square, inside - square, total - 2 * inside + square)
        error = _jackknife(gram, one, square, inside - square, total - 2 * inside + square)
        state = _stream(seed, words[m])
        chosen = np.arange(number)
        draws = reached = 0
        mean = spread = 0.0
        p = -1.0
        while draws < permutations and not (p >= 0 and draws >= 50):
            inside = square = 0.0
            for i in range(smaller):
                state, step = _draw(state, number - i)
                chosen[i], chosen[i + step] = chosen[i + step], chosen[i]
                unit = chosen[i]
                inside += sums[unit]
                partial = 0.0
                for j in range(i):
                    partial += gram[unit, chosen[j]]
                square += 2 * partial + gram[unit, unit]
            value = _apart(square, inside - square, total - 2 * inside + square)
            draws += 1
            mean += value
            spread += value * value
            if value >= found - 1e-6:
                reached += 1
                if reached == enough and p < 0:
                    p = reached / draws
        if p < 0:
            p = (reached + 1) / (draws + 1)
        mean /= max(draws, 1)
        out[m, 0], out[m, 1], out[m, 2] = found, error, p
        out[m, 3], out[m, 4], out[m, 5] = mean, np.sqrt(max(0.0, spread / max(draws, 1) - mean * mean)), draws


@njit(cache=True, nogil=True)
def flip(rows, starts, words, toward, permutations, enough, seed, out):
    """Hold the agreement of each word's units against that under random signs of theirs.

    Parameters
    ----------
    rows, starts, words, permutations, enough, seed
        As for `split`.
    toward : (V, d) float32
        What was known of every word, unit rows: uses agree in what they say beyond it.
    out : (m, 2) float64
        p, and the sum of the uses' cosines to what was known.
    """
    for m in range(len(words)):
        units = rows[starts[m] : starts[m + 1]].copy()
        number, known = len(units), toward[words[m]]
        for i in range(number):
            along = np.float32(0)
            for k in range(known.size):
                along += units[i, k] * known[k]
            out[m, 1] += along
            _add(known, -along, units[i])
        gram = np.empty((number, number), np.float32)
        _products(units, gram)
        found = 0.0
        for i in range(number):
            for j in range(i):
                found += gram[i, j]
        state, sign = _stream(seed, words[m]), np.ones(number)
        draws = reached = 0
        while draws < permutations and reached < enough:
            value = 0.0
            for i in range(number):
                state, side = _draw(state, 2)
                sign[i] = 2.0 * side - 1.0
                partial = 0.0
                for j in range(i):
                    partial += sign[j] * gram[i, j]
                value += sign[i] * partial
            draws += 1
            if value >= found - 1e-6 * abs(found):
                reached += 1
        out[m, 0] = reached / draws if reached == enough else (reached + 1) / (draws + 1)
