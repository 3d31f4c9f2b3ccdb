"""The map: words as points, one frame for all of time.

One plane holds for all states, fitted once on the words before and after, so that whatever moves on the map
moved in the space. Every state is centred on its own mean: what all words share is not news.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.data.history import History
from selfvec.views.projection import Projection, project

__all__ = ["Atlas", "State", "atlas", "history_states"]

FITTED = 5000  # of the commonest words, that the plane of all words is fitted on
LARGEST = 32000  # of the whole numbers that points are rounded to
_FRAMES = 7  # states between the first and the last
_BLOCK = 8192

Table = NDArray[np.float32]
Ints = NDArray[np.int64]
Rows = Callable[[Ints], Table]


@dataclass(frozen=True)
class State:
    """A moment: its name, its mean, and the rows of any words in it."""

    name: str
    mean: Table
    rows: Rows


@dataclass(frozen=True)
class Atlas:
    """Points of n words in F states.

    Parameters
    ----------
    words : (n,) int64
        Rows of the words.
    frames : tuple of str
        What the states are called.
    points : (F, n, 2) int16
        Places: the middle of the map is 0, and neither axis is stretched against the other.
    edges : pair of int
        How far the points lie from the middle, at most, along each axis.
    explained : pair of float
        Share of the variance along each axis.
    """

    words: Ints
    frames: tuple[str, ...]
    points: NDArray[np.int16]
    edges: tuple[int, int]
    explained: tuple[float, float]


def table_state(name: str, table: Table, common: Ints) -> State:
    """The state of a whole table, centred on its commonest words."""
    return State(name, table[common].mean(axis=0), lambda rows: table[rows])


def atlas(words: Ints, states: Sequence[State], fitted: Ints | None = None) -> Atlas:
    """Place words in all states on one plane.

    Parameters
    ----------
    words : (n,) int64
    states : sequence of F State
        Of one space; the plane is fitted on the first and the last.
    fitted : (m,) int64, optional
        Words that the plane is fitted on; ``words`` where not given.
    """
    chosen = words if fitted is None else fitted
    ends = [state.rows(chosen) - state.mean for state in (states[0], states[-1])]
    plane = project(np.concatenate([rows[np.any(rows != 0, axis=1)] for rows in ends]))
    placed = np.zeros((len(states), len(words), 2), np.float32)
    for flat, state in zip(placed, states, strict=True):
        for start in range(0, len(words), _BLOCK):
            part = slice(start, start + _BLOCK)
            flat[part] = _placed(plane, state, words[part])
    low, high = placed.min(axis=(0, 1)), placed.max(axis=(0, 1))
    edges = (high - low) / 2
    scale = LARGEST / max(float(edges.max()), 1e-9)
    points = np.rint((placed - (low + high) / 2) * scale).astype(np.int16)
    names = tuple(state.name for state in states)
    across, up = np.ceil(edges * scale).astype(int).tolist()
    return Atlas(words, names, points, (max(across, 1), max(up, 1)), plane.explained or (0.0, 0.0))


def _placed(plane: Projection, state: State, words: Ints) -> Table:
    rows = state.rows(words)
    # A word without a vector yet waits in the middle.
    alive = np.any(rows != 0, axis=1)[:, None]
    assert plane.mean is not None
    assert plane.components is not None
    middle = state.mean + plane.mean.astype(np.float32)
    return np.where(alive, (rows - middle) @ plane.components.T.astype(np.float32), np.float32(0))


def history_states(
    history: History | None, original: Table, updates: Ints, common: Ints, epochs: int
) -> list[State]:
    """The states between the first and the last that a run has recorded for its words.

    Parameters
    ----------
    history : History, optional
    original : (V, d) float32
        Where a word is before its first recorded state.
    updates : (V,) int64
        Updates each word has received in all.
    common : (m,) int64
        Words a state is centred on.
    epochs : int
        Passes over the text: where nothing but their ends were recorded, these are the states.
    """
    if history is None or not len(history):
        return []
    each = np.diff(history.starts)
    by_epoch = int(each.max()) <= max(epochs, 1)
    steps = min(max(epochs, 1), _FRAMES + 1) if by_epoch else _FRAMES + 1
    of_all = np.arange(1, steps) / steps
    names = [_called(float(share), epochs if by_epoch else None) for share in of_all]
    largest = int(max(history.updates.max(initial=0), updates.max(initial=0))) + 1
    word = np.repeat(np.arange(len(each), dtype=np.int64), each)
    keys = word * largest + history.updates

    def state(name: str, share: float) -> State:
        def rows(words: Ints) -> Table:
            wanted = words * largest + np.floor(updates[words] * share + 1e-6).astype(np.int64)
            place = np.searchsorted(keys, wanted, side="right") - 1
            found = (place >= 0) & (word[np.maximum(place, 0)] == words)
            kept = np.asarray(history.vectors[np.maximum(place, 0)], np.float32)
            return np.where(found[:, None], kept, original[words])

        return State(name, rows(common).mean(axis=0), rows)

    return [state(name, float(share)) for name, share in zip(names, of_all, strict=True)]


def _called(share: float, epochs: int | None) -> str:
    """How far the text had been read.

    >>> _called(0.5, 2), _called(0.25, None)
    ('after pass 1 of 2', '25 % of the way')
    """
    if epochs is None:
        return f"{share * 100:.0f} % of the way"
    return f"after pass {round(share * epochs)} of {epochs}"
