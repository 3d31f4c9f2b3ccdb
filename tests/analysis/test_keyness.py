"""Keyness by hand, its laws, and the sides it compares."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tests.refusals import refused

import selfvec
from selfvec.base.errors import InputError, NotFound, OptionError
from selfvec.numerics.statistics import benjamini_hochberg, chi_square_p, log_likelihood_scores, student_p

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
    assert hail["ll"] == pytest.approx(2 * (30 * math.log(30 / 20) + 10 * math.log(10 / 20)), abs=1e-9)
    scipy = stats.power_divergence([30, 10], [20, 20], lambda_="log-likelihood").statistic
    assert hail["ll"] == pytest.approx(scipy, abs=1e-9)
    # 3 and 1 in each document of 5, where 2 are expected: 20 documents with 1 too many or too few
    assert hail["p"] == pytest.approx(2 * stats.t.sf(math.sqrt(20), 19))
    assert (hail["per_million_a"], hail["dp_a"]) == pytest.approx((600_000, 0))
    road = rows["road"]  # 0 counts as one half
    assert road["log_ratio"] == pytest.approx(math.log2(0.5 / 40))
    assert road["ll"] == pytest.approx(2 * 40 * math.log(2))
    assert road["p"] == pytest.approx(2 * stats.t.sf(math.sqrt(20), 19))
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


@given(st.floats(0, 60), st.floats(0.01, 1e4))
def test_p_of_student(t: float, freedom: float) -> None:
    expected = 2 * stats.t.sf(t, freedom)
    assert student_p(np.array([t]), np.array([freedom]))[0] == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_a_single_document_cannot_make_a_key_word() -> None:
    """137 times in one of 60 documents is less evidence than once in each of 30."""
    text = "a road and a barn " * 20
    rows = [{"text": text, "date": f"{1990 + i % 2}-01-01", "id": str(i)} for i in range(120)]
    for i in range(60):
        rows[2 * i]["text"] += " opera" * 137 * (i == 0) + " hail" * (i % 2)
    keywords = selfvec.keyness(a_run(rows), ["1990", "1991"], min_count=1)
    by = by_word(keywords)
    assert by["opera"]["ll"] > by["hail"]["ll"]
    assert by["opera"]["p"] > 0.3
    assert by["hail"]["p"] < 0.001
    words = [row["word"] for row in keywords.rows]
    assert words.index("hail") > words.index("opera")  # the order is that of ll, whatever is sure
    assert (keywords["significant_a"], by["opera"]["documents_a"]) == (1, 1)
    assert round(by["opera"]["dp_a"], 2) > 0.6
    for further in ({"min_documents": 2}, {}):  # a word of one document could not be beyond chance
        left = selfvec.keyness(a_run(rows), ["1990", "1991"], **further)
        assert "opera" not in by_word(left)
        assert left["left_out"] == 1


def test_random_halves_have_as_many_key_words_as_the_level_says() -> None:
    """Words cluster in documents. By the log-likelihood a third of them would be key by chance."""
    rng = np.random.default_rng(1)
    words = np.array([f"w{i}" for i in range(200)])
    rows = []
    for i in range(200):
        own = words[rng.choice(200, 12, replace=False)]  # a subject: these words recur
        rows.append({"text": " ".join(rng.choice(own, 60)), "date": f"{1990 + i % 2}-01-01"})
    found = selfvec.keyness(a_run(rows), ["1990", "1991"])
    p, ll = (np.array([row[name] for row in found.rows]) for name in ("p", "ll"))
    assert found["findings"][-1]["kind"] == "none"
    assert found.findings[-1].says == "No word is more frequent in 1990 or 1991 beyond chance."
    assert np.mean(p < 0.05) < 0.08
    assert np.mean(ll > 3.84) > 0.25


def test_few_documents_beside_many_lack_words_by_chance() -> None:
    """Of 100 documents, 5 are one side; the 20 with *hail* are others in C(80, 5) of C(100, 5) divisions."""
    texts = [
        {"text": "wind and rain " + "hail" * (n % 5 == 0), "side": "a" if n % 20 == 1 else "b"}
        for n in range(100)
    ]
    rows = selfvec.keyness(selfvec.refine(texts, "none", "original"), slice_field="side").rows
    (hail,) = (row for row in rows if row["word"] == "hail")
    assert {hail["documents_a"], hail["documents_b"]} == {0, 20}
    assert hail["p"] == pytest.approx(2 * math.comb(80, 5) / math.comb(100, 5))


def test_further_measures_on_request_by_hand(run: selfvec.Run) -> None:
    plain = selfvec.keyness(run).rows[0]
    assert "bic" not in plain
    hail = by_word(selfvec.keyness(run, measures=["bic", "diff"]))["hail"]
    assert hail["bic"] == pytest.approx(hail["ll"] - math.log(100), abs=1e-9)
    assert hail["diff"] == pytest.approx(200, abs=1e-9)


@pytest.mark.parametrize(
    "content",
    [
        "word,documents,count\nhail,3,10\nroad,4,40\nthe,9,950\n",
        "# a list\nhail\t10\nroad\t40\nThe\t950\n",
        '10,hail\n40,Road\n"950",the\n',
    ],
)
def test_a_text_is_compared_with_a_frequency_list(run: selfvec.Run, tmp_path: Path, content: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(content, encoding="utf-8")
    keywords = selfvec.keyness(run, against=path)
    assert (keywords["b"], keywords["tokens_b"]) == ("list.csv", 1000)
    by = by_word(keywords)
    assert (by["hail"]["count_a"], by["hail"]["count_b"], by["hail"]["key_of"]) == (40, 10, "a")
    assert by["road"]["count_b"] == 40
    assert by["road"]["documents_b"] is None
    the = next(row for row in keywords.rows if row["word"].lower() == "the")
    assert (the["count_a"], the["count_b"], the["key_of"]) == (0, 950, "b")
    refused(lambda: selfvec.keyness(run, against=path, between=["a", "b"]), OptionError, "between")


def test_a_frequency_list_that_cannot_be_read_names_the_line(run: selfvec.Run, tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    path.write_text("hail\t10\nroad\n", encoding="utf-8")
    refused(lambda: selfvec.keyness(run, against=path), InputError, "a word and its count, this is 'road'")
    path.write_text("word\tcount\n", encoding="utf-8")
    refused(lambda: selfvec.keyness(run, against=path), InputError, "has no words")


def test_p_of_chi_square() -> None:
    """Critical values of tables: 3.841, 6.635, 10.828 at .05, .01, .001."""
    p = chi_square_p(np.sqrt([0, 3.841, 6.635, 10.828]))
    np.testing.assert_allclose(p, [1, 0.05, 0.01, 0.001], rtol=1e-3)


def test_a_word_is_key_of_the_side_with_the_larger_share_whatever_a_zero_counts() -> None:
    """0 of 4 against 1 of 40: half of one is the larger share, but the word is in b only."""
    small = [{"text": "hail hail hail hail", "date": "1990-01-01"}]
    large = [{"text": "hail " * 39 + "road", "date": "2000-01-01"}]
    (road,) = [
        row
        for row in selfvec.keyness(a_run([*small, *large], slice="year"), min_count=1).rows
        if row["word"] == "road"
    ]
    assert road["log_ratio"] > 0
    assert road["key_of"] == "b"


def test_top_is_the_number_of_words_of_each_side(run: selfvec.Run) -> None:
    found = selfvec.keyness(run, top=1)
    assert [row["word"] for row in found.rows] == ["road", "roof"]
    assert (found["words_a"], found["words_b"]) == (3, 1)
    assert by_word(selfvec.keyness(run, min_count=11)).keys() == {"hail", "road"}


def test_the_order_is_asked_for() -> None:
    """*hail* is 24 times in three documents, *rain* twice instead of once in all, *fog* in 16 documents."""
    rows = [{"text": "wind cold rain wet night", "date": "1990", "id": f"a{i}"} for i in range(80)]
    rows += [{"text": "wind cold rain rain night", "date": "2000", "id": f"b{i}"} for i in range(80)]
    for i in range(16):
        rows[i]["text"] += " hail" * 8 * (i < 3)
        rows[80 + i]["text"] += " fog"
    run = a_run(rows, slice="year")
    named = {"hail", "rain", "fog"}
    for sort, order in (
        ("ll", ["hail", "rain", "fog"]),
        ("log-ratio", ["hail", "fog", "rain"]),
        ("q", ["rain", "fog", "hail"]),
    ):
        found = selfvec.keyness(run, sort=sort, min_count=1)
        assert [row["word"] for row in found.rows if row["word"] in named] == order
    assert selfvec.keyness(run, min_count=1).rows == selfvec.keyness(run, sort="ll", min_count=1).rows


def test_words_that_could_not_differ_beyond_chance_are_left_out() -> None:
    """Of 60 documents, 30 a side, those of 5 have p = 2 · C(30, 5) / C(60, 5) = .052 at best."""
    text = "wind and rain and cold"
    rows = [{"text": text, "date": f"{1990 + 10 * (i % 2)}-01-01", "id": str(i)} for i in range(60)]
    for i in range(30):
        rows[2 * i]["text"] += " five" * (i < 5) + " six" * (i < 6) + f" w{i}"
    run = a_run(rows, slice="year")
    found = selfvec.keyness(run)
    assert (found["min_count"], found["min_documents"], found["left_out"]) == (5, 6, 31)
    assert by_word(found).keys() == {"wind", "and", "rain", "cold", "six"}
    said = "Left out: 31 words with fewer than 5 occurrences or 6 documents on both sides together."
    assert said in found.view().notes
    every = selfvec.keyness(run, min_count=1)
    assert len(every.rows) == 36
    assert every["left_out"] == 0
    assert by_word(every)["five"]["p"] > 0.05
    np.testing.assert_allclose(
        [row["q"] for row in found.rows], benjamini_hochberg(np.array([row["p"] for row in found.rows]))
    )


def test_words_that_are_left_out_could_not_be_beyond_chance() -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(3000)])
    shares = 1 / np.arange(1, 3001)
    rows = [
        {
            "text": " ".join(rng.choice(words, rng.integers(5, 90), p=shares / shares.sum())),
            "side": "ab"[i > 90],
        }
        for i in range(240)
    ]
    run = a_run(rows)
    least = selfvec.keyness(run, slice_field="side")["min_documents"]
    rare = [
        row
        for row in selfvec.keyness(run, slice_field="side", min_count=1).rows
        if row["documents_a"] + row["documents_b"] < least
    ]
    assert len(rare) > 1000
    assert min(row["p"] for row in rare) > 0.05


def test_findings_name_the_words_of_each_side(run: selfvec.Run) -> None:
    """Where another field tells the same two sides apart, no word is named."""
    assert [finding for finding in selfvec.keyness(run)["findings"] if finding["kind"] == "word"] == []
    rows = [
        {"text": text + "." * i, "year": year}
        for text, year in ((EARLY, 1990), (LATE, 2000))
        for i in range(10)
    ]
    run = a_run(rows, date_field="year", slice="year")
    found = [finding for finding in selfvec.keyness(run, top=1)["findings"] if finding["kind"] == "word"]
    assert [finding["says"] for finding in found] == [
        "1990 uses more: roof, barn and hail (3 words beyond chance).",
        "2000 uses more: road (1 word beyond chance).",
    ]
    assert found[0]["words"] == ["roof", "barn", "hail"]
    assert found[1]["q"] == by_word(selfvec.keyness(run))["road"]["q"]


def test_sides_may_be_named_or_values_of_a_field_or_another_run(run: selfvec.Run) -> None:
    plain = selfvec.keyness(run)
    for same in (
        run.keyness(["1990..1995", "2000.."]),
        selfvec.keyness(run, slice_field="kind"),
        selfvec.keyness(run, ["letter", "wire"], slice_field="kind"),
    ):
        assert same.rows == plain.rows
    late = a_run([{"text": LATE + "." * i} for i in range(10)], stem="en")
    other = selfvec.keyness(run, against=late, filter="kind=letter")
    assert other["tokens_a"] == 50
    assert by_word(other)["road"]["count_b"] == 40
    assert "stem" in other["note"]
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
        ({"between": ["2000..1990", "2001"]}, OptionError, "runs backwards; write 1990..2000"),
        ({"between": ["letter", "wire"]}, NotFound, "value of the field 'kind'; add slice_field kind"),
        ({"slice_field": "state"}, NotFound, "no field 'state'"),
        ({"filter": "kind=letter"}, InputError, "only one slice, 1990"),
        ({"between": ["1990", "2000"], "filter": "kind=wire"}, InputError, "no document of 1990 passes"),
        ({"filter": "kind=telex"}, NotFound, "no document has kind=telex"),
    ],
)
def test_what_cannot_be_compared_is_an_error(run: selfvec.Run, options, error, said: str) -> None:
    refused(lambda: selfvec.keyness(run, **options), error, said)


def test_a_text_without_parts_names_the_options() -> None:
    run = a_run([{"text": "hail on the roof"}, {"text": "a road"}])
    refused(lambda: selfvec.keyness(run), InputError, "between or slice_field, or another run with against")
    few = a_run([{"text": "hail on the roof", "date": "2001"}, {"text": "a road", "date": "2011"}])
    refused(lambda: selfvec.keyness(few), InputError, "no word occurs 5 times in both halves")
    with pytest.raises(OptionError, match="does not go with another run"):
        selfvec.keyness(run, ["a", "b"], against=run)
