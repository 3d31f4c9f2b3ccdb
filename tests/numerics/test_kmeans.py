"""k-means: a fixed point of Lloyd's step, no empty cluster, and the clusters that scikit-learn finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from selfvec.numerics.kmeans import k_means, lloyd, squared_distances
from selfvec.numerics.rows import unit_rows


@given(st.integers(0, 1000), st.integers(1, 6), st.booleans(), st.booleans())
def test_every_point_is_with_its_nearest_centre(seed: int, k: int, spherical: bool, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    points = unit_rows(rng.standard_normal((24, 5)))
    weights = rng.random(24).astype(np.float32) + 0.1 if weighted else None
    found = [
        k_means(points, k, [np.random.default_rng([seed, i]) for i in range(3)], weights=weights,
                spherical=spherical) for _ in range(2)
    ]  # fmt: skip
    (labels, centres), again = found
    np.testing.assert_array_equal(labels, again[0])
    assert set(labels.tolist()) == set(range(k))
    distances = 1 - points @ centres.T if spherical else squared_distances(points, centres)
    own = np.take_along_axis(distances, labels[:, None], axis=1)[:, 0]
    assert np.all(own <= distances.min(axis=1) + 1e-5)
    for label in range(k):
        mine = labels == label
        mean = np.average(points[mine], axis=0, weights=None if weights is None else weights[mine])
        np.testing.assert_allclose(centres[label], unit_rows(mean[None])[0] if spherical else mean, atol=1e-5)


def test_repeated_points_leave_no_cluster_empty() -> None:
    points = np.repeat(np.eye(4, dtype=np.float32), 5, axis=0)
    labels, _, cost = lloyd(points, points[:4])
    assert len(set(labels.tolist())) == 4
    assert cost >= 0


@pytest.mark.parametrize("seed", range(3))
def test_the_cost_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((300, 8)) + 4 * rng.standard_normal((5, 8))[rng.integers(5, size=300)]
    labels, centres = k_means(points, 5, [np.random.default_rng(i) for i in range(6)])
    theirs = KMeans(5, n_init=6, random_state=seed).fit(points)
    cost = float(squared_distances(points, centres).min(axis=1).sum())
    assert cost == pytest.approx(theirs.inertia_, rel=0.01)
    assert len(np.unique(np.stack([labels, theirs.labels_]), axis=1).T) == 5


@given(st.integers(0, 1000), st.booleans())
def test_fixed_points_stay_in_their_cluster(seed: int, spherical: bool) -> None:
    rng = np.random.default_rng(seed)
    points = unit_rows(rng.standard_normal((30, 4)))
    fixed = np.full(30, -1)
    fixed[:6] = [0, 0, 1, 1, 2, 2]
    labels, _ = k_means(points, 5, [np.random.default_rng(seed)], spherical=spherical, fixed=fixed)
    np.testing.assert_array_equal(labels[:6], fixed[:6])
    assert set(labels.tolist()) == set(range(5))


def test_clusters_begin_at_the_centres_that_are_given() -> None:
    points = np.array([[0.0], [0.1], [5.0], [5.1], [9.0], [9.1]])
    for order in ([9.05, 0.05], [0.05, 9.05]):
        labels, centres = k_means(points, 3, [np.random.default_rng(0)], first=np.array(order)[:, None])
        assert centres[:2, 0].tolist() == pytest.approx(order)
        assert len(set(labels.tolist())) == 3
