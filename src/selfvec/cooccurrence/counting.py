"""`count`: the co-occurrence counts of a corpus, as defined by `Counts`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.errors import OptionError
from selfvec.base.threads import cut, threads
from selfvec.data.token_batch import TokenBatch

from .counts import WEIGHTINGS, Counts
from .kernels import count_pairs, count_rows, index_positions
from .sparse_rows import MEMORY, Block, RowBuffer, RowStore, assemble

__all__ = ["count", "count_near"]

_WINDOW_BYTES = 16  # per indexed position


def count(
    batch: TokenBatch,
    window: int,
    *,
    weighting: str = "flat",
    jobs: int | None = None,
    memory: int = MEMORY,
) -> Counts:
    """Count co-occurrences exactly.

    Parameters
    ----------
    batch : TokenBatch
    window : int
        Tokens per window, the centre included: ``window // 2`` on each side (10 and 11 are the same). Windows
        do not cross documents.
    weighting : "flat", "linear" or "harmonic"
        Weight of a neighbour at distance δ; see `selfvec.cooccurrence.WEIGHTINGS`.
    jobs : int, optional
        Threads; all cores by default. The result has the same bits for any number.
    memory : int
        Bytes of working memory besides ``batch``: a quarter for an index of positions, a quarter for the
        threads (at least one row each), half for the result. A larger result is written to a temporary file
        and memory-mapped. The result has the same bits for any value.

    Returns
    -------
    Counts

    Raises
    ------
    OptionError
        If the window, the weighting or the number of threads is invalid.
    TargetError
        If a temporary file cannot be written.

    Examples
    --------
    >>> counts = count(TokenBatch.from_documents([["a", "b", "a"], ["b", "c"]]), window=3)
    >>> counts.dense().tolist()
    [[0, 2, 0], [2, 0, 1], [0, 1, 0]]
    """
    if window < 1:
        raise OptionError(f"a window has at least 1 token, not {window}", field="window")
    if weighting not in WEIGHTINGS:
        rule = f"a weighting is one of {', '.join(WEIGHTINGS)}, not {weighting!r}"
        raise OptionError(rule, field="weighting")
    nominal = window // 2
    jobs = threads(jobs)
    longest = int(np.diff(batch.offsets).max(initial=0))
    half = min(nominal, max(longest - 1, 0))  # no two positions are farther apart
    weigh = WEIGHTINGS[weighting]
    weights = np.array([0, *(weigh(distance, nominal) for distance in range(1, half + 1))], np.int64)
    most = np.minimum(2 * half * batch.counts, len(batch.types))
    with closing(RowStore(most, memory // 2)) as store:
        for group in cut(batch.counts, memory // 4 // _WINDOW_BYTES):
            _count_group(store, batch, group, weights, jobs, memory // 4)
        return Counts(list(batch.types), *store.finish(), 2 * nominal + 1, weighting)


def _count_group(
    store: RowStore, batch: TokenBatch, group: Block, weights: Ints, jobs: int, memory: int
) -> None:
    """Count the rows of some words: index their positions, then count the neighbours there."""
    half = len(weights) - 1
    counts = batch.counts[slice(*group)]
    bounds = np.concatenate(([0], np.cumsum(counts)))
    windows = np.empty((int(bounds[-1]), 2), np.int64)
    index_positions(batch.ids, batch.offsets, half, *group, bounds[:-1].copy(), windows)

    def work(buffer: RowBuffer, block: Block) -> Ints:
        first, last = block
        lengths = np.empty(last - first, np.int64)
        count_rows(batch.ids, windows, bounds[first : last + 1], weights, *buffer.arrays, lengths)
        return lengths

    assemble(store, 2 * half * counts, len(batch.types), work, jobs=jobs, memory=memory)


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
