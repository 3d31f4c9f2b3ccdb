"""`ClusterScan`: the neighbour operator of a text that workers hold."""

from __future__ import annotations

from itertools import pairwise
from operator import add

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ints, Mask
from selfvec.cooccurrence.scan import ScanOperator, neighbour_totals
from selfvec.data.token_batch import TokenBatch
from selfvec.refinement.methods.decorrelated import GAMMA

from .scheduler import Future, Scheduler

COLUMNS = 64  # of a matrix, summed by one task, so that a worker holds only these
PER_WORD = 64
"""Tokens for each word of the vocabulary that a task sums at least.

With fewer, moving and adding sums would take longer than summing.
"""
MOST_RANGES = 1024


def pass_ranges(tokens: Ints, words: int) -> list[slice]:
    """The range of shards of each task of a pass, from the tokens of each shard, (S,).

    It depends only on the text.

    >>> pass_ranges(np.array([300, 300, 300, 300]), words=9)
    [slice(0, 2, None), slice(2, 4, None)]
    """
    ends = np.cumsum(tokens)
    number = int(np.clip(ends[-1] // (PER_WORD * words), 1, MOST_RANGES))
    wanted = ends[-1] * np.arange(1, number) / number
    bounds = np.unique([0, *(np.searchsorted(ends, wanted) + 1), len(tokens)]).tolist()
    return [slice(*pair) for pair in pairwise(bounds)]


class ClusterScan(ScanOperator):
    """A·E of a text in ranges: each task sums some columns over a range, and the sums are added in pairs."""

    def __init__(self, words: TokenBatch, window: int, scheduler: Scheduler, ranges: list[Future]) -> None:
        totals = [scheduler.run(neighbour_totals, one, window) for one in ranges]
        super().__init__(words, window, GAMMA, degrees=scheduler.result(scheduler.sum(totals, add)))
        self.window = window
        self.scheduler = scheduler
        self.ranges = ranges
        self.tokens = int(words.counts.sum())

    def apply(self, rows: AnyFloats, out: Floats | None = None, words: Mask | None = None) -> Floats:
        """Sum every word's neighbours; (V, d) -> (V, d) float32. See `ScanOperator.apply`."""
        result = np.empty(rows.shape, np.float32) if out is None else out
        blocks = [slice(first, first + COLUMNS) for first in range(0, rows.shape[1], COLUMNS)]
        shared = [self.scheduler.keep(one) for one in (self.degrees, words)]
        sums = []
        for columns in blocks:
            block = self.scheduler.keep(np.array(rows[:, columns], np.float32, order="C"))
            parts = [self.scheduler.run(_sums, one, self.window, block, *shared) for one in self.ranges]
            sums.append(self.scheduler.sum(parts, add))
        tasks = len(blocks) * 2 * len(self.ranges) + len(shared)
        for columns in blocks:
            found = self.scheduler.result(sums.pop(0), lambda ended: self.tick(self.tokens * ended / tasks))
            result[:, columns] = found
        return result


def _sums(
    text: TokenBatch,
    window: int,
    rows: Floats,  # (V, c)
    degrees: Doubles,  # (V,), of the whole text
    words: Mask | None,  # (V,)
) -> Floats:
    """The part of a range of the text in the neighbour sums of some columns, (V, c) float32."""
    return ScanOperator(text, window, GAMMA, 1, degrees=degrees).apply(rows, words=words)
