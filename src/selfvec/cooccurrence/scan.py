"""The linear neighbour operator from the text, in one scan and without co-occurrence counts.

    (A·E)_w = r_w^(-1/2) · Σ_c C_wc · ( r_c^(-γ) · E_c - m ),    m = Σ_c r_c^(1-γ) · E_c / N

C: co-occurrence counts, r: their row sums, N = Σ r. m is the expected row near any word. It is subtracted
before summing. After summing two large numbers would cancel, and float32 sums would lose precision.

A running window sum (one row enters, one leaves) makes the cost of a token independent of the window. Threads
share the columns, not the text, so the result has the same bits for any number of threads. Each thread works
on its own copy of its columns, so that no core writes to lines that another one reads.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Doubles, Floats, Ids, Ints, Mask, Rows
from selfvec.base.compiled import kernel
from selfvec.base.threads import finish, in_order, sum_of_blocks, threads
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import on_cache_lines, weighted_sum

# A row that enters a window and later leaves it does not cancel out in float32, so the sum drifts with each
# position. Multiples of this are also where sequential methods may stop and continue with the same bits.
REBUILD = 1024  # positions after which a sum that is kept up to date is summed anew
_ROWS = 8192  # rows weighted at a time, at most 4 MB, so that no second matrix is needed
_NARROWEST = 32  # fewer columns are not worth a thread
_FEW = 1.5  # neighbours for each token of the text; fewer ones, those of rare words, are summed word by word
_WIDEST = 128  # columns of a block: more would need more memory, fewer more time; bfloat16 rows are slower
_BYTES = 1 << 27  # of a block; one of more words has fewer columns, at least half


class CentredRows:
    """The rows of one matrix, weighted by their words' degrees, minus their mean.

    ``weights``, (V,), are r^(-γ), and ``roots`` r^(-1/2), 0 for words without neighbours; ``mean``, (d,), m.
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
        """Write the weighted, centred rows, p columns from ``first`` on, into ``out``, (V, p) float32."""
        columns = slice(first, first + out.shape[1])
        weights = self.weights.astype(np.float32)[:, None]
        mean = self.mean[columns].astype(np.float32)
        for start in range(0, len(out), _ROWS):
            part = slice(start, start + _ROWS)
            np.multiply(self.rows[part][:, columns], weights[part], out=out[part], casting="same_kind")
            out[part] -= mean


def degree_weights(degrees: Doubles, gamma: float) -> Doubles:
    """r^(-γ), (V,) float64; 0 for words without neighbours."""
    with np.errstate(divide="ignore"):
        return np.where(degrees > 0, degrees**-gamma, 0.0)


