"""The stable sequential rule at the speed of the hardware.

`online_sweep` is `online_reference.online_reference` as `kernels.sweep` is the paper's: a running window sum,
one fused loop per token, rows fetched ahead. Weights and centring cost no second look at the window, since

    Σ_n weight_n·(E[n] − μ)  =  S − W·μ        S = Σ weight_n·E[n],   W = Σ weight_n

and μ is kept as the sum U of all rows by share, which moves by share·Δ when a row moves by Δ: right after
every token, for one row that never leaves the first-level cache. S, W and the occurrences in the window are
made anew at every document start and every `REBUILD` tokens, U at the start of every epoch (`sum_rows`).

Where the next word is pulled to (``moved``) is stored, not worked out again once its length is known: as
measured, a store is cheaper than a second look at the origin.
"""

# ruff: noqa: ARG001  (an intrinsic's arguments are read through its signature)
# mypy: disable-error-code="call-arg, no-untyped-def, no-untyped-call, untyped-decorator"

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
)

from .kernels import record
from .reference import NOISE

__all__ = ["online_sweep", "sum_rows"]


@intrinsic
def _move_on(
    typingctx: Any,
    table: Any,
    origin: Any,
    window_sum: Any,
    total: Any,
    moved: Any,
    rows: Any,
    factors: Any,
) -> Any:
    """Finish one token and begin the next, in one loop over the dimensions. For each of them::

        old = E[word];  E[word] = new = scale·moved
        S  += own·(new − old) + enter·E[entering] − leave·E[leaving]
        U  += share·(new − old)
        moved = keep·E[following] + rate·S − centre·U + origin[following]
        result += moved²

    ``rows`` are word, entering, leaving, following; any of them may be ``word``, whose row is written before
    it is read again. ``factors`` are scale, own, enter, leave, share, keep, rate, centre.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def row(array: int, number: Any) -> Any:
            return row_pointer(context, builder, signature.args[array], args[array], number)

        word, entering, leaving, following = cgutils.unpack_tuple(builder, args[5])
        at_word, at_entering, at_leaving = row(0, word), row(0, entering), row(0, leaving)
        at_following, at_origin = row(0, following), row(1, following)
        vectors = [context.make_array(signature.args[k])(context, builder, args[k]) for k in (2, 3, 4)]
        at_sum, at_total, at_moved = (vector.data for vector in vectors)
        width = cgutils.unpack_tuple(builder, vectors[0].shape, 1)[0]
        numbers = [splat(builder, number) for number in cgutils.unpack_tuple(builder, args[6])]
        scale, own, enter, leave, share, keep, rate, centre = numbers
        squares = cgutils.alloca_once_value(builder, ir.Constant(VECTOR, [0.0] * LANES))

        def times(a: Any, b: Any) -> Any:
            return builder.fmul(a, b, flags=CONTRACT)

        def body(load: Any, store: Any) -> None:
            new = times(scale, load(at_moved))
            change = builder.fsub(new, load(at_word))
            store(new, at_word)
            summed = multiply_add(builder, own, change, load(at_sum))
            summed = multiply_add(builder, enter, load(at_entering), summed)
            summed = builder.fsub(summed, times(leave, load(at_leaving)), flags=CONTRACT)
            store(summed, at_sum)
            everything = multiply_add(builder, share, change, load(at_total))
            store(everything, at_total)
            ahead = multiply_add(builder, keep, load(at_following), load(at_origin))
            ahead = multiply_add(builder, rate, summed, ahead)
            ahead = builder.fsub(ahead, times(centre, everything), flags=CONTRACT)
            store(ahead, at_moved)
            builder.store(multiply_add(builder, ahead, ahead, builder.load(squares)), squares)

        for_lanes(builder, ir.Constant(width.type, 0), width, body)
        return sum_lanes(builder, builder.load(squares))

    arrays = (table, origin, window_sum, total, moved)
    return types.float32(*arrays, types.UniTuple(types.intp, 4), types.UniTuple(types.float32, 8)), codegen


@njit(cache=True, nogil=True, error_model="numpy")
def sum_rows(table, shares):
    """Σ share·row, (p,) float64, in row order."""
    out = np.zeros(table.shape[1])
    for row in range(shares.size):
        for j in range(out.size):
            out[j] += np.float64(shares[row]) * np.float64(table[row, j])
    return out


@njit(inline="always", error_model="numpy")
def _fresh_sum(ids, first, last, table, weights, filled, window_sum, inside):
    """Sum a window from scratch and count its words; the sum of its weights."""
    window_sum[:] = 0
    for p in range(first, last):
        inside[ids[p]] = 0
    heavy = 0.0
    for p in range(first, last):
        inside[ids[p]] += 1
        heavy += np.float64(weights[ids[p]] * filled[ids[p]])
    nothing = table.shape[0] - 1
    for p in range(first, last, 4):  # four rows at a time: the sum is read and written a quarter as often
        a, b = ids[p], ids[p + 1] if p + 1 < last else nothing
        c, d = ids[p + 2] if p + 2 < last else nothing, ids[p + 3] if p + 3 < last else nothing
        for j in range(window_sum.size):
            pair = weights[a] * table[a, j] + weights[b] * table[b, j]
            window_sum[j] += pair + (weights[c] * table[c, j] + weights[d] * table[d, j])
    return heavy


@njit(inline="always", error_model="numpy")
def _pull(table, origin, window_sum, total, moved, word, weight, rate, centre):
    """Write into ``moved`` where a word is pulled to, not yet a unit row; its squared length."""
    keep, squares = np.float32(1) - rate * weight, np.float32(0)
    for j in range(moved.size):
        moved[j] = keep * table[word, j] + rate * window_sum[j] - centre * total[j] + origin[word, j]
        squares += moved[j] * moved[j]
    return squares


@njit(inline="always", error_model="numpy")
def _settle(table, total, moved, word, share, scale):
    """Write a word's new row where no fused loop does it."""
    for j in range(moved.size):
        new = scale * moved[j]
        total[j] += share * (new - table[word, j])
        table[word, j] = new


