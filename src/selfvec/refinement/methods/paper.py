"""The method ``paper``, arXiv 2504.14808: each token pulls its word toward the words around it.

    E[t] ← normalize( E[t] + α · Σ_n E[n] )

With many passes all words drift to one direction.
"""

from __future__ import annotations

import numpy as np

from selfvec.data.methods import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.refinement.history import HistoryPlan
from selfvec.refinement.plan import Plan

from .sequential import SequentialRefinement
from .sequential_kernel import sweep_paper

_DEFAULTS = METHODS["paper"]


def start(plan: Plan, jobs: int | None = None) -> PaperRefinement:
    """The refinement of a plan; it runs in one thread."""
    del jobs
    return PaperRefinement(
        plan.inputs.batch,
        plan.inputs.original,
        window=plan.window,
        learning_rate=plan.learning_rate,
        passes=plan.passes,
        history=plan.history,
    )


class PaperRefinement(SequentialRefinement):
    """The paper's rule on a corpus."""

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,
        *,
        window: int,
        learning_rate: float = _DEFAULTS.learning_rate,
        passes: int = 1,
        history: HistoryPlan | None = None,
    ) -> None:
        super().__init__(batch, original, original.unit, window, learning_rate, passes, history)
        self._weights = np.ones(len(self._table), np.float32)

    def _sweep(self, stop: int) -> None:
        self._run(sweep_paper, stop, self._weights)
