"""word2vec binary: the layout by hand, and gensim on the other side."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from format_tables import put

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
    with pytest.raises(FormatError, match=message):
        load(put(tmp_path, content), "word2vec")


def test_real_vectors_agree_with_gensim(shared_data: Path) -> None:
    path = shared_data / "vectors" / "googlenews-26k-300d.bin"
    ours, theirs = load(path), gensim.KeyedVectors.load_word2vec_format(path, binary=True)
    assert ours.index_to_key == theirs.index_to_key
    assert np.array_equal(ours.vectors, theirs.vectors)
