"""Compiled loops: sums of the vectors of the words around tokens, and the tests of drift and monitoring.

Each word is summed in one call and in one order, so the sums have the same bits for any number of threads.
"""

from __future__ import annotations

from math import erfc, exp, lgamma, log, sqrt
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import Doubles, Floats, Ids, Ints, Mask, Rows
from selfvec.base.compiled import SUMS, kernel

_STEPS = 256  # from a sum around a token to the next one, before it is made anew
_ZERO = np.float32(1e-20)  # squared length of a vector without direction
FEWEST_BESIDE = 4  # observations of a word with another one beside it, or this one is left out
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
def sum_of_rests(
    places: Ints,  # of a word, rising
    chosen: Ints,  # of these the first ones of some documents
    half: int,  # words on either side of an occurrence
    least: int,  # words of a document that are enough
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    owner: Ints,  # (N,), the document of each token
    rows: Rows,  # (V, d)
    weights: Floats,  # (V,)
    sums: Rows,  # (D, d), of weight · row of the words of each document
    rest: Rows,  # (d,), written
    total: Doubles,  # (d,), added to
) -> tuple[int, int]:
    """Add up the rests of documents at length 1: the sums less those of the words around occurrences.

    Returns how many documents have enough words left, and how many of these have a direction.
    """
    enough = 0
    filled = 0
    for at in chosen:
        document = owner[places[at]]
        end = offsets[document + 1]
        beside = offsets[document]  # up to which words are left out or stay
        words = end - beside
        for j in range(rest.size):
            rest[j] = 0
        while at < len(places) and places[at] < end:
            until = min(end, places[at] + half + 1)
            for k in range(max(beside, places[at] - half), until):
                row = rows[ids[k]]
                weight = weights[ids[k]]
                words -= 1
                for j in range(rest.size):
                    rest[j] += weight * row[j]
            beside = until
            at += 1
        if words >= least:
            enough += 1
            for j in range(rest.size):
                rest[j] = sums[document, j] - rest[j]
            square = _square(rest)
            if square > 0:
                filled += 1
                add(rest, 1 / np.sqrt(square), total)
    return enough, filled


class Dealing(NamedTuple):
    """How the units with a word, which are documents or groups of them, are dealt to its blocks."""

    first: Ints  # (V, S), first row of the sums for a word and slice; -1 to skip them
    blocks: Ints  # (V, S), number of blocks
    most: Ints  # (V, S), number of units to deal
    dealt: Ints  # (V, S), units with each word so far
    last: Ints  # (V,), the last unit with each word; -1 before any
    target: Ints  # (V,), the row of the sums for that unit; -1 for none


@kernel
def sum_occurrences(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    order: Ints,  # documents in the order in which they are dealt to blocks, those of a unit in a row
    sides: Ids,  # (D,), the slice of each document
    units: Ints,  # (D,), documents with the same number are dealt to the same block
    rows: Rows,  # (V, d)
    half: int,  # words on either side of an occurrence
    centres: Rows,  # (S, d), subtracted from occurrences in each slice
    dealing: Dealing,
    out: Rows,  # (R, d), sums are added
    counts: Doubles,  # (R,), occurrences are counted
    scratch: Rows,  # (3, d), written
) -> None:
    """Add the vector of every occurrence to the block of its document.

    The vector of an occurrence is the sum of the rows of the words around a token. The row at distance k
    weighs 1 - k / (half + 1); other occurrences of the word itself are left out. The sum is scaled to length
    1, the centre of its side is subtracted, and the result is scaled to length 1 again. The units with a word
    are dealt to its blocks in turn.

    The sum around a token near the last one follows from that one in a step per token, because the weights
    fall in a straight line. After `_STEPS` steps it is made anew, so that rounding errors stay small.
    """
    first, blocks, most, dealt, last, target = dealing
    vector = scratch[0]
    around = scratch[1]  # the weighted rows around a token, all of them
    slope = scratch[2]  # what `around` changes by at the next token
    no_word = np.int32(-1)
    for document in order:
        lo = offsets[document]
        hi = offsets[document + 1]
        side = sides[document]
        unit = units[document]
        at = lo - _STEPS  # the token that `around` belongs to
        steps = 0  # since it was made; -1 without a slope
        largest = np.float32(0)  # squared sum since then
        for i in range(lo, hi):
            word = ids[i]
            if first[word, side] < 0:
                continue
            if last[word] != unit:
                last[word] = unit
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


