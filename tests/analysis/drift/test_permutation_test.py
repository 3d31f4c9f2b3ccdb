"""The p of drift, from random splits, and the interval of its distance."""

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np
import pytest
from drift_corpus import planted_run, slice_means
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal
from tests.in_threads import in_threads

from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.kernels import sign_flip_test, split_test
from selfvec.analysis.usage.contexts import occurrences
from selfvec.analysis.usage.occurrence_vectors import occurrence_space
from selfvec.analysis.word_drift.permutation_test import (
    Distances,
    DriftTest,
    changes_of,
    distance_intervals,
    permutation_test,
    usual_distances,
)
from selfvec.analysis.word_kinds import WordTable
from selfvec.corpus.slices import by_label


def rows_of(seed: int, blocks: int, shift: float = 0.0) -> np.ndarray:
    rows = default_rng(seed).standard_normal((blocks, 5)) + 1
    rows[: blocks // 2, 0] += shift
    return rows.astype(np.float32)


def distance(rows: np.ndarray, chosen: list[int]) -> float:
    inside = np.isin(np.arange(len(rows)), chosen)
    a, b = rows[inside].sum(axis=0), rows[~inside].sum(axis=0)
    return 1 - float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))


def splits(
    parts: Sequence[np.ndarray], one: int, *how: int, words: Sequence[int] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """What `split_test` writes of words by their blocks: figures, (m, 4), and products with their noise.

    The first slice has ``one`` of the blocks of each word.
    """
    number = len(parts)
    starts = np.cumsum([0, *map(len, parts)])
    found, noise = np.zeros((number, 4)), np.zeros((number, 6))
    rows = np.concatenate(parts).astype(np.float32)
    split_test(rows, np.full(number, one), starts, np.array(words or range(number)), *how, found, noise)
    return found, noise


@pytest.mark.parametrize(("seed", "one"), [(0, 4), (1, 3), (2, 6)])
def test_random_splits_estimate_the_share_of_all_splits(seed: int, one: int) -> None:
    rows = rows_of(seed, 8)
    exact = rows.astype(float)
    every = np.array([distance(exact, list(chosen)) for chosen in combinations(range(8), one)])
    measured, p, mean, draws = splits([rows], one, 20_000, 10**9, 1, words=[3])[0][0]
    assert measured == pytest.approx(distance(exact, list(range(one))), abs=1e-5)
    assert draws == 20_000
    assert p == pytest.approx(np.mean(every >= measured - 1e-6), abs=0.015)
    assert mean == pytest.approx(every.mean(), abs=0.01)


def test_splits_stop_early_if_chance_does_as_much_and_go_on_otherwise() -> None:
    found = splits([rows_of(0, 20), rows_of(1, 20, shift=9.0)], 10, 1000, 20, 0)[0]
    (p, early), (least, late) = found[0, [1, 3]], found[1, [1, 3]]
    assert p > 0.05
    assert 50 <= early < 1000
    assert least == pytest.approx(1 / comb(20, 10), rel=1e-3)  # one split of all, though 1,000 were drawn
    assert late == 1000


def test_the_sides_themselves_count_as_one_of_the_splits() -> None:
    """Or p would be too small: at most .05 in more than 5 of 100 texts of few documents."""
    found = splits([rows_of(seed, 12) for seed in range(40)], 6, 99, 10**9, 0)[0]
    reached = found[:, 1] * 100 - 1
    assert np.allclose(reached, reached.round(), atol=1e-6)
    assert reached.max() > 30


@pytest.mark.parametrize("seed", range(3))
def test_beyond_all_splits_drawn_p_is_near_that_of_all_splits(seed: int) -> None:
    """1,000 of 48,620 splits are drawn; the order of such p is kept."""
    parts = [rows_of(seed, 18, shift) for shift in (1.5, 2.0, 2.5)]
    found = splits(parts, 9, 1000, 20, 0)[0]
    for part, p in zip(parts, found[:, 1], strict=True):
        assert abs(np.log10(p / exact_p(part))) < 1


def exact_p(rows: np.ndarray) -> float:
    """Share of all splits in two halves that are as far apart."""
    chosen = np.array(list(combinations(range(18), 9)))
    a = rows.astype(float)[chosen].sum(axis=1)
    b = rows.astype(float).sum(axis=0) - a
    cosines = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return float(np.mean(1 - cosines >= distance(rows.astype(float), list(range(9))) - 1e-6))


def test_a_word_has_the_same_splits_whatever_else_is_measured() -> None:
    parts = [rows_of(0, 12), rows_of(1, 12)]
    both = splits(parts, 6, 300, 20, 7, words=[4, 9])
    alone = splits(parts[1:], 6, 300, 20, 7, words=[9])
    for one, other in zip(both, alone, strict=True):
        assert_array_equal(one[1], other[0])
    assert not np.array_equal(splits(parts, 6, 300, 20, 8, words=[4, 9])[0], both[0])  # another seed


@pytest.mark.parametrize("seed", range(5))
def test_the_p_of_exchangeable_blocks_is_uniform(seed: int) -> None:
    rng, words = default_rng(seed), 200
    p = splits(rng.standard_normal((words, 10, 5)), 4, 199, 10**9, seed)[0][:, 1]
    assert p.min() >= 1 / comb(10, 4) - 1e-9
    for level in (0.05, 0.25, 0.5, 0.75):  # four standard errors
        assert abs(np.mean(p <= level) - level) < 4 * np.sqrt(level * (1 - level) / words)


def test_random_signs_find_agreement_beyond_what_was_known() -> None:
    rng = default_rng(0)
    agree, not_so = rng.standard_normal((2, 30, 6)).astype(np.float32)
    agree[:, 1] += 1
    known = np.eye(6, dtype=np.float32)[:1].repeat(2, axis=0)
    found = np.zeros((2, 2))
    rows = np.concatenate([agree, not_so])
    scratch = np.empty((30, 30), np.float32), np.empty(30)
    sign_flip_test(rows, np.array([0, 30, 60]), np.array([0, 1]), known, 1000, 20, 0, found, *scratch)
    assert found[0, 0] < 0.01 < found[1, 0]
    assert_allclose(found[:, 1], [agree[:, 0].sum(), not_so[:, 0].sum()], atol=1e-4)


@pytest.mark.parametrize(("one", "number"), [(4, 9), (12, 40)])
def test_products_of_mean_vectors_and_their_noise_are_unbiased(one: int, number: int) -> None:
    """Over many draws they are the products of the true means, and of the true covariances."""
    rng = default_rng(1)
    means = np.array([[1, 0, 0.5, 0], [0.5, 1, 0, 0]])
    scales = np.array([[1, 2, 0.5, 1], [0.5, 1, 1, 2]])
    sides = np.repeat([0, 1], [one, number - one])
    words = 4000
    rows = means[sides] + scales[sides] * rng.exponential(1, (words, number, 4)) - scales[sides]
    noise = splits(rows, one, 0, 20, 0)[1]
    products, covariances = means @ means.T, (scales**2) @ (scales**2).T
    true = [*(array[i, j] for array in (products, covariances) for i, j in ((0, 0), (1, 1), (0, 1)))]
    errors = noise.std(axis=0) / np.sqrt(words)
    assert np.all(
        np.abs(noise.mean(axis=0) - true) < 4 * errors + [0, 0, 0, 0.5, 0, 0]
    )  # negative ones are 0


def drawn(number: int, cosine: float, words: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals of words whose vectors have a cosine, from so many blocks in each slice."""
    rng = default_rng(seed)
    size = 40
    a, other = np.linalg.qr(rng.standard_normal((words, size, 2)))[0].transpose(2, 0, 1)
    b = cosine * a + np.sqrt(1 - cosine**2) * other
    lengths = rng.lognormal(0, 0.3, (words, 1))
    means = np.stack([a, b], axis=1)[:, [0] * number + [1] * number] * lengths[:, None]
    spread = 1 / np.sqrt(np.arange(1, size + 1))
    rows = means + spread * rng.standard_normal(means.shape)
    noise = splits(rows, number, 0, 20, 0)[1]
    return distance_intervals(noise[:, :3], noise[:, 3:], np.full((words, 2), number))


@pytest.mark.parametrize("number", [6, 12, 40])
@pytest.mark.parametrize("cosine", [0.9, 0.5, 0.0])
def test_intervals_hold_the_true_distance_as_often_as_they_should(number: int, cosine: float) -> None:
    low, high = drawn(number, cosine, 500, seed=number)
    assert 0.93 <= np.mean((low <= 1 - cosine) & (1 - cosine <= high)) <= 1


def test_intervals_narrow_with_evidence_and_need_four_documents() -> None:
    widths = [np.median(np.subtract(*drawn(number, 0.5, 100, 0)[::-1])) for number in (4, 8, 16, 32, 64)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[0] / 3
    assert np.isnan(drawn(3, 0.5, 5, 0)).all()


def test_a_word_without_a_direction_may_have_any_distance() -> None:
    products = np.array([[1.0, 1.0, 0.5]] * 20 + [[-0.1, 0.1, 0.0]])
    noise = np.array([[0.01] * 3] * 20 + [[100.0] * 3])
    low, high = distance_intervals(products, noise, np.full((21, 2), 5))
    assert (low[-1], high[-1]) == (0, 2)
    assert np.all((low[:-1] < 0.5) & (high[:-1] > 0.5) & (high[:-1] < 1))


def test_the_means_of_a_test_are_those_of_the_slices() -> None:
    run = planted_run([(0, 1), (0.5, 0.5)], uses=(20, 20))
    space = occurrence_space(Comparison.of(run.tokens, by_label(run.tokens)), WordTable.of(run))
    among = np.arange(len(run.vectors))
    words = np.sort([run.index("x0"), run.index("x1")])
    test = DriftTest(permutations=20)
    found = in_threads(2, permutation_test, space, words, among, test)
    alone = in_threads(1, permutation_test, space, words, words, test)
    assert_allclose(found.distance, alone.distance, atol=1e-6)
    assert_array_equal(found.p, alone.p)
    for mine, whole in zip(found.uses.means, slice_means(space), strict=True):
        assert_allclose(mine, whole, atol=1e-5)


def test_the_usual_distance_is_that_of_words_with_as_many_occurrences() -> None:
    rng = default_rng(0)
    documents = rng.integers(5, 200, (400, 2))
    counts = documents * rng.integers(1, 4, (400, 1))
    law = 2 * (1 / documents).sum(axis=1) ** 0.75
    found = usual_distances(law * np.exp(0.1 * rng.standard_normal(400)), counts, documents)
    assert np.abs(np.log(found / np.minimum(law, 1))).max() < 0.1
    few = law[:5]
    assert usual_distances(few, counts[:5], documents[:5]) is few


def test_the_general_change_is_that_of_ordinary_words() -> None:
    m = 9
    distance, expected = np.full(m, 0.5), np.full(m, 0.204)
    distance[0], expected[1] = 0.9, 0.304
    unknown, counts = np.full(m, np.nan), np.full((m, 2), 20)
    words = np.arange(m)
    measured = Distances(words, distance, unknown, unknown, unknown, expected, unknown, counts)
    found = changes_of(measured, counts, words > 3)
    assert found.chance.tolist() == [0.2, 0.3, *[0.2] * 7]
    assert found.general == 0.3
    assert found.change[[0, 1, 3]] == pytest.approx([0.4, -0.1, 0.0])
    assert changes_of(measured, counts, words < 0).general == 0.0


def test_a_space_without_its_table_makes_the_rows_it_needs() -> None:
    run = planted_run([(0, 1), (0, 0)], uses=(3, 20))
    space = occurrence_space(Comparison.of(run.tokens, by_label(run.tokens)), WordTable.of(run))
    places = occurrences(space.batch, run.index("x1"))
    light = space.light()
    assert not len(light.rows)
    assert_allclose(light.directions(places), space.directions(places), atol=1e-5)
