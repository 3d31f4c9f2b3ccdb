"""Runs over the pieces of a language model: its table in, its table back, and an encoder."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.commands import ran
from tests.lab.language_models import DTYPES, stored, write_model
from tests.refusals import refused

import selfvec
from selfvec.base.errors import FormatError, OptionError
from selfvec.files.tensors import map_tensors, read_header
from selfvec.storage.formats.language_model import find_embeddings

TOKENS = ["[UNK]", "hail", "storm", "##s", "river", "flood", "##ed", "roof", "unseen"]
TEXTS = [
    "hail storms roof", "storms flooded river", "hail roof", "river flood", "storm hail", "flooded roof",
] * 20  # fmt: skip
NAME = "bert.embeddings.word_embeddings.weight"


def model(folder: Path, dtype: str = "F32", name: str = NAME, sharded: bool = False) -> Path:
    """A tiny model: a layer, a table of nine pieces, a tokenizer and a file that nobody here knows."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((len(TOKENS), 8)) * np.arange(1, 10)[:, None]
    layer = rng.standard_normal((4, 8)).astype("<f4")
    file = "model-00001-of-00001.safetensors" if sharded else "model.safetensors"
    write_model(folder / file, {"layer.weight": (layer, "F32"), name: (stored(rows, dtype), dtype)}, TOKENS)
    if sharded:
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {name: file}}))
    (folder / "config.json").write_text("{}")
    return folder


def refined(folder: Path, tmp_path: Path) -> selfvec.Run:
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    options = [
        "--tokenizer", str(folder), "--vectors", str(folder), "--method", "decorrelated", "--window", "5",
    ]  # fmt: skip
    ran(["refine", tmp_path / "texts.txt", "-o", tmp_path / "run", *options])
    return selfvec.open_run(tmp_path / "run")


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_only_rows_of_pieces_that_occur_change(dtype: str, sharded: bool, tmp_path: Path) -> None:
    folder = model(tmp_path / "model", dtype, sharded=sharded)
    run = refined(folder, tmp_path)
    assert set(run.vectors.index_to_key) == set(TOKENS) - {"[UNK]", "unseen"}
    ran(["export", tmp_path / "run", "--to", "language-model", "-o", tmp_path / "new"])
    old, new = find_embeddings(folder), find_embeddings(tmp_path / "new")
    before, after = old.path.read_bytes(), new.path.read_bytes()
    row = 8 * np.dtype(DTYPES[dtype]).itemsize
    table = slice(old.start, old.start + 9 * row)
    assert before[: table.start] == after[: table.start]
    for i, token in enumerate(TOKENS):
        same = before[table][i * row : (i + 1) * row] == after[table][i * row : (i + 1) * row]
        assert same == (token in ("[UNK]", "unseen")), token
        if not same:
            was, now = (np.float32(found.rows()[i]) for found in (old, new))
            assert np.linalg.norm(now) == pytest.approx(np.linalg.norm(was), rel=1e-2)
            assert_allclose(now / np.linalg.norm(now), run.vectors[token], atol=1e-2)
    for file in ("config.json", "tokenizer.json"):
        assert (tmp_path / "new" / file).read_bytes() == (folder / file).read_bytes()
    assert find_embeddings(folder) == old  # the model itself is as it was


def test_a_run_of_pieces_is_an_encoder(tmp_path: Path) -> None:
    model2vec = pytest.importorskip("model2vec")
    run = refined(model(tmp_path / "model"), tmp_path)
    selfvec.export(run, "model2vec", tmp_path / "encoder")
    encoder = model2vec.StaticModel.from_pretrained(str(tmp_path / "encoder"))
    one, same, other = encoder.encode(["hail storms", "storms hail", "river flooded"])
    assert_allclose(one, same, atol=1e-6)
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert one @ other < 0.99
    assert not map_tensors(tmp_path / "encoder" / "model.safetensors")["embeddings"][8].any()  # never seen


def test_a_model_is_also_a_table_of_words(tmp_path: Path) -> None:
    vectors = selfvec.load(model(tmp_path / "model"))
    assert set(vectors.index_to_key) == {"hail", "storm", "river", "flood", "roof", "unseen"}
    assert_allclose(
        vectors.lookup(["storms"])[0][0] * 2,
        vectors["storm"] + find_embeddings(tmp_path / "model").rows()[3],
        rtol=1e-5,
    )


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    unknown = model(tmp_path / "unknown", name="encoder.bias")
    refused(lambda: selfvec.load(unknown), FormatError, "input embeddings")
    cut = model(tmp_path / "cut")
    data = (cut / "model.safetensors").read_bytes()
    (cut / "model.safetensors").write_bytes(data[:-8])
    refused(lambda: selfvec.load(cut), FormatError)
    header, _ = read_header(unknown / "model.safetensors")
    assert "encoder.bias" in header
    run = selfvec.refine(TEXTS, "none", "decorrelated", window=5)
    refused(lambda: selfvec.export(run, "language-model", tmp_path / "new"), OptionError, "language model")
    assert not (tmp_path / "new").exists()
