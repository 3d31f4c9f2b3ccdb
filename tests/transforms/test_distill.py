"""`transform --by distill` and `--by model2vec`: tables that learn from an encoder's vectors of texts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import selfvec
from selfvec.apps.cli import main
from selfvec.base.errors import InputError, OptionError
from selfvec.corpus import Corpus
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.transforms import transform
from selfvec.transforms.distill import NEGATIVES, AdamStep, loss_gradient, x2static, zipf_weighted

TEXTS = ["The hail broke a roof.", "Storms in été, storms-a windy road", "a storm."]


def batch_of(texts: list[list[int]], types: list[str]) -> TokenBatch:
    offsets = np.cumsum([0, *map(len, texts)])
    return TokenBatch(np.concatenate(texts).astype(np.int32), offsets, types)


def test_words_point_to_the_texts_that_hold_them() -> None:
    """Two kinds of text with opposite teachers; "the" is in both."""
    rng = np.random.default_rng(0)
    texts = [[0, *(rng.integers(1, 4, 5) + 3 * (i % 2)).tolist()] for i in range(60)]
    teacher = np.tile(np.eye(2, 3, dtype=np.float32), (30, 1))
    batch = batch_of(texts, ["the", "hail", "storm", "wind", "tax", "bank", "loan"])
    rows, loss = x2static(batch, teacher, passes=600)
    assert rows.dtype == np.float32
    scores = rows @ np.eye(3, 2, dtype=np.float32)
    assert np.all(scores[1:4, 0] > scores[1:4, 1] + 1)
    assert np.all(scores[4:, 1] > scores[4:, 0] + 1)
    assert abs(scores[0, 0] - scores[0, 1]) < 0.5
    assert loss < x2static(batch, teacher, passes=2)[1]
    np.testing.assert_array_equal(rows, x2static(batch, teacher, passes=600)[0])
    assert not np.array_equal(rows, x2static(batch, teacher, passes=600, seed=1)[0])


def test_the_gradient_is_that_of_the_loss() -> None:
    rng = np.random.default_rng(1)
    uses = rng.integers(0, 3, (4, 5)).astype(np.float32)
    teacher, rows = rng.standard_normal((4, 3)).astype(np.float32), rng.standard_normal((5, 3))
    noise = np.float32(NEGATIVES) * np.array([0.3, 0.2, 0.2, 0.2, 0.1], np.float32)
    gradient, loss = loss_gradient(uses, teacher, rows, noise)

    def by_hand(table: np.ndarray) -> float:
        total = 0.0
        for text, word in np.ndindex(uses.shape):
            chance = 1 / (1 + np.exp(-table[word] @ teacher[text]))
            total -= uses[text, word] * np.log(chance)
            total -= uses[text].sum() * noise[word] * np.log(1 - chance)
        return total

    assert loss == pytest.approx(by_hand(rows), rel=1e-5)
    step = 1e-4
    for place in np.ndindex(rows.shape):
        moved = rows.copy()
        moved[place] += step
        slope = (by_hand(moved) - by_hand(rows)) / step
        assert gradient[place] * uses.sum() == pytest.approx(slope, rel=1e-2, abs=1e-2)


def test_the_first_step_of_adam_is_its_rate() -> None:
    step = AdamStep((2,))(np.array([3.0, -0.01], np.float32))
    np.testing.assert_allclose(step, [0.01, -0.01], rtol=1e-4)


def test_rows_are_turned_to_their_axes_and_weighted_by_rank() -> None:
    rows = np.array([[3, 1], [1, 1], [-1, 1], [-3, 1]], np.float32)
    made, kept = zipf_weighted(rows, 1)
    sign = np.sign(made[0, 0])
    expected = np.array([3, 1, -1, -3]) * np.log([2, 3, 4, 5])
    np.testing.assert_allclose(sign * made[:, 0], expected, rtol=1e-5)
    assert kept == pytest.approx(1)


def test_each_word_goes_through_the_encoder_alone(bert: Path) -> None:
    sentences = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    made = transform(bert, "model2vec", corpus=Corpus.from_texts(TEXTS), dimensions=16)
    words = ["storm", "road", "roof"]
    alone = sentences.SentenceTransformer(str(bert)).encode(words, normalize_embeddings=True)
    ranks = [made.index_to_key.index(word) + 1 for word in words]
    turned = made.vectors[np.array(ranks) - 1] / np.log1p(ranks)[:, None]
    # Turning and centring keep differences.
    for a, b in ((0, 1), (1, 2)):
        expected = np.linalg.norm(alone[a] - alone[b])
        assert np.linalg.norm(turned[a] - turned[b]) == pytest.approx(expected, rel=1e-3)
    assert transform(bert, "model2vec", corpus=Corpus.from_texts(TEXTS), dimensions=2).vector_size == 2


def test_the_command_distils_a_table_that_refine_starts_from(bert: Path, tmp_path: Path, capsys) -> None:
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    text, made, run = tmp_path / "text.txt", tmp_path / "distilled.safetensors", tmp_path / "run"
    text.write_text("\n".join(TEXTS * 5), encoding="utf-8")
    given = [str(bert), str(made), "--by", "distill", "--corpus", str(text), "--epochs", "3", "--json"]
    assert main(["transform", *given, "--min-count", "6"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["texts"], report["words"], report["dimensions"]) == (15, 2, 16)
    assert main(["transform", *given, "--overwrite"]) == 0
    assert json.loads(capsys.readouterr().out)["loss"] > 0
    options = ["--vectors", str(made), "--method", "decorrelated"]
    assert main(["refine", str(text), "-o", str(run), *options]) == 0
    assert selfvec.open_run(run).vectors.vector_size == 16


@pytest.mark.parametrize("by", ["distill", "model2vec", "pool"])
def test_what_cannot_be(by: str, tmp_path: Path, plane: Vectors) -> None:
    with pytest.raises(InputError, match="not vectors"):
        transform(plane, by, corpus=Corpus.from_texts(TEXTS))
    with pytest.raises(InputError, match="not the folder"):
        transform(tmp_path / "none", by, corpus=Corpus.from_texts(TEXTS))
    with pytest.raises(OptionError, match="needs this option"):
        transform(tmp_path, by)


@pytest.mark.parametrize(
    ("by", "option", "said"),
    [
        ("distill", {"passes": 0}, "at least 1"),
        ("model2vec", {"dimensions": 0}, "at least 1"),
        ("pool", {"pooling": "max"}, "mean, cls"),
    ],
)
def test_options_that_cannot_be(by: str, option: dict, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        transform("folder", by, corpus=[], **option)
