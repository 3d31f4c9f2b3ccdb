"""Stability: overlaps by hand, what refining again gives, who may import whom, and a contextual encoder."""

from __future__ import annotations

import ast
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import selfvec
import selfvec.evaluation
from selfvec.apps.cli import main
from selfvec.base.errors import InputError, MissingExtra, OptionError
from selfvec.data.run import Run
from selfvec.data.settings import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.evaluation import Contextual, Stability
from selfvec.evaluation.agreement import cosines, frequent_words, neighbour_overlap, turned_cosines
from selfvec.evaluation.contextual import USES, passages, sentence_encoder
from selfvec.evaluation.stability import split_documents, takes_seed
from selfvec.numerics.rows import unit_rows
from selfvec.refine.pipeline import refine_again


def noise(n: int, d: int, seed: int = 0) -> np.ndarray:
    return unit_rows(np.random.default_rng(seed).standard_normal((n, d)))


def table_for(texts: list[str]) -> Vectors:
    words = sorted({word.strip(".,").lower() for text in texts for word in text.split()})
    return Vectors(words, noise(len(words), 24))


@pytest.fixture
def run(storms: list[str]) -> Run:
    return selfvec.Refiner(method="decorrelated").fit(storms, table_for(storms)).run_


# ---- what two tables share


def test_overlap_by_hand() -> None:
    angles = np.deg2rad([0, 10, 25, 45, 70])
    a = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    moved = np.deg2rad([0, 10, 60, 45, 70])  # the third goes to the other end
    b = np.stack([np.cos(moved), np.sin(moved)], 1).astype(np.float32)
    # Two nearest, in a: {1,2} {0,2} {1,3} {2,4} {3,2}; in b: {1,3} {0,3} {4,3} {2,4} {2,3}.
    assert neighbour_overlap(a, b, 2).tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1, 1])
    a[0] = 0
    assert neighbour_overlap(a, b, 2)[0] == 0


@given(st.integers(12, 40), st.integers(2, 8), st.integers(0, 9))
def test_overlap_does_not_see_rotations(n: int, d: int, seed: int) -> None:
    table = noise(n, d, seed)
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))
    turned = (table @ turn).astype(np.float32)
    assert np.mean(neighbour_overlap(table, turned)) > 0.97  # equal cosines may change places
    assert np.all(neighbour_overlap(table, table) == 1)
    assert np.mean(cosines(table, turned)) < 1 - 1e-6


def test_turning_finds_a_rotation_and_makes_none_of_noise() -> None:
    table, other = noise(400, 20), noise(400, 20, seed=1)
    turn, _ = np.linalg.qr(np.random.default_rng(2).standard_normal((20, 20)))
    turned = (table @ turn).astype(np.float32)
    np.testing.assert_allclose(turned_cosines(table, turned), 1, atol=1e-5)
    assert abs(np.mean(turned_cosines(table, other))) < 0.05
    few = slice(0, 24)  # a rotation fitted on the words it is measured on would make .9 of these
    assert abs(np.mean(turned_cosines(table[few], other[few]))) < 0.3


# ---- refining again


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("start", ["table", "none"])
def test_again_is_the_same_run_and_only_chance_makes_another(method: str, start: str, storms) -> None:
    table = table_for(storms) if start == "table" else "none"
    run = selfvec.Refiner(method=method, seed=3).fit(storms, table).run_
    assert run.tokens is not None
    np.testing.assert_allclose(refine_again(run, run.tokens, 3).vectors, run.vectors.vectors, atol=1e-5)
    other = refine_again(run, run.tokens, 4).vectors
    if not takes_seed(run):
        np.testing.assert_allclose(other, run.vectors.vectors, atol=1e-5)
    elif start == "none":
        assert np.mean(cosines(unit_rows(other), run.vectors.unit)) < 0.9
    assert takes_seed(run) == (start == "none" or method == "auto")


