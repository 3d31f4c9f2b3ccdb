"""The loops over postings and passages, compiled.

Integers are added as integers and floats in one order, so that the same index gives the same scores whatever
lies beside it.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "add_terms",
    "best_documents",
    "best_window",
    "counted_types",
    "dot_products",
    "inverted",
    "moments",
    "whole_and_best",
]

F32 = NDArray[np.float32]


@nb.njit(nogil=True, cache=True)
def counted_types(
    ids: NDArray[np.int32], offsets: NDArray[np.int64], types: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Every text as its distinct types, in order of first appearance, with their counts.

    Returns
    -------
    bounds : (U + 1,) int64
    types : (M,) int32
    counts : (M,) int32
    """
    place = np.full(types, -1, np.int64)
    out = np.empty(len(ids), np.int32)
    counts = np.empty(len(ids), np.int32)
    bounds = np.zeros(len(offsets), np.int64)
    n = 0
    for unit in range(len(offsets) - 1):
        first = n
        for i in range(offsets[unit], offsets[unit + 1]):
            word = ids[i]
            if place[word] < first:
                place[word] = n
                out[n], counts[n] = word, 1
                n += 1
            else:
                counts[place[word]] += 1
        bounds[unit + 1] = n
    return bounds, out[:n].copy(), counts[:n].copy()


