"""The neighbour operator by scan: the paper's own walk through the text, made informative, in batch form.

It is the linear operator of `centred`, which is linear in the counts C: they are never made. One scan of the
text over the centred table sums the bracket itself, and the large common part that would cost float32 its
digits never enters the sums.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.threads import threads
from selfvec.data.token_batch import TokenBatch

from .centred import Centring
from .lanes import LANES, aligned
from .scan_kernel import count_neighbours, scan

__all__ = ["ScanOperator", "scan_reference"]

_NARROWEST = 4 * LANES  # columns a thread is worth
_WIDEST = 8 * LANES  # columns worked on at a time: more of the frequent words' rows stay in the cache


class ScanOperator:
    """A·E by scanning the text once per application.

    Parameters
    ----------
    batch : TokenBatch
    window : int
        Tokens per window, the centre included; ``window // 2`` on each side.
    gamma : float
        γ: how much less a frequent neighbour counts, 0.3 to 0.5.
    jobs : int, optional
        Threads; all cores where not given. The result has the same bits.
    """

    def __init__(self, batch: TokenBatch, window: int, gamma: float = 0.5, jobs: int | None = None) -> None:
        self.batch, self.half, self.gamma = batch, window // 2, gamma
        self.jobs = threads(jobs)
        counted = count_neighbours(batch.ids, batch.offsets, self.half, len(batch.types))
        self.degrees: NDArray[np.float64] = counted.astype(np.float64)

    def apply(
        self, table: NDArray[np.floating[Any]], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Sum every word's neighbours; (V, d) -> (V, d) float32.

        Memory beside ``out``, which may be ``table``: two blocks of at most 128 columns for each thread.
        """
        height, width = len(table) + 1, table.shape[1]
        bounds = self.blocks(width)
        result = np.empty((len(table), width), np.float32) if out is None else out
        centring = Centring(self.degrees, self.gamma, table)
        roots = centring.roots.astype(np.float32)[:, None]
        rooms: SimpleQueue[NDArray[np.float32]] = SimpleQueue()
        for _ in range(min(self.jobs, len(bounds) - 1)):
            rooms.put(aligned(2 * height * int(np.diff(bounds).max())))

        def work(first: int, last: int) -> None:
            room = rooms.get()
            weighted, summed = room[: 2 * height * (last - first)].reshape(2, height, last - first)
            weighted[-1] = weighted[:, max(0, width - first) :] = summed[:] = 0
            centring.fill(weighted[:-1, : width - first], first)
            scan(self.batch.ids, self.batch.offsets, weighted, summed, self.half)
            # Only now: before, the columns may have been those of the table.
            np.multiply(summed[:-1, : width - first], roots, out=result[:, first:last])
            rooms.put(room)

        with ThreadPoolExecutor(self.jobs) as pool:
            deque(pool.map(work, bounds[:-1], bounds[1:]), maxlen=0)
        return result

    def blocks(self, width: int) -> list[int]:
        """Bounds of the columns that are worked on together, as evenly as the threads can share them."""
        lanes = -(-width // LANES)
        workers = max(1, min(self.jobs, lanes * LANES // _NARROWEST))
        number = workers * -(-lanes * LANES // (_WIDEST * workers))
        return [LANES * (lanes * part // number) for part in range(number + 1)]


def scan_reference(
    batch: TokenBatch, table: NDArray[np.float64], window: int, gamma: float
) -> NDArray[np.float64]:
    """The formula as it stands, with the matrix it does not need: what `ScanOperator` is checked against."""
    half, size = window // 2, len(batch.types)
    counts = np.zeros((size, size))
    for lo, hi in pairwise(batch.offsets):
        for i in range(lo, hi):
            for j in range(max(lo, i - half), min(hi, i + half + 1)):
                if i != j:
                    counts[batch.ids[i], batch.ids[j]] += 1
    degrees = counts.sum(axis=1)
    safe = np.maximum(degrees, 1e-300)
    weights = np.where(degrees > 0, safe**-gamma, 0.0)
    common = (degrees * weights) @ table / max(degrees.sum(), 1e-300)
    bracket = counts @ (weights[:, None] * table) - degrees[:, None] * common
    return np.asarray(np.where(degrees > 0, safe**-0.5, 0.0)[:, None] * bracket)
