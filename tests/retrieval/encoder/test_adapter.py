"""Laws of the map from new question vectors to old ones, and what is measured of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal
from tests.refusals import refused
from tests.retrieval.encoder import reports

from selfvec.base.errors import FormatError, InputError
from selfvec.files.tensors import write_tensors
from selfvec.numerics.rows import unit_rows
from selfvec.retrieval.encoder import Adapter, Encoder
from selfvec.retrieval.encoder.adapter import Loss, fit_and_measure, measure

D = 24


def texts(number: int = 240) -> list[str]:
    """Every text has words of its own, so that it can be found."""
    return [
        f"{text} Report {i} of county{i % 60} and town{i % 7}{i % 11}."
        for i, text in enumerate(_texts(number))
    ]


def _texts(number: int) -> list[str]:
    return (reports.texts() * (number // 240 + 1))[:number]


@pytest.fixture(scope="module")
def old() -> Encoder:
    return Encoder.of(reports.refined(texts()))


def rotated(encoder: Encoder, seed: int = 1) -> Encoder:
    """The same encoder with other axes."""
    turn, _ = np.linalg.qr(default_rng(seed).standard_normal((encoder.dimensions,) * 2))
    return replace(encoder, rows=(encoder.rows @ turn).astype(np.float32))


def test_a_map_is_a_rotation_whatever_it_is_fitted_on() -> None:
    new, old = default_rng(0).standard_normal((2, 50, D)).astype(np.float32)
    matrix = Adapter.fit(new, old).matrix
    assert_allclose(matrix @ matrix.T, np.eye(D), atol=1e-5)


@pytest.mark.parametrize("source", ["texts", "words", "both"])
def test_a_rotation_is_found_again(old: Encoder, source: str) -> None:
    new = rotated(old)
    words = replace(old, words=[f"{word}_" for word in old.words]) if source == "texts" else old
    if source == "texts":  # no word is shared
        adapter = Adapter.fit(new.encode(texts()), old.encode(texts()))
        refused(lambda: Adapter.between(new, words), InputError, "no common word")
    else:
        adapter = Adapter.between(new, old, texts() if source == "both" else ())
    assert_allclose(adapter.transform(new.encode(texts())), old.encode(texts()), atol=1e-4)


def test_a_rotated_table_keeps_all_recall(old: Encoder) -> None:
    adapter, loss = fit_and_measure(rotated(old), old, texts())
    assert loss.questions == loss.texts == 60
    assert loss.new_new == loss.new_old == loss.old_old
    assert loss.kept == loss.low == loss.high == loss.nearest_kept == 1
    assert loss.unmapped < loss.new_new
    assert adapter.about == {"shared_words": len(set(old.places.tolist())), "texts": 180, "power": 0.0}
    assert json.dumps(loss.as_dict())


def test_collapsed_vectors_are_sharpened() -> None:
    """Random texts; in the old space a few directions are five times as long."""
    rng = default_rng(0)
    words = [f"word{i}" for i in range(400)]
    rows = rng.standard_normal((400, D)).astype(np.float32)
    stretched = rows * np.where(np.arange(D) < 4, 5, 1).astype(np.float32)
    places = np.arange(400, dtype=np.int32)
    new, old = rotated(Encoder(words, places, rows)), Encoder(words, places, stretched)
    found = [" ".join(words[i] for i in rng.integers(400, size=12)) for _ in range(3000)]
    adapter, turn = Adapter.between(new, old, found), Adapter.fit(new.encode(found), old.encode(found))
    assert adapter.about["power"] > 0
    sharp, plain = (measure(one, new, old, found[:750]).nearest_kept for one in (adapter, turn))
    assert sharp > plain + 0.02
    assert Adapter.between(rotated(new, 2), new, found).about["power"] == 0


def test_folding_is_transforming(old: Encoder) -> None:
    new = rotated(old)
    adapter = Adapter.between(new, old, texts()[:30])
    folded = adapter.fold(new)
    found = [*texts()[:40], "", "unknown words"]
    assert_allclose(folded.encode(found), adapter.transform(new.encode(found)), atol=1e-5)
    assert folded.about["mapped"] == adapter.about
    narrow = replace(new, rows=new.rows[:, :5])
    refused(lambda: adapter.fold(narrow), InputError, f"needs {new.dimensions} dimensions, the encoder has 5")


@pytest.mark.parametrize(("a", "b"), [(5, 9), (9, 5)])
def test_dimensions_may_differ(a: int, b: int) -> None:
    rng = default_rng(0)
    low = unit_rows(rng.standard_normal((200, 5)))
    axes, _ = np.linalg.qr(rng.standard_normal((9, 5)))
    wide = (low @ axes.T).astype(np.float32)
    new, old = (low, wide) if a == 5 else (wide, low)
    adapter = Adapter.fit(new, old)
    assert adapter.matrix.shape == (a, b)
    assert_allclose(adapter.transform(new), old, atol=1e-5)
    assert_array_equal(adapter.transform(np.zeros((1, a), np.float32)), np.zeros((1, b)))


def test_a_saved_map_is_the_same(old: Encoder, tmp_path: Path) -> None:
    adapter = replace(Adapter.between(rotated(old), old), about={"from": "a", "recall": {"kept": 0.98}})
    for _ in range(2):  # an existing file is replaced
        adapter.save(tmp_path / "map.safetensors", overwrite=True)
    again = Adapter.load(tmp_path / "map.safetensors")
    assert_array_equal(again.matrix, adapter.matrix)
    assert again.about == adapter.about
    assert [file.name for file in tmp_path.iterdir()] == ["map.safetensors"]


@pytest.mark.parametrize(
    ("tensors", "described"),
    [
        ({"other": np.zeros((2, 2), np.float32)}, "{}"),
        ({"matrix": np.zeros(4, np.float32)}, "{}"),
        ({"matrix": np.zeros((2, 2))}, "{}"),
        ({"matrix": np.full((2, 2), np.nan, np.float32)}, "{}"),
        ({"matrix": np.zeros((2, 2), np.float32)}, "[]"),
        ({"matrix": np.zeros((2, 2), np.float32)}, "{"),
    ],
)
def test_a_file_without_a_map_is_refused(tensors, described: str, tmp_path: Path) -> None:
    write_tensors(tmp_path / "map", tensors, {"selfvec": described})
    refused(
        lambda: Adapter.load(tmp_path / "map"),
        FormatError,
        r"map: .*(matrix|map of vectors).*; make it again",
    )
    refused(lambda: Adapter.load(tmp_path / "none"), InputError, "no such file")


def test_few_texts_are_not_measured(old: Encoder) -> None:
    adapter = Adapter.between(old, old)
    assert measure(adapter, old, old, texts()[:19]) == Loss(19, 19)
    assert measure(adapter, old, old, ["hail"] * 100) == Loss(0, 0)  # nothing can be cut from one word


def test_a_measurement_depends_on_its_seed_only(old: Encoder) -> None:
    new = Encoder.of(reports.refined(texts()[:150]))
    first, again, other = (fit_and_measure(new, old, texts(), seed)[1] for seed in (0, 0, 1))
    assert first == again != other
    assert first.low <= first.kept <= first.high
