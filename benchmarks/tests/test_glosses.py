"""How the vectors `glosses` are made and written."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.glosses import (
    STEP,
    all_pieces,
    alone,
    cut_into,
    learned,
    passages,
    write_table,
)
from selfvec.encoders.given import as_sentence_encoder
from selfvec.numerics.rows import unit_rows
from selfvec.storage.formats.built_in import UNKNOWN, read_glosses

NUMBERS = "001 @ 00001930 n 0000"  # of other synsets
SYNSETS = {
    "noun": "  1 This software and database\n"
    f'00001740 03 n 02 storm 0 violent_storm 1 {NUMBERS} | a violent weather; "a storm of hail"  \n',
    "verb": "00001740 29 v 01 hail 0 000 01 + 00 00 | precipitate as small ice particles  \n",
    "adj": "00001740 00 a 01 galore(ip) 0 000 | in great numbers  \n",
    "adv": "",
}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """WordNet and the pieces of an encoder, in a folder."""
    for part, text in SYNSETS.items():
        (tmp_path / f"data.{part}").write_text(text, encoding="utf-8")
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "a": 3, "##il": 2, "ha": 4, "of": 5, ";": 6}
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
    return tmp_path


def test_a_passage_has_the_words_the_definition_and_the_examples_of_a_synset(sources: Path) -> None:
    assert list(passages(sources)) == [
        'storm, violent storm: a violent weather; "a storm of hail"',
        "hail: precipitate as small ice particles",
        "galore: in great numbers",
    ]


def test_pieces_are_those_of_the_encoder_and_words_that_occur_twice(sources: Path) -> None:
    pieces = all_pieces(sources, ["Storm, STORM; a wind of 10 to 10", "a café, a cafe"])
    assert pieces == [UNKNOWN, "##il", "a", "ha", "of", ";", "storm", "cafe"]
    cut = cut_into(pieces, ["A storm; ha", "Hail!", "wind of hail"])
    assert [pieces[n] for n in cut.ids] == ["a", "storm", "ha", "ha", "##il", "of", "ha", "##il"]
    assert cut.offsets.tolist() == [0, 3, 5, 8]


def letters(texts: list[str]) -> np.ndarray:
    """A sentence encoder that knows which letters a text has."""
    return np.array([[text.count(letter) + 0.1 for letter in "aehilmors"] for text in texts])


def test_sums_of_rows_come_near_the_encoders_vectors_of_passages() -> None:
    texts = ["storm hail", "hail mass", "more mass", "storm more", "a storm", "a mass", "less hail", "less a"]
    pieces = [UNKNOWN, *dict.fromkeys(" ".join(texts).split())]
    encoder = as_sentence_encoder(letters)
    student = learned(pieces, texts, encoder)
    assert not student.rows[0].any()
    wanted = encoder.encode(texts)
    wanted -= wanted.mean(axis=0)
    batch = cut_into(pieces, texts)
    sums = np.add.reduceat(student.weights[batch.ids, None] * student.rows[batch.ids], batch.offsets[:-1])
    cosines = np.einsum("ij,ij->i", unit_rows(sums), unit_rows(wanted))
    start = alone(pieces, encoder)
    before = np.add.reduceat(student.weights[batch.ids, None] * start[batch.ids], batch.offsets[:-1])
    assert cosines.mean() > np.einsum("ij,ij->i", unit_rows(before), unit_rows(wanted)).mean()
    assert cosines.min() > 0.8


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    pieces = [UNKNOWN, "storm", "graupel", "x", "##ray", "-"]
    rows = np.random.default_rng(0).standard_normal((6, 40)).astype(np.float32)
    rows[[0, 5]] = 0
    for name in "ab":
        write_table(pieces, rows, {"sources": {"WordNet": "free"}}, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    composer, words, places, record = read_glosses(tmp_path / "a")
    read = composer.rows[:]
    assert words == ["storm", "graupel", "x"]
    np.testing.assert_array_equal(read[places], composer(words))
    np.testing.assert_allclose(np.linalg.norm(read, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-3)
    np.testing.assert_allclose(unit_rows(read), unit_rows(rows), atol=STEP)
    np.testing.assert_allclose(composer(["Xray"])[0], read[3] + read[4], rtol=1e-6)
    assert (record["pieces"], record["sources"]) == (6, {"WordNet": "free"})
