"""The centred table whose rows the linear neighbour operator sums, by scan or by counts.

    (A·E)_w = r_w^(-1/2) · [ Σ_c C_wc · r_c^(-γ) · E_c  -  (r_w / N) · Σ_c r_c^(1-γ) · E_c ]
            = r_w^(-1/2) · Σ_c C_wc · ( r_c^(-γ) · E_c - m ),    m = Σ_c r_c^(1-γ) · E_c / N

with C the co-occurrence counts, r their row sums and N = Σ r. The bracket is the sum over the neighbours of w
minus what is expected near any word. The rows are centred by m before they are summed, so that no large
number is subtracted from another at the end. A word without neighbours (r = 0) gets zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROWS", "Centring"]

ROWS = 8192  # of a table, worked on at a time, so that no second table is needed


class Centring:
    """Weights and centre of one table.

    Parameters
    ----------
    degrees : (V,) float64
        r, the row sums of the counts.
    gamma : float
        γ: the larger, the less a frequent neighbour counts.
    table : (V, d) float

    Attributes
    ----------
    weights, roots : (V,) float64
        r^(-γ) and r^(-1/2), zero for words without neighbours.
    mean : (d,) float64
        m.
    """

    def __init__(self, degrees: NDArray[np.float64], gamma: float, table: NDArray[np.floating[Any]]) -> None:
        with np.errstate(divide="ignore"):
            self.weights = np.where(degrees > 0, degrees**-gamma, 0.0)
            self.roots = np.where(degrees > 0, degrees**-0.5, 0.0)
        shares = degrees * self.weights / max(degrees.sum(), 1.0)
        self.table, self.mean = table, np.zeros(table.shape[1])
        for start in range(0, len(table), ROWS):
            rows = slice(start, start + ROWS)
            self.mean += shares[rows] @ table[rows].astype(np.float64)

    def fill(self, out: NDArray[np.float32], first: int = 0) -> None:
        """Write the weighted, centred rows, the columns from ``first`` on, into ``out`` (V, p)."""
        columns = slice(first, first + out.shape[1])
        weights, mean = self.weights.astype(np.float32)[:, None], self.mean[columns].astype(np.float32)
        for start in range(0, len(out), ROWS):
            rows = slice(start, start + ROWS)
            np.multiply(self.table[rows, columns], weights[rows], out=out[rows], casting="same_kind")
            out[rows] -= mean
