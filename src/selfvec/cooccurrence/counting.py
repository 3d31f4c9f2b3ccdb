"""Who stands near whom, how often: the convention, the weights, and `count`.

Two positions i ≠ j of a document are neighbours when δ = |i - j| <= window // 2. Each such pair of positions
adds its weight to C[t_i, t_j] and to C[t_j, t_i], so a pair of equal words adds twice to its diagonal entry.
Weights are integers: sums are exact, in any order, and counts of parts of a corpus add up to those of the
whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.base.threads import cut, threads
from selfvec.data.token_batch import TokenBatch

from .counting_kernels import count_rows, index_positions
from .row_blocks import MEMORY, Block, Room, assemble
from .row_store import RowStore

if TYPE_CHECKING:
    from .counts import Counts

__all__ = ["HARMONIC_UNIT", "WEIGHTINGS", "check_weighting", "count", "half_of"]

HARMONIC_UNIT = 1 << 20  # what a neighbour at distance 1 counts where weights are harmonic

WEIGHTINGS: dict[str, Callable[[int, int], int]] = {
    "flat": lambda _distance, _half: 1,
    "linear": lambda distance, half: half + 1 - distance,
    "harmonic": lambda distance, _half: max(1, (2 * HARMONIC_UNIT + distance) // (2 * distance)),
}
"""The weight of a neighbour by its distance δ, 1 to half = window // 2: 1, half + 1 - δ, or 2**20 / δ to the
nearest integer."""

_WINDOW_BYTES = 16  # of an indexed position


def half_of(window: int) -> int:
    """Neighbours on each side of a window that counts its centre."""
    if window < 1:
        raise OptionError(f"a window has at least 1 token, not {window}", field="window")
    return window // 2


def check_weighting(weighting: str) -> None:
    """Refuse a name that is none."""
    if weighting not in WEIGHTINGS:
        raise OptionError(
            f"a weighting is one of {', '.join(WEIGHTINGS)}, not {weighting!r}", field="weighting"
        )


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
        What a neighbour at distance δ counts; see `WEIGHTINGS`.
    jobs : int, optional
        Threads; all cores where not given. The result has the same bits.
    memory : int
        Bytes to work in beside ``batch``: a quarter for an index of positions, a quarter for the threads (as
        far as a row per thread fits), half for the result, which goes to a temporary file and is
        memory-mapped when it is larger. The result has the same bits.

    Returns
    -------
    Counts

    Raises
    ------
    OptionError
        For a window, weighting or number of threads that makes no sense.
    TargetError
        If a temporary file cannot be written.

    Examples
    --------
    >>> counts = count(TokenBatch.from_documents([["a", "b", "a"], ["b", "c"]]), window=3)
    >>> counts.dense().tolist()
    [[0, 2, 0], [2, 0, 1], [0, 1, 0]]
    """
    from .counts import Counts

    check_weighting(weighting)
    nominal, jobs = half_of(window), threads(jobs)
    longest = int(np.diff(batch.offsets).max(initial=0))
    half = min(nominal, max(longest - 1, 0))  # no two positions are farther apart
    weigh = WEIGHTINGS[weighting]
    weights = np.array([0, *(weigh(distance, nominal) for distance in range(1, half + 1))], np.int64)
    most = np.minimum(2 * half * batch.counts, len(batch.types))
    with RowStore(most, memory // 2) as store:
        for group in cut(batch.counts, memory // 4 // _WINDOW_BYTES):
            _count_group(store, batch, Block(*group), weights, jobs, memory // 4)
        return Counts(list(batch.types), *store.finish(), 2 * nominal + 1, weighting)


def _count_group(
    store: RowStore, batch: TokenBatch, group: Block, weights: NDArray[np.int64], jobs: int, memory: int
) -> None:
    """Count the rows of some words: first where they stand, then, for each, what is around."""
    half = len(weights) - 1
    counts = batch.counts[group.first : group.last]
    bounds = np.concatenate(([0], np.cumsum(counts)))
    windows = np.empty((int(bounds[-1]), 2), np.int64)
    text = (batch.ids, batch.offsets, half)
    index_positions(*text, group.first, group.last, bounds[:-1].copy(), windows)

    def work(room: Room, block: Block) -> NDArray[np.int64]:
        lengths = np.empty(block.last - block.first, np.int64)
        part = bounds[block.first : block.last + 1]
        count_rows(batch.ids, windows, part, weights, *room.arrays, lengths)
        return lengths

    assemble(store, 2 * half * counts, len(batch.types), work, jobs=jobs, memory=memory)
