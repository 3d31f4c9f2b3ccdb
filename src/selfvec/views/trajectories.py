"""What a figure of trajectories shows: paths in the plane, with the neighbours at their start and their end.

All words share one projection and one frame, so that their paths can be compared by eye.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

from .projection import project

__all__ = ["MOST_WORDS", "Neighbour", "TrajectoryView", "WordPath", "thin", "trajectory_view"]

MOST_WORDS = 7
"""The number of colours that are distinguishable on white with any colour vision."""

MOST_STATES = 400
"""States drawn per word. More would not be visible and make the files large."""

MOST_STATES_BENT = 120
"""The same for t-SNE and UMAP, whose time grows with the square of the points."""


@dataclass(frozen=True)
class Neighbour:
    """A word near the start (``state`` "original") or the end ("refined") of a path.

    ``cosine`` is to the path's word in that state's vectors, ``point`` its place in the figure.
    """

    word: str
    state: str
    cosine: float
    point: tuple[float, float]


@dataclass(frozen=True, eq=False)
class WordPath:
    """One word's path through the figure: S of its T recorded states.

    Parameters
    ----------
    word : str
    updates : (S,) int64
        Updates the word had received at each state.
    points : (S, 2) float32
    cosine : (S,) float32
        To the original vector or, for an out-of-vocabulary word, to its first vector that is not zero.
    turn : (S,) float32
        Angle in degrees between the state and the one before it; 0 for the first state and for a step
        from a zero vector.
    recorded : int
        T.
    zero : (S,) bool
        States at which the word had no vector yet.
    neighbours : tuple of Neighbour
    """

    word: str
    updates: NDArray[np.int64]
    points: NDArray[np.float32]
    cosine: NDArray[np.float32]
    turn: NDArray[np.float32]
    recorded: int
    zero: NDArray[np.bool_]
    neighbours: tuple[Neighbour, ...]

    @property
    def oov(self) -> bool:
        """Whether the word started at the zero vector."""
        return bool(self.zero[0])


@dataclass(frozen=True, eq=False)
class TrajectoryView:
    """Everything a trajectory figure shows.

    Parameters
    ----------
    paths : tuple of WordPath
    method : {"pca", "tsne", "umap"}
    explained : pair of float, optional
        Share of the variance along each axis (PCA only).
    frame : (left, right, bottom, top)
        The smallest rectangle that holds every point.
    """

    paths: tuple[WordPath, ...]
    method: str
    explained: tuple[float, float] | None
    frame: tuple[float, float, float, float]

    @property
    def shared(self) -> frozenset[tuple[str, str]]:
        """(word, state) of the neighbours that several of the paths have."""
        seen = Counter(key for path in self.paths for key in {(n.word, n.state) for n in path.neighbours})
        return frozenset(key for key, paths in seen.items() if paths > 1)


def trajectory_view(
    trajectories: Sequence[Trajectory],
    original: Vectors,
    refined: Vectors,
    *,
    projection: str = "pca",
    neighbours: int = 5,
    seed: int = 0,
) -> TrajectoryView:
    """Project paths with the original neighbours of their words and the refined ones.

    Parameters
    ----------
    trajectories : sequence of Trajectory
        One per word, at most `MOST_WORDS`. Long ones are thinned to `MOST_STATES` states, or to
        `MOST_STATES_BENT` for t-SNE and UMAP.
    original, refined : Vectors
        Neighbours at the start are looked up and placed in ``original``, those at the end in ``refined``.
    projection : {"pca", "tsne", "umap"}
    neighbours : int
        How many at either end.
    seed : int
        For t-SNE and UMAP.

    Raises
    ------
    OptionError
        If there are no words or too many, a word occurs twice, or a trajectory is empty.
    MissingExtra
        If the package behind the projection is not installed.
    """
    _check(trajectories)
    tables = {"original": original, "refined": refined}
    near = [
        [
            (word, state, cosine)
            for state in tables
            for word, cosine in nearest(tables[state], t.word, neighbours)
        ]
        for t in trajectories
    ]
    most = MOST_STATES if projection == "pca" else MOST_STATES_BENT
    kept = [thin(t, most) for t in trajectories]
    states = [unit_rows(t.vectors[index]) for t, index in zip(trajectories, kept, strict=True)]
    around = [tables[state].get_vector(word, norm=True)[None] for found in near for word, state, _ in found]
    flat = project(np.concatenate(states + around), projection, seed)
    *pieces, places = np.split(flat.points, np.cumsum([len(index) for index in kept]))
    rest = iter(places.tolist())
    paths = tuple(
        _path(t, index, points, tuple(Neighbour(w, state, c, tuple(next(rest))) for w, state, c in found))
        for t, index, points, found in zip(trajectories, kept, pieces, near, strict=True)
    )
    (left, bottom), (right, top) = flat.points.min(axis=0).tolist(), flat.points.max(axis=0).tolist()
    return TrajectoryView(paths, flat.method, flat.explained, (left, right, bottom, top))


def nearest(vectors: Vectors, word: str, topn: int) -> list[tuple[str, float]]:
    """The words nearest to a word, zero vectors left out; none where the word itself has no direction."""
    row = vectors.get(word)
    if row is None or not np.any(row):
        return []
    return [(near, cosine) for near, cosine in vectors.most_similar(word, topn=topn) if np.any(vectors[near])]


def thin(trajectory: Trajectory, most: int = MOST_STATES) -> NDArray[np.int64]:
    """Indices of at most ``most`` states, (S,), with the first and the last.

    They are even in the mean of two clocks: states passed and angle travelled. So both the quick turn at the
    start of a path and the long rest after it are shown.
    """
    states = len(trajectory)
    if states <= most:
        return np.arange(states)
    travelled = np.cumsum(turns(trajectory), dtype=np.float64)
    clock = np.linspace(0, 1, states) + travelled / (travelled[-1] or 1.0)
    return np.unique(np.searchsorted(clock, np.linspace(0, clock[-1], most)))


def turns(trajectory: Trajectory) -> NDArray[np.float32]:
    """Angle in degrees between each state and the one before it, (T,); 0 where either is zero."""
    rows = unit_rows(trajectory.vectors)
    # By the chord and not the cosine: arccos loses small angles between float32 rows to rounding.
    chords = np.linalg.norm(np.diff(rows, axis=0), axis=1)
    angles = np.degrees(2 * np.arcsin(np.minimum(chords / 2, 1.0)))
    zero: NDArray[np.bool_] = np.all(rows == 0, axis=1)
    angles[zero[:-1] | zero[1:]] = 0
    return np.concatenate([[0.0], angles]).astype(np.float32)


def _path(
    trajectory: Trajectory,
    kept: NDArray[np.int64],
    points: NDArray[np.float32],
    neighbours: tuple[Neighbour, ...],
) -> WordPath:
    rows = unit_rows(trajectory.vectors)
    zero: NDArray[np.bool_] = np.all(rows == 0, axis=1)
    return WordPath(
        word=trajectory.word,
        updates=trajectory.updates[kept],
        points=points,
        cosine=rows[kept] @ rows[zero.argmin()],
        turn=turns(trajectory)[kept],
        recorded=len(trajectory),
        zero=zero[kept],
        neighbours=neighbours,
    )


def _check(trajectories: Sequence[Trajectory]) -> None:
    words = [trajectory.word for trajectory in trajectories]
    if not 1 <= len(words) <= MOST_WORDS:
        raise OptionError(
            f"a figure shows 1 to {MOST_WORDS} words, these are {len(words)}", remedy="draw several figures"
        )
    if len(set(words)) < len(words):
        raise OptionError("a word is asked for twice", remedy="name each word once")
    for trajectory in trajectories:
        if len(trajectory) == 0:
            raise OptionError(
                f"no state of {trajectory.word!r} was recorded", remedy="choose another word or record more"
            )
