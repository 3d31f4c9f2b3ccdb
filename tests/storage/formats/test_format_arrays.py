"""NumPy, safetensors, Projector and Parquet: foreign files, and what is wrong with broken ones."""

import io
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from format_tables import WORDS, put, table
from numpy.testing import assert_array_equal
from tests.examples import soaked
from tests.refusals import refused

from selfvec.base.errors import FormatError
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import load, save

MATRIX = np.arange(6, dtype=np.float32).reshape(3, 2)


def npy(array: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def npy_header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def shaped(shape: str) -> bytes:
    """The header of an array of floats that says it has this shape."""
    return npy_header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}\n")


@pytest.mark.parametrize("name", ["a.vocabulary.txt", "a.vocab.txt", "vocabulary.txt", "vocab.txt"])
@pytest.mark.parametrize(
    "words",
    [
        *(b"x\ny\nz\n", b"x\ny\nz", b"x\r\ny\r\nz\r\n", b"x\r\ny\r\nz", b"x\r\ny\nz\r"),
        *(b"\xef\xbb\xbfx\ny\nz\n", b"\xef\xbb\xbfx\r\ny\r\nz\r\n"),
    ],
)
def test_npy_finds_its_words(name: str, words: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(words)
    vectors = load(put(tmp_path, npy(MATRIX), "a.npy"))
    assert vectors.index_to_key == ["x", "y", "z"]
    assert_array_equal(vectors.vectors, MATRIX)


@pytest.mark.parametrize(
    "array", [MATRIX.astype(">f4"), MATRIX.astype("f8"), MATRIX.astype("i1"), np.asfortranarray(MATRIX)]
)
def test_other_numbers_and_orders_become_float32_in_c_order(array: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "vocabulary.txt").write_text("x\ny\nz\n")
    vectors = load(put(tmp_path, npy(array), "a.npy"))
    assert vectors.vectors.dtype == np.float32
    assert vectors.vectors.flags.c_contiguous
    assert_array_equal(vectors.vectors, MATRIX)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(np.array([["a", 1]], dtype=object), allow_pickle=True), "pickled Python objects"),
        (npy(np.array(["a", "b"])), "a matrix of numbers"),
        (npy(np.zeros(3, np.float32)), "a matrix of numbers"),
        (npy(np.zeros((0, 3), np.float32)), "empty array"),
        (npy(MATRIX)[:-1], r"float32 of shape \(3, 2\), the file is \d+ bytes"),
        (npy(np.full((3, 2), 1e300)), "NaN or inf"),
        (shaped("(999999999999, 300), }"), "the file is"),
        (shaped("(-3, 2), }"), "is not a readable NumPy array"),
        (shaped("(" * 901), "not a readable"),
        (npy_header("__import__('os').system('false')\n"), "is not a readable NumPy array"),
        (b"\x93NUMPY", "is not a readable NumPy array"),
    ],
)
def test_broken_npy(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "vocabulary.txt").write_text("x\ny\nz\n")
    refused(lambda: load(put(tmp_path, content)), FormatError, message)


def test_npy_without_or_with_the_wrong_words(tmp_path: Path) -> None:
    path = put(tmp_path, npy(MATRIX), "a.npy")
    refused(lambda: load(path), FormatError, r"matrix without words; .*a\.vocabulary\.txt")
    (tmp_path / "a.vocabulary.txt").write_text("x\ny\n")
    refused(lambda: load(path), FormatError, r"a\.vocabulary\.txt: .* 2 for 3")


