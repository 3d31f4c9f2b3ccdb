"""The linear neighbour operator from the text, in one scan and without co-occurrence counts.

    (A·E)_w = r_w^(-1/2) · Σ_c C_wc · ( r_c^(-γ) · E_c - m ),    m = Σ_c r_c^(1-γ) · E_c / N

C: co-occurrence counts, r: their row sums, N = Σ r. m is the expected row near any word. It is subtracted
before summing. After summing two large numbers would cancel, and float32 sums would lose precision.

A running window sum (one row enters, one leaves) makes the cost of a token independent of the window. Threads
share the columns, not the text, so the result has the same bits for any number of threads. Each thread has
its own copy of its columns. If threads shared rows, prefetchers would fetch lines that other cores write.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import pairwise
from queue import SimpleQueue
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ids, Ints, Mask, Rows
from selfvec.base.compiled import helper, kernel
from selfvec.base.threads import in_order, sum_of_blocks, threads
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import read_only, weighted_sum

from .lanes import (
    AHEAD,
    LANES,
    REBUILD,
    add_four_rows,
    aligned,
    for_lanes,
    prefetch,
    row_pointer,
    sum_window,
)

__all__ = [
    "CentredRows",
    "ScanOperator",
    "add_neighbours",
    "are_rare",
    "count_neighbours",
    "degree_weights",
    "fill_centred",
    "neighbour_totals",
]

_ROWS = 8192  # rows processed at a time, so that no second matrix is needed
_NARROWEST = 4 * LANES  # fewer columns are not worth a thread
_FEW = 1.5  # neighbours for each token of the text; fewer ones, those of rare words, are summed word by word
_WIDEST = 4 * LANES  # columns per block: rows of frequent words stay in the cache, and buffers stay small


class CentredRows:
    """The rows of one matrix, weighted by their words' degrees, minus their mean.

    Attributes
    ----------
    weights : (V,) float64
        r^(-γ).
    roots : (V,) float64
        r^(-1/2). Words without neighbours have weight and root 0.
    mean : (d,) float64
        m.
    """

    def __init__(
        self,
        degrees: Doubles,  # (V,): r
        gamma: float,  # the larger, the less weight frequent neighbours have
        rows: AnyFloats,  # (V, d)
    ) -> None:
        self.weights = degree_weights(degrees, gamma)
        self.roots = degree_weights(degrees, 0.5)
        self.rows = rows
        shares = degrees * self.weights / max(degrees.sum(), 1.0)
        self.mean = sum_of_blocks(
            rows.shape[1:],
            len(rows),
            lambda part: weighted_sum(np.asarray(rows[part], np.float32), shares[part]),
        )

    def fill(self, out: Rows, first: int = 0) -> None:
        """Write the weighted, centred rows, columns from ``first`` on, into ``out``, (V, p) float32.

        Columns of ``out`` beyond those of the rows become zero.
        """
        weights = self.weights.astype(np.float32)
        mean = self.mean[first:].astype(np.float32)
        for start in range(0, len(out), _ROWS):
            part = slice(start, start + _ROWS)
            fill_centred(self.rows[part], weights[part], mean, out[part], first)


def degree_weights(degrees: Doubles, gamma: float) -> Doubles:
    """r^(-γ), (V,) float64; 0 for words without neighbours."""
    with np.errstate(divide="ignore"):
        return np.where(degrees > 0, degrees**-gamma, 0.0)


def fill_centred(
    rows: AnyFloats,  # (n, d)
    weights: Floats,  # (n,)
    mean: Floats,  # of the columns from ``first`` on
    out: Rows,  # (n, p), written; columns beyond those of the rows become zero
    first: int = 0,
) -> None:
    """Write weighted rows, minus their mean."""
    _fill(read_only(np.asarray(rows, np.float32)), first, weights, mean, out)


@kernel
def _fill(rows: Rows, first: int, weights: Floats, mean: Floats, out: Rows) -> None:
    for i in range(len(out)):
        used = min(out.shape[1], mean.size)
        for j in range(used):
            out[i, j] = rows[i, first + j] * weights[i] - mean[j]
        for j in range(used, out.shape[1]):
            out[i, j] = 0


class ScanOperator:
    """A·E by one scan of the text per application; γ is usually 0.3 to 0.5, see `LinearOperator`.

    With ``weights``, (D,), which have a few distinct values, a document counts as that many copies of it. For
    a part of a longer text, ``degrees``, (V,), are the row sums of the whole: the results of all parts add up
    to that of the whole.
    """

    def __init__(
        self,
        batch: TokenBatch,
        window: int,
        gamma: float = 0.5,
        jobs: int | None = None,
        weights: Doubles | None = None,
        degrees: Doubles | None = None,
    ) -> None:
        self.half = window // 2
        self.gamma = gamma
        self.jobs = threads(jobs)
        self.tick: Callable[[float], None] = lambda _: None  # called in threads with the tokens just summed
        self.mean: Doubles = np.zeros(0)  # m of the rows that were last summed
        levels = np.ones(1) if weights is None else np.unique(weights)[::-1]
        alike = [batch] if len(levels) == 1 else [batch.part(weights == level) for level in levels]
        self.parts = list(zip(alike, levels.tolist(), strict=True))
        self.occurrences = sum(part.counts * weight for part, weight in self.parts)  # (V,)
        if degrees is None:
            degrees = sum(neighbour_totals(part, window) * weight for part, weight in self.parts)
        self.degrees = degrees

    def apply(self, rows: AnyFloats, out: Floats | None = None, words: Mask | None = None) -> Floats:
        """Sum every word's neighbours; (V, d) -> (V, d) float32.

        ``out`` may be ``rows``. With ``words``, (V,), only their rows are needed, which is faster if they are
        rare; the others mean nothing. Extra memory: two blocks of at most 64 columns for each thread.
        """
        result = np.empty((len(rows), rows.shape[1]), np.float32) if out is None else out
        if words is not None and not are_rare(words, self.occurrences, self.half):
            words = None
        self._sum_into(result, rows, self.half, self.half, words)
        return result

    def apply_sides(self, rows: AnyFloats) -> Floats:
        """Sum the neighbours before every word, and those after it; (V, d) -> (V, 2 · d) float32."""
        width = rows.shape[1]
        result = np.empty((len(rows), 2 * width), np.float32)
        self._sum_into(result[:, :width], rows, self.half, 0)
        self._sum_into(result[:, width:], rows, 0, self.half)
        return result

    def _sum_into(
        self, result: Floats, rows: AnyFloats, before: int, after: int, words: Mask | None = None
    ) -> None:
        """Sum the neighbours of words, up to ``before`` on the left and ``after`` on the right of each."""
        height = len(rows) + 1  # the last row is zero, for where a window is clipped
        width = rows.shape[1]
        bounds = self.blocks(width)
        centred = CentredRows(self.degrees, self.gamma, rows)
        self.mean = centred.mean
        roots = centred.roots.astype(np.float32)[:, None]
        buffers: SimpleQueue[Floats] = SimpleQueue()
        workers = self._workers(width)
        for _ in range(workers):
            buffers.put(aligned(2 * height * int(np.diff(bounds).max())))

        def sum_columns(columns: tuple[int, int]) -> None:
            buffer = buffers.get()
            try:
                sum_in(buffer, *columns)
            finally:  # another thread waits for it, even if this one was stopped
                buffers.put(buffer)

        def sum_in(buffer: Floats, first: int, last: int) -> None:
            weighted, summed = buffer[: 2 * height * (last - first)].reshape(2, height, last - first)
            weighted[-1] = 0
            summed[:] = 0
            centred.fill(weighted[:-1], first)
            scale = 1.0
            for part, weight in self.parts:
                if weight != scale:
                    weighted *= np.float32(weight / scale)
                for ids, offsets in part.in_ranges():
                    add_neighbours(ids, offsets, weighted, summed, before, after, words)
                    self.tick(len(ids) * (last - first) / bounds[-1])
                scale = weight
            # Written last, because `out` may be ``rows``.
            np.multiply(summed[:-1, : width - first], roots, out=result[:, first:last])

        deque(in_order(pairwise(bounds), sum_columns, workers), maxlen=0)

    def blocks(self, width: int) -> list[int]:
        """Bounds of the blocks of columns, shared evenly by the threads."""
        lanes = -(-width // LANES)
        workers = self._workers(width)
        number = workers * max(min(workers, 2), -(-lanes * LANES // (_WIDEST * workers)))
        return [LANES * (lanes * part // number) for part in range(number + 1)]

    def _workers(self, width: int) -> int:
        """Threads that share the columns."""
        return max(1, min(self.jobs, -(-width // LANES) * LANES // _NARROWEST))


def are_rare(words: Mask, occurrences: Ints | Doubles, half: int) -> bool:
    """Whether summing the neighbours of these words, (V,), alone is faster than those of all words."""
    share = occurrences[words].sum() / max(occurrences.sum(), 1)
    return bool(2 * half * share < _FEW)


def neighbour_totals(batch: TokenBatch, window: int) -> Doubles:
    """Number of neighbours of each word, (V,) float64: the row sums of flat counts."""
    totals = np.zeros(len(batch.types), np.int64)
    for ids, offsets in batch.in_ranges():
        _count_neighbours(ids, offsets, window // 2, totals)
    return totals.astype(np.float64)


@intrinsic
def _two_steps(
    typingctx: Any,
    rows: Any,
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

    result[word] += S − rows[word];  S += rows[entering] − rows[leaving]
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def pointers(array: int, which: range) -> list[Any]:
            return [row_pointer(context, builder, signature.args[array], args[array], args[k]) for k in which]

        at_rows = pointers(0, range(3, 9))  # word, entering and leaving, for each of the two tokens
        at_results = pointers(1, range(3, 9, 3))  # word
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

    return types.void(rows, result, window_sum, *[types.intp] * 6), codegen


def add_neighbours(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,); windows do not cross documents
    rows: Rows,  # (V + 1, p), p a multiple of LANES; the last row is zero
    result: Rows,  # (V + 1, p); the last row has no meaning
    before: int,  # neighbours on the left
    after: int | None = None,  # neighbours on the right; None: as many as on the left
    words: Mask | None = None,  # (V,): only those of these words, which is faster if they are rare
) -> None:
    """Add to ``result[w]``, for every position of word w, the rows of its neighbours."""
    after = before if after is None else after
    if words is not None:
        _add_neighbours_of(words, ids, offsets, rows, result, (before, after))
        return
    _add_neighbours(ids, offsets, rows, result, before, after, np.empty(rows.shape[1], np.float32))


@kernel
def _add_neighbours(ids, offsets, rows, result, before, after, window_sum):
    nothing = rows.shape[0] - 1  # the zero row
    end = ids.size - 1
    columns = rows.shape[1]
    for document in range(offsets.size - 1):
        lo = offsets[document]
        hi = offsets[document + 1]
        for start in range(lo, hi, REBUILD):  # rounding errors of the running sum do not grow further
            stop = min(hi, start + REBUILD)
            sum_window(ids, max(lo, start - before), min(hi, start + after + 1), rows, window_sum)
            for i in range(start, stop, 2):
                for coming in range(i + AHEAD, i + AHEAD + 2):
                    prefetch(rows, ids[min(coming + after, end)], 0, columns)
                    prefetch(result, ids[min(coming, end)], 0, columns)
                two = i + 1 < stop  # otherwise the second is the zero row, which adds nothing
                _two_steps(
                    rows,
                    result,
                    window_sum,
                    ids[i],
                    ids[i + 1 + after] if i + 1 + after < hi else nothing,
                    ids[i - before] if i - before >= lo else nothing,
                    ids[i + 1] if two else nothing,
                    ids[i + 2 + after] if two and i + 2 + after < hi else nothing,
                    ids[i + 1 - before] if two and i + 1 - before >= lo else nothing,
                )


@kernel
def _add_neighbours_of(words, ids, offsets, rows, result, sides):
    """As `add_neighbours`, but only at positions of ``words``, (V,) bool."""
    before, after = sides
    nothing = rows.shape[0] - 1  # the zero row
    end = ids.size - 1
    columns = rows.shape[1]
    for document in range(offsets.size - 1):
        lo = offsets[document]
        hi = offsets[document + 1]
        for i in range(lo, hi):
            coming = ids[min(i + AHEAD, end)]
            if words[coming]:
                prefetch(result, coming, 0, columns)
            if not words[ids[i]]:
                continue
            first = max(lo, i - before)
            neighbours = min(hi, i + after + 1) - first - 1
            own = result[ids[i]]
            for k in range(0, neighbours, 4):
                a = _neighbour(ids, first + k, i)
                b = _neighbour(ids, first + k + 1, i) if k + 1 < neighbours else nothing
                c = _neighbour(ids, first + k + 2, i) if k + 2 < neighbours else nothing
                d = _neighbour(ids, first + k + 3, i) if k + 3 < neighbours else nothing
                add_four_rows(rows, own, (a, b, c, d))


@helper
def _neighbour(ids, place, centre):
    """The word at a place of a window from which the centre was taken out."""
    return ids[place + (place >= centre)]


def count_neighbours(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    half: int,
    types: int,
) -> Ints:
    """Number of neighbours of each word: the row sums of the flat counts, (types,) int64."""
    degrees = np.zeros(types, np.int64)
    _count_neighbours(ids, offsets, half, degrees)
    return degrees


@kernel
def _count_neighbours(ids, offsets, half, degrees):
    for document in range(offsets.size - 1):
        lo = offsets[document]
        hi = offsets[document + 1]
        for i in range(lo, hi):
            degrees[ids[i]] += min(hi, i + half + 1) - max(lo, i - half) - 1
