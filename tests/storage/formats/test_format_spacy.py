"""Folders of spaCy's vectors, written here by hand with the hashes that spaCy gives to words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from format_tables import SPACY_HASHES as HASHES
from format_tables import SPACY_ROWS as ROWS
from format_tables import SPACY_TABLE as TABLE
from format_tables import spacy_folder as folder

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


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("key2row", b"", "MessagePack map"),
        ("key2row", b"\xde\xff\xff\xcf", "MessagePack map"),
        ("key2row", b"\x81\xa1a\x01", "byte 2 begins no integer"),
        ("key2row", b"\x81\x01\x09", "names rows beyond the 6 of vectors"),
        ("strings.json", b"{}", "no list of words"),
        ("strings.json", b"[", "JSON"),
        ("vectors", b"x", "NumPy array"),
        ("vectors.cfg", b'{"mode": "floret"}', "vectors of floret.*save_vectors"),
    ],
)
def test_damaged_folders(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    path = folder(tmp_path / "x")
    (path / name).write_bytes(content)
    with pytest.raises(FormatError, match=message):
        load(path)
    (path / "strings.json").unlink()
    with pytest.raises(FormatError):
        load(path)
