"""k-means: Lloyd's algorithm from k-means++ centres, with Euclidean distances or with cosines.

SciPy's version has neither weights nor cosines, and scikit-learn is not a core dependency.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from selfvec.base.arrays import AnyFloats, Ints

from .rows import unit_rows

ROUNDS = 40  # most end earlier, when no row moves


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
    fixed: Ints | None = None,  # (n,), the cluster of points that stay in it, -1 for others
) -> tuple[Ints, AnyFloats]:
    """Cluster points into k groups, the best of several starts: labels, (n,), and centres, (k, d).

    Each generator draws the first centres by k-means++ (Arthur and Vassilvitskii, 2007). ``spherical``
    compares by cosine instead of Euclidean distance (Dhillon and Modha, 2001). Then the centres are unit
    rows. The first clusters may have ``fixed`` points: then they begin at the mean of these, which never
    leave (Basu, Banerjee and Mooney, 2002, *Semi-supervised clustering by seeding*).

    >>> points = np.array([[0.0, 0.0], [9.0, 9.0], [0.1, 0.0], [9.0, 9.1]])
    >>> labels, _ = k_means(points, 2, [np.random.default_rng(0)])
    >>> bool(labels[0] == labels[2] != labels[1] == labels[3])
    True
    """
    best = None
    least = np.inf
    begun = points[:0]
    if fixed is not None:
        own = np.flatnonzero(fixed >= 0)
        mass = None if weights is None else weights[own]
        begun = _means(points[own], fixed[own], int(fixed.max()) + 1, mass, spherical)
    for generator in generators:
        drawn = _plus_plus(points, k, generator, weights, spherical, begun)
        labels, centres, cost = lloyd(points, drawn, weights=weights, spherical=spherical, fixed=fixed)
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
    fixed: Ints | None = None,
) -> tuple[Ints, AnyFloats, float]:
    """Labels, centres and cost after moving given centres until no label changes or the rounds are over.

    A cluster that would be empty takes the point farthest from its centre.
    """
    labels = np.full(len(points), -1, np.int64)
    stay = np.zeros(len(points), bool) if fixed is None else fixed >= 0
    for _ in range(rounds):
        distances = _distances(points, centres, spherical)
        new = distances.argmin(axis=1)
        if fixed is not None:
            new[stay] = fixed[stay]
        empty = np.flatnonzero(np.bincount(new, minlength=len(centres)) == 0)
        if len(empty):
            far = np.where(stay, -np.inf, distances.min(axis=1))
            new[np.argsort(-far, kind="stable")[: len(empty)]] = empty
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
    points: AnyFloats,
    k: int,
    generator: np.random.Generator,
    weights: AnyFloats | None,
    spherical: bool,
    centres: AnyFloats,  # those that are given
) -> AnyFloats:
    """First centres: each point is drawn in proportion to its distance from the centres so far."""
    far = np.full(len(points), np.inf)
    last = centres
    while len(centres) < k:
        if len(last):
            near = _distances(points, last, spherical).min(axis=1)
            far = np.minimum(far, np.maximum(1 + near, 0) if spherical else near)
            odds = far if weights is None else far * weights
            total = odds.sum()
            place = int(generator.choice(len(points), p=odds / total if total > 0 else None))
        elif weights is None:
            place = int(generator.integers(len(points)))
        else:
            shares = weights.astype(np.float64) / weights.sum(dtype=np.float64)
            place = int(generator.choice(len(points), p=shares))
        last = points[place : place + 1]
        centres = np.vstack([centres, last])
    return centres
