"""What evaluate measures of a run with a sentence encoder."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.retrieval.word_sums import WordSums

from selfvec import Refiner
from selfvec.data.run import Run
from selfvec.encoders.encoded_texts import EncodedTexts
from selfvec.encoders.run_encoder import hold_encoder, passages_of
from selfvec.evaluation import Retrieval, evaluate
from selfvec.evaluation.collection import ndcg

THINGS = ("hail", "wind", "tornado", "flood", "snow", "fog", "ice")
PLACES = ("farm", "village", "road", "bridge", "school", "river")
TEXTS = [f"{thing} was seen near the {place} today" for thing in THINGS for place in PLACES]
NEW = "Hail and ice were reported from every farm"


@pytest.fixture(scope="module")
def run() -> Run:
    """A run in memory whose encoder read all of its texts and words."""
    made = Refiner(method="decorrelated").fit(TEXTS).run_
    encoder = WordSums()
    encoded = EncodedTexts.none_of(encoder).adding(encoder, [*passages_of(TEXTS), *made.vectors.index_to_key])
    about = {"name": encoder.name, "digest": "", "dimensions": 6}
    return made.replace(parts={"encoded": encoded}, provenance={**made.provenance, "encoder": about})


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """The texts of the run and one that it lacks; each question has the documents with its word."""
    texts = [*TEXTS, NEW]
    corpus = ({"_id": str(i), "title": "", "text": text} for i, text in enumerate(texts))
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
    rows = [{"_id": f"q{i}", "text": f"{thing} today"} for i, thing in enumerate(THINGS)]
    (tmp_path / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "qrels").mkdir()
    judged = [
        f"q{i}\t{d}\t1\n"
        for i, thing in enumerate(THINGS)
        for d, text in enumerate(texts)
        if thing in text.lower()
    ]
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(judged))
    return tmp_path


def figures(run: Run, collection: Path) -> dict[tuple[str, str, str | None], float]:
    rows = evaluate(run, Retrieval(collection)).rows
    return {
        (row["vectors"], row["mode"], row.get("question")): row["value"]
        for row in rows
        if row["metric"] == "ndcg@10"
    }


ALWAYS = {
    ("refined", "dense", None),
    ("refined", "hybrid", "rows"),
    ("original", "dense", None),
    ("bm25", "bm25", None),
}
WITH = {("refined", "hybrid", "encoder"), ("encoder", "dense", "encoder")}


def test_all_is_measured_where_the_encoder_can_be_had(run: Run, collection: Path) -> None:
    known = run.replace()
    encoder = WordSums()
    hold_encoder(known, encoder)
    found = figures(known, collection)
    assert set(found) == ALWAYS | WITH
    # The encoder alone, by hand: cosines less the mean of the run's texts, the new text read now.
    rows = WordSums().encode([*TEXTS, NEW])
    mean = rows[: len(TEXTS)].mean(axis=0)
    values = []
    for thing in THINGS:
        question = WordSums().encode([f"{thing} today"])[0] - mean
        away = rows - mean
        cosines = away @ question / np.linalg.norm(away, axis=1)
        relevant = {d: 1.0 for d, text in enumerate([*TEXTS, NEW]) if thing in text.lower()}
        values.append(ndcg(np.argsort(-cosines, kind="stable").tolist(), relevant))
    assert found["encoder", "dense", "encoder"] == pytest.approx(np.mean(values), abs=0.02)


def test_what_needs_no_encoder_is_measured_where_it_cannot_be_had(run: Run, collection: Path) -> None:
    assert set(figures(run.replace(), collection)) == ALWAYS


def test_comparisons_say_by_what_questions_were_compared(run: Run, collection: Path) -> None:
    known = run.replace()
    hold_encoder(known, WordSums())
    report = evaluate(known, Retrieval(collection))
    asked = {(one.get("question_a"), one.get("question_b")) for one in report.comparisons}
    assert ("rows", "encoder") in asked
    assert any("refined, hybrid, question by encoder" in sentence for sentence in report.summary())


def test_a_run_without_an_encoder_has_the_rows_that_it_had(run: Run, collection: Path) -> None:
    plain = run.replace(parts={}, provenance={k: v for k, v in run.provenance.items() if k != "encoder"})
    assert set(figures(plain, collection)) == {
        ("refined", "dense", None),
        ("refined", "hybrid", None),
        ("original", "dense", None),
        ("bm25", "bm25", None),
    }
