"""The sums of neighbours by scanning a text, by hand and against dense float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.cooccurrence.plain import count_reference, linear_reference, random_batch, sides_reference
from tests.in_threads import in_threads
from tests.rows import normal_rows

from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.token_batch import TokenBatch


@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0, 0.3, 0.5, 1]))
def test_the_scan_equals_the_reference(seed: int, window: int, gamma: float) -> None:
    batch, table = random_batch(seed, 400, 30), normal_rows(30, 7, seed)
    scan, counts = ScanOperator(batch, window, gamma), count_reference(batch, window)
    assert_allclose(scan.apply(table), linear_reference(counts, table, gamma), atol=5e-5)
    assert_array_equal(scan.degrees, counts.sum(axis=1))


@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(1, 20))
def test_scan_of_some_words_equals_the_scan_of_all(seed: int, window: int, number: int) -> None:
    batch, table = random_batch(seed, 400, 30), normal_rows(30, 7, seed)
    scan = ScanOperator(batch, window, 0.4)
    rare = np.argsort(scan.occurrences, kind="stable")[:number]
    some = np.isin(np.arange(30), rare)
    found = in_threads(1, scan.apply, table, words=some)
    assert_allclose(found[some], scan.apply(table)[some], atol=1e-5)
    two = in_threads(2, scan.apply, table, words=some)
    assert_array_equal(two, found)


def test_sides_by_hand() -> None:
    # "a b": as above, the mean row is (a + b) / 2. Nothing is before a, or after b.
    batch = TokenBatch.from_documents([["a", "b"]])
    table = np.array([[1, 0], [0, 1]], np.float32)
    found = ScanOperator(batch, 3, 0.5).apply_sides(table)
    assert_allclose(found, [[0, 0, -0.5, 0.5], [0.5, -0.5, 0, 0]], atol=1e-7)


@given(st.integers(0, 10**6), st.integers(2, 12), st.sampled_from([0, 0.1, 0.5]))
def test_sides_equal_the_reference_and_add_up(seed: int, window: int, gamma: float) -> None:
    batch, table = random_batch(seed, 300, 30), normal_rows(30, 7, seed)
    scan = ScanOperator(batch, window, gamma)
    found = in_threads(1, scan.apply_sides, table)
    assert_allclose(found, sides_reference(batch, table, window, gamma), atol=5e-5)
    assert_allclose(found[:, :7] + found[:, 7:], scan.apply(table), atol=5e-5)
    assert_array_equal(in_threads(2, scan.apply_sides, table), found)


@pytest.mark.parametrize("columns", [1, 3, 300])
def test_sums_of_frequent_words_keep_their_digits(columns: int) -> None:
    table = normal_rows(300, columns, 3) + 3  # a large common part, which centring takes out
    batch = random_batch(3, 6000, 300)
    expected = linear_reference(count_reference(batch, 21), table, 0.5)
    assert np.abs(ScanOperator(batch, 21, 0.5).apply(table) - expected).max() < 1e-5 * np.abs(expected).max()


def test_words_without_neighbours_get_zeros_and_give_nothing() -> None:
    scan = ScanOperator(TokenBatch.from_documents([["a", "b", "c"], ["alone"]]), 3)
    table = np.array([[1, 2], [3, 4], [5, 6], [np.float32(1e30), 7]], np.float32)
    result = scan.apply(table)
    assert not result[3].any()
    table[3] = 0
    assert_array_equal(scan.apply(table), result)
    for texts in ([["a"]], [["a"], ["b"]]):
        batch = TokenBatch.from_documents(texts)
        assert not ScanOperator(batch, 3).apply(np.ones((len(batch.types), 4), np.float32)).any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_tables_of_any_float_and_layout(dtype) -> None:
    scan = ScanOperator(random_batch(5, 500, 40), 5)
    table = normal_rows(40, 12, 5).astype(dtype)
    result = scan.apply(table)
    assert result.dtype == np.float32
    assert_array_equal(scan.apply(np.asfortranarray(table)), result)
    assert_allclose(scan.apply(table[:, ::2]), result[:, ::2], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("width", [5, 64, 300])
def test_the_result_may_replace_the_table(width: int) -> None:
    batch, table = random_batch(1, 900, 40), normal_rows(40, width, 2)
    expected = ScanOperator(batch, 7).apply(table)
    place = table.copy()
    assert in_threads(2, ScanOperator(batch, 7).apply, place, place) is place
    assert_array_equal(place, expected)
