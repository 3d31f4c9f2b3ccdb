"""The built-in vectors: `default`, and `english` with its list of words."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

import selfvec
from selfvec.data.vectors import Source
from selfvec.numerics.rows import unit_rows
from selfvec.storage.formats.built_in import LISTED, Listed, built_in, read_listed

PLAIN = built_in()
WORDS = ["graupel", "storm", "x-ray"]
CODES = np.random.default_rng(0).integers(-9, 10, (3, 256)).astype(np.int8)
LIST = Listed(WORDS, CODES, np.array([2, 0.5, 4], np.float16), {"sha256": "0"})


def test_listed_words_have_the_rows_of_the_list_in_any_case() -> None:
    vectors = built_in(LIST)
    rows, sources, pieces = vectors.lookup_pieces(["graupel", "storm", "x-ray"])
    directions = unit_rows(CODES)
    np.testing.assert_allclose(rows, directions * [[2], [0.5], [4]], atol=1e-5)
    assert sources.tolist() == [Source.KNOWN] * 3
    assert pieces.tolist() == [1, 1, 1]
    assert vectors.index_to_key == [*PLAIN.index_to_key, "graupel", "x-ray"]
    assert vectors.similarity("graupel", "x-ray") == pytest.approx(directions[0] @ directions[2], abs=1e-5)
    assert built_in(LIST, 10).index_to_key == PLAIN.index_to_key[:10]
    capitals = vectors.lookup(["Graupel", "STORM", "X-ray"])[0]
    np.testing.assert_allclose(capitals, rows, rtol=1e-6)


def test_other_words_are_as_without_the_list() -> None:
    vectors = built_in(LIST)
    words = ["pickle", "hailstones", "café", "日本"]
    assert np.array_equal(vectors.lookup(words)[0], PLAIN.lookup(words)[0])
    others = [word for word in PLAIN.index_to_key if word not in WORDS]
    assert np.array_equal(vectors.lookup(others)[0], PLAIN.lookup(others)[0])
    assert vectors.provenance["listed"] == "0"


def test_english_has_the_words_of_its_file() -> None:
    listed = read_listed(LISTED)
    digest = hashlib.sha256("\n".join(listed.words).encode() + listed.codes.tobytes()).hexdigest()
    assert len(listed.words) == listed.provenance["words"] == 47_008
    assert digest == listed.provenance["sha256"]
    english = selfvec.load("english")
    assert english.provenance["path"] == "english"
    assert set(listed.words) <= set(english.index_to_key)
    rows, _ = PLAIN.lookup(listed.words[:2000])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), listed.lengths[:2000], rtol=1e-3)
    # Nothing in their spelling says that these are alike.
    assert english.similarity("physician", "surgeon") > 0.5


def test_a_run_of_english_is_updated_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts = [f"The storm number {k} broke the windmill near the harbour." for k in range(40)]
    run = selfvec.refine(texts, "english", output="run", method="decorrelated")
    assert run.provenance.vectors["name"] == "english"
    updated = selfvec.update("run", ["A windmill fell."])
    english = selfvec.load("english")
    words = ["storm", "windmill", "fell"]
    original = updated.original.lookup(words)[0]
    np.testing.assert_allclose(original, unit_rows(english.lookup(words)[0]), atol=1e-6)
