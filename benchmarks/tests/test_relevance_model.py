"""BM25 with RM3: the relevance model and the expanded query by hand, and laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.relevance_model import expand_query, relevance_model, score_rm3
from selfvec.retrieval import Index
from selfvec.text.preprocessing import Preprocessing

PLAIN = Preprocessing(tokenizer="whitespace", stem=None, stop_words=None)
TEXTS = ["hail roof roof", "hail wind", "wind tree", "river", "river tree tree tree"]


def index_of(texts: list[str]) -> Index:
    return Index.words_only(texts, PLAIN)


def test_the_relevance_model_by_hand() -> None:
    index = index_of(TEXTS)
    best, scores = np.array([1, 0]), np.array([2.0, 1.0], np.float32)
    # exp(2) : exp(1) for "hail wind" (1/2, 1/2) and "hail roof roof" (1/3, 2/3)
    second = math.exp(-1)
    expected = {"hail": 1 / 2 + second / 3, "wind": 1 / 2, "roof": second * 2 / 3}
    total = sum(expected.values())
    model = relevance_model(index.documents.parts[0], best, scores, words=9)
    found = {index.vocabulary.types[i]: model[i] for i in np.flatnonzero(model)}
    assert found == pytest.approx({word: value / total for word, value in expected.items()})
    two = relevance_model(index.documents.parts[0], best, scores, words=2)
    assert {index.vocabulary.types[i] for i in np.flatnonzero(two)} == {"hail", "wind"}
    assert two.sum() == pytest.approx(1)


def test_the_expanded_query_by_hand() -> None:
    index = index_of(TEXTS)
    query = index.vocabulary.parse("hail hail tree")
    model = np.zeros(len(index.vocabulary))
    model[index.vocabulary.index["hail"]], model[index.vocabulary.index["wind"]] = 0.25, 0.75
    expanded = expand_query(query, model, own=0.6)
    found = {index.vocabulary.types[i]: c for i, c in zip(expanded.types, expanded.counts, strict=True)}
    hail, tree, wind = 0.6 * 2 / 3 + 0.4 * 0.25, 0.6 / 3, 0.4 * 0.75
    assert found == pytest.approx({"hail": 3 * hail, "tree": 3 * tree, "wind": 3 * wind})


def test_documents_without_a_word_of_the_query_are_found_by_their_neighbours_words() -> None:
    index = index_of(TEXTS)
    query = index.vocabulary.parse("hail")
    assert index.scorer.score(query, "bm25").found.tolist() == [True, True, False, False, False]
    scored = score_rm3(index.scorer, query)
    assert scored.found.tolist() == [True, True, True, False, False]
    assert scored.scores[2] < scored.scores[:2].min()


def test_a_query_that_finds_nothing_stays() -> None:
    index = index_of(TEXTS)
    assert not score_rm3(index.scorer, index.vocabulary.parse("nowhere")).found.any()


@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6), min_size=2, max_size=12))
def test_the_whole_weight_on_the_query_is_bm25(texts: list[list[str]]) -> None:
    index = index_of([" ".join(words) for words in texts])
    query = index.vocabulary.parse("a b b")
    expected, found = index.scorer.score(query, "bm25"), score_rm3(index.scorer, query, own=1.0)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found.found, expected.found)
