"""Paths through slices: exact sums, and regions that shrink with the text."""

import json
from functools import partial

import numpy as np
import pytest
from drift_corpus import planted_run, slice_means
from tests.refusals import refused

import selfvec
from selfvec.analysis.comparison.chosen_slices import comparable_slices
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.occurrence_vectors import occurrence_space
from selfvec.analysis.word_drift.word_paths import slice_paths
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.errors import InputError, OptionError
from selfvec.corpus.slices import by_label
from selfvec.data.run import Run


@pytest.fixture(scope="module")
def run() -> Run:
    """x0 goes from one topic to another, x1 stays, x2 is rare."""
    made = planted_run([(0.0, 1.0), (0.0, 0.0)], uses=(80, 80))
    return Run(made.vectors, made.original, None, made.provenance, made.report_json, made.tokens)


def test_a_place_is_the_mean_use_whatever_the_units(run: Run) -> None:
    every = by_label(run.tokens)
    space = occurrence_space(Comparison.of(run.tokens, every), WordTable.of(run))
    tables = slice_means(space)
    words = ["x0", "t1w3", "c0"]
    for word, path in zip(words, slice_paths(run, words, every, jobs=2), strict=True):
        for table, row in zip(tables, path.vectors, strict=True):
            np.testing.assert_allclose(row, table[run.index(word)], atol=2e-5)
        assert path.uses.sum() == run.tokens.counts[run.index(word)]


def test_a_word_that_moved_is_outside_what_chance_gives_one_that_stayed(run: Run) -> None:
    moved, stayed = slice_paths(run, ["x0", "x1"], jobs=1)
    far, low, high = moved.from_first()
    near, _, top = stayed.from_first()
    assert low[1] > top[1]
    assert low[1] < far[1] < high[1]
    assert near[1] < 0.3 < far[1]


def test_chance_is_the_distance_of_a_word_that_stayed_however_few_its_uses() -> None:
    for uses in ((80, 80), (60, 5)):
        made = planted_run([(0.0, 0.0)] * 12 + [(0.0, 1.0)], uses=uses)
        *stayed, moved = slice_paths(made, [f"x{i}" for i in range(13)], by_label(made.tokens), jobs=1)
        distances = [path.from_first()[0][1] for path in stayed]
        assert np.mean([path.chance[1] for path in stayed]) == pytest.approx(np.mean(distances), rel=0.4)
        assert moved.chance[1] < 0.5 * moved.from_first()[0][1]
        assert moved.chance[0] == 0


@pytest.mark.parametrize("uses", [(60, 4), (4, 60)])
def test_a_distance_is_in_brackets_if_either_end_has_few_uses(uses: tuple[int, int]) -> None:
    made = planted_run([(0.0, 1.0)], uses=uses)
    (path,) = slice_paths(made, ["x0"], by_label(made.tokens), jobs=1)
    few = [row["few"] for row in path.as_dict()["slices"]]
    assert few == [uses[0] < 5, True]
    assert "mostly chance" in str(path.table.notes)


def test_regions_shrink_with_the_text() -> None:
    widths = []
    for uses in (10, 40, 160):
        made = planted_run([(0.5, 0.5)], uses=(uses, uses))
        (path,) = slice_paths(made, ["x0"], by_label(made.tokens), jobs=1)
        off = 1 - np.einsum("bsd,sd->bs", path.draws, path.vectors)
        widths.append(float(off.mean()))
    assert widths[0] > 1.5 * widths[1] > 2.25 * widths[2]


def test_draws_are_seeded_and_do_not_depend_on_threads_or_company(run: Run) -> None:
    one = slice_paths(run, ["x0"], seed=3, jobs=1)[0]
    same = slice_paths(run, ["x1", "x0"], seed=3, jobs=2)[1]
    other = slice_paths(run, ["x0"], seed=4, jobs=1)[0]
    np.testing.assert_array_equal(one.draws, same.draws)
    assert not np.array_equal(one.draws, other.draws)


def test_a_slice_without_the_word_has_no_place() -> None:
    from selfvec.corpus import Corpus

    texts = ["rain fell on the town", "rain and hail fell", "the judge of the town"] * 6
    labels = ["wet", "wet", "dry"] * 6
    made = selfvec.refine(Corpus.from_texts(texts, slices=labels), "none", "original")
    (path,) = slice_paths(made.present, ["hail"], jobs=1)
    assert path.uses.tolist() == [6, 0]
    assert path.vectors[1].tolist() == [0.0] * path.vectors.shape[1]
    rows = path.as_dict()["slices"]
    assert [row["slice"] for row in rows] == ["wet", "dry"]
    assert rows[1]["distance"] is rows[1]["low"] is None
    json.dumps(path.as_dict(), allow_nan=False)


def test_what_cannot_be_followed_is_said(run: Run) -> None:
    refused(lambda: slice_paths(run, ["nothing"]), InputError, "does not occur in this run")
    refused(lambda: slice_paths(run, ["x0"], by_label(run.tokens)[:1]), InputError, "at least two slices")
    drawn = partial(selfvec.trajectory, run, "x0", plot="x.svg")
    for given in ({"slices": True}, {"slice_field": "state"}):
        refused(lambda given=given: drawn(**given), OptionError, "draws the states of refining.*leave it out")


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