@njit(cache=True, nogil=True, error_model="numpy")
def online_sweep(
    ids,
    offsets,
    start,
    stop,
    table,
    origin,
    weights,
    shares,
    total,
    mass,
    filled,
    half,
    rate,
    inside,
    period,
    seen,
    record_rows,
    record_words,
    record_updates,
):
    """Apply the stable sequential rule to the tokens ``start`` … ``stop - 1``, in place.

    Parameters
    ----------
    ids : (N,) int32, offsets : (D + 1,) int64
        As in `TokenBatch`.
    start, stop : int
        Multiples of `REBUILD`, or the corpus ends.
    table, origin : (V + 1, p) float32
        From `aligned_table`: the vectors, and β·X.
    weights, shares : (V + 1,) float32
        From `neighbour_weights`, and a 0.
    total : (p,) float32, mass : (1,) float64
        Σ share·row and Σ share over the filled rows, kept up to date; their quotient is μ.
    filled : (V + 1,) bool
        Which rows are not empty, kept up to date.
    half, rate, inside, period, seen, record_rows, record_words, record_updates
        As in `kernels.sweep`.

    Returns
    -------
    int
        Number of records made.
    """
    nothing = table.shape[0] - 1
    window_sum, moved = np.zeros(table.shape[1], np.float32), np.zeros(table.shape[1], np.float32)
    records = 0
    document = np.searchsorted(offsets, start, side="right") - 1
    while document < offsets.size - 1 and offsets[document] < stop:
        lo, hi = offsets[document], offsets[document + 1]
        document += 1
        squares, heavy, around, fresh = np.float32(0), 0.0, 0.0, True
        for i in range(max(lo, start), min(hi, stop)):
            if i + half + AHEAD < ids.size:
                prefetch(table, ids[i + half + AHEAD], 0, moved.size)
            if i + AHEAD < ids.size:
                prefetch(origin, ids[i + AHEAD], 0, moved.size)
            word = ids[i]
            first, last = max(lo, i - half), min(hi, i + half + 1)
            if fresh or squares < (0.01 * rate * max(around, 1.0)) ** 2:
                # Also where little is left of what was summed: rounding must not become a direction.
                heavy = _fresh_sum(ids, first, last, table, weights, filled, window_sum, inside)
                around = heavy - weights[word] * filled[word]
                centre = np.float32(rate * around / max(mass[0], 1e-30))
                squares = _pull(table, origin, window_sum, total, moved, word, weights[word], rate, centre)
            moves = squares > (NOISE * rate * around) ** 2
            if moves and not filled[word]:
                filled[word] = True
                mass[0] += shares[word]
                heavy += inside[word] * weights[word]
            scale = np.float32(1) / np.sqrt(squares)
            following = i + 1
            fresh = following % REBUILD == 0
            if moves and following < hi and not fresh:
                entering = ids[following + half] if following + half < hi else nothing
                leaving = ids[following - half - 1] if following - half - 1 >= lo else nothing
                ahead = ids[following]
                heavy += weights[entering] * filled[entering] - weights[leaving] * filled[leaving]
                around = heavy - weights[ahead] * filled[ahead]
                enter, leave = weights[entering], weights[leaving]
                own, keep = np.float32(inside[word]) * weights[word], np.float32(1) - rate * weights[ahead]
                centre = np.float32(rate * around / mass[0])
                factors = (scale, own, enter, leave, shares[word], keep, rate, centre)
                rows = (word, entering, leaving, ahead)
                squares = _move_on(table, origin, window_sum, total, moved, rows, factors)
                inside[entering] += 1
                inside[leaving] -= 1
            else:
                if moves:
                    _settle(table, total, moved, word, shares[word], scale)
                for p in range(first, last):
                    inside[ids[p]] = 0
                inside[nothing] = 0
                fresh = True
            if period.size:
                records = record(
                    word, table, period, seen, record_rows, record_words, record_updates, records
                )
    return records
