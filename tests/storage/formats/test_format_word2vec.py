"""word2vec and fastText binaries: the layouts by hand, and gensim on the other side."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from format_tables import FASTTEXT_WORDS, put
from format_tables import fasttext_model as model
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from tests.examples import TIMES
from tests.refusals import refused
from tests.rows import normal_rows

from selfvec.base.errors import FormatError
from selfvec.data.vectors import Source
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


@pytest.mark.parametrize("errors", ["strict", "replace"])
@pytest.mark.parametrize("newline", [b"", b"\n"], ids=["as gensim", "as the C program"])
@pytest.mark.parametrize("dimensions", [3, 50, 300])
def test_words_with_blanks_are_refused(dimensions: int, newline: bytes, errors: str, tmp_path: Path) -> None:
    words = ["hail", "New York", "San Francisco Bay", "rain", "日本 語"]
    matrix = normal_rows(len(words), dimensions)
    rows = zip(words, matrix, strict=True)
    records = [word.encode() + b" " + row.tobytes() + newline for word, row in rows]
    path = put(tmp_path, f"{len(words)} {dimensions}\n".encode() + b"".join(records))
    refused(lambda: load(path, errors=errors), FormatError)


@pytest.mark.parametrize("errors", ["strict", "replace"])
@pytest.mark.parametrize("wrong", [19, 21, 24])
def test_no_numbers_are_read_from_a_wrong_place(wrong: int, errors: str, tmp_path: Path) -> None:
    matrix = normal_rows(50, 20, 1)
    records = [f"w{number} ".encode() + row.tobytes() for number, row in enumerate(matrix)]
    path = put(tmp_path, f"50 {wrong}\n".encode() + b"".join(records))
    refused(lambda: load(path, errors=errors), FormatError)


def test_real_vectors_agree_with_gensim(shared_data: Path) -> None:
    path = shared_data / "vectors" / "googlenews-26k-300d.bin"
    ours, theirs = load(path), gensim.KeyedVectors.load_word2vec_format(path, binary=True)
    assert ours.index_to_key == theirs.index_to_key
    assert_array_equal(ours.vectors, theirs.vectors)


D, BUCKET, WORDS = 3, 50, FASTTEXT_WORDS


def random_table(rows: int = len(WORDS) + BUCKET) -> np.ndarray:
    return normal_rows(rows, D, 1)


def expected_hash(ngram: bytes) -> int:
    """32-bit FNV-1a, except that bytes are widened as signed ones."""
    value = 2166136261
    for byte in ngram:
        value ^= byte if byte < 128 else byte | 0xFFFFFF00
        value = value * 16777619 % 2**32
    return value


def expected_rows(word: str, shortest: int, longest: int, words: Sequence[str] = WORDS) -> list[int]:
    """Rows that make up a word: its own, then those of its n-grams by start, then length."""
    rows = [words.index(word)] if word in words else []
    marked = f"<{word}>"
    for start in range(len(marked)) if word != "</s>" else ():
        for length in range(max(1, shortest), longest + 1):
            ngram = marked[start : start + length]
            if len(ngram) == length and ngram not in ("<", ">"):
                rows.append(len(words) + expected_hash(ngram.encode()) % BUCKET)
    return rows


@pytest.mark.parametrize("ngrams", [(3, 6), (1, 2), (2, 2), (5, 5), (0, 1)])
def test_vectors_are_means_of_rows_in_fasttexts_order(ngrams: tuple[int, int], tmp_path: Path) -> None:
    table = random_table()
    vectors = load(put(tmp_path, model(table, ngrams=ngrams)))
    assert vectors.index_to_key == WORDS
    asked = [*WORDS, "tornadoes", "日本", "ÜBER", "x", "", "😀😀"]
    found, sources = vectors.lookup(asked)
    for word, row, source in zip(asked, found, sources, strict=True):
        rows = expected_rows(word, *ngrams)
        total = np.zeros(D, np.float32)
        for index in rows:
            total += table[index]
        mean = total * np.float32(1 / len(rows)) if rows else total
        assert row.tolist() == mean.tolist(), word
        assert source == (Source.KNOWN if word in WORDS else Source.SUBWORDS if rows else Source.NONE)


@settings(max_examples=40 * TIMES)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=4))
def test_any_text_is_composed_as_expected(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    table = random_table()
    vectors = load(put(tmp_path_factory.mktemp("m"), model(table)))
    for word, row in zip(words, vectors.composer(words), strict=True):
        rows = [index for index in expected_rows(word, 3, 6) if index >= len(WORDS)]
        expected = table[rows].sum(axis=0) / max(1, len(rows))
        assert np.allclose(row, expected, atol=1e-5)


def test_a_model_gensim_saves_gives_gensims_vectors(tmp_path: Path) -> None:
    fasttext = pytest.importorskip("gensim.models.fasttext")
    sentences = [["storm", "thunderstorm", "hail"], ["größe", "日本語", "wind", "storm"]] * 20
    theirs = fasttext.FastText(
        sentences, vector_size=12, min_count=1, bucket=300, epochs=2, workers=1, seed=3
    )
    path = tmp_path / "gensim.bin"
    fasttext.save_facebook_model(theirs, str(path))
    ours = load(path)
    assert ours.index_to_key == theirs.wv.index_to_key
    assert np.allclose(ours.vectors, theirs.wv.vectors, atol=1e-6)
    asked = ["thunder", "größer", "日本", "stormy"]
    assert np.allclose(ours.lookup(asked)[0], [theirs.wv[word] for word in asked], atol=1e-6)


@pytest.mark.parametrize("options", [{"bucket": 0, "ngrams": (0, 0)}, {"version": 11, "kind": 3}])
def test_without_ngrams_there_is_no_composer(options: dict, tmp_path: Path) -> None:
    """Early classifiers have none, whatever they say."""
    vectors = load(put(tmp_path, model(random_table(), **options)))
    assert vectors.composer is None
    assert_array_equal(vectors.vectors, random_table()[: len(WORDS)])


def test_labels_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    vectors = load(put(tmp_path, model(random_table(), kind=3, labels=[b"__label__a", b"__label__b"])))
    assert vectors.index_to_key == WORDS
    assert vectors.provenance["notes"] == ["2 labels left out"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (model(random_table(), quantised=True), r"quantised fastText model \(\.ftz\)"),
        (model(random_table(9)), r"6 words and 50 buckets need as many rows, the matrix has 9"),
        (model(random_table(), version=13), r"version 13"),
        (model(random_table(), ngrams=(3, 10**6)), r"n-grams of 1000000"),
        (model(random_table(), words=[b"a", b"", b"b"]), r"entry 2 of 3 \(byte \d+\) is not a word"),
        (model(random_table(), words=[b"a", b"b", b"a"]), r"'a' in row 1 and again in row 3"),
        (model(random_table(), words=[b"a", b"b\xff"]), r"word 2 is not"),
        (model(random_table(), words=[]), r"holds no vectors"),
        (model(random_table() * np.float32(np.nan)), r"NaN"),
    ],
)
def test_broken_models(content: bytes, message: str, tmp_path: Path) -> None:
    refused(lambda: load(put(tmp_path, content)), FormatError, message)


def test_absurd_sizes_are_held_against_the_file(tmp_path: Path) -> None:
    good = bytearray(model(random_table()))
    for offset in (8, 40, 48, 64, 68):  # dimensions, buckets, longest n-gram, entries, words
        bad = bytearray(good)
        bad[offset : offset + 4] = struct.pack("<i", 2**31 - 1)
        refused(lambda: load(put(tmp_path, bytes(bad))), FormatError)
    matrix = good.index(struct.pack("<?qq", False, len(random_table()), D))
    good[matrix + 1 : matrix + 9] = struct.pack("<q", 2**60)
    refused(lambda: load(put(tmp_path, bytes(good))), FormatError, "ends inside the matrix")


@pytest.mark.parametrize("options", [{"floret": 1}, {"version": 11}])
def test_an_early_model_and_one_of_floret_in_fasttexts_mode_are_read(options: dict, tmp_path: Path) -> None:
    table = random_table()
    plain = load(put(tmp_path, model(table)))
    other = load(put(tmp_path, model(table, **options), "other"))
    assert other.provenance["format"] == "fasttext"
    assert_array_equal(other.vectors, plain.vectors)
    assert_array_equal(other.lookup(["unseen"])[0], plain.lookup(["unseen"])[0])


def test_a_model_of_floret_is_named(tmp_path: Path) -> None:
    refused(
        lambda: load(put(tmp_path, model(random_table(), floret=2))),
        FormatError,
        r"is a floret model.*save_vectors",
    )
