"""Projections of vectors to two dimensions, and the words of a figure on one plane.

PCA is the default because it is linear: distances can shrink but not grow, and further points can be placed
in a finished projection. PaCMAP, t-SNE and UMAP show clusters better and distances worse, and cannot place
further points; t-SNE and UMAP need optional packages.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Rows
from selfvec.base.errors import InputError, MissingExtra, OptionError
from selfvec.numerics.pacmap import pacmap
from selfvec.numerics.whitening import axes_of_points

__all__ = [
    "METHODS",
    "Found",
    "Near",
    "Projection",
    "View",
    "check_method",
    "check_words",
    "project",
    "project_words",
]

METHODS = ("pca", "pacmap", "tsne", "umap")
MOST_WORDS = 7  # colours that are distinguishable on white with any colour vision
_FEWEST = {"pca": 1, "pacmap": 5, "tsne": 5, "umap": 5}  # points that a method needs

Found = tuple[
    str, bool, float, AnyFloats
]  # a neighbour: word, whether of the last state, cosine, vector (d,)
Path = TypeVar("Path")


def check_method(method: str) -> None:
    """Raise `OptionError` for an unknown projection."""
    if method not in METHODS:
        raise OptionError.one_of(method, METHODS, field="projection")


def check_words(words: Sequence[str]) -> None:
    """Raise `OptionError` if a figure cannot show these words."""
    if not 1 <= len(words) <= MOST_WORDS or len(set(words)) < len(words):
        rule = f"a figure shows 1 to {MOST_WORDS} different words, {len(words)} were given"
        raise OptionError(rule, remedy="name each word once, or draw several figures")


@dataclass(frozen=True, eq=False)
class Projection:
    """Points in the plane and how they were computed."""

    points: Rows  # (n, 2)
    method: str
    explained: tuple[float, float] | None = (
        None  # share of the variance along each axis; of PCA only, as below
    )
    mean: Doubles | None = None  # (d,), subtracted
    components: Doubles | None = None  # (2, d), orthonormal; the second is 0 for points on a line

    def transform(self, new: AnyFloats) -> Floats:
        """Place further vectors, (m, d), in the same plane: (m, 2). Only PCA can."""
        if self.mean is None or self.components is None:
            rule = f"{self.method} cannot place further points in a finished projection"
            raise OptionError(rule, remedy="use pca")
        return ((new - self.mean) @ self.components.T).astype(np.float32)


@dataclass(frozen=True)
class Near:
    """A neighbour of a word at the start of its path or, if ``last``, at the end."""

    word: str
    last: bool
    cosine: float
    point: tuple[float, float]


@dataclass(frozen=True, eq=False)
class View(Generic[Path]):
    """What a figure of paths shows. All of them share one projection and one frame."""

    paths: tuple[Path, ...]
    method: str
    explained: tuple[float, float] | None
    frame: tuple[float, float, float, float]  # left, right, bottom, top; contains every point

    @classmethod
    def of(cls, paths: Sequence[Path], flat: Projection, more: Sequence[AnyFloats] = ()) -> View[Path]:
        """A view whose frame holds the projected points and ``more``, (n, 2) each."""
        points = np.concatenate([flat.points, *more])
        (left, bottom), (right, top) = np.nanmin(points, axis=0).tolist(), np.nanmax(points, axis=0).tolist()
        return cls(tuple(paths), flat.method, flat.explained, (left, right, bottom, top))


def project_words(
    rows: Sequence[AnyFloats],  # of each word, (S, d)
    near: Sequence[Sequence[Found]],  # its neighbours
    method: str,
    seed: int,
) -> tuple[Projection, list[Floats], list[tuple[Near, ...]]]:
    """Project words with their neighbours.

    Returns the projection, the points of each word and its neighbours with their points.
    """
    around = [row[None] for found in near for *_, row in found]
    flat = project(np.concatenate([*rows, *around]), method, seed)
    *places, others = np.split(flat.points, np.cumsum([len(own) for own in rows]))
    rest = iter(others.tolist())
    placed = [
        tuple(Near(word, last, cosine, tuple(next(rest))) for word, last, cosine, _ in found)
        for found in near
    ]
    return flat, places, placed


def project(
    matrix: AnyFloats,  # (n, d)
    method: str = "pca",
    seed: int = 0,  # PCA has no randomness
) -> Projection:
    """Project vectors to two dimensions; the same input and seed give the same points.

    >>> project(np.array([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]])).points[:, 0].tolist()
    [-2.0, 0.0, 2.0]
    """
    check_method(method)
    if matrix.ndim != 2 or matrix.size == 0:
        raise InputError(f"a projection needs a matrix of vectors, this one has the shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise InputError("the vectors to project contain NaN or infinity")
    if len(matrix) < _FEWEST[method]:
        rule = f"{method} needs at least {_FEWEST[method]} points, {len(matrix)} were given"
        raise OptionError(rule, remedy="use pca, or ask for more words or neighbours")
    if method == "pca":
        return _pca(matrix)
    if method == "pacmap":
        return Projection(pacmap(matrix, seed), method)
    points = (_tsne if method == "tsne" else _umap)(np.asarray(matrix, dtype=np.float32), seed)
    return Projection(points.astype(np.float32), method)


def _pca(matrix: AnyFloats) -> Projection:
    """Project by PCA. Signs are chosen so that the largest loading of each axis is positive."""
    data = np.asarray(matrix, dtype=np.float64)
    mean = data.mean(axis=0)
    centred = data - mean
    values, directions = axes_of_points(centred)
    variances = np.zeros(2)
    components = np.zeros((2, data.shape[1]))
    # Axes without variance are arbitrary. They stay zero, so that rounding errors are not drawn as a path.
    least = 1e-12 * max(float(values[0]), float(np.square(data).sum()) * 1e-6)
    rank = min(2, int(np.count_nonzero(values > least)))
    for axis in range(rank):
        components[axis], variances[axis] = directions[:, axis], values[axis]
    largest = np.abs(components).argmax(axis=1)
    components *= np.where(components[[0, 1], largest] < 0, -1.0, 1.0)[:, None]
    shares = variances / (float(np.square(centred).sum()) or 1.0)
    points = (centred @ components.T).astype(np.float32)
    return Projection(points, "pca", (float(shares[0]), float(shares[1])), mean, components)


def _tsne(data: Floats, seed: int) -> Floats:
    try:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise MissingExtra("scikit-learn", "plot", "a t-SNE projection") from error
    perplexity = min(30.0, (len(data) - 1) / 3)
    # Random initial positions of small size, because PCA initialisation fails if points coincide.
    start = 1e-4 * np.random.default_rng(seed).standard_normal((len(data), 2)).astype(np.float32)
    model = TSNE(perplexity=perplexity, init=start, random_state=seed)
    # One thread: with several, sums are added in another order and points differ.
    with threadpool_limits(limits=1):
        points: Floats = model.fit_transform(data)
    return points


def _umap(data: Floats, seed: int) -> Floats:
    try:
        with warnings.catch_warnings():  # about optional packages of umap
            warnings.simplefilter("ignore")
            from umap import UMAP
    except ImportError as error:
        raise MissingExtra("umap-learn", "umap", "a UMAP projection") from error
    start = np.random.default_rng(seed).uniform(-10, 10, (len(data), 2)).astype(np.float32)
    neighbours = min(15, len(data) - 1)
    # One thread: UMAP is reproducible only then.
    model = UMAP(n_neighbors=neighbours, init=start, random_state=seed, n_jobs=1)
    points: Floats = model.fit_transform(data)
    return points
