"""Rows learned by the inverse cloze task: gradients, Adam, what is cut, and what held-out spans decide."""

from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal
from tests.in_threads import in_threads
from tests.rows import normal_rows
from tests.spelled import spelled_texts

from selfvec.data.token_batch import TokenBatch, concatenated
from selfvec.numerics.rows import unit_rows
from selfvec.retrieval import inverse_cloze
from selfvec.retrieval.inverse_cloze import (
    Adam,
    cut_spans,
    learn,
    loss_gradient,
    shared_targets,
    without_words,
    word_cosines,
)
from selfvec.text.document_vectors import inverse_document_frequency, weighted_sums


def subjects(documents: int, length: int, seed: int = 0) -> TokenBatch:
    """Documents of ten subjects; a word is of the subject of its document in four of five cases."""
    rng = default_rng(seed)
    own = rng.integers(0, 10, documents)
    words = own[:, None] * 30 + rng.integers(0, 30, (documents, length))
    common = rng.random((documents, length)) < 0.2
    words[common] = rng.integers(300, 360, int(common.sum()))
    offsets = np.arange(documents + 1, dtype=np.int64) * length
    return TokenBatch(words.astype(np.int32).ravel(), offsets, [f"w{i}" for i in range(360)])


def random_rows(number: int, width: int = 16, seed: int = 1) -> np.ndarray:
    rows = normal_rows(number, width, seed)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def reference_loss(questions: np.ndarray, answers: np.ndarray, rows: np.ndarray, target: np.ndarray) -> float:
    """The loss as it is written in the paper, in float64, of texts as weighted counts of words, (D, V)."""
    unit = [sums / np.linalg.norm(sums, axis=1, keepdims=True) for sums in (questions @ rows, answers @ rows)]
    scores = unit[0] @ unit[1].T / inverse_cloze.TEMPERATURE
    loss = 0.0
    for one in (scores, scores.T):
        shares = np.exp(one) / np.exp(one).sum(axis=1, keepdims=True)
        loss -= (target * np.log(shares)).sum() / (2 * len(target))
    return loss


def weighted_counts(batch: TokenBatch, weights: np.ndarray) -> np.ndarray:
    out = np.zeros((batch.documents, len(batch.types)))
    own = np.repeat(np.arange(batch.documents), np.diff(batch.offsets))
    np.add.at(out, (own, batch.ids), weights[batch.ids])
    return out


def test_the_gradient_is_that_of_the_loss() -> None:
    batch = subjects(12, 20)
    rng = default_rng(3)
    rows = random_rows(len(batch.types), 8)
    weights = inverse_document_frequency(batch)
    target = shared_targets(batch, rows, weights)
    questions, answers = cut_spans(batch, np.full(12, 6), rng)
    texts = concatenated([questions, answers])
    found = loss_gradient(texts, rows, weights, target)

    counts = [weighted_counts(some, weights) for some in (questions, answers)]
    wide = rows.astype(np.float64)
    by_rows = np.concatenate(counts).T @ found  # from the gradient by sums to that by rows
    words = np.flatnonzero(np.abs(by_rows).sum(axis=1))[:6]
    for word in words.tolist():
        for axis in (0, 5):
            losses = []
            for step in (1e-4, -1e-4):
                moved = wide.copy()
                moved[word, axis] += step
                losses.append(reference_loss(*counts, moved, target.astype(np.float64)))
            slope = (losses[0] - losses[1]) / 2e-4
            assert by_rows[word, axis] == pytest.approx(slope, rel=1e-2, abs=1e-5)


def reference_adam(rows: np.ndarray, gradients: list[np.ndarray], occurring: list[np.ndarray]) -> np.ndarray:
    """Adam with the moments of rows that do not occur left alone, in NumPy."""
    first, second = inverse_cloze.MOMENTS
    rows = rows.astype(np.float64)
    mean = np.zeros_like(rows)
    square = np.zeros_like(rows)
    for step, (slope, words) in enumerate(zip(gradients, occurring, strict=True), 1):
        mean[words] = first * mean[words] + (1 - first) * slope[words]
        square[words] = second * square[words] + (1 - second) * slope[words] ** 2
        along = mean[words] / (1 - first**step)
        rows[words] -= inverse_cloze.RATE * along / (np.sqrt(square[words] / (1 - second**step)) + 1e-8)
    return rows


def test_the_kernel_is_adam() -> None:
    rows = random_rows(360, 8)
    rows[7] = 0  # a word without a vector keeps none
    weights = default_rng(0).random(360).astype(np.float32) + 0.5
    adam = Adam(rows.copy())
    gradients = []
    occurring = []
    for seed in range(3):
        texts = subjects(8, 10, seed)
        slopes = normal_rows(8, 8, seed)
        adam.step(texts, weights, slopes)
        gradients.append(weighted_counts(texts, weights).T @ slopes)
        words = np.unique(texts.ids)
        occurring.append(words[words != 7])
    expected = reference_adam(rows, gradients, occurring)
    assert_allclose(adam.rows, expected, atol=2e-5)
    assert not adam.rows[7].any()


