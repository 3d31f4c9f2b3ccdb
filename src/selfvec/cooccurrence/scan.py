"""The linear neighbour operator from the text, without co-occurrence counts.

The operator (`selfvec.cooccurrence.centred`) is linear in the counts, so one scan of the text over the
centred table is enough. The rows are centred first, because a large common part would cost float32 sums their
precision.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.threads import threads
from selfvec.data.token_batch import TokenBatch

from .centred import Centring
from .counting import neighbour_totals
from .lanes import LANES, aligned
from .scan_kernel import scan

__all__ = ["ScanOperator"]

_NARROWEST = 4 * LANES  # fewer columns are not worth a thread
_WIDEST = 8 * LANES  # columns per block, so that the rows of frequent words stay in the cache


class ScanOperator:
    """A·E by one scan of the text per application; γ is usually 0.3 to 0.5, see `LinearOperator`."""

    def __init__(self, batch: TokenBatch, window: int, gamma: float = 0.5, jobs: int | None = None) -> None:
        self.batch, self.half, self.gamma = batch, window // 2, gamma
        self.jobs = threads(jobs)
        self.degrees = neighbour_totals(batch, window)

    def apply(
        self, table: NDArray[np.floating[Any]], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Sum every word's neighbours; (V, d) -> (V, d) float32.

        ``out`` may be ``table``. Extra memory: two blocks of at most 128 columns for each thread.
        """
        height, width = len(table) + 1, table.shape[1]
        bounds = self.blocks(width)
        result = np.empty((len(table), width), np.float32) if out is None else out
        centring = Centring(self.degrees, self.gamma, table)
        roots = centring.roots.astype(np.float32)[:, None]
        buffers: SimpleQueue[NDArray[np.float32]] = SimpleQueue()
        for _ in range(min(self.jobs, len(bounds) - 1)):
            buffers.put(aligned(2 * height * int(np.diff(bounds).max())))

        def work(first: int, last: int) -> None:
            buffer = buffers.get()
            weighted, summed = buffer[: 2 * height * (last - first)].reshape(2, height, last - first)
            weighted[-1] = weighted[:, max(0, width - first) :] = summed[:] = 0
            centring.fill(weighted[:-1, : width - first], first)
            scan(self.batch.ids, self.batch.offsets, weighted, summed, self.half)
            # Written last, because `out` may be the table.
            np.multiply(summed[:-1, : width - first], roots, out=result[:, first:last])
            buffers.put(buffer)

        with ThreadPoolExecutor(self.jobs) as pool:
            deque(pool.map(work, bounds[:-1], bounds[1:]), maxlen=0)
        return result

    def blocks(self, width: int) -> list[int]:
        """Bounds of the blocks of columns, shared evenly by the threads."""
        lanes = -(-width // LANES)
        workers = max(1, min(self.jobs, lanes * LANES // _NARROWEST))
        number = workers * -(-lanes * LANES // (_WIDEST * workers))
        return [LANES * (lanes * part // number) for part in range(number + 1)]
