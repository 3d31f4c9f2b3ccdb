"""Vectors as people hold them in Python: what is taken, and what is refused where it comes in."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from tests.refusals import refused

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.storage.opened import as_vectors

WORDS = ["hail", "rain", "storm"]
MATRIX = np.array([[1, 0], [0.5, 2], [-1, 0.25]], np.float32)
POLARS = pl.DataFrame({"word": WORDS, "d0": MATRIX[:, 0], "d1": MATRIX[:, 1]})

TABLES = {
    "dict of arrays": dict(zip(WORDS, MATRIX, strict=True)),
    "dict of lists": dict(zip(WORDS, MATRIX.tolist(), strict=True)),
    "pair": (WORDS, MATRIX),
    "pair of arrays": (np.array(WORDS), MATRIX),
    "pair of lists": [WORDS, MATRIX.tolist()],
    "float64": (WORDS, MATRIX.astype(float)),
    "Fortran order": (WORDS, np.asfortranarray(MATRIX)),
    "big-endian": (WORDS, MATRIX.astype(">f4")),
    "pandas, words as index": pd.DataFrame(MATRIX, index=WORDS),
    "pandas, a column of words": pd.DataFrame({"token": WORDS, "0": MATRIX[:, 0], "1": MATRIX[:, 1]}),
    "pandas, a column of vectors": pd.DataFrame({"word": WORDS, "vector": list(MATRIX)}),
    "pandas, words as index and a column of vectors": pd.DataFrame({"vector": list(MATRIX)}, index=WORDS),
    "our pandas": selfvec.Vectors(WORDS, MATRIX).to_pandas(),
    "our Polars": selfvec.Vectors(WORDS, MATRIX, counts=np.arange(3)).to_polars(),
    "Polars, a column for each dimension": POLARS,
    "Polars, a column of lists": pl.DataFrame(
        {"token": WORDS, "embedding": MATRIX.tolist(), "rank": [1, 2, 3]}
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_its_words_and_numbers(name: str) -> None:
    vectors = as_vectors(TABLES[name])
    assert vectors.index_to_key == WORDS
    assert vectors.vectors.dtype == np.float32
    assert vectors.vectors.dtype.isnative
    assert np.array_equal(vectors.vectors, MATRIX)
    texts = ["hail broke the roof", "rain and storm broke a tree"] * 9
    run = selfvec.refine(texts, TABLES[name], "original")
    assert run.original is not None
    expected = selfvec.refine(texts, selfvec.Vectors(WORDS, MATRIX), "original")
    np.testing.assert_array_equal(run.vectors.vectors, expected.vectors.vectors)


def test_whole_numbers_are_a_matrix() -> None:
    assert as_vectors({"a": [1, 2], "b": [3, 4]}).vectors.dtype == np.float32
    assert as_vectors((["a"], np.array([[1, 2]], np.int8))).vectors.tolist() == [[1.0, 2.0]]
    assert as_vectors({"a": np.float16([1, 2])}).vectors.dtype == np.float16


NAN = MATRIX.copy()
NAN[1, 0] = np.nan
INF = MATRIX.copy()
INF[1, 1] = -np.inf

WRONG = {
    "object": ((WORDS, MATRIX.astype(object)), "a matrix of numbers, this is object"),
    "texts": ((WORDS, MATRIX.astype(str)), "a matrix of numbers, this is <U"),
    "complex": ((WORDS, MATRIX.astype(complex)), "a matrix of numbers, this is complex"),
    "lengths": ({"a": [1.0, 2.0], "b": [1.0]}, "'a' has 2, 'b' 1"),
    "repeated words": ((["a", "b", "a"], MATRIX), "'a' occurs twice"),
    "too few words": ((["a", "b"], MATRIX), "2 words need a matrix of as many rows"),
    "numbers as words": ({1: [1.0, 2.0]}, "words are texts, this is 1"),
    "no rows": (([], np.zeros((0, 2))), "there are no words"),
    "no vectors": (selfvec.Vectors([], np.zeros((0, 2), np.float32)), "there are no vectors"),
    "pandas without words": (pd.DataFrame(MATRIX), "words are texts, this is 0"),
    "pandas with other columns": (
        pd.DataFrame({"a": WORDS, "b": WORDS, "c": [1.0] * 3}),
        "words are|'a' holds",
    ),
    "Polars without words": (pl.DataFrame(MATRIX), "this one has 0"),
    "Polars with other columns": (POLARS.with_columns(day=pl.date(2020, 1, 1)), "'day' holds others"),
    "an array": (MATRIX, "a dict from words to arrays"),
    "a dict of texts": ({"hail": "rain"}, "a dict from words to arrays"),
    "NaN": (dict(zip(WORDS, NAN, strict=True)), "the one of 'rain' holds NaN or inf"),
    "NaN in a data frame": (pd.DataFrame(NAN, index=WORDS), "the one of 'rain' holds NaN or inf"),
    "inf in a pair": ((WORDS, INF), "the one of 'rain' holds NaN or inf"),
    "NaN in Vectors": (selfvec.Vectors(WORDS, NAN), "the one of 'rain' holds NaN or inf"),
    "beyond float32": ((WORDS, MATRIX.astype(float) * 1e300), "the one of 'hail' holds NaN or inf"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_table_is_refused_at_the_door(name: str) -> None:
    given, message = WRONG[name]
    with pytest.raises(InputError, match=message) as caught:
        as_vectors(given)
    assert caught.value.remedy
    if name != "an array":  # a sequence of vectors
        refused(lambda: selfvec.refine(["hail broke the roof"] * 9, given), InputError)


@pytest.mark.parametrize("ask", ["most_similar", "unit"])
def test_vectors_that_are_not_finite_answer_nothing(ask: str) -> None:
    vectors = selfvec.Vectors(WORDS, NAN)
    refused(
        lambda: vectors.most_similar("hail") if ask == "most_similar" else vectors.unit,
        OptionError,
        "'rain' holds NaN",
    )


def test_slots_of_gensim_without_a_word_are_left_out() -> None:
    keyed: Any = pytest.importorskip("gensim.models").KeyedVectors(2, count=4)
    keyed.add_vector("hail", [1, 2])
    keyed.add_vector("rain", [3, 4])
    vectors = as_vectors(keyed)
    assert vectors.index_to_key == ["hail", "rain"]
    assert vectors.vectors.tolist() == [[1, 2], [3, 4]]
    keyed.vectors[0, 0] = np.inf
    refused(
        lambda: selfvec.refine(["hail broke the roof"] * 9, keyed), OptionError, "'hail' holds NaN or inf"
    )
