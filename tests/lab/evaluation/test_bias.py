"""Bias: effect sizes and p by hand and against SciPy."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.commands import ran
from tests.lab.evaluation.conftest import SET, at

import selfvec
from selfvec.data.vectors import Vectors
from selfvec.files.report_page import page_html, page_markdown
from selfvec.lab.evaluation import Bias
from selfvec.lab.evaluation.bias import BUILT_IN, effect_size, permutation_p, read_sets

ANGLES = {"a1": 0, "a2": 0, "b1": 90, "b2": 90, "x1": 0, "x2": 60, "y1": 90, "y2": 30}

numbers = st.lists(st.integers(-50, 50), min_size=2, max_size=5).map(lambda n: np.array(n, float) / 50)


@pytest.fixture
def circle() -> Vectors:
    return at(ANGLES)


@pytest.fixture
def poles(write) -> Path:
    return write("poles.json", json.dumps({"poles": SET}))


def test_effect_and_p_worked_out_by_hand(circle: Vectors, poles: Path) -> None:
    # s(w) = cos - sin of its angle: 1, -.366 | -1, .366. Means .317 and -.317, standard deviation .8695.
    # Two of the six partings, their own and {x1, y2}, are as far apart.
    (row,) = selfvec.evaluate(circle, [Bias(poles)]).rows
    assert row["value"] == pytest.approx(0.6340 / 0.8695, abs=1e-3)
    assert row["p"] == pytest.approx(1 / 3)
    named = row["kind"], row["metric"], row["task"], row["method"]
    assert named == ("bias", "weat_effect", "poles", "poles")
    assert (row["n"], row["covered"], row["targets"], row["attributes"]) == (4, 1.0, ["x", "y"], ["a", "b"])
    assert -2 <= row["low"] <= row["value"] <= row["high"] <= 2


def test_swapping_targets_or_attributes_turns_the_sign(circle: Vectors, write) -> None:
    def value(targets: dict, attributes: dict) -> float:
        path = write("set.json", json.dumps({"set": {"targets": targets, "attributes": attributes}}))
        return selfvec.evaluate(circle, [Bias(path)]).rows[0]["value"]

    def turned(lists: dict) -> dict:
        return dict(reversed(lists.items()))

    targets, attributes = SET["targets"], SET["attributes"]
    assert value(turned(targets), attributes) == pytest.approx(-value(targets, attributes))
    assert value(targets, turned(attributes)) == pytest.approx(-value(targets, attributes))


@given(numbers, numbers)
def test_the_effect_is_bounded(x: np.ndarray, y: np.ndarray) -> None:
    assert abs(effect_size(x, y)) <= 2


def test_p_agrees_with_scipy_exactly_and_when_drawn() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(3)
    for size in (5, 10):  # 252 partings, all; 184,756, drawn
        x, y = rng.normal(0.4, 1, size), rng.normal(0, 1, size)
        found = stats.permutation_test(
            (x, y),
            lambda a, b, axis: a.mean(axis) - b.mean(axis),
            alternative="greater",
            vectorized=True,
            n_resamples=200_000,
        )
        assert permutation_p(x, y, seed=1) == pytest.approx(found.pvalue, abs=1e-9 if size == 5 else 0.015)


def test_words_without_a_vector_lower_covered_and_a_list_without_two_tells_nothing(poles) -> None:
    table = Vectors(["x1", "x2", "y1", "a1", "a2", "b1", "b2"], np.eye(7, dtype=np.float32))
    report = selfvec.evaluate({"few": table, "none": Vectors(["q"], np.ones((1, 2)))}, [Bias(poles)])
    few, none = report.rows
    assert few["covered"] == pytest.approx(7 / 8)
    assert none["covered"] == 0.0
    for row in (few, none):
        assert (row["value"], row["low"], row["high"], row["p"]) == (0.0, -2.0, 2.0, 1.0)
    assert report.comparisons == []  # over different words: nothing to compare


def test_a_larger_effect_is_called_higher_not_better(circle: Vectors, write) -> None:
    words = SET | {"targets": {"x": ["x1", "y2"], "y": ["y1", "x2"]}}
    turned = Vectors(["a1", "a2", "b1", "b2", "y1", "y2", "x1", "x2"], circle.vectors)
    path = write("set.json", json.dumps({"set": words}))
    report = selfvec.evaluate({"one": circle, "other": turned}, [Bias(path)])
    assert report.summary() == []
    assert "| higher |" in page_markdown(report.page())
    assert "better" not in page_markdown(report.page())
    assert "<td>higher</td>" in page_html(report.page())


def test_the_flag_works_alone_and_beside_own_sets(poles: Path, tmp_path: Path, circle) -> None:
    selfvec.save(circle, tmp_path / "circle.bin")
    rows = ran(["evaluate", "default", "--bias", "--json"]).json["rows"]
    assert [row["method"] for row in rows] == [wanted.name for wanted in read_sets(BUILT_IN)]
    assert all(row["covered"] == 1.0 and 0 < row["p"] <= 1 for row in rows)
    given = ["evaluate", str(tmp_path / "circle.bin"), "--bias-sets", str(poles)]
    rows = ran([*given, poles, "--bias", "--json"]).json["rows"]
    assert [row["task"] for row in rows] == ["built-in"] * 4 + ["poles", "poles (2)"]
    assert "weat_effect (poles)" in ran(given).out
