"""Hidden words: ranks by hand, and what is hidden stays hidden."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.data.settings import METHODS
from selfvec.data.vectors import Source, Vectors
from selfvec.lab.evaluation import HiddenWords
from selfvec.lab.evaluation.report import comparison_result
from selfvec.lab.evaluation.words import induced, ranks
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.pipeline import refine_again

WAYS = ["zero start", "refined"]


@pytest.fixture(scope="module")
def run() -> selfvec.Run:
    """Eight topics of ten words; a text is of one topic, and a topic's words are spelled alike."""
    stems = ("storm", "bread", "music", "court", "river", "cloth", "horse", "paint")
    words = [f"{stem}{end}" for stem in stems for end in "abcdefghij"]
    rng = default_rng(0)
    centres = unit_rows(rng.standard_normal((8, 20)))
    rows = unit_rows(np.repeat(centres, 10, axis=0) + 0.15 * rng.standard_normal((80, 20)))
    texts = [" ".join(words[i] for i in 10 * (k % 8) + rng.integers(10, size=12)) for k in range(240)]
    texts += ["bananas bananas"]
    return selfvec.refine(texts, Vectors(words, rows), "decorrelated", window=11, history="none")


@given(seed=st.integers(0, 1000), n=st.integers(1, 30), h=st.integers(1, 8))
def test_ranks_are_those_of_sorting(seed, n, h) -> None:
    rng = default_rng(seed)
    table, found = unit_rows(rng.standard_normal((n, 5))), rng.standard_normal((h, 5)).astype(np.float32)
    places = rng.integers(n, size=h)
    order = np.argsort(-(unit_rows(found) @ table.T), axis=1)
    expected = [1 + order[i].tolist().index(places[i]) for i in range(h)]
    assert ranks(found, table, places).tolist() == expected


def test_hidden_words_are_found_again(run: selfvec.Run) -> None:
    report = selfvec.evaluate(run, [HiddenWords()], seed=3)
    rows = {row["vectors"]: row for row in report.rows if row["metric"] == "median_rank"}
    assert list(rows) == WAYS
    for row in report.rows:
        assert (row["kind"], row["task"], row["n"], row["candidates"]) == ("oov", "hidden words", 16, 80)
        assert row["low"] <= row["value"] <= row["high"]
        assert row["covered"] == 1
    assert rows["refined"]["value"] <= 16  # near its topic
    assert rows["refined"]["share"] == rows["refined"]["value"] / 80
    again = selfvec.evaluate(run, [HiddenWords()], seed=3)
    assert again.rows == report.rows


def test_the_true_rows_of_hidden_words_do_not_matter(run: selfvec.Run) -> None:
    batch, original, hidden = run.tokens, run.original, np.array([3, 10, 40])
    changed = np.array(original.unit)
    changed[hidden] = unit_rows(default_rng(1).standard_normal((3, changed.shape[1])))
    other = Vectors(original.index_to_key, changed, sources=original.sources, normalized=True)
    ways = (induced(run.present.replace(original=table), batch, hidden, 0) for table in (original, other))
    for (name, rows), (_, others) in zip(*ways, strict=True):
        np.testing.assert_array_equal(rows, others, err_msg=name)


def test_composed_words_do_not_give_hidden_ones_away(run: selfvec.Run) -> None:
    batch, original, hidden = run.tokens, run.original, np.array([3, 10, 40])
    parts = np.array([5, 6, 7])
    sources = original.sources.copy()
    sources[parts] = Source.SUBWORDS
    found = []
    for rows in (original.unit[parts], original.unit[hidden]):  # the second as if made of the hidden words
        matrix = np.array(original.unit)
        matrix[parts] = rows
        table = Vectors(original.index_to_key, matrix, sources=sources, normalized=True)
        changed = run.present.replace(original=table)
        found.append([rows for _, rows in induced(changed.present, batch, hidden, 0)])
    assert len(found[0]) == len(WAYS)
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("method", ["auto", *METHODS])
def test_refined_again_with_its_seed_a_run_is_the_same(method: str, storms) -> None:
    run = selfvec.refine(storms, "none", method, seed=3).present
    np.testing.assert_allclose(refine_again(run, run.tokens, 3).vectors, run.vectors.vectors, atol=1e-5)
    assert np.mean(np.sum(refine_again(run, run.tokens, 4).unit * run.vectors.unit, axis=1)) < 0.9


def test_less_is_better(run: selfvec.Run) -> None:
    report = selfvec.evaluate(run, [HiddenWords()])
    titles = {figure.rows[0]["metric"]: figure.title for figure in report.figures()}
    assert titles["median_rank"].endswith("lower is better")
    assert "lower" not in titles["mrr"]
    above = {"kind": "oov", "low": 1.0, "high": 2.0}
    assert comparison_result(above | {"metric": "median_rank"}) == "worse"
    assert comparison_result(above | {"metric": "mrr"}) == "better"


def test_what_cannot_be_measured_is_one_error(run: selfvec.Run) -> None:
    with pytest.raises(OptionError, match="hidden words is measured on runs"):
        selfvec.evaluate(run.vectors, [HiddenWords()])
    small = selfvec.Refiner("decorrelated", window=5).fit(
        ["hail storm roof"] * 9, Vectors(["hail"], np.eye(1))
    )
    with pytest.raises(InputError, match="50 words with a vector of their own, this run has 1"):
        selfvec.evaluate(small.run_, [HiddenWords()])
