"""Counts as operators: PPMI and linear weights by hand, against dense float64, and against the scan."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.base.errors import InputError, OptionError
from selfvec.cooccurrence import operator
from selfvec.cooccurrence.counting import count
from selfvec.cooccurrence.reference import linear_reference, ppmi_reference
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.token_batch import TokenBatch


def random_problem(seed: int, tokens: int, types: int, columns: int) -> tuple[TokenBatch, np.ndarray]:
    rng = np.random.default_rng(seed)
    ids = np.minimum(rng.zipf(1.2, tokens) - 1, types - 1).astype(np.int32)
    bounds = np.sort(rng.integers(0, tokens + 1, 9))
    offsets = np.concatenate(([0], bounds, [tokens])).astype(np.int64)
    table = rng.standard_normal((types, columns)).astype(np.float32)
    return TokenBatch(ids, offsets, [f"w{i}" for i in range(types)]), table


def dense_ppmi(operator) -> np.ndarray:
    return operator.apply(np.eye(len(operator.degrees), dtype=np.float32))


def test_ppmi_by_hand() -> None:
    # "a b", "a b", "a c": C_ab = 2, C_ac = 1; r = 3, 2, 1. Without smoothing Σ r = 6, so
    # PPMI_ab = log(2·6 / (3·2)) = log 2 and PPMI_ac = log(1·6 / (3·1)) = log 2.
    counts = count(TokenBatch.from_documents([["a", "b"], ["a", "b"], ["a", "c"]]), 3)
    log2 = np.log(2)
    expected = [[0, log2, log2], [log2, 0, 0], [log2, 0, 0]]
    np.testing.assert_allclose(dense_ppmi(counts.ppmi(smoothing=1)), expected, atol=1e-6)
    # Smoothed: Σ r^.75 = 3^.75 + 2^.75 + 1; context c gets 1, row a 3.
    smooth = counts.ppmi()
    total = 3**0.75 + 2**0.75 + 1
    np.testing.assert_allclose(dense_ppmi(smooth)[0, 2], np.log(total / 3), atol=1e-6)
    np.testing.assert_allclose(dense_ppmi(smooth)[2, 0], np.log(total / 3**0.75), atol=1e-6)
    assert smooth.degrees.tolist() == [3, 2, 1]


@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0, 0.5, 0.75, 1]))
def test_ppmi_equals_reference(seed: int, window: int, smoothing: float) -> None:
    batch, _ = random_problem(seed, 400, 30, 1)
    counts = count(batch, window, weighting="harmonic")
    expected = ppmi_reference(counts.dense(), smoothing)
    operator = counts.ppmi(smoothing, jobs=2)
    np.testing.assert_allclose(dense_ppmi(operator), expected, atol=1e-6)
    assert (operator.values > 0).all()


def test_ppmi_does_not_depend_on_the_unit_of_weights() -> None:
    # At window 3 there is one distance only: harmonic weights are flat ones times 2**20.
    batch, table = random_problem(1, 3000, 200, 8)
    flat, harmonic = (count(batch, 3, weighting=w).ppmi().apply(table) for w in ("flat", "harmonic"))
    np.testing.assert_allclose(flat, harmonic, atol=1e-4)


def test_linear_by_hand() -> None:
    # C_ab = C_ba = 1, r = 1, N = 2: the mean row is (a + b) / 2, so a gets b - (a + b) / 2.
    counts = count(TokenBatch.from_documents([["a", "b"]]), 3)
    table = np.array([[1, 0], [0, 1]], np.float32)
    np.testing.assert_allclose(counts.linear(0.5).apply(table), [[-0.5, 0.5], [0.5, -0.5]], atol=1e-7)


@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0, 0.3, 0.5, 1]))
def test_linear_equals_reference_and_scan(seed: int, window: int, gamma: float) -> None:
    batch, table = random_problem(seed, 400, 30, 7)
    counts = count(batch, window)
    linear, scan = counts.linear(gamma, jobs=2), ScanOperator(batch, window, gamma, jobs=1)
    expected = linear_reference(counts.dense(), table, gamma)
    np.testing.assert_allclose(linear.apply(table), expected, atol=1e-5)
    np.testing.assert_allclose(linear.apply(table), scan.apply(table), atol=1e-5)
    np.testing.assert_array_equal(linear.degrees, scan.degrees)


@pytest.mark.parametrize("weighting", ["linear", "harmonic"])
def test_linear_takes_weighted_counts(weighting: str) -> None:
    batch, table = random_problem(2, 2000, 100, 7)
    counts = count(batch, 9, weighting=weighting)
    expected = linear_reference(counts.dense(), table, 0.4)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(counts.linear(0.4).apply(table) / scale, expected / scale, atol=1e-6)


@pytest.mark.parametrize("columns", [1, 3, 64, 300])
def test_sums_of_frequent_words_keep_their_digits(columns: int) -> None:
    batch, table = random_problem(3, 60_000, 3000, columns)
    table += 3  # a large common part, which centring takes out
    counts = count(batch, 21)
    expected = linear_reference(counts.dense(), table, 0.5)
    assert np.abs(counts.linear(0.5).apply(table) - expected).max() < 1e-5 * np.abs(expected).max()
    expected = ppmi_reference(counts.dense()) @ table.astype(np.float64)
    assert np.abs(counts.ppmi().apply(table) - expected).max() < 1e-6 * np.abs(expected).max()


@pytest.mark.parametrize("kind", ["ppmi", "linear"])
def test_threads_change_nothing(kind: str, monkeypatch) -> None:
    from selfvec.cooccurrence import weights

    monkeypatch.setattr(weights, "_SHARE", 500)
    batch, table = random_problem(4, 8000, 500, 33)
    counts = count(batch, 9)
    one = getattr(counts, kind)(jobs=1).apply(table)
    for jobs in (2, 5):
        np.testing.assert_array_equal(getattr(counts, kind)(jobs=jobs).apply(table), one)


@pytest.mark.parametrize("kind", ["ppmi", "linear"])
def test_words_without_neighbours_get_zeros_and_give_nothing(kind: str) -> None:
    counts = count(TokenBatch.from_documents([["a", "b", "c"], ["alone"]]), 3)
    table = np.array([[1, 2], [3, 4], [5, 6], [np.float32(1e30), 7]], np.float32)
    result = getattr(counts, kind)().apply(table)
    assert not result[3].any()
    table[3] = 0
    np.testing.assert_array_equal(getattr(counts, kind)().apply(table), result)


@pytest.mark.parametrize("kind", ["ppmi", "linear"])
@pytest.mark.parametrize("texts", [[["a"]], [["a"], ["b"]]])
def test_a_corpus_without_pairs_gives_zeros(kind: str, texts) -> None:
    counts = count(TokenBatch.from_documents(texts), 3)
    assert not getattr(counts, kind)().apply(np.ones((len(counts), 4), np.float32)).any()


@pytest.mark.parametrize("kind", ["ppmi", "linear"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_tables_of_any_float_and_layout(kind: str, dtype) -> None:
    batch, table = random_problem(5, 500, 40, 12)
    operator = getattr(count(batch, 5), kind)()
    table = table.astype(dtype)
    result = operator.apply(table)
    assert result.dtype == np.float32
    strided = np.asfortranarray(table)
    np.testing.assert_array_equal(operator.apply(strided), result)
    np.testing.assert_allclose(operator.apply(table[:, ::2]), result[:, ::2], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["ppmi", "linear"])
def test_a_table_of_another_vocabulary_is_refused(kind: str) -> None:
    operator = getattr(count(TokenBatch.from_documents([["a", "b"]]), 3), kind)()
    for shape in ((3, 2), (2,)):
        with pytest.raises(InputError, match="2 words"):
            operator.apply(np.zeros(shape, np.float32))


def test_options_that_make_no_sense() -> None:
    counts = count(TokenBatch.from_documents([["a", "b"]]), 3)
    for smoothing in (-0.1, 1.1, np.nan):
        with pytest.raises(OptionError, match="smoothing"):
            counts.ppmi(smoothing)
    with pytest.raises(OptionError, match="gamma"):
        counts.linear(np.nan)


@pytest.mark.parametrize("name", ["scan", "counts", "ppmi"])
@pytest.mark.parametrize("width", [5, 64, 300])
def test_the_result_may_take_the_table_s_place(name: str, width: int) -> None:
    ids = np.random.default_rng(1).integers(0, 40, 900).astype(np.int32)
    batch = TokenBatch(ids, np.array([0, 300, 900]), [str(i) for i in range(40)])
    table = np.random.default_rng(2).standard_normal((40, width)).astype(np.float32)
    expected = operator(name, batch, 7).apply(table)
    place = table.copy()
    assert operator(name, batch, 7, jobs=2).apply(place, place) is place
    np.testing.assert_array_equal(place, expected)
