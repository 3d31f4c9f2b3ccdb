"""k-means: Lloyd's algorithm from k-means++ centres, with Euclidean distances or with cosines.

SciPy's version has neither weights nor cosines, and scikit-learn is not a core dependency.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from selfvec.base.arrays import AnyFloats, Ints

from .rows import unit_rows

ROUNDS = 40


def squared_distances(points: AnyFloats, centres: AnyFloats) -> AnyFloats:
    """Squared Euclidean distances, (n, d) and (k, d) -> (n, k)."""
    cross = points @ centres.T
    squares = (points**2).sum(axis=1)[:, None] - 2 * cross + (centres**2).sum(axis=1)
    return np.asarray(np.maximum(squares, 0))


def k_means(
    points: AnyFloats,  # (n, d), n >= k; unit rows if ``spherical``
    k: int,
    generators: Iterable[np.random.Generator],  # one per start
    *,
    weights: AnyFloats | None = None,  # (n,)
    spherical: bool = False,
) -> tuple[Ints, AnyFloats]:
    """Cluster points into k groups, the best of several starts: labels, (n,), and centres, (k, d).

    Each generator draws the first centres by k-means++ (Arthur and Vassilvitskii, 2007). ``spherical``
    compares by cosine instead of Euclidean distance (Dhillon and Modha, 2001). Then the centres are unit
    rows.

    >>> points = np.array([[0.0, 0.0], [9.0, 9.0], [0.1, 0.0], [9.0, 9.1]])
    >>> labels, _ = k_means(points, 2, [np.random.default_rng(0)])
    >>> bool(labels[0] == labels[2] != labels[1] == labels[3])
    True
    """
    best = None
    least = np.inf
    for generator in generators:
        first = _plus_plus(points, k, generator, weights, spherical)
        labels, centres, cost = lloyd(points, first, weights=weights, spherical=spherical)
        if best is None or cost < least:
            best = (labels, centres)
            least = cost
    assert best is not None
    return best


def lloyd(
    points: AnyFloats,
    centres: AnyFloats,
    *,
    weights: AnyFloats | None = None,
    spherical: bool = False,
    rounds: int = ROUNDS,
) -> tuple[Ints, AnyFloats, float]:
    """Labels, centres and cost after moving given centres until no label changes or the rounds are over.

    A cluster that would be empty takes the point farthest from its centre.
    """
    labels = np.full(len(points), -1, np.int64)
    for _ in range(rounds):
        distances = _distances(points, centres, spherical)
        new = distances.argmin(axis=1)
        empty = np.flatnonzero(np.bincount(new, minlength=len(centres)) == 0)
        if len(empty):
            new[np.argsort(-distances.min(axis=1), kind="stable")[: len(empty)]] = empty
        if np.array_equal(new, labels):
            break
        labels = new
        centres = _means(points, labels, len(centres), weights, spherical)
    own = np.take_along_axis(distances, labels[:, None], axis=1)[:, 0]
    return labels, centres, float(own.sum() if weights is None else weights @ own)


def _distances(points: AnyFloats, centres: AnyFloats, spherical: bool) -> AnyFloats:
    return -(points @ centres.T) if spherical else squared_distances(points, centres)


def _means(points: AnyFloats, labels: Ints, k: int, weights: AnyFloats | None, spherical: bool) -> AnyFloats:
    members = np.zeros((k, len(points)), points.dtype)
    members[labels, np.arange(len(points))] = 1 if weights is None else weights
    sums = members @ points
    return unit_rows(sums) if spherical else sums / members.sum(axis=1)[:, None]


def _plus_plus(
    points: AnyFloats, k: int, generator: np.random.Generator, weights: AnyFloats | None, spherical: bool
) -> AnyFloats:
    """First centres: each point is drawn in proportion to its distance from the centres drawn so far."""
    if weights is None:
        chosen = [int(generator.integers(len(points)))]
    else:
        shares = weights.astype(np.float64) / weights.sum(dtype=np.float64)
        chosen = [int(generator.choice(len(points), p=shares))]
    far = np.full(len(points), np.inf)
    while len(chosen) < k:
        last = _distances(points, points[chosen[-1:]], spherical)[:, 0]
        far = np.minimum(far, np.maximum(1 + last, 0) if spherical else last)
        odds = far if weights is None else far * weights
        total = odds.sum()
        chosen.append(int(generator.choice(len(points), p=odds / total if total > 0 else None)))
    return points[chosen]