def test_the_safetensors_library_reads_what_is_written(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    save(Vectors(WORDS, table().vectors, counts=np.arange(len(WORDS))), tmp_path / "a.safetensors")
    theirs = load_file(tmp_path / "a.safetensors")
    assert_array_equal(theirs["vectors"], table().vectors)
    assert theirs["vocabulary"].tobytes().decode().splitlines() == WORDS
    assert theirs["counts"].tolist() == list(range(len(WORDS)))


def test_foreign_safetensors_with_words_beside_it(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"embedding.weight": MATRIX.astype(np.float64)}, tmp_path / "model.safetensors")
    refused(lambda: load(tmp_path / "model.safetensors"), FormatError, "matrix without words")
    (tmp_path / "vocab.txt").write_text("x\ny\nz\n")
    vectors = load(tmp_path / "model.safetensors")
    assert vectors.index_to_key == ["x", "y", "z"]
    assert_array_equal(vectors.vectors, MATRIX)


def tensor(folder: Path, kind: str, data: bytes) -> Path:
    """A file of a table of three rows of two numbers of some kind."""
    entry = {"dtype": kind, "shape": [3, 2], "data_offsets": [0, len(data)]}
    header = json.dumps({"embeddings": entry}).encode()
    return put(folder, len(header).to_bytes(8, "little") + header + data, "a.safetensors")


@pytest.mark.parametrize("kind", ["F64", "F32", "F16", "BF16"])
def test_every_kind_of_float_is_read(kind: str, tmp_path: Path) -> None:
    bits = {"F64": MATRIX.astype("<f8"), "F32": MATRIX, "F16": MATRIX.astype("<f2")}
    halves = (MATRIX.view(np.uint32) >> 16).astype("<u2")  # small whole numbers need no more bits
    path = tensor(tmp_path, kind, bits.get(kind, halves).tobytes())
    put(tmp_path, b"x\ny\nz\n", "a.vocabulary.txt")
    vectors = load(path)
    assert_array_equal(vectors.vectors, MATRIX)
    assert vectors.vectors.dtype == (np.float16 if kind == "F16" else np.float32)


def test_floats_of_eight_bits_are_refused_by_name(tmp_path: Path) -> None:
    path = tensor(tmp_path, "F8_E4M3", bytes(6))
    refused(lambda: load(path), FormatError, r"one of F64, .*BF16, this one is 'F8_E4M3'; convert it to F32")


def test_columns_of_the_wrong_length_are_an_error(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "a.safetensors"
    words = np.frombuffer(b"x\ny\nz\n", np.uint8)
    for column in (
        {"counts": np.arange(2)},
        {"counts": -np.arange(3)},
        {"counts": np.zeros(3)},
        {"sources": np.full(3, 9, np.uint8)},
    ):
        save_file({"vectors": MATRIX, "vocabulary": words, **column}, path)
        refused(lambda: load(path), FormatError, f"{next(iter(column))} are not 3 numbers")
    save_file({"a": MATRIX, "b": MATRIX, "vocabulary": words}, path)
    refused(lambda: load(path), FormatError, r"this file holds 2 \(")


def test_what_is_only_written_is_refused_by_its_name(tmp_path: Path) -> None:
    save(table(), tmp_path / "folder", "projector")
    for path in (tmp_path / "folder", tmp_path / "folder" / "vectors.tsv"):
        refused(lambda: load(path), FormatError, "is in the format projector, which is written but not read")
    numbers = np.loadtxt(tmp_path / "folder" / "vectors.tsv", np.float32, delimiter="\t")
    assert_array_equal(numbers, table().vectors)
    words = (tmp_path / "folder" / "metadata.tsv").read_text("utf-8")
    assert words.splitlines() == WORDS


@pytest.mark.parametrize(
    "columns",
    [
        {"word": ["x", "y", "z"], "vector": MATRIX},
        {"token": ["x", "y", "z"], "embedding": MATRIX.astype(float).tolist(), "rank": [1, 2, 3]},
    ],
    ids=["fixed-size lists", "lists and other columns"],
)
def test_parquet_as_others_write_it(columns: dict[str, Any], tmp_path: Path) -> None:
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet", compression="snappy")
    vectors = load(tmp_path / "a.parquet")
    assert vectors.index_to_key == ["x", "y", "z"]
    assert_array_equal(vectors.vectors, MATRIX)


BROKEN_PARQUET = [
    ({"word": ["x", "y"], "vector": [[1.0, 2.0], [1.0]]}, "not equally long"),
    ({"word": ["x", None], "vector": [[1.0], [2.0]]}, "'word' has 1 missing"),
    ({"word": ["x", "y"], "vector": [[1.0], [None]]}, "'vector' has missing values"),
    ({"word": ["x", "y"], "n": [1.0, 2.0]}, "0 columns that could be the vectors"),
    ({"a": ["x", "y"], "b": ["x", "y"], "vector": [[1.0], [2.0]]}, "2 columns that could be the words"),
]


@pytest.mark.parametrize(("columns", "message"), soaked(BROKEN_PARQUET, *BROKEN_PARQUET[1:3]))
def test_broken_parquet(columns: dict[str, Any], message: str, tmp_path: Path) -> None:
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(FormatError, match=message) as caught:
        load(tmp_path / "a.parquet")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (pickle.dumps({"a": 1}), "a Python or PyTorch pickle"),
        (pickle.dumps([1.0], protocol=0), "a Python or PyTorch pickle"),
        (b"\x7fELF" + bytes(99), "a program"),
        (b"%PDF-1.7\n", "is PDF"),
        (b"BZh9", "bzip2"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"# Title\n\nSome text.\n", "no known format; it begins with b'# Title"),
        (bytes(range(200, 256)) * 9, "no known format"),
    ],
)
def test_what_else_people_have_at_hand_is_named(content: bytes, what: str, tmp_path: Path) -> None:
    refused(lambda: load(put(tmp_path, content, "vectors.bin")), FormatError, what)


