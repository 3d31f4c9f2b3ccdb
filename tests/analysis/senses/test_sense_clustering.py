"""Clusters of uses: weights of neighbours, the number of senses, and one sense where only chance differs."""

from itertools import repeat

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from selfvec.analysis.sense_clustering import (
    SenseSpace,
    cluster_cosines,
    cluster_occurrences,
    fit_senses,
    neighbour_weights,
)
from selfvec.analysis.usage.contexts import occurrences, padded_windows
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.kmeans import k_means
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import log_likelihood_scores


def toy() -> tuple[SenseSpace, np.ndarray]:
    """Word 0 near 1 or 2, and 3 anywhere."""
    documents = [[1, 0, 3], [3, 0, 1], [2, 0, 3], [3, 3], [3, 1, 3, 2]]
    ids = np.array([i for document in documents for i in document], np.int32)
    batch = TokenBatch(ids, np.cumsum([0, *map(len, documents)]), ["x", "left", "right", "any"])
    space = SenseSpace.of(batch, np.eye(4, dtype=np.float32))
    return space, padded_windows(batch, occurrences(batch, 0))


def test_a_neighbour_is_weighted_by_its_association_with_the_word() -> None:
    space, windows = toy()
    weights = neighbour_weights(space, windows)
    # 2 of the 6 neighbours are "left", which is 3 of the 15 tokens: log((2 + ½) / (6 · 3/15 + ½))
    assert weights[1] == pytest.approx(np.log(2.5 / 1.7))
    assert weights[2] < weights[1]
    assert 0 < weights[3] < 0.1  # "any" is only frequent
    uses = space.occurrence_vectors(windows, weights)
    np.testing.assert_allclose(np.linalg.norm(uses, axis=1), 1, atol=1e-6)
    assert uses[0] @ uses[1] > 0.99 > uses[0] @ uses[2]


def test_the_cosine_of_two_means_does_not_shrink_with_noise() -> None:
    rng = np.random.default_rng(0)
    a, b = np.array([1.0, 0, 0] + [0] * 97), np.array([0.6, 0.8, 0] + [0] * 97)
    labels = np.repeat([0, 1], 400)
    rows = (np.stack([a, b])[labels] + rng.standard_normal((800, 100))).astype(np.float32)
    assert cluster_cosines(rows, labels).max() == pytest.approx(0.6, abs=0.15)
    naive = [rows[labels == label].mean(axis=0) for label in (0, 1)]
    assert naive[0] @ naive[1] / np.linalg.norm(naive[0]) / np.linalg.norm(naive[1]) < 0.55
    exact = np.stack([a, b, a, b]).astype(np.float32)
    exact_cosines = cluster_cosines(exact, np.array([0, 1, 0, 2]))  # two clusters of one row
    assert exact_cosines.max(axis=1) == pytest.approx([0.6, 1, 1], abs=1e-6)
    assert (np.diag(exact_cosines) == -np.inf).all()


def cloud(centres: np.ndarray, each: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    gold = np.repeat(np.arange(len(centres)), each)
    return (centres[gold] + 0.1 * rng.standard_normal((len(gold), centres.shape[1]))).astype(np.float32), gold


@pytest.mark.parametrize("number", [2, 3, 4])
def test_clusters_that_point_different_ways_are_found(number: int) -> None:
    rng = np.random.default_rng(number)
    rows, gold = cloud(np.eye(number, 60) * 0.7, 50, rng)
    *_, labels = cluster_occurrences(unit_rows(rows), rows, None, rng)
    assert adjusted_rand_score(gold, labels) > 0.95


@pytest.mark.parametrize("rare", [5, 8, 10])
def test_a_rare_sense_is_found_although_two_clusters_divide_the_frequent_one(rare: int) -> None:
    rng = np.random.default_rng(0)
    gold = np.repeat([0, 1], [100 - rare, rare])
    rows = np.array([[0.7, 0], [-0.3, 0.6]])[gold] @ np.eye(2, 60)
    rows[gold == 0, 10] += rng.choice([-0.4, 0.4], 100 - rare)
    rows = (rows + 0.07 * rng.standard_normal(rows.shape)).astype(np.float32)
    *_, labels = cluster_occurrences(unit_rows(rows), rows, None, rng)
    assert adjusted_rand_score(gold, labels) > 0.95
    halves, _ = k_means(unit_rows(rows).astype(np.float64), 2, repeat(rng, 6))
    assert adjusted_rand_score(gold, halves) < 0.5


@pytest.mark.parametrize("uses", [25, 80, 200])
def test_one_gaussian_is_one_cluster_as_a_rule(uses: int) -> None:
    split = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        mean = unit_rows(rng.standard_normal((1, 60)).astype(np.float32)) * 0.6
        spread = rng.standard_normal((60, 60)) / np.sqrt(60) * rng.uniform(0.3, 1, 60)  # not a sphere
        rows = (mean + 0.12 * rng.standard_normal((uses, 60)) @ spread).astype(np.float32)
        *_, labels = cluster_occurrences(unit_rows(rows), rows, None, rng)
        split.append(labels.max() > 0)
    assert np.mean(split) <= 0.1


def test_few_uses_are_one_sense_and_a_given_number_is_kept() -> None:
    rows, _ = cloud(np.eye(2, 40) * 0.7, 9, np.random.default_rng(0))
    for number, expected in ((None, 1), (1, 1), (2, 2), (5, 5), (18, 18), (40, 18)):
        *_, labels = cluster_occurrences(unit_rows(rows), rows, number, np.random.default_rng(0))
        assert len(np.unique(labels)) == expected


def test_probabilities_add_up_and_a_use_without_context_gets_the_shares() -> None:
    space, windows = toy()
    model = fit_senses(space, windows, 2)
    np.testing.assert_allclose(model.posterior(windows).sum(axis=1), 1)
    assert model.shares.tolist() == sorted(model.shares, reverse=True)
    alone = np.full((1, 20), -1, np.int32)
    np.testing.assert_allclose(model.posterior(alone), model.shares[None])
    assert model.posterior(alone[:0]).shape == (0, 2)
    assert fit_senses(space, alone).shares.tolist() == [1.0]


def test_likelihood_ratio_by_hand() -> None:
    # word 0: 8 of 10 against 0 of 10; G² = 2 (8 ln 2)
    scores = log_likelihood_scores(np.array([8, 2, 0, 1]), np.array([0, 2, 8, 1]))
    np.testing.assert_allclose(scores, [np.sqrt(16 * np.log(2)), 0, -np.sqrt(16 * np.log(2)), 0], atol=1e-9)