@given(st.lists(st.integers(0, 5), min_size=2, max_size=12), st.integers(0, 5))
def test_halves_hold_every_document_once(lengths: list[int], seed: int) -> None:
    documents = [[f"d{i}"] * length for i, length in enumerate(lengths)]
    batch = TokenBatch.from_documents(documents)
    one, other = split_documents(batch, np.random.default_rng(seed))
    assert one.documents + other.documents == len(lengths)
    assert abs(one.documents - other.documents) <= 1
    assert (one.counts + other.counts).tolist() == batch.counts.tolist()
    assert not np.any((one.counts > 0) & (other.counts > 0))  # each word in one document only
    assert one.types == batch.types


def test_part_keeps_dates_and_sentence_length() -> None:
    ids, offsets = np.arange(8, dtype=np.int32), np.array([0, 4, 8])
    dates = np.array(["2001-01-01", "2002-01-01"], "datetime64[D]")
    batch = TokenBatch(ids, offsets, list("abcdefgh"), dates, sentences=4)
    part = batch.part(np.array([False, True]))
    assert (part.ids.tolist(), part.sentences) == ([4, 5, 6, 7], 2)
    assert part.dates is not None
    assert part.dates.tolist() == dates[1:].tolist()


# ---- the task


def rows_of(vectors, task) -> dict[tuple[str, str | None], dict]:
    return {(r["metric"], r.get("method")): r for r in selfvec.evaluate(vectors, [task]).rows}


def test_a_rule_without_a_seed_is_said_to_take_none_and_is_not_refined(run: Run) -> None:
    def again(*_) -> Vectors:
        raise AssertionError

    rows = rows_of(run, Stability(again, "seeds"))
    assert set(rows) == {("overlap@10", "takes no seed"), ("cosine", "takes no seed")}
    assert all((r["value"], r["low"], r["high"], r["repeats"]) == (1, 1, 1, 0) for r in rows.values())


def test_halves_compare_what_was_made_of_each(run: Run) -> None:
    seen: list[TokenBatch] = []

    def same(run: Run, batch: TokenBatch, seed: int) -> Vectors:
        seen.append(batch)
        return run.vectors

    rows = rows_of(run, Stability(same, repeats=2))
    assert len(seen) == 4
    assert run.tokens is not None
    assert sum(len(batch) for batch in seen) == 2 * len(run.tokens)
    assert all(row["value"] == pytest.approx(1) for row in rows.values())
    bands = [row for (_, method), row in rows.items() if method is not None]
    assert sum(row["n"] for row in bands) == 2 * rows["overlap@10", None]["n"]

    def chance(run: Run, batch: TokenBatch, seed: int) -> Vectors:
        return Vectors(batch.types, noise(len(batch.types), 64, seed=len(batch)))

    rows = rows_of(run, Stability(chance, repeats=2))
    n = rows["overlap@10", None]["n"]
    expected = 10 / (n - 1) / (2 - 10 / (n - 1))  # of two random tens
    assert rows["overlap@10", None]["value"] == pytest.approx(expected, abs=0.08)
    assert abs(rows["cosine", None]["value"]) < 0.1


def test_the_decorrelated_update_is_stable_over_halves_and_seeds(storms, run: Run) -> None:
    halves = rows_of(run, Stability(refine_again))
    assert 0.5 < halves["overlap@10", None]["value"] <= 1
    assert halves["cosine", None]["value"] > 0.8
    assert halves["cosine", None]["covered"] == 1
    scratch = selfvec.Refiner(method="decorrelated").fit(storms, "none").run_
    seeds = rows_of(scratch, Stability(refine_again, "seeds"))
    assert seeds["cosine", None]["aligned"] is True
    assert 0 < seeds["overlap@10", None]["value"] < 1


def test_runs_of_one_corpus_are_compared_word_by_word(storms, run: Run) -> None:
    kept = selfvec.Refiner(method="original").fit(storms, table_for(storms)).run_
    report = selfvec.evaluate({"moved": run, "kept": kept}, [Stability(refine_again)])
    by_name = {row["vectors"]: row for row in report.rows if row["metric"] == "overlap@10"}
    assert by_name["kept/refined"]["value"] == 1
    assert any(c["metric"] == "overlap@10" and c["high"] <= 0 for c in report.comparisons)
    assert report.summary() == []  # an unmoved table is the most stable, not the best


