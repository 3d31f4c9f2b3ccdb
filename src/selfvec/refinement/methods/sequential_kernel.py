"""The sequential rules as one kernel.

It computes what `reference` computes, up to rounding; property tests compare both. `sweep` explains the
three changes: a running window sum, one fused loop per token and prefetched rows. Rows are padded to p
columns, a multiple of the processor's vectors, and a row of zeros follows the V rows of words.
"""

# mypy: disable-error-code="call-arg, no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from selfvec.base.arrays import Doubles, Floats, Ids, Ints, Mask, Rows
from selfvec.base.compiled import helper, kernel
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

from .reference import NOISE

__all__ = ["OnlineTerms", "Recording", "Scratch", "sweep"]


class OnlineTerms(NamedTuple):
    """State of the online rule; all arrays are empty for the paper rule."""

    origin: Rows  # (V + 1, p): β·X
    weights: Floats  # (V + 1,): from `neighbour_weights`, and a 0
    shares: Floats  # (V + 1,): from `neighbour_weights`, and a 0
    total: Floats  # (p,): U, the sum of all rows by share; kept up to date
    mass: Doubles  # (1,): the sum of the filled rows' shares; kept up to date
    filled: Mask  # (V + 1,): which rows are not empty; kept up to date


class Recording(NamedTuple):
    """Which states are recorded, and the buffers for them."""

    period: Ids  # (V,): record every k-th update of a word, 0 for none; (0,) records nothing
    seen: Ints  # (V,): number of updates so far; kept up to date
    rows: Rows  # (R, p), with room for all states of a sweep
    words: Ids  # (R,)
    updates: Ints  # (R,)
    filled: Ints  # (1,): states recorded in the buffers


class Scratch(NamedTuple):
    """Working memory of a sweep."""

    inside: Ids  # (V + 1,): occurrences in the window, zeros before and after a sweep
    window_sum: Floats  # (p,): S
    moved: Floats  # (p,): the next row of the online rule, before normalising


def _fused_step(centred: bool) -> Any:
    """The loop over the dimensions that finishes one token and begins the next.

    It uses LLVM vector types, because the compiler must assume that rows overlap. Plain loops, split so that
    they vectorise, are slower.
    """

    @intrinsic
    def step(
        typingctx: Any,
        table: Any,
        origin: Any,
        window_sum: Any,
        total: Any,
        moved: Any,
        rows: Any,
        factors: Any,
    ) -> Any:
        """For each dimension, with ``rows`` word, entering, leaving, following, some of which may be equal::

            old = E[word];  E[word] = new = scale·moved         moved = keep·old + rate·S for the paper's rule
            S  += own·(new − old) + enter·E[entering] − leave·E[leaving]
            U  += share·(new − old)
            moved = keep·E[following] + rate·S − centre·U + origin[following]
            result += moved²

        ``factors`` are scale, own, enter, leave, share, keep, rate, centre. The paper's rule has no U and no
        origin, and all its weights are 1.
        """

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            def row(array: int, number: Any) -> Any:
                return row_pointer(context, builder, signature.args[array], args[array], number)

            word, entering, leaving, following = cgutils.unpack_tuple(builder, args[5])
            at_word = row(0, word)
            at_entering = row(0, entering)
            at_leaving = row(0, leaving)
            at_following = row(0, following)
            at_origin = row(1, following)
            vectors = [context.make_array(signature.args[k])(context, builder, args[k]) for k in (2, 3, 4)]
            at_sum, at_total, at_moved = (vector.data for vector in vectors)
            width = cgutils.unpack_tuple(builder, vectors[0].shape, 1)[0]
            numbers = [splat(builder, number) for number in cgutils.unpack_tuple(builder, args[6])]
            squares = cgutils.alloca_once_value(builder, ir.Constant(VECTOR, [0.0] * LANES))

            places = (at_word, at_entering, at_leaving, at_following, at_origin, at_sum, at_total, at_moved)
            body = _loop_body(builder, centred, places, numbers, squares)
            for_lanes(builder, ir.Constant(width.type, 0), width, body)
            return sum_lanes(builder, builder.load(squares))

        arrays = (table, origin, window_sum, total, moved)
        rows = types.UniTuple(types.intp, 4)
        factors = types.UniTuple(types.float32, 8)
        return types.float32(*arrays, rows, factors), codegen

    return step


