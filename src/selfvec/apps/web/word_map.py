"""The map: words or documents as points in the plane, in one or several states.

`draw_map` fits one plane for all states, on the words before and after: a word that moves on the map moved in
the space. `arrange` places the first and the last state by PaCMAP: words that are near on the map are near in
the space. Every state is centred on its own mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.occurrence_vectors import occurrence_space, slice_vectors
from selfvec.analysis.views.projection import project
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.arrays import Ints, Mask, Rows
from selfvec.base.progress import Progress
from selfvec.base.result_table import Json
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.data.trajectory import History
from selfvec.numerics.pacmap import pacmap
from selfvec.retrieval.segments import SearchedDocuments
from selfvec.storage.cache import cached_result

_CROWD = 500  # points from which a few far ones would press the others together
FITTED = 5000  # most frequent words, which fit the plane and the mean of a state
LARGEST = 32000  # absolute value of the integers that points are rounded to
MAPPED = 20_000  # most frequent words, which are placed in every slice
_FRAMES = 7  # states between the first and the last
_BLOCK = 8192  # rows that are read at a time: 8 MB at 256 dimensions
FEWEST = 5  # points that PaCMAP needs
LAYOUTS = ("pca", "pacmap")
_DOCUMENTS = 50_000  # on a map; of more documents, as many at regular intervals


@dataclass(frozen=True)
class State:
    """A state of the vectors: name, mean vector, and a function from rows of words (n,) to vectors (n, d)."""

    name: str
    mean: Rows
    rows: Callable[[Ints], Rows]


@dataclass(frozen=True)
class WordMap:
    """Points of n words in F states."""

    words: Ints  # (n,), their rows
    frames: tuple[str, ...]  # names of the states
    points: NDArray[np.int16]  # (F, n, 2); the centre of the map is 0, both axes have the same scale
    edges: tuple[int, int]  # largest distance of a point from the centre along each axis
    explained: tuple[float, float] | None  # share of the variance along each axis, of a plane

    def as_dict(self) -> dict[str, Any]:
        """The map as JSON-serialisable lists."""
        return {**vars(self), "words": self.words.tolist(), "points": self.points.tolist()}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> WordMap:
        """A map from the result of `as_dict`, also after reading it from JSON."""
        words = np.array(stored["words"], np.int64)
        points = np.array(stored["points"], np.int16)
        across, up = stored["edges"]
        explained = stored["explained"] and tuple(stored["explained"])
        return cls(words, tuple(stored["frames"]), points, (across, up), explained)


def kept(run: Run, asked: list[str | int], make: Callable[[], Json], progress: Progress) -> Json:
    """What a function returns, kept in the run's folder for the next server."""
    return cached_result(run, "page", asked, make, progress)


def kept_map(run: Run, asked: list[str | int], draw: Callable[[], WordMap], progress: Progress) -> WordMap:
    """A map, kept as other results of the page are."""
    return WordMap.of(kept(run, asked, lambda: draw().as_dict(), progress))


