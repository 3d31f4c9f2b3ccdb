"""The neighbour operator by scan: the paper's own walk through the text, made informative, in batch form.

    (A·E)_w = r_w^(-1/2) · [ Σ_c C_wc · r_c^(-γ) · E_c  -  (r_w / N) · Σ_c r_c^(1-γ) · E_c ]

with C the co-occurrence counts of the window, r their row sums and N = Σ r. The bracket is "what stood next
to w" minus "what stands next to anything". It is linear in C, so C is never made: with the second term moved
into the table (its rows centred by the r-weighted mean) one scan of the text sums the bracket itself, and
the large common part that would cost float32 its digits never enters the sums.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..lanes import LANES, aligned_table
from ..tokens import TokenBatch
from .scan_kernel import count_neighbours, scan

__all__ = ["ScanOperator", "scan_reference"]

_NARROWEST = 4 * LANES  # columns a thread is worth


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
        self.jobs = jobs or os.cpu_count() or 1
        counted = count_neighbours(batch.ids, batch.offsets, self.half, len(batch.types))
        self.degrees: NDArray[np.float64] = counted.astype(np.float64)

    def apply(self, table: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Sum every word's neighbours; (V, d) -> (V, d) float32. Memory: two tables."""
        with np.errstate(divide="ignore"):
            weights = np.where(self.degrees > 0, self.degrees**-self.gamma, 0.0)
            roots = np.where(self.degrees > 0, self.degrees**-0.5, 0.0)
        total = self.degrees.sum()
        mean = (self.degrees * weights) @ table / total if total else np.zeros(table.shape[1])
        weighted = aligned_table(table)
        width = table.shape[1]
        weighted[:-1, :width] *= weights[:, None].astype(np.float32)
        weighted[:-1, :width] -= mean.astype(np.float32)
        result = np.zeros_like(weighted)
        self._scan(weighted, result)
        result *= np.append(roots, 0.0).astype(np.float32)[:, None]
        return result[:-1, :width]

    def _scan(self, weighted: NDArray[np.float32], result: NDArray[np.float32]) -> None:
        columns = weighted.shape[1]
        threads = max(1, min(self.jobs, columns // _NARROWEST))
        bounds = [LANES * (columns // LANES * part // threads) for part in range(threads + 1)]
        ids, offsets = self.batch.ids, self.batch.offsets
        with ThreadPoolExecutor(threads) as pool:
            done = [
                pool.submit(scan, ids, offsets, weighted, result, self.half, first, last)
                for first, last in pairwise(bounds)
            ]
            for part in done:
                part.result()


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
