"""Encoders in the space of a run's sentence encoder, which ask for its vectors of passages."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.encoders.tiny_encoder import write_encoder
from tests.encoders.toy import WordSums
from tests.refusals import refused
from tests.rows import normal_vectors, unit
from tokenizers import Tokenizer

import selfvec
from selfvec.base.errors import OptionError
from selfvec.data.run import Run
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.onnx_encoder import OnnxEncoder
from selfvec.files.tensors import map_tensors
from selfvec.lab.exporters import export
from selfvec.retrieval.encoder_part import RunStudent, student_of

TEXTS = [
    f"The {thing} {act} {place} on day {day}."
    for day, (thing, act, place) in enumerate(
        [
            ("hail", "broke the roof of", "the farm"),
            ("rain", "flooded", "the road"),
            ("hail", "fell on", "the village"),
            ("rain", "came through the roof of", "the school"),
            ("wind", "took the roof of", "the church"),
            ("snow", "closed", "the airport"),
        ]
        * 6
    )
]
# Words of the initial vectors, of which the texts have the last one only
GENERAL = ["avalanche", "blizzard", "hails", "an", "the"]
QUESTIONS = ["roofs", "Hail on the roof?", "rain, rain and hail", "Was there an avalanche at the farm?"]


def encoded_run(folder: Path, encoder: SentenceEncoder, **options: str) -> Run:
    """A saved run with an encoder and initial vectors in a file beside it."""
    words = sorted({*GENERAL, *(word for text in TEXTS for word in text.lower().strip(".").split())})
    start = folder / "initial.txt"
    selfvec.save(normal_vectors(words, 8), start, format="glove")
    selfvec.refine(TEXTS, start, "decorrelated", output=folder / "run", encoder=encoder, **options)
    return selfvec.open_run(folder / "run")


@pytest.fixture(scope="module")
def run(own: Path) -> Run:
    return encoded_run(own, WordSums())


def taught(run: Run, folder: Path) -> tuple[selfvec.Encoder, list[str]]:
    """The encoder of a run in the space of its sentence encoder, and what is left out."""
    done = export(run, "encoder", folder / "taught", rows="encoder")
    return selfvec.Encoder.open(folder / "taught"), done["left_out"]


def expected(student: RunStudent, stems: dict[str, int]) -> np.ndarray:
    """The direction of a question by the counts of its stems, stop words, and words that the run lacks."""
    # "the" stands 90 times and "on" 42 times in 36 texts: if anywhere, not in e^-90/36 and e^-42/36 of them
    holding = {word: 36 * (1 - np.exp(-number / 36)) for word, number in (("the", 90), ("on", 42), ("an", 0))}
    stop_words = {word: 0.5 * np.log(1 + (36.5 - texts) / (texts + 0.5)) for word, texts in holding.items()}
    total = np.zeros(student.student.rows.shape[1])
    for stem, count in stems.items():
        if stem in student.words and stem not in stop_words:
            place = student.words.index(stem)
            row, weight = student.student.rows[place], student.student.weights[place]
        else:
            row = student.unseen.lookup([stem])[0][0]
            weight = stop_words.get(stem, np.log(1 + (student.passages + 0.5) / 0.5))
        total += count * weight * row.astype(float)
    return unit(total)


def test_a_question_is_the_weighted_rows_of_its_words(run: Run, tmp_path: Path) -> None:
    encoder, _ = taught(run, tmp_path)
    student = student_of(run.present)
    by_hand = [
        {"roof": 1},
        {"hail": 1, "roof": 1, "on": 1, "the": 1},
        {"rain": 2, "hail": 1},
        {"avalanche": 1, "farm": 1, "the": 1, "an": 1},
    ]
    found = encoder.encode(QUESTIONS)
    for vector, stems in zip(found, by_hand, strict=True):
        assert_allclose(vector, expected(student, stems), atol=1e-5)
    assert encoder.dimensions == WordSums.dimensions


def test_words_of_a_stem_share_a_row_and_stop_words_have_their_own(run: Run, tmp_path: Path) -> None:
    encoder, left_out = taught(run, tmp_path)
    rows = dict(zip(encoder.words, encoder.places.tolist(), strict=True))
    assert rows["roof"] == rows["roofs"] != rows["hail"] == rows["hails"]  # not that of "hails" alone
    assert {"avalanche", "blizzard"} <= set(rows)
    assert {"the", "on", "an"} <= set(rows)
    assert "at" not in rows  # was not encoded
    assert Counter(encoder.words).most_common(1)[0][1] == 1
    assert left_out == []


def test_a_run_without_stop_words_gives_them_no_rows(tmp_path: Path) -> None:
    encoder, _ = taught(encoded_run(tmp_path, WordSums(), stop_words="en"), tmp_path)
    assert "avalanche" in encoder.words
    assert not {"the", "on", "an"} & set(encoder.words)


def test_without_the_initial_vectors_only_words_of_the_texts_are_known(tmp_path: Path) -> None:
    run = encoded_run(tmp_path, WordSums())
    (tmp_path / "initial.txt").unlink()
    encoder, (note,) = taught(run, tmp_path)
    assert "roofs" in encoder.words
    assert "avalanche" not in encoder.words
    assert "initial.txt" in note


def test_libraries_load_the_same_rows(run: Run, tmp_path: Path) -> None:
    model2vec = pytest.importorskip("model2vec")
    for to in ("encoder", "model2vec", "sentence-transformers"):
        export(run, to, tmp_path / to, rows="encoder")
    ours = selfvec.Encoder.open(tmp_path / "encoder").encode(QUESTIONS)
    model = model2vec.StaticModel.from_pretrained(str(tmp_path / "model2vec"))
    assert_allclose(model.encode(QUESTIONS), ours, atol=1e-5)
    folder = tmp_path / "sentence-transformers" / "0_StaticEmbedding"
    table = map_tensors(folder / "model.safetensors")["embedding.weight"]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    means = [table[found.ids].mean(axis=0) for found in tokenizer.encode_batch(QUESTIONS)]
    assert_allclose([unit(mean) for mean in means], ours, atol=1e-5)


def test_the_encoders_vectors_of_passages_are_asked_without_it(tmp_path: Path) -> None:
    model2vec = pytest.importorskip("model2vec")
    folder = write_encoder(tmp_path / "tiny")
    encoder = OnnxEncoder(folder, "tiny")
    run = encoded_run(tmp_path, encoder)
    passages = encoder.encode(TEXTS)
    export(run, "model2vec", tmp_path / "table", rows="encoder")
    shutil.rmtree(folder)
    questions = model2vec.StaticModel.from_pretrained(str(tmp_path / "table")).encode
    for question, good in (("roofs", "roof"), ("How much rain?", "rain")):
        first = np.argsort(-passages @ questions([question])[0])[:6]
        assert [good in TEXTS[number] for number in first] == [True] * 6, [TEXTS[n] for n in first]


def test_what_has_no_rows_of_an_encoder_is_refused(run: Run, tmp_path: Path) -> None:
    refused(
        lambda: export(run, "faiss", tmp_path / "store", rows="encoder"),
        OptionError,
        "model2vec, sentence-transformers",
    )
    refused(
        lambda: export(
            selfvec.refine(TEXTS, "none", "decorrelated"),
            "model2vec",
            tmp_path / "table",
            rows="encoder",
        ),
        OptionError,
        "refine with encoder",
    )
    assert not (tmp_path / "store").exists()
    assert not (tmp_path / "table").exists()
