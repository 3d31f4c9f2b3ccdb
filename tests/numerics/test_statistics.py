"""p and q by hand, and the laws they obey."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from selfvec.numerics.significance import benjamini_hochberg, empirical_p, tail_p

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
