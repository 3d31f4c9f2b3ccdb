"""Scores worked out by hand, held against another library's, and laws that any two groupings keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfvec.analysis.senses import (
    SCORES,
    adjusted_rand,
    bcubed,
    fuzzy_bcubed,
    fuzzy_nmi,
    paired_f,
    scores,
    v_measure,
)
from selfvec.base.errors import InputError

LABELS = st.lists(st.integers(0, 3), min_size=1, max_size=30)
PAIRS = LABELS.flatmap(
    lambda gold: st.tuples(st.just(gold), st.lists(st.integers(0, 4), min_size=len(gold), max_size=len(gold)))
)


def memberships(labels: str) -> np.ndarray:
    return (np.array(list(labels))[:, None] == np.unique(list(labels))).astype(float)


def test_a_grouping_worked_out_by_hand() -> None:
    gold, found = "aaab", "xxyy"
    # pairs: given aaa 3, induced xx 1 and yy 1, together 1: precision 1/2, recall 1/3
    assert paired_f(gold, found) == pytest.approx(2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3))
    # expected 3 · 2 / 6 = 1 pair together by chance
    assert adjusted_rand(gold, found) == pytest.approx((1 - 1) / (2.5 - 1))
    # companions: x, x: precision 1, recall 2/3; y, y: precision 1/2, recall 1/3 and 1
    assert bcubed(gold, found) == pytest.approx(2 * 0.75 * (2 / 3) / (0.75 + 2 / 3))
    given, induced = 0.25 * np.log(4) + 0.75 * np.log(4 / 3), np.log(2)
    both = 0.5 * np.log(2) + 0.5 * np.log(4)
    shared = given + induced - both
    homogeneity, completeness = shared / given, shared / induced
    assert v_measure(gold, found) == pytest.approx(
        2 * homogeneity * completeness / (homogeneity + completeness)
    )


def test_what_cheats_one_score_is_seen_by_another() -> None:
    gold = "a" * 9 + "b"
    one, each = scores(gold, "x" * 10), scores(gold, range(10))
    assert one["paired_f"] > 0.85 > 0 == one["v_measure"] == one["adjusted_rand"]
    assert each["v_measure"] > 0.2 > 0 == each["paired_f"] == each["adjusted_rand"]


@settings(max_examples=30)
@given(PAIRS)
def test_scores_are_those_of_another_library(pair: tuple[list[int], list[int]]) -> None:
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    gold, found = pair
    assert v_measure(gold, found) == pytest.approx(v_measure_score(gold, found), abs=1e-9)
    assert adjusted_rand(gold, found) == pytest.approx(adjusted_rand_score(gold, found), abs=1e-9)


@settings(max_examples=50)
@given(PAIRS, st.randoms(use_true_random=False))
def test_names_and_order_do_not_matter_and_sides_change_places(pair, random) -> None:
    gold, found = pair
    order = list(range(len(gold)))
    random.shuffle(order)
    renamed = [f"sense {7 - found[i]}" for i in order]
    for name, score in SCORES.items():
        value = score(gold, found)
        assert -1 <= value <= 1, name
        assert score([gold[i] for i in order], renamed) == pytest.approx(value, abs=1e-9)
        assert score(found, gold) == pytest.approx(value, abs=1e-9)
        assert score(gold, gold) == pytest.approx(1)


def test_random_groups_agree_no_more_than_chance() -> None:
    rng = np.random.default_rng(0)
    values = [adjusted_rand(rng.integers(3, size=60), rng.integers(4, size=60)) for _ in range(300)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(300)


def test_fuzzy_scores_worked_out_by_hand() -> None:
    # Given: uses 1 and 2 together, 3 alone (0 by convention): (1 + 1 + 0) / 3; induced: (1/2 + 1/2 + 0) / 3
    assert fuzzy_bcubed(memberships("aab"), memberships("xxx")) == pytest.approx(4 / 9)
    # Degrees .6 and .8 in one sense agree by 1 - .2; those of the other side fully.
    gold, found = np.array([[0.6], [0.8]]), np.array([[1.0], [1.0]])
    assert fuzzy_bcubed(gold, found) == pytest.approx(2 * 1 * 0.8 / 1.8)
    h = lambda *shares: -sum(p * np.log(p) for p in shares)  # noqa: E731
    half, quarter, joint = h(0.5, 0.5), h(0.25, 0.75), h(0.5, 0.25, 0.25)
    left = 2 * (joint - quarter) + 2 * (joint - half)  # each sense by the one that is not its complement
    expected = (2 * half + 2 * quarter - left) / 2 / (2 * half)
    assert fuzzy_nmi(memberships("aabb"), memberships("xxxy")) == pytest.approx(expected)


@settings(max_examples=50)
@given(PAIRS)
def test_fuzzy_scores_of_memberships(pair: tuple[list[int], list[int]]) -> None:
    gold, found = (np.eye(5)[labels] for labels in pair)
    assert 0 <= fuzzy_bcubed(gold, found) <= 1
    assert fuzzy_bcubed(gold, found) == pytest.approx(fuzzy_bcubed(found, gold))
    assert fuzzy_nmi(gold, found) <= 1 + 1e-9
    several = len(set(pair[0])) > 1
    assert fuzzy_nmi(gold, gold) == pytest.approx(1.0 if several else 0.0)


@pytest.mark.parametrize(
    ("score", "gold", "found"),
    [
        (v_measure, "ab", "a"),
        (paired_f, "", ""),
        (fuzzy_nmi, np.ones((2, 1)), np.ones((3, 1))),
        (fuzzy_nmi, np.full((2, 1), 2.0), np.ones((2, 1))),
        (fuzzy_bcubed, np.full((2, 1), np.nan), np.ones((2, 1))),
        (fuzzy_bcubed, np.ones(2), np.ones((2, 1))),
    ],
)
def test_what_cannot_be_scored_is_said(score, gold, found) -> None:
    with pytest.raises(InputError):
        score(gold, found)