# ---- Drift and monitoring: random splits of documents, random signs, words of random divisions
# Each word has its own random stream, so its p has the same bits for any number of threads.


LEAST_BLOCKS = 4  # of each slice; the size of the noise cannot be told from fewer


@kernel
def _draw(state, below):
    """Next state, and a random number from 0 to ``below`` - 1 (splitmix64)."""
    state += np.uint64(0x9E3779B97F4A7C15)
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    # The upper half of a product takes less time than a remainder.
    return state, np.int64(((z >> np.uint64(32)) * np.uint64(below)) >> np.uint64(32))


@kernel
def _stream(seed, word):
    """First state of the random stream of a word."""
    state = np.uint64(seed) * np.uint64(0xD1342543DE82EF95) + np.uint64(word)
    # Words and seeds are small numbers in a row; mixed, their streams do not resemble each other.
    state, _ = _draw(state * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1), 2)
    return state


@kernel
def _distance(aa, ab, bb):
    """1 - cosine of two sums by their products; 1 where one is zero."""
    length = np.sqrt(max(aa, 0.0)) * np.sqrt(max(bb, 0.0))
    return 1.0 - min(1.0, max(-1.0, ab / length)) if length > 0 else 1.0


@kernel(fastmath=SUMS)
def _products(rows, gram):
    """Write the products of all pairs of (n, d) rows into (n, n) ``gram``."""
    for i in range(len(rows)):
        for j in range(i + 1):
            total = np.float32(0)
            for k in range(rows.shape[1]):
                total += rows[i, k] * rows[j, k]
            gram[i, j] = gram[j, i] = total


@kernel
def _noise(gram, cut, out):
    """Write what `distance_intervals` needs into (6,) ``out``.

    The products of different blocks, as means: a with a, b with b, a with b. Then the traces of the product
    of the covariances of blocks, for the same pairs (Himeno and Yamada, 2014, for a and b alone). A side with
    fewer than `LEAST_BLOCKS` gets zeros.
    """
    number = len(gram)
    out[:] = 0.0
    means = np.zeros((2, number))  # of the products of each block with each side
    for i in range(number):
        for j in range(number):
            side = 1 if j >= cut else 0
            means[side, i] += gram[i, j] / (number - cut if side else cut)
    for side in range(2):
        start, stop = (cut, number) if side else (0, cut)
        n = stop - start
        if n < LEAST_BLOCKS:
            continue
        total = means[side, start:stop].mean()
        squares = trace = fourth = own = 0.0
        for i in range(start, stop):
            own += gram[i, i]
            for j in range(start, stop):
                value = (gram[i, j] - means[side, i] - means[side, j] + total) ** 2
                squares += value
                if i == j:
                    fourth += value
                    trace += np.sqrt(value)  # of a square: the centred product of a block with itself
        out[side] = (total * n * n - own) / (n * (n - 1.0))
        squares /= (n - 1.0) ** 2
        trace /= n - 1.0
        fourth *= n / (n - 1.0)
        unbiased = (n - 1.0) * (n - 2.0) * squares + trace**2 - fourth
        out[3 + side] = max(0.0, unbiased * (n - 1.0) / (n * (n - 2.0) * (n - 3.0)))
    total = means[1, :cut].mean()
    squares = 0.0
    for i in range(cut):
        for j in range(cut, number):
            squares += (gram[i, j] - means[1, i] - means[0, j] + total) ** 2
    out[2] = total
    out[5] = squares / max((cut - 1.0) * (number - cut - 1.0), 1.0)


