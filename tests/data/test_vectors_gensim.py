"""`Vectors` answers as gensim's `KeyedVectors` of the same table."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.refusals import refused

from selfvec import Vectors
from selfvec.base.errors import FormatError, InputError

gensim = pytest.importorskip("gensim.models")

RNG = np.random.default_rng(1)
ODD = ["don't", "new_york", "日本", "C++", "é", "x,y", '"q"', "#", "Straße", "😀"]
WORDS = [*(f"w{i}" for i in range(40)), *ODD]
ROWS = RNG.standard_normal((50, 8)).astype(np.float32)
COUNTS = np.arange(50, 0, -1)
OURS = Vectors(WORDS, ROWS, counts=COUNTS)
RAW = ROWS[7] * 3  # not of length 1, which counts


def twin() -> Any:
    keyed = gensim.KeyedVectors(8)
    keyed.add_vectors(WORDS, ROWS)
    keyed.allocate_vecattrs(["count"], [np.int64])
    keyed.expandos["count"] = COUNTS.copy()
    return keyed


THEIRS = twin()


def test_rows_are_not_set() -> None:
    with pytest.raises(TypeError, match=r"make new ones: selfvec\.Vectors"):
        OURS["w1"] = ROWS[0]  # type: ignore[index]


def assert_equal(ours: Any, theirs: Any) -> None:
    """Equal names and, to rounding, equal numbers, at any depth."""
    if isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_equal(one, other)
    elif isinstance(theirs, str | int | np.integer | bool):
        assert ours == theirs
    else:
        assert_allclose(ours, theirs, atol=2e-6)


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("most_similar", {"positive": "w3"}),
        ("most_similar", {"positive": 3}),
        ("most_similar", {"positive": ["w3", "w4"], "negative": ["w5"], "topn": 5}),
        ("most_similar", {"positive": ["w3", RAW], "negative": RAW[::-1].copy()}),
        ("most_similar", {"positive": [("w3", 2.0), ("w8", 0.5), (4, 1.5), (RAW, 0.1), "w2"]}),
        ("most_similar", {"positive": "w1", "negative": [("w2", -0.7)]}),
        ("most_similar", {"positive": ROWS[:3]}),
        ("most_similar", {"positive": [ROWS[7]], "topn": 3}),
        ("most_similar", {"positive": ["w1"], "restrict_vocab": 10}),
        ("most_similar", {"negative": "w1"}),
        ("most_similar", {"positive": "w1", "topn": 0}),
        ("most_similar", {"positive": "w1", "topn": np.uint8(2)}),
        ("similarity", {"w1": "w1", "w2": "w2"}),
        ("similarity", {"w1": 3, "w2": 3}),
        ("distance", {"w1": "w1", "w2": 30}),
        ("doesnt_match", {"words": ["w1", "w2", "w3", "w9", "unknown"]}),
        ("get_mean_vector", {"keys": ["w1", 2, "unknown"]}),
        ("get_mean_vector", {"keys": ["w1", "w2"], "weights": [2, -0.5], "post_normalize": True}),
        ("get_mean_vector", {"keys": ["w1", RAW], "pre_normalize": False}),
        ("get_vector", {"key": "w9"}),
        ("get_vector", {"key": 9, "norm": True}),
        ("get_index", {"key": "w9"}),
        ("get_index", {"key": "unknown", "default": 7}),
        ("__contains__", {"key": "w1"}),
        ("__getitem__", {"key_or_keys": ["w3", 1]}),
        ("__getitem__", {"key_or_keys": 4}),
        ("__len__", {}),
    ],
)
@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`")  # by gensim itself
def test_every_method_answers_as_gensim(method: str, given: dict[str, Any]) -> None:
    if method.startswith("__"):  # only the parameters' names differ
        ours = getattr(OURS, method)(*given.values())
        theirs = getattr(THEIRS, method)(*given.values())
    else:
        ours, theirs = getattr(OURS, method)(**given), getattr(THEIRS, method)(**given)
    assert_equal(ours, theirs)


@pytest.mark.parametrize("kind", [{}, {"binary": True}, {"no_header": True}])
@pytest.mark.parametrize("limit", [None, 4])
@pytest.mark.filterwarnings("ignore:unclosed file")  # gensim leaves one open
def test_word2vec_files_go_to_gensim_and_back(
    kind: dict[str, bool], limit: int | None, tmp_path: Path
) -> None:
    path, header = tmp_path / "table", {"write_header": False} if "no_header" in kind else {}
    binary = kind.get("binary", False)
    OURS.save_word2vec_format(path, binary=binary, overwrite=True, **header)
    theirs = gensim.KeyedVectors.load_word2vec_format(path, limit=limit, **kind)
    assert theirs.index_to_key == WORDS[:limit]
    assert_array_equal(theirs.vectors, ROWS[:limit])
    THEIRS.save_word2vec_format(path, binary=binary, **header)
    ours = Vectors.load_word2vec_format(path, limit=limit, **kind)
    assert ours.index_to_key == WORDS[:limit]
    assert_array_equal(ours.vectors, ROWS[:limit])


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1 2\ncaf\xc3 1 2\n")
    refused(lambda: Vectors.load_word2vec_format(tmp_path / "a"), FormatError, "UTF-8")
    for errors in ("replace", "ignore"):
        ours, theirs = (
            kind.load_word2vec_format(tmp_path / "a", unicode_errors=errors)
            for kind in (Vectors, gensim.KeyedVectors)
        )
        assert ours.index_to_key == theirs.index_to_key


def test_gensims_object_and_back() -> None:
    theirs = OURS.to_gensim()
    assert_equal(theirs.most_similar("w3"), OURS.most_similar("w3"))
    back = Vectors.from_gensim(theirs)
    assert back.index_to_key == WORDS
    assert back.counts.tolist() == COUNTS.tolist()
    assert_array_equal(back.vectors, ROWS)


@pytest.mark.parametrize("ask", ["most_similar", "doesnt_match", "get_mean_vector"])
def test_nothing_asked_is_an_error(ask: str) -> None:
    refused(lambda: getattr(OURS, ask)([]), InputError)
