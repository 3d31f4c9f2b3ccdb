"""k-means and PaCMAP: fixed points, gradients, and groups that are found and kept together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import KMeans

from selfvec.analysis.views.projection import project
from selfvec.apps.web.work import Tasks
from selfvec.numerics.kmeans import k_means, lloyd, squared_distances
from selfvec.numerics.pacmap import gradient, near_pairs, pacmap
from selfvec.numerics.rows import unit_rows


@given(st.integers(0, 1000), st.integers(1, 6), st.booleans(), st.booleans())
def test_every_point_is_with_its_nearest_centre(seed: int, k: int, spherical: bool, weighted: bool) -> None:
    rng = default_rng(seed)
    points = unit_rows(rng.standard_normal((24, 5)))
    weights = rng.random(24).astype(np.float32) + 0.1 if weighted else None
    found = [
        k_means(points, k, [default_rng([seed, i]) for i in range(3)], weights=weights,
                spherical=spherical) for _ in range(2)
    ]  # fmt: skip
    (labels, centres), again = found
    assert_array_equal(labels, again[0])
    assert set(labels.tolist()) == set(range(k))
    distances = 1 - points @ centres.T if spherical else squared_distances(points, centres)
    own = np.take_along_axis(distances, labels[:, None], axis=1)[:, 0]
    assert np.all(own <= distances.min(axis=1) + 1e-5)
    for label in range(k):
        mine = labels == label
        mean = np.average(points[mine], axis=0, weights=None if weights is None else weights[mine])
        assert_allclose(centres[label], unit_rows(mean[None])[0] if spherical else mean, atol=1e-5)


def test_repeated_points_leave_no_cluster_empty() -> None:
    points = np.repeat(np.eye(4, dtype=np.float32), 5, axis=0)
    labels, _, cost = lloyd(points, points[:4])
    assert len(set(labels.tolist())) == 4
    assert cost >= 0


@pytest.mark.parametrize("seed", range(3))
def test_the_cost_is_that_of_scikit_learn(seed: int) -> None:
    rng = default_rng(seed)
    points = rng.standard_normal((300, 8)) + 4 * rng.standard_normal((5, 8))[rng.integers(5, size=300)]
    labels, centres = k_means(points, 5, [default_rng(i) for i in range(6)])
    theirs = KMeans(5, n_init=6, random_state=seed).fit(points)
    cost = float(squared_distances(points, centres).min(axis=1).sum())
    assert cost == pytest.approx(theirs.inertia_, rel=0.01)
    assert len(np.unique(np.stack([labels, theirs.labels_]), axis=1).T) == 5


@given(st.integers(0, 1000), st.booleans())
def test_fixed_points_stay_in_their_cluster(seed: int, spherical: bool) -> None:
    rng = default_rng(seed)
    points = unit_rows(rng.standard_normal((30, 4)))
    fixed = np.full(30, -1)
    fixed[:6] = [0, 0, 1, 1, 2, 2]
    labels, _ = k_means(points, 5, [default_rng(seed)], spherical=spherical, fixed=fixed)
    assert_array_equal(labels[:6], fixed[:6])
    assert set(labels.tolist()) == set(range(5))


def loss(points: np.ndarray, pairs: np.ndarray, kinds: np.ndarray, weight: tuple[float, ...]) -> float:
    distance = 1 + np.sum((points[pairs[:, 0]] - points[pairs[:, 1]]) ** 2, axis=1)
    each = np.stack([distance / (10 + distance), distance / (10_000 + distance), 1 / (1 + distance)])
    return float(np.sum(np.array(weight)[kinds] * each[kinds, np.arange(len(kinds))]))


@given(st.integers(0, 2**32 - 1))
def test_the_gradient_is_the_slope_of_the_loss(seed: int) -> None:
    rng = default_rng(seed)
    points, pairs, kinds = rng.standard_normal((6, 2)), rng.integers(0, 6, (15, 2)), rng.integers(0, 3, 15)
    weight, step = (2.0, 40.0, 1.0), 1e-5
    found = gradient(points, pairs, kinds, weight)
    for place in np.ndindex(points.shape):
        moved = np.zeros_like(points)
        moved[place] = step
        up, down = (loss(points + sign * moved, pairs, kinds, weight) for sign in (1, -1))
        assert found[place] == pytest.approx((up - down) / (2 * step), abs=1e-6)


def grouped(seed: int = 0) -> np.ndarray:
    rng = default_rng(seed)
    return np.repeat(rng.standard_normal((30, 40)), 20, axis=0) + 0.5 * rng.standard_normal((600, 40))


def test_neighbours_of_a_group_are_kept_better_than_on_a_plane() -> None:
    rows, group = grouped(), np.arange(600) // 20

    def pure(points: np.ndarray) -> float:
        far = np.linalg.norm(points[:, None] - points[None], axis=2) + 1e9 * np.eye(600)
        return float(np.mean(group[np.argsort(far, axis=1)[:, :10]] == group[:, None]))

    assert pure(pacmap(rows)) > 0.9 > 2 * pure(project(rows).points)


def test_the_same_seed_gives_the_same_points_and_steps_are_reported() -> None:
    task = Tasks().task(lambda: pacmap(grouped(), 3))
    first = task.result()
    assert task.share == 1
    assert_array_equal(first, pacmap(grouped(), 3))
    assert not np.array_equal(first, pacmap(grouped(), 4))
    assert first.std(axis=0)[0] >= first.std(axis=0)[1]  # the long side lies


def test_few_and_equal_vectors_have_finite_places() -> None:
    for rows in (np.ones((5, 3)), np.eye(5), np.repeat(np.eye(2), 40, axis=0)):
        assert np.isfinite(pacmap(rows)).all()


def test_nobody_is_its_own_neighbour() -> None:
    pairs = near_pairs(unit_rows(grouped().astype(np.float32)))
    assert np.all(pairs[:, 0] != pairs[:, 1])
    assert np.all(np.bincount(pairs[:, 0]) == 10)
