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
from selfvec.numerics.statistics import benjamini_hochberg, log_likelihood_scores, student_p

COUNTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=20)
EARLY = "hail hail hail roof barn"  # 3 of 5 words are hail
LATE = "hail road road road road"


def a_run(rows: list[dict[str, Any]], **options: Any) -> selfvec.Run:
    return selfvec.refine(pl.DataFrame(rows), "none", "original", **options)


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
    # 3 and 1 in each document of 5, where 2 are expected: 20 documents with 1 too many or too few, of
    # which 10 are drawn
    assert hail["p"] == pytest.approx(2 * stats.norm.sf(10 / math.sqrt(20 / 4 * 20 / 19)), rel=0.01)
    assert not hail["by_documents"]
    assert (hail["per_million_a"], hail["dp_a"]) == pytest.approx((600_000, 0))
    assert (hail["bic"], hail["diff"]) == pytest.approx((hail["ll"] - math.log(100), 200))
    assert rows["road"]["diff"] == -100
    road = rows["road"]  # 0 counts as one half
    assert road["log_ratio"] == pytest.approx(math.log2(0.5 / 40))
    assert road["ll"] == pytest.approx(2 * 40 * math.log(2))
    assert road["p"] == pytest.approx(2 / math.comb(20, 10))  # of all divisions, those with the ten on a side
    assert road["by_documents"]
    assert [row["word"] for row in found.rows] == ["road", "roof", "barn", "hail"]
    assert [row["key_of"] for row in found.rows] == ["b", "a", "a", "a"]
    assert (found["words_a"], found["words_b"]) == (3, 1)
    q = benjamini_hochberg(np.array([row["p"] for row in found.rows]))
    np.testing.assert_allclose([row["q"] for row in found.rows], q)


@given(COUNTS)
def test_sides_can_be_exchanged(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs).T
    np.testing.assert_allclose(log_likelihood_scores(a, b), -log_likelihood_scores(b, a), atol=1e-6)


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
    left = selfvec.keyness(a_run(rows), ["1990", "1991"])
    assert "opera" not in by_word(left)  # a word of one document could not be beyond chance
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


@pytest.mark.parametrize("exchanged", [False, True])
def test_a_word_of_half_the_documents_of_a_small_side_is_key(exchanged: bool) -> None:
    """In 22 of 50 documents beside 50 of 1,600 of the same text: of 72 among 1,650, two are expected."""
    texts = [f"{n % 7} barns {n % 11}" for n in range(1650)]
    marked = {*range(22), *range(50, 100)}
    rows = [
        {"text": text + " struck" * (n in marked), "side": "ab"[(n < 50) == exchanged]}
        for n, text in enumerate(texts)
    ]
    found = selfvec.keyness(a_run(rows), slice_field="side")
    struck = by_word(found)["struck"]
    assert sorted([struck["count_a"], struck["count_b"]]) == [22, 50]
    assert struck["q"] < 1e-6
    assert struck["p"] > stats.hypergeom.sf(21, 1650, 72, 50)  # no surer than all divisions say
    assert [row["word"] for row in found.rows if row["q"] <= 0.05] == ["struck"]


def test_documents_of_one_side_may_be_ten_times_as_long() -> None:
    """*hail* once in 8 of 10 long documents and in none of 1,000 that are together as long: 2 · ½⁸ = .008."""
    long = [{"text": "wind " * 998 + ("hail" if n < 8 else "wind") + f" {n}", "side": "a"} for n in range(10)]
    short = [{"text": "wind " * 9 + str(n), "side": "b"} for n in range(1000)]
    hail = by_word(selfvec.keyness(a_run([*long, *short]), slice_field="side"))["hail"]
    assert hail["documents_a"] == 8
    assert hail["p"] == pytest.approx(2 * 0.5**8, rel=0.03)


