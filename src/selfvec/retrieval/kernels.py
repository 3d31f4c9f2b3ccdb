"""Compiled loops over postings, vectors and matching words.

Integers are added as integers and floats in a fixed order, so that scores do not depend on threads.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Doubles, Ids, Ints, Mask, Rows

__all__ = ["best_documents", "best_window", "combine", "dot_products", "invert", "moments"]

U16 = NDArray[np.uint16]


@nb.njit(nogil=True, cache=True)
def invert(ids: Ids, offsets: Ints, types: int) -> tuple[Ints, Ids, U16]:
    """Postings of U texts.

    Where those of each type begin, (types + 1,); texts, rising within a type, (N,); occurrences in each,
    65,535 at most, (N,).
    """
    last = np.full(types, -1, np.int64)
    starts = np.zeros(types + 1, np.int64)
    for unit in range(len(offsets) - 1):
        for i in range(offsets[unit], offsets[unit + 1]):
            if last[ids[i]] != unit:
                last[ids[i]] = unit
                starts[ids[i] + 1] += 1
    for word in range(types):
        starts[word + 1] += starts[word]
    units = np.empty(starts[-1], np.int32)
    counts = np.zeros(starts[-1], np.uint16)
    end = starts[:-1].copy()
    last[:] = -1
    for unit in range(len(offsets) - 1):
        for i in range(offsets[unit], offsets[unit + 1]):
            word = ids[i]
            if last[word] != unit:
                last[word] = unit
                units[end[word]] = unit
                end[word] += 1
            if counts[end[word] - 1] < 65535:
                counts[end[word] - 1] += np.uint16(1)
    return starts, units, counts


@nb.njit(nogil=True, cache=True)
def dot_products(
    rows: NDArray[np.int8], scales: Rows, query: NDArray[np.int16], scale: float, out: Rows
) -> None:
    """Products of (U, d) rows with a query, all whole numbers, times the rows' scales, into (U,)."""
    for i in range(len(rows)):
        total = np.int32(0)
        for k in range(rows.shape[1]):  # the cast avoids a 64-bit sum, which takes three times as long
            total = np.int32(total + np.int32(rows[i, k]) * np.int32(query[k]))
        out[i] = np.float32(total) * (scales[i] * np.float32(scale))


@nb.njit(nogil=True, cache=True)
def moments(scores: Rows) -> tuple[float, float]:
    """The sum of scores and the sum of their squares."""
    total = np.zeros(8)  # eight sums at a time, always the same ones
    squares = np.zeros(8)
    whole = len(scores) // 8 * 8
    for start in range(0, whole, 8):
        for lane in range(8):
            value = np.float64(scores[start + lane])
            total[lane] += value
            squares[lane] += value * value
    for i in range(whole, len(scores)):
        value = np.float64(scores[i])
        total[0] += value
        squares[0] += value * value
    return total.sum(), squares.sum()


@nb.njit(nogil=True, cache=True)
def combine(
    parts: Rows,  # (3, U) words, related words, dense
    shares: Rows,  # (3,) a part with a share of 0 does not count as found
    scales: Rows,  # (3,) a unit scores the sum of scale · part - shift
    shifts: Rows,  # (3,)
    owners: Ids,  # (P,) the document of each passage
    passage_share: float,  # of the best passage in the score of a document that has passages
    documents: int,
) -> tuple[Rows, Mask, Ids]:
    """Scores of D documents from the parts of U units, which are the documents and then P passages.

    (D,) each: the score; whether a part is not 0; the best passage, -1 for documents without passages.
    """
    words = parts[0]
    related = parts[1]
    dense = parts[2]
    a = scales[0]
    b = scales[1]
    c = scales[2]
    shift = np.float32(shifts[0] + shifts[1] + shifts[2])
    scores = np.empty(documents, np.float32)
    found = np.empty(documents, np.bool_)
    for d in range(documents):
        scores[d] = a * words[d] + b * related[d] + c * dense[d] - shift
    first = shares[0] != 0
    second = shares[1] != 0
    third = shares[2] != 0
    for d in range(documents):
        found[d] = (first and words[d] != 0) or (second and related[d] != 0) or (third and dense[d] != 0)
    best = np.full(documents, -1, np.int32)
    values = np.empty(len(owners), np.float32)
    for p in range(len(owners)):
        u = documents + p
        d = owners[p]
        values[p] = a * words[u] + b * related[u] + c * dense[u] - shift
        if best[d] < 0 or values[p] > values[best[d]]:
            best[d] = p
    for p in range(len(owners)):
        d = owners[p]
        if best[d] == p:
            scores[d] = np.float32((1 - passage_share) * scores[d] + passage_share * values[p])
    return scores, found, best


@nb.njit(nogil=True, cache=True)
def best_window(
    places: Ints,  # (M,) words of a passage that match words of a query, rising
    groups: Ints,  # (M,) which word of the query each one matches
    worths: Doubles,  # (M,) the largest of each group counts once, further ones a tenth
    number: int,  # words of the query
    width: int,
) -> int:
    """The first matching word of the stretch of ``width`` words that matches a query best."""
    largest = np.zeros(number)
    sums = np.zeros(number)
    for i in range(len(places)):
        largest[groups[i]] = max(largest[groups[i]], worths[i])
    best = 0
    most = -1.0
    last = 0
    for first in range(len(places)):
        while last < len(places) and places[last] < places[first] + width:
            sums[groups[last]] += worths[last]
            last += 1
        worth = 0.0
        for t in range(number):
            worth += min(sums[t], largest[t]) + 0.1 * sums[t]
        if worth > most * (1 + 1e-9):
            best = first
            most = worth
        sums[groups[first]] -= worths[first]
    return best


@nb.njit(nogil=True, cache=True)
def best_documents(scores: Rows, allowed: Mask, most: int) -> Ints:
    """The documents with the highest scores among those allowed, best first, ties by number."""
    found = np.empty(most, np.int64)
    values = np.empty(most, np.float32)
    n = 0
    for d in range(len(scores)):
        if not allowed[d] or (n == most and scores[d] <= values[n - 1]):
            continue
        i = n if n < most else n - 1
        while i > 0 and values[i - 1] < scores[d]:
            values[i] = values[i - 1]
            found[i] = found[i - 1]
            i -= 1
        values[i] = scores[d]
        found[i] = d
        n = min(n + 1, most)
    return found[:n]
