"""The paper's method on a whole corpus.

The rule itself is `reference.refine_reference` to read and `kernels.sweep` to run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch

from .kernels import sweep
from .recorder import HistoryPlan
from .sequential import SequentialRun

__all__ = ["PaperRun"]


class PaperRun(SequentialRun):
    """One run of the paper's rule over a corpus, a chunk of tokens at a time.

    Parameters
    ----------
    batch : TokenBatch
    original : (V, d) float32
        Unit rows, zeros for words without a vector. Not changed.
    window : int
        Tokens per window, the centre included.
    learning_rate : float
        α of the paper; 0.01 is its recommendation.
    epochs : int
    history : HistoryPlan

    Raises
    ------
    OptionError
        For a value that makes no sense, or a history that does not fit its limit.
    """

    def __init__(
        self,
        batch: TokenBatch,
        original: NDArray[np.float32],
        *,
        window: int,
        learning_rate: float = 0.01,
        epochs: int = 1,
        history: HistoryPlan | None = None,
    ) -> None:
        super().__init__(
            batch, original, window=window, learning_rate=learning_rate, epochs=epochs, history=history
        )

    def _sweep(self, stop: int) -> int:
        records: int = sweep(
            self.batch.ids,
            self.batch.offsets,
            self.position,
            stop,
            self._table,
            self.half,
            self.rate,
            self._inside,
            *self._recording,
        )
        return records
