"""Exact co-occurrence counts of a corpus, `count`, and positive pointwise mutual information, `PositivePMI`.

They are counted one row of the matrix at a time. The totals of a row are in a dense array, (V,), which stays
in the second-level cache, so that adding a pair takes one load and one store, without hashing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from queue import SimpleQueue

import numpy as np

from selfvec.base.arrays import AnyInts, Doubles, Floats, Ids, Ints
from selfvec.base.compiled import kernel
from selfvec.base.errors import OptionError
from selfvec.base.threads import cut, in_order, threads
from selfvec.data.token_batch import TokenBatch, bounds_of
from selfvec.numerics.sparse_rows import SHARE, SparseRows, SparseRowsMaker

HARMONIC_UNIT = 1 << 20  # weight of a neighbour at distance 1 with harmonic weights

WEIGHTINGS: dict[str, Callable[[int], int]] = {
    "flat": lambda _distance: 1,
    "harmonic": lambda distance: max(1, (2 * HARMONIC_UNIT + distance) // (2 * distance)),
}
"""The weight of a neighbour by its distance δ, from 1 on: 1, or 2**20 / δ to the nearest integer."""


@dataclass(frozen=True, eq=False)
class Counts:
    """Co-occurrence counts of V words, made by `selfvec.cooccurrence.count`.

    Two positions i ≠ j of a document are neighbours if δ = |i - j| <= window // 2. Each such pair adds its
    weight to C[t_i, t_j] and to C[t_j, t_i], so a pair of equal words adds twice to its diagonal entry.
    Weights are integers: sums are exact in any order, and counts of the parts of a corpus add up to those of
    the whole. The matrix is symmetric and in compressed rows, like SciPy's ``csr_array``; a long one is a map
    of a file.
    """

    indptr: Ints  # (V + 1,), row w holds the entries indptr[w]:indptr[w + 1]
    indices: Ids  # (n,), columns, rising within a row
    data: Ints  # (n,), counts, at least 1

    def __len__(self) -> int:
        """V."""
        return len(self.indptr) - 1

    @cached_property
    def row_sums(self) -> Ints:
        """Total weight of the neighbours of each word, (V,) int64."""
        return np.diff(np.concatenate(([0], np.cumsum(self.data)))[self.indptr])

    @property
    def total(self) -> int:
        """The sum of all counts."""
        return int(self.row_sums.sum())


# ---- Counting

_INDEXED = 1 << 24  # positions indexed at a time, 256 MB
_LEFT = 32  # bits by which the left extent of a window is shifted
_RIGHT = (1 << _LEFT) - 1
_BLOCK = 1 << 20  # neighbours that a thread counts at a time


def count(
    batch: TokenBatch,
    window: int,  # tokens, the centre included: ``window // 2`` on each side (10 and 11 are the same)
    *,
    weighting: str = "flat",  # of a neighbour at distance δ; a name in `WEIGHTINGS`
) -> Counts:
    """Count co-occurrences exactly; the result has the same bits for any number of threads.

    Windows do not cross documents. Long counts are a map of a temporary file; `TargetError` if that cannot be
    written.

    >>> counts = count(TokenBatch.from_documents([["a", "b", "a"], ["b", "c"]]), window=3)
    >>> counts.indptr.tolist(), counts.indices.tolist(), counts.data.tolist()
    ([0, 1, 3, 4], [1, 0, 2, 1], [2, 2, 1, 1])
    """
    if window < 1:
        raise OptionError(f"a window has at least 1 token, not {window}", field="window")
    if weighting not in WEIGHTINGS:
        rule = f"a weighting is one of {', '.join(WEIGHTINGS)}, not {weighting!r}"
        raise OptionError(rule, field="weighting")
    nominal = window // 2
    longest = int(batch.lengths.max(initial=0))
    half = min(nominal, max(longest - 1, 0))  # no two positions are farther apart
    weigh = WEIGHTINGS[weighting]
    weights = np.array([0, *(weigh(distance) for distance in range(1, half + 1))], np.int64)
    with closing(SparseRowsMaker()) as made:
        for group in cut(batch.counts, _INDEXED):
            _count_group(made, batch, group, weights)
        return Counts(*made.finish())


def _count_group(made: SparseRowsMaker, batch: TokenBatch, group: tuple[int, int], weights: Ints) -> None:
    """Count the rows of some words: index their positions, then count the neighbours there."""
    half = len(weights) - 1
    counts = batch.counts[slice(*group)]
    bounds = bounds_of(counts)
    windows = np.empty((int(bounds[-1]), 2), np.int64)
    index_positions(batch.ids, batch.offsets, half, *group, bounds[:-1].copy(), windows)
    types = len(batch.types)
    entries = np.minimum(2 * half * counts, types)  # of each row, at most
    totals: SimpleQueue[Ints] = SimpleQueue()
    for _ in range(threads() + 1):
        totals.put(np.zeros(types, np.int64))

    def rows(block: tuple[int, int]) -> tuple[Ints, Ids, Ints]:
        first, last = block
        room = int(entries[first:last].sum())
        indices, data = np.empty(room, np.int32), np.empty(room, np.int64)
        lengths = np.empty(last - first, np.int64)
        own = totals.get()
        count_rows(batch.ids, windows, bounds[first : last + 1], weights, own, indices, data, lengths)
        totals.put(own)
        filled = int(lengths.sum())
        return lengths, indices[:filled].copy(), data[:filled].copy()

    for block in in_order(cut(2 * half * counts, _BLOCK), rows):
        made.append(*block)


def count_near(
    batch: TokenBatch, window: int, words: Sequence[int], others: Sequence[int] | None = None
) -> Ints:
    """Some rows and columns of the flat counts, (n, m) int64, without counting the rest.

    ``words`` are n row numbers; ``others`` are m column numbers, by default all.

    >>> count_near(TokenBatch.from_documents([["a", "b", "a"], ["b", "c"]]), 3, [1]).tolist()
    [[2, 0, 1]]
    """
    columns = range(len(batch.types)) if others is None else others
    out = np.zeros((len(words), len(columns)), np.int64)
    row_of, column_of = np.full((2, len(batch.types)), -1, np.int32)
    row_of[list(words)] = np.arange(len(words))
    column_of[list(columns)] = np.arange(len(columns))
    count_pairs(batch.ids, batch.offsets, window // 2, row_of, column_of, out)
    return out


SMOOTHING = 0.75
"""The exponent of the totals of contexts.

