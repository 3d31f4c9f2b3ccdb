"""Projections of vectors to two dimensions.

PCA is the default because it is linear: distances can shrink but not grow, and further points can be placed
in a finished projection. t-SNE and UMAP show clusters better and distances worse. They need optional packages
and cannot place further points.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, MissingExtra, OptionError
from selfvec.numerics.whitening import axes_of_points

__all__ = ["METHODS", "Projection", "check_method", "project"]

METHODS = ("pca", "tsne", "umap")

_FEWEST = {"pca": 1, "tsne": 5, "umap": 5}
"""The number of points that a method needs."""


def check_method(method: str) -> None:
    """Raise `OptionError` for an unknown projection."""
    if method not in METHODS:
        raise OptionError(f"is one of {', '.join(METHODS)}, not {method!r}", field="projection")


@dataclass(frozen=True, eq=False)
class Projection:
    """Points in the plane and how they were computed.

    Parameters
    ----------
    points : (n, 2) float32
    method : {"pca", "tsne", "umap"}
    explained : pair of float, optional
        Share of the variance along each axis; None unless the method is PCA.
    mean : (d,) float64, optional
        The mean that PCA subtracted.
    components : (2, d) float64, optional
        The orthonormal axes of PCA; the second is a row of zeros if all points lie on a line.
    """

    points: NDArray[np.float32]
    method: str
    explained: tuple[float, float] | None = None
    mean: NDArray[np.float64] | None = None
    components: NDArray[np.float64] | None = None

    def transform(self, new: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Place further vectors, (m, d), in the same plane: (m, 2) float32.

        Raises
        ------
        OptionError
            For t-SNE and UMAP, which place all points together.
        """
        if self.mean is None or self.components is None:
            raise OptionError(
                f"{self.method} cannot place further points in a finished projection", remedy="use pca"
            )
        return ((new - self.mean) @ self.components.T).astype(np.float32)


def project(matrix: NDArray[np.floating[Any]], method: str = "pca", seed: int = 0) -> Projection:
    """Project vectors to two dimensions; the same input and seed give the same points.

    Parameters
    ----------
    matrix : (n, d) float
    method : {"pca", "tsne", "umap"}
    seed : int
        For t-SNE and UMAP. PCA has no randomness: the loading of largest absolute value is positive.

    Raises
    ------
    OptionError
        For another method, or fewer points than the method needs.
    InputError
        If the matrix is not two-dimensional, is empty, or holds values that are not finite.
    MissingExtra
        If the package behind t-SNE or UMAP is not installed.

    Examples
    --------
    >>> project(np.array([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]])).points[:, 0].tolist()
    [-2.0, 0.0, 2.0]
    """
    check_method(method)
    if matrix.ndim != 2 or matrix.size == 0:
        raise InputError(f"a projection needs a matrix of vectors, this one has the shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise InputError("the vectors to project hold values that are not finite numbers")
    if len(matrix) < _FEWEST[method]:
        raise OptionError(
            f"{method} needs at least {_FEWEST[method]} points, these are {len(matrix)}",
            remedy="use pca, or ask for more words or neighbours",
        )
    if method == "pca":
        return _pca(matrix)
    points = (_tsne if method == "tsne" else _umap)(np.asarray(matrix, dtype=np.float32), seed)
    return Projection(points.astype(np.float32), method)


def _pca(matrix: NDArray[np.floating[Any]]) -> Projection:
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


def _tsne(data: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    try:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise MissingExtra("scikit-learn", "plot", "a t-SNE projection") from error
    perplexity = min(30.0, (len(data) - 1) / 3)
    # A small random start, because a start from PCA fails if points coincide.
    start = 1e-4 * np.random.default_rng(seed).standard_normal((len(data), 2)).astype(np.float32)
    model = TSNE(perplexity=perplexity, init=start, random_state=seed)
    # One thread, because more would add in another order and give other points.
    with threadpool_limits(limits=1):
        points: NDArray[np.float32] = model.fit_transform(data)
    return points


def _umap(data: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    try:
        with warnings.catch_warnings():  # about packages that umap can do without
            warnings.simplefilter("ignore")
            from umap import UMAP
    except ImportError as error:
        raise MissingExtra("umap-learn", "umap", "a UMAP projection") from error
    start = np.random.default_rng(seed).uniform(-10, 10, (len(data), 2)).astype(np.float32)
    neighbours = min(15, len(data) - 1)
    # One thread: UMAP is reproducible only then.
    model = UMAP(n_neighbors=neighbours, init=start, random_state=seed, n_jobs=1)
    points: NDArray[np.float32] = model.fit_transform(data)
    return points
