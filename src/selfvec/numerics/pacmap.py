"""PaCMAP: a projection of vectors onto the plane that keeps their neighbourhoods.

Wang, Huang, Rudin and Shaposhnik (2021), *Understanding how dimension reduction tools work: an empirical
approach to deciphering t-SNE, UMAP, TriMap, and PaCMAP for data visualization*. Three kinds of pairs move the
points: nearest neighbours and mid-near points attract, random points repel. At first the mid-near pairs have
the largest weight and give the map its overall shape. Then their weight falls to 0, and the neighbourhoods
form.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Doubles, Floats, Ints
from selfvec.base.progress import stage

from .nearest import nearest_rows
from .rows import unit_rows
from .whitening import axes_of_points

NEIGHBOURS = 10  # pairs of each point with its nearest
MID_NEAR = 5  # with mid-near points
FAR = 20  # with random points
_CANDIDATES = 50  # further neighbours, of which the nearest by scaled distance are taken
_STEPS = (100, 100, 250)  # of the three phases
_WEIGHTS = ((2.0, 3.0, 1.0), (3.0, 3.0, 1.0), (1.0, 0.0, 1.0))  # of near, mid-near and far pairs in each
_FIRST_MID_NEAR = 1000.0  # the weight of mid-near pairs in the first step; it falls to the one above
_HALF = (10.0, 10000.0)  # squared distance at which the loss of near and mid-near pairs is half its maximum
_RATE = 1.0  # of Adam (Kingma and Ba, 2015)
_DECAY = (0.9, 0.999)  # of its two moments


def pacmap(
    matrix: AnyFloats,  # (n, d), n > 2
    seed: int = 0,
) -> Floats:
    """Points, (n, 2) float32, the same for the same seed. Distances are measured between unit rows.

    >>> rng = np.random.default_rng(0)
    >>> rows = np.repeat(np.eye(3), 20, axis=0) + 0.05 * rng.standard_normal((60, 3))
    >>> points = pacmap(rows)
    >>> groups = points.reshape(3, 20, 2)
    >>> middles = groups.mean(axis=1)
    >>> apart = np.linalg.norm(middles - np.roll(middles, 1, axis=0), axis=1).min()
    >>> bool(np.linalg.norm(groups - middles[:, None], axis=2).mean() < apart / 3)
    True
    """
    rows = unit_rows(np.ascontiguousarray(matrix, np.float32))
    rng = np.random.default_rng(seed)
    near = near_pairs(rows)
    middle = mid_near_pairs(rows, rng)
    far = far_pairs(len(rows), rng)
    centred = rows.astype(np.float64) - rows.mean(axis=0)
    points = 0.01 * centred @ axes_of_points(centred)[1][:, :2]
    points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    kinds = np.repeat([0, 1, 2], [len(near), len(middle), len(far)])
    pairs = np.concatenate([near, middle, far])
    first, second = np.zeros((2, *points.shape))  # moments of the gradient
    steps = sum(_STEPS)
    with stage("Arranging", steps, "steps") as advance:
        for step in range(steps):
            slope = gradient(points, pairs, kinds, weights(step))
            first += (1 - _DECAY[0]) * (slope - first)
            second += (1 - _DECAY[1]) * (slope**2 - second)
            rate = _RATE * np.sqrt(1 - _DECAY[1] ** (step + 1)) / (1 - _DECAY[0] ** (step + 1))
            points -= rate * first / (np.sqrt(second) + 1e-7)
            advance(1)
    points -= points.mean(axis=0)
    placed: Floats = (points @ axes_of_points(points)[1]).astype(np.float32)  # the longer side is horizontal
    return placed


def weights(step: int) -> tuple[float, float, float]:
    """Weights of near, mid-near and far pairs at a step.

    >>> weights(0), weights(50)[1], weights(100), weights(449)
    ((2.0, 1000.0, 1.0), 501.5, (3.0, 3.0, 1.0), (1.0, 0.0, 1.0))
    """
    phase = int(np.searchsorted(np.cumsum(_STEPS), step, side="right"))
    near, middle, far = _WEIGHTS[phase]
    if phase == 0:
        done = step / _STEPS[0]
        middle = (1 - done) * _FIRST_MID_NEAR + done * middle
    return near, middle, far


def gradient(
    points: Doubles,  # (n, 2)
    pairs: Ints,  # (m, 2)
    kinds: Ints,  # (m,): 0 near, 1 mid-near, 2 far
    weight: tuple[float, float, float],
) -> Doubles:
    """Gradient of the loss, (n, 2).

    With D = 1 + ‖y_i − y_j‖² the loss of a near pair is D / (10 + D), of a mid-near pair D / (10⁴ + D), of a
    far pair 1 / (1 + D), each times its weight.
    """
    here, there = pairs.T
    apart = points[here] - points[there]
    distance = 1 + np.einsum("ij,ij->i", apart, apart)
    half = np.array([*_HALF, 1.0])[kinds]
    change = np.array([weight[0] * _HALF[0], weight[1] * _HALF[1], -weight[2]])[kinds]
    pull = (2 * change / (half + distance) ** 2)[:, None] * apart
    slope = np.empty_like(points)
    for axis in range(2):
        slope[:, axis] = np.bincount(here, pull[:, axis], len(points))
        slope[:, axis] -= np.bincount(there, pull[:, axis], len(points))
    return slope


def near_pairs(rows: Floats) -> Ints:
    """Each point with its nearest ones, by a distance that is scaled by the local density."""
    most = min(NEIGHBOURS + _CANDIDATES, len(rows) - 1)
    near, cosines = nearest_rows(rows, rows, np.arange(len(rows)), most)
    square = np.where(near >= 0, np.maximum(2 - 2 * cosines, 0), np.inf)
    around = np.sqrt(square[:, 3:6] if most > 5 else square)
    sigma = np.maximum(np.mean(np.where(np.isfinite(around), around, 0), axis=1), 1e-10)
    scaled = square / (sigma[:, None] * sigma[np.maximum(near, 0)])
    best = np.argsort(scaled, axis=1, kind="stable")[:, :NEIGHBOURS]
    chosen = np.take_along_axis(near, best, axis=1).astype(np.int64)
    here = np.repeat(np.arange(len(rows)), chosen.shape[1])
    pairs = np.stack([here, chosen.ravel()], axis=1)
    return _of_two(pairs[pairs[:, 1] >= 0])


def mid_near_pairs(rows: Floats, rng: np.random.Generator) -> Ints:
    """Each point with the second nearest of six random ones, `MID_NEAR` times."""
    here = np.repeat(np.arange(len(rows)), MID_NEAR)
    drawn = rng.integers(0, len(rows), (len(here), 6))
    cosines = np.stack([np.einsum("ij,ij->i", rows[here], rows[column]) for column in drawn.T], axis=1)
    cosines[drawn == here[:, None]] = -2
    second = np.argsort(-cosines, axis=1, kind="stable")[:, 1]
    pairs = np.stack([here, drawn[np.arange(len(here)), second]], axis=1)
    return _of_two(pairs)


def far_pairs(number: int, rng: np.random.Generator) -> Ints:
    """Each point with `FAR` random ones."""
    here = np.repeat(np.arange(number), FAR)
    pairs = np.stack([here, rng.integers(0, number, len(here))], axis=1)
    return _of_two(pairs)


def _of_two(pairs: Array) -> Ints:
    different: Ints = pairs[pairs[:, 0] != pairs[:, 1]]
    return different
