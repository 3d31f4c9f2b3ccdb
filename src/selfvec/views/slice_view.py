"""What a figure of words through slices shows, worked out apart from how it is drawn.

All slices and words share one plane. A word's place in a slice comes with the region that resampled documents
put it in, so that a step within one region is not taken for a way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.drift.comparable_slices import parts_of
from selfvec.analysis.drift.slice_paths import SlicePath, mean_uses, slice_paths
from selfvec.base.errors import OptionError
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.numerics.neighbourhoods import nearest
from selfvec.usage.space import UseSpace, use_space

from .projection import project
from .trajectory_view import MOST_WORDS

__all__ = ["Near", "SliceView", "WordInSlices", "slice_view"]

COMMON = 3000  # words that neighbours are chosen from: the commonest
_CHI = 5.991  # of two dimensions, at 95 %
_ROUND = 48  # points of an ellipse

Float = NDArray[np.floating]


@dataclass(frozen=True)
class Near:
    """A word near another one in a slice, and where."""

    word: str
    last: bool  # whether the slice is the last, else the first
    cosine: float
    point: tuple[float, float]


@dataclass(frozen=True, eq=False)
class WordInSlices:
    """One word's way.

    Parameters
    ----------
    path : SlicePath
    points : (S, 2) float
        NaN in slices in which the word does not occur.
    regions : (S, k, 2) float, optional
        Ellipses that hold 95 % of the places that resampled documents give; None for projections that
        cannot place further points.
    near : tuple of Near
    """

    path: SlicePath
    points: Float
    regions: Float | None
    near: tuple[Near, ...]


@dataclass(frozen=True, eq=False)
class SliceView:
    """Everything a figure of slices shows; ``frame`` is (left, right, bottom, top)."""

    words: tuple[WordInSlices, ...]
    names: tuple[str, ...]
    method: str
    explained: tuple[float, float] | None
    frame: tuple[float, float, float, float]


def slice_view(
    run: Run,
    words: Sequence[str],
    slices: Sequence[Slice] | None = None,
    *,
    projection: str = "pca",
    neighbours: int = 4,
    seed: int = 0,
    jobs: int | None = None,
) -> SliceView:
    """Follow words through slices.

    Parameters
    ----------
    run : Run
        Has kept its corpus.
    words : sequence of str
        At most seven.
    slices : sequence of Slice, optional
        The parts of the run's text where not given.
    projection : {"pca", "tsne", "umap"}
    neighbours : int
        How many are shown from the first slice, and as many from the last, of the 3,000 commonest words.
    seed : int
        For every random choice.
    jobs : int, optional
        Threads.

    Raises
    ------
    OptionError
        If there are no words or too many, or a word twice.
    InputError
        If there are fewer than two slices, or a word occurs in none.
    """
    if not 1 <= len(words) <= MOST_WORDS or len({run.index(word) for word in words}) < len(words):
        raise OptionError(
            f"a figure shows 1 to {MOST_WORDS} different words, these are {len(words)}",
            remedy="draw several figures",
        )
    every = list(parts_of(run) if slices is None else slices)
    paths = slice_paths(run, words, every, seed=seed, jobs=jobs)
    near = _near(run, use_space(run, every, seed), every, paths, neighbours, threads(jobs))
    around = [row for found in near for _, _, _, row in found]
    rows = np.concatenate([*(path.vectors[path.vectors.any(axis=1)] for path in paths), *around])
    flat = project(rows, projection, seed)
    places = iter(flat.points)
    shown = []
    for path in paths:
        points = np.full((len(path), 2), np.nan)
        for i in np.flatnonzero(path.vectors.any(axis=1)).tolist():
            points[i] = next(places)
        drawn = path.draws.reshape(-1, path.draws.shape[-1])
        regions = None
        if projection == "pca":
            spread = flat.transform(drawn).reshape(len(path.draws), len(path), 2)
            regions = np.stack([_ellipse(points[i], spread[:, i]) for i in range(len(path))])
        shown.append((path, points, regions))
    made = tuple(
        WordInSlices(
            *word, tuple(Near(name, last, cosine, _pair(next(places))) for name, last, cosine, _ in n)
        )
        for word, n in zip(shown, near, strict=True)
    )
    corners = [word.points for word in made] + [
        w.regions.reshape(-1, 2) for w in made if w.regions is not None
    ]
    corners.append(flat.points)
    inside = np.concatenate(corners)
    (left, bottom), (right, top) = np.nanmin(inside, axis=0), np.nanmax(inside, axis=0)
    frame = (float(left), float(right), float(bottom), float(top))
    return SliceView(made, tuple(part.name for part in every), flat.method, flat.explained, frame)


def _pair(point: Float) -> tuple[float, float]:
    return float(point[0]), float(point[1])


Found = tuple[str, bool, float, NDArray[np.float32]]


def _near(
    run: Run, space: UseSpace, every: Sequence[Slice], paths: Sequence[SlicePath], wanted: int, jobs: int
) -> list[list[Found]]:
    """The words nearest to each word in its first and in its last slice, and their rows (1, d) there."""
    counts = slice_counts(run.require_tokens(), every).sum(axis=0)
    own = np.array([run.index(path.word) for path in paths])
    words = np.union1d(np.argsort(-counts, kind="stable")[:COMMON], own)
    tables = mean_uses(space, words, jobs)
    keys, out = run.vectors.index_to_key, []
    for path, row in zip(paths, own.tolist(), strict=True):
        alive = np.flatnonzero(path.vectors.any(axis=1))
        asked = np.searchsorted(words, [row])
        found: list[Found] = []
        for last, which in ((False, int(alive[0])), (True, int(alive[-1]))):
            table = tables[which]
            for i in nearest(table, asked, wanted)[0].tolist() if wanted else []:
                if i >= 0:
                    cosine = float(table[i] @ path.vectors[which])
                    found.append((keys[int(words[i])], last, cosine, table[i : i + 1]))
        out.append(found)
    return out


def _ellipse(centre: Float, drawn: Float) -> Float:
    """Around a place, what holds 95 % of a cloud as wide as that of the draws, (k, 2)."""
    if np.isnan(centre).any():
        return np.full((_ROUND, 2), np.nan)
    values, directions = np.linalg.eigh(np.cov(drawn.T.astype(np.float64)))
    angles = np.linspace(0, 2 * np.pi, _ROUND)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ellipse: Float = centre + circle * np.sqrt(_CHI * np.maximum(values, 0)) @ directions.T
    return ellipse
