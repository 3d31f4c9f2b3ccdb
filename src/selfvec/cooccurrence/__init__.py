"""The neighbour operator: averages what stands next to each word, applied to a table.

One idea, two ways: by scan of the text (any window, no matrix) and by counts (exact, mergeable, PPMI).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .counting import count
from .counts import Counts

if TYPE_CHECKING:
    from selfvec.data.token_batch import TokenBatch

__all__ = ["Counts", "Operator", "count", "operator"]


class Operator(Protocol):
    """What refining needs of a corpus."""

    degrees: NDArray[np.float64]
    """(V,): how many neighbours each word has in all, the row sums of the counts."""

    def apply(
        self, table: NDArray[np.floating[Any]], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """A·E: for every word the informative sum of its neighbours' rows, (V, d) -> (V, d).

        It is written to ``out`` where that is given; ``table`` itself will do.
        """


def operator(
    name: str,
    batch: TokenBatch,
    window: int,
    *,
    gamma: float = 0.5,
    weighting: str = "flat",
    jobs: int | None = None,
) -> Operator:
    """The operator of a corpus.

    Parameters
    ----------
    name : "scan", "counts" or "ppmi"
        "scan" and "counts" are the same linear operator, from the text and from exact counts (equal up to
        rounding); "ppmi" takes the counts' positive pointwise mutual information. Operators made of counts
        keep them, as ``counts``.
    batch : TokenBatch
    window : int
        Tokens per window, the centre included.
    gamma : float
        γ of the linear operator: how much less a frequent neighbour counts.
    weighting : str
        What a neighbour counts by its distance, where counts are made; see `counting.WEIGHTINGS`.
    jobs : int, optional
        Threads; all cores where not given. The result has the same bits.
    """
    if name == "scan":
        from .scan import ScanOperator

        return ScanOperator(batch, window, gamma, jobs)
    counts = count(batch, window, weighting=weighting, jobs=jobs)
    return counts.ppmi(jobs=jobs) if name == "ppmi" else counts.linear(gamma, jobs=jobs)
