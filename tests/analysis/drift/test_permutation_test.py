"""The p of drift, from random splits, and the interval of its distance, from resampled documents."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest

from selfvec.analysis.word_drift.permutation_kernels import sign_flip_test, split_test


def rows_of(seed: int, blocks: int, shift: float = 0.0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((blocks, 5)) + 1
    rows[: blocks // 2, 0] += shift
    return rows.astype(np.float32)


def distance(rows: np.ndarray, chosen: list[int]) -> float:
    inside = np.isin(np.arange(len(rows)), chosen)
    a, b = rows[inside].sum(axis=0), rows[~inside].sum(axis=0)
    return 1 - float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))


def resampled(rows: np.ndarray, one: int, draws: int, seed: int) -> np.ndarray:
    """Distances of resampled rows, from products of different rows only."""
    rng = np.random.default_rng(seed)
    products = rows.astype(float) @ rows.T.astype(float)
    different = products - np.diag(np.diag(products))
    sizes = (one, len(rows) - one)
    weights = [rng.multinomial(size, np.full(size, 1 / size), draws) for size in sizes]
    parts = (slice(0, one), slice(one, len(rows)))
    squares = [
        np.einsum("ni,ij,nj->n", drawn, different[part, part], drawn) * (size / (size - 1)) ** 2
        for drawn, part, size in zip(weights, parts, sizes, strict=True)
    ]
    across = np.einsum("ni,ij,nj->n", weights[0], products[parts[0], parts[1]], weights[1])
    lengths = np.sqrt(np.maximum(squares[0], 1e-9) * np.maximum(squares[1], 1e-9))
    return 1 - np.clip(across / lengths, -1, 1)


@pytest.mark.parametrize(("seed", "one"), [(0, 4), (1, 3), (2, 6)])
def test_random_splits_estimate_the_share_of_all_splits(seed: int, one: int) -> None:
    rows = rows_of(seed, 8)
    exact = rows.astype(float)
    every = np.array([distance(exact, list(chosen)) for chosen in combinations(range(8), one)])
    found = np.zeros((1, 6))
    split_test(rows, np.array([one]), np.array([0, 8]), np.array([3]), 20_000, 10**9, 1, 0, found)
    measured, _, _, p, mean, draws = found[0]
    assert measured == pytest.approx(distance(exact, list(range(one))), abs=1e-5)
    assert draws == 20_000
    assert p == pytest.approx(np.mean(every >= measured - 1e-6), abs=0.015)
    assert mean == pytest.approx(every.mean(), abs=0.01)


def test_splits_stop_early_if_chance_does_as_much_and_go_on_otherwise() -> None:
    rows = np.concatenate([rows_of(0, 20), rows_of(1, 20, shift=9.0)])
    found = np.zeros((2, 6))
    split_test(rows, np.array([10, 10]), np.array([0, 20, 40]), np.array([0, 1]), 1000, 20, 0, 0, found)
    (p, early), (least, late) = found[0, [3, 5]], found[1, [3, 5]]
    assert p > 0.05
    assert 50 <= early < 1000
    assert least == pytest.approx(1 / comb(20, 10), rel=1e-3)  # one split of all, though 1,000 were drawn
    assert late == 1000


@pytest.mark.parametrize("seed", range(3))
def test_beyond_all_splits_drawn_p_is_near_that_of_all_splits(seed: int) -> None:
    """1,000 of 184,756 splits are drawn; the order of such p is kept."""
    shifts, rows = (1.5, 2.0, 2.5), []
    for shift in shifts:
        rows.append(rows_of(seed, 20, shift))
    found = np.zeros((len(shifts), 6))
    starts = np.arange(0, 20 * len(shifts) + 1, 20)
    split_test(np.concatenate(rows), np.full(3, 10), starts, np.arange(3), 1000, 20, 0, 0, found)
    for part, p in zip(rows, found[:, 3], strict=True):
        exact = exact_p(part)
        assert abs(np.log10(p / exact)) < 1


def exact_p(rows: np.ndarray) -> float:
    """Share of all splits in two halves that are as far apart."""
    chosen = np.array(list(combinations(range(20), 10)))
    a = rows.astype(float)[chosen].sum(axis=1)
    b = rows.astype(float).sum(axis=0) - a
    cosines = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return float(np.mean(1 - cosines >= distance(rows.astype(float), list(range(10))) - 1e-6))


def test_a_word_has_the_same_splits_whatever_else_is_measured() -> None:
    rows = np.concatenate([rows_of(0, 12), rows_of(1, 12)])
    both, alone = np.zeros((2, 6)), np.zeros((1, 6))
    split_test(rows, np.array([6, 6]), np.array([0, 12, 24]), np.array([4, 9]), 300, 20, 7, 0, both)
    split_test(rows[12:], np.array([6]), np.array([0, 12]), np.array([9]), 300, 20, 7, 0, alone)
    np.testing.assert_array_equal(both[1], alone[0])


@pytest.mark.parametrize("seed", range(5))
def test_the_p_of_exchangeable_blocks_is_uniform(seed: int) -> None:
    rng, words = np.random.default_rng(seed), 200
    rows = rng.standard_normal((words * 10, 5)).astype(np.float32)
    starts, found = np.arange(0, words * 10 + 1, 10), np.zeros((words, 6))
    split_test(rows, np.full(words, 4), starts, np.arange(words), 199, 10**9, seed, 0, found)
    p = found[:, 3]
    assert p.min() >= 1 / comb(10, 4) - 1e-9
    for level in (0.05, 0.25, 0.5, 0.75):  # four standard errors
        assert abs(np.mean(p <= level) - level) < 4 * np.sqrt(level * (1 - level) / words)


def test_random_signs_find_agreement_beyond_what_was_known() -> None:
    rng = np.random.default_rng(0)
    agree, not_so = rng.standard_normal((2, 30, 6)).astype(np.float32)
    agree[:, 1] += 1
    known = np.eye(6, dtype=np.float32)[:1].repeat(2, axis=0)
    found = np.zeros((2, 2))
    rows = np.concatenate([agree, not_so])
    sign_flip_test(rows, np.array([0, 30, 60]), np.array([0, 1]), known, 1000, 20, 0, found)
    assert found[0, 0] < 0.01 < found[1, 0]
    np.testing.assert_allclose(found[:, 1], [agree[:, 0].sum(), not_so[:, 0].sum()], atol=1e-4)


@pytest.mark.parametrize(("one", "number"), [(4, 12), (20, 45)])
def test_the_interval_is_that_of_a_bootstrap_of_the_documents(one: int, number: int) -> None:
    rows = rows_of(3, number, shift=2.0) + np.float32(1)
    found = np.zeros((1, 6))
    split_test(rows, np.array([one]), np.array([0, number]), np.array([5]), 100, 20, 0, 4000, found)
    measured, low, high = found[0, :3]
    expected = np.quantile(resampled(rows, one, 20_000, 0), [0.025, 0.975])
    np.testing.assert_allclose(
        [low, high], [min(expected[0], measured), max(expected[1], measured)], atol=0.02
    )


def test_an_interval_contains_the_distance_and_is_wider_for_fewer_documents() -> None:
    rng = np.random.default_rng(0)
    widths = []
    for number in (6, 24, 96):
        words = 30
        rows = (rng.standard_normal((words * 2 * number, 6)) + 0.7).astype(np.float32)
        starts, found = np.arange(words + 1) * 2 * number, np.zeros((words, 6))
        split_test(rows, np.full(words, number), starts, np.arange(words), 60, 20, 0, 200, found)
        distances, low, high = found[:, :3].T
        assert np.all((low >= 0) & (low <= distances) & (distances <= high) & (high <= 2))
        widths.append(np.mean(high - low))
    assert widths[0] > 1.3 * widths[1] > 1.3**2 * widths[2]


def test_a_distance_from_one_document_has_no_interval() -> None:
    found = np.zeros((1, 6))
    split_test(rows_of(0, 5), np.array([1]), np.array([0, 5]), np.array([0]), 20, 20, 0, 200, found)
    assert np.isnan(found[0, 1:3]).all()
