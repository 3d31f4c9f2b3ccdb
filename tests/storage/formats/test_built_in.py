"""The vectors `glosses`, and `default`, which are `wordllama` and `glosses` as one."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import selfvec
from selfvec.data.vectors import Source, Vectors
from selfvec.files.compressed_files import zstd
from selfvec.files.tensors import map_tensors, read_metadata
from selfvec.numerics.rows import unit_rows
from selfvec.storage.formats.built_in import AXES
from selfvec.storage.formats.glosses import COLUMNS, GLOSSES, gloss_rows, gloss_words
from selfvec.storage.formats.subwords import SubwordRows


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return selfvec.load("glosses")


def test_the_file_says_what_it_was_made_from_and_holds_it(vectors: Vectors) -> None:
    tensors = map_tensors(GLOSSES)
    parts = [zstd.decompress(tensors[name].tobytes()) for name in ("pieces", "columns")]
    record = json.loads(read_metadata(GLOSSES)["provenance"])
    assert record["digest"] == hashlib.sha256(b"".join(parts)).hexdigest()
    assert record["pieces"] == len(tensors["lengths"])
    assert {"WordNet 3.0", "all-MiniLM-L6-v2"} < set(record["sources"])
    assert "WordNet 3.0 Copyright 2006" in GLOSSES.with_suffix(".NOTICE").read_text("utf-8")
    assert GLOSSES.stat().st_size < 20e6
    assert vectors.provenance["sources"] == record["sources"]


def test_a_word_is_known_or_the_sum_of_its_pieces_in_any_case(vectors: Vectors) -> None:
    added = vectors.index_to_key[-1]  # the encoder cuts it into pieces, so that it gives way to a text
    rows, sources, pieces = vectors.lookup_pieces(["storm", "thundersnowing", added])
    assert sources.tolist() == [Source.KNOWN, Source.SUBWORDS, Source.SUBWORDS]
    assert pieces[2] == 1
    composer = vectors.composer
    assert isinstance(composer, SubwordRows)
    names = composer.tokenizer.encode("thundersnowing", add_special_tokens=False).tokens
    assert len(names) == pieces[1] > 1
    ids = [composer.tokenizer.token_to_id(name) for name in names]
    assert_allclose(rows[1], composer.rows[ids].sum(axis=0), atol=1e-5)
    others = vectors.lookup(["Storm", "STORM", "Thundersnowing"])[0]
    assert_allclose(others, rows[[0, 0, 1]], rtol=1e-6)
    assert not vectors.lookup(["---", "\u13a0"])[0].any()  # signs, and a script that the encoder lacks


def test_the_rows_of_words_are_read_without_the_tokenizer(vectors: Vectors) -> None:
    known = vectors.lookup(vectors.index_to_key)[1] == Source.KNOWN
    assert list(gloss_words()) == [word for word, own in zip(vectors.index_to_key, known, strict=True) if own]
    words = ["storm", "zebra", "hail"]
    assert gloss_rows(words).tobytes() == vectors.lookup(words)[0].tobytes()
    assert gloss_rows(words).shape[1] == COLUMNS


def test_words_are_as_people_would_put_them(vectors: Vectors) -> None:
    # Nothing in their spelling says that these are alike, or that those are not.
    assert vectors.similarity("physician", "surgeon") > 0.5
    assert vectors.similarity("physician", "physics") < vectors.similarity("physician", "nurse")


def test_a_run_is_updated_by_the_name_of_its_vectors(here: Path, vectors: Vectors) -> None:
    texts = [f"The storm number {k} broke the windmill near the harbour." for k in range(40)]
    run = selfvec.refine(texts, "glosses", "decorrelated", output="run")
    assert run.provenance.vectors["name"] == "glosses"
    updated = selfvec.update("run", ["A windmill fell."])
    words = ["storm", "windmill", "fell"]
    rows = vectors.lookup(words)[0]
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert_allclose(updated.original.lookup(words)[0], unit, atol=1e-6)


def test_default_turns_unit_rows_of_both_tables_to_the_same_bits_alone_and_together() -> None:
    words = ["storm", "british", "thundersnowing", "\u0430\u0432\u0442\u043e", "---"]
    sides = [unit_rows(selfvec.load(name).lookup(words)[0]) for name in ("wordllama", "glosses")]
    default = selfvec.load("default")
    rows, sources, pieces = default.lookup_pieces(words)
    axes = np.load(AXES) / 2**11
    assert_allclose(axes.T @ axes, np.eye(256), atol=2e-3)
    assert_allclose(rows, np.hstack(sides) @ axes, atol=3e-3)
    assert sources.tolist() == [1, 2, 2, 1, 2]
    assert pieces[1] == 1  # only glosses have it whole
    assert all(np.array_equal(default.embed(word), row) for word, row in zip(words, rows, strict=True))
    assert_array_equal(rows * 2**23, np.rint(rows * 2**23))
