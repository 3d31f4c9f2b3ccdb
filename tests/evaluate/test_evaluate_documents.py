"""Vectors of texts: weights by hand, words named as the run names them, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.evaluate.documents import (
    Manner,
    document_vectors,
    embed,
    encode_texts,
    inverse_document_frequency,
)
from selfvec.tokens import TokenBatch
from selfvec.vectors import Vectors, unit_rows

TEXTS = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=8), min_size=1, max_size=6)


def test_weights_by_hand() -> None:
    batch = TokenBatch.from_documents([["a", "a", "b"], ["a"], ["c"], []])
    expected = np.log1p([(4 - 2 + 0.5) / 2.5, (4 - 1 + 0.5) / 1.5, 3.5 / 1.5])
    np.testing.assert_allclose(inverse_document_frequency(batch), expected, rtol=1e-6)
    first = np.log1p([(2 - 2 + 0.5) / 2.5, (2 - 1 + 0.5) / 1.5, (2 + 0.5) / 0.5])
    np.testing.assert_allclose(inverse_document_frequency(batch, 2), first, rtol=1e-6)


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
    np.testing.assert_allclose(found, unit_rows(np.array(sums)), atol=1e-4)


@given(TEXTS, st.randoms(use_true_random=False))
def test_the_order_of_words_and_their_repetition_as_a_whole_change_nothing(documents, random) -> None:
    rows = np.random.default_rng(1).standard_normal((7, 4)).astype(np.float32)
    vectors = Vectors(list("abcdefg"), rows)
    manner = Manner("whitespace", stop_words=None)
    texts = [" ".join(text) for text in documents]
    shuffled = [" ".join(random.sample(text, len(text)) * 2) for text in documents]
    one, covered = embed(texts, vectors, manner)
    np.testing.assert_allclose(one, embed(shuffled, vectors, manner)[0], atol=1e-4)
    assert covered == (1.0 if any(documents) else 0.0)


def test_covered_is_the_share_of_tokens_with_a_vector(plane: Vectors) -> None:
    rows, covered = embed(["Hail and the storm", "blank unknown", ""], plane, Manner())
    assert covered == 0.5
    assert rows.any(axis=1).tolist() == [True, False, False]


def test_words_meet_the_tables_keys(plane: Vectors) -> None:
    batch = encode_texts(["HAIL in rome"], Manner(), plane)
    assert list(batch.types) == ["hail", "Rome"]


@pytest.mark.parametrize(
    ("options", "manner"),
    [
        (None, Manner("words", None, "en")),
        ({"tokenizer": "words", "lemmatize": None, "stop_words": None}, Manner("words", None, "en")),
        ({"tokenizer": "words", "lemmatize": "de,en", "stop_words": None}, Manner("words", "de,en", "de")),
        ({"tokenizer": "words", "lemmatize": "fi", "stop_words": None}, Manner("words", "fi", None)),
        ({"tokenizer": "whitespace", "stop_words": "own.txt"}, Manner("whitespace", None, "own.txt")),
        ({"tokenizer": "bert/tokenizer.json"}, Manner("bert/tokenizer.json", None, None)),
        ({}, Manner()),
    ],
)
def test_a_run_tells_its_manner(options, manner) -> None:
    assert Manner.of({} if options is None else {"options": options}) == manner


def test_lemmas_of_a_run_are_met(plane: Vectors) -> None:
    batch = encode_texts(["the storms"], Manner(lemmatize="en"), plane)
    assert list(batch.types) == ["storm"]
