"""The methods ``paper`` and ``online``: each token's word is updated at once, from the words around it.

The rules stand in readable NumPy in `reference`; the kernels are in `sequential_kernel`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from selfvec.base.arrays import Floats, Ints, Rows
from selfvec.base.errors import OptionError
from selfvec.cooccurrence.scan import REBUILD
from selfvec.data.methods import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import weighted_sum
from selfvec.refinement.base_vectors import Base
from selfvec.refinement.history import HistoryPlan
from selfvec.refinement.plan import Plan

from .reference import neighbour_weights
from .refinement import Refinement
from .sequential_kernel import OnlineTerms, Recording, padded, sweep_online, sweep_paper

_CHUNK = 256 * REBUILD  # tokens between progress and Ctrl-C checks: some hundredths of a second
_RECORDED_CHUNK = 4 * REBUILD  # the same while recording: limits the buffer, at most one state per token


class SequentialRefinement(Refinement):
    """A sequential rule on a corpus, one chunk of tokens at a time; a round is a pass.

    Stopping between chunks and continuing gives the same bits as not stopping, because the
    kernels recompute the sum of their window at the start of each chunk.
    """

    # Values of a plan that the constructor of a method takes.
    options: ClassVar[tuple[str, ...]] = ("window", "learning_rate", "passes", "history")

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

    @classmethod
    def of_plan(cls, plan: Plan, jobs: int | None = None) -> SequentialRefinement:
        """The refinement of a plan; it runs in one thread."""
        del jobs
        options: dict[str, Any] = {name: getattr(plan, name) for name in cls.options}
        return cls(plan.inputs.batch, plan.inputs.original, **options)

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


class PaperRefinement(SequentialRefinement):
    """The rule of the paper, arXiv 2504.14808, on a corpus: each token pulls its word toward those around it.

        E[t] ← normalize( E[t] + α · Σ_n E[n] )

    With many passes all words drift to one direction.
    """

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,
        *,
        window: int,
        learning_rate: float = METHODS["paper"].learning_rate,
        passes: int = 1,
        history: HistoryPlan | None = None,
    ) -> None:
        super().__init__(batch, original, original.unit, window, learning_rate, passes, history)
        self._weights = np.ones(len(self._table), np.float32)

    def _sweep(self, stop: int) -> None:
        self._run(sweep_paper, stop, self._weights)


_ONLINE = METHODS["online"]
COMPOSED = 0.5  # share of β for words built from subwords, whose vectors are less certain


class OnlineRefinement(SequentialRefinement):
    """The online rule: the paper's with weights, a centre and a pull back to the original vectors.

        E[t] ← normalize( E[t] + α · Σ_n w_n · (E[n] − μ) + β · X[t] )

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

    options: ClassVar[tuple[str, ...]] = (*SequentialRefinement.options, "anchor")

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,
        *,
        window: int = _ONLINE.window,
        learning_rate: float = _ONLINE.learning_rate,
        anchor: float = _ONLINE.anchor,
        passes: int = 1,
        history: HistoryPlan | None = None,
        start: Floats | None = None,
        counts: Ints | None = None,
    ) -> None:
        if not 0 <= anchor < np.inf:
            raise OptionError(f"an anchor is a number from 0 up, not {anchor}", field="anchor")
        base = Base.of(original.unit, original.sources != Source.NONE)
        super().__init__(
            batch, original, base if start is None else start, window, learning_rate, passes, history
        )
        pull = np.where(original.sources == Source.SUBWORDS, COMPOSED * anchor, anchor).astype(np.float32)
        pulled = padded(base)
        pulled[:-1] *= pull[:, None]
        weights, shares = neighbour_weights(batch.counts if counts is None else counts)
        self._online = OnlineTerms(
            pulled,
            np.append(weights, 0).astype(np.float32),
            np.append(shares, 0).astype(np.float32),
            np.zeros(self._table.shape[1], np.float32),
            np.zeros(1),
            np.asarray(self._table.any(axis=1)),
        )

    def _sweep(self, stop: int) -> None:
        if self.position == 0:
            _, _, shares, total, mass, filled = self._online
            total[:] = weighted_sum(self._table, shares.astype(np.float64))
            mass[0] = np.sum(shares[filled], dtype=np.float64)
        self._run(sweep_online, stop, self._online)