def _loop_body(
    builder: Any, centred: bool, places: Any, numbers: Any, squares: Any
) -> Callable[[Any, Any], None]:
    """The work of `_fused_step` on `LANES` dimensions at a time."""
    at_word, at_entering, at_leaving, at_following, at_origin, at_sum, at_total, at_moved = places
    scale, own, enter, leave, share, keep, rate, centre = numbers

    def times(a: Any, b: Any) -> Any:
        return builder.fmul(a, b, flags=CONTRACT)

    def body(load: Any, store: Any) -> None:
        old = load(at_word)
        summed = load(at_sum)
        target = load(at_moved) if centred else multiply_add(builder, keep, old, times(rate, summed))
        new = times(scale, target)
        change = builder.fsub(new, old)
        store(new, at_word)
        summed = multiply_add(builder, own, change, summed)
        if centred:
            summed = multiply_add(builder, enter, load(at_entering), summed)
            summed = builder.fsub(summed, times(leave, load(at_leaving)), flags=CONTRACT)
        else:
            summed = builder.fadd(summed, builder.fsub(load(at_entering), load(at_leaving)))
        store(summed, at_sum)
        if centred:
            everything = multiply_add(builder, share, change, load(at_total))
            store(everything, at_total)
            ahead = multiply_add(builder, keep, load(at_following), load(at_origin))
            ahead = multiply_add(builder, rate, summed, ahead)
            ahead = builder.fsub(ahead, times(centre, everything), flags=CONTRACT)
            store(ahead, at_moved)  # measured to be faster than loading the origin again
        else:
            ahead = multiply_add(builder, keep, load(at_following), times(rate, summed))
        builder.store(multiply_add(builder, ahead, ahead, builder.load(squares)), squares)

    return body


# Globals, not closures: Numba cannot find an intrinsic of a closure in its cache.
_paper_step = _fused_step(centred=False)
_online_step = _fused_step(centred=True)


@intrinsic
def _add_weighted(typingctx: Any, table: Any, total: Any, rows: Any, weights: Any) -> Any:
    """`add_rows` with a weight for each row."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        numbers = cgutils.unpack_tuple(builder, args[2])
        places = [row_pointer(context, builder, signature.args[0], args[0], row) for row in numbers]
        factors = [splat(builder, weight) for weight in cgutils.unpack_tuple(builder, args[3])]
        summed = context.make_array(signature.args[1])(context, builder, args[1])

        def body(load: Any, store: Any) -> None:
            pairs = zip(factors, places, strict=True)
            a, b, c, d = (builder.fmul(factor, load(place)) for factor, place in pairs)
            four = builder.fadd(builder.fadd(a, b), builder.fadd(c, d))
            store(builder.fadd(load(summed.data), four), summed.data)

        columns = builder.extract_value(summed.shape, 0)
        for_lanes(builder, columns.type(0), columns, body)
        return context.get_dummy_value()

    return types.void(table, total, types.UniTuple(types.intp, 4), types.UniTuple(types.float32, 4)), codegen


@helper
def _fresh_window(ids, first, last, table, weights, filled, window_sum, inside):
    """Sum a window from scratch and count its words; return the sum of its weights (0: paper rule)."""
    heavy = 0.0
    nothing = table.shape[0] - 1  # the row of zeros after the words
    for p in range(first, last):
        inside[ids[p]] = 0
    for p in range(first, last):
        inside[ids[p]] += 1
    if not weights.size:
        sum_window(ids, first, last, table, window_sum)
        return heavy
    for p in range(first, last):
        heavy += np.float64(weights[ids[p]] * filled[ids[p]])
    for j in range(window_sum.size):
        window_sum[j] = 0
    for p in range(first, last, 4):
        a = ids[p]
        b = ids[p + 1] if p + 1 < last else nothing
        c = ids[p + 2] if p + 2 < last else nothing
        d = ids[p + 3] if p + 3 < last else nothing
        _add_weighted(table, window_sum, (a, b, c, d), (weights[a], weights[b], weights[c], weights[d]))
    return heavy


@helper
def _pull(table, word, keep, rate, centre, window_sum, moved, total, origin):
    """Squared length of a word's new row before normalising; the online rule stores the row in ``moved``."""
    squares = np.float32(0)
    for j in range(moved.size):
        pulled = keep * table[word, j] + rate * window_sum[j]
        if total.size:
            pulled = pulled - centre * total[j] + origin[word, j]
            moved[j] = pulled
        squares += pulled * pulled
    return squares


@helper
def _write_row(table, word, keep, rate, scale, window_sum, moved, total, shares):
    """Write a word's new row if no fused step follows."""
    for j in range(moved.size):
        new = scale * (moved[j] if total.size else keep * table[word, j] + rate * window_sum[j])
        if total.size:
            total[j] += shares[word] * (new - table[word, j])
        table[word, j] = new


@helper
def _record(word, table, period, seen, rows, words, updates, filled):
    """Count an update of a word, and store its row if it is due."""
    seen[word] += 1
    if period[word] and seen[word] % period[word] == 0:
        place = filled[0]
        words[place] = word
        updates[place] = seen[word]
        filled[0] = place + 1
        for j in range(table.shape[1]):
            rows[place, j] = table[word, j]