@kernel
def _upper_tail(value, mean, variance, skewness):
    """Share of a Pearson III distribution above a value beyond its mean; normal if it is skewed to the left.

    It is a shifted gamma distribution, whose tail is a continued fraction (Lentz, 1976).
    """
    if variance <= 0:
        return 0.0
    x = (value - mean) / sqrt(variance)
    # With less skewness the terms of the gamma distribution become so large that they cancel.
    if skewness < 0.01:
        return 0.5 * erfc(x / sqrt(2.0))
    shape = 4 / skewness**2
    t = shape + x * sqrt(shape)
    # The fraction converges from here on only; so near the mean, half lies above.
    if t <= shape + 1:
        return 0.5
    b = t + 1 - shape
    c = 1e300
    d = 1 / b
    fraction = d
    for i in range(1, 1000):
        a = -i * (i - shape)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        fraction *= d * c
        if abs(d * c - 1) < 1e-9:
            break
    return exp(shape * log(t) - t - lgamma(shape)) * fraction


@kernel
def _moments(powers):
    """The mean, variance and skewness of values from the means of their first three powers."""
    mean, second, third = powers
    variance = max(second - mean**2, 0.0)
    skewness = (third - 3 * mean * second + 2 * mean**3) / variance**1.5 if variance > 0 else 0.0
    return mean, variance, skewness


@kernel
def _deviate(value, mean, variance, skewness):
    """The normal deviate of a value of a Pearson III distribution (Wilson and Hilferty, 1931)."""
    x = (value - mean) / sqrt(max(variance, 1e-12))
    if abs(skewness) < 0.01:
        return x
    cubed = max(skewness * x / 2 + 1, 0.0)
    return 6 / skewness * (cubed ** (1 / 3) - 1) + skewness / 6


@kernel
def _beyond_all(reached, moments, draws, number, cut):
    """p of a distance that no drawn split reached, from the moments of the splits.

    It is at most 1 / (draws + 1), and at least the share of a single split among all possible ones.
    """
    mean, variance, skewness = _moments(moments / draws)
    least = exp(lgamma(cut + 1.0) + lgamma(number - cut + 1.0) - lgamma(number + 1.0))
    return min(max(_upper_tail(reached, mean, variance, skewness), least, 1e-300), 1 / (draws + 1))


@kernel
def sum_sides(
    rows: Rows,  # (R, d), sums of occurrences by block
    ones: Ints,  # (m,), number of blocks of each word on the first side; they come first
    starts: Ints,  # (m + 1,), first row of each word
    counts: Doubles,  # (R,), occurrences in each block
    sums: Rows,  # (m, 2, d), added to
    totals: Doubles,  # (m, 2), added to
) -> None:
    """Sum the blocks of each word on either side, and their occurrences."""
    for m in range(len(ones)):
        for i in range(starts[m], starts[m + 1]):
            side = 1 if i >= starts[m] + ones[m] else 0
            add(rows[i], np.float32(1), sums[m, side])
            totals[m, side] += counts[i]


