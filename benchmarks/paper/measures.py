"""What is measured of one setting: the space, the steps of words, and how much of the end is chance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.paper.corpora import Prepared
from benchmarks.refining import refine_batch, shuffled
from selfvec.data.settings import Settings
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import anisotropy
from selfvec.refinement.health import check_health

Row = dict[str, Any]

OFTEN = 10
"""Occurrences from which a word counts as frequent."""
BANDS = ((1, 1), (2, 9), (10, 99), (100, None))
"""Words by how often they occur: least and most."""
_STATE = ("mean_cosine_to_original", "anisotropy", "effective_rank", "saturated")


def rule(window: int, rate: float, epochs: int = 1, history: str = "none") -> Settings:
    """The paper's rule with these options."""
    return Settings(method="paper", window=window, learning_rate=rate, epochs=epochs, history=history)


def state_of(prepared: Prepared, table: Vectors) -> Row:
    """The space in four figures of `selfvec.refinement.health`."""
    health = check_health(prepared.original, table).as_dict()
    return {name: health[name] for name in _STATE}


def measured(prepared: Prepared, settings: Settings, shuffles: int) -> Row:
    """What one setting does: the space, chance, the steps of words, verdicts.

    ``turning`` and ``wander`` are those of `selfvec.refinement.health`, with every state recorded.
    """

    def refined(history: str) -> Row:
        run = refine_batch(prepared.batch, prepared.original, replace(settings, history=history))
        return run.health_report.as_dict()

    health, recorded = refined("auto"), refined("every:1;limit:4GB")
    return {
        **{name: health[name] for name in _STATE},
        **_variance(prepared, settings, shuffles),
        "turning": recorded["turning"],
        "wander": recorded["wander"],
        "verdicts": list(health["verdicts"]),
    }


def _variance(prepared: Prepared, settings: Settings, k: int) -> Row:
    """How far the end depends on the order of the documents, over k random orders.

    ``variance`` is the trace of the covariance of a word's final unit vectors, which is the mean cosine
    distance between two ends, averaged over words with a vector at every end. ``variance_relative`` divides
    it by the mean cosine distance between two different words. The same again over frequent words.
    """
    total = np.zeros(prepared.original.vectors.shape)
    filled, spread = np.ones(len(total), bool), 0.0
    for seed in range(k):
        batch = shuffled(prepared.batch, seed)
        end = refine_batch(batch, prepared.original, replace(settings, history="none")).vectors.unit
        total += end
        filled &= np.any(end != 0, axis=1)
        spread += (1 - anisotropy(end)) / k
    # Of k unit vectors with mean m, the unbiased covariance has the trace (1 - |m|²) k / (k - 1).
    trace = (1 - np.einsum("ij,ij->i", total, total) / k**2) * k / (k - 1)
    often = filled & (prepared.batch.counts >= OFTEN)
    mean = float(trace[filled].mean())
    return {
        "variance": mean,
        "variance_relative": mean / spread,
        "variance_often_relative": float(trace[often].mean()) / spread if often.any() else None,
    }


def by_frequency(prepared: Prepared, table: Vectors, known: NDArray[np.bool_]) -> list[Row]:
    """Mean cosine to the original of known words, (V,) bool, by how often they occur."""
    counts = prepared.batch.counts
    cosines = np.einsum("ij,ij->i", prepared.original.unit, table.unit)
    rows = []
    for low, high in BANDS:
        inside = known & (counts >= low) & (counts <= (high or counts.max()))
        if inside.any():
            mean = float(cosines[inside].mean())
            rows.append({"low": low, "high": high, "types": int(inside.sum()), "cosine": mean})
    return rows