def draw_map(
    words: Ints,  # (n,)
    states: Sequence[State],  # F, of one space
    fitted: Ints | None = None,  # (m,), words that fit the plane; by default all
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
            placeable = np.any(rows != 0, axis=1)[:, None]  # a word without a vector is in the centre
            flat[start : start + _BLOCK] = np.where(placeable, (rows - middle) @ axes, np.float32(0))
    if len(words) >= _CROWD:
        placed = _framed(placed, np.any(placed != 0, axis=2))
    return _whole_numbers(words, states, placed, plane.explained or (0.0, 0.0))


def draw_documents(run: Run, documents: SearchedDocuments, layout: str, progress: Progress) -> WordMap:
    """The map of a run's documents, which has one state."""

    def draw() -> WordMap:
        most = min(len(documents), _DOCUMENTS)
        numbers = np.unique(np.linspace(0, len(documents) - 1, most).astype(np.int64))
        rows = documents.vectors(numbers)
        drawable = rows.any(axis=1)
        numbers, rows = numbers[drawable], rows[drawable]
        every = np.arange(len(rows))
        fitted = every[:: -(-len(rows) // FITTED) or 1]
        state = vectors_state("documents", rows, fitted)
        near = layout == "pacmap" and len(rows) >= FEWEST
        drawn = arrange(every, [state], progress) if near else draw_map(every, [state], fitted)
        return replace(drawn, words=numbers)

    return kept_map(run, ["documents", layout, _DOCUMENTS], draw, progress)


def arrange(words: Ints, states: Sequence[State], progress: Progress) -> WordMap:
    """Place n words in the first state and the last by PaCMAP.

    PaCMAP gets both states as one set of 2n vectors, so a word that kept its neighbours keeps its place.
    A word without a vector in one state has the place of the other.
    """
    ends = (states[0], states[-1])[: len(states)]
    rows = [state.rows(words) for state in ends]
    placeable = np.array([np.any(side != 0, axis=1) for side in rows])  # (F, n)
    centred = [side - state.mean for side, state in zip(rows, ends, strict=True)]
    placed = np.zeros((len(ends), len(words), 2), np.float32)
    placed[placeable] = pacmap(
        np.concatenate([side[there] for side, there in zip(centred, placeable, strict=True)]),
        progress=progress,
    )
    placed = _framed(placed, placeable)
    if len(ends) == 2:
        placed = np.where(placeable[..., None], placed, placed[::-1])
    return _whole_numbers(words, ends, placed, None)


def _framed(placed: Rows, placeable: Mask) -> Rows:
    """Points, (F, n, 2), with the farthest pulled to the edge, so that the middle 98 % fill the frame."""
    low, high = np.quantile(placed[placeable], [0.01, 0.99], axis=0)
    margin = 0.05 * (high - low)
    return np.clip(placed, low - margin, high + margin)


def _whole_numbers(
    words: Ints,
    states: Sequence[State],
    placed: Rows,  # (F, n, 2)
    explained: tuple[float, float] | None,
) -> WordMap:
    low, high = placed.min(axis=(0, 1)), placed.max(axis=(0, 1))
    edges = (high - low) / 2
    scale = LARGEST / max(float(edges.max()), 1e-9)
    points = np.rint((placed - (low + high) / 2) * scale).astype(np.int16)
    across, up = np.ceil(edges * scale).astype(int).tolist()
    names = tuple(state.name for state in states)
    return WordMap(words, names, points, (max(across, 1), max(up, 1)), explained)


def vectors_state(name: str, vectors: Rows, common: Ints) -> State:
    """The state of all vectors, centred on the mean of the most frequent words."""
    return State(name, vectors[common].mean(axis=0), lambda rows: vectors[rows])


def history_states(
    history: History | None,
    original: Rows,  # (V, d), vectors before the first recorded state
    updates: Ints,  # (V,), total number of updates of each word
    common: Ints,  # (m,), words whose mean centres a state
    passes: int,  # passes over the text, which are the states if only their ends were recorded
) -> list[State]:
    """The states between the first and the last that a run recorded."""
    if history is None or not len(history):
        return []
    each = np.diff(history.starts)
    by_pass = int(each.max()) <= max(passes, 1)
    steps = min(max(passes, 1), _FRAMES + 1) if by_pass else _FRAMES + 1
    shares = (np.arange(1, steps) / steps).tolist()
    largest = int(max(history.updates.max(initial=0), updates.max(initial=0))) + 1
    word = np.repeat(np.arange(len(each), dtype=np.int64), each)
    keys = word * largest + history.updates

    def state(share: float) -> State:
        def rows(words: Ints) -> Rows:
            wanted = words * largest + np.floor(updates[words] * share + 1e-6).astype(np.int64)
            place = np.searchsorted(keys, wanted, side="right") - 1
            recorded = (place >= 0) & (word[np.maximum(place, 0)] == words)
            kept = np.asarray(history.vectors[np.maximum(place, 0)], np.float32)
            return np.where(recorded[:, None], kept, original[words])

        return State(_moment(share, passes if by_pass else None), rows(common).mean(axis=0), rows)

    return [state(share) for share in shares]


def _moment(share: float, passes: int | None) -> str:
    """The share of the text that had been read.

    >>> _moment(0.5, 2), _moment(0.25, None)
    ('after pass 1 of 2', '25 % of the way')
    """
    if passes is None:
        return f"{share * 100:.0f} % of the way"
    return f"after pass {round(share * passes)} of {passes}"


def slice_states(run: Run, slices: Sequence[Slice], jobs: int, progress: Progress) -> list[State]:
    """A state for every slice: mean occurrences of the most frequent words, stored as float16."""
    batch = run.require_tokens()
    counts = slice_counts(batch, slices).sum(axis=0)
    words = np.sort(np.argsort(-counts, kind="stable")[:MAPPED])
    space = occurrence_space(Comparison.of(batch, slices), WordTable.of(run))
    means = slice_vectors(space, words, jobs, progress=progress)
    stored = [vectors.astype(np.float16) for vectors in means]
    common = np.searchsorted(words, np.argsort(-counts, kind="stable")[:FITTED])

    def state(name: str, vectors: NDArray[np.float16]) -> State:
        def rows(wanted: Ints) -> Rows:
            places = np.minimum(np.searchsorted(words, wanted), len(words) - 1)
            listed = (words[places] == wanted)[:, None]
            return np.where(listed, vectors[places], np.float16(0)).astype(np.float32)

        return State(name, vectors[common].mean(axis=0, dtype=np.float32), rows)

    return [state(part.name, vectors) for part, vectors in zip(slices, stored, strict=True)]
