"""Labels: inside the frame, never on one another, close where there is room."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.views.labels import place_labels

FRAME = (0.0, 600.0, 0.0, 500.0)
NOTHING = np.zeros((0, 2))


def check(corners: np.ndarray, sizes: np.ndarray) -> None:
    """Every placed label lies in the frame and on no other."""
    placed = ~np.isnan(corners[:, 0])
    low, high = corners[placed], (corners + sizes)[placed]
    assert (low >= [FRAME[0], FRAME[2]]).all()
    assert (high <= [FRAME[1], FRAME[3]]).all()
    overlap = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
    both = (overlap > 0).all(axis=-1)
    np.fill_diagonal(both, False)
    assert not both.any()


@given(st.integers(0, 10_000), st.integers(1, 25), st.sampled_from([0.0, 1.0, 20.0, 150.0]))
def test_no_two_overlap_and_all_are_inside(seed: int, n: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    anchors = np.clip(np.array([300.0, 250.0]) + rng.normal(0, spread, (n, 2)), 0, 500)
    sizes = np.column_stack([rng.uniform(10, 120, n), rng.choice([15.0, 30.0], n)])
    corners = place_labels(anchors, sizes, FRAME, anchors, rng.uniform(0, 500, (50, 2)))
    check(corners, sizes)
    assert not np.isnan(corners).any()  # there is room for 25


def test_without_room_some_are_left_out_and_none_overlap() -> None:
    anchors = np.full((60, 2), 250.0)
    sizes = np.full((60, 2), [190.0, 60.0])
    corners = place_labels(anchors, sizes, FRAME, anchors, NOTHING)
    check(corners, sizes)
    assert 5 <= np.isnan(corners[:, 0]).sum() < 60


def test_a_label_larger_than_the_frame_is_left_out() -> None:
    corners = place_labels(np.array([[300.0, 250.0]]), np.array([[900.0, 15.0]]), FRAME, NOTHING, NOTHING)
    assert np.isnan(corners).all()


@pytest.mark.parametrize("anchor", [(300.0, 250.0), (0.0, 0.0), (600.0, 500.0), (0.0, 500.0)])
def test_a_lone_label_stands_beside_its_point(anchor: tuple[float, float]) -> None:
    point, size = np.array([anchor]), np.array([[60.0, 15.0]])
    corner = place_labels(point, size, FRAME, point, NOTHING)[0]
    gap = np.linalg.norm(point[0] - np.clip(point[0], corner, corner + size[0]))
    assert 5 <= gap <= 25


def test_marks_are_not_covered_where_there_is_another_place() -> None:
    point, size = np.array([[300.0, 250.0]]), np.array([[60.0, 15.0]])
    beside = place_labels(point, size, FRAME, point, NOTHING)[0] + size[0] / 2
    moved = place_labels(point, size, FRAME, np.vstack([point, beside]), NOTHING)[0]
    assert not ((beside >= moved) & (beside <= moved + size[0])).all()


def test_no_labels() -> None:
    assert place_labels(NOTHING, NOTHING, FRAME, NOTHING, NOTHING).shape == (0, 2)
