"""Compiled loops over postings and vectors.

Integers are added as integers and floats in a fixed order, so that scores do not depend on threads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Floats, Ids, Int8s, Ints, Rows
from selfvec.base.compiled import kernel
from selfvec.text.kernels import document_frequencies

MOMENTS = (0.9, 0.999)  # decay of the mean gradient and of its square, of Adam
_SCORED = 1 << 14  # texts that `score_postings` scores at a time

U16 = NDArray[np.uint16]
ONCE: U16 = np.ones(1, np.uint16)
_BLOCK = 1 << 12  # vectors that `_dot_products` widens at a time


def invert(ids: Ids, offsets: Ints, types: int, times: U16 = ONCE) -> tuple[Ints, Ids, U16]:
    """Postings of U texts.

    Where those of each type begin, (types + 1,); texts, rising within a type, (N,); occurrences in each, each
    counted ``times`` by the place of the first, the last for all later places, 65,535 at most, (N,).
    """
    starts = np.concatenate(([0], np.cumsum(document_frequencies(ids, offsets, types))))
    units = np.empty(starts[-1], np.int32)
    counts = np.zeros(starts[-1], np.uint16)
    last, each = np.full(types, -1, np.int64), np.zeros(types, np.uint16)
    _write_postings(ids, offsets, times, last, each, starts[:-1].copy(), units, counts)
    return starts, units, counts


@kernel(steps=lambda ids, *_: len(ids))
def _write_postings(
    ids: Ids, offsets: Ints, times: U16, last: Ints, each: U16, end: Ints, units: Ids, counts: U16
) -> None:
    """Write texts and occurrences from the beginnings ``end`` of each type on."""
    for unit in range(len(offsets) - 1):
        for i in range(offsets[unit], offsets[unit + 1]):
            word = ids[i]
            if last[word] != unit:
                last[word] = unit
                each[word] = times[min(i - offsets[unit], len(times) - 1)]
                units[end[word]] = unit
                end[word] += 1
            count = counts[end[word] - 1]
            # The most that uint16 holds; BM25 is saturated long before.
            counts[end[word] - 1] += min(each[word], 65535 - count)


def _dot_products(vectors: Int8s, scales: Floats, query: NDArray[np.int16], scale: float) -> Floats:
    out = np.empty(len(vectors), np.float32)
    whole = query.astype(np.int32)
    for start in range(0, len(vectors), _BLOCK):
        part = slice(start, start + _BLOCK)
        totals = vectors[part].astype(np.int32) @ whole
        out[part] = totals.astype(np.float32) * (scales[part] * np.float32(scale))
    return out


@kernel(instead=_dot_products)
def dot_products(
    vectors: Int8s,  # (n, d)
    scales: Floats,  # (n,)
    query: NDArray[np.int16],  # (d,)
    scale: float,  # of the query
) -> Floats:
    """Products of n vectors with a query, all whole numbers, times the scales of both, (n,)."""
    out = np.empty(len(vectors), np.float32)
    for i in range(len(vectors)):
        total = np.int32(0)
        for k in range(vectors.shape[1]):  # the cast avoids a 64-bit sum, which takes three times as long
            total = np.int32(total + np.int32(vectors[i, k]) * np.int32(query[k]))
        out[i] = np.float32(total) * (scales[i] * np.float32(scale))
    return out


def _add_best_passages(passages: Floats, owners: Ids, share: float, scores: Floats, best: Ids) -> None:
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    highest = np.repeat(np.maximum.reduceat(passages, begins), np.diff(begins, append=len(owners)))
    chosen = np.flatnonzero(passages == highest)[::-1]
    best[owners[chosen]] = chosen  # of equal ones the first is assigned last
    long = owners[begins]
    whole, of_best = scores[long].astype(np.float64), passages[best[long]].astype(np.float64)
    scores[long] = (1 - share) * whole + share * of_best


@kernel(instead=_add_best_passages)
def add_best_passages(
    passages: Floats,  # (P,) their scores
    owners: Ids,  # (P,) the document of each passage, rising
    share: float,  # of the best passage in the score of a document
    scores: Floats,  # (D,) changed for documents that have passages
    best: Ids,  # (D,) written: the best passage of each, the first of equal ones, where -1 was
) -> None:
    """Add to the score of each document that of its best passage."""
    for passage in range(len(owners)):
        long = owners[passage]
        if best[long] < 0 or passages[passage] > passages[best[long]]:
            best[long] = passage
    for passage in range(len(owners)):
        long = owners[passage]
        if best[long] == passage:
            scores[long] = np.float32((1 - share) * scores[long] + share * passages[passage])


@kernel
def _first_from(units: Ids, begin: int, end: int, least: int) -> int:
    """The first place from ``begin`` on whose text is number ``least`` or a later one."""
    while begin < end:
        middle = (begin + end) // 2
        if units[middle] < least:
            begin = middle + 1
        else:
            end = middle
    return begin


def _score_postings(
    units: Ids,
    counts: U16,
    lists: Ints,
    likeness: Floats,
    bounds: Ints,
    weights: Floats,
    saturation: Floats,
    out: Rows,
) -> None:
    out[:] = 0
    for t, weight in enumerate(weights):
        both = np.zeros(out.shape[1], np.float32)
        for i in range(bounds[t], bounds[t + 1] if len(out) == 2 else bounds[t] + 1):
            part = slice(*lists[i])
            count = counts[part].astype(np.float32)
            if i == bounds[t]:
                out[0, units[part]] += weight * count / (count + saturation[units[part]])
            both[units[part]] += likeness[i] * count
        if len(out) == 2:
            out[1] += weight * both / (both + saturation)


@kernel(instead=_score_postings)
def score_postings(
    units: Ids,  # (N,) postings
    counts: U16,  # (N,)
    lists: Ints,  # (L, 2) where the postings of a word, or of one related to it, begin and end
    likeness: Floats,  # (L,) what one occurrence counts: 1 for the word itself
    bounds: Ints,  # (T + 1,) the lists of each of T words of the query; the first is the word's own
    weights: Floats,  # (T,) inverse document frequencies
    saturation: Floats,  # (U,) BM25's k
    out: Rows,  # (2, U) written: by the words, and by these and related words; or the former only, (1, U)
) -> None:
    """Write BM25 of a query for texts: of all its words for a block of texts, and then for the next block.

    The scores of a block stay in the processor's cache.
    """
    with_related = len(out) == 2
    together = np.zeros(_SCORED, np.float32)
    place = np.empty(len(lists), np.int64)  # how far each list was read
    for i in range(len(lists)):
        place[i] = lists[i, 0]
    for start in range(0, out.shape[1], _SCORED):
        end = min(start + _SCORED, out.shape[1])
        k = saturation[start:end]
        words = out[0, start:end]
        related = out[-1, start:end]
        for unit in range(end - start):
            words[unit] = 0
        for unit in range(end - start):
            related[unit] = 0
        for t in range(len(weights)):
            weight = weights[t]
            first = bounds[t]
            for i in range(first, bounds[t + 1] if with_related else first + 1):
                like = likeness[i]
                begin = place[i]
                place[i] = _first_from(units, begin, lists[i, 1], end)
                if i == first:
                    for p in range(begin, place[i]):
                        unit = units[p] - start
                        count = np.float32(counts[p])
                        words[unit] += weight * count / (count + k[unit])
                if with_related:
                    for p in range(begin, place[i]):
                        together[units[p] - start] += like * np.float32(counts[p])
            if with_related:
                for unit in range(end - start):  # all of them: without a branch, the loop is vectorised
                    related[unit] += weight * together[unit] / (together[unit] + k[unit])
                    together[unit] = 0


@kernel
def add_products(
    starts: Ints,  # (V + 1,) of each word in the next two
    documents: Ids,  # rising within a word
    values: Floats,
    out: Floats,  # (D, D) added to, on the diagonal and above
) -> None:
    """Dot products of the rows of a sparse matrix that is stored by column."""
    for word in range(len(starts) - 1):
        end = starts[word + 1]
        for i in range(starts[word], end):
            row = documents[i]
            value = values[i]
            for j in range(i, end):
                out[row, documents[j]] += value * values[j]


@kernel
def change_rows(
    words: Ints,  # (W,) distinct
    starts: Ints,  # (V + 1,) of each word in the next two
    owners: Ids,  # texts that have the word
    occurs: U16,  # its occurrences in each
    weights: Floats,  # (V,)
    gradient: Floats,  # (T, d) by the sums of the texts
    rate: float,
    rows: Floats,  # (V, d) changed
    means: Floats,  # (V, d) changed
    squares: Floats,  # (V, d) changed
) -> None:
    """One step of Adam on the rows of some words."""
    width = rows.shape[1]
    slope = np.empty(width, np.float32)  # the gradient by a row
    keep = np.float32(MOMENTS[0])
    keep_square = np.float32(MOMENTS[1])
    one = np.float32(1)
    for i in range(len(words)):
        word = words[i]
        for k in range(width):
            slope[k] = 0
        for place in range(starts[word], starts[word + 1]):
            text = owners[place]
            times = np.float32(occurs[place])
            for k in range(width):
                slope[k] += times * gradient[text, k]
        weight = weights[word]
        for k in range(width):
            by_row = weight * slope[k]
            means[word, k] = keep * means[word, k] + (one - keep) * by_row
            squares[word, k] = keep_square * squares[word, k] + (one - keep_square) * by_row * by_row
            rows[word, k] -= (
                np.float32(rate) * means[word, k] / (np.sqrt(squares[word, k]) + np.float32(1e-8))
            )
