"""Projections of vectors to two dimensions.

PCA is the default because it is linear: distances can shrink but not grow. t-SNE and UMAP show clusters
better and distances worse, and need optional packages.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import AnyFloats, Rows
from selfvec.base.errors import InputError, OptionError, require
from selfvec.numerics.whitening import axes_of_points


def check_method(method: str) -> None:
    """Raise `MissingExtra` for a projection without its package."""
    row = PROJECTIONS[method]
    if row.module:
        require(row.module, row.extra, f"a {row.title} projection")


@dataclass(frozen=True, eq=False)
class Projection:
    """Points in the plane and how they were computed."""

    points: Rows  # (n, 2)
    method: str
    explained: tuple[float, float] | None = None  # share of the variance along each axis; PCA only


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
    if not np.isfinite(matrix).all():
        raise InputError("the vectors to project contain NaN or infinity")
    row = PROJECTIONS[method]
    if len(matrix) < row.fewest:
        rule = f"{method} needs at least {row.fewest} points, {len(matrix)} were given"
        raise OptionError(rule, remedy="use pca, or ask for more words or neighbours")
    return row.project(matrix, seed)


def _pca(matrix: AnyFloats, seed: int) -> Projection:
    """Project by PCA. Signs are chosen so that the largest loading of each axis is positive."""
    del seed
    data = np.asarray(matrix, dtype=np.float64)
    centred = data - data.mean(axis=0)
    values, directions = axes_of_points(centred)
    variances = np.zeros(2)
    components = np.zeros((2, data.shape[1]))
    # Axes without variance are arbitrary. They stay zero, so that rounding errors are not drawn as a path.
    least = 1e-12 * max(float(values[0]), float(np.square(data).sum()) * 1e-6)
    rank = min(2, int(np.count_nonzero(values > least)))
    components[:rank] = directions[:, :rank].T
    variances[:rank] = values[:rank]
    largest = np.abs(components).argmax(axis=1)
    components *= np.where(components[[0, 1], largest] < 0, -1.0, 1.0)[:, None]
    shares = variances / (float(np.square(centred).sum()) or 1.0)
    points = (centred @ components.T).astype(np.float32)
    return Projection(points, "pca", (float(shares[0]), float(shares[1])))


def _tsne(matrix: AnyFloats, seed: int) -> Projection:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    data = np.asarray(matrix, dtype=np.float32)
    perplexity = min(30.0, (len(data) - 1) / 3)
    # Random initial positions of small size, because PCA initialisation fails if points coincide.
    start = 1e-4 * np.random.default_rng(seed).standard_normal((len(data), 2)).astype(np.float32)
    model = TSNE(perplexity=perplexity, init=start, random_state=seed)
    # One thread: with several, sums are added in another order and points differ.
    with threadpool_limits(limits=1):
        points = model.fit_transform(data)
    return Projection(points.astype(np.float32), "tsne")


def _umap(matrix: AnyFloats, seed: int) -> Projection:
    with warnings.catch_warnings():  # about optional packages of umap
        warnings.simplefilter("ignore")
        from umap import UMAP
    data = np.asarray(matrix, dtype=np.float32)
    start = np.random.default_rng(seed).uniform(-10, 10, (len(data), 2)).astype(np.float32)
    neighbours = min(15, len(data) - 1)
    # One thread: UMAP is reproducible only then.
    model = UMAP(n_neighbors=neighbours, init=start, random_state=seed, n_jobs=1)
    points = model.fit_transform(data)
    return Projection(points.astype(np.float32), "umap")


@dataclass(frozen=True)
class ProjectionMethod:
    """A row of `PROJECTIONS`."""

    title: str  # as axes name it
    project: Callable[[AnyFloats, int], Projection]
    fewest: int = 5  # points that it needs
    module: str = ""  # that it needs, of an extra
    extra: str = ""


PROJECTIONS = {
    "pca": ProjectionMethod("PC", _pca, fewest=1),
    "tsne": ProjectionMethod("t-SNE", _tsne, module="sklearn", extra="plot"),
    "umap": ProjectionMethod("UMAP", _umap, module="umap", extra="umap"),
}
"""All projections by name."""