class ScanOperator:
    """A·E by one scan of the text per application.

    γ is usually 0.3 to 0.5: the larger it is, the less weight frequent neighbours have.

    With ``weights``, (D,), which have a few distinct values, a document counts as that many copies of it. For
    a part of a longer text, ``degrees``, (V,), are the row sums of the whole: the results of all parts add up
    to that of the whole.
    """

    tick: Callable[[float], None] = staticmethod(lambda _: None)
    """Called in threads with the number of tokens that have just been summed."""

    def __init__(
        self,
        batch: TokenBatch,
        window: int,
        gamma: float = 0.5,
        weights: Doubles | None = None,
        degrees: Doubles | None = None,
    ) -> None:
        self.half = window // 2
        self.gamma = gamma
        self.mean: Doubles = np.zeros(0)  # m of the rows that were last summed
        # The kernels know no weights. Documents of one weight are summed together, heavy ones first, and
        # between two weights the rows are multiplied by their quotient.
        levels = np.ones(1) if weights is None else np.unique(weights)[::-1]
        alike = [batch] if len(levels) == 1 else [batch.part(weights == level) for level in levels]
        self.parts = list(zip(alike, levels.tolist(), strict=True))
        self.occurrences: Array = sum(part.counts * weight for part, weight in self.parts)
        if degrees is None:
            degrees = sum(neighbour_totals(part, window) * weight for part, weight in self.parts)
        self.degrees = degrees

    def apply(self, rows: AnyFloats, out: Floats | None = None, words: Mask | None = None) -> Floats:
        """Sum every word's neighbours; (V, d) -> (V, d) float32; ``out``, if given, may be ``rows``.

        With ``words``, (V,), only their rows are needed, and the others may mean nothing; it is faster if
        they are rare. Extra memory: two blocks of 64 to 128 columns for each
        thread.
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
        width = rows.shape[1]
        bounds = self.blocks(width)
        centred = CentredRows(self.degrees, self.gamma, rows)
        self.mean = centred.mean
        own = self.occurrences.astype(np.float32)[:, None]
        roots = centred.roots.astype(np.float32)[:, None]

        def sum_columns(columns: tuple[int, int]) -> None:
            first, last = columns
            table = on_cache_lines(len(rows) + 1, 2 * (last - first))
            weighted, summed = table[:-1, : last - first], table[:-1, last - first :]
            table[-1] = 0
            total = np.empty(last - first, np.float32)
            centred.fill(weighted, first)
            # The kernels add a word's own row at each of its tokens, which is taken away here.
            np.multiply(weighted, -own, out=summed)
            scale = 1.0
            for part, weight in self.parts:
                if weight != scale:
                    weighted *= np.float32(weight / scale)
                for ids, offsets in part.in_ranges():
                    if words is None:
                        add_neighbours(ids, offsets, table, before, after, total)
                    else:
                        add_neighbours_of(words, ids, offsets, table, before, after)
                    self.tick(len(ids) * (last - first) / width)
                scale = weight
            # Written last, because `out` may be ``rows``.
            np.multiply(summed, roots, out=result[:, first:last])

        finish(in_order(pairwise(bounds), sum_columns))

    def blocks(self, width: int) -> list[int]:
        """Bounds of the blocks of columns, shared evenly by the threads."""
        workers = max(1, min(threads(), width // _NARROWEST))
        widest = min(max(_BYTES // (8 * len(self.degrees) + 8), _WIDEST // 2), _WIDEST)
        number = workers * -(-width // (widest * workers))
        return [width * part // number for part in range(number + 1)]


def are_rare(words: Mask, occurrences: Ints | Doubles, half: int) -> bool:
    """Whether summing the neighbours of these words, (V,), alone is faster than those of all words."""
    share = occurrences[words].sum() / max(occurrences.sum(), 1)
    return bool(2 * half * share < _FEW)


def neighbour_totals(batch: TokenBatch, window: int) -> Doubles:
    """Number of neighbours of each word, (V,) float64: the row sums of flat counts."""
    half = window // 2
    totals = (2 * half * batch.counts).astype(np.float64)
    for ids, offsets in batch.in_ranges():
        lengths = np.diff(offsets)
        number = min(half, int(lengths.max(initial=0)))
        places = [longer for place in range(number) for longer in _from_ends(offsets, lengths > place, place)]
        # Tokens have 2 · half neighbours, but for those near the ends of a document: only these are visited.
        if places:
            missing = np.repeat(half - np.arange(number), [2 * len(each) for each in places[::2]])
            totals -= np.bincount(ids[np.concatenate(places)], missing, len(totals))
    return totals


def _from_ends(offsets: Ints, longer: Mask, place: int) -> tuple[Ints, Ints]:
    """Where the tokens are that are so many from the first and from the last one of the longer documents."""
    return offsets[:-1][longer] + place, offsets[1:][longer] - 1 - place


@kernel
def add_neighbours(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,); windows do not cross documents
    table: Rows,  # (V + 1, 2 · d): rows, and right of each its sum; the last is zero, for clipped windows
    before: int,  # neighbours on the left
    after: int,  # neighbours on the right
    total: Floats,  # (d,), written
) -> None:
    """Add to the sum of w, for every position of word w, the rows of its neighbours and its own row.

    Its own row is left in the sum because two loops over the columns become one; the caller subtracts it. A
    row and its sum stand next to each other because most time goes into fetching them: the row is read a few
    tokens before the sum is written.
    """
    nothing = len(table) - 1
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
