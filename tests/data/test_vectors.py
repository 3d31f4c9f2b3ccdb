"""`Vectors`: gensim's answers, NumPy's and Python's manners, and OOV that is never silently zero."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.refusals import refused
from tests.rows import normal_rows

from selfvec import Vectors
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Source
from selfvec.numerics.rows import top_indices, unit_rows

RNG = np.random.default_rng(1)
WORDS = [f"w{i}" for i in range(50)]
ROWS = RNG.standard_normal((50, 8)).astype(np.float32)
VECTORS = Vectors(WORDS, ROWS)


def test_lookup_by_word() -> None:
    assert len(VECTORS) == 50
    assert "w3" in VECTORS
    assert "x" not in VECTORS
    assert_array_equal(VECTORS["w3"], ROWS[3])
    assert_array_equal(VECTORS[["w3", "w1"]], ROWS[[3, 1]])
    assert_array_equal(VECTORS[2:9:3], ROWS[2:9:3])
    assert_array_equal(VECTORS[np.array([4, 1])], ROWS[[4, 1]])
    assert list(VECTORS) == WORDS
    assert not VECTORS["w3"].flags.writeable
    assert VECTORS.get("x") is None
    assert VECTORS.embed("x") is None
    refused(lambda: VECTORS["x"], KeyError, "'x'")
    refused(lambda: VECTORS.most_similar("x"), KeyError)
    refused(lambda: VECTORS.most_similar(), InputError)


def test_composed_words_are_marked() -> None:
    def compose(words):
        return np.array([[len(word) if word.isalpha() else 0, 0] for word in words], np.float32)

    vectors = Vectors(["a"], np.array([[3, 4]], np.float32), composer=compose)
    rows, sources = vectors.lookup(["a", "abc", "??"])
    assert_array_equal(rows, [[3, 4], [3, 0], [0, 0]])
    assert sources.tolist() == [Source.KNOWN, Source.SUBWORDS, Source.NONE]
    assert vectors.embed("??") is None
    _, sources = vectors.lookup(["abc"], compose=False)
    assert sources.tolist() == [Source.NONE]


def test_unit_rows_leave_empty_rows_empty() -> None:
    rows = unit_rows(np.array([[3, 4], [0, 0]], np.float16))
    assert rows.dtype == np.float32
    assert_allclose(rows, [[0.6, 0.8], [0, 0]])


def test_equal_scores_keep_their_order() -> None:
    assert top_indices(np.array([1.0, 3, 3, 2, 3]), 3) == [1, 2, 4]
    assert top_indices(np.array([1.0]), 5) == [0]
    assert top_indices(np.array([1.0]), 0) == []


def test_casing_is_told_from_the_words() -> None:
    assert not VECTORS.cased
    assert Vectors(["a", "Anna"], np.zeros((2, 2), np.float32)).cased


MANY = normal_rows(2000, 16)
NAMES = [f"w{number}" for number in range(2000)]


WRITES = """
import sys
from selfvec import Vectors
Vectors(["a"], [[1, 0]]).save(sys.argv[1])
print(len(Vectors.load(sys.argv[1])))
"""


def test_vectors_alone_write_and_read_files(tmp_path: Path) -> None:
    """Nothing else of Selfvec is imported in the process."""
    command = [sys.executable, "-c", WRITES, str(tmp_path / "a.vec")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr


class Ours(Vectors):
    """As a user extends the class."""

    def first(self) -> str:
        return self.index_to_key[0]


@pytest.mark.parametrize("name", ["a.vec", "a.bin", "a.safetensors", "a.parquet"])
def test_a_subclass_loads_as_itself(name: str, tmp_path: Path) -> None:
    Ours(NAMES, MANY).save(tmp_path / name)
    loaded = Ours.load(tmp_path / name)
    assert type(loaded) is Ours
    assert loaded.first() == "w0"
    assert type(Vectors.load(tmp_path / name)) is Vectors
    if name == "a.bin":
        assert type(Ours.load_word2vec_format(tmp_path / name, binary=True)) is Ours
        assert loaded.most_similar("w1") == Vectors.load(tmp_path / name).most_similar("w1")


def test_numpy_takes_the_matrix() -> None:
    vectors = Vectors(NAMES, MANY)
    assert np.asarray(vectors) is MANY or np.shares_memory(np.asarray(vectors), MANY)
    assert np.asarray(vectors, np.float64).dtype == np.float64
    made = np.array(vectors)
    assert_array_equal(made, MANY)
    assert not np.shares_memory(made, MANY)
    refused(lambda: np.array(vectors, np.float64, copy=False), ValueError, "copy")
    assert_array_equal(np.vstack([vectors, vectors])[2000:], MANY)


def test_lists_of_numbers_are_a_matrix() -> None:
    vectors = Vectors(["a", "b"], [[1, 0], [0.5, 2]])
    assert vectors.vectors.dtype == np.float32
    assert vectors.most_similar("a")[0][0] == "b"
    assert Vectors(["a", "b"], np.eye(2, dtype=np.int64)).vectors.dtype == np.float32
    for wrong in ([[1, 2], [3]], [["x", "y"], ["z", "w"]]):
        refused(lambda: Vectors(["a", "b"], wrong), InputError, "same number of dimensions")
    refused(lambda: Vectors(["a", "b"], [1.0, 2.0]), InputError, "a matrix of as many rows")


def test_a_pickle_is_as_large_before_as_after_a_question() -> None:
    vectors = Vectors(NAMES, MANY, counts=np.arange(2000))
    before = pickle.dumps(vectors)
    expected = vectors.most_similar("w1")
    assert len(pickle.dumps(vectors)) == len(before) < MANY.nbytes + 10 * len(NAMES) + 30_000
    for again in (pickle.loads(before), copy.copy(vectors), copy.deepcopy(vectors)):
        assert again.most_similar("w1") == expected
        assert again.key_to_index == vectors.key_to_index
    assert type(pickle.loads(pickle.dumps(Ours(NAMES, MANY)))) is Ours


def test_names_of_gensim() -> None:
    vectors = Vectors(NAMES, MANY, counts=np.arange(2000))
    for name in ("add_vectors", "rank"):
        assert not hasattr(vectors, name)
        refused(
            lambda: getattr(vectors, name),
            AttributeError,
            rf"{name}': vectors are immutable and have .* to_gensim",
        )


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("name", ["a.bin", "a.vec", "a.glove"])
def test_a_packed_name_gets_a_packed_file(name: str, suffix: str, tmp_path: Path) -> None:
    vectors, path = Vectors(NAMES, MANY), tmp_path / (name + suffix)
    vectors.save(path)
    first = path.read_bytes()
    assert first[:2] == {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5"}[suffix]
    assert_allclose(Vectors.load(path).vectors, MANY, rtol=1e-6)
    path.unlink()
    vectors.save_word2vec_format(path, binary=name == "a.bin", write_header=name != "a.glove")
    assert path.read_bytes() == first
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    refused(
        lambda: vectors.save(tmp_path / f"b.safetensors{suffix}"),
        OptionError,
        "safetensors cannot be written compressed",
    )
    if suffix == ".gz" and name != "a.glove":  # gensim leaves the file of no_header open
        keyed = pytest.importorskip("gensim.models").KeyedVectors
        theirs = keyed.load_word2vec_format(path, binary=name == "a.bin")
        assert_allclose(theirs.vectors, MANY, rtol=1e-6)
