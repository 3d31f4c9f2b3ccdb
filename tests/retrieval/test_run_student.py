"""The student of a run: what it learns from, where it is kept, and words that the text lacks."""

import shutil
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.encoders.toy import WordSums
from tests.retrieval.word_sums import encoded, passages_of

from selfvec.data.run import Run
from selfvec.encoders.encoded_texts import encoded_texts_of
from selfvec.encoders.student import learn
from selfvec.numerics.rows import unit_rows
from selfvec.retrieval.documents import gather
from selfvec.retrieval.encoder_part import WORDS, student_of
from selfvec.storage.run_folder import open_run
from selfvec.text.preprocessing import Preprocessing, encode_texts, merge_stems
from selfvec.text.rules import stems


def test_it_learns_from_the_passages_and_begins_at_the_words(encoded_run: Run) -> None:
    student = student_of(encoded_run)
    passages = passages_of(encoded_run)
    encoder = WordSums()
    preprocessing = Preprocessing.of(encoded_run.provenance).by_words
    batch = merge_stems(encode_texts(passages, preprocessing), preprocessing)
    words = encoded_run.vectors.index_to_key
    alone = encoder.encode(words).astype(np.float16).astype(np.float32)
    centred = unit_rows(alone - alone.mean(axis=0))
    counts = encoded_run.vectors.counts + 1
    prior = np.zeros((len(batch.types), 6))
    for stem, row, count in zip(stems(words, "en"), centred, counts, strict=True):
        if stem in batch.types:
            prior[batch.types.index(stem)] += row * count
    teacher = encoder.encode(passages).astype(np.float16)
    expected = learn(batch, teacher, {WORDS: unit_rows(prior)})
    places = [student.words.index(word) for word in batch.types]
    assert_allclose(student.student.rows[places], expected.rows, atol=2e-3)
    assert_allclose(student.student.weights[places], expected.weights, rtol=1e-6)
    assert_allclose(student.student.mean, expected.mean, atol=1e-6)
    assert student.passages == len(passages)
    assert student.student.scale == pytest.approx(expected.scale, rel=1e-4)
    assert (student.student.ridge, student.student.prior) == (expected.ridge, expected.prior)


def test_a_word_that_the_text_lacks_is_where_it_would_begin(encoded_run: Run) -> None:
    student = student_of(encoded_run)
    kept = encoded_texts_of(encoded_run)
    alone, found = kept.lookup(["avalanche", "unheard"])
    assert found.tolist() == [True, False]
    words = kept.lookup(encoded_run.vectors.index_to_key)[0]
    away = alone[0] - words.mean(axis=0)
    expected = student.student.scale * away / np.linalg.norm(away)
    assert {"hail", "the"} <= set(encoded_run.vectors.index_to_key)
    rows, known = student.unseen.lookup(["avalanche", "Seoul", "unheard", "hail", "the"])
    assert known.tolist() == [True, True, False, False, True]  # passages are read without stop words
    assert_allclose(rows[0], expected, atol=1e-3)  # float16
    (place,) = student.unseen.find(["avalanche"])
    assert student.unseen_weights[place] == pytest.approx(np.log(1 + (student.passages + 0.5) / 0.5))


def test_it_is_learned_once_and_read_from_the_cache(tmp_path: Path, encoded_run: Run) -> None:
    shutil.copytree(encoded_run.folder, tmp_path / "run", ignore=shutil.ignore_patterns("cache"))
    first = student_of(open_run(tmp_path / "run"))
    (kept,) = (tmp_path / "run" / "cache").glob("student-*")
    changed = (kept / "student.safetensors").stat().st_mtime_ns
    again = student_of(open_run(tmp_path / "run"))
    assert (kept / "student.safetensors").stat().st_mtime_ns == changed
    assert (first.words, first.passages) == (again.words, again.passages)
    assert_array_equal(first.unseen.rows, again.unseen.rows)
    for one, other in zip(astuple(first.student), astuple(again.student), strict=True):
        assert_array_equal(one, other)


def test_without_an_encoder_or_an_encoded_passage_there_is_none(storm_run: Run) -> None:
    assert student_of(storm_run) is None
    words = encoded(storm_run.vectors.index_to_key)
    assert student_of(storm_run.present.replace(parts={"encoded": words}, folder=None)) is None


def test_vectors_of_documents_without_those_of_words_are_enough(storm_run: Run) -> None:
    texts = list(gather(storm_run).texts)  # long ones as a whole, too
    student = student_of(storm_run.present.replace(parts={"encoded": encoded(texts)}, folder=None))
    assert (student.passages, student.student.prior) == (len(texts), "none")
    assert np.isfinite(student.student.rows).all()
