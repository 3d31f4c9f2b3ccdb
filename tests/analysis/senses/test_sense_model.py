"""What groups are made of, how many are told, and that chance alone is one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.analysis.senses import SenseSpace, adjusted_rand
from selfvec.analysis.senses.labels import telling, told
from selfvec.analysis.senses.model import association, closest, fit, grouped
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows
from selfvec.usage.contexts import ContextTest


@given(
    st.lists(st.lists(st.integers(0, 3), max_size=9), min_size=1, max_size=5),
    st.integers(1, 4),
)
def test_windows_hold_what_is_around_within_a_document(documents: list[list[int]], half: int) -> None:
    ids = np.array([i for document in documents for i in document], np.int32)
    offsets = np.cumsum([0, *map(len, documents)])
    found = ContextTest.around(ids, offsets, np.arange(len(ids)), half)
    expected = [
        (document[max(0, i - half) : i + half + 1], i - max(0, i - half))
        for document in documents
        for i in range(len(document))
    ]
    bounds = found.offsets.tolist()
    windows = [found.ids[a:b].tolist() for a, b in pairwise(bounds)]
    assert windows == [window for window, _ in expected]
    assert (found.places - found.offsets[:-1]).tolist() == [place for _, place in expected]
    counts = [sum(i in window and window[place] != i for window, place in expected) for i in range(4)]
    assert found.counts(4).tolist() == counts
    chosen = np.arange(len(found))[::2]
    part = found.part(chosen)
    assert part.ids.tolist() == [i for n in chosen for i in windows[n]]


def toy() -> tuple[SenseSpace, ContextTest]:
    """Word 0 beside 1 or 2, 3 anywhere."""
    documents = [[1, 0, 3], [3, 0, 1], [2, 0, 3], [3, 3], [3, 1, 3, 2]]
    ids = np.array([i for document in documents for i in document], np.int32)
    batch = TokenBatch(ids, np.cumsum([0, *map(len, documents)]), ["x", "left", "right", "any"])
    space = SenseSpace.of(batch, np.eye(4, dtype=np.float32))
    return space, space.contexts(0)[1]


def test_a_neighbour_counts_by_its_association_with_the_word() -> None:
    space, contexts = toy()
    weights = association(space, contexts)
    # 2 of the 6 neighbours are "left", which is 3 of the 15 tokens: log((2 + ½) / (6 · 3/15 + ½))
    assert weights[1] == pytest.approx(np.log(2.5 / 1.7))
    assert weights[2] < weights[1]
    assert 0 < weights[3] < 0.1  # "any" is nothing but frequent
    uses = space.uses(contexts, weights)
    np.testing.assert_allclose(np.linalg.norm(uses, axis=1), 1, atol=1e-6)
    assert uses[0] @ uses[1] > 0.99 > uses[0] @ uses[2]


def test_the_cosine_of_two_means_does_not_shrink_with_noise() -> None:
    rng = np.random.default_rng(0)
    a, b = np.array([1.0, 0, 0] + [0] * 97), np.array([0.6, 0.8, 0] + [0] * 97)
    groups = np.repeat([0, 1], 400)
    rows = (np.stack([a, b])[groups] + rng.standard_normal((800, 100))).astype(np.float32)
    assert closest(rows, groups) == pytest.approx(0.6, abs=0.15)
    naive = [rows[groups == g].mean(axis=0) for g in (0, 1)]
    assert naive[0] @ naive[1] / np.linalg.norm(naive[0]) / np.linalg.norm(naive[1]) < 0.55
    exact = np.stack([a, b, a, b]).astype(np.float32)
    assert closest(exact, np.array([0, 1, 0, 1])) == pytest.approx(0.6, abs=1e-6)


def cloud(centres: np.ndarray, each: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    gold = np.repeat(np.arange(len(centres)), each)
    return (centres[gold] + 0.1 * rng.standard_normal((len(gold), centres.shape[1]))).astype(np.float32), gold


@pytest.mark.parametrize("number", [2, 3, 4])
def test_groups_that_point_different_ways_are_told(number: int) -> None:
    rng = np.random.default_rng(number)
    rows, gold = cloud(np.eye(number, 60) * 0.7, 50, rng)
    *_, groups = grouped(unit_rows(rows), rows, None, rng)
    assert adjusted_rand(gold, groups) > 0.95


@pytest.mark.parametrize("uses", [25, 80, 200])
def test_one_gaussian_is_one_group_as_a_rule(uses: int) -> None:
    split = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        mean = unit_rows(rng.standard_normal((1, 60)).astype(np.float32)) * 0.6
        spread = rng.standard_normal((60, 60)) / np.sqrt(60) * rng.uniform(0.3, 1, 60)  # no sphere
        rows = (mean + 0.12 * rng.standard_normal((uses, 60)) @ spread).astype(np.float32)
        *_, groups = grouped(unit_rows(rows), rows, None, rng)
        split.append(groups.max() > 0)
    assert np.mean(split) <= 0.1


def test_a_few_uses_are_one_sense_and_as_many_as_asked_for_are_given() -> None:
    rows, _ = cloud(np.eye(2, 40) * 0.7, 9, np.random.default_rng(0))
    unit = unit_rows(rows)
    for number, expected in ((None, 1), (1, 1), (2, 2), (5, 5), (18, 18), (40, 18)):
        *_, groups = grouped(unit, rows, number, np.random.default_rng(0))
        assert len(np.unique(groups)) == expected


def test_probabilities_add_up_and_a_use_without_a_context_gets_the_shares() -> None:
    space, contexts = toy()
    model = fit(space, contexts, 2)
    rows = model.posterior(contexts)
    np.testing.assert_allclose(rows.sum(axis=1), 1)
    assert model.shares.tolist() == sorted(model.shares, reverse=True)
    alone = ContextTest(np.array([0], np.int32), np.array([0, 1]), np.array([0]))
    np.testing.assert_allclose(model.posterior(alone), model.shares[None])
    nothing = ContextTest(np.zeros(0, np.int32), np.zeros(1, np.int64), np.zeros(0, np.int64))
    assert model.posterior(nothing).shape == (0, 2)
    assert fit(space, alone).shares.tolist() == [1.0]


def test_the_words_that_tell_a_sense() -> None:
    # word 0: 8 of 10 against 0 of 10; G² = 2 (8 ln 2)
    counts, others = np.array([8, 2, 0, 1]), np.array([0, 2, 8, 1])
    scores = telling(counts, others)
    np.testing.assert_allclose(scores, [np.sqrt(16 * np.log(2)), 0, -np.sqrt(16 * np.log(2)), 0], atol=1e-9)
    scores = np.array([9.0, 8.0, 7.0, 6.0, 1.0, 9.0])
    words = ["storm", "storms", "The", "hail", "unsure", "once"]
    weights, counts = np.ones(6, np.float32), np.array([5, 5, 5, 5, 5, 1])
    assert told(scores, weights, counts, 50, words, {"the"}, lambda w: w.rstrip("s"), 5) == ["storm", "hail"]
    weights[3] = 2
    assert told(scores, weights, counts, 50, words, {"the"}, lambda w: w.rstrip("s"), 1) == ["hail"]
    assert told(scores, weights, counts, 300, words, {"the"}, lambda w: w, 5) == []
