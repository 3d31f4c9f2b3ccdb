"""Counts as neighbour operators: PPMI, and the linear weights that a scan of the text can do as well.

Both satisfy `selfvec.cooccurrence.Operator`. Readable forms on dense matrices are in `counts_reference`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.base.threads import cut, in_order, threads

from .centred import Centring
from .product_kernels import multiply_rows, ppmi_rows, ppmi_sizes
from .row_blocks import MEMORY
from .row_store import room

if TYPE_CHECKING:
    from .counts import Counts

__all__ = ["LinearOperator", "PPMIOperator", "sparse_product"]

_PPMI_BYTES = 8  # of an entry: its column (int32) and its value (float32)
_SHARE = 1 << 18  # entries a thread takes at a time


class PPMIOperator:
    """Positive pointwise mutual information with smoothed contexts, times a table.

        PPMI_ij = max(0, log(C_ij · Σ_k r_k^s / (r_i · r_j^s))),  r = row sums of C

    Smoothing s < 1 takes from pairs with rare words what they owe to chance (Levy, Goldberg, Dagan 2015,
    *Improving Distributional Similarity with Lessons Learned from Word Embeddings*, §3). A common factor of
    all counts cancels, so weights in fixed point need no scale.

    Parameters
    ----------
    counts : Counts
    smoothing : float
        s, from 0 to 1.
    jobs : int, optional
        Threads; all cores where not given. The result has the same bits.
    memory : int
        Bytes of the matrix that stay in memory; a larger one goes to a temporary file.

    Attributes
    ----------
    indptr : (V + 1,) int64, indices : (m,) int32, values : (m,) float32
        The matrix, positive entries only; memory-mapped where it is larger than ``memory``.
    degrees : (V,) float64
        Row sums r of the counts.

    Raises
    ------
    OptionError
        If the smoothing is not from 0 to 1.
    """

    def __init__(
        self, counts: Counts, smoothing: float = 0.75, *, jobs: int | None = None, memory: int = MEMORY
    ) -> None:
        if not 0 <= smoothing <= 1:
            raise OptionError(f"smoothing lies between 0 and 1, not at {smoothing}", field="smoothing")
        self.counts, self.smoothing, self._jobs = counts, smoothing, threads(jobs)
        self.degrees: NDArray[np.float64] = counts.row_sums.astype(np.float64)
        logs = np.log(np.maximum(self.degrees, 1))
        # Words without neighbours are no contexts, also where s = 0 makes all contexts equal.
        contexts = np.where(self.degrees > 0, np.exp(smoothing * logs), 0.0)
        row_log = logs - np.log(max(contexts.sum(), 1.0))
        given = (counts.indptr, counts.indices, counts.data, row_log, smoothing * logs)
        sizes = np.zeros(len(counts), np.int64)
        _each(counts.indptr, self._jobs, lambda first, last: ppmi_sizes(*given, first, last, sizes))
        self.indptr = np.concatenate(([0], np.cumsum(sizes)))
        size = int(self.indptr[-1])
        spill = size * _PPMI_BYTES > memory
        self.indices, self.values = room(size, np.int32, spill=spill), room(size, np.float32, spill=spill)
        made = (self.indptr, self.indices, self.values)
        _each(counts.indptr, self._jobs, lambda first, last: ppmi_rows(*given, first, last, *made))

    def apply(
        self, table: NDArray[np.floating[Any]], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """PPMI · table, (V, d) -> (V, d) float32."""
        rows = np.ascontiguousarray(_checked(table, len(self.degrees)), np.float32)
        result = sparse_product(self.indptr, self.indices, self.values, rows, self._jobs)
        return _into(out, result)


class LinearOperator:
    """The centred, root-weighted sum of neighbours: what `ScanOperator` sums from the text, from counts.

    The formula is that of `centred`. With weights in units of u, the whole result is u^(1/2-γ) times what it
    would be in units of 1.

    Parameters
    ----------
    counts : Counts
    gamma : float
        γ: how much less a frequent neighbour counts, 0.3 to 0.5.
    jobs : int, optional
        Threads; all cores where not given. The result has the same bits.

    Attributes
    ----------
    degrees : (V,) float64
        Row sums r of the counts.
    """

    def __init__(self, counts: Counts, gamma: float = 0.5, *, jobs: int | None = None) -> None:
        if not np.isfinite(gamma):
            raise OptionError(f"γ is a number, not {gamma}", field="gamma")
        self.counts, self.gamma, self._jobs = counts, gamma, threads(jobs)
        self.degrees: NDArray[np.float64] = counts.row_sums.astype(np.float64)

    def apply(
        self, table: NDArray[np.floating[Any]], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """A · table, (V, d) -> (V, d) float32. Memory: two tables."""
        _checked(table, len(self.degrees))
        centring = Centring(self.degrees, self.gamma, table)
        centred = np.empty(table.shape, np.float32)
        centring.fill(centred)
        counts = self.counts
        result = sparse_product(counts.indptr, counts.indices, counts.data, centred, self._jobs)
        result *= centring.roots.astype(np.float32)[:, None]
        return _into(out, result)


def _into(out: NDArray[np.float32] | None, result: NDArray[np.float32]) -> NDArray[np.float32]:
    if out is None:
        return result
    out[:] = result
    return out


def _checked(table: NDArray[np.floating[Any]], rows: int) -> NDArray[np.floating[Any]]:
    if table.ndim != 2 or len(table) != rows:
        raise InputError(f"a table has a row for each of the {rows:,} words, this one is {table.shape}")
    return table


def sparse_product(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: NDArray[Any],
    table: NDArray[np.float32],
    jobs: int,
) -> NDArray[np.float32]:
    """A matrix in compressed rows, (n, m), times a table, (m, d) -> (n, d) float32, by so many threads."""
    out = np.empty((len(indptr) - 1, table.shape[1]), np.float32)
    _each(indptr, jobs, lambda first, last: multiply_rows(indptr, indices, values, table, first, last, out))
    return out


def _each(indptr: NDArray[np.int64], jobs: int, work: Callable[[int, int], None]) -> None:
    """Do all rows, in shares of about as many entries."""
    shares = cut(np.diff(indptr) + 1, _SHARE)
    for _ in in_order(shares, lambda share: work(*share), jobs):
        pass
