"""Whitening, quantised and mixed rows: the values of plain NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.rows import normal_rows, unit

from selfvec.numerics.quantization import CODES, CODINGS, PER_ROW, decode, encode, groups_of, quantised
from selfvec.numerics.rows import filled_rows, mix_rows, unit_rows, weighted_sum
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
from selfvec.retrieval.encoder.word_lookup import apart

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
    assert_allclose(found.mean, mean, atol=1e-9)
    assert_allclose(found.axes.T @ found.axes, np.eye(found.axes.shape[1]), atol=1e-9)
    assert_allclose((found.axes * found.values) @ found.axes.T, spread, atol=1e-9 * scale)
    assert found.axes.shape[1] == (width if rows >= width else max(min(rows - 1, rank), 1))


@given(sizes, sizes, sizes, st.integers(0, 99))
def test_few_rows_are_whitened_as_by_their_covariance(rows: int, width: int, rank: int, seed: int) -> None:
    matrix = points(rows, width, rank, seed)
    spread = covariance(matrix)[1]
    whole = Spectrum(np.zeros(width), *axes_of_moment(spread))
    expected = whole.power(0.4)
    assert_array_equal(expected, whitening_matrix(spread, 0.4))
    assert_allclose(spectrum(matrix).power(0.4), expected, rtol=1e-3, atol=1e-3 * abs(expected).max())


@pytest.mark.parametrize("number", [1, 3, 7, 20])
def test_as_many_axes_as_are_asked_for_with_those_of_the_points_first(number: int) -> None:
    few = points(4, 20, 20, 0)
    extents, axes = axes_of_points(few, number)
    assert_allclose(axes.T @ axes, np.eye(number), atol=1e-9)
    assert_allclose(np.linalg.svd(few)[1][:number] ** 2, extents[:4])
    assert not extents[4:].any()
    assert principal_axes(few, number).shape == (20, number)


def test_no_rows_have_no_extent() -> None:
    found = spectrum(np.zeros((5, 3)), np.zeros(5, bool))
    assert not found.power(0.5).any()


def test_what_few_rows_tell_is_what_many_copies_of_them_tell() -> None:
    """The moments of 40 copies are those of one, and there are more rows than dimensions."""
    few = normal_rows(3, 16, 1)
    few = unit(few)
    many = np.tile(few, (40, 1))
    assert effective_rank(few) == pytest.approx(effective_rank(many), rel=1e-5)
    assert float(apart(few) @ apart(many)) > 0.9999


def rows(number: int = 600, width: int = 20) -> np.ndarray:
    made = normal_rows(number, width)
    made[7] = 0
    return unit_rows(made)


def fidelity(table: np.ndarray, method: str, groups: int = 1) -> float:
    """Mean cosine of rows and what is kept of them."""
    kept = unit_rows(decode(encode(table, method, groups)))
    return float((table * kept).sum(axis=1).mean())


@pytest.mark.parametrize("method", CODINGS)
def test_rows_of_zeros_stay_zero_and_shapes_agree(method: str) -> None:
    table = rows()
    arrays = encode(table, method, 5)
    (own,) = set(arrays) & set(PER_ROW)
    assert len(arrays[own]) == len(table)
    kept = decode(arrays)
    assert kept.shape == table.shape
    assert kept.dtype == np.float32
    assert not kept[7].any()
    assert kept[8].any()


def test_more_bits_keep_more() -> None:
    table = rows()
    found = [fidelity(table, *how) for how in (("pq", 2), ("pq", 5), ("pq", 20), ("int8",), ("float16",))]
    assert found == sorted(found)
    assert found[0] > 0.5
    assert found[-2] > 0.998


def test_signs_are_the_signs_and_the_mean_size_of_each_column() -> None:
    table = np.array([[1, -2], [-3, -4]], np.float32)
    assert decode(encode(table, "binary")).tolist() == [[2, -3], [-2, -3]]


def test_a_table_of_few_rows_is_kept_exactly_by_its_codebooks() -> None:
    table = np.repeat(np.eye(4, dtype=np.float32), CODES // 4, axis=0)
    assert_array_equal(decode(encode(table, "pq", 2)), table)


def test_the_same_seed_gives_the_same_codes() -> None:
    table = rows()
    one, other = encode(table, "pq", 4, seed=1), encode(table, "pq", 4, seed=1)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_groups_cover_all_columns_once() -> None:
    for width, number in ((300, 7), (5, 5), (9, 2)):
        columns = [column for part in groups_of(width, number) for column in range(part.start, part.stop)]
        assert columns == list(range(width))


def test_rows_are_whole_numbers_times_a_scale_of_each_row() -> None:
    table = rows(9000)  # more than a block
    table[8] *= 1000
    codes, scales = quantised(table)
    assert codes.dtype == np.int8
    assert np.all(np.abs(codes).max(axis=1) == np.where(np.arange(len(table)) == 7, 0, 127))
    assert np.all(np.abs(codes * scales[:, None] - table) <= 0.501 * scales[:, None])
    assert scales[7] == 0


@given(st.integers(0, 40), st.integers(1, 70), st.integers(0, 1000))
def test_mixed_rows_are_those_of_numpy(n: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, others = rng.normal(size=(2, n, width)).astype(np.float32)
    own, weights = rng.random((2, n), np.float32)
    chosen = rng.random(n) < 0.7
    own[: n // 4] = weights[: n // 4] = 0  # a row of zeros stays one
    wanted = np.where(chosen[:, None], unit_rows(own[:, None] * rows + weights[:, None] * others), rows)
    others.flags.writeable = False
    mix_rows(rows, others, own, weights, chosen)
    assert np.abs(rows - wanted).max(initial=0) < 1e-6
    assert_array_equal(rows[~chosen], wanted[~chosen])


def test_a_weighted_sum_is_added_in_double_precision() -> None:
    rows = np.float32([[1e8], [1], [-1e8]])
    assert weighted_sum(rows, np.ones(3)).tolist() == [1]
    assert weighted_sum(rows[:0], np.ones(0)).tolist() == [0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_row_is_filled_if_any_of_its_values_is_not_zero(dtype: type) -> None:
    rows = np.zeros((5000, 3), dtype)
    rows[7, 2] = rows[4500, 0] = 1
    assert np.flatnonzero(filled_rows(rows)).tolist() == [7, 4500]
