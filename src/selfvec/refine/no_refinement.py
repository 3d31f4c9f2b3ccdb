"""Keeping the vectors as they are: what remains when nothing beats them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

from .recorder import HistoryPlan, Recorder

__all__ = ["KeptRun"]


class KeptRun:
    """A run of no step."""

    done = True
    progress = 0

    def __init__(self, batch: TokenBatch, original: Vectors) -> None:
        self.dimensions = original.vector_size
        self.table: NDArray[np.float32] = original.unit
        plan = HistoryPlan(every=0)
        self.recorder = Recorder(plan.resolve(batch.counts, batch.types, 0, self.dimensions), self.dimensions)

    def advance(self) -> int:
        """Nothing to do."""
        return 0

    @property
    def state(self) -> Mapping[str, NDArray[Any]]:
        """Nothing to keep."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Nothing to take up."""
