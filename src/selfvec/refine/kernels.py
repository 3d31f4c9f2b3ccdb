"""The paper's rule at the speed of the hardware.

`sweep` is `reference.refine_reference` with three things changed, none of which changes the result beyond
rounding (property tests hold both together):

* a running window sum S: add the entering row, subtract the leaving row, and when row w moves by Δ add
  (occurrences of w in the window)·Δ. A token costs the same for any window;
* one loop per token instead of two: `move_on` writes the moved row, carries S to the next position and sums
  the squares of the *next* token's new vector while everything is in registers. It is written with LLVM's
  vector types, since the compiler cannot know that a row written here may be read again a line below, and
  would otherwise fall back to scalar code or to two passes;
* rows are fetched into the second-level cache a few positions before their turn, which matters once the
  table outgrows it (the first level is full of the window itself: fetching there is slower by a fifth).

S drifts by rounding, which moves the result by 1e-6 or so at window 13; so it is summed anew at every
document start and every `REBUILD` tokens, counted from the corpus start: whoever stops at a multiple of
`REBUILD` and goes on later gets the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from selfvec.cooccurrence.lanes import (
    AHEAD,
    CONTRACT,
    LANES,
    REBUILD,
    VECTOR,
    for_lanes,
    multiply_add,
    prefetch,
    row_pointer,
    splat,
    sum_lanes,
    sum_window,
)

__all__ = ["record", "sweep"]


@intrinsic
def _move_on(
    typingctx: Any,
    table: Any,
    window_sum: Any,
    word: Any,
    entering: Any,
    leaving: Any,
    following: Any,
    keep: Any,
    rate: Any,
    scale: Any,
    occurrences: Any,
) -> Any:
    """Finish one token and begin the next, in one loop over the dimensions. For each of them::

        old = E[word];  E[word] = new = (keep·old + rate·S)·scale
        S  += occurrences·(new − old) + E[entering] − E[leaving]
        result += (keep·E[following] + rate·S)²

    Entering, leaving or following may be ``word`` itself: its row is written before it is read again.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = [row_pointer(context, builder, signature.args[0], args[0], row) for row in args[2:6]]
        at_word, at_entering, at_leaving, at_following = rows
        struct = context.make_array(signature.args[1])(context, builder, args[1])
        at_sum, width = struct.data, cgutils.unpack_tuple(builder, struct.shape, 1)[0]
        keep_v, rate_v, scale_v, occurrences_v = (splat(builder, value) for value in args[6:])
        squares = cgutils.alloca_once_value(builder, ir.Constant(VECTOR, [0.0] * LANES))

        def body(load: Any, store: Any) -> None:
            old, total = load(at_word), load(at_sum)
            moved = multiply_add(builder, keep_v, old, builder.fmul(rate_v, total, flags=CONTRACT))
            new = builder.fmul(moved, scale_v, flags=CONTRACT)
            store(new, at_word)
            total = multiply_add(builder, occurrences_v, builder.fsub(new, old), total)
            total = builder.fadd(total, builder.fsub(load(at_entering), load(at_leaving)))
            store(total, at_sum)
            pulled = builder.fmul(rate_v, total, flags=CONTRACT)
            ahead = multiply_add(builder, keep_v, load(at_following), pulled)
            builder.store(multiply_add(builder, ahead, ahead, builder.load(squares)), squares)

        for_lanes(builder, ir.Constant(width.type, 0), width, body)
        return sum_lanes(builder, builder.load(squares))

    signature = types.float32(
        table, window_sum, *[types.intp] * 4, types.float32, types.float32, types.float32, types.float32
    )
    return signature, codegen


