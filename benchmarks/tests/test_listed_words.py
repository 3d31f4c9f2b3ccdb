"""The built-in vectors with a list of words: directions, lengths, the file, and how it is made."""

import json
from pathlib import Path

import numpy as np

from benchmarks import listed_words
from benchmarks.listed_words import (
    Listed,
    directions,
    laid_over,
    made,
    read_listed,
    rounded,
    words_of,
    write_listed,
)
from selfvec.data.vectors import Source
from selfvec.encoders import as_sentence_encoder
from selfvec.numerics.rows import unit_rows
from selfvec.storage.formats.built_in import load_default

PLAIN = load_default()
WORDS = ["graupel", "storm", "x-ray"]
CODES = np.random.default_rng(0).integers(-9, 10, (3, 256)).astype(np.int8)


def test_listed_words_have_the_direction_of_the_list_and_the_length_of_their_tokens() -> None:
    vectors = laid_over(Listed(WORDS, CODES, {"sha256": "0"}))
    given = ["Graupel", "storm", "X-ray"]
    rows, sources, pieces = vectors.lookup_pieces(given)
    plain, plain_sources, plain_pieces = PLAIN.lookup_pieces(given)
    np.testing.assert_allclose(unit_rows(rows), unit_rows(CODES), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), np.linalg.norm(plain, axis=1), rtol=1e-5)
    assert sources.tolist() == plain_sources.tolist() == [Source.SUBWORDS, Source.KNOWN, Source.SUBWORDS]
    assert pieces.tolist() == plain_pieces.tolist()


def test_other_words_are_as_without_the_list() -> None:
    vectors = laid_over(Listed(WORDS, CODES, {"sha256": "0"}))
    words = ["pickle", "hailstones", "café", "日本"]
    assert vectors.index_to_key == PLAIN.index_to_key
    assert np.array_equal(vectors.lookup(words)[0], PLAIN.lookup(words)[0])
    others = [word for word in PLAIN.index_to_key if word not in WORDS]
    assert np.array_equal(vectors.lookup(others)[0], PLAIN.lookup(others)[0])
    assert vectors.provenance["listed"] == "0"


def test_a_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    listed = Listed(WORDS, CODES, {"sha256": "0", "sources": {"MiniLM": "Apache-2.0"}})
    for name in "ab":
        write_listed(listed, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    again = read_listed(tmp_path / "a")
    assert (again.words, again.provenance) == (WORDS, listed.provenance)
    assert np.array_equal(again.codes, CODES)


def test_the_encoder_is_turned_to_the_token_rows_and_added() -> None:
    sums = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], np.float32)
    np.testing.assert_allclose(directions(sums, sums[:, ::-1]), sums, atol=1e-6)
    # The encoder takes the last word for one of the first kind, so that it is turned there by the weight.
    meanings = np.array([[0, 1, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]], np.float32)
    first, _, _, last = directions(sums, meanings, 0.5)
    np.testing.assert_allclose(last, unit_rows(np.array([[0.5 * 2, 5**0.5 + 0.5]]))[0], atol=1e-5)
    np.testing.assert_allclose(first, unit_rows(np.array([[5**0.5 + 1, 0.5]]))[0], atol=1e-5)


def test_numbers_are_rounded_to_steps() -> None:
    assert rounded(np.array([[0.05, -0.031, 9.0, 0.009]], np.float32)).tolist() == [[2, -2, 127, 0]]


def test_words_are_those_of_the_encoder_and_of_the_dictionary(tmp_path: Path) -> None:
    files = {
        "english-words.35": "storm\nzebra\nzebra's\nx-ray\n",
        "english-upper.10": "London\ncafé\n",
        "american-words.50": "rare\n",
        "variant_1-words.10": "variant\n",
        "special-hacker.10": "foobar\n",
    }
    scowl = tmp_path / "scowl"
    scowl.mkdir()
    for name, text in files.items():
        (scowl / name).write_text(text, encoding="latin-1")
    vocabulary = {"[PAD]": 0, "rain": 2, "##ing": 3, "a": 1, "1990": 4, "storm": 5}
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
    assert words_of(tmp_path, scowl) == ["a", "rain", "storm", "london", "x-ray", "zebra"]


def test_the_same_sources_make_the_same_list(tmp_path: Path) -> None:
    def letters(texts: list[str]) -> np.ndarray:
        return np.array([[text.count(letter) + 0.1 for letter in "aeiost"] for text in texts])

    words = PLAIN.index_to_key[:300]
    for name in "ab":
        write_listed(made(words, as_sentence_encoder(letters), {"SCOWL": "free"}), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    record = read_listed(tmp_path / "a").provenance
    assert record["words"] == 300
    assert record["sources"] == {"SCOWL": "free"}
    assert record["weight"] == listed_words.WEIGHT
