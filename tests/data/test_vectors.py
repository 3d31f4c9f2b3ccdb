"""`Vectors`: gensim's answers, Python's manners, and OOV that is never silently zero."""

from __future__ import annotations

import numpy as np
import pytest

from selfvec.base.errors import InputError
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import top_indices, unit_rows

RNG = np.random.default_rng(1)
WORDS = [f"w{i}" for i in range(50)]
ROWS = RNG.standard_normal((50, 8)).astype(np.float32)
VECTORS = Vectors(WORDS, ROWS)


def gensim_twin():
    from gensim.models import KeyedVectors

    twin = KeyedVectors(8)
    twin.add_vectors(WORDS, ROWS)
    return twin


@pytest.mark.parametrize(
    "query",
    [
        {"positive": "w3"},
        {"positive": ["w3", "w4"], "negative": ["w5"], "topn": 5},
        {"positive": [ROWS[7]], "topn": 3},
        {"positive": ["w1"], "restrict_vocab": 10},
        {"negative": "w1"},
    ],
)
def test_most_similar_answers_as_gensim(query) -> None:
    ours, theirs = VECTORS.most_similar(**query), gensim_twin().most_similar(**query)
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    np.testing.assert_allclose([c for _, c in ours], [c for _, c in theirs], atol=1e-6)


def test_similarity_and_odd_one_out_answer_as_gensim() -> None:
    twin = gensim_twin()
    assert VECTORS.similarity("w1", "w2") == pytest.approx(float(twin.similarity("w1", "w2")), abs=1e-6)
    words = ["w1", "w2", "w3", "w9"]
    assert VECTORS.doesnt_match(words) == twin.doesnt_match(words)


def test_lookup_by_word() -> None:
    assert len(VECTORS) == 50
    assert "w3" in VECTORS
    assert "x" not in VECTORS
    np.testing.assert_array_equal(VECTORS["w3"], ROWS[3])
    np.testing.assert_array_equal(VECTORS[["w3", "w1"]], ROWS[[3, 1]])
    assert VECTORS.get("x") is None
    assert VECTORS.embed("x") is None
    with pytest.raises(KeyError, match="'x'"):
        VECTORS["x"]
    with pytest.raises(KeyError):
        VECTORS.most_similar("x")
    with pytest.raises(InputError):
        VECTORS.most_similar()


def test_composed_words_are_marked() -> None:
    def compose(words):
        return np.array([[len(word) if word.isalpha() else 0, 0] for word in words], np.float32)

    vectors = Vectors(["a"], np.array([[3, 4]], np.float32), composer=compose)
    rows, sources = vectors.lookup(["a", "abc", "??"])
    np.testing.assert_array_equal(rows, [[3, 4], [3, 0], [0, 0]])
    assert sources.tolist() == [Source.KNOWN, Source.SUBWORDS, Source.NONE]
    assert vectors.embed("??") is None
    _, sources = vectors.lookup(["abc"], compose=False)
    assert sources.tolist() == [Source.NONE]


def test_shapes_and_doubles_are_checked() -> None:
    with pytest.raises(InputError, match="'a' stands here twice"):
        Vectors(["a", "b", "a"], np.zeros((3, 2), np.float32))
    with pytest.raises(InputError, match="3 words"):
        Vectors(["a", "b", "c"], np.zeros((2, 2), np.float32))


def test_unit_rows_leave_empty_rows_empty() -> None:
    rows = unit_rows(np.array([[3, 4], [0, 0]], np.float16))
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0]])


def test_equal_scores_keep_their_order() -> None:
    assert top_indices(np.array([1.0, 3, 3, 2, 3]), 3) == [1, 2, 4]
    assert top_indices(np.array([1.0]), 5) == [0]
    assert top_indices(np.array([1.0]), 0) == []


def test_casing_is_told_from_the_words() -> None:
    assert not VECTORS.cased
    assert Vectors(["a", "Anna"], np.zeros((2, 2), np.float32)).cased
