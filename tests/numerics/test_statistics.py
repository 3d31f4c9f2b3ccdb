"""p and q by hand and by the laws they obey; intervals and paired differences on resamples."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.random import default_rng
from numpy.testing import assert_allclose

from selfvec.numerics import statistics
from selfvec.numerics.statistics import (
    RESAMPLES,
    Estimate,
    benjamini_hochberg,
    difference,
    empirical_p,
    mean,
    mean_of_draws,
    median,
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
    rng = default_rng(seed)
    observed, chance = rng.integers(0, 9, 12), rng.integers(0, 9, size)
    expected = [(1 + np.sum(chance >= x)) / (1 + size) for x in observed]
    assert_allclose(tail_p(observed, chance), expected)
    assert_allclose(empirical_p(np.zeros(2), size), 1 / (1 + size))


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
    values = np.array([0.0, 1.0, 0.5])
    found = mean(values, 7)
    assert found.value == 0.5
    assert_allclose(found.replicates, values[draws(3, 7)].mean(axis=1))
    assert len(found.replicates) == RESAMPLES
    assert mean(values[:0], 7).interval == (0, 0)


REALS = (-np.inf, np.inf)


def of_retrieval(rng: np.random.Generator, n: int) -> np.ndarray:
    """Values like nDCG: a quarter 0, some 1, others between; their mean is .45."""
    kinds = rng.random(n)
    return np.where(kinds < 0.25, 0, np.where(kinds < 0.4, 1, rng.beta(2, 2, n)))


def of_two_kinds(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.random(n) < 0.7


def nearly_as_good(rng: np.random.Generator, n: int) -> np.ndarray:
    """Three of ten questions that one answers, the other one answers, too, less well, and a tenth better."""
    return rng.choice([-0.3, 0, 0.1, 0.5], n, p=[0.2, 0.5, 0.2, 0.1])


@pytest.mark.parametrize("n", [10, 20, 50])
@pytest.mark.parametrize(
    ("draw", "truth", "bounds"),
    [(of_retrieval, 0.45, (0, 1)), (of_two_kinds, 0.7, (0, 1)), (nearly_as_good, 0.01, (-1, 1))],
)
def test_intervals_of_few_items_hold_the_truth_as_often_as_they_say(n, draw, truth, bounds) -> None:
    """Percentiles of ten items hold it in 80 to 91 % of these."""
    rng = default_rng(n)
    found = [mean(draw(rng, n), seed, bounds).interval for seed in range(400)]
    assert all(bounds[0] <= low <= high <= bounds[1] for low, high in found)
    assert 0.92 <= np.mean([low <= truth <= high for low, high in found]) <= 0.995


def test_the_interval_of_a_mean_by_hand() -> None:
    """Of 0, 0, 1, 1 a resample with k ones is off by k / 4 - 1/2 and has the variance of five items.

    Of these are four the resample's, and one varies as usual, by 1/4. k is 0 or 4 once in 8, so 4/8 - 1/2 =
    1/2 · √(1/4 / (1/20)) = 1.12 is beyond the 50 farthest of 1,000, and the interval beyond the bounds.
    """
    values = np.array([0.0, 0.0, 1.0, 1.0])
    assert mean(values, 0).interval == (0, 1)
    low, high = mean(values, 0, REALS).interval
    assert (low, high) == pytest.approx((0.5 - 0.5 * np.sqrt(5), 0.5 + 0.5 * np.sqrt(5)))


def test_items_that_are_all_alike_are_not_certain() -> None:
    """Ten of ten: by Clopper and Pearson at least .6915 of all. The others may be at either bound."""
    assert mean(np.ones(10), 0).interval == pytest.approx((0.6915, 1), abs=1e-4)
    assert mean(np.full(10, 0.5), 0).interval == pytest.approx((0.5 * 0.6915, 1 - 0.5 * 0.6915), abs=1e-4)
    better = difference(mean(np.ones(10), 0), mean(np.zeros(10), 0))
    assert (better.low, better.high, better.p) == pytest.approx((2 * 0.6915 - 1, 1, 2 * 0.5**10), abs=1e-4)
    barely = difference(mean(np.full(10, 0.51), 0), mean(np.full(10, 0.5), 0))
    assert barely.low < 0
    assert barely.p > 0.05


@given(
    st.lists(st.sampled_from([-1.0, -0.2, 0.0, 0.1, 0.3, 1.0]), min_size=6, max_size=30), st.integers(0, 9)
)
def test_p_and_the_interval_agree(values: list[float], seed: int) -> None:
    a, b = np.maximum(values, 0), -np.minimum(values, 0)
    for apart in (
        difference(mean(a, seed), mean(b, seed)),
        difference(median(a, seed), median(b, seed)),
        difference(mean_of_draws(np.array([a, b, a]), seed), mean_of_draws(np.array([b, b, b]), seed)),
    ):
        assert -1 <= apart.low <= apart.high <= 1
        assert (apart.p <= 0.05) == (not apart.low <= 0 <= apart.high)


def test_intervals_of_few_draws_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = default_rng(0)
    inside = []
    for seed in range(300):
        items, draws = rng.normal(0, 0.1, 100), rng.normal(0, 0.1, (5, 1))  # of the examples, shared by items
        right = rng.random((5, 100)) < np.clip(0.6 + items + draws, 0, 1)
        low, high = mean_of_draws(right, seed).interval
        inside.append(low <= 0.6 <= high)
    assert 0.92 <= np.mean(inside) <= 0.985
    assert mean_of_draws(right[:1], 0).interval == mean(right[0], 0).interval


def test_draws_are_paired() -> None:
    draws = default_rng(0).random((5, 200)) < np.array([[0.3], [0.4], [0.5], [0.6], [0.7]])
    a, b = mean_of_draws(draws, 0), mean_of_draws(draws & (np.arange(200) > 9), 0)
    apart = difference(a, b)
    assert apart.high - apart.low < 0.2 * (a.interval[1] - a.interval[0])


def test_p_of_other_figures_is_twice_the_share_beyond_nothing() -> None:
    replicates = np.repeat([-1.0, 1.0], [24, RESAMPLES - 24])
    apart = difference(Estimate(1.0, replicates), Estimate(0.0, np.zeros(RESAMPLES)))
    assert apart.p == pytest.approx(2 * 25 / (RESAMPLES + 1))