One below 1 corrects the bias towards rare contexts (Levy, Goldberg, Dagan 2015, *Improving Distributional
Similarity with Lessons Learned from Word Embeddings*, §3, which has this value).
"""


class PositivePMI:
    """Positive pointwise mutual information with smoothed contexts.

        max(0, log(C_ij · Σ_k r_k^s / (r_i · r_j^s))),  r = row sums of C,  s = `SMOOTHING`

    A common factor of all counts cancels, so fixed-point weights need no scaling.
    """

    def __init__(self, degrees: Doubles) -> None:  # (V,), r
        logs = np.log(np.maximum(degrees, 1))
        contexts = np.where(degrees > 0, np.exp(SMOOTHING * logs), 0.0)
        self._contexts = SMOOTHING * logs
        self._words = logs - np.log(max(contexts.sum(), 1.0))

    def __call__(self, counts: Ints, words: AnyInts, contexts: AnyInts) -> Doubles:
        """Compute the values of counts in the rows ``words`` and columns ``contexts``, float64.

        The three arrays are broadcast against each other.

        >>> pmi = PositivePMI(np.array([2.0, 2.0, 1.0, 1.0]))
        >>> pmi(np.array([[0, 2, 0, 0]]), np.array([[0]]), np.arange(4)[None]).round(3).tolist()
        [[0.0, 1.16, 0.0, 0.0]]
        """
        with np.errstate(divide="ignore"):
            logs = np.log(counts)
        return np.asarray(np.maximum(logs - self._contexts[contexts] - self._words[words], 0.0))


def ppmi_matrix(counts: Counts) -> SparseRows:
    """The positive entries of `PositivePMI` of all counts, (V, V); the same bits for any number of threads.

    A long matrix is a map of a temporary file.
    """
    pmi = PositivePMI(counts.row_sums.astype(np.float64))
    lengths = np.diff(counts.indptr)

    def block(rows: tuple[int, int]) -> tuple[Ints, Ids, Floats]:
        first, last = rows
        entries = slice(counts.indptr[first], counts.indptr[last])
        contexts = counts.indices[entries]
        words = np.repeat(np.arange(first, last), lengths[first:last])
        values = pmi(counts.data[entries], words, contexts)
        kept = values > 0
        sizes = np.bincount(words[kept] - first, minlength=last - first)
        return sizes, contexts[kept], values[kept].astype(np.float32)

    with closing(SparseRowsMaker(np.float32)) as made:
        for rows in in_order(cut(lengths + 1, SHARE), block):
            made.append(*rows)
        return made.finish()


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
    """Count the neighbours of R words."""
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
            # Only what was counted: clearing all V words for each row would take longer than counting.
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
