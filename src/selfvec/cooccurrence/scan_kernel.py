"""One scan of the text that sums the neighbours of every word.

A running window sum (one row enters, one leaves) makes the cost of a token independent of the window. Threads
share the columns, not the text, so the result has the same bits for any number of threads. Each thread has
its own table: with parts of the same rows, prefetchers would fetch the lines that other cores write.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from .lanes import AHEAD, REBUILD, for_lanes, prefetch, row_pointer, sum_window

__all__ = ["count_neighbours", "scan"]


@intrinsic
def _two_steps(
    typingctx: Any,
    table: Any,
    result: Any,
    window_sum: Any,
    word: Any,
    entering: Any,
    leaving: Any,
    second: Any,
    second_entering: Any,
    second_leaving: Any,
) -> Any:
    """Process two successive tokens in one loop: half as many reads and writes of the sum. For each::

    result[word] += S − table[word];  S += table[entering] − table[leaving]
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def rows(array: int, which: range) -> list[Any]:
            return [row_pointer(context, builder, signature.args[array], args[array], args[k]) for k in which]

        at_rows, at_results = rows(0, range(3, 9)), rows(1, range(3, 9, 3))
        window = context.make_array(signature.args[2])(context, builder, args[2])

        def body(load: Any, store: Any) -> None:
            total = load(window.data)
            for token, at_result in enumerate(at_results):
                at_word, at_entering, at_leaving = at_rows[3 * token : 3 * token + 3]
                around = builder.fsub(total, load(at_word))
                store(builder.fadd(load(at_result), around), at_result)
                total = builder.fadd(total, builder.fsub(load(at_entering), load(at_leaving)))
            store(total, window.data)

        columns = builder.extract_value(window.shape, 0)
        for_lanes(builder, columns.type(0), columns, body)
        return context.get_dummy_value()

    return types.void(table, result, window_sum, *[types.intp] * 6), codegen


@njit(cache=True, nogil=True, error_model="numpy")
def scan(
    ids,  # (N,) int32
    offsets,  # (D + 1,) int64; windows do not cross documents
    table,  # (V + 1, p) float32, p a multiple of LANES; the last row is zero
    result,  # (V + 1, p) float32; the last row has no meaning
    half,  # neighbours on each side
):
    """Add to ``result[w]``, for every position of word w, the rows of its neighbours."""
    nothing, end, columns = table.shape[0] - 1, ids.size - 1, table.shape[1]
    window_sum = np.zeros(columns, np.float32)
    for document in range(offsets.size - 1):
        lo, hi = offsets[document], offsets[document + 1]
        for start in range(lo, hi, REBUILD):
            stop = min(hi, start + REBUILD)
            sum_window(ids, max(lo, start - half), min(hi, start + half + 1), table, window_sum, 0, columns)
            for i in range(start, stop, 2):
                for coming in range(i + AHEAD, i + AHEAD + 2):
                    prefetch(table, ids[min(coming + half, end)], 0, columns)
                    prefetch(result, ids[min(coming, end)], 0, columns)
                two = i + 1 < stop  # else the second is the zero row, which adds nothing
                _two_steps(
                    table,
                    result,
                    window_sum,
                    ids[i],
                    ids[i + 1 + half] if i + 1 + half < hi else nothing,
                    ids[i - half] if i - half >= lo else nothing,
                    ids[i + 1] if two else nothing,
                    ids[i + 2 + half] if two and i + 2 + half < hi else nothing,
                    ids[i + 1 - half] if two and i + 1 - half >= lo else nothing,
                )


@njit(cache=True, nogil=True, error_model="numpy")
def count_neighbours(ids, offsets, half, types):
    """Number of neighbours of each word: the row sums of the flat counts, (types,) int64."""
    degrees = np.zeros(types, np.int64)
    for document in range(offsets.size - 1):
        lo, hi = offsets[document], offsets[document + 1]
        for i in range(lo, hi):
            degrees[ids[i]] += min(hi, i + half + 1) - max(lo, i - half) - 1
    return degrees
