"""How the list of words of the built-in vectors `english` is made and written."""

import json
from pathlib import Path

import numpy as np

from benchmarks.listed_words import (
    ONE_TOKEN,
    SEVERAL_TOKENS,
    directions,
    made,
    rounded,
    words_of,
    write_listed,
)
from selfvec.encoders import as_sentence_encoder
from selfvec.numerics.rows import unit_rows
from selfvec.storage.formats.built_in import Listed, built_in, read_listed

WORDS = ["graupel", "storm", "x-ray"]
CODES = np.random.default_rng(0).integers(-9, 10, (3, 256)).astype(np.int8)


def test_a_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = {"sha256": "0", "sources": {"MiniLM": "Apache-2.0"}}
    listed = Listed(WORDS, CODES, np.ones(3, np.float16), record)
    for name in "ab":
        write_listed(listed, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    again = read_listed(tmp_path / "a")
    assert (again.words, again.provenance) == (WORDS, listed.provenance)
    assert np.array_equal(again.codes, CODES)
    assert np.array_equal(again.lengths, listed.lengths)


def test_the_encoder_is_turned_to_the_token_rows_and_added() -> None:
    sums = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], np.float32)
    of_one = np.ones(4, np.uint8)
    np.testing.assert_allclose(directions(sums, of_one, sums[:, ::-1]), sums, atol=1e-6)
    # The encoder takes the last word for one of the first kind, so that it is turned there by the weight.
    meanings = np.array([[0, 1, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]], np.float32)
    first, _, _, last = directions(sums, np.array([2, 2, 2, 1], np.uint8), meanings)
    np.testing.assert_allclose(last, unit_rows(np.array([[0.5 * 2, 5**0.5 + 0.5]]))[0], atol=1e-5)
    np.testing.assert_allclose(first, unit_rows(np.array([[5**0.5 + 2, 1]]))[0], atol=1e-5)


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

    words = built_in().index_to_key[:300]
    for name in "ab":
        write_listed(made(words, as_sentence_encoder(letters), {"SCOWL": "free"}), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    record = read_listed(tmp_path / "a").provenance
    assert record["words"] == 300
    assert record["sources"] == {"SCOWL": "free"}
    assert record["weights"] == [ONE_TOKEN, SEVERAL_TOKENS]
