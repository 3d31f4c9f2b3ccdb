"""`Vectors`: gensim's answers, Python's manners, and OOV that is never silently zero."""

import numpy as np
from tests.refusals import refused

from selfvec.base.errors import InputError
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import top_indices, unit_rows

RNG = np.random.default_rng(1)
WORDS = [f"w{i}" for i in range(50)]
ROWS = RNG.standard_normal((50, 8)).astype(np.float32)
VECTORS = Vectors(WORDS, ROWS)


def test_lookup_by_word() -> None:
    assert len(VECTORS) == 50
    assert "w3" in VECTORS
    assert "x" not in VECTORS
    np.testing.assert_array_equal(VECTORS["w3"], ROWS[3])
    np.testing.assert_array_equal(VECTORS[["w3", "w1"]], ROWS[[3, 1]])
    np.testing.assert_array_equal(VECTORS[2:9:3], ROWS[2:9:3])
    np.testing.assert_array_equal(VECTORS[np.array([4, 1])], ROWS[[4, 1]])
    assert list(VECTORS) == WORDS
    assert not VECTORS["w3"].flags.writeable
    assert VECTORS.get("x") is None
    assert VECTORS.embed("x") is None
    refused(lambda: VECTORS["x"], KeyError, "'x'")
    refused(lambda: VECTORS.most_similar("x"), KeyError)
    refused(lambda: VECTORS.most_similar(), InputError)


def test_data_frames_hold_the_same_table() -> None:
    polars, pandas = VECTORS.to_polars(), VECTORS.to_pandas()
    assert polars["word"].to_list() == list(pandas.index) == WORDS
    np.testing.assert_array_equal(polars["vector"].to_numpy(), ROWS)
    np.testing.assert_array_equal(pandas.to_numpy(), ROWS)
    assert polars.columns == ["word", "vector", "source"]


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
    refused(lambda: Vectors(["a", "b", "a"], np.zeros((3, 2), np.float32)), InputError, "'a' occurs twice")
    refused(lambda: Vectors(["a", "b", "c"], np.zeros((2, 2), np.float32)), InputError, "3 words")


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
