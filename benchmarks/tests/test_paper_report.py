"""The report on the paper says what was measured, on a small text of ours and random vectors."""

import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.places import ROOT

from benchmarks.measured import OLDER
from benchmarks.page import fill, generated
from benchmarks.paper import corpora, experiments
from benchmarks.paper.experiments import Plan, rule
from benchmarks.paper.report import report
from benchmarks.paper.tables import claimed, claims, direction, epochs, nearest, rates
from benchmarks.refining import refine_batch, shuffled
from selfvec.corpus import Corpus
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.pipeline import refine
from selfvec.text import Rules, encode, tokenizer

PAGE = ROOT / "docs" / "results" / "paper.md"
RULES = Rules(min_count=2)
PLAN = Plan(
    tokens=1_000,
    window=5,
    epochs=(1, 2, 3),
    listed_epochs=(1, 2),
    shuffles=3,
    words=("hail", "storm", "nowhere"),
    drawn_rates=(0.01, 0.2),
    held_out=5,
    repeats=1,
)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Short reports in one style, the middle of each drawn at random."""
    rng = np.random.default_rng(0)
    things = ["hail", "wind", "rain", "snow", "roofs", "trees", "fields", "cars", "streams", "bridges"]
    places = ["farm", "village", "coast", "valley", "county", "river"]
    made = []
    for number in range(200):
        a, b, c = rng.choice(things, 3)
        where = places[int(rng.integers(len(places)))]
        made.append(f"A storm with {a} passed the {where}. It hit {b} and {c} near mile {number % 7}.")
    return made


@pytest.fixture(scope="module")
def vectors(texts: list[str]) -> Vectors:
    """Random directions for all words but a few."""
    batch, _ = encode(Corpus.from_texts(texts).batches(), tokenizer("words"))
    words = [word for word in batch.types if word not in ("roofs", "coast")]
    return Vectors(words, np.random.default_rng(1).standard_normal((len(words), 16)).astype(np.float32))


@pytest.fixture(scope="module")
def prepared(texts: list[str], vectors: Vectors) -> corpora.Prepared:
    return corpora.prepare(texts, Rules(), vectors)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("figures")


@pytest.fixture(scope="module")
def measured(folder: Path, texts: list[str], vectors: Vectors) -> dict[str, Any]:
    return report(texts, vectors, PLAN, folder, rules=RULES)


@pytest.fixture
def results(measured: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(measured)


def test_results_have_a_row_for_everything_planned(results: dict[str, Any], folder: Path) -> None:
    assert [row["rate"] for row in results["rates"]] == list(PLAN.rates)
    assert [row["epochs"] for row in results["epochs"]] == list(range(4))
    assert {(r["word"], r["epochs"]) for r in results["neighbours"]} == {
        (word, epochs) for word in ("hail", "storm") for epochs in (0, 1, 2)
    }
    assert {path.name for path in folder.glob("*.svg")} == set(results["figures"])
    assert len(results["figures"]) == len(PLAN.drawn_rates)
    assert all((folder / name).stat().st_size < 200_000 for name in results["figures"])
    assert len(results["speed"]) == 3
    assert len(results["held_out"]) == 2
    assert all(made(results).count("|") > 9 for made in (claimed, nearest, epochs, rates, direction))


def test_report_measures_what_the_product_does(
    results: dict[str, Any], texts: list[str], vectors: Vectors
) -> None:
    chosen = corpora.cut(texts, RULES, vectors, PLAN.tokens)
    settings = replace(corpora.settings(RULES, PLAN.window), epochs=2, min_count=2)
    health = refine(Corpus.from_texts(chosen), vectors, settings).health_report
    (row,) = (row for row in results["epochs"] if row["epochs"] == 2)
    for name in ("mean_cosine_to_original", "anisotropy", "effective_rank", "saturated"):
        assert row[name] == pytest.approx(health[name], rel=1e-4)


def test_variance_is_the_mean_cosine_distance_between_two_ends(prepared: corpora.Prepared) -> None:
    plan = replace(PLAN, rates=(0.1,))
    ends = [
        refine_batch(shuffled(prepared.batch, seed), prepared.original, rule(plan.window, 0.1)).vectors.unit
        for seed in range(plan.shuffles)
    ]
    pairs = [(0, 1), (0, 2), (1, 2)]
    distance = np.mean([1 - np.einsum("ij,ij->i", ends[a], ends[b]) for a, b in pairs])
    (row,) = experiments.rates(prepared, plan)
    assert row["variance"] == pytest.approx(distance, rel=1e-4)


def test_direction_is_foretold_where_words_already_point_one_way(texts: list[str], vectors: Vectors) -> None:
    near = vectors.vectors * 0.1 + np.eye(16, dtype=np.float32)[0]
    alike = Vectors(vectors.index_to_key, unit_rows(near))
    rows = experiments.direction(corpora.prepare(texts, Rules(), alike), PLAN)
    assert all(row["foretold"] > 0.99 for row in rows)
    assert [(r["rate"], r["epochs"]) for r in rows] == [(0.01, 1), (0.01, 2), (0.01, 3), (0.2, 1)]


def test_what_holds_follows_from_the_numbers(results: dict[str, Any]) -> None:
    def answer(says: str) -> str:
        (found,) = (holds for claim, _, holds in claims(results) if says in claim)
        return found

    for row in results["epochs"]:
        row |= {"anisotropy": 0.9, "saturated": 0.9, "mean_cosine_to_original": 0.56}
    assert answer("0.56").startswith("yes")
    assert answer("domain-specific meanings").startswith("no")
    assert answer("nearest words").startswith("in part")
    for row in results["epochs"]:
        row |= {"anisotropy": 0.1, "saturated": 0.1, "mean_cosine_to_original": 0.9}
    assert answer("0.56") == "no"
    assert answer("domain-specific meanings") == "the space kept its shape"
    assert answer("nearest words") == "yes"
    for row in results["rates"]:
        row |= {"turning": -row["rate"], "variance_relative": row["rate"]}
    assert answer("oscillates").startswith("as a trend")
    for row in results["rates"]:
        row |= {"turning": row["rate"]}
    assert answer("oscillates") == "no"
    results["oov"]["still_empty"] = 4
    assert "4" in answer("without a vector")
    results["speed"][-1]["seconds"] = 5.0
    assert answer("4 s") == "no"


@pytest.mark.parametrize(
    ("page", "given"),
    [
        ("no place", {"a": "text"}),
        ("<!-- generated:a -->\nx\n<!-- /generated -->\n" * 2, {"a": "text"}),
        ("<!-- generated:a -->\n<!-- generated:b -->\n<!-- /generated -->", {"a": "text"}),
        ("<!-- generated:a -->\nnever ends", {"a": "text"}),
    ],
)
def test_a_page_and_its_parts_must_fit(page: str, given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="generated part"):
        fill(page, given)


def test_the_page_is_filled_and_names_no_machine_path() -> None:
    found = generated(PAGE.read_text(encoding="utf-8"))
    assert found
    figures = re.findall(r"\]\((\.\./figures/[^)]+)\)", PAGE.read_text(encoding="utf-8"))
    assert len(figures) == 3
    assert all((PAGE.parent / figure).stat().st_size < 200_000 for figure in figures)
    for name, text in found.items():
        assert text.strip() or name == OLDER, f"{name} was never generated: run make paper"
        assert not re.search(r"(?:^|[\s(`'\"=])(?:/|~/|[A-Za-z]:\\|file:)\w", text), name
