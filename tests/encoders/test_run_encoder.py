"""The encoder of a run: found where it was, refused where it has changed; its general words are kept."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.encoders.tiny_encoder import write_encoder
from tests.encoders.toy import Toy, WordSums
from tests.refusals import refused

import selfvec
from selfvec.base.errors import InputError
from selfvec.data.run import Run
from selfvec.encoders.encoded_texts import encoded_texts_of
from selfvec.encoders.onnx_encoder import OnnxEncoder
from selfvec.encoders.run_encoder import encoder_of, passages_of, read_documents
from selfvec.refinement.teacher import keep_words, kept_words

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "encoder")


def run_of(encoder: OnnxEncoder | None) -> Run:
    vectors = selfvec.Vectors(["hail"], np.ones((1, 1), np.float32), counts=np.ones(1, np.int64))
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


def test_one_that_has_changed_is_refused(folder: Path) -> None:
    run = run_of(OnnxEncoder(folder))
    write_encoder(folder, settings={"1_Pooling/config.json": {"pooling_mode_cls_token": True}})
    refused(lambda: encoder_of(run), InputError, "the encoder has changed since the run was made")


def test_a_long_text_is_read_as_the_mean_of_its_passages() -> None:
    """Ten sentences of fifty words are cut; a text of the run keeps the vector that it was encoded with."""
    encoder = WordSums()
    texts = ["hail broke the roof", "rain fell on the road", "wind took the roof of the school"] * 9
    run = selfvec.refine(texts, method="decorrelated", encoder=encoder)
    long = " ".join(f"{'hail' if i < 5 else 'rain'} " + "fell " * 48 + "here." for i in range(10))
    pieces = list(passages_of([long]))
    assert len(pieces) > 1
    rows = read_documents(run.present, [texts[0], long])
    mean = encoder.encode(pieces).sum(axis=0)
    assert_allclose(rows[1], mean / np.linalg.norm(mean), atol=2e-3)
    assert_allclose(rows[0], encoder.encode([texts[0]])[0], atol=2e-3)


def test_with_lets_go_of_all_but_an_encoder_that_nothing_makes_again() -> None:
    with selfvec.refine(["hail fell", "it rained"], "none", "original", encoder=WordSums()) as run:
        run.warm()
    assert len(run.present.derived) == 1
    assert encoder_of(run.present) is not None


def test_transform_sets_the_encoders_vectors_beside_the_runs() -> None:
    texts = ["hail broke the roof", "rain fell on the road", "wind took the roof of the school"] * 9
    plain, taught = (
        selfvec.Refiner(method="decorrelated", encoder=encoder).fit(texts) for encoder in (None, WordSums())
    )
    before, rows = plain.transform(texts[:3]), taught.transform(texts[:3])
    assert rows.shape[1] == len(taught.get_feature_names_out()) > before.shape[1]
    assert_allclose((rows**2).sum(axis=1), 1, atol=1e-5)
    read = WordSums().encode(texts[:3])
    assert_allclose(rows[:, -read.shape[1] :] * np.sqrt(2), read, atol=2e-3)


WORDS = ["the", "roof", "barn", "hail", "tree"]
TEXTS = ["hail broke the roof", "wind broke a tree"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELFVEC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "encoded-words"


def refined(encoder: Toy) -> selfvec.Run:
    table = selfvec.Vectors(WORDS, np.eye(len(WORDS), 6, dtype=np.float32))
    return selfvec.refine(TEXTS, table, "decorrelated", encoder=encoder, jobs=1)


def test_the_next_run_does_not_encode_them_again(cache: Path) -> None:
    first, second, third = Toy(), Toy(), Toy(digest="b" * 64)
    runs = [refined(encoder) for encoder in (first, second, third)]
    assert set(first.encoded) == {*TEXTS, *WORDS, "broke", "wind", "a"}
    assert set(second.encoded) == {*TEXTS, "broke", "wind", "a"}
    assert set(third.encoded) == set(first.encoded)  # of another encoder
    one, two, _ = map(encoded_texts_of, [run.present for run in runs])
    assert_array_equal(one.hashes, two.hashes)
    assert_array_equal(one.rows, two.rows)
    assert len(list(cache.iterdir())) == 2


def test_what_is_damaged_is_made_again(cache: Path) -> None:
    refined(Toy())
    (file,) = cache.rglob("*.safetensors")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    again, after = Toy(), Toy()
    refined(again)
    assert set(WORDS) <= set(again.encoded)
    refined(after)
    assert "barn" not in after.encoded


def test_few_encoders_are_kept_and_a_full_disk_does_not_matter(cache: Path) -> None:
    for number in range(10):
        encoder = Toy(digest=f"{number:064x}")
        keep_words(encoder, WORDS, encoded_texts_of(refined(encoder).present))
    assert len(list(cache.iterdir())) == 8
    newest = Toy(digest=f"{9:064x}")
    assert len(kept_words(newest, WORDS)) == len(WORDS)
    assert not len(kept_words(newest, WORDS[1:]))
    assert not len(kept_words(Toy(digest=""), WORDS))
    cache.rename(cache.with_name("gone"))
    cache.write_text("a file in its place")
    assert encoded_texts_of(refined(newest).present).lookup(WORDS)[1].all()
