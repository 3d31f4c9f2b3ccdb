"""Where the terms of a graph are drawn: joined ones near one another, all others apart.

Fruchterman and Reingold (1991), *Graph drawing by force-directed placement*, from where the two strongest
directions of the terms' vectors put them, so that the same graph is always the same picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["layout"]

_STEPS = 400
_GRAVITY = 0.6  # towards the middle, so that parts without an edge to one another do not drift away

Points = NDArray[np.float64]


def layout(rows: NDArray[np.float32], pairs: NDArray[np.int64], strengths: Points, seed: int = 0) -> Points:
    """Points in the unit square.

    Parameters
    ----------
    rows : (n, d) float32
        The terms' vectors.
    pairs : (m, 2) int64
        Edges.
    strengths : (m,) float64
        How strongly each pulls.
    seed : int
        Sets apart what would begin in one place.

    Returns
    -------
    (n, 2) float64
        From 0 to 1 along either axis.
    """
    number = len(rows)
    places = _start(rows, seed)
    spacing = 1 / np.sqrt(number)
    for step in range(_STEPS):
        offsets = places[:, None] - places[None]  # (n, n, 2)
        squares = (offsets**2).sum(axis=2) + 1e-9
        np.fill_diagonal(squares, np.inf)
        moves = (offsets * (spacing**2 / squares)[:, :, None]).sum(axis=1)
        if len(pairs):
            along = places[pairs[:, 1]] - places[pairs[:, 0]]
            pull = along * (strengths * np.linalg.norm(along, axis=1) / spacing)[:, None]
            np.add.at(moves, pairs[:, 0], pull)
            np.add.at(moves, pairs[:, 1], -pull)
        moves -= _GRAVITY * (places - 0.5)
        lengths = np.linalg.norm(moves, axis=1, keepdims=True)
        heat = 0.1 * (1 - step / _STEPS) ** 2 + 1e-4
        places = places + moves / np.maximum(lengths, 1e-12) * np.minimum(lengths, heat)
    low, high = places.min(axis=0), places.max(axis=0)
    spread: Points = (places - low) / np.maximum(high - low, 1e-9)
    return spread


def _start(rows: NDArray[np.float32], seed: int) -> Points:
    """The two strongest directions of the rows, turned so that each points where its largest entry does."""
    centred = rows.astype(np.float64) - rows.mean(axis=0)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    del values
    places: Points = vectors[:, -2:] if len(rows) > 1 else np.zeros((1, 2))
    largest = np.abs(places).argmax(axis=0)
    places = places * np.where(np.take_along_axis(places, largest[None], axis=0) < 0, -1, 1)
    places = places / np.maximum(np.abs(places).max(axis=0), 1e-12)
    jitter = np.random.default_rng(seed).standard_normal(places.shape)
    return 0.5 + 0.4 * places + 0.02 * jitter
