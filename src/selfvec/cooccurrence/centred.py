"""The centred table whose rows the linear neighbour operator sums, from the text or from counts.

    (A·E)_w = r_w^(-1/2) · Σ_c C_wc · ( r_c^(-γ) · E_c - m ),    m = Σ_c r_c^(1-γ) · E_c / N

C: co-occurrence counts, r: their row sums, N = Σ r. m is what is expected near any word. It is subtracted
before summing, because afterwards two large numbers would cancel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROWS", "Centring"]

ROWS = 8192  # of a table, processed at a time, so that no second table is needed


class Centring:
    """Weights and centre of one table. Words without neighbours have weight and root 0."""

    def __init__(
        self,
        degrees: NDArray[np.float64],  # (V,): r
        gamma: float,  # the larger, the less a frequent neighbour counts
        table: NDArray[np.floating[Any]],  # (V, d)
    ) -> None:
        # weights r^(-γ), roots r^(-1/2), both (V,) float64; mean m, (d,) float64
        with np.errstate(divide="ignore"):
            self.weights = np.where(degrees > 0, degrees**-gamma, 0.0)
            self.roots = np.where(degrees > 0, degrees**-0.5, 0.0)
        shares = degrees * self.weights / max(degrees.sum(), 1.0)
        self.table, self.mean = table, np.zeros(table.shape[1])
        for start in range(0, len(table), ROWS):
            rows = slice(start, start + ROWS)
            self.mean += shares[rows] @ table[rows].astype(np.float64)

    def fill(self, out: NDArray[np.float32], first: int = 0) -> None:
        """Write the weighted, centred rows, columns from ``first`` on, into ``out``, (V, p) float32."""
        columns = slice(first, first + out.shape[1])
        weights, mean = self.weights.astype(np.float32)[:, None], self.mean[columns].astype(np.float32)
        for start in range(0, len(out), ROWS):
            rows = slice(start, start + ROWS)
            np.multiply(self.table[rows, columns], weights[rows], out=out[rows], casting="same_kind")
            out[rows] -= mean
