"""Neighbour operators: for each word, a weighted sum of the rows of its neighbours.

`LinearOperator` is made from counts. `selfvec.cooccurrence.scan.ScanOperator` computes the same from the
text. `PPMIOperator` weights neighbours by positive pointwise mutual information.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ids, Ints, Mask
from selfvec.base.errors import InputError, OptionError
from selfvec.base.threads import cut, in_order, threads
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.sparse_rows import SHARE, SparseRows, SparseRowsMaker

from .scan import CentredRows, Operator, ScanOperator

if TYPE_CHECKING:
    from .counts import Counts


def operator(
    name: str,  # scan, counts or ppmi
    batch: TokenBatch,
    window: int,  # tokens, the centre included
    *,
    gamma: float = 0.5,  # γ of the linear operator; the larger, the less weight frequent neighbours have
    weighting: str = "flat",  # of a neighbour by its distance, if counts are made; a name in `WEIGHTINGS`
    jobs: int | None = None,  # threads, all cores by default
) -> Operator:
    """Make the neighbour operator of a corpus; the result has the same bits for any number of threads.

    "scan" and "counts" are the same linear operator, from the text and from exact counts (equal up to
    rounding). "ppmi" is `PPMIOperator`. Operators made from counts have the attribute ``counts``.
    """
    if name == "scan":
        return ScanOperator(batch, window, gamma, jobs)
    from .counts import count

    counts = count(batch, window, weighting=weighting, jobs=jobs)
    return PPMIOperator(counts, jobs=jobs) if name == "ppmi" else LinearOperator(counts, gamma, jobs=jobs)


class PositivePMI:
    """Positive pointwise mutual information with smoothed contexts.

        max(0, log(C_ij · Σ_k r_k^s / (r_i · r_j^s))),  r = row sums of C

    Smoothing s < 1 corrects the bias towards rare contexts (Levy, Goldberg, Dagan 2015, *Improving
    Distributional Similarity with Lessons Learned from Word Embeddings*, §3). A common factor of all counts
    cancels, so fixed-point weights need no scaling.
    """

    def __init__(
        self,
        degrees: Doubles,  # (V,), r
        smoothing: float = 0.75,  # s, from 0 to 1
    ) -> None:
        if not 0 <= smoothing <= 1:
            raise OptionError(f"smoothing lies between 0 and 1, not at {smoothing}", field="smoothing")
        logs = np.log(np.maximum(degrees, 1))
        # A word without neighbours is not a context, even if s = 0 makes all contexts equal.
        contexts = np.where(degrees > 0, np.exp(smoothing * logs), 0.0)
        self._contexts = smoothing * logs
        self._words = logs - np.log(max(contexts.sum(), 1.0))

    def __call__(
        self, counts: Ints, words: NDArray[np.integer[Any]], contexts: NDArray[np.integer[Any]]
    ) -> Doubles:
        """Compute the values of counts in the rows ``words`` and columns ``contexts``, float64.

        The three arrays are broadcast against each other.

        >>> pmi = PositivePMI(np.array([2.0, 2.0, 1.0, 1.0]))
        >>> pmi(np.array([[0, 2, 0, 0]]), np.array([[0]]), np.arange(4)[None]).round(3).tolist()
        [[0.0, 1.16, 0.0, 0.0]]
        """
        with np.errstate(divide="ignore"):
            logs = np.log(counts)
        return np.asarray(np.maximum(logs - self._contexts[contexts] - self._words[words], 0.0))


class PPMIOperator(Operator):
    """The sparse matrix of positive pointwise mutual information; see `PositivePMI`.

    The matrix is in compressed rows, positive entries only; a long one is a map of a temporary file. It has
    the same bits for any number of threads.
    """

    counts: Counts
    matrix: SparseRows  # (V, V)

    def __init__(self, counts: Counts, smoothing: float = 0.75, *, jobs: int | None = None) -> None:
        self.counts = counts
        self.smoothing = smoothing
        self._jobs = threads(jobs)
        self.degrees: Doubles = counts.row_sums.astype(np.float64)
        pmi = PositivePMI(self.degrees, smoothing)
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
            for rows in in_order(cut(lengths + 1, SHARE), block, self._jobs):
                made.append(*rows)
            self.matrix = made.finish()

    def apply(self, rows: AnyFloats, out: Floats | None = None, words: Mask | None = None) -> Floats:
        """Compute PPMI · rows, (V, d) -> (V, d) float32; `InputError` if the matrix does not have V rows."""
        del words
        dense = np.ascontiguousarray(_checked(rows, len(self.degrees)), np.float32)
        return _into(out, self.matrix.times(dense, self._jobs))


class LinearOperator(Operator):
    """The centred, root-weighted sum of neighbours, from counts; `ScanOperator` computes it from the text.

    The formula is in `selfvec.cooccurrence.scan`. Multiplying all weights by u multiplies the result by
    u^(1/2-γ). γ is usually 0.3 to 0.5: the larger it is, the less weight frequent neighbours have. The result
    has the same bits for any number of threads.
    """

    counts: Counts

    def __init__(self, counts: Counts, gamma: float = 0.5, *, jobs: int | None = None) -> None:
        if not np.isfinite(gamma):
            raise OptionError(f"γ is a number, not {gamma}", field="gamma")
        self.counts = counts
        self.gamma = gamma
        self._jobs = threads(jobs)
        self.degrees: Doubles = counts.row_sums.astype(np.float64)

    def apply(self, rows: AnyFloats, out: Floats | None = None, words: Mask | None = None) -> Floats:
        """Compute A · rows, (V, d) -> (V, d) float32. It takes the memory of two such matrices.

        `InputError` if the matrix does not have V rows.
        """
        del words
        _checked(rows, len(self.degrees))
        centred = CentredRows(self.degrees, self.gamma, rows)
        weighted = np.empty(rows.shape, np.float32)
        centred.fill(weighted)
        counts = self.counts
        result = SparseRows(counts.indptr, counts.indices, counts.data).times(weighted, self._jobs)
        result *= centred.roots.astype(np.float32)[:, None]
        return _into(out, result)


def _into(out: Floats | None, result: Floats) -> Floats:
    if out is None:
        return result
    out[:] = result
    return out


def _checked(rows: AnyFloats, words: int) -> AnyFloats:
    if rows.ndim != 2 or len(rows) != words:
        raise InputError(f"the matrix has a row for each of the {words:,} words, this one is {rows.shape}")
    return rows
