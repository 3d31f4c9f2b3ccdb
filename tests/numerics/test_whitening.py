"""Axes and whitening are the same from the covariance as from the inner products of few rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.numerics.whitening import (
    Spectrum,
    axes_of_moment,
    axes_of_points,
    covariance,
    principal_axes,
    spectrum,
    whitening_matrix,
)
from selfvec.refinement.health import effective_rank
from selfvec.retrieval.encoder.unknown_words import apart

sizes = st.integers(1, 12)


def points(rows: int, width: int, rank: int, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed).standard_normal
    return draw((rows, rank)) @ draw((rank, width)) + draw(width)


@given(sizes, sizes, sizes, st.integers(0, 99))
def test_the_spectrum_is_that_of_the_covariance(rows: int, width: int, rank: int, seed: int) -> None:
    matrix = points(rows, width, rank, seed)
    found = spectrum(matrix)
    mean, spread = covariance(matrix)
    scale = np.trace(spread) + 1e-9
    np.testing.assert_allclose(found.mean, mean, atol=1e-9)
    np.testing.assert_allclose(found.axes.T @ found.axes, np.eye(found.axes.shape[1]), atol=1e-9)
    np.testing.assert_allclose((found.axes * found.values) @ found.axes.T, spread, atol=1e-9 * scale)
    assert found.axes.shape[1] == (width if rows >= width else max(min(rows - 1, rank), 1))


@given(sizes, sizes, sizes, st.integers(0, 99))
def test_few_rows_are_whitened_as_by_their_covariance(rows: int, width: int, rank: int, seed: int) -> None:
    matrix = points(rows, width, rank, seed)
    spread = covariance(matrix)[1]
    whole = Spectrum(np.zeros(width), *axes_of_moment(spread))
    largest = max(float(whole.values[0]), 1e-3)
    for least in (None, 0.01 * largest):
        expected = whole.power(0.4, least)
        np.testing.assert_allclose(
            spectrum(matrix).power(0.4, least), expected, rtol=1e-3, atol=1e-3 * abs(expected).max()
        )
    np.testing.assert_array_equal(whole.power(0.4), whitening_matrix(spread, 0.4))


@pytest.mark.parametrize("number", [1, 3, 7, 20])
def test_as_many_axes_as_are_asked_for_with_those_of_the_points_first(number: int) -> None:
    few = points(4, 20, 20, 0)
    extents, axes = axes_of_points(few, number)
    np.testing.assert_allclose(axes.T @ axes, np.eye(number), atol=1e-9)
    np.testing.assert_allclose(np.linalg.svd(few)[1][:number] ** 2, extents[:4])
    assert not extents[4:].any()
    assert principal_axes(few, number).shape == (20, number)


def test_no_rows_have_no_extent() -> None:
    found = spectrum(np.zeros((5, 3)), np.zeros(5, bool))
    assert not found.power(0.5).any()


def test_what_few_rows_tell_is_what_many_copies_of_them_tell() -> None:
    """The moments of 40 copies are those of one, and there are more rows than dimensions."""
    few = np.random.default_rng(1).standard_normal((3, 16)).astype(np.float32)
    few /= np.linalg.norm(few, axis=1, keepdims=True)
    many = np.tile(few, (40, 1))
    assert effective_rank(few) == pytest.approx(effective_rank(many), rel=1e-5)
    assert float(apart(few) @ apart(many)) > 0.9999
