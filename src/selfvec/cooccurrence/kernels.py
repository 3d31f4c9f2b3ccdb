"""Loops over the windows of a text and over the rows of sparse matrices.

Co-occurrences are counted one row of the matrix at a time. The totals of a row are in a dense array, (V,),
which stays in the second-level cache, so that adding a pair takes one load and one store, without hashing.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Array, Doubles, Floats, Ids, Ints, Mask, Rows
from selfvec.base.compiled import kernel

REBUILD = 1024  # positions after which a sum that is kept up to date is summed anew


_LEFT = 32  # bits by which the left extent of a window is shifted
_RIGHT = (1 << _LEFT) - 1


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
def count_rows(
    ids: Ids,  # (N,)
    windows: Ints,  # (n, 2), from `index_positions`
    bounds: Ints,  # (R + 1,): the r-th word's entries are windows[bounds[r]:bounds[r + 1]]
    weights: Ints,  # (half + 1,): weight of a neighbour at distance δ; weights[0] is not used
    totals: Ints,  # (V,): work space, all zeros before and after
    indices: Ids,  # (n,): receives the columns of the rows, one row after the other, rising
    data: Ints,  # (n,): receives the counts
    lengths: Ints,  # (R,): receives the number of entries of each row
) -> None:
    """Count the neighbours of R words; `reference.count_reference` is the readable form."""
    begin = 0
    for row in range(lengths.size):
        end = begin
        for entry in range(bounds[row], bounds[row + 1]):
            i = windows[entry, 0]
            left, right = windows[entry, 1] >> _LEFT, windows[entry, 1] & _RIGHT
            for k in range(i - left, i + right + 1):
                if k != i:
                    if not totals[ids[k]]:
                        indices[end] = ids[k]
                        end += 1
                    totals[ids[k]] += weights[abs(k - i)]
        indices[begin:end].sort()
        for k in range(begin, end):
            data[k] = totals[indices[k]]
            totals[indices[k]] = 0
        lengths[row] = end - begin
        begin = end


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
    table: Rows,  # (V + 1, 2 · d): rows, and right of each its sum; the last is zero, for clipped windows
    before: int,  # neighbours on the left
    after: int,  # neighbours on the right
) -> None:
    """Add to the sum of w, for every position of word w, the rows of its neighbours and its own row.

    Its own row is left in the sum because two loops over the columns become one; the caller subtracts it. A
    row and its sum stand next to each other because most time goes into fetching them: the row is read a few
    tokens before the sum is written.
    """
    nothing = len(table) - 1
    total = np.empty(table.shape[1] // 2, np.float32)
    for document in range(offsets.size - 1):
        lo, hi = offsets[document], offsets[document + 1]
        for start in range(lo, hi, REBUILD):  # rounding errors of the running sum do not grow further
            for j in range(total.size):
                total[j] = 0
            for p in range(max(lo, start - before), min(hi, start + after + 1)):
                row = table[ids[p]]
                for j in range(total.size):
                    total[j] += row[j]
            for i in range(start, min(hi, start + REBUILD)):
                own = table[ids[i]][total.size :]
                entering = table[ids[i + after + 1] if i + after + 1 < hi else nothing]
                leaving = table[ids[i - before] if i - before >= lo else nothing]
                for j in range(total.size):
                    own[j] += total[j]
                    total[j] += entering[j] - leaving[j]


@kernel
def add_neighbours_of(
    words: Mask,  # (V,)
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    table: Rows,  # (V + 1, 2 · d)
    before: int,
    after: int,
) -> None:
    """As `add_neighbours`, but only at positions of some words."""
    width = table.shape[1] // 2
    for document in range(offsets.size - 1):
        lo, hi = offsets[document], offsets[document + 1]
        for i in range(lo, hi):
            if words[ids[i]]:
                own = table[ids[i]][width:]
                for p in range(max(lo, i - before), min(hi, i + after + 1)):
                    row = table[ids[p]]
                    for j in range(width):
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
