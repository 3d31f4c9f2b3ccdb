"""Folders of spaCy's vectors, written here by hand with the hashes that spaCy gives to words."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from format_tables import SPACY_HASHES as HASHES
from format_tables import SPACY_ROWS as ROWS
from format_tables import SPACY_TABLE as TABLE
from format_tables import spacy_folder as folder
from tests.refusals import refused

from selfvec.base.errors import FormatError
from selfvec.storage.formats import load


@pytest.mark.parametrize("inside", ["", "vocab"])
def test_every_word_gets_its_row(inside: str, tmp_path: Path) -> None:
    folder(tmp_path / "x" / inside)
    vectors = load(tmp_path / "x")
    assert vectors.provenance["format"] == "spacy"
    assert set(vectors) == set(HASHES)
    for word, row in ROWS.items():
        np.testing.assert_array_equal(vectors[word], TABLE[row])
    assert len(load(tmp_path / "x", limit=2)) == 2


def test_words_without_a_string_are_counted(tmp_path: Path) -> None:
    vectors = load(folder(tmp_path / "x", {HASHES["hail"]: 3, 12345: 1, HASHES["storm"]: -1}))
    assert list(vectors) == ["hail"]
    assert vectors.provenance["notes"] == ["1 vectors are of words that strings.json does not have"]


def test_a_folder_without_most_of_its_strings_warns(tmp_path: Path) -> None:
    path = folder(tmp_path / "x", {HASHES["hail"]: 3, 12345: 1, 12346: 2})
    with pytest.warns(UserWarning, match="only 1 of 3 vectors have a word"):
        assert list(load(path)) == ["hail"]


def test_words_that_are_symbols_get_their_names_from_spacy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spaCy gives its symbols small numbers, which differ between versions; here it is a stand-in."""
    path = folder(tmp_path / "x", {HASHES["hail"]: 3, 90: 1, 91: 2, 12345: 1})
    monkeypatch.setitem(sys.modules, "spacy.symbols", None)
    vectors = load(path)
    assert list(vectors) == ["hail"]
    assert vectors.provenance["notes"] == [
        "1 vectors are of words that strings.json does not have",
        "2 vectors are of words that are symbols of spaCy, such as number or mark: left out; "
        "to read them run: pip install spacy",
    ]
    symbols = ModuleType("spacy.symbols")
    symbols.IDS = {"": 0, "number": 90, "mark": 91}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spacy", ModuleType("spacy"))
    monkeypatch.setitem(sys.modules, "spacy.symbols", symbols)
    vectors = load(path)
    assert set(vectors) == {"number", "mark", "hail"}
    np.testing.assert_array_equal(vectors["mark"], TABLE[2])


def test_all_words_of_a_vocabulary_of_spacy(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy", reason="the extra spacy is not installed")
    from spacy.symbols import IDS

    words = [*(word for word in IDS if word), "hail", "don't", "日本"]
    rows = np.random.default_rng(0).standard_normal((len(words), 4)).astype(np.float32)
    vocab = spacy.vocab.Vocab(vectors=spacy.vectors.Vectors(shape=rows.shape))
    for word, row in zip(words, rows, strict=True):
        vocab.set_vector(word, row)
    vocab.to_disk(tmp_path / "vocab")
    vectors = load(tmp_path / "vocab")
    assert set(vectors) == set(words)
    for word, row in zip(words, rows, strict=True):
        np.testing.assert_array_equal(vectors[word], row)
    assert not vectors.provenance["notes"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("key2row", b"", "MessagePack map"),
        ("key2row", b"\xde\xff\xff\xcf", "MessagePack map"),
        ("key2row", b"\x81\xa1a\x01", "byte 2 begins no integer"),
        ("key2row", b"\x81\x01\x09", "names rows beyond the 6 of vectors"),
        ("strings.json", b"{}", "not a list of words"),
        ("strings.json", b"[", "JSON"),
        ("vectors", b"x", "NumPy array"),
        ("vectors.cfg", b'{"mode": "floret"}', "vectors of floret.*save_vectors"),
    ],
)
def test_damaged_folders(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    path = folder(tmp_path / "x")
    (path / name).write_bytes(content)
    refused(lambda: load(path), FormatError, message)
    (path / "strings.json").unlink()
    refused(lambda: load(path), FormatError)
