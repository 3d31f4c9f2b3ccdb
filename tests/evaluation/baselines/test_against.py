"""``evaluate --against``: baselines beside a run, their cost, and their differences."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.evaluation.conftest import write_collection

import selfvec
from selfvec.apps.cli import main
from selfvec.base.errors import InputError, OptionError
from selfvec.evaluation import Classification, Retrieval, Similarity
from selfvec.evaluation.baselines import train
from selfvec.numerics.rows import unit_rows
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
        assert rows[name]["covered"] == 1
    expected = {(row["vectors_a"], row["vectors_b"]) for row in found["comparisons"]}
    assert expected == {("refined", other) for other in ("original", "ppmi-svd", "retrofit")}
    with_cost = [table["name"] for table in found["tables"] if "seconds" in table]
    assert with_cost == ["refined", "ppmi-svd", "retrofit"]
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


@pytest.fixture
def model(run_folder, tmp_path):
    """A model of our own: a vector a word, averaged, in the folder layout of sentence-transformers."""
    modules = pytest.importorskip("sentence_transformers.sentence_transformer.modules")
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = ["[UNK]", *open_run(run_folder).vectors.index_to_key, "zebra", "lion"]
    vocabulary = {word: i for i, word in enumerate(words)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    rows = np.random.default_rng(0).standard_normal((len(words), 8)).astype(np.float32)
    module = modules.StaticEmbedding(tokenizer, embedding_weights=rows)
    SentenceTransformer(modules=[module], device="cpu").save(str(tmp_path / "model"))
    return tmp_path / "model", dict(zip(words, rows, strict=True))


def test_an_encoder_by_its_folder(run_folder, model, tmp_path) -> None:
    run, (folder, rows) = open_run(run_folder), model
    made = train(run, [f"encoder:{folder}"], jobs=1)[f"encoder:{folder}"]
    expected = unit_rows(np.array([rows[word] for word in run.vectors.index_to_key]))
    np.testing.assert_allclose(made.vectors, expected, atol=1e-5)
    with pytest.raises(InputError, match="cannot be loaded"):
        train(run, ["encoder:" + str(tmp_path / "nowhere")], jobs=1)


def test_an_encoder_reads_texts_whole(run_folder, model, tmp_path) -> None:
    """It knows the words zebra and lion, which the run lacks."""
    documents = {"z": "zebra", "l": "lion lion"}
    place = write_collection(tmp_path / "beir", documents, {"q": "lion"}, [("q", "l", 1)])
    (tmp_path / "labels").mkdir()
    for part in ("train", "test"):
        (tmp_path / "labels" / f"{part}.tsv").write_text("one\tzebra\ntwo\tlion\n" * 3)
    run, name = open_run(run_folder), f"encoder:{model[0]}"
    tasks = [Retrieval(place), Classification(tmp_path / "labels")]
    found = selfvec.evaluate(run, tasks, against=train(run, [name], jobs=1)).rows
    value = {(row["vectors"], row["metric"]): (row["value"], row["covered"]) for row in found}
    assert value[name, "ndcg@10"] == (1, 1)
    assert value["refined", "ndcg@10"][1] == 0
    assert value[name, "accuracy"] == (1, 1)
    assert value["refined", "accuracy"][1] == 0
