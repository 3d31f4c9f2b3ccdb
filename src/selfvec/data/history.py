"""`History`: the recorded states of a run, found by word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .trajectory import Trajectory

__all__ = ["History"]


@dataclass(frozen=True)
class History:
    """Recorded states, sorted by word and then by number of updates.

    Parameters
    ----------
    starts : (V + 1,) int64
        Word ``w`` owns the records ``starts[w]:starts[w + 1]``.
    updates : (R,) int64
        How many updates the word had received.
    vectors : (R, d) float16
    """

    starts: NDArray[np.int64]
    updates: NDArray[np.int64]
    vectors: NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.updates)

    def trajectory(
        self,
        word: str,
        index: int,
        original: NDArray[np.floating],
        final: NDArray[np.floating],
        updates: int,
    ) -> Trajectory:
        """The path of a word: its original vector, the recorded states, and its final vector.

        Parameters
        ----------
        word : str
        index : int
            Its row.
        original, final : (d,) float
        updates : int
            How many updates the word received in all.
        """
        span = slice(self.starts[index], self.starts[index + 1])
        recorded, last_of_each = self.updates[span], np.ones(self.updates[span].size, bool)
        if recorded.size:  # the end of an epoch may repeat a recorded update
            last_of_each[:-1] = recorded[:-1] != recorded[1:]
            last_of_each &= recorded < updates
        steps = [np.zeros(1, np.int64), recorded[last_of_each]]
        rows = [original[None], self.vectors[span][last_of_each]]
        if updates:
            steps.append(np.array([updates], np.int64))
            rows.append(final[None])
        return Trajectory(word, np.concatenate(steps), np.concatenate(rows).astype(np.float32))