def test_zip_archives_are_told_apart(tmp_path: Path) -> None:
    for member, what in (("model/data.pkl", "PyTorch pickle"), ("a.txt", "is a zip archive")):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(member, b"x")
        refused(lambda: load(tmp_path / "a.zip"), FormatError, what)


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    refused(lambda: load(tmp_path / "nowhere"), FormatError, "does not exist")
    refused(lambda: load(tmp_path), FormatError, r"is an empty folder, not vectors; name a run")
    refused(lambda: load(tmp_path, "glove"), FormatError, "glove is a file, this is a folder")
    refused(lambda: load("/dev/null"), FormatError, "is not a regular file")
    put(tmp_path, b"\x80", "key2row")
    refused(lambda: load(tmp_path), FormatError, r"is a folder of spaCy, not vectors; .* nlp\.vocab")


PARQUET_BOMBS = {  # some kilobytes on disk
    "the same word": {"word": pl.Series(["h" * 10**6]).new_from_index(0, 300), "vector": [[1.0]] * 300},
    "the same row": {
        "word": [f"w{number}" for number in range(20_000)],
        "vector": pl.Series([[1.0] * 1000], dtype=pl.List(pl.Float32)).new_from_index(0, 20_000),
    },
}


@pytest.mark.parametrize("name", soaked(PARQUET_BOMBS, "the same row"))
def test_parquet_that_unpacks_to_too_much_is_refused_before_it_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame(PARQUET_BOMBS[name]).write_parquet(path)
    assert path.stat().st_size < 2e5
    asked = f"""
import resource
from selfvec.storage.formats import load
try:
    load({str(path)!r})
except ValueError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    said, peak = done.stdout.splitlines()
    assert "unpacks to more than 100 times its size, as no vectors do" in said
    assert int(peak) < 200_000  # kB


def test_parquet_is_read_for_its_words_and_vectors_alone(tmp_path: Path) -> None:
    notes = pl.Series(["n" * 10**6]).new_from_index(0, 300)
    words = [f"w{number}" for number in range(300)]
    frame = pl.DataFrame({"word": words, "vector": [[1.0, 2.0]] * 300, "note": notes})
    frame.write_parquet(tmp_path / "a.parquet")
    assert load(tmp_path / "a.parquet").index_to_key == words
