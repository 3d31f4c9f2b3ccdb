"""Retrieval: metrics and rankings by hand, BM25 against its formula, and runs with a sentence encoder."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.encoders.toy import WordSums
from tests.heard import Heard
from tests.lab.evaluation.conftest import write_collection
from tests.retrieval.word_sums import encoded

import selfvec
from selfvec.data.run import Run
from selfvec.encoders.run_encoder import hold_encoder, passages_of
from selfvec.lab.evaluation import Retrieval, evaluate
from selfvec.lab.evaluation.retrieval import ndcg, ranked, read_collection, recall, reciprocal_rank


def test_measures_by_hand() -> None:
    gains = {1: 3.0, 2: 2.0, 3: 1.0}
    found = [2, 9, 1]  # 2 / log2(2) + 3 / log2(4), best 3 + 2 / log2(3) + 1 / log2(4)
    assert ndcg(found, gains) == pytest.approx((2 + 1.5) / (3 + 2 / math.log2(3) + 0.5))
    assert recall(found, gains) == pytest.approx(2 / 3)
    assert reciprocal_rank([8, 9, 3], gains) == pytest.approx(1 / 3)
    assert reciprocal_rank([0] * 10 + [1], gains) == 0
    assert ndcg([0] * 10 + [1], gains) == 0
    assert recall([0] * 99 + [1, 2], gains) == pytest.approx(1 / 3)
    assert ndcg([], gains) == recall([], gains) == reciprocal_rank([], gains) == 0


@given(
    st.lists(st.integers(0, 30), unique=True),
    st.dictionaries(st.integers(0, 30), st.integers(1, 4), min_size=1),
)
def test_measures_lie_between_none_and_the_best_order(ranking, gains) -> None:
    best = sorted(gains, key=lambda document: -gains[document])
    for measure in (ndcg, recall, reciprocal_rank):
        assert 0 <= measure(ranking, gains) <= measure(best, gains) + 1e-12 <= 1 + 2e-12
    assert ndcg(best, gains) == pytest.approx(1)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40), st.integers(1, 50))
def test_ranked_is_a_stable_sort(scores, depth) -> None:
    there = np.array([score != -3 for score in scores])
    expected = [i for i in sorted(range(len(scores)), key=lambda i: -scores[i]) if there[i]][:depth]
    assert ranked(np.array(scores, float), there, depth) == expected


def test_differences_of_rounding_are_ties() -> None:
    assert ranked(np.array([0.5, 0.5 + 1e-8, 0.4]), np.ones(3, bool)) == [0, 1, 2]


def test_dense_and_bm25_on_five_documents(beir: Path) -> None:
    words = ["hail", "fell", "roof", "storm", "broke", "window", "invoice", "paid"]
    rows = np.zeros((8, 3), np.float32)
    rows[:3, 0], rows[3:6, 1], rows[6:, 2] = 1, 1, 1
    report = selfvec.evaluate(selfvec.Vectors(words, rows), [Retrieval(beir)])
    found = {(row["vectors"], row["metric"]): row for row in report.rows}
    assert [row["mode"] for row in report.rows] == ["dense"] * 3 + ["bm25"] * 3
    assert {row["n"] for row in report.rows} == {3}  # q3 has no judgement
    # q1 finds d1, d4 first: perfect. q2 finds d2, d4, d1 before its own d3 (ties in order). q4 finds nothing.
    assert found["vectors", "ndcg@10"]["value"] == pytest.approx((1 + 1 / math.log2(5)) / 3)
    assert found["vectors", "recall@100"]["value"] == pytest.approx(2 / 3)
    assert found["vectors", "mrr@10"]["value"] == pytest.approx((1 + 1 / 4) / 3)
    # BM25 finds d3 for q2 not at all: no word is shared
    assert found["bm25", "ndcg@10"]["value"] == pytest.approx(1 / 3)
    assert found["bm25", "recall@100"]["value"] == pytest.approx(1 / 3)
    kept = 3 + 1 + 3 + 2 + 2 + 1 + 1 + 2 + 2  # title and text without stop words, queries
    assert 0.5 < found["vectors", "ndcg@10"]["covered"] < 1
    assert found["vectors", "ndcg@10"]["covered"] >= 13 / (kept + 3)
    assert found["bm25", "ndcg@10"]["covered"] == 1
    pairs = [(row["vectors_a"], row["vectors_b"]) for row in report.comparisons]
    assert pairs == [("vectors", "bm25")] * 3


def test_documents_that_the_corpus_lacks_stay_to_be_found(beir: Path) -> None:
    file = beir / "qrels/test.tsv"
    more = "".join(f"q1\tno{n}\t0\n" for n in range(4))
    file.write_text(f"q1\td1\t1\nq1\tlost\t1\nq2\td1\t1\nq2\tlost\t0\n{more}")  # also: no heading
    collection = read_collection(beir)
    assert collection.relevant == [{0: 1.0, -1: 1.0}, {0: 1.0}]
    report = selfvec.evaluate(selfvec.Vectors(["hail"], np.ones((1, 2), np.float32)), [Retrieval(beir)])
    assert {row["missing"] for row in report.rows} == {1}
    assert report.rows[1]["value"] == 0.25
    assert report.rows[0]["lacking"] == {"ids": 5, "of": 6, "first": ["lost", "no0", "no1"]}
    note, _ = report.notes()
    assert "5 of 6 judged ids are not among the documents, such as 'lost', 'no0', 'no1'" in note
    assert note in report.as_dict()["notes"]


def test_the_document_that_a_query_was_taken_from_is_no_answer(tmp_path: Path) -> None:
    texts = {"a": "hail broke roofs", "b": "hail fell", "1": "rain fell"}
    asked = {"a": "hail broke roofs", "1": "hail"}
    write_collection(tmp_path, texts, asked, [("a", "b", 1), (1, "b", 1)])
    assert read_collection(tmp_path).own == [0, -1]  # "1" is called so by chance
    words = ["hail", "broke", "roofs", "fell", "rain"]
    report = selfvec.evaluate(selfvec.Vectors(words, np.eye(5, dtype=np.float32)), [Retrieval(tmp_path)])
    found = {(row["vectors"], row["metric"]): row["value"] for row in report.rows}
    assert found["bm25", "mrr@10"] == pytest.approx(1)
    assert found["vectors", "mrr@10"] == pytest.approx(1)


THINGS = ("hail", "wind", "tornado", "flood", "snow", "fog", "ice")
PLACES = ("farm", "village", "road", "bridge", "school", "river")
TEXTS = [f"{thing} was seen near the {place} today" for thing in THINGS for place in PLACES]
NEW = "Hail and ice were reported from every farm"


@pytest.fixture(scope="module")
def run() -> Run:
    """A run in memory whose encoder read all of its texts and words."""
    made = selfvec.refine(TEXTS, method="decorrelated")
    parts = {"encoded": encoded([*passages_of(TEXTS), *made.vectors.index_to_key])}
    about = {"name": WordSums.name, "digest": "", "dimensions": 6}
    return made.present.replace(parts=parts, provenance={**made.provenance, "encoder": about})


@pytest.fixture
def known(run: Run) -> Run:
    """The run, whose encoder is at hand."""
    found = run.present.replace()
    hold_encoder(found, WordSums())
    return found


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """The texts of the run and one that it lacks; each question has the documents with its word."""
    texts = [*TEXTS, NEW]
    queries = {f"q{i}": f"{thing} today" for i, thing in enumerate(THINGS)}
    judged = [
        (f"q{i}", d, 1)
        for i, thing in enumerate(THINGS)
        for d, text in enumerate(texts)
        if thing in text.lower()
    ]
    return write_collection(tmp_path, {str(i): text for i, text in enumerate(texts)}, queries, judged)


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


def test_all_is_measured_where_the_encoder_can_be_had(known: Run, collection: Path) -> None:
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


def test_what_an_encoder_reads_is_said_before_and_shown(known: Run, collection: Path) -> None:
    heard = Heard()
    evaluate(known, Retrieval(collection), progress=heard)
    assert heard.said == ["encoding 1 passage with word sums"]
    assert heard.stages["Measuring"] == heard.stages["Encoding passages"] == [1, 1]


def test_what_needs_no_encoder_is_measured_where_it_cannot_be_had(run: Run, collection: Path) -> None:
    assert set(figures(run.present.replace(), collection)) == ALWAYS


def test_comparisons_say_by_what_questions_were_compared(known: Run, collection: Path) -> None:
    report = evaluate(known, Retrieval(collection))
    asked = {(one.get("question_a"), one.get("question_b")) for one in report.comparisons}
    assert ("rows", "encoder") in asked
    assert any("refined, hybrid, question by encoder" in sentence for sentence in report.summary())


def test_a_run_without_an_encoder_tells_what_each_part_adds(run: Run, collection: Path) -> None:
    plain_made = {k: v for k, v in run.provenance.items() if k != "encoder"}
    plain = run.present.replace(parts={}, provenance=plain_made)
    found = figures(plain, collection)
    assert set(found) == {
        ("refined", "dense", None),
        ("refined", "hybrid", None),
        ("original", "hybrid", None),
        ("original + topics", "hybrid", None),
        ("original", "dense", None),
        ("bm25", "bm25", None),
    }
