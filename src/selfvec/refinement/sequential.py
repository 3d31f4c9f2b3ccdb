"""The two sequential rules: they read the text token by token and update each word at once; see `reference`.

paper     E[t] ← normalize( E[t] + α · Σ_n E[n] )
online    E[t] ← normalize( E[t] + α · Σ_n w_n · (E[n] − μ) + β · X[t] )
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from selfvec.base.arrays import Array, Floats, Ints, Rows
from selfvec.base.errors import OptionError
from selfvec.cooccurrence.lanes import REBUILD, aligned_table
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors

from .decorrelated import Base
from .reference import neighbour_weights
from .refinement import HistoryPlan, Refinement
from .sequential_kernel import Centring, Recording, Scratch, sum_rows, sweep

__all__ = ["BASE_PULL", "LEARNING_RATES", "OnlineRefinement", "PaperRefinement", "SequentialRefinement"]

LEARNING_RATES = {"paper": 0.01, "online": 0.005}  # α; 0.075 and more is unstable for the paper rule
# For the online rule; chosen on retrieval and word similarity with two sets of vectors, see
# docs/results/online.md.
WINDOW = 41  # tokens, the word itself included
BASE_PULL = 0.2  # β
COMPOSED = 0.5  # share of β for words built from subwords, whose vectors are less certain

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
        self.half, self.rate = window // 2, np.float32(learning_rate)
        self.position = 0  # in the text
        self._table = aligned_table(start)
        sums = np.zeros((2, self._table.shape[1]), np.float32)
        self._scratch = Scratch(np.zeros(len(self._table), np.int32), *sums)
        recording = bool(self.recorder.period.any())
        self._chunk = _RECORDED_CHUNK if recording else _CHUNK
        size = _RECORDED_CHUNK if recording else 0
        rows = np.empty((size, self._table.shape[1]), np.float32)
        # If nothing is recorded the period has length 0, which switches recording off.
        period = self.recorder.period if recording else np.zeros(0, np.int32)
        buffers = rows, np.empty(size, np.int32), np.empty(size, np.int64), np.zeros(1, np.int64)
        self._recording = Recording(period, self.recorder.seen, *buffers)
        nothing = np.zeros(0, np.float32)
        self._centring = Centring(
            nothing.reshape(0, 0), nothing, nothing, nothing, np.zeros(0), np.zeros(0, bool)
        )

    def _sweep(self, stop: int) -> None:
        """Process the tokens from `position` to ``stop``."""
        ids, offsets = self.batch.ids, self.batch.offsets
        document = int(np.searchsorted(offsets, self.position, side="right")) - 1
        state = self._scratch, self._centring, self._recording
        sweep(ids, offsets, document, self.position, stop, self._table, self.half, self.rate, *state)

    @property
    def progress(self) -> int:
        """Tokens read so far, in all rounds."""
        return super().progress + self.position

    @property
    def table(self) -> Floats:
        """The current vectors, (V, d) float32, a view."""
        return self._table[:-1, : self.dimensions]

    def advance(self) -> int:
        """Refine the next chunk; return its number of tokens."""
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

    @property
    def state(self) -> dict[str, Array]:
        """The arrays that `restore` continues from."""
        return super().state | {"position": np.array([self.position])}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Continue from a `state` of a refinement with the same corpus, vectors and options."""
        super().restore(state)
        self.position = int(state["position"][0])

    def _restore_table(self, table: Floats) -> None:
        self._table[:] = table  # stays aligned


class PaperRefinement(SequentialRefinement):
    """The paper rule on a corpus. With many passes all words drift to one direction."""

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,
        *,
        window: int,
        learning_rate: float = LEARNING_RATES["paper"],
        passes: int = 1,
        history: HistoryPlan | None = None,
    ) -> None:
        super().__init__(batch, original, original.unit, window, learning_rate, passes, history)


class OnlineRefinement(SequentialRefinement):
    """The online rule on a corpus, one chunk of tokens at a time.

    The rule avoids the collapse of the paper's rule in three ways. A neighbour of frequency f has the weight
    w ∝ f^(-1/2). Only its difference from the average neighbour μ is added. Every update pulls the word back
    to its base X. Words converge to a balance of neighbours and base (β/α), so further passes change little.

    Parameters
    ----------
    batch : TokenBatch
    original : Vectors
        The batch's types in their order, with their sources.
    window : int
        Tokens per window, the word itself included.
    learning_rate : float
        α.
    anchor : float
        β, the strength of the pull to the base at each update. With 0 the rule does not converge.
    passes : int
        Passes over the corpus.
    history : HistoryPlan, optional
        Which states are recorded.
    start : (V, d) float32, optional
        Vectors to continue from, unit or zero rows, if earlier text has been refined; the base if None.
    counts : (V,) int64, optional
        Occurrences that the weights are computed from, if the batch is only part of the text; the batch's
        own counts if None.

    Raises
    ------
    OptionError
        If a value is out of range, a watched word does not occur, or the history exceeds its limit.
    """

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,
        *,
        window: int = WINDOW,
        learning_rate: float = LEARNING_RATES["online"],
        anchor: float = BASE_PULL,
        passes: int = 1,
        history: HistoryPlan | None = None,
        start: Floats | None = None,
        counts: Ints | None = None,
    ) -> None:
        if not 0 <= anchor < np.inf:
            raise OptionError(f"an anchor is a number from 0 up, not {anchor}", field="anchor")
        base = Base(original.unit, original.sources != Source.NONE)
        super().__init__(
            batch, original, base if start is None else start, window, learning_rate, passes, history
        )
        pull = np.where(original.sources == Source.SUBWORDS, COMPOSED * anchor, anchor).astype(np.float32)
        pulled = aligned_table(base)
        pulled[:-1] *= pull[:, None]
        weights, shares = neighbour_weights(batch.counts if counts is None else counts)
        self._centring = Centring(
            pulled,
            np.append(weights, 0).astype(np.float32),
            np.append(shares, 0).astype(np.float32),
            np.zeros(self._table.shape[1], np.float32),
            np.zeros(1),
            np.asarray(self._table.any(axis=1)),
        )

    def _sweep(self, stop: int) -> None:
        if self.position == 0:
            _, _, shares, total, mass, filled = self._centring
            summed = np.empty(len(total))
            sum_rows(self._table, shares, summed)
            total[:] = summed
            mass[0] = np.sum(shares[filled], dtype=np.float64)
        super()._sweep(stop)

    @property
    def state(self) -> dict[str, Array]:
        """The arrays that `restore` continues from."""
        return super().state | {"total": self._centring.total, "mass": self._centring.mass}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Continue from a `state` of a refinement with the same corpus, vectors and options."""
        super().restore(state)
        self._centring.total[:], self._centring.mass[:] = state["total"], state["mass"]
        self._centring.filled[:] = self._table.any(axis=1)