@kernel
def sweep(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    document: int,  # the one that holds `start`
    start: int,  # this and `stop`: multiples of `REBUILD` or corpus ends
    stop: int,
    table: Rows,  # (V + 1, p), from `aligned_rows`
    half: int,  # neighbours on each side
    rate: np.float32,  # α
    scratch: Scratch,
    online: OnlineTerms,
    recording: Recording,
) -> None:
    """Read the tokens ``start`` … ``stop - 1`` by one of the rules and move their rows in place."""
    # Changes from `reference`:
    # - Running window sum S: add the entering row, subtract the leaving row; when row w moves by Δ, add
    #   (occurrences of w in the window)·Δ. The cost of a token does not depend on the window.
    # - `_fused_step` writes the moved row, carries S to the next position and sums the squares of the next
    #   token's new row in one loop.
    # - Rows are prefetched into the second-level cache a few positions early, for large vocabularies.
    # Weights and centre need no second pass over the window: Σ_n weight_n·(E[n] − μ) = S − W·μ with
    # S = Σ weight_n·E[n] and W = Σ weight_n. μ is kept as U, the sum of all rows by share, which moves by
    # share·Δ and is recomputed at the start of every pass.
    # S drifts by rounding. It is recomputed at every document start and every `REBUILD` tokens from the
    # corpus start, so stopping at a multiple of `REBUILD` and continuing gives the same bits.
    inside, window_sum, moved = scratch
    origin, weights, shares, total, mass, filled = online
    period, seen, rows_kept, words, updates, kept = recording
    centred = total.size > 0  # the online rule
    nothing = table.shape[0] - 1  # the row of zeros after the words
    one = np.float32(1)
    while document < offsets.size - 1 and offsets[document] < stop:
        lo, hi = offsets[document], offsets[document + 1]
        document += 1
        squares = np.float32(0)  # squared length of the word's new row before normalising
        heavy = 0.0  # W, the weights of the window, the word's own included
        around = 0.0  # the same without the word's own
        fresh = True  # whether S has to be summed from the window
        keep = one - rate  # the window sum includes the word itself: E + α(S − E)
        for i in range(max(lo, start), min(hi, stop)):
            if i + half + AHEAD < ids.size:
                prefetch(table, ids[i + half + AHEAD], 0, moved.size)
            if centred and i + AHEAD < ids.size:
                prefetch(origin, ids[i + AHEAD], 0, moved.size)
            word = ids[i]
            following = i + 1
            first, last = max(lo, i - half), min(hi, i + half + 1)  # of the window
            if fresh or squares < (0.01 * rate * max(around, 1.0)) ** 2:
                # Also if the terms nearly cancel: rounding errors must not become a direction.
                heavy = _fresh_window(ids, first, last, table, weights, filled, window_sum, inside)
                around = heavy - weights[word] * filled[word] if centred else 0.0
                keep = one - (rate * weights[word] if centred else rate)
                centre = np.float32(rate * around / max(mass[0], 1e-30)) if centred else one
                squares = _pull(table, word, keep, rate, centre, window_sum, moved, total, origin)
            moves = squares > (NOISE * rate * around) ** 2
            # A word without a vector gets its first one: from now on it counts as a neighbour.
            if centred and moves and not filled[word]:
                filled[word] = True
                mass[0] += shares[word]
                heavy += inside[word] * weights[word]
            scale = one / np.sqrt(squares)
            fresh = not moves or following >= hi or following % REBUILD == 0
            # Either one fused step writes the row and begins the next token, or the row is written alone.
            if not fresh:
                entering = ids[following + half] if following + half < hi else nothing
                leaving = ids[following - half - 1] if following - half - 1 >= lo else nothing
                ahead = ids[following]
                own = np.float32(inside[word])
                rows = (word, entering, leaving, ahead)
                if centred:
                    enter = weights[entering]
                    leave = weights[leaving]
                    heavy += enter * filled[entering] - leave * filled[leaving]
                    around = heavy - weights[ahead] * filled[ahead]
                    keep = one - rate * weights[ahead]
                    centre = np.float32(rate * around / mass[0])
                    own *= weights[word]
                    factors = (scale, own, enter, leave, shares[word], keep, rate, centre)
                    squares = _online_step(table, origin, window_sum, total, moved, rows, factors)
                else:
                    factors = (scale, own, one, one, one, keep, rate, one)
                    squares = _paper_step(table, origin, window_sum, total, moved, rows, factors)
                inside[entering] += 1
                inside[leaving] -= 1
            else:
                if moves:
                    _write_row(table, word, keep, rate, scale, window_sum, moved, total, shares)
                for p in range(first, last):
                    inside[ids[p]] = 0
                inside[nothing] = 0
            if period.size:
                _record(word, table, period, seen, rows_kept, words, updates, kept)
