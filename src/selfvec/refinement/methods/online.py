"""The method ``online``: the paper's rule with weights, a centre and a pull back to the original vectors.

E[t] ← normalize( E[t] + α · Σ_n w_n · (E[n] − μ) + β · X[t] )
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Floats, Ints
from selfvec.base.errors import OptionError
from selfvec.data.methods import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import weighted_sum
from selfvec.refinement.base_vectors import Base
from selfvec.refinement.history import HistoryPlan
from selfvec.refinement.plan import Plan

from .reference import neighbour_weights
from .sequential import SequentialRefinement
from .sequential_kernel import OnlineTerms, padded, sweep_online

_DEFAULTS = METHODS["online"]
COMPOSED = 0.5  # share of β for words built from subwords, whose vectors are less certain


def start(plan: Plan, jobs: int | None = None) -> OnlineRefinement:
    """The refinement of a plan; it runs in one thread."""
    del jobs
    return OnlineRefinement(
        plan.inputs.batch,
        plan.inputs.original,
        window=plan.window,
        learning_rate=plan.learning_rate,
        anchor=plan.anchor,
        passes=plan.passes,
        history=plan.history,
    )


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
        window: int = _DEFAULTS.window,
        learning_rate: float = _DEFAULTS.learning_rate,
        anchor: float = _DEFAULTS.anchor,
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
