"""The stable sequential rule on a corpus: the paper's walk through the text, brought to rest.

    E[t] ← normalize( E[t] + α · Σ_n w_n · (E[n] − μ) + β · X[t] )

One update per token, at once, as in the paper. Three things keep the space from falling into one direction: a
neighbour of frequency f counts w ∝ f^(-1/2), only what sets it apart from the average neighbour μ counts, and
every update pulls the word back to its base X. Where neighbours and base balance (β/α), a word comes to rest:
more epochs converge instead of drifting.

The rule is `online_reference.online_reference` to read and `online_kernel.online_sweep` to run.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.cooccurrence.lanes import aligned_table
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors

from .decorrelated import base_vectors
from .online_kernel import online_sweep, sum_rows
from .online_reference import neighbour_weights
from .recorder import HistoryPlan
from .sequential import SequentialRun

__all__ = ["ANCHOR", "COMPOSED", "LEARNING_RATE", "WINDOW", "OnlineRun"]

# Chosen on the development data, retrieval and word similarity from two tables; see docs/online.md.
WINDOW = 41  # tokens, the centre included
LEARNING_RATE = 0.005  # α
ANCHOR = 0.2  # β
COMPOSED = 0.5  # share of β for words composed from their parts: a spelling is a guess


class OnlineRun(SequentialRun):
    """One run of the stable sequential rule over a corpus, a chunk of tokens at a time.

    Parameters
    ----------
    batch : TokenBatch
    original : Vectors
        The batch's types in their order, with their sources.
    window : int
        Tokens per window, the centre included.
    learning_rate : float
        α: how far an average neighbour pulls.
    anchor : float
        β: how strongly a word is pulled back at each update; 0 lets go, and nothing brings the rule to rest.
    epochs : int
    history : HistoryPlan, optional
    start : (V, d) float32, optional
        Vectors to go on from, unit or zero rows, where earlier text was refined already; the base where not
        given.
    counts : (V,) int64, optional
        Occurrences that the weights are taken from, where the batch is only a part of the text; the batch's
        own where not given.

    Raises
    ------
    OptionError
        For a value that makes no sense, or a history that does not fit its limit.
    """

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,
        *,
        window: int = WINDOW,
        learning_rate: float = LEARNING_RATE,
        anchor: float = ANCHOR,
        epochs: int = 1,
        history: HistoryPlan | None = None,
        start: NDArray[np.float32] | None = None,
        counts: NDArray[np.int64] | None = None,
    ) -> None:
        if not 0 <= anchor < np.inf:
            raise OptionError(f"an anchor is a number from 0 up, not {anchor}", field="anchor")
        base = base_vectors(original.unit, original.sources != Source.NONE)
        super().__init__(
            batch,
            base if start is None else start,
            window=window,
            learning_rate=learning_rate,
            epochs=epochs,
            history=history,
        )
        held = np.where(original.sources == Source.SUBWORDS, COMPOSED * anchor, anchor).astype(np.float32)
        self._origin = aligned_table(held[:, None] * base)
        weights, shares = neighbour_weights(batch.counts if counts is None else counts)
        self._weights = np.append(weights, 0).astype(np.float32)
        self._shares = np.append(shares, 0).astype(np.float32)
        self._filled = np.asarray(self._table.any(axis=1))
        self._total = np.zeros(self._table.shape[1], np.float32)  # Σ share·row: μ times `_mass`
        self._mass = np.zeros(1)  # Σ share of the filled rows

    def _sweep(self, stop: int) -> int:
        if self.position == 0:
            self._total[:] = sum_rows(self._table, self._shares)
            self._mass[0] = np.sum(self._shares[self._filled], dtype=np.float64)
        records: int = online_sweep(
            self.batch.ids,
            self.batch.offsets,
            self.position,
            stop,
            self._table,
            self._origin,
            self._weights,
            self._shares,
            self._total,
            self._mass,
            self._filled,
            self.half,
            self.rate,
            self._inside,
            *self._recording,
        )
        return records

    @property
    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything that `restore` needs to go on from here."""
        return super().state | {"total": self._total, "mass": self._mass}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on from a `state` of a run with the same corpus, table and options."""
        super().restore(state)
        self._total[:], self._mass[:] = state["total"], state["mass"]
        self._filled[:] = self._table.any(axis=1)
