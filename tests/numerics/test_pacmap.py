"""PaCMAP: its gradient is that of its loss, and what it draws keeps groups together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.apps.web.work import Tasks
from selfvec.numerics.pacmap import gradient, near_pairs, pacmap
from selfvec.numerics.rows import unit_rows
from selfvec.views.projection import project


def loss(points: np.ndarray, pairs: np.ndarray, kinds: np.ndarray, weight: tuple[float, ...]) -> float:
    distance = 1 + np.sum((points[pairs[:, 0]] - points[pairs[:, 1]]) ** 2, axis=1)
    each = np.stack([distance / (10 + distance), distance / (10_000 + distance), 1 / (1 + distance)])
    return float(np.sum(np.array(weight)[kinds] * each[kinds, np.arange(len(kinds))]))


@given(st.integers(0, 2**32 - 1))
def test_the_gradient_is_the_slope_of_the_loss(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, pairs, kinds = rng.standard_normal((6, 2)), rng.integers(0, 6, (15, 2)), rng.integers(0, 3, 15)
    weight, step = (2.0, 40.0, 1.0), 1e-5
    found = gradient(points, pairs, kinds, weight)
    for place in np.ndindex(points.shape):
        moved = np.zeros_like(points)
        moved[place] = step
        up, down = (loss(points + sign * moved, pairs, kinds, weight) for sign in (1, -1))
        assert found[place] == pytest.approx((up - down) / (2 * step), abs=1e-6)


def grouped(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.repeat(rng.standard_normal((30, 40)), 20, axis=0) + 0.5 * rng.standard_normal((600, 40))


def test_neighbours_of_a_group_are_kept_better_than_on_a_plane() -> None:
    rows, group = grouped(), np.arange(600) // 20

    def pure(points: np.ndarray) -> float:
        far = np.linalg.norm(points[:, None] - points[None], axis=2) + 1e9 * np.eye(600)
        return float(np.mean(group[np.argsort(far, axis=1)[:, :10]] == group[:, None]))

    assert pure(project(rows, "pacmap").points) > 0.9 > 2 * pure(project(rows, "pca").points)


def test_the_same_seed_gives_the_same_points_and_steps_are_reported() -> None:
    task = Tasks().task(lambda progress: pacmap(grouped(), 3, progress))
    first = task.result()
    assert task.share == 1
    assert np.array_equal(first, pacmap(grouped(), 3))
    assert not np.array_equal(first, pacmap(grouped(), 4))
    assert first.std(axis=0)[0] >= first.std(axis=0)[1]  # the long side lies


def test_few_and_equal_vectors_have_finite_places() -> None:
    for rows in (np.ones((5, 3)), np.eye(5), np.repeat(np.eye(2), 40, axis=0)):
        assert np.isfinite(pacmap(rows)).all()


def test_nobody_is_its_own_neighbour() -> None:
    pairs = near_pairs(unit_rows(grouped().astype(np.float32)))
    assert np.all(pairs[:, 0] != pairs[:, 1])
    assert np.all(np.bincount(pairs[:, 0]) == 10)
