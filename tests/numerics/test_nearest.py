"""The nearest rows: those of a full sort, and most of them where clusters are searched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.numerics import nearest
from selfvec.numerics.nearest import nearest_columns, nearest_rows
from selfvec.numerics.rows import unit_rows


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_the_nearest_are_those_of_a_full_sort(seed, most) -> None:
    rng = np.random.default_rng(seed)
    cosines = rng.integers(-4, 5, (5, 9)).astype(np.float32) / 4
    own = rng.integers(-1, 9, 5)
    numbers, values = nearest_columns(cosines, own, most, 0.0)
    for row in range(5):
        there = [i for i in range(9) if cosines[row, i] > 0 and i != own[row]]
        expected = sorted(there, key=lambda i: -cosines[row, i])[:most]
        assert numbers[row].tolist() == expected + [-1] * (most - len(expected))
        assert values[row, : len(expected)].tolist() == [cosines[row, i] for i in expected]


def test_rows_are_compared_with_all_of_a_small_pool() -> None:
    rng = np.random.default_rng(0)
    pool = unit_rows(rng.standard_normal((40, 3)).astype(np.float32))
    rows = np.vstack([pool[[7, 3]], unit_rows(rng.standard_normal((2, 3)).astype(np.float32))])
    numbers, cosines = nearest_rows(rows, pool, np.array([7, 3, -1, -1]), 5)
    exact = rows @ pool.T
    exact[[0, 1], [7, 3]] = -9
    np.testing.assert_array_equal(numbers, np.argsort(-exact, axis=1)[:, :5])
    np.testing.assert_allclose(cosines, -np.sort(-exact, axis=1)[:, :5], atol=1e-6)


def test_clusters_find_most_of_a_large_pool_s_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((100, 8))
    rows = unit_rows(
        (centres[rng.integers(100, size=3000)] + rng.standard_normal((3000, 8)) / 3).astype("f4")
    )
    own = np.arange(3000)
    exact, cosines = nearest_rows(rows, rows, own, 10)
    monkeypatch.setattr(nearest, "EXACT", 1000)
    found, near = nearest_rows(rows, rows, own, 10)
    assert np.mean([len({*a} & {*b}) / 10 for a, b in zip(exact.tolist(), found.tolist(), strict=True)]) > 0.9
    assert not np.any(found == own[:, None])
    assert np.all(near <= cosines + 1e-6)
    again, _ = nearest_rows(rows[:50], rows, own[:50], 10)
    np.testing.assert_array_equal(again, found[:50])  # other rows change nothing
