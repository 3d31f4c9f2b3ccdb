"""Compressed tables: what is read back, and files whose arrays do not fit each other."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from tests.refusals import refused
from tests.rows import normal_vectors

from selfvec.base.errors import FormatError, OptionError
from selfvec.data.vectors import Source, Vectors
from selfvec.files.tensors import map_tensors
from selfvec.numerics.quantization import CODINGS, decode, encode
from selfvec.storage.formats import load, save
from selfvec.storage.formats.safetensors import packed_words, write_codes

WORDS = [f"wörd{i}" for i in range(9)] + ["new york", "hail"]


def table(width: int = 12) -> Vectors:
    return normal_vectors(WORDS, width)


def write(path: Path, change: dict[str, np.ndarray | None] | None = None, method: str = "pq") -> Path:
    """A file of nine rows and two mapped words, some of its arrays replaced or left out."""
    tensors = encode(table().vectors[:9], method, 4)
    tensors |= {"mapped": np.array([0, 8], np.uint32), "vocabulary": packed_words(table())}
    tensors = {name: array for name, array in (tensors | (change or {})).items() if array is not None}
    write_codes(path, tensors, method, {"options": {"stem": "de"}})
    return path


@pytest.mark.parametrize("method", CODINGS)
def test_rows_words_and_provenance_come_back(method: str, tmp_path: Path) -> None:
    found = load(write(tmp_path / "any name", method=method))
    assert found.index_to_key == WORDS
    np.testing.assert_array_equal(found.vectors[:9], decode(encode(table().vectors[:9], method, 4)))
    np.testing.assert_array_equal(found.vectors[9:], found.vectors[[0, 8]])  # two words share rows
    assert found.provenance["format"] == "compressed"
    assert found.provenance["options"] == {"stem": "de"}
    assert load(tmp_path / "any name", limit=10).index_to_key == WORDS[:10]


@pytest.mark.parametrize(("dtype", "most"), [("int8", 0.02), ("binary", 2.5)])
def test_convert_writes_codes_and_refuses_them_elsewhere(dtype: str, most: float, tmp_path: Path) -> None:
    before = table()
    before.vectors[3] = 0
    save(before, tmp_path / "small.safetensors", dtype=dtype)
    after = load(tmp_path / "small.safetensors")
    assert np.abs(after.vectors - before.vectors).max() <= most
    assert (after.vectors[3] == 0).all()
    assert after.sources[3] == Source.NONE
    refused(
        lambda: save(before, tmp_path / "small.npy", dtype=dtype),
        OptionError,
        rf"does not hold {dtype}; .*binary with safetensors",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"vocabulary": None},
        {"codebooks": None},
        {"codebooks": np.zeros((255, 12), np.float16)},
        {"codebooks": np.zeros((256, 3), np.float16)},  # fewer columns than codes
        {"codes": np.zeros((9, 4), np.int8)},
        {"codes": np.zeros(9, np.uint8)},
        {"mapped": np.array([0, 9], np.uint32)},  # there are rows 0 to 8
        {"mapped": np.array([[0, 1]], np.uint32)},
        {"empty": np.array([-1], np.int32)},
        {"vectors": np.zeros((9, 4), np.float32)},
        {"signs": np.zeros((9, 2), np.uint8)},
        {"mapped": np.array([1], np.uint32)},  # 11 words for 10 rows
        {"vocabulary": np.array([*packed_words(table())[:9], *b"\a" * 99])},
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict[str, np.ndarray | None], tmp_path: Path) -> None:
    refused(
        lambda: load(write(tmp_path / "bad", change)),
        FormatError,
        r"arrays do not fit each other|the tensor .* this one (is|does not)|11 words for 10 rows"
        "|readable compressed file",
    )


def test_a_small_file_is_not_unpacked_to_a_huge_table(tmp_path: Path) -> None:
    width = 20_000
    codes = {"codes": np.zeros((40_000, 1), np.uint8), "codebooks": np.zeros((256, width), np.float16)}
    small = Vectors(WORDS, np.zeros((len(WORDS), 1), np.float32))
    write_codes(tmp_path / "bomb", codes | {"vocabulary": packed_words(small)}, "pq")
    given = sum(array.nbytes for array in map_tensors(tmp_path / "bomb").values())
    assert 4 * 40_000 * width > 200 * given
    tracemalloc.start()
    try:
        refused(lambda: load(tmp_path / "bomb"), FormatError, "unpacks to more than 256 times")
        assert tracemalloc.get_traced_memory()[1] < 30e6
    finally:
        tracemalloc.stop()
