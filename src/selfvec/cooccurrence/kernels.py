"""Loops over the windows of a text and over the rows of sparse matrices.

Co-occurrences are counted one row of the matrix at a time. The totals of a row are in a dense array, (V,),
which stays in the second-level cache. So adding a pair takes one load and one store, without hashing or
sorting. Bits mark the changed totals (one per word, and one per 64 of these), so writing and clearing a row
takes time in proportion to its entries.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from selfvec.base.arrays import Array, Doubles, Floats, Hashes, Ids, Ints, Mask, Rows
from selfvec.base.compiled import kernel

__all__ = [
    "REBUILD",
    "add_neighbours",
    "add_neighbours_of",
    "add_rows",
    "count_pairs",
    "count_rows",
    "index_positions",
    "is_valid",
    "multiply_rows",
    "row_sums",
    "stage_rows",
]

REBUILD = 1024  # positions after which a sum that is kept up to date is summed anew


_LEFT = 32  # bits by which the left extent of a window is shifted
_RIGHT = (1 << _LEFT) - 1
_ONE = np.uint64(1)
_LOW = np.uint64(63)
_TOP = np.uint64(58)
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)  # its 64 shifts begin with 64 different patterns of 6 bits
_PLACES = np.zeros(64, np.int64)  # such a pattern -> which shift it was
for _shift in range(64):
    _PLACES[((0x03F79D71B4CB0A89 << _shift) & (2**64 - 1)) >> 58] = _shift


@kernel
def index_positions(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    half: int,  # neighbours on each side
    first: int,
    last: int,
    next_entry: Ints,  # (last - first,): the begin of each word's entries; on return, their end
    windows: Ints,  # (n, 2): receives each position and its extents, left · 2**32 + right
) -> None:
    """List the positions of the words ``first`` to ``last - 1``, by word, with the extents of their windows.

    Extents are shorter at the ends of a document.
    """
    for document in range(offsets.size - 1):
        start, stop = offsets[document], offsets[document + 1]
        for i in range(start, stop):
            word = ids[i] - first
            if 0 <= word < last - first:
                entry = next_entry[word]
                next_entry[word] = entry + 1
                windows[entry, 0] = i
                windows[entry, 1] = min(half, i - start) << _LEFT | min(half, stop - 1 - i)


@kernel
def _add(word: Any, amount: Any, totals: Ints, marks: Hashes, summary: Hashes) -> None:
    """Add to a word's total and mark it. It is faster to mark always than to mispredict a branch."""
    place = word >> 6
    totals[word] += amount
    marks[place] |= _ONE << (np.uint64(word) & _LOW)
    summary[place >> 6] |= _ONE << (np.uint64(place) & _LOW)


@kernel
def _lowest(bits: Any) -> Any:
    """Index of the lowest bit that is set."""
    return _PLACES[((bits & (~bits + _ONE)) * _DE_BRUIJN) >> _TOP]


@kernel
def _write_row(totals: Ints, marks: Hashes, summary: Hashes, indices: Ids, data: Ints, at: int) -> int:
    """Write the marked totals from ``at`` on, in order of their words, and clear them; return the end."""
    for block in range(summary.size):
        places = summary[block]
        summary[block] = 0
        while places:
            place = block * 64 + _lowest(places)
            places &= places - _ONE
            words = marks[place]
            marks[place] = 0
            while words:
                word = place * 64 + _lowest(words)
                words &= words - _ONE
                indices[at] = word
                data[at] = totals[word]
                totals[word] = 0
                at += 1
    return at


@kernel
def count_rows(
    ids: Ids,  # (N,)
    windows: Ints,  # (n, 2), from `index_positions`
    bounds: Ints,  # (R + 1,): the r-th word's entries are windows[bounds[r]:bounds[r + 1]]
    weights: Ints,  # (half + 1,): weight of a neighbour at distance δ; weights[0] is not used
    totals: Ints,  # (V,): work space, as are the next two; all zeros before and after
    marks: Hashes,  # (ceil(V / 64),)
    summary: Hashes,  # (ceil(V / 4096),)
    indices: Ids,  # (n,): receives the columns of the rows, one row after the other, rising
    data: Ints,  # (n,): receives the counts
    lengths: Ints,  # (R,): receives the number of entries of each row
) -> None:
    """Count the neighbours of R words; `reference.count_reference` is the readable form."""
    at = 0
    for row in range(lengths.size):
        for entry in range(bounds[row], bounds[row + 1]):
            i = windows[entry, 0]
            left, right = windows[entry, 1] >> _LEFT, windows[entry, 1] & _RIGHT
            for distance in range(1, left + 1):
                _add(ids[i - distance], weights[distance], totals, marks, summary)
            for distance in range(1, right + 1):
                _add(ids[i + distance], weights[distance], totals, marks, summary)
        end = _write_row(totals, marks, summary, indices, data, at)
        lengths[row] = end - at
        at = end


@kernel
def stage_rows(
    rows: Ints,  # (R,): rows of this matrix; -1 for a word that it does not have
    columns: Ids,  # (V',): numbers of its columns in the new vocabulary
    indptr: Ints,  # (V' + 1,)
    indices: Ids,  # (n,)
    data: Ints,  # (n,)
    next_entry: Ints,  # (R,): where each row's entries go; on return, where they end
    staged_indices: Ids,  # (m,): receives the columns
    staged_data: Ints,  # (m,): receives the counts
) -> None:
    """Copy rows of one matrix next to the rows of the same words from other matrices."""
    for r in range(rows.size):
        if rows[r] < 0:
            continue
        at = next_entry[r]
        for k in range(indptr[rows[r]], indptr[rows[r] + 1]):
            staged_indices[at] = columns[indices[k]]
            staged_data[at] = data[k]
            at += 1
        next_entry[r] = at