@kernel
def split_test(
    rows: Rows,  # (R, d), sums of occurrences by block
    ones: Ints,  # (m,), number of blocks of each word on the first side; they come first; 0 to skip the word
    starts: Ints,  # (m + 1,), first row of each word
    words: Ints,  # (m,), they seed the random streams
    permutations: int,  # splits, at most
    enough: int,  # splits as far apart as the sides, after which drawing stops
    seed: int,
    out: Doubles,  # (m, 4): distance, p, mean distance over the splits, and their number
    noise: Doubles,  # (m, 6): products of different blocks, and noise: each of a with a, b with b, a with b
) -> None:
    """Compare the distance of each word with its distance in random splits of the same blocks.

    At least fifty splits are drawn, if ``permutations`` allows. If no split is as far apart, p is taken from
    a Pearson III distribution with the mean, the variance and the skewness of the splits (Mielke and Berry,
    2007, *Permutation Methods*).
    """
    for m in range(len(ones)):
        blocks = rows[starts[m] : starts[m + 1]]
        number = len(blocks)
        cut = ones[m]
        if cut == 0:
            continue
        # Distances of splits follow from products of blocks: the d columns are read once, not for each split.
        gram = np.empty((number, number), np.float32)
        _products(blocks, gram)
        sums = np.zeros(number)  # the product of each block with all blocks
        for i in range(number):
            for j in range(number):
                sums[i] += gram[i, j]
        total = sums.sum()
        smaller = min(cut, number - cut)  # the side that is drawn; the other is the remainder
        inside = square = 0.0  # products of the drawn side with all blocks, and with itself
        for i in range(cut):
            inside += sums[i]
            for j in range(cut):
                square += gram[i, j]
        distance = _distance(square, inside - square, total - 2 * inside + square)
        _noise(gram, cut, noise[m])
        state = _stream(seed, words[m])
        chosen = np.arange(number)
        splits = reached = 0
        moments = np.zeros(3)  # sums of the distances, their squares and cubes
        p = -1.0
        # p may be settled by a few splits, but the mean over them, the distance by chance, takes fifty.
        while splits < permutations and not (p >= 0 and splits >= 50):
            inside = square = 0.0
            # The first steps of a shuffle; what the last split left is as good a beginning as any order.
            for i in range(smaller):
                state, step = _draw(state, number - i)
                chosen[i], chosen[i + step] = chosen[i + step], chosen[i]
                block = chosen[i]
                inside += sums[block]
                partial = 0.0
                for j in range(i):
                    partial += gram[block, chosen[j]]
                square += 2 * partial + gram[block, block]
            value = _distance(square, inside - square, total - 2 * inside + square)
            splits += 1
            for power in range(3):
                moments[power] += value ** (power + 1)
            if value >= distance - 1e-6:  # the same blocks in another order differ by rounding
                reached += 1
                if reached == enough and p < 0:
                    p = reached / splits
        if p < 0:
            p = (reached + 1) / (splits + 1)
            if reached == 0 and splits > 0:
                p = _beyond_all(distance, moments, splits, number, cut)
        out[m, 0] = distance
        out[m, 1] = p
        out[m, 2] = moments[0] / max(splits, 1)
        out[m, 3] = splits


@kernel(fastmath=SUMS)
def sign_flip_test(
    rows: Rows,  # (R, d), sums of occurrences by block; changed
    starts: Ints,  # (m + 1,), first row of each word
    words: Ints,  # (m,), they seed the random streams
    known: Rows,  # (m, d), original vectors, unit rows
    permutations: int,  # signs of all blocks, at most
    enough: int,
    seed: int,
    out: Doubles,  # (m, 2): p, and the sum of the occurrences' cosines to the original vector
    gram: Rows,  # (n, n), written; n blocks are the most of a word
    sign: Doubles,  # (n,), written
) -> None:
    """Compare how well the blocks of each word agree with how well they agree under random signs.

    Agreement is measured orthogonal to the original vectors.
    """
    for m in range(len(words)):
        blocks = rows[starts[m] : starts[m + 1]]
        number = len(blocks)
        own = known[m]
        for i in range(number):
            along = np.float32(0)
            for k in range(own.size):
                along += blocks[i, k] * own[k]
            out[m, 1] += along
            add(own, -along, blocks[i])
        _products(blocks, gram)
        agreement = 0.0
        # Without the products of blocks with themselves, which no sign changes.
        for i in range(number):
            for j in range(i):
                agreement += gram[i, j]
        state = _stream(seed, words[m])
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
            if value >= agreement - 1e-6 * abs(agreement):
                reached += 1
        out[m, 0] = reached / draws if reached == enough else (reached + 1) / (draws + 1)


