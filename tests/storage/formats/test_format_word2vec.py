"""word2vec binary: the layout by hand, and gensim on the other side."""

import struct
from pathlib import Path

import numpy as np
import pytest
from format_tables import put
from tests.refusals import refused

from selfvec.base.errors import FormatError
from selfvec.storage.formats import load, save

gensim = pytest.importorskip("gensim.models")


ROW = struct.pack("<2f", 1.5, -2.0)
OTHER = struct.pack("<2f", 0.25, 1e-6)


@pytest.mark.parametrize(
    "content",
    [
        b"2 2\na " + ROW + b"\nb " + OTHER + b"\n",
        b"2 2\na " + ROW + b"b " + OTHER,
        b"2 2\r\na " + ROW + b"\nb " + OTHER + b"\r\n",
    ],
    ids=["as the C program", "as gensim", "CRLF"],
)
def test_layout(content: bytes, tmp_path: Path) -> None:
    vectors = load(put(tmp_path, content))
    assert vectors.provenance["format"] == "word2vec"
    assert vectors.index_to_key == ["a", "b"]
    assert vectors.vectors.tolist() == [[1.5, -2.0], [0.25, float(np.float32(1e-6))]]


def test_written_as_the_c_program_writes(tmp_path: Path) -> None:
    vectors = load(put(tmp_path, b"2 2\na " + ROW + b"b " + OTHER))
    save(vectors, tmp_path / "out.bin")
    assert (tmp_path / "out.bin").read_bytes() == b"2 2\na " + ROW + b"\nb " + OTHER + b"\n"


def test_numbers_that_happen_to_be_text_bytes(tmp_path: Path) -> None:
    numbers = b"AAAABBBB"  # 12.08 and 48.6: no control character tells this from text
    vectors = load(put(tmp_path, b"1 2\nword " + numbers))
    assert vectors.provenance["format"] == "word2vec"
    assert vectors.vectors.tobytes() == numbers


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"3 2\na " + ROW + b"b " + OTHER + b"\0\0\0\0\0\0\0\0\0\0",
            r"row 3 of 3 \(byte \d+\): no blank after the word",
        ),
        (b"2 2\na " + ROW + b"b " + OTHER[:-1], r"row 2 of 2 .*ends inside the numbers|2 rows of 2 numbers"),
        (b"1 2\na " + ROW + b"b " + OTHER, r"1 rows, more bytes follow"),
        (b"999999999999 300\na " + ROW, r"999999999999 rows of 300 numbers, the file is \d+ bytes"),
        (b"2 999999999999\na " + ROW, r"2 rows of 999999999999 numbers"),
        (b"0 2\n\0\0", r"0 rows of 2 numbers"),
        (
            b"2 2\na " + ROW + b" " + OTHER + b"\n" * 9,
            r"row 2 of 2 \(byte 14\): there is no word before the blank",
        ),
    ],
)
def test_an_error_names_the_row_and_the_byte(content: bytes, message: str, tmp_path: Path) -> None:
    refused(lambda: load(put(tmp_path, content), "word2vec"), FormatError, message)


PHRASES = {
    "phrases": ["New York", "hail", "San Francisco Bay", "a b", "ab cd1", "日本 語"],
    "numbers of three digits": [f"w {number}" for number in range(100, 300)],
    "one phrase at the end": ["hail", "rain", "New York"],
}


@pytest.mark.parametrize("newline", [b"", b"\n"], ids=["as gensim", "as the C program"])
@pytest.mark.parametrize("dimensions", [5, 50, 300])
@pytest.mark.parametrize("name", PHRASES)
def test_words_with_blanks_are_read(name: str, dimensions: int, newline: bytes, tmp_path: Path) -> None:
    words = PHRASES[name]
    matrix = np.random.default_rng(0).standard_normal((len(words), dimensions)).astype(np.float32)
    records = [
        word.encode() + b" " + row.tobytes() + newline for word, row in zip(words, matrix, strict=True)
    ]
    path = put(tmp_path, f"{len(words)} {dimensions}\n".encode() + b"".join(records))
    for errors in ("strict", "replace"):
        vectors = load(path, errors=errors)
        assert vectors.index_to_key == words
        assert np.array_equal(vectors.vectors, matrix)
    assert load(path, limit=2).index_to_key == words[:2]
    if not newline:
        keyed = gensim.KeyedVectors(dimensions)
        keyed.add_vectors(words, matrix)
        keyed.save_word2vec_format(tmp_path / "theirs", binary=True)
        assert (tmp_path / "theirs").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("newline", [b"", b"\n"], ids=["as gensim", "as the C program"])
@pytest.mark.parametrize("dimensions", [3, 5])
def test_few_numbers_after_words_with_blanks_are_read_or_refused(
    dimensions: int, newline: bytes, tmp_path: Path
) -> None:
    choice = np.random.default_rng(dimensions)
    names = ["hail", "New York", "of the", "United States of America", "a", "windows 10", "é", "ice storm"]
    refused = 0
    for _ in range(60):
        words = list(choice.permutation(names)[: choice.integers(2, 8)])
        matrix = choice.standard_normal((len(words), dimensions)).astype(np.float32)
        rows = zip(words, matrix, strict=True)
        records = [word.encode() + b" " + row.tobytes() + newline for word, row in rows]
        path = put(tmp_path, f"{len(words)} {dimensions}\n".encode() + b"".join(records))
        for errors in ("strict", "replace"):
            try:
                vectors = load(path, errors=errors)
            except FormatError as error:
                assert "replace" not in str(error)
                refused += 1
                continue
            assert vectors.index_to_key == words
            assert np.array_equal(vectors.vectors, matrix)
    assert refused <= 6


@pytest.mark.parametrize("errors", ["strict", "replace"])
@pytest.mark.parametrize("wrong", [19, 21, 24])
def test_no_numbers_are_read_from_a_wrong_place(wrong: int, errors: str, tmp_path: Path) -> None:
    matrix = np.random.default_rng(1).standard_normal((50, 20)).astype(np.float32)
    records = [f"w{number} ".encode() + row.tobytes() for number, row in enumerate(matrix)]
    path = put(tmp_path, f"50 {wrong}\n".encode() + b"".join(records))
    refused(lambda: load(path, errors=errors), FormatError)


def test_real_vectors_agree_with_gensim(shared_data: Path) -> None:
    path = shared_data / "vectors" / "googlenews-26k-300d.bin"
    ours, theirs = load(path), gensim.KeyedVectors.load_word2vec_format(path, binary=True)
    assert ours.index_to_key == theirs.index_to_key
    assert np.array_equal(ours.vectors, theirs.vectors)
