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
    "counted_types",
    "dot_products",
    "inverted",
    "keep_nearest",
    "mixed",
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
    touched = np.empty(len(words), np.int64)
    for t in range(len(weights)):
        n = 0
        for i in range(bounds[t], bounds[t + 1]):
            for p in range(lists[i, 0], lists[i, 1]):
                unit = units[p]
                if together[unit] == 0:
                    touched[n] = unit
                    n += 1
                together[unit] += likeness[i] * counts[p]
                if i == bounds[t]:
                    words[unit] += weights[t] * counts[p] / (counts[p] + saturation[unit])
        for i in range(n):
            unit = touched[i]
            related[unit] += weights[t] * together[unit] / (together[unit] + saturation[unit])
            together[unit] = 0


@nb.njit(nogil=True, cache=True)
def dot_products(
    rows: NDArray[np.int8], scales: F32, query: NDArray[np.int16], scale: float, out: F32
) -> None:
    """Cosines of (U, d) rows of whole numbers with a query of such, times their scales, into (U,)."""
    for i in range(len(rows)):
        total = np.int32(0)
        for k in range(rows.shape[1]):
            total += np.int32(rows[i, k]) * np.int32(query[k])
        out[i] = np.float32(total) * (scales[i] * np.float32(scale))


@nb.njit(nogil=True, cache=True)
def moments(scores: F32, alive: NDArray[np.bool_]) -> tuple[int, float, float]:
    """How many of the first texts count, the sum of their scores and that of the squares."""
    number, total, squares = 0, 0.0, 0.0
    for i in range(len(alive)):
        if alive[i]:
            value = np.float64(scores[i])
            number += 1
            total += value
            squares += value * value
    return number, total, squares


@nb.njit(nogil=True, cache=True)
def mixed(parts: F32, scales: F32, shifts: F32, out: F32) -> None:
    """Sum of (n, U) parts, each times its scale, less its shift, into (U,)."""
    for i in range(parts.shape[1]):
        total = np.float32(0)
        for k in range(parts.shape[0]):
            total += scales[k] * parts[k, i] - shifts[k]
        out[i] = total


@nb.njit(nogil=True, cache=True)
def whole_and_best(
    scores: F32, owners: NDArray[np.int32], share: float, out: F32, best: NDArray[np.int32]
) -> None:
    """Scores of D documents from those of the whole texts, the first D, and of their passages after them.

    Parameters
    ----------
    scores : (D + P,) float32
    owners : (P,) int32
        The document of each passage.
    share : float
        Of the best passage in the score of a document that has any.
    out : (D,) float32
    best : (D,) int32
        Number of the best passage; -1 where the document has none.
    """
    documents = len(out)
    best[:] = -1
    for p in range(len(owners)):
        d = owners[p]
        if best[d] < 0 or scores[documents + p] > scores[documents + best[d]]:
            best[d] = p
    for d in range(documents):
        out[d] = scores[d]
        if best[d] >= 0:
            out[d] = np.float32((1 - share) * scores[d] + share * scores[documents + best[d]])


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


@nb.njit(nogil=True, cache=True)
def keep_nearest(
    cosines: F32, own: NDArray[np.int64], numbers: NDArray[np.int32], values: F32, least: float
) -> None:
    """The k largest of each row of cosines, (n, P), above a least one: their columns and values, (n, k).

    ``own`` is a column of each row that does not count, -1 for none. Rows of ``numbers`` are filled with -1.
    """
    most = numbers.shape[1]
    for row in range(len(cosines)):
        n = 0
        numbers[row], values[row] = -1, 0
        for column in range(cosines.shape[1]):
            value = cosines[row, column]
            if value <= least or column == own[row] or (n == most and value <= values[row, n - 1]):
                continue
            i = n if n < most else n - 1
            while i > 0 and values[row, i - 1] < value:
                values[row, i], numbers[row, i] = values[row, i - 1], numbers[row, i - 1]
                i -= 1
            values[row, i], numbers[row, i] = value, column
            n = min(n + 1, most)
