"""``evaluate --against``: baselines beside a run, their cost, and their differences."""

from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.encoders.tiny_encoder import write_encoder
from tests.lab.evaluation.conftest import write_collection

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.encoders.given import as_sentence_encoder
from selfvec.files.report_page import page_html, page_markdown
from selfvec.lab.evaluation import Classification, Retrieval, Similarity
from selfvec.lab.evaluation.baselines import train
from selfvec.storage.run_folder import open_run


def test_baselines_stand_beside_the_run_with_what_they_cost(run_folder, pairs, tmp_path) -> None:
    report = tmp_path / "report.md"
    words = ["evaluate", run_folder, "--against", "ppmi-svd", "glove", "original", "--similarity", pairs]
    found = ran([*words, "--json", "--report", report]).json
    rows = {row["vectors"]: row for row in found["rows"]}
    assert list(rows) == ["refined", "original", "ppmi-svd", "glove"]
    assert rows["refined"]["seconds"] == pytest.approx(open_run(run_folder).provenance["timings"]["refine"])
    assert "seconds" not in rows["original"]
    for name in ("ppmi-svd", "glove"):
        assert rows[name]["seconds"] > 0
        assert rows[name]["covered"] == 1
    expected = {(row["vectors_a"], row["vectors_b"]) for row in found["comparisons"]}
    assert expected == {("refined", other) for other in ("original", "ppmi-svd", "glove")}
    with_cost = [table["name"] for table in found["tables"] if "seconds" in table]
    assert with_cost == ["refined", "ppmi-svd", "glove"]
    assert "| covered | seconds |" in report.read_text("utf-8")
    plain = selfvec.evaluate(run_folder, [Similarity(pairs)])
    assert "seconds" not in page_markdown(plain.page()) + page_html(plain.page())


def test_a_baseline_trained_as_the_run_was_is_the_run(storms, tmp_path) -> None:
    for method in ("paper", "online", "decorrelated"):
        run = selfvec.refine(storms, "none", method, history="none")
        selfvec.save_run(run, tmp_path / method)
        found = train(open_run(tmp_path / method), [method])[method]
        np.testing.assert_allclose(found.vectors, run.vectors.vectors, atol=1e-5)


def test_a_name_is_one_table(run_folder, pairs) -> None:
    run = open_run(run_folder)
    with pytest.raises(OptionError, match="'refined'"):
        selfvec.evaluate(run, [Similarity(pairs)], against={"refined": run.vectors})


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A tiny encoder, which knows the words hail, rain and roof."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    return write_encoder(tmp_path / "model")


def test_an_encoder_by_its_folder(run_folder, model, tmp_path) -> None:
    run = open_run(run_folder)
    made = train(run, [f"encoder:{model}"])[f"encoder:{model}"]
    expected = as_sentence_encoder(model).encode(run.vectors.index_to_key)
    np.testing.assert_allclose(made.vectors, expected, atol=1e-6)
    with pytest.raises(InputError, match="not the folder of a sentence encoder"):
        train(run, ["encoder:" + str(tmp_path / "nowhere")])


def test_an_encoder_reads_texts_whole(run_folder, model, tmp_path) -> None:
    """Before the question it puts the word query, so it finds that."""
    (model / "config_sentence_transformers.json").write_text('{"prompts": {"query": "query "}}')
    documents = {"r": "roof", "q": "query query"}
    place = write_collection(tmp_path / "beir", documents, {"1": "roof"}, [("1", "q", 1)])
    (tmp_path / "labels").mkdir()
    for part in ("train", "test"):
        (tmp_path / "labels" / f"{part}.tsv").write_text("one\tquery\ntwo\tquery query query\n" * 3)
    run, name = open_run(run_folder), f"encoder:{model}"
    tasks = [Retrieval(place), Classification(tmp_path / "labels")]
    found = selfvec.evaluate(run, tasks, against=train(run, [name])).rows
    value = {(row["vectors"], row["metric"]): (row["value"], row["covered"]) for row in found}
    assert value[name, "ndcg@10"] == (1, 1)
    assert value["refined", "ndcg@10"][0] < 1
    assert value[name, "accuracy"] == (1, 1)
    assert value["refined", "accuracy"][1] == 0
