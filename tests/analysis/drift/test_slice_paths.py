"""Paths through slices: exact sums, and regions that shrink with the text."""

import json
from functools import partial
from typing import Any

import numpy as np
import pytest
from drift_corpus import planted_run, slice_means
from tests.in_threads import in_threads
from tests.refusals import refused

import selfvec
from selfvec.analysis.comparison.chosen_slices import comparable_slices
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.occurrence_vectors import occurrence_space
from selfvec.analysis.word_drift.word_paths import slice_paths, slice_table
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.errors import InputError, OptionError
from selfvec.corpus.slices import by_label
from selfvec.data.run import Run


@pytest.fixture(scope="module")
def run() -> Run:
    """x0 goes from one topic to another, x1 stays, x2 is rare."""
    made = planted_run([(0.0, 1.0), (0.0, 0.0)], uses=(80, 80))
    return Run(made.vectors, made.original, None, made.provenance, made.report_json, made.tokens)


def figures(path: dict[str, Any], name: str) -> list[Any]:
    """A figure of all slices."""
    return [row[name] for row in path["slices"]]


def test_distances_are_those_of_the_mean_uses_whatever_the_units(run: Run) -> None:
    every = by_label(run.tokens)
    space = occurrence_space(Comparison.of(run.tokens, every), WordTable.of(run))
    tables = slice_means(space)
    words = ["x0", "t1w3", "c0"]
    for word, path in zip(words, slice_paths(run, words, every), strict=True):
        first, second = (table[run.index(word)] for table in tables)
        assert figures(path, "distance") == pytest.approx([0, 1 - first @ second], abs=2e-5)
        assert sum(figures(path, "uses")) == run.tokens.counts[run.index(word)]


def test_a_word_that_moved_is_outside_what_chance_gives_one_that_stayed(run: Run) -> None:
    moved, stayed = (path["slices"][1] for path in slice_paths(run, ["x0", "x1"]))
    assert stayed["high"] < moved["low"] < moved["distance"] < moved["high"]
    assert stayed["distance"] < 0.3


def test_chance_is_the_distance_of_a_word_that_stayed_however_few_its_uses() -> None:
    for uses in ((80, 80), (60, 5)):
        made = planted_run([(0.0, 0.0)] * 12 + [(0.0, 1.0)], uses=uses)
        *stayed, moved = slice_paths(made, [f"x{i}" for i in range(13)], by_label(made.tokens))
        chance, distance = (
            np.mean([figures(path, name)[1] for path in stayed]) for name in ("chance", "distance")
        )
        assert chance == pytest.approx(distance, rel=0.4)
        assert figures(moved, "chance")[1] < 0.5 * figures(moved, "distance")[1]
        assert figures(moved, "chance")[0] == 0


@pytest.mark.parametrize("uses", [(60, 4), (4, 60)])
def test_a_distance_is_in_brackets_if_either_end_has_few_uses(uses: tuple[int, int]) -> None:
    made = planted_run([(0.0, 1.0)], uses=uses)
    (path,) = slice_paths(made, ["x0"], by_label(made.tokens))
    assert figures(path, "few") == [uses[0] < 5, True]
    assert "mostly chance" in str(slice_table(path).notes)


def test_intervals_shrink_with_the_text() -> None:
    widths = []
    for uses in (10, 40, 160):
        made = planted_run([(0.2, 0.8)], uses=(uses, uses))
        (path,) = slice_paths(made, ["x0"], by_label(made.tokens))
        widths.append(figures(path, "high")[1] - figures(path, "low")[1])
    assert widths[0] > 1.5 * widths[1] > 2.25 * widths[2]


def test_intervals_are_seeded_and_do_not_depend_on_threads_or_company(run: Run) -> None:
    one = slice_paths(run, ["x0"], seed=3)[0]
    assert one == in_threads(1, slice_paths, run, ["x1", "x0"], seed=3)[1]
    assert one != slice_paths(run, ["x0"], seed=4)[0]


def test_a_slice_without_the_word_has_no_figures() -> None:
    texts = ["rain fell on the town", "rain and hail fell", "the judge of the town"] * 6
    labels = ["wet", "wet", "dry"] * 6
    made = selfvec.refine(selfvec.Corpus.from_texts(texts, slices=labels), "none", "original")
    (path,) = slice_paths(made.present, ["hail"])
    assert figures(path, "slice") == ["wet", "dry"]
    assert figures(path, "uses") == [6, 0]
    assert figures(path, "distance") == figures(path, "chance") == [0, None]
    json.dumps(path, allow_nan=False)


def test_what_cannot_be_followed_is_said(run: Run) -> None:
    refused(lambda: slice_paths(run, ["nothing"]), InputError, "does not occur in this run")
    refused(lambda: slice_paths(run, ["x0"], by_label(run.tokens)[:1]), InputError, "at least two slices")
    drawn = partial(selfvec.trajectory, run, "x0", plot="x.svg")
    for given in ({"slices": True}, {"slice_field": "state"}):
        refused(lambda: drawn(**given), OptionError, "draws the states of refining.*leave it out")


def test_parts_are_the_labels_or_the_periods_with_enough_text(run: Run) -> None:
    assert [part.name for part in comparable_slices(run)] == ["old", "new"]


@pytest.mark.parametrize(
    ("days", "names"),
    [
        (["2020-01-03", "2021-11-30"], ["2020", "2021"]),
        (["2020-01-03", "2020-11-30"], ["2020Q1", "2020Q4"]),
        (["2020-01-03", "2020-02-01"], ["2020-01", "2020-02"]),
        (["2020-01-03", "2020-01-04"], ["2020-01-03", "2020-01-04"]),
        (["2020-01-03", "2020-01-03"], []),
    ],
)
def test_a_text_of_one_year_is_divided_by_smaller_periods(days: list[str], names: list[str]) -> None:
    run = selfvec.refine([{"date": day, "text": "hail fell"} for day in days], "none", "original")
    assert [part.name for part in comparable_slices(run.present)] == names
