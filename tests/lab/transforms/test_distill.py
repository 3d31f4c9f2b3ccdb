"""``vectors distill``: words alone, words in texts and the student, as tables to start from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from tests.commands import ran
from tests.encoders.tiny_encoder import write_encoder
from tests.refusals import refused

import selfvec
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.data.vectors import Source, Vectors
from selfvec.encoders.given import as_sentence_encoder
from selfvec.encoders.student import learn
from selfvec.lab.transforms.distill import TextWords, alone, in_texts
from selfvec.lab.transforms.written import figures_of
from selfvec.refinement.common_space import centred

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

TEXTS = ["hail on a roof", "rain and hail", "a roof", "rain on a roof and rain", "hail", "rain, rain"]


@pytest.fixture(scope="module")
def folder(own: Path) -> Path:
    return write_encoder(own)


def distilled(encoder: Any, texts: list[str] = TEXTS, **options: Any) -> Vectors:
    return selfvec.distill(encoder, selfvec.Corpus.from_texts(texts), **options)


def test_each_way_is_that_of_the_encoders_room(folder: Path) -> None:
    encoder, words = as_sentence_encoder(folder), TextWords.of(TEXTS)
    one, uses = (make(encoder, words) for make in (alone, in_texts))
    assert_array_equal(distilled(folder, from_="words").vectors, one)
    assert_array_equal(distilled(folder, from_="states").vectors, uses)
    priors = {"words": one, "words and states": centred(one + uses)}
    student = learn(words.batch, encoder.encode(TEXTS), priors)
    made = distilled(folder)
    assert_array_equal(made.vectors, student.rows)
    assert made.index_to_key == list(words.batch.types)
    assert made.counts.tolist() == words.batch.counts.tolist()


def test_a_long_text_is_read_in_passages(folder: Path) -> None:
    long = "Hail broke a roof. " * 100
    words = distilled(folder, [long], from_="words")
    assert set(words) == {"hail", "broke", "a", "roof"}
    seen: list[str] = []

    def reading(texts: list[str]) -> Any:
        seen.extend(texts)
        return np.ones((len(texts), 2)) * [[len(text), 1] for text in texts]

    distilled(reading, [long, "A short text."])
    read = [text for text in seen if len(text.split()) > 2]
    assert "A short text." in read
    assert max(len(text.split()) for text in read) == 200
    assert sum(len(text.split()) for text in read) >= 403


def test_a_word_that_the_encoder_gives_nothing_for_has_no_vector() -> None:
    made = distilled(lambda texts: [[text.count("a"), text.count("i")] for text in texts], from_="words")
    known = dict(zip(made.index_to_key, made.sources.tolist(), strict=True))
    assert (known["hail"], known["on"]) == (Source.KNOWN, Source.NONE)


@pytest.mark.parametrize("way", ["student", "states", "words"])
def test_a_distilled_table_is_one_that_refine_starts_from(way: str, folder: Path, tmp_path: Path) -> None:
    text, made, run = tmp_path / "text.txt", tmp_path / "distilled.safetensors", tmp_path / "run"
    text.write_text("\n".join(TEXTS * 5), "utf-8")
    report = figures_of(selfvec.distill(folder, text, from_=way, min_count=11, output=made)).as_dict()
    assert (report["from"], report["passages"], report["words"], report["dimensions"]) == (way, 30, 4, 3)
    assert ("explained" in report) == (way == "student")
    ran(["refine", text, "-o", run, "--vectors", made, "--method", "decorrelated"])
    assert selfvec.open_run(run).vectors.vector_size == 3


def test_what_cannot_be(tmp_path: Path, plane: Vectors) -> None:
    refused(lambda: distilled(plane), InputError, "no sentence encoder")
    refused(lambda: distilled(tmp_path / "none"), FormatError, "not the folder of a sentence encoder")
    wrong = "not the states of their pieces"
    refused(lambda: distilled(lambda texts: [[1, 2]] * len(texts), from_="states"), OptionError, wrong)
