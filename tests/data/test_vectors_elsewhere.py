"""`Vectors` with NumPy, pickle, subclasses and names of gensim."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
from tests.refusals import refused

from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors

ROWS = np.random.default_rng(0).standard_normal((2000, 16)).astype(np.float32)
WORDS = [f"w{number}" for number in range(2000)]


class Ours(Vectors):
    """As a user extends the class."""

    def first(self) -> str:
        return self.index_to_key[0]


@pytest.mark.parametrize("name", ["a.vec", "a.bin", "a.safetensors", "a.parquet"])
def test_a_subclass_loads_as_itself(name: str, tmp_path: Path) -> None:
    Ours(WORDS, ROWS).save(tmp_path / name)
    loaded = Ours.load(tmp_path / name)
    assert type(loaded) is Ours
    assert loaded.first() == "w0"
    assert type(Vectors.load(tmp_path / name)) is Vectors
    if name == "a.bin":
        assert type(Ours.load_word2vec_format(tmp_path / name, binary=True)) is Ours
        assert loaded.most_similar("w1") == Vectors.load(tmp_path / name).most_similar("w1")


def test_numpy_takes_the_matrix() -> None:
    vectors = Vectors(WORDS, ROWS)
    assert np.asarray(vectors) is ROWS or np.shares_memory(np.asarray(vectors), ROWS)
    assert np.asarray(vectors, np.float64).dtype == np.float64
    made = np.array(vectors)
    np.testing.assert_array_equal(made, ROWS)
    assert not np.shares_memory(made, ROWS)
    refused(lambda: np.array(vectors, np.float64, copy=False), ValueError, "copy")
    np.testing.assert_array_equal(np.vstack([vectors, vectors])[2000:], ROWS)


def test_lists_of_numbers_are_a_matrix() -> None:
    vectors = Vectors(["a", "b"], [[1, 0], [0.5, 2]])
    assert vectors.vectors.dtype == np.float32
    assert vectors.most_similar("a")[0][0] == "b"
    assert Vectors(["a", "b"], np.eye(2, dtype=np.int64)).vectors.dtype == np.float32
    for wrong in ([[1, 2], [3]], [["x", "y"], ["z", "w"]]):
        refused(lambda: Vectors(["a", "b"], wrong), InputError, "same number of dimensions")
    refused(lambda: Vectors(["a", "b"], [1.0, 2.0]), InputError, "a matrix of as many rows")


def test_a_pickle_is_as_large_before_as_after_a_question() -> None:
    vectors = Vectors(WORDS, ROWS, counts=np.arange(2000))
    before = pickle.dumps(vectors)
    expected = vectors.most_similar("w1")
    assert len(pickle.dumps(vectors)) == len(before) < ROWS.nbytes + 10 * len(WORDS) + 30_000
    for again in (pickle.loads(before), copy.copy(vectors), copy.deepcopy(vectors)):
        assert again.most_similar("w1") == expected
        assert again.key_to_index == vectors.key_to_index
    assert type(pickle.loads(pickle.dumps(Ours(WORDS, ROWS)))) is Ours


def test_names_of_gensim() -> None:
    vectors = Vectors(WORDS, ROWS, counts=np.arange(2000))
    assert vectors.get_vecattr("w3", "count") == 3
    refused(lambda: vectors.get_vecattr("w3", "colour"), KeyError, "no word attribute 'colour'")
    vectors.fill_norms(force=True)
    np.testing.assert_allclose(vectors.norms, np.linalg.norm(ROWS, axis=1), rtol=1e-6)
    cosines = Vectors.cosine_similarities(ROWS[0], ROWS[:9])
    np.testing.assert_allclose(cosines, vectors.unit[:9] @ vectors.unit[0], atol=1e-6)
    for name in ("add_vectors", "set_vecattr"):
        assert not hasattr(vectors, name)
        with pytest.raises(AttributeError, match=rf"{name}': vectors are immutable; .* to_gensim"):
            getattr(vectors, name)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("name", ["a.bin", "a.vec", "a.glove"])
def test_a_packed_name_gets_a_packed_file(name: str, suffix: str, tmp_path: Path) -> None:
    vectors, path = Vectors(WORDS, ROWS), tmp_path / (name + suffix)
    vectors.save(path)
    first = path.read_bytes()
    assert first[:2] == {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5"}[suffix]
    np.testing.assert_allclose(Vectors.load(path).vectors, ROWS, rtol=1e-6)
    path.unlink()
    vectors.save_word2vec_format(path, binary=name == "a.bin", write_header=name != "a.glove")
    assert path.read_bytes() == first
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    with pytest.raises(OptionError, match="safetensors cannot be written compressed"):
        vectors.save(tmp_path / f"b.safetensors{suffix}")
    if suffix == ".gz" and name != "a.glove":  # gensim leaves the file of no_header open
        keyed = pytest.importorskip("gensim.models").KeyedVectors
        theirs = keyed.load_word2vec_format(path, binary=name == "a.bin")
        np.testing.assert_allclose(theirs.vectors, ROWS, rtol=1e-6)
