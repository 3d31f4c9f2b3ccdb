"""Vectors of texts: weights by hand, words named as the run names them, and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.rows import normal_vectors

from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.text.document_vectors import (
    document_vectors,
    embed,
    inverse_document_frequency,
    smooth_by_neighbours,
)
from selfvec.text.kernels import _count_documents
from selfvec.text.preprocessing import Preprocessing, encode_texts

TEXTS = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=8), min_size=1, max_size=6)


def test_weights_by_hand() -> None:
    batch = TokenBatch.from_documents([["a", "a", "b"], ["a"], ["c"], []])
    expected = np.log1p([(4 - 2 + 0.5) / 2.5, (4 - 1 + 0.5) / 1.5, 3.5 / 1.5])
    assert_allclose(inverse_document_frequency(batch), expected, rtol=1e-6)
    first = np.log1p([(2 - 2 + 0.5) / 2.5, (2 - 1 + 0.5) / 1.5, (2 + 0.5) / 0.5])
    assert_allclose(inverse_document_frequency(batch, 2), first, rtol=1e-6)


@given(TEXTS)
def test_document_vectors_are_the_sums_written_out(documents) -> None:
    batch = TokenBatch.from_documents(documents)
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((len(batch.types), 5)).astype(np.float32)
    weights = rng.random(len(batch.types), dtype=np.float32)
    index = {word: i for i, word in enumerate(batch.types)}
    sums = [sum((weights[index[w]] * rows[index[w]] for w in text), np.zeros(5)) for text in documents]
    found = document_vectors(batch, rows, weights)
    assert found.shape == (len(documents), 5)
    assert_allclose(found, unit_rows(np.array(sums)), atol=1e-4)


@given(TEXTS, st.randoms(use_true_random=False))
def test_the_order_of_words_and_their_repetition_as_a_whole_change_nothing(documents, random) -> None:
    vectors = normal_vectors("abcdefg", 4, 1)
    preprocessing = Preprocessing("whitespace", stop_words=None, stem=None)
    texts = [" ".join(text) for text in documents]
    shuffled = [" ".join(random.sample(text, len(text)) * 2) for text in documents]
    one, covered = embed(texts, [vectors], preprocessing, 0)
    assert_allclose(one, embed(shuffled, [vectors], preprocessing, 0)[0], atol=1e-4)
    assert covered == (1.0 if any(documents) else 0.0)


def test_covered_is_the_share_of_tokens_with_a_vector(plane: Vectors) -> None:
    rows, covered = embed(["Hail and the storm", "blank unknown", ""], [plane], Preprocessing())
    assert covered == 0.5
    assert rows.any(axis=1).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("text", "preprocessing", "keys"),
    [
        ("HAIL in rome", Preprocessing(), ["hail", "Rome"]),
        ("the storms", Preprocessing(lemmatize="en"), ["storm"]),
        ("storming hailing", Preprocessing(stem="en", stemmed=True), ["storm", "hail"]),
    ],
)
def test_words_meet_the_tables_keys(plane: Vectors, text, preprocessing, keys) -> None:
    assert list(encode_texts([text], preprocessing, plane).types) == keys


@pytest.mark.parametrize(
    ("options", "preprocessing"),
    [
        (None, Preprocessing("words", None, "en")),
        ({"tokenizer": "words", "lemmatize": None, "stop_words": None}, Preprocessing("words", None, "en")),
        (
            {"tokenizer": "words", "lemmatize": "de,en", "stop_words": None},
            Preprocessing("words", "de,en", "de", "de"),
        ),
        (
            {"tokenizer": "words", "lemmatize": "ro", "stop_words": None},
            Preprocessing("words", "ro", None, "ro"),
        ),
        ({"tokenizer": "whitespace", "stop_words": "own.txt"}, Preprocessing("whitespace", None, "own.txt")),
        ({"tokenizer": "bert/tokenizer.json"}, Preprocessing("bert/tokenizer.json", None, None, None)),
        ({"tokenizer": "words", "stem": "en"}, Preprocessing("words", None, "en", "en", True)),
        ({"tokenizer": "words", "lemmatize": "uk"}, Preprocessing("words", "uk", None, None)),
        ({"language": "hu", "lemmatize": None}, Preprocessing("words", None, "hu", "hu", language="hu")),
        ({}, Preprocessing()),
    ],
)
def test_a_run_tells_its_manner(options, preprocessing) -> None:
    assert Preprocessing.of({} if options is None else {"options": options}) == preprocessing


def test_words_of_one_stem_share_a_direction_and_a_weight() -> None:
    rows = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    vectors = Vectors(["storm", "storms", "hail"], rows)
    texts = ["storm storm storms", "hail", "storms"]
    found, _ = embed(texts, [vectors], Preprocessing(), 0)
    # storm and storms are one; no text is in the collection, so that each word counts once
    assert_allclose(found[[0, 2]], [[np.sqrt(0.5), np.sqrt(0.5), 0]] * 2, atol=1e-6)
    counted, _ = embed([*texts, "storm"], [vectors], Preprocessing(), 3, questions=True)
    assert_allclose(counted[3], unit_rows(np.array([[3.0, 3.0, 0.0]]))[0], atol=1e-6)
    apart, _ = embed(texts, [vectors], Preprocessing(stem=None), 0)
    assert_allclose(apart[2], [0, 1, 0], atol=1e-6)


def test_two_tables_stand_side_by_side(plane: Vectors) -> None:
    texts = ["hail storm", "Rome"]
    one, _ = embed(texts, [plane], Preprocessing(), 0)
    two, _ = embed(texts, [plane, plane], Preprocessing(), 0)
    assert_allclose(two, np.hstack([one, one]) / np.sqrt(2), atol=1e-6)


def test_smoothing_by_hand() -> None:
    angles = np.radians([0, 10, 30, 60, 100, 150, 200, 250, 290, 320])
    rows = np.vstack([np.stack([np.cos(angles), np.sin(angles)], axis=1), [[0, 0], [0, 1]]]).astype(
        np.float32
    )
    # one neighbour: 0° and 10° are each other's, 30° has 10°, and 90°, outside the collection, has 100°
    found = smooth_by_neighbours(rows, 10)
    for i, nearest in ((0, 1), (1, 0), (2, 1), (11, 4)):
        assert_allclose(found[i], unit_rows((rows[i] + 0.5 * rows[nearest])[None])[0], atol=1e-6)
    assert not found[10].any()
    assert_array_equal(smooth_by_neighbours(rows[:9], 9), rows[:9])  # too few to be alike


@given(st.integers(0, 2**32 - 1))
def test_texts_after_the_collection_change_nothing_for_those_in_it(seed) -> None:
    rows = unit_rows(np.random.default_rng(seed).standard_normal((30, 4)))
    assert_allclose(smooth_by_neighbours(rows, 20)[:20], smooth_by_neighbours(rows[:20], 20), atol=1e-5)


@given(st.lists(st.lists(st.integers(0, 6), max_size=9), max_size=9))
def test_documents_of_a_type_are_counted_alike_with_and_without_numba(documents: list[list[int]]) -> None:
    batch = TokenBatch(
        np.array([word for words in documents for word in words], np.int32),
        np.cumsum([0, *map(len, documents)]),
        [f"w{n}" for n in range(7)],
    )
    expected = [sum(word in words for words in documents) for word in range(7)]
    for count in (_count_documents.compiled, _count_documents.instead):
        out = np.zeros(7, np.int64)
        count(*batch.read_only, np.full(7, -1), out)
        assert out.tolist() == expected
