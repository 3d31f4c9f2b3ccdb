"""The student against its plain form in NumPy, a small one by hand, and laws of the solution."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal
from tests.in_threads import in_threads
from tests.rows import normal_rows

from selfvec.data.token_batch import TokenBatch
from selfvec.encoders import student as module
from selfvec.encoders.student import (
    RIDGES,
    Student,
    choose,
    draw,
    learn,
    multiple,
    text_rows,
)
from selfvec.numerics import ridge as solver
from selfvec.text.document_vectors import inverse_document_frequency


def texts_reference(batch: TokenBatch, weights: np.ndarray) -> np.ndarray:
    """X, (n, V)."""
    X = np.zeros((batch.documents, len(batch.types)))
    np.add.at(X, (batch.document_of(np.arange(len(batch))), batch.ids), 1)
    X = np.sqrt(X) * weights
    lengths = np.sqrt((X**2).sum(axis=1, keepdims=True))
    return X / np.where(lengths, lengths, 1)


def learn_reference(
    passages: TokenBatch, teacher: np.ndarray, priors: Mapping[str, np.ndarray], *, seed: int = 0
) -> Student:
    """`learn`, exactly."""
    weights = inverse_document_frequency(passages)
    X = texts_reference(passages, weights)
    mean = teacher.mean(axis=0, dtype=np.float64)
    T = teacher - mean
    drawn = draw(teacher, seed)
    S = X[drawn]
    starts = {name: S @ rows for name, rows in priors.items()}
    prior, ridge, explained = choose(S @ S.T, T[drawn], starts)
    R0 = priors.get(prior, np.zeros((len(weights), teacher.shape[1])))
    a = multiple(T, X @ R0)
    R = a * R0 + X.T @ np.linalg.solve(X @ X.T + ridge * np.eye(len(X)), T - a * (X @ R0))
    return Student(R, weights, mean, ridge, a, prior, explained)


def corpus(seed: int, documents: int, types: int, width: int) -> tuple[TokenBatch, np.ndarray, np.ndarray]:
    """Random documents, a teacher that is a noisy linear map of them, and a prior near its rows.

    Some documents are empty, and the last word occurs nowhere.
    """
    rng = default_rng(seed)
    lengths = rng.integers(0, 12, documents) * (rng.random(documents) > 0.1)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    ids = (types * rng.random(offsets[-1]) ** 2).astype(np.int32)
    batch = TokenBatch(ids, offsets, [f"w{i}" for i in range(types + 1)])
    rows = rng.standard_normal((types + 1, width))
    X = texts_reference(batch, np.ones(types + 1))
    teacher = X @ rows + 0.3 * rng.standard_normal((documents, width))
    prior = rows + rng.standard_normal(rows.shape)
    return batch, teacher.astype(np.float32), prior.astype(np.float32)


def assert_equal(found: Student, expected: Student) -> None:
    assert (found.prior, found.ridge) == (expected.prior, expected.ridge)
    assert found.scale == pytest.approx(expected.scale, rel=1e-5, abs=1e-6)
    assert found.explained == pytest.approx(expected.explained, abs=1e-5)
    assert found.rows.dtype == found.mean.dtype == np.float32
    assert_rows(found.rows, expected.rows)
    assert_allclose(found.mean, expected.mean, rtol=1e-5, atol=1e-6)


def assert_rows(found: np.ndarray, expected: np.ndarray) -> None:
    """Each row is the same to 1e-4 of its length, unless what it is added up from cancels out."""
    errors = np.linalg.norm(found - expected, axis=1)
    assert np.all(errors <= 1e-4 * np.linalg.norm(expected, axis=1) + 1e-7)


@given(
    seed=st.integers(0, 1000),
    documents=st.integers(1, 60),
    types=st.integers(1, 40),
    width=st.sampled_from([1, 2, 17, 40]),
    priors=st.integers(0, 2),
)
def test_as_the_plain_form(seed: int, documents: int, types: int, width: int, priors: int) -> None:
    batch, teacher, prior = corpus(seed, documents, types, width)
    known = dict(list({"words": prior, "states": prior[::-1].copy()}.items())[:priors])
    assert_equal(learn(batch, teacher, known), learn_reference(batch, teacher, known))


def test_large_eigenvalues_for_which_float32_alone_would_not_be_enough() -> None:
    batch, teacher, prior = corpus(1, 1800, 900, 40)
    assert_equal(learn(batch, teacher, {"words": prior}), learn_reference(batch, teacher, {"words": prior}))


def test_a_solution_that_is_not_reached_is_said(monkeypatch) -> None:
    monkeypatch.setattr(solver, "_MOST", 2)
    batch, teacher, _ = corpus(1, 200, 100, 3)
    with pytest.warns(UserWarning, match=r"is not exact: after 2 steps a residual of .* is left"):
        learn(batch, teacher, {})


def test_two_passages_by_hand() -> None:
    """Each passage has a word of its own, so x is that word alone, and X Xᵀ is the identity.

    T is ±1 around the mean of 3. Without a prior a passage left out is not explained at all, so R² is 0 for
    each ridge and the largest is taken: R = T / (1 + 3.2). The third word occurs nowhere.
    """
    batch = TokenBatch(np.array([0, 1, 1], np.int32), np.array([0, 1, 3]), ["a", "b", "c"])
    teacher = np.array([[4.0], [2.0]], np.float32)
    student = learn(batch, teacher, {})
    assert (student.ridge, student.prior, student.scale, student.explained) == (3.2, "none", 0, {"none": 0})
    assert_allclose(student.rows, [[1 / 4.2], [-1 / 4.2], [0]], rtol=1e-6)
    assert student.mean.tolist() == [3]
    assert text_rows(student, batch).tolist() == [[1], [-1]]
    # X R0 is (2, 0), so a = (2 · 1 + 0 · -1) / 2² = ½, and a · X R0 = (1, 0) leaves (0, -1) of T.
    # Left out, the first passage is explained exactly and the second not at all: R² = ½.
    prior = np.array([[2.0], [0.0], [5.0]], np.float32)
    student = learn(batch, teacher, {"words": prior})
    assert (student.ridge, student.prior, student.scale) == (3.2, "words", 0.5)
    assert student.explained == pytest.approx({"none": 0, "words": 0.5})
    assert_allclose(student.rows, [[1], [-1 / 4.2], [2.5]], rtol=1e-6)


@given(seed=st.integers(0, 1000), documents=st.integers(2, 30))
def test_shares_explained_are_those_of_passages_left_out(seed: int, documents: int) -> None:
    """Each passage is left out and predicted by the others, one after the other."""
    batch, teacher, _ = corpus(seed, documents, 20, 3)
    X, T = texts_reference(batch, np.ones(21)), teacher - teacher.mean(axis=0, dtype=np.float64)
    expected = []
    for ridge in RIDGES:
        left = 0.0
        for i in range(documents):
            S = np.delete(X, i, axis=0)
            R = S.T @ np.linalg.solve(S @ S.T + ridge * np.eye(len(S)), np.delete(T, i, axis=0))
            left += float(np.sum((T[i] - X[i] @ R) ** 2))
        expected.append(1 - left / float(np.sum(T**2)))
    prior, ridge, shares = choose(X @ X.T, T, {})
    assert prior == "none"
    best = max(k for k in range(len(RIDGES)) if expected[k] >= max(expected) - 0.02)
    assert ridge == RIDGES[best]
    assert shares["none"] == pytest.approx(expected[best], abs=1e-9)


def test_the_prior_is_chosen_that_explains_more() -> None:
    batch, teacher, prior = corpus(3, 200, 60, 8)
    noise = default_rng(0).standard_normal(prior.shape).astype(np.float32)
    student = learn(batch, teacher, {"noise": noise, "words": prior})
    assert student.prior == "words"
    assert student.explained["words"] > max(student.explained["noise"], student.explained["none"])
    assert_allclose(student.rows[-1], student.scale * prior[-1], rtol=1e-6)  # it occurs nowhere


def test_a_constant_teacher_teaches_nothing() -> None:
    batch, _, prior = corpus(0, 30, 10, 4)
    student = learn(batch, np.full((30, 4), 0.5, np.float32), {"words": prior})
    assert not student.rows.any()
    assert (student.scale, student.prior, student.ridge) == (0, "none", 3.2)
    assert not text_rows(student, batch).any()


def test_threads_change_nothing_and_the_order_only_rounding(monkeypatch) -> None:
    monkeypatch.setattr(module, "SHARE", 50)
    monkeypatch.setattr(module, "SAMPLE", 40)
    batch, teacher, prior = corpus(5, 120, 50, 70)
    one = in_threads(1, learn, batch, teacher, {"words": prior})
    two = in_threads(3, learn, batch, teacher, {"words": prior})
    assert_array_equal(one.rows, two.rows)
    assert_array_equal(in_threads(1, text_rows, one, batch), in_threads(3, text_rows, one, batch))
    order = default_rng(1).permutation(120)
    assert_equal(learn(batch.part(order), teacher[order], {"words": prior}), one)


def test_another_seed_draws_other_passages(monkeypatch) -> None:
    monkeypatch.setattr(module, "SAMPLE", 40)
    teacher = normal_rows(100, 3)
    first, again, other = (module.draw(teacher, seed) for seed in (0, 0, 1))
    assert len(set(first.tolist())) == 40
    assert first.tolist() == again.tolist() != other.tolist()


def test_vectors_of_texts_are_unit_sums_of_rows() -> None:
    batch, teacher, prior = corpus(7, 50, 20, 6)
    student = learn(batch, teacher, {"words": prior})
    other, _, _ = corpus(8, 30, 20, 6)
    sums = texts_reference(other, student.weights) @ student.rows
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    expected = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
    assert_allclose(text_rows(student, other), expected, atol=1e-6)
    assert (lengths == 0).any()  # of texts without a word