@kernel
def add_rows(
    bounds: Ints,  # (R + 1,)
    staged_indices: Ids,  # (m,)
    staged_data: Ints,  # (m,)
    totals: Ints,
    marks: Hashes,
    summary: Hashes,
    indices: Ids,
    data: Ints,
    lengths: Ints,
) -> None:
    """Add up the rows that `stage_rows` brought together; the other arrays are as in `count_rows`."""
    at = 0
    for row in range(lengths.size):
        for k in range(bounds[row], bounds[row + 1]):
            _add(staged_indices[k], staged_data[k], totals, marks, summary)
        end = _write_row(totals, marks, summary, indices, data, at)
        lengths[row] = end - at
        at = end


@kernel
def is_valid(indptr: Ints, indices: Ids, data: Ints) -> bool:
    """Whether row bounds are in order, columns exist and rise within each row, and counts are at least 1.

    The bounds are checked first, so damaged arrays cannot cause a read outside of them.
    """
    if indptr[0] != 0 or indptr[-1] != indices.size or data.size != indices.size:
        return False
    for row in range(indptr.size - 1):
        if indptr[row + 1] < indptr[row] or indptr[row + 1] > indices.size:
            return False
    for row in range(indptr.size - 1):
        before = -1
        for k in range(indptr[row], indptr[row + 1]):
            if indices[k] <= before or indices[k] >= indptr.size - 1 or data[k] < 1:
                return False
            before = indices[k]
    return True


def row_sums(indptr: Ints, data: Ints) -> Ints:
    """Sum of each row, (V,) int64."""
    sums = np.zeros(indptr.size - 1, np.int64)
    _row_sums(indptr, data, sums)
    return sums


@kernel
def _row_sums(indptr: Ints, data: Ints, sums: Ints) -> None:
    for row in range(sums.size):
        for k in range(indptr[row], indptr[row + 1]):
            sums[row] += data[k]


@kernel
def count_pairs(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    half: int,  # neighbours on each side, within the document
    rows: Ids,  # (V,): row of each word in `out`; -1 for words without a row
    columns: Ids,  # (V,): the same for columns
    out: Ints,  # (n, m)
) -> None:
    """Count how often some words occur near others, adding to ``out``."""
    for document in range(offsets.size - 1):
        first, last = offsets[document], offsets[document + 1]
        for i in range(first, last):
            row = rows[ids[i]]
            if row < 0:
                continue
            for j in range(max(first, i - half), min(last, i + half + 1)):
                if j != i and columns[ids[j]] >= 0:
                    out[row, columns[ids[j]]] += 1


@kernel
def add_neighbours(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,); windows do not cross documents
    rows: Rows,  # (V + 1, d); the last row is zero, for where a window is clipped
    result: Rows,  # (V, d)
    before: int,  # neighbours on the left
    after: int,  # neighbours on the right
) -> None:
    """Add to ``result[w]``, for every position of word w, the rows of its neighbours and its own row.

    Its own row is left in the sum because two loops over the columns become one; the caller subtracts it.
    """
    nothing = len(rows) - 1
    total = np.empty(rows.shape[1], np.float32)
    for document in range(offsets.size - 1):
        lo, hi = offsets[document], offsets[document + 1]
        for start in range(lo, hi, REBUILD):  # rounding errors of the running sum do not grow further
            for j in range(total.size):
                total[j] = 0
            for p in range(max(lo, start - before), min(hi, start + after + 1)):
                row = rows[ids[p]]
                for j in range(total.size):
                    total[j] += row[j]
            for i in range(start, min(hi, start + REBUILD)):
                own = result[ids[i]]
                entering = rows[ids[i + after + 1] if i + after + 1 < hi else nothing]
                leaving = rows[ids[i - before] if i - before >= lo else nothing]
                for j in range(total.size):
                    own[j] += total[j]
                    total[j] += entering[j] - leaving[j]


@kernel
def add_neighbours_of(
    words: Mask,  # (V,)
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    rows: Rows,  # (V + 1, d)
    result: Rows,  # (V, d)
    before: int,
    after: int,
) -> None:
    """As `add_neighbours`, but only at positions of some words."""
    for document in range(offsets.size - 1):
        lo, hi = offsets[document], offsets[document + 1]
        for i in range(lo, hi):
            if words[ids[i]]:
                own = result[ids[i]]
                for p in range(max(lo, i - before), min(hi, i + after + 1)):
                    row = rows[ids[p]]
                    for j in range(own.size):
                        own[j] += row[j]


@kernel
def multiply_rows(
    indptr: Ints,  # (n + 1,)
    indices: Ids,  # (e,)
    values: Array,  # (e,)
    rows: Floats,  # (m, d)
    first: int,
    last: int,
    sums: Doubles,  # (d,), working memory
    out: Floats,  # (n, d), written
) -> None:
    """Rows ``first`` to ``last - 1`` of the product, each summed in float64, in a fixed order."""
    for row in range(first, last):
        for j in range(sums.size):
            sums[j] = 0
        for k in range(indptr[row], indptr[row + 1]):
            value = np.float32(values[k])
            other = rows[indices[k]]
            for j in range(sums.size):
                sums[j] += np.float64(value * other[j])
        for j in range(sums.size):
            out[row, j] = sums[j]
