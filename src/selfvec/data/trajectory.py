"""`Trajectory`: the states of one word while its vectors were refined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Trajectory"]


@dataclass(frozen=True)
class Trajectory:
    """The recorded path of one word.

    Parameters
    ----------
    word : str
    updates : (T,) int64
        How many updates the word had received at each state, increasing; 0 is the original vector.
    vectors : (T, d) float32
        The vector at each state, unit length (zeros for the start of an out-of-vocabulary word).
    """

    word: str
    updates: NDArray[np.int64]
    vectors: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.updates)

    def steps(self) -> NDArray[np.float32]:
        """Cosine between successive states, (T - 1,): how much each recorded step changed the word."""
        cosines: NDArray[np.float32] = np.einsum("td,td->t", self.vectors[:-1], self.vectors[1:])
        return cosines

    def to_original(self) -> NDArray[np.float32]:
        """Cosine of every state to the first one that is not zero, (T,)."""
        started = np.flatnonzero(self.vectors.any(axis=1))
        first = self.vectors[started[0]] if len(started) else self.vectors[0]
        cosines: NDArray[np.float32] = self.vectors @ first
        return cosines