@kernel
def word_statistic(
    words: Ints,  # of each document, each once
    offsets: Ints,  # (N + 1,)
    occurs: Doubles,  # (W,) documents of each word
    sides: Mask,  # (b, N) which documents are new
) -> Doubles:
    """The sum of z⁴ over all words in every division, (b,)."""
    total = sides.shape[1]
    taken = np.zeros(len(occurs))  # new documents with each word
    out = np.zeros(len(sides))
    for b in range(len(sides)):
        taken[:] = 0
        new = 0
        for d in range(total):
            if sides[b, d]:
                new += 1
                for i in range(offsets[d], offsets[d + 1]):
                    taken[words[i]] += 1
        share = new / total
        for word in range(len(occurs)):
            variance = occurs[word] * (1 - occurs[word] / total) * share * (1 - share)
            z2 = (taken[word] - occurs[word] * share) ** 2 / variance
            out[b] += z2 * z2
    return out


class Observed(NamedTuple):
    """Where m words stand, and in which units of chance, on two sides."""

    places: Ints  # (n,), observation by observation
    documents: Ints  # (n,)
    numbers: Ints  # (n,), of the observation among those of its word, rising
    starts: Ints  # (m + 1,), the first place of each word
    sides: Mask  # (o,), which observations are on the second side
    firsts: Ints  # (m + 1,), the first observation of each word


@kernel
def _beside(ids, offsets, places, documents, observation, word, ratio, reach, last, found):
    """Write the words beside each observation of a word, each once; their number after each, (o + 1,).

    V more than a word stands for it right before the place, and 2 V more for it right after. Words that are
    left out take no place.
    """
    types = len(ratio)
    bounds = np.zeros(observation[-1] + 2, np.int64)
    met = 0
    for i in range(len(places)):
        for side, step in enumerate((-1, 1)):
            at = places[i] + step
            seen = 0
            while offsets[documents[i]] <= at < offsets[documents[i] + 1] and seen < reach:
                other = ids[at]
                at += step
                if ratio[other] == 0:
                    continue
                seen += 1
                for nearer in range(2 if seen == 1 else 1):
                    code = other + types * nearer * (side + 1)
                    if other != word and last[code] != observation[i]:
                        last[code] = observation[i]
                        found[met] = code
                        met += 1
        bounds[observation[i] + 1] = met
    return bounds


