"""Compiled loops over postings, vectors and matching words.

Integers are added as integers and floats in a fixed order, so that scores do not depend on threads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Doubles, Floats, Ids, Int8s, Ints, Mask, Rows
from selfvec.base.compiled import allocating_kernel, kernel

__all__ = [
    "best_documents",
    "best_window",
    "combine",
    "dot_products",
    "invert",
    "moments",
    "reorder",
]

U16 = NDArray[np.uint16]
_BLOCK = 1 << 12  # documents whose parts stay in the processor's cache
_SKIPPED = 64  # documents that are skipped together if none is better


def invert(ids: Ids, offsets: Ints, types: int) -> tuple[Ints, Ids, U16]:
    """Postings of U texts.

    Where those of each type begin, (types + 1,); texts, rising within a type, (N,); occurrences in each,
    65,535 at most, (N,).
    """
    starts = np.zeros(types + 1, np.int64)
    _count_texts(ids, offsets, np.full(types, -1, np.int64), starts)
    np.cumsum(starts, out=starts)
    units = np.empty(starts[-1], np.int32)
    counts = np.zeros(starts[-1], np.uint16)
    _write_postings(ids, offsets, np.full(types, -1, np.int64), starts[:-1].copy(), units, counts)
    return starts, units, counts


@kernel
def _count_texts(ids: Ids, offsets: Ints, last: Ints, starts: Ints) -> None:
    """Add the number of texts with each type to the entry after its own; ``last`` is -1 for each type."""
    for unit in range(len(offsets) - 1):
        for i in range(offsets[unit], offsets[unit + 1]):
            if last[ids[i]] != unit:
                last[ids[i]] = unit
                starts[ids[i] + 1] += 1


@kernel
def _write_postings(ids: Ids, offsets: Ints, last: Ints, end: Ints, units: Ids, counts: U16) -> None:
    """Write texts and occurrences from the beginnings ``end`` of each type on."""
    for unit in range(len(offsets) - 1):
        for i in range(offsets[unit], offsets[unit + 1]):
            word = ids[i]
            if last[word] != unit:
                last[word] = unit
                units[end[word]] = unit
                end[word] += 1
            if counts[end[word] - 1] < 65535:
                counts[end[word] - 1] += np.uint16(1)


@allocating_kernel
def reorder(rows: Int8s, order: Ids) -> None:
    """Permute (U, d) rows in place, so that row i becomes the one that was row ``order[i]``."""
    done = np.zeros(len(order), np.bool_)
    for first in range(len(order)):
        if done[first]:
            continue
        moved = rows[first].copy()
        i = first
        while order[i] != first:
            rows[i] = rows[order[i]]
            done[i] = True
            i = order[i]
        rows[i] = moved
        done[i] = True


@allocating_kernel
def dot_products(
    vectors: Int8s,  # (U, d)
    scales: Floats,  # (U,)
    rows: Ids,  # (n,) some of the vectors
    query: NDArray[np.int16],  # (d,)
    scale: float,  # of the query
) -> Floats:
    """Products of n vectors with a query, all whole numbers, times the scales of both, (n,)."""
    out = np.empty(len(rows), np.float32)
    for i in range(len(rows)):
        row = rows[i]
        total = np.int32(0)
        for k in range(vectors.shape[1]):  # the cast avoids a 64-bit sum, which takes three times as long
            total = np.int32(total + np.int32(vectors[row, k]) * np.int32(query[k]))
        out[i] = np.float32(total) * (scales[row] * np.float32(scale))
    return out


def moments(scores: Rows) -> tuple[float, float]:
    """The sum of scores and the sum of their squares."""
    return _moments(scores, np.zeros((2, 8)))


@kernel
def _moments(scores: Rows, sums: Doubles) -> tuple[float, float]:
    """Eight sums at a time, always the same ones, in the two rows of ``sums``."""
    whole = len(scores) // 8 * 8
    for start in range(0, whole, 8):
        for lane in range(8):
            value = np.float64(scores[start + lane])
            sums[0, lane] += value
            sums[1, lane] += value * value
    for i in range(whole, len(scores)):
        value = np.float64(scores[i])
        sums[0, 0] += value
        sums[1, 0] += value * value
    total = 0.0
    squares = 0.0
    for lane in range(8):
        total += sums[0, lane]
        squares += sums[1, lane]
    return total, squares


def combine(
    parts: Rows,  # (3, U) words, related words, dense
    shares: Rows,  # (3,) a part with a share of 0 does not count as found
    scales: Rows,  # (3,) a unit scores the sum of scale · part - shift
    shifts: Rows,  # (3,)
    owners: Ids,  # (P,) the document of each passage
    passage_share: float,  # of the best passage in the score of a document that has passages
    scores: Floats,  # (D,) written
    found: Mask,  # (D,) written: whether a part is not 0
    best: Ids,  # (D,) written: the best passage; -1 for documents without passages was there
) -> None:
    """Scores of D documents from the parts of U units, which are the documents and then P passages."""
    values = np.empty(len(owners), np.float32)
    _combine(parts, shares, scales, shifts, owners, passage_share, scores, found, best, values)


@kernel
def _combine(
    parts: Rows,
    shares: Rows,
    scales: Rows,
    shifts: Rows,
    owners: Ids,
    passage_share: float,
    scores: Floats,
    found: Mask,
    best: Ids,
    values: Floats,  # (P,) written: the score of each passage
) -> None:
    documents = len(scores)
    a = scales[0]
    b = scales[1]
    c = scales[2]
    shift = np.float32(shifts[0] + shifts[1] + shifts[2])
    first = shares[0] != 0
    second = shares[1] != 0
    third = shares[2] != 0
    for start in range(0, documents, _BLOCK):
        end = min(start + _BLOCK, documents)
        words = parts[0, start:end]
        related = parts[1, start:end]
        dense = parts[2, start:end]
        sums = scores[start:end]
        any_part = found[start:end]
        for d in range(end - start):  # without branches, both loops are vectorised
            sums[d] = a * words[d] + b * related[d] + c * dense[d] - shift
        for d in range(end - start):
            any_part[d] = (first & (words[d] != 0)) | (second & (related[d] != 0)) | (third & (dense[d] != 0))
    for d in owners:
        best[d] = -1
    for p in range(len(owners)):
        u = documents + p
        d = owners[p]
        values[p] = a * parts[0, u] + b * parts[1, u] + c * parts[2, u] - shift
        if best[d] < 0 or values[p] > values[best[d]]:
            best[d] = p
    for p in range(len(owners)):
        d = owners[p]
        if best[d] == p:
            scores[d] = np.float32((1 - passage_share) * scores[d] + passage_share * values[p])


@allocating_kernel
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


def best_documents(scores: Rows, allowed: Mask, most: int) -> Ints:
    """The documents with the highest scores among those allowed, best first, ties by number."""
    found = np.empty(most, np.int64)
    return found[: _best_documents(scores, allowed, found, np.full(most, -np.inf, np.float32))]


@kernel
def _best_documents(scores: Rows, allowed: Mask, found: Ints, values: Floats) -> int:
    """Write the best documents, as many as there is room for, and their scores; return their number."""
    most = len(found)
    n = 0
    for start in range(0, len(scores), _SKIPPED):
        near = scores[start : start + _SKIPPED]
        least = values[most - 1]
        better = n < most
        for i in range(len(near)):  # without a branch, the loop is vectorised
            better |= near[i] > least
        if not better:
            continue
        for d in range(start, start + len(near)):
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
    return n


@allocating_kernel
def documents_from(scores: Floats, least: float) -> Ids:
    """The documents that score ``least`` or more."""
    found = np.empty(_SKIPPED, np.int32)
    n = 0
    for start in range(0, len(scores), _SKIPPED):
        near = scores[start : start + _SKIPPED]
        enough = False
        for i in range(len(near)):  # without a branch, the loop is vectorised
            enough |= near[i] >= least
        if not enough:
            continue
        if n + len(near) > len(found):
            found = np.concatenate((found, np.empty_like(found)))
        for i in range(len(near)):
            if near[i] >= least:
                found[n] = start + i
                n += 1
    return found[:n]
