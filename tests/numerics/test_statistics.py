"""p and q by hand and by the laws they obey; intervals and paired differences on resamples."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from selfvec.numerics import statistics
from selfvec.numerics.statistics import (
    RESAMPLES,
    benjamini_hochberg,
    difference,
    empirical_p,
    mean,
    mean_of_draws,
    spearman,
    tail_p,
)

PROBABILITIES = st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=40).map(np.array)


def test_benjamini_and_hochbergs_own_example() -> None:
    # The fifteen p of their 1995 paper, section 3.2: at Q = .05 the first four are discoveries.
    p = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240,
         .4262, .5719, .6528, .7590, 1.0]  # fmt: skip
    q = benjamini_hochberg(np.array(p))
    assert int(np.sum(q <= 0.05)) == 4
    assert q[3] == pytest.approx(0.0095 * 15 / 4)


@given(PROBABILITIES)
@example(np.array([0.1, 0.1, 0.1]))
@example(np.full(13, 0.07))
def test_discoveries_are_those_of_the_step_up_rule(p: np.ndarray) -> None:
    q = benjamini_hochberg(p)
    assert np.all(q >= p)
    assert np.all(q <= 1)
    assert np.all(np.diff(q[np.argsort(p, kind="stable")]) >= 0)
    for level in (0.01, 0.05, 0.3):
        passed = np.sort(p) <= level * np.arange(1, len(p) + 1) / len(p)
        assert np.sum(q <= level * (1 + 1e-12)) >= (np.flatnonzero(passed).max(initial=-1) + 1)
        assert np.sum(q < level * (1 - 1e-12)) <= (np.flatnonzero(passed).max(initial=-1) + 1)


def test_what_was_not_tested_does_not_count() -> None:
    q = benjamini_hochberg(np.array([np.nan, 0.02, np.nan]))
    assert q[1] == 0.02
    assert np.isnan(q[[0, 2]]).all()
    assert len(benjamini_hochberg(np.zeros(0))) == 0


@given(st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_tail_p_counts_the_draws_as_far_out(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    observed, chance = rng.integers(0, 9, 12), rng.integers(0, 9, size)
    expected = [(1 + np.sum(chance >= x)) / (1 + size) for x in observed]
    np.testing.assert_allclose(tail_p(observed, chance), expected)
    np.testing.assert_allclose(empirical_p(np.zeros(2), size), 1 / (1 + size))


def test_p_of_chance_itself_is_uniform() -> None:
    rng = np.random.default_rng(0)
    p = tail_p(rng.standard_normal(4000), rng.standard_normal(999))
    for level in (0.05, 0.2, 0.5):
        assert np.mean(p <= level) == pytest.approx(level, abs=0.05)


PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), min_size=2, max_size=30)


def draws(n: int, seed: int) -> np.ndarray:
    return np.concatenate(list(statistics._draws(n, seed)))


def test_spearman_with_ties_by_hand() -> None:
    # ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4: 4.5 / sqrt(4.5 * 5)
    x, y = np.array([1.0, 2.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0, 40.0])
    assert spearman(x, y, 0).value == pytest.approx(0.9486833)
    assert spearman(x, -y, 0).value == pytest.approx(-0.9486833)


@given(PAIRS)
def test_spearman_is_scipys_on_the_items_and_on_every_resample(pairs) -> None:
    stats = pytest.importorskip("scipy.stats")
    x, y = (np.array(side, float) for side in zip(*pairs, strict=True))

    def expected(chosen: np.ndarray) -> float:
        if len(set(x[chosen])) < 2 or len(set(y[chosen])) < 2:
            return 0.0
        return float(stats.spearmanr(x[chosen], y[chosen]).statistic)

    found = spearman(x, y, 3)
    assert found.value == pytest.approx(expected(np.arange(len(x))), abs=1e-12)
    for chosen, replicate in list(zip(draws(len(x), 3), found.replicates, strict=True))[:5]:
        assert replicate == pytest.approx(expected(chosen), abs=1e-12)


def test_the_mean_and_its_resamples() -> None:
    values = np.array([0.0, 1.0, 5.0])
    found = mean(values, 7)
    assert found.value == 2
    np.testing.assert_allclose(found.replicates, values[draws(3, 7)].mean(axis=1))
    assert len(found.replicates) == RESAMPLES
    assert mean(values[:0], 7).interval == (0, 0)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        low, high = mean(rng.normal(0.3, 1, 60), seed).interval
        held += low <= 0.3 <= high
    assert 180 <= held <= 198


def test_intervals_of_few_draws_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    inside = []
    for seed in range(300):
        items, draws = rng.normal(0, 0.1, 100), rng.normal(0, 0.1, (5, 1))  # of the examples, shared by items
        right = rng.random((5, 100)) < np.clip(0.6 + items + draws, 0, 1)
        low, high = mean_of_draws(right, seed).interval
        inside.append(low <= 0.6 <= high)
    assert 0.92 <= np.mean(inside) <= 0.985
    assert mean_of_draws(right[:1], 0).interval == mean(right[0], 0).interval


def test_draws_are_paired() -> None:
    draws = np.random.default_rng(0).random((5, 200)) < np.array([[0.3], [0.4], [0.5], [0.6], [0.7]])
    a, b = mean_of_draws(draws, 0), mean_of_draws(draws & (np.arange(200) > 9), 0)
    apart = difference(a, b)
    assert apart.high - apart.low < 0.2 * (a.interval[1] - a.interval[0])


def test_a_paired_difference_is_narrower_than_two_intervals() -> None:
    rng = np.random.default_rng(1)
    hard = rng.random(300)
    a, b = mean(hard + 0.02 + 0.01 * rng.random(300), 0), mean(hard, 0)
    apart = difference(a, b)
    assert apart.value == pytest.approx(a.value - b.value)
    assert apart.low > 0
    assert apart.p == pytest.approx(2 / (RESAMPLES + 1))
    assert a.interval[0] < b.interval[1]  # alone they overlap
    back = difference(b, a)
    assert (back.low, back.high, back.p) == pytest.approx((-apart.high, -apart.low, apart.p))


def test_equal_tables_are_not_told_apart() -> None:
    same = mean(np.arange(9.0), 0)
    apart = difference(same, same)
    assert (apart.value, apart.low, apart.high, apart.p) == (0, 0, 0, 1)


def test_p_under_no_difference_is_seldom_small() -> None:
    rng = np.random.default_rng(2)
    found = []
    for seed in range(200):
        a, b = rng.standard_normal((2, 50))
        found.append(difference(mean(a, seed), mean(b, seed)).p)
    assert 2 <= sum(p < 0.05 for p in found) <= 22
