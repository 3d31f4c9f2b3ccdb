"""The map: words or documents as points in the plane, in one or several states.

The plane of `draw_map` is the same for all states and is fitted once, on the words before and after: what
moves on the map moved in the space. `arrange` places the first state and the last by PaCMAP, so that what is
near on the map is near in the space. Every state is centred on its own mean, which all words share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.data.trajectory import History
from selfvec.numerics.pacmap import pacmap
from selfvec.usage.use_vectors import slice_vectors, use_space
from selfvec.views.projection import project

__all__ = [
    "FITTED",
    "MAPPED",
    "State",
    "WordMap",
    "arrange",
    "draw_map",
    "history_states",
    "slice_states",
    "table_state",
]

FITTED = 5000  # most frequent words, on which the plane and the mean of a state are fitted
LARGEST = 32000  # of the whole numbers that points are rounded to
MAPPED = 20_000  # most frequent words, which have a place in every slice
_FRAMES = 7  # states between the first and the last
_BLOCK = 8192

Table = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class State:
    """A moment: its name, its mean vector, and a function from rows of words (n,) to their vectors (n, d)."""

    name: str
    mean: Table
    rows: Callable[[Ints], Table]


@dataclass(frozen=True)
class WordMap:
    """Points of n words in F states."""

    words: Ints  # (n,), their rows
    frames: tuple[str, ...]  # names of the states
    points: NDArray[np.int16]  # (F, n, 2); the middle of the map is 0, both axes have the same scale
    edges: tuple[int, int]  # largest distance of a point from the middle along each axis
    explained: tuple[float, float] | None  # share of the variance along each axis, of a plane

    def as_dict(self) -> dict[str, Any]:
        """The same as lists of numbers."""
        return {**vars(self), "words": self.words.tolist(), "points": self.points.tolist()}

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> WordMap:
        """A map from its `as_dict`, which may have been written as JSON."""
        words, points = np.array(found["words"], np.int64), np.array(found["points"], np.int16)
        across, up = found["edges"]
        explained = found["explained"] and tuple(found["explained"])
        return cls(words, tuple(found["frames"]), points, (across, up), explained)


def draw_map(
    words: Ints,  # (n,)
    states: Sequence[State],  # F, of one space
    fitted: Ints | None = None,  # (m,), words that the plane is fitted on; by default all
) -> WordMap:
    """Place words in all states on one plane, which is fitted on the first state and the last."""
    chosen = words if fitted is None else fitted
    ends = [state.rows(chosen) - state.mean for state in (states[0], states[-1])[: len(states)]]
    plane = project(np.concatenate([rows[np.any(rows, axis=1)] for rows in ends]))
    assert plane.mean is not None
    assert plane.components is not None
    axes = plane.components.T.astype(np.float32)  # (d, 2)
    placed = np.zeros((len(states), len(words), 2), np.float32)
    for flat, state in zip(placed, states, strict=True):
        middle = (state.mean + plane.mean).astype(np.float32)
        for start in range(0, len(words), _BLOCK):
            rows = state.rows(words[start : start + _BLOCK])
            known = np.any(rows != 0, axis=1)[:, None]  # a word without a vector yet stays in the middle
            flat[start : start + _BLOCK] = np.where(known, (rows - middle) @ axes, np.float32(0))
    return _whole_numbers(words, states, placed, plane.explained or (0.0, 0.0))


def arrange(words: Ints, states: Sequence[State], progress: Progress) -> WordMap:
    """Place n words in the first state and the last by PaCMAP.

    All are one set of 2n vectors, so that a word which kept its neighbours keeps its place. A word unknown in
    one state is where it is in the other.
    """
    ends = (states[0], states[-1])[: len(states)]
    rows = [state.rows(words) for state in ends]
    known = np.array([np.any(side != 0, axis=1) for side in rows])  # (F, n)
    centred = [side - state.mean for side, state in zip(rows, ends, strict=True)]
    placed = np.zeros((len(ends), len(words), 2), np.float32)
    placed[known] = pacmap(
        np.concatenate([side[there] for side, there in zip(centred, known, strict=True)]), progress=progress
    )
    low, high = np.quantile(placed[known], [0.01, 0.99], axis=0)
    margin = 0.05 * (high - low)  # where the farthest points are, so that the others have room
    placed = np.clip(placed, low - margin, high + margin)
    if len(ends) == 2:
        placed = np.where(known[..., None], placed, placed[::-1])
    return _whole_numbers(words, ends, placed, None)


def _whole_numbers(
    words: Ints,
    states: Sequence[State],
    placed: NDArray[np.float32],  # (F, n, 2)
    explained: tuple[float, float] | None,
) -> WordMap:
    low, high = placed.min(axis=(0, 1)), placed.max(axis=(0, 1))
    edges = (high - low) / 2
    scale = LARGEST / max(float(edges.max()), 1e-9)
    points = np.rint((placed - (low + high) / 2) * scale).astype(np.int16)
    across, up = np.ceil(edges * scale).astype(int).tolist()
    names = tuple(state.name for state in states)
    return WordMap(words, names, points, (max(across, 1), max(up, 1)), explained)


def table_state(name: str, table: Table, common: Ints) -> State:
    """The state of a whole table, centred on the mean of its most frequent words."""
    return State(name, table[common].mean(axis=0), lambda rows: table[rows])


def history_states(
    history: History | None,
    original: Table,  # (V, d), vectors of words before their first recorded state
    updates: Ints,  # (V,), that each word received in all
    common: Ints,  # (m,), words that a state is centred on
    epochs: int,  # passes over the text; if only their ends were recorded, these are the states
) -> list[State]:
    """The states between the first and the last that a run recorded."""
    if history is None or not len(history):
        return []
    each = np.diff(history.starts)
    by_epoch = int(each.max()) <= max(epochs, 1)
    steps = min(max(epochs, 1), _FRAMES + 1) if by_epoch else _FRAMES + 1
    shares = (np.arange(1, steps) / steps).tolist()
    largest = int(max(history.updates.max(initial=0), updates.max(initial=0))) + 1
    word = np.repeat(np.arange(len(each), dtype=np.int64), each)
    keys = word * largest + history.updates

    def state(share: float) -> State:
        def rows(words: Ints) -> Table:
            wanted = words * largest + np.floor(updates[words] * share + 1e-6).astype(np.int64)
            place = np.searchsorted(keys, wanted, side="right") - 1
            found = (place >= 0) & (word[np.maximum(place, 0)] == words)
            kept = np.asarray(history.vectors[np.maximum(place, 0)], np.float32)
            return np.where(found[:, None], kept, original[words])

        return State(_moment(share, epochs if by_epoch else None), rows(common).mean(axis=0), rows)

    return [state(share) for share in shares]


def _moment(share: float, epochs: int | None) -> str:
    """How much of the text had been read.

    >>> _moment(0.5, 2), _moment(0.25, None)
    ('after pass 1 of 2', '25 % of the way')
    """
    if epochs is None:
        return f"{share * 100:.0f} % of the way"
    return f"after pass {round(share * epochs)} of {epochs}"


def slice_states(run: Run, slices: Sequence[Slice], jobs: int, progress: Progress) -> list[State]:
    """Every slice as a state: the mean use vectors of the most frequent words, kept as float16."""
    counts = slice_counts(run.require_tokens(), slices).sum(axis=0)
    words = np.sort(np.argsort(-counts, kind="stable")[:MAPPED])
    tables = slice_vectors(use_space(run, slices), words, jobs, progress=progress)
    kept = [table.astype(np.float16) for table in tables]
    common = np.searchsorted(words, np.argsort(-counts, kind="stable")[:FITTED])

    def state(name: str, table: NDArray[np.float16]) -> State:
        def rows(wanted: Ints) -> Table:
            places = np.minimum(np.searchsorted(words, wanted), len(words) - 1)
            found = (words[places] == wanted)[:, None]
            return np.where(found, table[places], np.float16(0)).astype(np.float32)

        return State(name, table[common].mean(axis=0, dtype=np.float32), rows)

    return [state(part.name, table) for part, table in zip(slices, kept, strict=True)]
