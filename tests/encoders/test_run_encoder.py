"""The encoder of a run: found where it was, not where it is gone, refused where it has changed."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.encoders.tiny_encoder import write_encoder
from tests.retrieval.word_sums import WordSums

import selfvec
from selfvec.base.errors import InputError
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.encoders.onnx_encoder import OnnxEncoder
from selfvec.encoders.run_encoder import encoder_of, passages_of, read_documents

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "encoder")


def run_of(encoder: OnnxEncoder | None) -> Run:
    vectors = Vectors(["hail"], np.ones((1, 1), np.float32), counts=np.ones(1, np.int64))
    if encoder is None:
        return Run(vectors, vectors)
    about = {"name": encoder.name, "path": encoder.name, "digest": encoder.digest, "dimensions": 3}
    return Run(vectors, vectors, provenance={"encoder": about})


def test_it_is_opened_where_the_run_says_it_is(folder: Path) -> None:
    found = encoder_of(run := run_of(OnnxEncoder(folder)))
    assert isinstance(found, OnnxEncoder)
    assert found.encode(["hail"]).shape == (1, 3)
    assert encoder_of(run) is found  # and is opened once
    assert encoder_of(run_of(None)) is None


def test_there_is_none_where_its_folder_is_gone(folder: Path) -> None:
    run = run_of(OnnxEncoder(folder))
    shutil.rmtree(folder)
    assert encoder_of(run) is None


def test_one_that_has_changed_is_refused(folder: Path) -> None:
    run = run_of(OnnxEncoder(folder))
    write_encoder(folder, settings={"1_Pooling/config.json": {"pooling_mode_cls_token": True}})
    with pytest.raises(InputError, match="the encoder has changed since the run was made"):
        encoder_of(run)


def test_a_long_document_is_encoded_in_passages() -> None:
    long = " ".join(f"Sentence {number} tells of hail and of rain." for number in range(100))
    found = list(passages_of(["Hail fell.", "", long]))
    assert found[:2] == ["Hail fell.", ""]
    assert len(found) > 4
    assert all(part in long for part in found[2:])


def test_a_long_text_is_read_as_the_mean_of_its_passages() -> None:
    """Ten sentences of fifty words are cut; a text of the run keeps the vector that it was encoded with."""
    encoder = WordSums()
    texts = ["hail broke the roof", "rain fell on the road", "wind took the roof of the school"] * 9
    run = selfvec.refine(texts, method="decorrelated", encoder=encoder)
    long = " ".join(f"{'hail' if i < 5 else 'rain'} " + "fell " * 48 + "here." for i in range(10))
    pieces = list(passages_of([long]))
    assert len(pieces) > 1
    rows = read_documents(run.present, [texts[0], long])
    assert rows is not None
    mean = encoder.encode(pieces).sum(axis=0)
    np.testing.assert_allclose(rows[1], mean / np.linalg.norm(mean), atol=2e-3)
    np.testing.assert_allclose(rows[0], encoder.encode([texts[0]])[0], atol=2e-3)


def test_transform_sets_the_encoders_vectors_beside_the_runs() -> None:
    texts = ["hail broke the roof", "rain fell on the road", "wind took the roof of the school"] * 9
    plain, taught = (
        selfvec.Refiner(method="decorrelated", encoder=encoder).fit(texts) for encoder in (None, WordSums())
    )
    before, rows = plain.transform(texts[:3]), taught.transform(texts[:3])
    assert rows.shape[1] == len(taught.get_feature_names_out()) > before.shape[1]
    np.testing.assert_allclose((rows**2).sum(axis=1), 1, atol=1e-5)
    read = WordSums().encode(texts[:3])
    np.testing.assert_allclose(rows[:, -read.shape[1] :] * np.sqrt(2), read, atol=2e-3)