def test_spans_and_rests_are_the_document() -> None:
    batch = subjects(50, 40)
    spans, rests = cut_spans(batch, np.full(50, 13), default_rng(0))
    for number in range(50):
        part = np.arange(50) == number
        whole, span, rest = (some.part(part).ids.tolist() for some in (batch, spans, rests))
        assert 4 <= len(span) <= 13
        assert any(rest[:i] + span + rest[i:] == whole for i in range(len(rest) + 1))


def test_only_chosen_documents_lose_words() -> None:
    batch = TokenBatch.from_documents([["a", "b", "a", "c"], ["a", "b"]])
    others = TokenBatch(np.array([0, 0], np.int32), np.array([0, 1, 2]), batch.types)
    left = without_words(batch, others, np.array([True, False]))
    assert spelled_texts(left) == [["b", "c"], ["a", "b"]]


def test_cosines_of_words_by_hand() -> None:
    batch = TokenBatch.from_documents([["a", "b"], ["a"], ["c", "c"]])
    found = word_cosines(batch, np.array([1.0, 2.0, 3.0], np.float32))
    expected = np.eye(3)
    expected[0, 1] = expected[1, 0] = 1 / np.sqrt(5)
    assert_allclose(found, expected, atol=1e-6)


def test_targets_are_shares() -> None:
    batch = subjects(40, 30)
    target = shared_targets(batch, random_rows(len(batch.types)), inverse_document_frequency(batch))
    assert_allclose(target.sum(axis=1), 1, atol=1e-5)
    own = np.diag(target)
    assert (own >= np.median(target, axis=1)).all()


Learned = tuple[np.ndarray, dict[str, Any]]


@pytest.fixture(scope="module")
def learned() -> tuple[TokenBatch, np.ndarray, Learned]:
    """By one thread."""
    batch = subjects(1000, 52)
    rows = random_rows(len(batch.types))
    return batch, rows, in_threads(1, learn, batch, rows, inverse_document_frequency(batch))


def test_learns_subjects_and_records_what_spans_find(learned: tuple[TokenBatch, np.ndarray, Learned]) -> None:
    _, rows, (found, about) = learned
    assert about["steps"] > 0
    assert about["after"]["rank"] > about["before"]["rank"] > 0
    assert np.isfinite(found).all()
    assert not np.array_equal(found, rows)


@pytest.mark.soak
def test_any_number_of_threads_learns_the_same(learned: tuple[TokenBatch, np.ndarray, Learned]) -> None:
    batch, rows, (found, about) = learned
    again = in_threads(3, learn, batch, rows, inverse_document_frequency(batch))
    assert_array_equal(again[0], found)
    assert again[1] == about


def test_new_texts_of_known_subjects_are_nearer(learned: tuple[TokenBatch, np.ndarray, Learned]) -> None:
    batch, rows, (found, _) = learned
    weights = inverse_document_frequency(batch)
    own = default_rng(77).integers(0, 10, 200)  # the first draw of `subjects`
    new = subjects(200, 24, 77)
    same = own[:, None] == own[None]
    np.fill_diagonal(same, False)

    def precision(some: np.ndarray) -> float:
        unit = unit_rows(weighted_sums(new, some, weights))
        cosines = unit @ unit.T
        np.fill_diagonal(cosines, -1)
        nearest = np.argsort(-cosines, axis=1)[:, :5]
        return float(np.take_along_axis(same, nearest, axis=1).mean())

    assert precision(found) >= precision(rows)


@pytest.mark.parametrize(("documents", "length"), [(700, 5), (1000, 49), (99, 600)])
def test_few_or_short_texts_are_not_learned_by_heart(documents: int, length: int) -> None:
    batch = subjects(documents, length)
    rows = random_rows(len(batch.types))
    found, about = learn(batch, rows, inverse_document_frequency(batch))
    assert found is rows
    assert (about["steps"], about["documents"]) == (0, documents if length >= 12 else 0)


@pytest.mark.soak
def test_the_figure_never_falls() -> None:
    ids = default_rng(0).integers(0, 2000, 600 * 90).astype(np.int32)  # noise
    batch = TokenBatch(ids, np.arange(601, dtype=np.int64) * 90, [f"w{i}" for i in range(2000)])
    _, about = learn(batch, random_rows(2000, 64), inverse_document_frequency(batch))
    assert about["after"]["rank"] >= about["before"]["rank"]
    assert (about["steps"] == 0) == (about["after"] == about["before"])
