"""The neighbour operator: averages what stands next to each word, applied to a table.

One idea, two ways: by scan of the text (any window, no matrix) and by counts (exact, mergeable, PPMI).
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Operator"]


class Operator(Protocol):
    """What refining needs of a corpus."""

    degrees: NDArray[np.float64]
    """(V,): how many neighbours each word has in all, the row sums of the counts."""

    def apply(self, table: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """A·E: for every word the informative sum of its neighbours' rows, (V, d) -> (V, d)."""