def test_documents_are_evidence_where_a_word_is_repeated_within_them() -> None:
    """*ads* in 5, then in 34 of 150 answers, now and then ten times; *fax* in none, then in 12 of them."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(300)])
    texts = rng.choice(words, (300, 24)).tolist()
    for i in (*range(5), *range(150, 184)):
        texts[i][: 10 if i % 9 == 0 else 1] = ["ads"] * (10 if i % 9 == 0 else 1)
    for i in range(200, 212):
        texts[i][: 1 + 5 * (i % 3)] = ["fax"] * (1 + 5 * (i % 3))
    rows = [{"text": " ".join(text), "side": "ab"[i >= 150]} for i, text in enumerate(texts)]
    found = selfvec.keyness(a_run(rows), slice_field="side", sort="q")
    ads, fax = (by_word(found)[word] for word in ("ads", "fax"))
    exact = 2 * stats.hypergeom.sf(33, 300, 39, 150)
    assert ads["by_documents"]
    assert exact < ads["p"] < 2 * exact  # of two tests that agree in part
    assert fax["p"] == pytest.approx(2 * stats.hypergeom.sf(11, 300, 12, 150))


def test_sequences_lemmas_and_parts_of_speech_by_hand(run: selfvec.Run, tmp_path: Path) -> None:
    found = selfvec.keyness(run, n=2)
    rows = by_word(found)
    assert {word: (row["count_a"], row["count_b"]) for word, row in rows.items()} == {
        "hail hail": (20, 0),
        "hail roof": (10, 0),
        "roof barn": (10, 0),
        "hail road": (0, 10),
        "road road": (0, 30),
    }
    assert (found["tokens_a"], found["tokens_b"], found["left_out"]) == (40, 40, 0)  # none crosses documents
    (tmp_path / "list.tsv").write_text("hail roof\t5\nother words\t35\n", "utf-8")
    roof = by_word(selfvec.keyness(run, against=tmp_path / "list.tsv", n=2))["hail roof"]
    assert (roof["count_a"], roof["count_b"]) == (10, 5)
    texts = [
        {"text": f"a dog {verb}" + "." * i, "side": verb} for verb in ("sees", "barked") for i in range(9)
    ]
    texts += [{"text": "dogs bark" + "." * i, "side": "barked"} for i in range(9)]
    other = a_run(texts, language="en")
    lemmas = by_word(selfvec.keyness(other, slice_field="side", unit="lemma"))
    assert {word: sorted((row["count_a"], row["count_b"])) for word, row in lemmas.items()} == {
        "a": [9, 9],
        "dog": [9, 18],
        "see": [0, 9],
        "bark": [0, 18],
    }
    assert "dog bark" in by_word(selfvec.keyness(other, slice_field="side", unit="lemma", n=2))
    parts = by_word(selfvec.keyness(other, slice_field="side", unit="pos"))
    assert sorted((parts["noun"]["count_a"], parts["noun"]["count_b"])) == [9, 27]  # a bark is most often one


@pytest.mark.parametrize(
    "content",
    [
        "word,documents,count\nhail,3,10\nroad,4,40\nthe,9,950\n",
        "# a list\nhail\t10\nroad\t40\nThe\t950\n",
        '10,hail\n40,Road\n"950",the\n',
        "#Word Types: 3\n#Word Tokens: 1,000\n#Search Hits: 0\n1\t950\tthe\n2\t40\troad\n3\t10\thail\n",
        "Type\tPOS\tHeadword\tRank\tFreq\tRange\nthe\t\tthe\t1\t950\t9\nroad\t\troad\t2\t40\t4\nhail\t\t\t3\t10\t3\n",
        '"corpus","L"\n"corpus size","1,000"\n\n"Item","Frequency"\n"the","950"\n"road","40"\n"hail","10"\n',
        "1000 !!WHOLE_CORPUS !!ANY 9\n900 the x 9\n50 the y 9\n40 road nn1 4\n8 hail nn1 3\n2 hail vvb 1\n",
        "the 950\nroad 40\nhail 10\n",
        "1,the,DET,950,9,950000.0\n2,road,NOUN,40,4,40000.0\n3,hail,NOUN,10,3,10000.0\n",
    ],
)
def test_a_text_is_compared_with_a_frequency_list(run: selfvec.Run, tmp_path: Path, content: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(content, "utf-8")
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
    path.write_text("hail\t10\nroad\n", "utf-8")
    refused(lambda: selfvec.keyness(run, against=path), InputError, "a word and its count, this is 'road'")
    path.write_text("word\tcount\n", "utf-8")
    refused(lambda: selfvec.keyness(run, against=path), InputError, "has no words")


def test_a_list_that_is_cut_says_so_and_may_name_the_size_of_its_corpus(
    run: selfvec.Run, tmp_path: Path
) -> None:
    path = tmp_path / "list.tsv"
    path.write_text("word\tcount\nthe\t950\nhail\t10\n", "utf-8")
    keywords = selfvec.keyness(run, against=path)
    said = " ".join(keywords["counted"])
    assert "ends at 10 occurrences" in said
    assert "the sum of these" in said
    assert keywords["tokens_b"] == 960
    path.write_text("# tokens: 100,000\nword\tcount\nthe\t950\nhail\t10\n", "utf-8")
    keywords = selfvec.keyness(run, against=path)
    assert keywords["tokens_b"] == 100_000
    assert by_word(keywords)["hail"]["per_million_b"] == 100
    assert "sum of these" not in " ".join(keywords["counted"])
    assert {row["word"] for row in keywords.rows} <= {*run.vectors.index_to_key, "the", "a"}
    path.write_text("# tokens: 959\nthe 950\nhail 10\n", "utf-8")
    refused(lambda: selfvec.keyness(run, against=path), InputError, "a corpus of 959 words has more")


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
    """Of 60 documents, 30 a side, those of 5 have p = 2 · C(55, 25) / C(60, 30) = .052 at best."""
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
    assert by_word(selfvec.keyness(run, min_documents=5)).keys() == by_word(found).keys() | {"five"}
    assert "cold w29" in by_word(selfvec.keyness(run, n=2, min_documents=1))
    every = selfvec.keyness(run, min_count=1)
    assert len(every.rows) == 36
    assert every["left_out"] == 0
    assert by_word(every)["five"]["p"] > 0.05


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


def test_findings_name_the_words_of_each_side() -> None:
    rows = [
        {"text": text + "." * i, "year": year}
        for text, year in ((EARLY, 1990), (LATE, 2000))
        for i in range(10)
    ]
    run = a_run(rows, date_field="year", slice="year")
    found = [finding for finding in selfvec.keyness(run, top=1)["findings"] if finding["kind"] == "word"]
    assert [finding["says"] for finding in found] == [
        "1990 uses more: roof, barn and hail (3 words beyond chance); "
        "roof in 10 of 10 documents, against 0 of 10.",
        "2000 uses more: road (1 word beyond chance); road in 10 of 10 documents, against 0 of 10.",
    ]
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
        ({"between": ["1990", "1970"]}, NotFound, "no document is dated 1970"),
        ({"between": ["letter", "wire"]}, NotFound, "value of the field 'kind'; add slice_field kind"),
        ({"filter": "kind=letter"}, InputError, "only one slice, 1990"),
        ({"between": ["1990", "2000"], "filter": "kind=wire"}, InputError, "no document of 1990 passes"),
    ],
)
def test_what_cannot_be_compared_is_an_error(run: selfvec.Run, options, error, said: str) -> None:
    refused(lambda: selfvec.keyness(run, **options), error, said)


def test_a_text_without_parts_names_the_options() -> None:
    run = a_run([{"text": "hail on the roof"}, {"text": "a road"}])
    refused(lambda: selfvec.keyness(run), InputError, "between or slice_field, or another run with against")
    few = a_run([{"text": "hail on the roof", "date": "2001"}, {"text": "a road", "date": "2011"}])
    refused(lambda: selfvec.keyness(few), InputError, "no word occurs 5 times in both halves")
    refused(
        lambda: selfvec.keyness(run, ["a", "b"], against=run), OptionError, "does not go with another run"
    )
