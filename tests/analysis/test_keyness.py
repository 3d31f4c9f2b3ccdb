"""Keyness by hand, its laws, and the sides it compares."""

import math
from collections import Counter
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.refusals import refused

import selfvec
from selfvec.base.errors import InputError, NotFound, OptionError
from selfvec.numerics.statistics import benjamini_hochberg, chi_square_p, log_likelihood_scores

COUNTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=20)
EARLY = "hail hail hail roof barn"  # 3 of 5 words are hail
LATE = "hail road road road road"


def a_run(rows: list[dict[str, Any]], **options: Any) -> selfvec.Run:
    return selfvec.refine(pl.DataFrame(rows), "none", method="original", **options)


@pytest.fixture(scope="module")
def run() -> selfvec.Run:
    """Ten times the early text in 1990 by letter, ten times the late one in 2000 by wire."""
    sides = ((EARLY, "1990-01-01", "letter"), (LATE, "2000-01-01", "wire"))
    rows = [
        {"text": text + "." * i, "date": date, "kind": kind} for text, date, kind in sides for i in range(10)
    ]
    return a_run(rows, slice="year")


def by_word(found: Any) -> dict[str, dict[str, Any]]:
    return {row["word"]: row for row in found.rows}


def test_keyness_by_hand(run: selfvec.Run) -> None:
    found = selfvec.keyness(run)
    assert (found["a"], found["b"], found["tokens_a"], found["tokens_b"]) == ("1990", "2000", 50, 50)
    rows = by_word(found)
    hail = rows["hail"]  # 30 and 10 of 50, expected 20 and 20
    assert (hail["count_a"], hail["count_b"], hail["documents_a"], hail["documents_b"]) == (30, 10, 10, 10)
    assert hail["log_ratio"] == pytest.approx(math.log2(3))
    assert hail["ll"] == pytest.approx(2 * (30 * math.log(30 / 20) + 10 * math.log(10 / 20)))
    assert hail["p"] == pytest.approx(math.erfc(math.sqrt(hail["ll"] / 2)))
    road = rows["road"]  # 0 counts as one half
    assert road["log_ratio"] == pytest.approx(math.log2(0.5 / 40))
    assert road["ll"] == pytest.approx(2 * 40 * math.log(2))
    assert [row["word"] for row in found.rows] == ["road", "roof", "barn", "hail"]
    assert [row["key_of"] for row in found.rows] == ["b", "a", "a", "a"]
    assert (found["words_a"], found["words_b"]) == (3, 1)
    q = benjamini_hochberg(np.array([row["p"] for row in found.rows]))
    np.testing.assert_allclose([row["q"] for row in found.rows], q)


@given(COUNTS)
def test_sides_can_be_exchanged(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs).T
    np.testing.assert_allclose(log_likelihood_scores(a, b), -log_likelihood_scores(b, a), atol=1e-6)


@given(COUNTS)
def test_equal_shares_are_not_key_and_twice_the_text_is_twice_as_much_evidence(
    pairs: list[tuple[int, int]],
) -> None:
    a, b = np.array(pairs).T
    np.testing.assert_allclose(log_likelihood_scores(a, 3 * a), 0, atol=1e-4)
    once, twice = (log_likelihood_scores(times * a, times * b) ** 2 for times in (1, 2))
    np.testing.assert_allclose(twice, 2 * once, atol=1e-6)


def test_p_of_chi_square() -> None:
    """Critical values of tables: 3.841, 6.635, 10.828 at .05, .01, .001."""
    p = chi_square_p(np.sqrt([0, 3.841, 6.635, 10.828]))
    np.testing.assert_allclose(p, [1, 0.05, 0.01, 0.001], rtol=1e-3)


def test_a_word_is_key_of_the_side_with_the_larger_share_whatever_a_zero_counts() -> None:
    """0 of 4 against 1 of 40: half of one is the larger share, but the word is in b only."""
    small = [{"text": "hail hail hail hail", "date": "1990-01-01"}]
    large = [{"text": "hail " * 39 + "road", "date": "2000-01-01"}]
    (road,) = [
        row for row in selfvec.keyness(a_run([*small, *large], slice="year")).rows if row["word"] == "road"
    ]
    assert road["log_ratio"] > 0
    assert road["key_of"] == "b"


def test_top_is_the_number_of_words_of_each_side(run: selfvec.Run) -> None:
    found = selfvec.keyness(run, top=1)
    assert [row["word"] for row in found.rows] == ["road", "roof"]
    assert (found["words_a"], found["words_b"]) == (3, 1)
    assert by_word(selfvec.keyness(run, min_count=11)).keys() == {"hail", "road"}


def test_sides_may_be_named_or_values_of_a_field_or_another_run(run: selfvec.Run) -> None:
    plain = selfvec.keyness(run)
    for same in (
        run.keyness(["1990..1995", "2000.."]),
        selfvec.keyness(run, slice_field="kind"),
        selfvec.keyness(run, ["letter", "wire"], slice_field="kind"),
    ):
        assert same.rows == plain.rows
    late = a_run([{"text": LATE + "." * i} for i in range(10)], min_count=2)
    other = selfvec.keyness(run, against=late, filter="kind=letter")
    assert other["tokens_a"] == 50
    assert by_word(other)["road"]["count_b"] == 40
    assert "min_count" in other["note"]
    assert selfvec.keyness(run, against=run)["note"] == ""
    assert {row["key_of"] for row in selfvec.keyness(run, against=run).rows} == {""}


def test_filters_choose_the_documents_of_both_sides() -> None:
    words = {"letter": "hail", "wire": "road"}
    rows = [
        {
            "text": f"{words[kind]} {kind} storm",
            "date": f"{year}-01-01",
            "kind": kind,
            "id": f"{year}{kind}{i}",
        }
        for year in (1990, 2000)
        for kind in words
        for i in range(4)
    ]
    run = a_run(rows, slice="year")
    found = selfvec.keyness(run, filter="kind=letter")
    assert Counter(row["word"] for row in found.rows) == Counter(["hail", "letter", "storm"])
    assert found["tokens_a"] == found["tokens_b"] == 12


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"between": ["1990", "1990.."]}, InputError, "share 10 documents"),
        ({"between": ["1990"]}, OptionError, "two slices"),
        ({"between": ["1990", "1970"]}, NotFound, "no document is dated 1970"),
        ({"slice_field": "state"}, NotFound, "no field 'state'"),
        ({"filter": "kind=letter"}, InputError, "only one slice, 1990"),
        ({"between": ["1990", "2000"], "filter": "kind=wire"}, InputError, "no document of 1990 passes"),
        ({"filter": "kind=telex"}, NotFound, "no document has kind=telex"),
        ({"min_count": 0}, OptionError, "min_count"),
    ],
)
def test_what_cannot_be_compared_is_an_error(run: selfvec.Run, options, error, said: str) -> None:
    refused(lambda: selfvec.keyness(run, **options), error, said)


def test_a_text_without_parts_names_the_options() -> None:
    run = a_run([{"text": "hail on the roof"}, {"text": "a road"}])
    refused(lambda: selfvec.keyness(run), InputError, "between or slice_field, or another run with against")
    with pytest.raises(OptionError, match="does not go with another run"):
        selfvec.keyness(run, ["a", "b"], against=run)
