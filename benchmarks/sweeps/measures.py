"""What a study measures: the state of the space, how much of the end is chance, and whether it helps.

Definitions that tables and figures rely on stand here, beside the code that follows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.data.settings import Settings
from selfvec.data.vectors import Vectors
from selfvec.refine.health import anisotropy, check_health
from selfvec.refine.selection import ContextTest, hold_out

from .material import M, Material, refined, shuffled

__all__ = [
    "OFTEN",
    "Scatter",
    "by_frequency",
    "context",
    "held_out",
    "scatter",
    "state",
    "state_of",
    "steps",
    "variance",
]

Row = dict[str, Any]

OFTEN = 10
"""Occurrences from which a word counts as frequent."""

BANDS = ((1, 1), (2, 9), (10, 99), (100, None))
"""Words by how often they occur: least and most."""

_STATE = ("mean_cosine_to_original", "anisotropy", "effective_rank", "saturated")
_SHARE, _LEAST, _POSITIONS = (
    0.05,
    100,
    20_000,
)  # held out: of the documents; tokens at least; measured at most


def state(health: dict[str, Any]) -> Row:
    """The space in four figures of `selfvec.refine.health`."""
    return {name: health[name] for name in _STATE}


def state_of(material: Material, table: Vectors) -> Row:
    """`state` of a table of the material's words."""
    return state(check_health(material.original, table).as_dict())


def steps(material: Material, settings: Settings) -> Row:
    """How words go: ``turning`` and ``wander`` of `selfvec.refine.health`, with every state recorded."""
    health = refined(material, replace(settings, history="every:1;limit:4GB")).health
    return {"turning": health["turning"], "wander": health["wander"]}


@dataclass(frozen=True, eq=False)
class Scatter:
    """Where words end over shuffled orders of the documents.

    Parameters
    ----------
    trace : (V,) float64
        Trace of the covariance of a word's final unit vectors: the mean cosine distance between two ends.
    filled : (V,) bool
        Words that have a vector at every end.
    spread : float
        Mean cosine distance between two different words.
    """

    trace: NDArray[np.float64]
    filled: NDArray[np.bool_]
    spread: float


def scatter(material: Material, settings: Settings, shuffles: int) -> Scatter:
    """Refine the documents in so many random orders."""
    k = shuffles
    total = np.zeros(material.original.vectors.shape)
    filled, spread = np.ones(len(total), bool), 0.0
    for seed in range(k):
        end = refined(shuffled(material, seed), replace(settings, history="none")).vectors.unit
        total += end
        filled &= np.any(end != 0, axis=1)
        spread += (1 - anisotropy(end)) / k
    # Of k unit vectors with mean m, the unbiased covariance has the trace (1 - |m|²) k / (k - 1).
    trace = (1 - np.einsum("ij,ij->i", total, total) / k**2) * k / (k - 1)
    return Scatter(trace, filled, spread)


def variance(material: Material, settings: Settings, shuffles: int) -> Row:
    """How far the end depends on the order of documents.

    ``variance`` is the mean trace of `scatter`; ``variance_relative`` divides it by the mean cosine distance
    between two different words; the same again over words seen at least ten times.
    """
    found = scatter(material, settings, shuffles)
    often = found.filled & (material.batch.counts >= OFTEN)
    mean = float(found.trace[found.filled].mean())
    mean_often = float(found.trace[often].mean()) if often.any() else None
    return {
        "variance": mean,
        "variance_relative": mean / found.spread,
        "variance_often": mean_often,
        "variance_often_relative": None if mean_often is None else mean_often / found.spread,
    }


def by_frequency(
    material: Material,
    table: Vectors,
    known: NDArray[np.bool_],
    bands: Sequence[tuple[int, int | None]] = BANDS,
) -> list[Row]:
    """Mean cosine to the original of known words, (V,) bool, by how often they occur."""
    counts = material.batch.counts
    cosines = np.einsum("ij,ij->i", material.original.unit, table.unit)
    rows = []
    for low, high in bands:
        inside = known & (counts >= low) & (counts <= (high or counts.max()))
        if inside.any():
            mean = float(cosines[inside].mean())
            rows.append({"low": low, "high": high, "types": int(inside.sum()), "cosine": mean})
    return rows


def held_out(material: M, seed: int) -> tuple[M, ContextTest | None]:
    """The documents that are refined on, and what is asked of the rest; None where that is too little.

    Of a twentieth of the documents the words around a position should point at the word that stood there,
    among words of its frequency (`selfvec.refine.selection`): mean reciprocal rank, 1 at best, about .07 for
    a guess.
    """
    rng = np.random.default_rng(seed)
    if material.batch.documents < 2:
        return material, None
    training, held = hold_out(material.batch, _SHARE, rng)
    if len(held) < _LEAST or len(training) < _LEAST:
        return material, None
    made: Any = material
    return replace(made, batch=training), ContextTest.draw(held, training.counts, _POSITIONS, rng)


def context(asked: ContextTest | None, table: Vectors) -> float | None:
    """The answer of a table, see `held_out`."""
    return None if asked is None else float(asked.score(table.unit).mean())