def test_what_cannot_be_measured_is_said(storms, run: Run, plane: Vectors) -> None:
    with pytest.raises(OptionError, match="give a run folder"):
        selfvec.evaluate(plane, [Stability(refine_again)])
    with pytest.raises(OptionError, match="give a run folder"):
        selfvec.evaluate(plane, [Contextual(lambda texts: np.ones((len(texts), 2)))])
    forgotten = selfvec.Refiner(keep_tokens=False).fit(storms, "none").run_
    with pytest.raises(InputError, match="forget-tokens"):
        selfvec.evaluate(forgotten, [Stability(refine_again)])
    single = selfvec.Refiner().fit([" ".join(storms)], "none").run_
    with pytest.raises(InputError, match="two documents"):
        selfvec.evaluate(single, [Stability(refine_again)])
    small = selfvec.Refiner().fit(["hail fell on roofs"] * 30, "none").run_
    with pytest.raises(InputError, match="4 words occur often enough to be compared, 20 are needed"):
        selfvec.evaluate(small, [Stability(refine_again)])
    with pytest.raises(OptionError, match="halves or seeds"):
        Stability(refine_again, "thirds")


def test_the_flag(tmp_path: Path, storm_file: Path, capsys) -> None:
    folder = str(tmp_path / "run")
    assert main(["refine", str(storm_file), "-o", folder, "--method", "paper"]) == 0
    capsys.readouterr()
    assert main(["evaluate", folder, "--stability", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {(row["vectors"], row["task"], row["kind"]) for row in rows} == {
        ("refined", "seeds", "stability"),
        ("refined", "halves", "stability"),
    }
    assert main(["evaluate", folder, "--stability"]) == 0
    assert "seeds, overlap@10 (takes no seed)" in capsys.readouterr().out
    assert main(["evaluate", folder]) == 2
    assert "--stability" in capsys.readouterr().err


def test_evaluation_imports_no_refiner_anywhere() -> None:
    for path in Path(selfvec.evaluation.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = {(node.module or "").split(".")[0], *(alias.name for alias in node.names)}
                assert not (node.level == 2 and names & {"refine", "refiner"}), path


# ---- a contextual encoder


def test_passages_hold_their_word_and_stay_in_its_document(storms) -> None:
    batch = TokenBatch.from_documents([[*text.split(), f"end{i}"] for i, text in enumerate(storms)])
    words = frequent_words(batch.counts, 10)
    found = passages(batch, words, np.random.default_rng(0))
    assert len(found) == USES * len(words)
    for i, text in enumerate(found):
        tokens = text.split(" ")
        assert batch.types[words[i // USES]] in tokens
        assert len(tokens) <= 21
        assert sum(token.startswith("end") for token in tokens) <= 1  # one document's


def test_an_encoder_that_sees_what_the_table_holds_agrees_with_it() -> None:
    words = [f"w{i}" for i in range(40)]
    rows = noise(20, 16)
    table = Vectors(words, np.concatenate([rows, -rows]))  # centred, so that no common part is lost
    texts = [" ".join([word] * 12) for word in words]
    run = selfvec.Refiner(method="original").fit(texts, table).run_

    def encode(texts: list[str]) -> np.ndarray:
        return table[[text.split(" ")[0] for text in texts]]

    def blind(texts: list[str]) -> np.ndarray:
        return noise(len(texts), 16, seed=5)

    seeing = rows_of(run, Contextual(encode, "model"))["overlap@10", None]
    assert (seeing["value"], seeing["n"], seeing["task"]) == (pytest.approx(1, abs=0.02), 40, "model")
    assert rows_of(run, Contextual(blind))["overlap@10", None]["value"] < 0.35


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="the extra is installed")
def test_without_the_extra_the_error_names_it(storm_file: Path, capsys) -> None:
    with pytest.raises(MissingExtra, match=r"selfvec\[encoder\]"):
        sentence_encoder("some-model")
    assert main(["evaluate", "default", "--encoder", "some-model"]) == 2
    assert "selfvec[encoder]" in capsys.readouterr().err