@njit(inline="always", error_model="numpy")
def _fresh_sum(ids, first, last, table, window_sum, inside, word, keep, rate):
    """Sum a window from scratch, count its words, and return the squared length of ``word``'s new vector."""
    for p in range(first, last):
        inside[ids[p]] = 0
    for p in range(first, last):
        inside[ids[p]] += 1
    sum_window(ids, first, last, table, window_sum, 0, window_sum.size)
    squares = np.float32(0)
    for j in range(window_sum.size):
        moved = keep * table[word, j] + rate * window_sum[j]
        squares += moved * moved
    return squares


@njit(inline="always", error_model="numpy")
def record(word, table, period, seen, record_rows, record_words, record_updates, records):
    """Count an update of a word, keep its row where it is due, and return the number of records."""
    seen[word] += 1
    if period[word] and seen[word] % period[word] == 0:
        record_words[records] = word
        record_updates[records] = seen[word]
        record_rows[records] = table[word]
        records += 1
    return records


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(
    ids,
    offsets,
    start,
    stop,
    table,
    half,
    rate,
    inside,
    period,
    seen,
    record_rows,
    record_words,
    record_updates,
):
    """Apply the paper's rule to the tokens ``start`` … ``stop - 1``, in place.

    Parameters
    ----------
    ids : (N,) int32, offsets : (D + 1,) int64
        As in `TokenBatch`.
    start, stop : int
        Multiples of `REBUILD`, or the corpus ends.
    table : (V + 1, p) float32
        From `aligned_table`.
    half : int
        Neighbours on each side.
    rate : float32
        α.
    inside : (V + 1,) int32
        Zeros on entry and on return: how often each word occurs in the current window.
    period : (V,) int32
        Record every ``period[w]``-th update of word w; 0 records none. Length 0 switches recording off.
    seen : (V,) int64
        Updates each word has received so far; kept up to date while recording.
    record_rows : (R, p) float32, record_words : (R,) int32, record_updates : (R,) int64
        Receive the recorded states in order: the row, the word, its number of updates so far. R >= the
        records these tokens make.

    Returns
    -------
    int
        Number of records made.
    """
    keep = np.float32(1) - rate  # the window sum holds the centre too: E + α(S − E)
    doubtful = (np.float32(0.01) * rate) ** 2
    nothing = table.shape[0] - 1
    window_sum = np.zeros(table.shape[1], np.float32)
    records = 0
    document = np.searchsorted(offsets, start, side="right") - 1
    while document < offsets.size - 1 and offsets[document] < stop:
        lo, hi = offsets[document], offsets[document + 1]
        document += 1
        squares, fresh = np.float32(0), True
        for i in range(max(lo, start), min(hi, stop)):
            if i + half + AHEAD < ids.size:
                prefetch(table, ids[i + half + AHEAD], 0, window_sum.size)
            word = ids[i]
            first, last = max(lo, i - half), min(hi, i + half + 1)
            if fresh:
                squares = _fresh_sum(ids, first, last, table, window_sum, inside, word, keep, rate)
            elif squares < doubtful:
                # What is left of S after everything in it has left is rounding. It must not become a
                # direction: an empty word among empty words stays empty.
                squares = _fresh_sum(ids, first, last, table, window_sum, inside, word, keep, rate)
            following = i + 1
            fresh = following % REBUILD == 0
            scale = np.float32(1) / np.sqrt(squares)
            if squares > 0 and following < hi and not fresh:
                entering = ids[following + half] if following + half < hi else nothing
                leaving = ids[following - half - 1] if following - half - 1 >= lo else nothing
                times = np.float32(inside[word])
                squares = _move_on(
                    table, window_sum, word, entering, leaving, ids[following], keep, rate, scale, times
                )
                inside[entering] += 1
                inside[leaving] -= 1
            else:
                if squares > 0:
                    for j in range(window_sum.size):
                        table[word, j] = (keep * table[word, j] + rate * window_sum[j]) * scale
                for p in range(first, last):
                    inside[ids[p]] = 0
                inside[nothing] = 0
                fresh = True
            if period.size:
                records = record(
                    word, table, period, seen, record_rows, record_words, record_updates, records
                )
    return records
