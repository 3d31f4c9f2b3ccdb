"""Vectors from spelling: n-grams counted by hand, the map against its closed form, laws of the mixture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.in_threads import in_threads
from tests.refinement.problems import finished

from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.methods.decorrelated import DecorrelatedRefinement
from selfvec.refinement.spelling import EVIDENCE, RARITY, Spelling, blend_spelling, shared_grams

RNG = np.random.default_rng(0)
WORDS = ["storm", "storms", "stormy", "rain", "rainy", "rains", "zq"]


def grams(word: str) -> list[str]:
    text = f"<{word.lower()}>"
    return [text[i : i + n] for n in (3, 4, 5) for i in range(len(text) - n + 1)]


def dense(words: list[str], learned_from: list[int]) -> np.ndarray:
    """The matrix as its docstring says it, without hashing."""
    every = sorted({g for word in words for g in grams(word)})
    times = np.array([[grams(word).count(g) for g in every] for word in words], float)
    matrix = times / np.maximum(np.sqrt((times**2).sum(axis=1, keepdims=True)), 1e-12)
    learned = (times[learned_from] > 0).sum(axis=0)
    shared = ((times > 0).sum(axis=0) > 1) & (learned > 0)
    matrix, learned = matrix[:, shared], learned[shared]
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix = matrix * (1 + learned) ** -RARITY
    return matrix * lengths / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)


def as_dense(words: list[str], learned_from: list[int]) -> np.ndarray:
    (indptr, indices, values), columns = shared_grams(words, np.array(learned_from, np.int64))
    matrix = np.zeros((len(words), columns))
    matrix[np.repeat(np.arange(len(words)), np.diff(indptr)), indices] = values
    return matrix


def predicted(words: list[str], trust: np.ndarray, rows: np.ndarray, ridge: float) -> np.ndarray:
    spelling = Spelling(words, trust)
    return spelling.grams.times(spelling.learn(rows, ridge))


def test_grams_of_two_words_by_hand() -> None:
    # <cat>: <ca cat at> <cat cat> <cat>; <bat>: <ba bat at> <bat bat> <bat>: six each, at> is shared
    matrix = as_dense(["cat", "BAT"], [0])
    assert_allclose(matrix, [[1 / np.sqrt(6)], [1 / np.sqrt(6)]], rtol=1e-6)
    # <aaa>: <aa aaa aa> <aaa aaa> <aaa>, five shared; <aaaa> has these five, aaa twice, and three others
    matrix = as_dense(["aaa", "aaaa"], [0, 1])
    assert_allclose(np.linalg.norm(matrix, axis=1), np.sqrt([5 / 6, 8 / 11]), rtol=1e-6)


@given(st.lists(st.text("abcß€😀", max_size=9), min_size=1, max_size=12, unique=True), st.integers(0, 12))
def test_hashed_grams_are_the_written_ones(words, taught) -> None:
    learned_from = list(range(len(words)))[:taught]
    found, expected = as_dense(words, learned_from), dense(words, learned_from)
    assert found.shape == expected.shape
    assert_allclose(found @ found.T, expected @ expected.T, atol=1e-5)


def test_the_map_is_weighted_ridge_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfvec.refinement.spelling._SWEEPS", 100)  # to its end
    trust = np.array([1, 0, 0.5, 1, 0.2, 0, 1], np.float32)
    z, rows = dense(WORDS, [0, 2, 3, 6]), RNG.standard_normal((7, 5)).astype(np.float32)
    weighted = z.T * np.where(trust > 0.2, trust, 0)  # what is trusted less teaches nothing
    expected = z @ np.linalg.solve(weighted @ z + 0.7 * np.eye(z.shape[1]), weighted @ rows)
    found = predicted(WORDS, trust, rows, 0.7)
    assert_allclose(found, expected, atol=1e-4)
    assert not found[6].any()  # shares nothing


def test_a_few_sweeps_are_near_the_end() -> None:
    words = [
        a + b + c for a in ("storm", "rain", "wind", "hail") for b in ("", "y", "ing") for c in ("", "s")
    ]
    rows, trust = unit_rows(RNG.standard_normal((24, 8))), np.ones(24, np.float32)
    z = dense(words, list(range(24)))
    expected = z @ np.linalg.solve(z.T @ z + np.eye(z.shape[1]), z.T @ rows)
    found = predicted(words, trust, rows, 1.0)
    assert np.linalg.norm(found - expected) < 0.1 * np.linalg.norm(expected)


def test_the_most_trusted_words_are_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfvec.refinement.spelling.MOST", 2)
    trust = np.array([0.5, 1, 0.3, 0, 0.5, 0.1, 0.9], np.float32)
    assert Spelling(WORDS, trust).learned_from.tolist() == [1, 6]


def test_nothing_to_learn_from_says_nothing() -> None:
    rows = RNG.standard_normal((7, 5)).astype(np.float32)
    assert not predicted(WORDS, np.zeros(7, np.float32), rows, 1.0).any()


@pytest.mark.parametrize("width", [5, 100])
def test_threads_give_the_same_bits(width: int) -> None:
    rows, trust = RNG.standard_normal((7, width)).astype(np.float32), np.ones(7, np.float32)
    one, two = (in_threads(jobs, predicted, WORDS, trust, rows, 1.0) for jobs in (1, 3))
    assert_array_equal(one, two)


def test_letters_move_rare_words_more_and_known_ones_never() -> None:
    words = ["storm", "storms", "stormy", "zq"]
    table = unit_rows(np.array([[1, 0], [0, 1], [0, 1], [0, 1]]))
    known = np.array([True, False, False, False])
    moved, batch = table.copy(), TokenBatch.of_counts(words, np.array([50, 2, 200, 1]))
    shares = blend_spelling(moved, batch, known, np.full(4, EVIDENCE))
    assert_array_equal(moved[[0, 3]], table[[0, 3]])  # known; shares nothing
    assert moved[1, 0] > moved[2, 0] > 0
    assert shares[1] > shares[2] > 0 == shares[0] == shares[3]
    assert_allclose(np.linalg.norm(moved, axis=1), 1, rtol=1e-5)


def test_a_word_without_neighbours_gets_its_letters() -> None:
    words = ["storm", "storms", "zq"]
    moved = np.array([[1, 0], [0, 0], [0, 0]], np.float32)
    batch, known = TokenBatch.of_counts(words, np.array([5, 1, 1])), np.array([True, False, False])
    shares = blend_spelling(moved, batch, known, np.full(3, EVIDENCE))
    assert_allclose(moved, [[1, 0], [1, 0], [0, 0]], atol=1e-6)
    assert_allclose(shares, [0, 1, 0])


def test_a_run_says_what_its_vectors_rest_on() -> None:
    texts = [
        ["hail", "broke", "roofs"],
        ["storms", "broke", "roofs"],
        ["qqq", "broke", "hail"],
        ["hails"],
        ["x"],
    ]
    batch = TokenBatch.from_documents(texts * 3)
    known = {"hail", "broke", "roofs"}
    sources = np.array([Source.KNOWN if w in known else Source.NONE for w in batch.types], np.uint8)
    rows = unit_rows(RNG.standard_normal((len(batch.types), 6)))
    rows[sources == Source.NONE] = 0
    run = finished(DecorrelatedRefinement(batch, Vectors(batch.types, rows, sources=sources), window=5))
    told = dict(zip(batch.types, run.sources.tolist(), strict=True))
    assert {told[word] for word in known} == {Source.KNOWN}
    assert told["qqq"] == Source.CONTEXT  # spelled like nothing
    assert told["hails"] == Source.SUBWORDS  # alone in its documents
    assert told["x"] == Source.NONE