@nb.njit(nogil=True, cache=True)
def inverted(
    bounds: NDArray[np.int64], places: NDArray[np.int32], counts: NDArray[np.int32], types: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Postings of texts by type: where each type's begin, (types + 1,), the texts, rising, and the counts."""
    starts = np.zeros(types + 1, np.int64)
    for word in places:
        starts[word + 1] += 1
    for i in range(types):
        starts[i + 1] += starts[i]
    at = starts[:-1].copy()
    units, out = np.empty(len(places), np.int32), np.empty(len(places), np.int32)
    for unit in range(len(bounds) - 1):
        for i in range(bounds[unit], bounds[unit + 1]):
            word = places[i]
            units[at[word]], out[at[word]] = unit, counts[i]
            at[word] += 1
    return starts, units, out


@nb.njit(nogil=True, cache=True)
def add_terms(
    units: NDArray[np.int32],
    counts: NDArray[np.int32],
    lists: NDArray[np.int64],
    likeness: F32,
    bounds: NDArray[np.int64],
    weights: F32,
    saturation: F32,
    words: F32,
    related: F32,
) -> None:
    """Add what a question's words give to the texts of a segment.

    Parameters
    ----------
    units, counts : (P,)
        Postings of the segment.
    lists : (L, 2) int64
        Where the postings of a word, or of one related to it, begin and end.
    likeness : (L,) float32
        What one occurrence counts: 1 for the word itself.
    bounds : (T + 1,) int64
        The lists of each of T words of the question; the first is the word's own.
    weights : (T,) float32
    saturation : (U,) float32
        The count at which a word gives half of its weight, by the text's length.
    words, related : (U,) float32
        Scores, added to: from the word itself, and from all of its lists as if they were one word.
    """
    together = np.zeros(len(words), np.float32)
    for t in range(len(weights)):
        weight = weights[t]
        for i in range(bounds[t], bounds[t + 1]):
            like = likeness[i]
            for p in range(lists[i, 0], lists[i, 1]):
                together[units[p]] += like * np.float32(counts[p])
        first = bounds[t]
        for p in range(lists[first, 0], lists[first, 1]):
            unit, count = units[p], np.float32(counts[p])
            words[unit] += weight * count / (count + saturation[unit])
        for unit in range(len(words)):  # all of them: no branch, and many at a time
            related[unit] += weight * together[unit] / (together[unit] + saturation[unit])
            together[unit] = 0


@nb.njit(nogil=True, cache=True)
def dot_products(
    rows: NDArray[np.int8], scales: F32, query: NDArray[np.int16], scale: float, out: F32
) -> None:
    """Cosines of (U, d) rows of whole numbers with a query of such, times their scales, into (U,)."""
    for i in range(len(rows)):
        total = np.int32(0)
        for k in range(rows.shape[1]):  # cast back, or it becomes a sum of 64 bits at a third of the speed
            total = np.int32(total + np.int32(rows[i, k]) * np.int32(query[k]))
        out[i] = np.float32(total) * (scales[i] * np.float32(scale))


@nb.njit(nogil=True, cache=True)
def moments(scores: F32, alive: NDArray[np.bool_]) -> tuple[int, float, float]:
    """How many of the first texts count, the sum of their scores and that of the squares."""
    number = 0
    total, squares = np.zeros(8), np.zeros(8)  # eight sums at a time, always the same ones
    whole = len(alive) // 8 * 8
    for start in range(0, whole, 8):
        for lane in range(8):
            there = alive[start + lane]
            value = np.float64(scores[start + lane]) * there
            number += there
            total[lane] += value
            squares[lane] += value * value
    for i in range(whole, len(alive)):
        value = np.float64(scores[i]) * alive[i]
        number += alive[i]
        total[0] += value
        squares[0] += value * value
    return number, total.sum(), squares.sum()


@nb.njit(nogil=True, cache=True)
def whole_and_best(
    parts: F32,
    shares: F32,
    scales: F32,
    shifts: F32,
    owners: NDArray[np.int32],
    share: float,
    alive: NDArray[np.bool_],
    out: F32,
    best: NDArray[np.int32],
    found: NDArray[np.bool_],
) -> None:
    """Scores of D documents from the parts of the whole texts, the first D, and of their passages after them.

    Parameters
    ----------
    parts : (3, D + P) float32
        From words, from related words, from meaning.
    shares : (3,) float32
        Parts of no share find nothing, whatever they hold.
    scales, shifts : (3,) float32
        A unit scores the sum of ``scale · part - shift``.
    owners : (P,) int32
        The document of each passage.
    share : float
        Of the best passage in the score of a document that has any.
    alive : (D,) bool
    out : (D,) float32
    best : (D,) int32
        Number of the best passage; -1 where the document has none.
    found : (D,) bool
        Documents that are alive and have a part that has a share and is not 0.
    """
    documents = len(out)
    words, related, meaning = parts[0], parts[1], parts[2]
    a, b, c = scales[0], scales[1], scales[2]
    shift = np.float32(shifts[0] + shifts[1] + shifts[2])
    for d in range(documents):
        out[d] = a * words[d] + b * related[d] + c * meaning[d] - shift
    first, second, third = shares[0] != 0, shares[1] != 0, shares[2] != 0
    for d in range(documents):
        met = (first and words[d] != 0) or (second and related[d] != 0) or (third and meaning[d] != 0)
        found[d] = met and alive[d]
    best[:] = -1
    values = np.empty(len(owners), np.float32)
    for p in range(len(owners)):
        u, d = documents + p, owners[p]
        values[p] = a * words[u] + b * related[u] + c * meaning[u] - shift
        if best[d] < 0 or values[p] > values[best[d]]:
            best[d] = p
    for p in range(len(owners)):
        d = owners[p]
        if best[d] == p:
            out[d] = np.float32((1 - share) * out[d] + share * values[p])


@nb.njit(nogil=True, cache=True)
def best_window(
    places: NDArray[np.int64], groups: NDArray[np.int64], worths: NDArray[np.float64], number: int, width: int
) -> int:
    """The word at which a stretch of ``width`` words begins that says most.

    Parameters
    ----------
    places : (M,) int64
        Words of a passage that meet words of a question, rising.
    groups : (M,) int64
        Which of ``number`` words of the question each meets.
    worths : (M,) float64
        Every group counts its largest worth once, all that is more a tenth.

    Returns
    -------
    int
        The first of the words that meet, in the best stretch.
    """
    largest, sums = np.zeros(number), np.zeros(number)
    for i in range(len(places)):
        largest[groups[i]] = max(largest[groups[i]], worths[i])
    best, most, last = 0, -1.0, 0
    for first in range(len(places)):
        while last < len(places) and places[last] < places[first] + width:
            sums[groups[last]] += worths[last]
            last += 1
        said = 0.0
        for t in range(number):
            said += min(sums[t], largest[t]) + 0.1 * sums[t]
        if said > most * (1 + 1e-9):
            best, most = first, said
        sums[groups[first]] -= worths[first]
    return best


@nb.njit(nogil=True, cache=True)
def best_documents(scores: F32, allowed: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """Numbers of the documents with the highest scores, best first, ties by number; only allowed ones."""
    found = np.empty(most, np.int64)
    values = np.empty(most, np.float32)
    n = 0
    for d in range(len(scores)):
        if not allowed[d] or (n == most and scores[d] <= values[n - 1]):
            continue
        i = n if n < most else n - 1
        while i > 0 and values[i - 1] < scores[d]:
            values[i], found[i] = values[i - 1], found[i - 1]
            i -= 1
        values[i], found[i] = scores[d], d
        n = min(n + 1, most)
    return found[:n]
