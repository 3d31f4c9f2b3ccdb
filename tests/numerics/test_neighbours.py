"""Neighbours in blocks are the neighbours; what came and went is the difference of two lists."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from selfvec.data.vectors import Vectors
from selfvec.numerics.neighbours import gained_and_lost, nearest
from selfvec.numerics.rows import unit_rows


def table(rows: int, seed: int, width: int = 4) -> np.ndarray:
    """Rows on a coarse grid, so that cosines tie, some of them zero."""
    return unit_rows(np.random.default_rng(seed).integers(-1, 2, (rows, width)).astype(np.float32))


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
        np.testing.assert_allclose(cosines[listed], expected, atol=1e-6)


def test_the_order_is_that_of_most_similar() -> None:
    unit = unit_rows(np.random.default_rng(3).standard_normal((60, 8)).astype(np.float32))
    vectors = Vectors([str(i) for i in range(60)], unit, normalized=True)
    for row, found in enumerate(nearest(unit, np.arange(60), 7).tolist()):
        assert [str(i) for i in found] == [word for word, _ in vectors.most_similar(str(row), topn=7)]


def test_equal_cosines_come_in_order_of_rows() -> None:
    unit = np.ones((6, 1), np.float32)
    assert nearest(unit, np.array([2]), 3).tolist() == [[0, 1, 3]]


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
