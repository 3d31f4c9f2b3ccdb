"""The nearest rows: a full sort, and clusters that find most of it; what came and went; CSLS by formula."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal

from selfvec.numerics.nearest import (
    best_columns,
    gained_and_lost,
    mean_of_nearest,
    mutual_best,
    nearest,
    nearest_columns,
    nearest_rows,
)
from selfvec.numerics.rows import unit_rows


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_the_nearest_are_those_of_a_full_sort(seed, most) -> None:
    rng = default_rng(seed)
    cosines = rng.integers(-4, 5, (5, 9)).astype(np.float32) / 4
    own = rng.integers(-1, 9, 5)
    numbers, values = nearest_columns(cosines, own, most)
    for row in range(5):
        there = [i for i in range(9) if i != own[row]]
        expected = sorted(there, key=lambda i: -cosines[row, i])[:most]
        assert numbers[row].tolist() == expected + [-1] * (most - len(expected))
        assert values[row, : len(expected)].tolist() == [cosines[row, i] for i in expected]


def test_rows_are_compared_with_all_of_a_small_pool() -> None:
    rng = default_rng(0)
    pool = unit_rows(rng.standard_normal((40, 3)).astype(np.float32))
    rows = np.vstack([pool[[7, 3]], unit_rows(rng.standard_normal((2, 3)).astype(np.float32))])
    numbers, cosines = nearest_rows(rows, pool, np.array([7, 3, -1, -1]), 5)
    exact = rows @ pool.T
    exact[[0, 1], [7, 3]] = -9
    assert_array_equal(numbers, np.argsort(-exact, axis=1)[:, :5])
    assert_allclose(cosines, -np.sort(-exact, axis=1)[:, :5], atol=1e-6)


def test_clusters_find_most_of_a_large_pool_s_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = default_rng(0)
    centres = rng.standard_normal((100, 8))
    rows = unit_rows(
        (centres[rng.integers(100, size=3000)] + rng.standard_normal((3000, 8)) / 3).astype("f4")
    )
    own = np.arange(3000)
    exact, cosines = nearest_rows(rows, rows, own, 10)
    monkeypatch.setattr("selfvec.numerics.nearest.EXACT", 1000)
    found, near = nearest_rows(rows, rows, own, 10)
    assert np.mean([len({*a} & {*b}) / 10 for a, b in zip(exact.tolist(), found.tolist(), strict=True)]) > 0.9
    assert not np.any(found == own[:, None])
    assert np.all(near <= cosines + 1e-6)
    again, _ = nearest_rows(rows[:50], rows, own[:50], 10)
    assert_array_equal(again, found[:50])  # other rows change nothing


def table(rows: int, seed: int, width: int = 4) -> np.ndarray:
    """Rows on a coarse grid, so that cosines tie, some of them zero."""
    return unit_rows(default_rng(seed).integers(-1, 2, (rows, width)).astype(np.float32))


@given(st.integers(1, 30), st.integers(0, 999), st.integers(1, 12))
def test_neighbours_are_the_largest_cosines(size: int, seed: int, k: int) -> None:
    unit = table(size, seed)
    found = nearest(unit, np.arange(size), k)
    filled = unit.any(axis=1)
    for row in range(size):
        others = [i for i in range(size) if i != row and filled[i] and filled[row]]
        listed = [i for i in found[row].tolist() if i >= 0]
        assert len(listed) == min(k, len(others)) == len(set(listed))
        assert row not in listed
        cosines = unit @ unit[row]
        expected = sorted((float(cosines[i]) for i in others), reverse=True)[:k]
        assert_allclose(cosines[listed], expected, atol=1e-6)


def test_neighbours_come_from_those_allowed() -> None:
    unit = table(30, 5)
    among = np.arange(30) % 3 == 0
    found = nearest(unit, np.arange(30), 4, among=among)
    assert np.all(among[found[found >= 0]])


@given(st.integers(2, 25), st.integers(0, 999))
def test_gained_and_lost_are_set_differences(size: int, seed: int) -> None:
    before, after = table(size, seed), table(size, seed + 1, width=3)
    rows = np.arange(size)[::2]
    one, other = nearest(before, rows, 3), nearest(after, rows, 3)
    for i, (gained, lost) in enumerate(gained_and_lost(before, after, rows, 3)):
        had, has = set(one[i].tolist()) - {-1}, set(other[i].tolist()) - {-1}
        assert set(gained) == has - had
        assert set(lost) == had - has
    assert all(pair == ([], []) for pair in gained_and_lost(before, before, rows, 3))


def at(*degrees: float) -> np.ndarray:
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_a_hub_loses_to_a_row_that_is_near_to_one_only_by_hand() -> None:
    words, hub_and_own = at(0, 30, 60), at(28, -35)
    # 0° has cosine .883 to the hub at 28° and .819 to its own at -35°. r, the mean over the three words, is
    # .910 for the hub and .386 for the other: 2·.883 - .910 = .856 < 2·.819 - .386 = 1.252.
    r = mean_of_nearest(hub_and_own, words)
    assert_allclose(r, [(0.8829 + 0.9994 + 0.8480) / 3, (0.8192 + 0.4226 - 0.0872) / 3], atol=1e-3)
    assert best_columns(words[:1], hub_and_own, 2).tolist() == [[0, 1]]
    assert best_columns(words[:1], hub_and_own, 3, r).tolist() == [[1, 0, -1]]


@given(st.integers(0, 2**32 - 1))
def test_the_pairs_are_those_of_the_formula(seed: int) -> None:
    rng = default_rng(seed)
    a, b = (unit_rows(rng.standard_normal((size, 5))) for size in (25, 28))
    cosines = a @ b.T
    r_a, r_b = np.sort(cosines, axis=1)[:, -10:].mean(axis=1), np.sort(cosines, axis=0)[-10:].mean(axis=0)
    csls = 2 * cosines - r_a[:, None] - r_b
    expected = [(i, j) for i, j in enumerate(csls.argmax(axis=1).tolist()) if csls[:, j].argmax() == i]
    assert [tuple(pair) for pair in mutual_best(a, b).tolist()] == expected
    assert_array_equal(best_columns(a, b, 1, r_b)[:, 0], csls.argmax(axis=1))
