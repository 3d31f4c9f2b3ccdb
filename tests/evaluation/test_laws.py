"""Laws that every task keeps, whatever it measures."""

from pathlib import Path

import numpy as np
import pytest

import selfvec
from selfvec.data.vectors import Vectors
from selfvec.evaluation import Analogies, Bias, Classification, Retrieval, Similarity, Task

WORDS = ["hail", "storm", "roof", "wind", "fell", "broke", "window", "invoice", "paid", "tax", "loan", "rent"]


@pytest.fixture
def tasks(write, beir: Path) -> dict[str, Task]:
    """One task of every kind that reads files, on the same dozen words."""
    pairs = "".join(f"{a}\t{b}\t{len(a) - len(b)}\n" for a in WORDS for b in WORDS if a < b)
    rng = np.random.default_rng(4)
    questions = "".join(" ".join(rng.permutation(WORDS)[:4]) + "\n" for _ in range(60))
    labelled = "".join(f"{i % 2}\t{' '.join(rng.choice(WORDS[6 * (i % 2) :], 4))}\n" for i in range(40))
    sets = """[poles]
targets = {x = ["hail", "storm", "roof"], y = ["invoice", "paid", "tax"]}
attributes = {a = ["wind", "fell"], b = ["loan", "rent"]}
"""
    return {
        "similarity": Similarity(write("pairs.tsv", pairs)),
        "analogy": Analogies(write("questions.txt", questions)),
        "retrieval": Retrieval(beir),
        "classification": Classification(write("labelled.tsv", labelled), shots=5),
        "bias": Bias(write("poles.toml", sets)),
    }


KINDS = ["similarity", "analogy", "retrieval", "classification", "bias"]


@pytest.fixture
def table() -> Vectors:
    return Vectors(WORDS, np.random.default_rng(0).standard_normal((len(WORDS), 5)).astype(np.float32))


def values(vectors: Vectors, task: Task) -> list[float]:
    return [row["value"] for row in selfvec.evaluate(vectors, [task]).rows]


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_rows_and_their_length_and_a_rotation_change_nothing(kind, tasks, table) -> None:
    expected = pytest.approx(values(table, tasks[kind]), abs=1e-5)
    order = np.random.default_rng(1).permutation(len(WORDS))
    rotation, _ = np.linalg.qr(np.random.default_rng(2).standard_normal((5, 5)))
    lengths = np.random.default_rng(3).uniform(0.5, 4, (len(WORDS), 1))
    assert values(Vectors([WORDS[i] for i in order], table.vectors[order]), tasks[kind]) == expected
    assert values(Vectors(WORDS, (table.vectors @ rotation).astype(np.float32)), tasks[kind]) == expected
    assert values(Vectors(WORDS, (table.vectors * lengths).astype(np.float32)), tasks[kind]) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_against_itself_differs_by_nothing(kind, tasks, table) -> None:
    report = selfvec.evaluate({"a": table, "b": table}, [tasks[kind]])
    same = [row for row in report.comparisons if (row["vectors_a"], row["vectors_b"]) == ("a", "b")]
    assert same
    for row in same:
        assert (row["difference"], row["low"], row["high"], row["p"]) == (0, 0, 0, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_have_every_key_and_intervals_that_hold_the_value(kind, tasks, table) -> None:
    report = selfvec.evaluate({"mine": table}, [tasks[kind]], dimensions=[2], seed=3)
    keys = {"vectors", "task", "kind", "mode", "metric", "value", "low", "high", "n", "covered"}
    for row in report.rows:
        assert row.keys() >= keys
        assert row["kind"] == kind
        assert row["low"] <= row["value"] <= row["high"]
        assert 0 < row["covered"] <= 1
        assert row["n"] > 0
        assert row["mode"] in ({"dense", "bm25"} if kind == "retrieval" else {None})
        if row["vectors"] == "mine":
            assert row["dimensions"] == (2 if row["truncated"] else 5)
    again = selfvec.evaluate({"mine": table}, [tasks[kind]], dimensions=[2], seed=3)
    assert report.as_dict() == again.as_dict()


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_that_knows_no_word_covers_nothing(kind, tasks) -> None:
    strangers = Vectors(["z1", "z2"], np.eye(2, dtype=np.float32))
    rows = [row for row in selfvec.evaluate(strangers, [tasks[kind]]).rows if row["vectors"] != "bm25"]
    for row in rows:
        assert row["covered"] == 0
        assert row["value"] == (pytest.approx(0.5, abs=0.2) if kind == "classification" else 0)


@pytest.mark.parametrize("kind", KINDS)
def test_nan_never_reaches_a_report(kind, tasks, table) -> None:
    rows = table.vectors.copy()
    rows[::3] = 0
    for row in selfvec.evaluate(Vectors(WORDS, rows), [tasks[kind]]).rows:
        assert np.isfinite([row["value"], row["low"], row["high"], row["covered"]]).all()
