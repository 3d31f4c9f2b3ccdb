"""What every rule that walks through the text token by token shares: epochs, history, and a state that can be
saved and taken up again.

A rule says how a stretch of tokens moves the table (`SequentialRun._sweep`); everything else is here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.cooccurrence.lanes import REBUILD, aligned_table
from selfvec.data.token_batch import TokenBatch

from .recorder import HistoryPlan, Recorder

__all__ = ["SequentialRun"]

_CHUNK = 256 * REBUILD  # tokens between looks at the clock and at Ctrl-C, some hundredths of a second
_RECORDED_CHUNK = 4 * REBUILD  # the same while recording: bounds the buffer, one state per token at most


class SequentialRun(ABC):
    """One run of a sequential rule over a corpus, a chunk of tokens at a time.

    Stopping between chunks, saving `state` and going on from it gives the same bits as not stopping, since
    chunks end where the kernels sum their window anew anyway.

    Parameters
    ----------
    batch : TokenBatch
    start : (V, d) float32
        Unit rows, zeros for words without a vector. Not changed.
    window : int
        Tokens per window, the centre included.
    learning_rate : float
        α.
    epochs : int
    history : HistoryPlan, optional

    Raises
    ------
    OptionError
        For a value that makes no sense, or a history that does not fit its limit.
    """

    def __init__(
        self,
        batch: TokenBatch,
        start: NDArray[np.float32],
        *,
        window: int,
        learning_rate: float,
        epochs: int,
        history: HistoryPlan | None,
    ) -> None:
        if window < 1:
            raise OptionError(f"a window has at least 1 token, not {window}", field="window")
        if not 0 <= learning_rate < np.inf:
            raise OptionError(
                f"a learning rate is a number from 0 up, not {learning_rate}", field="learning_rate"
            )
        if epochs < 1:
            raise OptionError(f"there is at least 1 epoch, not {epochs}", field="epochs")
        self.batch, self.half = batch, window // 2
        self.rate, self.epochs = np.float32(learning_rate), epochs
        self.dimensions = start.shape[1]
        plan = history or HistoryPlan()
        periods = plan.resolve(batch.counts, batch.types, epochs, self.dimensions)
        self.recorder = Recorder(periods, self.dimensions)
        self.epoch = self.position = 0
        self._table = aligned_table(start)
        self._inside = np.zeros(len(self._table), np.int32)
        recording = bool(periods.period.any())
        self._chunk = _RECORDED_CHUNK if recording else _CHUNK
        size = _RECORDED_CHUNK if recording else 0
        self._rows = np.empty((size, self._table.shape[1]), np.float32)
        self._words, self._updates = np.empty(size, np.int32), np.empty(size, np.int64)
        # What the kernels take last. With recording off the period has length 0: they skip the bookkeeping.
        period = periods.period if recording else np.zeros(0, np.int32)
        self._recording = (period, self.recorder.seen, self._rows, self._words, self._updates)

    @abstractmethod
    def _sweep(self, stop: int) -> int:
        """Move the table by the tokens from `position` to ``stop``; the number of states recorded."""

    @property
    def done(self) -> bool:
        """Whether all epochs are finished."""
        return self.epoch >= self.epochs

    @property
    def progress(self) -> int:
        """Tokens refined so far, in all epochs."""
        return self.epoch * len(self.batch) + self.position

    @property
    def table(self) -> NDArray[np.float32]:
        """The current vectors, (V, d) float32, a view."""
        return self._table[:-1, : self.dimensions]

    def advance(self) -> int:
        """Refine the next chunk; the number of tokens it had."""
        if self.done:
            return 0
        stop = min(self.position + self._chunk, len(self.batch))
        records = self._sweep(stop)
        self.recorder.add(self._words[:records], self._updates[:records], self._rows[:records])
        tokens = stop - self.position
        self.position = stop
        if stop == len(self.batch):
            self.position = 0
            self.epoch += 1
            if self.recorder.periods.plan.epochs:
                every_word = np.arange(len(self.batch.types), dtype=np.int32)
                self.recorder.add(every_word, self.batch.counts * self.epoch, self.table)
        return tokens

    @property
    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything that `restore` needs to go on from here."""
        filled = self.recorder.filled
        return {
            "place": np.array([self.epoch, self.position, filled], np.int64),
            "table": np.ascontiguousarray(self._table),
            "seen": self.recorder.seen,
            "words": self.recorder.words[:filled],
            "updates": self.recorder.updates[:filled],
            "vectors": self.recorder.vectors[:filled],
        }

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on from a `state` of a run with the same corpus, table and options."""
        self.epoch, self.position, filled = (int(number) for number in state["place"])
        self._table[:] = state["table"]
        self.recorder.seen[:] = state["seen"]
        self.recorder.restore(state, filled)
