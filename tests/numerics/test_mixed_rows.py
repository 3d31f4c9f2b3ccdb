"""Rows that are mixed, summed and looked at by kernels have the values of plain NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.numerics.rows import filled_rows, mix_rows, unit_rows, weighted_sum


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
    assert np.array_equal(rows[~chosen], wanted[~chosen])


def test_a_weighted_sum_is_added_in_double_precision() -> None:
    rows = np.float32([[1e8], [1], [-1e8]])
    assert weighted_sum(rows, np.ones(3)).tolist() == [1]
    assert weighted_sum(rows[:0], np.ones(0)).tolist() == [0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_row_is_filled_if_any_of_its_values_is_not_zero(dtype: type) -> None:
    rows = np.zeros((5000, 3), dtype)
    rows[7, 2] = rows[4500, 0] = 1
    assert np.flatnonzero(filled_rows(rows)).tolist() == [7, 4500]
