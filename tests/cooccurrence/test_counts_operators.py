"""Operators made from counts: by hand, against dense float64, against the scan, and one contract for both."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_counts import dense, random_batch
from tests.refusals import refused

from selfvec.base.errors import InputError, OptionError
from selfvec.cooccurrence import LinearOperator, PPMIOperator, count, operator, operators
from selfvec.cooccurrence.reference import linear_reference, ppmi_reference, sides_reference
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics import sparse_rows

KINDS = [PPMIOperator, LinearOperator]
each_kind = pytest.mark.parametrize("kind", KINDS)


def random_table(seed: int, rows: int, columns: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)


def dense_ppmi(operator: PPMIOperator) -> np.ndarray:
    return operator.apply(np.eye(len(operator.degrees), dtype=np.float32))


def test_ppmi_by_hand() -> None:
    # "a b", "a b", "a c": C_ab = 2, C_ac = 1; r = 3, 2, 1. Without smoothing Σ r = 6, so
    # PPMI_ab = log(2·6 / (3·2)) = log 2 and PPMI_ac = log(1·6 / (3·1)) = log 2.
    counts = count(TokenBatch.from_documents([["a", "b"], ["a", "b"], ["a", "c"]]), 3)
    log2 = np.log(2)
    expected = [[0, log2, log2], [log2, 0, 0], [log2, 0, 0]]
    np.testing.assert_allclose(dense_ppmi(PPMIOperator(counts, smoothing=1)), expected, atol=1e-6)
    # Smoothed: Σ r^.75 = 3^.75 + 2^.75 + 1; context c gets 1, row a 3.
    smooth = PPMIOperator(counts)
    total = 3**0.75 + 2**0.75 + 1
    np.testing.assert_allclose(dense_ppmi(smooth)[0, 2], np.log(total / 3), atol=1e-6)
    np.testing.assert_allclose(dense_ppmi(smooth)[2, 0], np.log(total / 3**0.75), atol=1e-6)
    assert smooth.degrees.tolist() == [3, 2, 1]


def test_linear_by_hand() -> None:
    # C_ab = C_ba = 1, r = 1, N = 2: the mean row is (a + b) / 2, so a gets b - (a + b) / 2.
    counts = count(TokenBatch.from_documents([["a", "b"]]), 3)
    table = np.array([[1, 0], [0, 1]], np.float32)
    np.testing.assert_allclose(
        LinearOperator(counts, 0.5).apply(table), [[-0.5, 0.5], [0.5, -0.5]], atol=1e-7
    )


@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0, 0.5, 0.75, 1]))
def test_ppmi_equals_reference(seed: int, window: int, smoothing: float) -> None:
    counts = count(random_batch(seed, 400, 30), window, weighting="harmonic")
    made = PPMIOperator(counts, smoothing, jobs=2)
    np.testing.assert_allclose(dense_ppmi(made), ppmi_reference(dense(counts), smoothing), atol=1e-6)
    assert (made.matrix.values > 0).all()


@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0, 0.3, 0.5, 1]))
def test_linear_equals_reference_and_scan(seed: int, window: int, gamma: float) -> None:
    batch, table = random_batch(seed, 400, 30), random_table(seed, 30, 7)
    counts = count(batch, window)
    linear, scan = LinearOperator(counts, gamma, jobs=2), ScanOperator(batch, window, gamma, jobs=1)
    expected = linear_reference(dense(counts), table, gamma)
    np.testing.assert_allclose(linear.apply(table), expected, atol=1e-5)
    np.testing.assert_allclose(linear.apply(table), scan.apply(table), atol=5e-5)
    np.testing.assert_array_equal(linear.degrees, scan.degrees)


@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(1, 20))
def test_scan_of_some_words_equals_the_scan_of_all(seed: int, window: int, number: int) -> None:
    batch, table = random_batch(seed, 400, 30), random_table(seed, 30, 7)
    scan = ScanOperator(batch, window, 0.4, jobs=1)
    rare = np.argsort(scan.occurrences, kind="stable")[:number]
    some = np.isin(np.arange(30), rare)
    found = scan.apply(table, words=some)
    np.testing.assert_allclose(found[some], scan.apply(table)[some], atol=1e-5)
    two = ScanOperator(batch, window, 0.4, jobs=2).apply(table, words=some)
    np.testing.assert_array_equal(two, found)


def test_sides_by_hand() -> None:
    # "a b": as above, the mean row is (a + b) / 2. Nothing is before a, or after b.
    batch = TokenBatch.from_documents([["a", "b"]])
    table = np.array([[1, 0], [0, 1]], np.float32)
    found = ScanOperator(batch, 3, 0.5).apply_sides(table)
    np.testing.assert_allclose(found, [[0, 0, -0.5, 0.5], [0.5, -0.5, 0, 0]], atol=1e-7)


@given(st.integers(0, 10**6), st.integers(2, 12), st.sampled_from([0, 0.1, 0.5]))
def test_sides_equal_the_reference_and_add_up(seed: int, window: int, gamma: float) -> None:
    batch, table = random_batch(seed, 300, 30), random_table(seed, 30, 7)
    scan = ScanOperator(batch, window, gamma, jobs=1)
    found = scan.apply_sides(table)
    np.testing.assert_allclose(found, sides_reference(batch, table, window, gamma), atol=5e-5)
    np.testing.assert_allclose(found[:, :7] + found[:, 7:], scan.apply(table), atol=5e-5)
    np.testing.assert_array_equal(ScanOperator(batch, window, gamma, jobs=2).apply_sides(table), found)


@pytest.mark.parametrize("weighting", ["linear", "harmonic"])
def test_linear_takes_weighted_counts(weighting: str) -> None:
    counts, table = count(random_batch(2, 2000, 100), 9, weighting=weighting), random_table(2, 100, 7)
    expected = linear_reference(dense(counts), table, 0.4)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(LinearOperator(counts, 0.4).apply(table) / scale, expected / scale, atol=1e-6)


@pytest.mark.parametrize("columns", [1, 3, 300])
def test_sums_of_frequent_words_keep_their_digits(columns: int) -> None:
    table = random_table(3, 3000, columns) + 3  # a large common part, which centring takes out
    counts = count(random_batch(3, 60_000, 3000), 21)
    expected = linear_reference(dense(counts), table, 0.5)
    assert np.abs(LinearOperator(counts, 0.5).apply(table) - expected).max() < 1e-5 * np.abs(expected).max()
    expected = ppmi_reference(dense(counts)) @ table.astype(np.float64)
    assert np.abs(PPMIOperator(counts).apply(table) - expected).max() < 1e-6 * np.abs(expected).max()


@each_kind
def test_threads_change_nothing(kind, monkeypatch) -> None:
    for module in (operators, sparse_rows):
        monkeypatch.setattr(module, "SHARE", 500)
    counts, table = count(random_batch(4, 8000, 500), 9), random_table(4, 500, 33)
    one = kind(counts, jobs=1).apply(table)
    for jobs in (2, 5):
        np.testing.assert_array_equal(kind(counts, jobs=jobs).apply(table), one)


def test_a_large_ppmi_matrix_goes_to_a_file_and_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, table = count(random_batch(2, 4000, 300), 9), random_table(0, 300, 20)
    kept = PPMIOperator(counts)
    monkeypatch.setattr("selfvec.files.memory.IN_MEMORY", 100)
    np.testing.assert_array_equal(PPMIOperator(counts).apply(table), kept.apply(table))


@each_kind
def test_words_without_neighbours_get_zeros_and_give_nothing(kind) -> None:
    counts = count(TokenBatch.from_documents([["a", "b", "c"], ["alone"]]), 3)
    table = np.array([[1, 2], [3, 4], [5, 6], [np.float32(1e30), 7]], np.float32)
    result = kind(counts).apply(table)
    assert not result[3].any()
    table[3] = 0
    np.testing.assert_array_equal(kind(counts).apply(table), result)
    for texts in ([["a"]], [["a"], ["b"]]):
        counts = count(TokenBatch.from_documents(texts), 3)
        assert not kind(counts).apply(np.ones((len(counts), 4), np.float32)).any()


@each_kind
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_tables_of_any_float_and_layout(kind, dtype) -> None:
    made = kind(count(random_batch(5, 500, 40), 5))
    table = random_table(5, 40, 12).astype(dtype)
    result = made.apply(table)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(made.apply(np.asfortranarray(table)), result)
    np.testing.assert_allclose(made.apply(table[:, ::2]), result[:, ::2], rtol=1e-5, atol=1e-6)
    for shape in ((41, 2), (40,)):
        refused(lambda: made.apply(np.zeros(shape, np.float32)), InputError, "40 words")


@pytest.mark.parametrize("name", ["scan", "counts", "ppmi"])
@pytest.mark.parametrize("width", [5, 64, 300])
def test_the_result_may_replace_the_table(name: str, width: int) -> None:
    batch, table = random_batch(1, 900, 40), random_table(2, 40, width)
    expected = operator(name, batch, 7).apply(table)
    place = table.copy()
    assert operator(name, batch, 7, jobs=2).apply(place, place) is place
    np.testing.assert_array_equal(place, expected)


def test_invalid_options() -> None:
    counts = count(TokenBatch.from_documents([["a", "b"]]), 3)
    for smoothing in (-0.1, 1.1, np.nan):
        refused(lambda: PPMIOperator(counts, smoothing), OptionError, "smoothing")
    refused(lambda: LinearOperator(counts, np.nan), OptionError, "gamma")
