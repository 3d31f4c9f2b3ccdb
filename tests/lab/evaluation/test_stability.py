"""Stability: overlaps by hand, rotations, and what refining again gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.refusals import refused

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.data.run import Run
from selfvec.data.settings import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Stability
from selfvec.lab.evaluation.run_tasks import (
    frequent_words,
    neighbour_overlap,
    rotated_cosines,
    split_documents,
    takes_seed,
)
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.pipeline import refine_again


def noise(n: int, d: int, seed: int = 0) -> np.ndarray:
    return unit_rows(np.random.default_rng(seed).standard_normal((n, d)))


def table_for(texts: list[str]) -> Vectors:
    words = sorted({word.strip(".,").lower() for text in texts for word in text.split()})
    return Vectors(words, noise(len(words), 24))


@pytest.fixture(scope="module")
def run(storms: list[str]) -> Run:
    return selfvec.Refiner(method="decorrelated").fit(storms, table_for(storms)).run_


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
def test_overlap_ignores_rotations(n: int, d: int, seed: int) -> None:
    table = noise(n, d, seed)
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))
    turned = (table @ turn).astype(np.float32)
    assert np.mean(neighbour_overlap(table, turned)) > 0.97  # equal cosines may change places
    assert np.all(neighbour_overlap(table, table) == 1)


def test_a_rotation_is_found_and_noise_is_not_aligned() -> None:
    table, other = noise(400, 20), noise(400, 20, seed=1)
    turn, _ = np.linalg.qr(np.random.default_rng(2).standard_normal((20, 20)))
    turned = (table @ turn).astype(np.float32)
    np.testing.assert_allclose(rotated_cosines(table, turned), 1, atol=1e-5)
    assert abs(np.mean(rotated_cosines(table, other))) < 0.05
    few = slice(0, 24)  # a rotation fitted on the words it is measured on would make .9 of these
    assert abs(np.mean(rotated_cosines(table[few], other[few]))) < 0.3


def test_random_neighbours_overlap_as_chance_says() -> None:
    expected = 10 / 199 / (2 - 10 / 199)  # Jaccard index of two random tens of 199
    found = neighbour_overlap(noise(200, 64), noise(200, 64, seed=1))
    assert np.mean(found) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("method", ["auto", *METHODS])
@pytest.mark.parametrize("start", ["table", "none"])
def test_again_is_the_same_run_and_only_chance_makes_another(method: str, start: str, storms) -> None:
    table = table_for(storms) if start == "table" else "none"
    run = selfvec.Refiner(method=method, seed=3).fit(storms, table).run_.present
    np.testing.assert_allclose(refine_again(run, run.tokens, 3).vectors, run.vectors.vectors, atol=1e-5)
    other = refine_again(run, run.tokens, 4).vectors
    if not takes_seed(run):
        np.testing.assert_allclose(other, run.vectors.vectors, atol=1e-5)
    elif start == "none":
        assert np.mean(np.sum(unit_rows(other) * run.vectors.unit, axis=1)) < 0.9
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


# ---- the task


def rows_of(vectors, task) -> dict[tuple[str, str | None], dict]:
    return {(r["metric"], r.get("method")): r for r in selfvec.evaluate(vectors, [task]).rows}


def test_a_method_without_a_seed_is_reported_as_such(run: Run) -> None:
    rows = rows_of(run, Stability("seeds"))
    assert set(rows) == {("overlap@10", "takes no seed"), ("cosine", "takes no seed")}
    assert all((r["value"], r["low"], r["high"], r["repeats"]) == (1, 1, 1, 0) for r in rows.values())


def test_the_decorrelated_update_is_stable_over_halves_and_seeds(storms, run: Run) -> None:
    halves = rows_of(run, Stability(repeats=2))
    assert 0.5 < halves["overlap@10", None]["value"] <= 1
    assert halves["cosine", None]["value"] > 0.8
    assert halves["cosine", None]["covered"] == 1
    bands = [row["n"] for (metric, method), row in halves.items() if metric == "cosine" and method]
    assert sum(bands) == halves["cosine", None]["n"]
    scratch = selfvec.Refiner(method="decorrelated").fit(storms, "none").run_
    seeds = rows_of(scratch, Stability("seeds"))
    assert seeds["cosine", None]["aligned"] is True
    assert 0 < seeds["overlap@10", None]["value"] < 1


def test_runs_of_one_corpus_are_compared_word_by_word(storms, run: Run) -> None:
    kept = selfvec.Refiner(method="original").fit(storms, table_for(storms)).run_
    report = selfvec.evaluate({"moved": run, "kept": kept}, [Stability()])
    by_name = {row["vectors"]: row for row in report.rows if row["metric"] == "overlap@10"}
    assert by_name["kept/refined"]["value"] == 1
    assert any(c["metric"] == "overlap@10" and c["high"] <= 0 for c in report.comparisons)
    assert report.summary() == []  # an unmoved table is the most stable, not the best


def test_what_cannot_be_measured_is_one_error(storms, plane: Vectors) -> None:
    def measure(texts: list[str]) -> None:
        selfvec.evaluate(selfvec.Refiner().fit(texts, "none").run_, [Stability()])

    refused(lambda: selfvec.evaluate(plane, [Stability()]), OptionError, "give a run folder")
    refused(lambda: measure([" ".join(storms)]), InputError, "two documents")
    with pytest.raises(InputError, match="4 words occur often enough to be compared, 20 are needed"):
        measure(["hail fell on roofs"] * 30)
    refused(lambda: Stability("thirds"), OptionError, "halves or seeds")
    refused(lambda: frequent_words(np.full(19, 30), 10), InputError)
