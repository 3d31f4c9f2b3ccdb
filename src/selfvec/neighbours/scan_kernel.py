"""One scan of the text that sums, for every word, what stood around it: no co-occurrence matrix.

For each position the sum of its window's rows, its own left out, is added to the word's row of the result.
The window sum runs along (one row enters, one leaves), so a token costs the same for any window. Threads
share the columns, not the text: each sums the same rows in the same order for columns of its own, so the
result has the same bits for any number of threads and no thread needs a table of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from ..lanes import AHEAD, REBUILD, for_lanes, prefetch, row_pointer, sum_window

__all__ = ["count_neighbours", "scan"]


@intrinsic
def _step(
    typingctx: Any,
    table: Any,
    result: Any,
    window_sum: Any,
    word: Any,
    entering: Any,
    leaving: Any,
    first: Any,
    last: Any,
) -> Any:
    """Take one token, in one loop over some columns. For each of them::

    result[word] += S − table[word];  S += table[entering] − table[leaving]
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = [row_pointer(context, builder, signature.args[0], args[0], row) for row in args[3:6]]
        at_word, at_entering, at_leaving = rows
        at_result = row_pointer(context, builder, signature.args[1], args[1], args[3])
        at_sum = context.make_array(signature.args[2])(context, builder, args[2]).data

        def body(load: Any, store: Any) -> None:
            total = load(at_sum)
            around = builder.fsub(total, load(at_word))
            store(builder.fadd(load(at_result), around), at_result)
            store(builder.fadd(total, builder.fsub(load(at_entering), load(at_leaving))), at_sum)

        for_lanes(builder, args[6], args[7], body)
        return context.get_dummy_value()

    return types.void(table, result, window_sum, *[types.intp] * 5), codegen


@njit(cache=True, nogil=True, error_model="numpy")
def scan(ids, offsets, table, result, half, first, last):
    """Add to ``result[w]``, for every position of word w, the rows of its neighbours; some columns only.

    Parameters
    ----------
    ids : (N,) int32, offsets : (D + 1,) int64
        As in `TokenBatch`; windows do not cross documents.
    table, result : (V + 1, p) float32
        From `lanes.aligned_table`; the last row of ``table`` is zero.
    half : int
        Neighbours on each side.
    first, last : int
        Columns to work on, multiples of `lanes.LANES`.
    """
    nothing = table.shape[0] - 1
    window_sum = np.zeros(table.shape[1], np.float32)
    for document in range(offsets.size - 1):
        lo, hi = offsets[document], offsets[document + 1]
        sum_window(ids, lo, min(hi, lo + half + 1), table, window_sum, first, last)
        for i in range(lo, hi):
            if i + half + AHEAD < ids.size:
                prefetch(table, ids[i + half + AHEAD], first, last)
            if i + AHEAD < ids.size:
                prefetch(result, ids[i + AHEAD], first, last)
            entering = ids[i + 1 + half] if i + 1 + half < hi else nothing
            leaving = ids[i - half] if i - half >= lo else nothing
            _step(table, result, window_sum, ids[i], entering, leaving, first, last)
            following = i + 1
            if following % REBUILD == 0 and following < hi:
                start, stop = max(lo, following - half), min(hi, following + half + 1)
                sum_window(ids, start, stop, table, window_sum, first, last)


@njit(cache=True, nogil=True, error_model="numpy")
def count_neighbours(ids, offsets, half, types):
    """How many neighbours each word has in all: the row sums of the co-occurrence counts, (types,) int64."""
    degrees = np.zeros(types, np.int64)
    for document in range(offsets.size - 1):
        lo, hi = offsets[document], offsets[document + 1]
        for i in range(lo, hi):
            degrees[ids[i]] += min(hi, i + half + 1) - max(lo, i - half) - 1
    return degrees
