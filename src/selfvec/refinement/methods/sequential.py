"""`SequentialRefinement`, the base of `paper` and `online`: each token's word is updated at once.

The rules stand in readable NumPy in `reference`; the kernels are in `sequential_kernel`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from selfvec.base.arrays import Floats, Rows
from selfvec.base.errors import OptionError
from selfvec.cooccurrence.scan import REBUILD
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.refinement.base_vectors import Base
from selfvec.refinement.history import HistoryPlan

from .refinement import Refinement
from .sequential_kernel import Recording, padded

_CHUNK = 256 * REBUILD  # tokens between progress and Ctrl-C checks: some hundredths of a second
_RECORDED_CHUNK = 4 * REBUILD  # the same while recording: limits the buffer, at most one state per token


class SequentialRefinement(Refinement):
    """A sequential rule on a corpus, one chunk of tokens at a time; a round is a pass.

    Stopping between chunks and continuing from `state` gives the same bits as not stopping, because the
    kernels recompute the sum of their window at the end of each chunk.
    """

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,  # the batch's types in their order, with sources
        start: Rows | Base,  # (V, d), unit or zero rows; not changed
        window: int,  # tokens, the word itself included
        learning_rate: float,  # α
        passes: int,
        history: HistoryPlan | None,
    ) -> None:
        if window < 1:
            raise OptionError(f"a window has at least 1 token, not {window}", field="window")
        if not 0 <= learning_rate < np.inf:
            raise OptionError(f"is a number from 0 up, not {learning_rate}", field="learning_rate")
        if passes < 1:
            raise OptionError(f"there is at least 1 pass, not {passes}", field="passes")
        super().__init__(batch, original, passes, history)
        self.half = window // 2
        self.rate = np.float32(learning_rate)
        self.position = 0  # in the text
        self._table = padded(start)
        self._inside = np.zeros(len(self._table), np.int32)
        recording = bool(self.recorder.period.any())
        self._chunk = _RECORDED_CHUNK if recording else _CHUNK
        size = _RECORDED_CHUNK if recording else 0
        rows = np.empty((size, self._table.shape[1]), np.float32)
        # If nothing is recorded the period has length 0, which switches recording off.
        period = self.recorder.period if recording else np.zeros(0, np.int32)
        buffers = rows, np.empty(size, np.int32), np.empty(size, np.int64), np.zeros(1, np.int64)
        self._recording = Recording(period, self.recorder.seen, *buffers)

    @abstractmethod
    def _sweep(self, stop: int) -> None:
        """Process the tokens from `position` to ``stop``."""

    def _run(self, kernel: Callable[..., None], stop: int, terms: Any) -> None:
        """Process them by one of the kernels, with the terms of its rule."""
        batch = self.batch
        document = int(np.searchsorted(batch.offsets, self.position, side="right")) - 1
        part = batch.ids, batch.offsets, document, self.position, stop
        kernel(*part, self._table, self.half, self.rate, self._inside, terms, self._recording)

    @property
    def table(self) -> Floats:
        """The current vectors, (V, d) float32, a view."""
        return self._table[:-1, : self.dimensions]

    def advance(self, tick: Callable[[float], None] = lambda _: None) -> int:
        """Refine the next chunk; return its number of tokens."""
        del tick
        if self.done:
            return 0
        stop = min(self.position + self._chunk, len(self.batch))
        self._sweep(stop)
        _, _, rows, words, updates, filled = self._recording
        self.recorder.add(words[: filled[0]], updates[: filled[0]], rows[: filled[0]])
        filled[0] = 0
        tokens = stop - self.position
        self.position = stop
        if stop == len(self.batch):
            self.position = 0
            self._end_round()
        return tokens
