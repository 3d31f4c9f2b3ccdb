"""The paper's rule on a prepared corpus, and words whose vector is hidden to see if it is found again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.sweeps import material
from benchmarks.sweeps.material import shuffled
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.vectors import Source, Vectors

from .corpora import Prepared

__all__ = ["by_epoch", "hidden", "refined", "rule", "shuffled"]


def rule(window: int, rate: float, epochs: int = 1, history: str = "none") -> Settings:
    """The paper's rule with these options."""
    return Settings(method="paper", window=window, learning_rate=rate, epochs=epochs, history=history)


def refined(prepared: Prepared, window: int, rate: float, epochs: int = 1, history: str = "none") -> Run:
    """Refine from the start to the end, with history and health."""
    return material.refined(prepared, rule(window, rate, epochs, history))


def by_epoch(
    prepared: Prepared, window: int, rate: float, epochs: int, history: str = "none"
) -> Iterator[tuple[int, Vectors]]:
    """The table at the end of each epoch of one run, with the epoch's number from 1."""
    return material.by_epoch(prepared, rule(window, rate, epochs, history))


def hidden(prepared: Prepared, words: NDArray[np.int64]) -> Prepared:
    """The same corpus, the words of these rows starting from zero as if they had no vector."""
    rows, sources = prepared.original.unit.copy(), prepared.original.sources.copy()
    rows[words], sources[words] = 0, Source.NONE
    original = Vectors(prepared.batch.types, rows, sources=sources, normalized=True)
    return replace(prepared, original=original)
