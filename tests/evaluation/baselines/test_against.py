"""``evaluate --against``: baselines beside a run, their cost, and their differences."""

from __future__ import annotations

import json

import numpy as np
import pytest

import selfvec
from selfvec.apps.cli import main
from selfvec.base.errors import InputError, OptionError
from selfvec.evaluation import Similarity
from selfvec.evaluation.baselines import train
from selfvec.storage.run_folder import open_run


def test_baselines_stand_beside_the_run_with_what_they_cost(run_folder, pairs, tmp_path, capsys) -> None:
    report = tmp_path / "report.md"
    words = ["evaluate", run_folder, "--against", "ppmi-svd", "retrofit", "original", "--similarity", pairs]
    assert main([*map(str, words), "--json", "--report", str(report)]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {row["vectors"]: row for row in found["rows"]}
    assert list(rows) == ["refined", "original", "ppmi-svd", "retrofit"]
    assert rows["refined"]["seconds"] == pytest.approx(open_run(run_folder).provenance["timings"]["refine"])
    assert "seconds" not in rows["original"]
    for name in ("ppmi-svd", "retrofit"):
        assert rows[name]["seconds"] > 0
        assert rows[name]["megabytes"] is None or rows[name]["megabytes"] >= 0
        assert rows[name]["covered"] == 1
    expected = {(row["vectors_a"], row["vectors_b"]) for row in found["comparisons"]}
    assert expected == {("refined", other) for other in ("original", "ppmi-svd", "retrofit")}
    assert {table["name"]: "seconds" in table for table in found["tables"]} == {
        "refined": True,
        "original": False,
        "ppmi-svd": True,
        "retrofit": True,
    }
    assert "| covered | seconds | MB |" in report.read_text(encoding="utf-8")
    plain = selfvec.evaluate(run_folder, [Similarity(pairs)])
    assert "seconds" not in plain.to_markdown() + plain.to_html()


def test_a_baseline_trained_as_the_run_was_is_the_run(storms, tmp_path) -> None:
    for method in ("paper", "online", "decorrelated"):
        run = selfvec.Refiner(method=method, history="none").fit(storms, "none").run_
        selfvec.save_run(run, tmp_path / method)
        found = train(open_run(tmp_path / method), [method], jobs=1)[method]
        np.testing.assert_allclose(found.vectors, run.vectors.vectors, atol=1e-5)


def test_a_name_is_one_table(run_folder, pairs) -> None:
    run = open_run(run_folder)
    with pytest.raises(OptionError, match="'refined'"):
        selfvec.evaluate(run, [Similarity(pairs)], against={"refined": run.vectors})


def test_an_encoder_by_its_folder(run_folder, tmp_path) -> None:
    """A model of our own making: a vector a word, averaged, in the folder layout of sentence-transformers."""
    modules = pytest.importorskip("sentence_transformers.sentence_transformer.modules")
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    run = open_run(run_folder)
    vocabulary = {word: i for i, word in enumerate(["[UNK]", *run.vectors.index_to_key])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    rows = np.random.default_rng(0).standard_normal((len(vocabulary), 8)).astype(np.float32)
    module = modules.StaticEmbedding(tokenizer, embedding_weights=rows)
    SentenceTransformer(modules=[module], device="cpu").save(str(tmp_path / "model"))
    name = f"encoder:{tmp_path / 'model'}"
    made = train(run, [name], jobs=1)[name]
    expected = rows[[vocabulary[word] for word in run.vectors.index_to_key]]
    np.testing.assert_allclose(
        made.vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-5
    )
    with pytest.raises(InputError, match="cannot be loaded"):
        train(run, ["encoder:" + str(tmp_path / "nowhere")], jobs=1)