@kernel
def context_scores(
    ids: Ids,
    offsets: Ints,  # (D + 1,)
    seen: Observed,
    words: Ints,  # (m,)
    ratio: Doubles,  # (V,), how many times as frequent each word is on the second side; 0 leaves it out
    reach: int,  # words on either side that are looked at
    draws: Ints,  # (m,), random divisions; none leave a word as it is
    seed: int,
    out: Doubles,  # (m,)
    begin: int,  # words from here
    end: int,  # to before here are looked at
) -> None:
    """How far the words beside each word differ between its sides, as a normal deviate.

    Words within ``reach``, and those right before and right after, have a z each, by the observations that
    have them: what is left beyond the change that the word has in the text. The score is the logarithm of
    the sum of z⁶, so that the few words that a sense brings are seen among many. It is compared with the
    scores of random divisions, by the mean, variance and skewness of these.
    """
    types = len(ratio)
    last = np.full(3 * types, -1)
    number = np.zeros(3 * types, np.int64)
    for m in range(begin, end):
        every = seen.sides[seen.firsts[m] : seen.firsts[m + 1]]
        total = len(every)
        new = every.sum()
        if draws[m] == 0:
            continue
        mine = slice(seen.starts[m], seen.starts[m + 1])
        found = np.empty((mine.stop - mine.start) * (2 * reach + 2), np.int64)
        bounds = _beside(
            ids,
            offsets,
            seen.places[mine],
            seen.documents[mine],
            seen.numbers[mine],
            words[m],
            ratio,
            reach,
            last,
            found,
        )
        codes = found[: bounds[-1]]
        for code in codes:
            number[code] += 1
            last[code] = -1
        occurs = np.empty(len(codes))
        usual = np.empty(len(codes))
        columns = np.empty(len(codes), np.int64)
        count = 0
        kept = 0
        first = 0
        for row in range(total):
            for code in codes[first : bounds[row + 1]]:
                if FEWEST_BESIDE <= number[code] < total:
                    if last[code] < 0:
                        last[code] = count
                        occurs[count] = number[code]
                        usual[count] = ratio[code % types]
                        count += 1
                    columns[kept] = last[code]
                    kept += 1
            first = bounds[row + 1]
            bounds[row + 1] = kept
        for code in codes:
            number[code] = 0
            last[code] = -1
        if count == 0:
            continue
        smaller = min(new, total - new)
        share = smaller / total
        variance = np.empty(count)  # of the number that random divisions take of each
        for column in range(count):
            apart = 1 - occurs[column] / total
            variance[column] = occurs[column] * apart * share * (1 - share) * total / (total - 1)
        taken = np.zeros(count)
        for row in range(total):
            if every[row]:
                for i in range(bounds[row], bounds[row + 1]):
                    taken[columns[i]] += 1
        reached = 0.0
        for column in range(count):
            # Without a change of the word beside it, or with the one that it has in the text.
            low = high = new * occurs[column] / total
            with_text = usual[column] * new * occurs[column] / (total - new + usual[column] * new)
            low, high = min(low, with_text), max(high, with_text)
            apart = max(taken[column] - high, low - taken[column], 0.0)
            reached += (apart * apart / variance[column]) ** 3
        state = _stream(seed, words[m])
        chosen = np.arange(total)
        moments = np.zeros(3)
        for _ in range(draws[m]):
            taken[:count] = 0
            for i in range(smaller):
                state, step = _draw(state, total - i)
                chosen[i], chosen[i + step] = chosen[i + step], chosen[i]
                for j in range(bounds[chosen[i]], bounds[chosen[i] + 1]):
                    taken[columns[j]] += 1
            score = 0.0
            for column in range(count):
                apart = taken[column] - occurs[column] * share
                score += (apart * apart / variance[column]) ** 3
            score = log(max(score, 1e-9))
            for power in range(3):
                moments[power] += score ** (power + 1)
        mean, variance, skewness = _moments(moments / draws[m])
        out[m] = _deviate(log(max(reached, 1e-9)), mean, variance, skewness)


@kernel
def most_unlike_runs(
    counts: Ints,  # (n, T), observations of each unit by period
    sizes: Ints,  # (T,), of all
    logs: Doubles,  # n log n of every count up to the sum of these
    ratios: Doubles,  # (n,), 0, replaced
    bounds: Ints,  # (2, n), replaced
) -> None:
    """Find the run of periods in which the share of each unit is most unlike that outside.

    Write its log likelihood ratio, its first period, and the one after its last. A run has no period without
    observations, and half of all observations at most: what is longer is outside of another.
    """
    total = sizes.sum()
    for i in range(len(counts)):
        every = counts[i].sum()
        alike = logs[every] + logs[total - every] - logs[total]
        for begin in range(len(sizes)):
            inside = width = 0
            for end in range(begin, len(sizes)):
                inside += counts[i, end]
                width += sizes[end]
                if sizes[end] == 0 or 2 * width > total:
                    break
                outside, rest = every - inside, total - width
                ratio = logs[inside] + logs[width - inside] + logs[outside] + logs[rest - outside]
                ratio -= logs[width] + logs[rest] + alike
                if ratio > ratios[i]:
                    ratios[i] = ratio
                    bounds[0, i], bounds[1, i] = begin, end + 1
