"""Pairs by hand, each measure by hand, and the laws of counts that windows give."""

import math
from collections import Counter
from dataclasses import replace
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
from selfvec.analysis.collocates import MEASURES, Pairs, Window, pairs_of
from selfvec.analysis.corpus_query import Hits
from selfvec.base.errors import NotFound, OptionError

TEXTS = st.lists(st.lists(st.sampled_from("abcd"), max_size=12), min_size=1, max_size=5)


def occurrences(batch: selfvec.TokenBatch, word: int) -> Hits:
    starts = np.flatnonzero(batch.ids == word)
    return Hits(starts, starts + 1)


@given(TEXTS, st.integers(0, 4), st.integers(1, 4))
def test_pairs_are_counted_one_by_one(texts: list[list[str]], left: int, right: int) -> None:
    texts = [*texts, list("abcd")]
    batch = selfvec.TokenBatch.from_documents(texts)
    before, after, documents = Counter[str](), Counter[str](), Counter[str]()
    for text in texts:
        met = set[str]()
        for place, word in enumerate(text):
            if word == "a":
                sides = text[max(0, place - left) : place], text[place + 1 : place + 1 + right]
                before.update(sides[0])
                after.update(sides[1])
                met.update(*sides)
        documents.update(met)
    word = list(batch.types).index("a")
    counted = pairs_of(batch, occurrences(batch, word), Window(left, right))
    for number, name in enumerate(batch.types):
        assert counted[:3, number].tolist() == [before[name], after[name], documents[name]]


def test_each_measure_by_hand() -> None:
    """30 pairs of words that occur 100 and 60 times in 10,000 words, within 5 words: E = 3.

    The table is 30, 470, 30, 9470. ΔP is Somers' D of that table, as SciPy computes it.
    """
    pairs = Pairs(np.array([30]), 100, np.array([60]), 5, 10_000)
    table = ((30, 3), (470, 497), (30, 57), (9470, 9443))
    by_hand = {
        "logdice": 14 + math.log2(60 / 160),
        "mi": math.log2(10),
        "mi3": math.log2(9000),
        "t": 27 / math.sqrt(30),
        "z": 27 / math.sqrt(3),
        "ll": 2 * sum(cell * math.log(cell / chance) for cell, chance in table),
        "delta_p": stats.somersd([[30, 470], [30, 9470]]).statistic,
        "delta_p_back": stats.somersd([[30, 30], [470, 9470]]).statistic,
    }
    assert {name: formula(pairs)[0] for name, (formula, _) in MEASURES.items()} == pytest.approx(
        by_hand, abs=1e-9
    )
    assert by_hand["delta_p"] == pytest.approx(30 / 500 - 30 / 9500, abs=1e-9)
    assert by_hand["delta_p_back"] == pytest.approx(30 / 60 - 470 / 9940, abs=1e-9)


def test_a_text_has_the_values_of_nltk() -> None:
    """All neighbours in one text, by NLTK's own counts: MI, t, LL, and from its measures logDice, MI³.

    z is the standard score of a Poisson variable with the mean E, as SciPy computes it.
    """
    nltk = pytest.importorskip("nltk")
    rng = np.random.default_rng(5)
    tokens = [f"w{i}" for i in rng.zipf(1.4, 3000) % 40]
    run = selfvec.refine([" ".join(tokens)], "none", "original")
    finder, by = nltk.BigramCollocationFinder.from_words(tokens), nltk.BigramAssocMeasures
    compared = 0
    for word in ("w1", "w2", "w7"):
        for row in selfvec.collocates(run, word, window="0L1R").rows:
            counts = finder.ngram_fd[word, row["word"]], (finder.word_fd[word], finder.word_fd[row["word"]])
            counts = (*counts, finder.N)
            chance = stats.poisson(counts[1][0] * counts[1][1] / finder.N)
            expected = {
                "together": counts[0],
                "mi": by.pmi(*counts),
                "t": by.student_t(*counts),
                "logdice": 14 + math.log2(by.dice(*counts)),
                "mi3": math.log2(by.mi_like(*counts, power=3) * finder.N),
                "z": (counts[0] - chance.mean()) / chance.std(),
            }
            assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-9)
            assert abs(row["ll"]) == pytest.approx(by.likelihood_ratio(*counts), rel=1e-9, abs=1e-7)
            compared += 1
    assert compared > 60


def test_the_guide_has_these_values() -> None:
    """The examples of the table of measures, with the digits that it shows."""
    page = Path(__file__).parents[2] / "docs/how-to/keyness-concordance-collocates.md"
    cells = (line.split(" | ") for line in page.read_text("utf-8").splitlines() if " = `" in line)
    shown = {row[0].strip("| `*").split(",")[0]: row[2].rpartition("= `")[2].strip("`") for row in cells}
    pairs = Pairs(np.array([30]), 100, np.array([60]), 5, 10_000)
    values = {name: formula(pairs)[0] for name, (formula, _) in MEASURES.items()}
    texts = [" ".join(["a"] * k + ["b"] * n) for k, n in ((1, 8), (2, 8), (3, 7), (4, 6), (5, 6))]
    (row,) = selfvec.dispersion(selfvec.refine(texts, "none", "original"), "a").rows
    values |= {"DP": row["dp"], "DP norm": row["dp_norm"], "D": row["juilland_d"]}
    sides = [{"text": "a " * n + "b " * (50 - n), "date": f"{1990 + n}-01-01"} for n in (30, 10)]
    run = selfvec.refine(pl.DataFrame(sides), "none", "original", slice="year")
    key = selfvec.keyness(run, ["2020", "2000"]).rows
    (a,) = [row for row in key if row["word"] == "a"]
    names = ("per_million_a", "log_ratio", "ll", "bic", "diff")
    heads = ("per million", "log ratio", "LL* of keyness", "BIC", "%DIFF")
    values |= {head: a[name] for head, name in zip(heads, names, strict=True)}
    assert shown.keys() == values.keys()
    for name, text in shown.items():
        assert f"{values[name]:.{len(text.partition('.')[2])}f}" == text, name


def test_words_that_avoid_each_other_come_last_and_windows_that_overlap_are_no_error() -> None:
    rare = Pairs(np.array([1, 40]), 500, np.array([100, 30]), 10, 10_000)
    assert MEASURES["ll"][0](rare)[0] < 0 < MEASURES["ll"][0](rare)[1]
    assert all(np.isfinite(formula(rare)).all() for formula, _ in MEASURES.values())


@pytest.fixture(scope="module")
def run() -> selfvec.Run:
    rows = [
        {"text": "strong tea is served", "date": "1990-01-01", "kind": "menu"},
        {"text": "he drank strong tea", "date": "1990-02-01", "kind": "letter"},
        {"text": "strong winds and weak tea", "date": "2000-01-01", "kind": "letter"},
        {"text": "he left in the evening", "date": "2000-02-01", "kind": "letter"},
    ]
    return selfvec.refine(pl.DataFrame(rows), "none", "original")


def logdice(result: object) -> dict[str, float]:
    return {row["word"]: row["logdice"] for row in result.rows}  # type: ignore[attr-defined]


def test_collocates_by_hand(run: selfvec.Run) -> None:
    """*Strong* and *tea* are together twice within one word, three times within four; each has three uses."""
    near = selfvec.collocates(run, "tea", window=1)
    assert logdice(near)["weak"] == pytest.approx(14 + math.log2(2 * 1 / (3 + 1)))
    assert logdice(selfvec.collocates(run, "Tea", window=4))["strong"] == pytest.approx(14)
    assert (near["count"], near["tokens"], near["window"], near["words"]) == (3, 18, 1, len(near.rows))
    first = near.rows[0]
    sides = ("together", "left", "right", "documents", "count")
    assert [first[name] for name in ("word", *sides)] == ["strong", 2, 2, 0, 2, 3]
    assert first["expected"] == pytest.approx(3 * 3 * 2 / 18)
    assert first["logdice"] == pytest.approx(14 + math.log2(2 * 2 / (3 + 3)))
    assert selfvec.collocates(run, "tea", window=1, min_count=2, top=5).rows == near.rows[:1]
    assert selfvec.collocates(run, "tea", window=4, min_documents=3).rows[0]["word"] == "strong"


def test_a_window_may_have_sides_and_stop_words_are_left_out(run: selfvec.Run) -> None:
    assert set(logdice(selfvec.collocates(run, "tea", window="2L0R"))) == {"strong", "drank", "and", "weak"}
    assert set(logdice(selfvec.collocates(run, "tea", window="1r"))) == {"is"}
    assert "and" not in logdice(selfvec.collocates(run, "tea", stop_words="en"))
    by_mi = selfvec.collocates(run, "tea", measure="mi").rows
    assert [row["mi"] for row in by_mi] == sorted((row["mi"] for row in by_mi), reverse=True)
    for wrong in ("0", "0L0R", "R", "5 words", "L3", "-1", "9999L1R", ""):
        refused(lambda: selfvec.collocates(run, "tea", window=wrong), OptionError, "window")


def test_collocates_come_and_go_over_groups(run: selfvec.Run) -> None:
    result = selfvec.collocates(run, "tea", window=4, by="year")
    (strong,) = [row for row in result.rows if row["word"] == "strong"]
    assert [(group["group"], group["together"]) for group in strong["groups"]] == [("1990", 2), ("2000", 1)]
    assert strong["groups"][1]["logdice"] == pytest.approx(14)
    assert strong["groups"][1]["per_thousand"] == 1000
    assert result["groups"][0] == {"group": "1990", "count": 2, "tokens": 8}
    (weak,) = [row for row in result.rows if row["word"] == "weak"]
    assert weak["groups"][0]["logdice"] is None


def test_windows_may_end_with_sentences(tmp_path: Path) -> None:
    """*The* ends one sentence and begins another; a passage that ten documents repeat has two sentences."""
    notice = "The office is closed today. The staff of it asks you to call again."
    rows = [{"text": f"{notice} Hail fell on mr. {i}. Hail no more!", "kind": "ab"[i % 2]} for i in range(12)]
    run = selfvec.refine(pl.DataFrame(rows), "none", "original", output=tmp_path / "run")

    def near(word: str, **options: Any) -> dict[str, int]:
        result = selfvec.collocates(run, word, window=2, within="sentence", **options)
        assert result["within"] == "sentence"
        return {row["word"]: row["together"] for row in result.rows}

    assert near("the") == {"office": 12, "is": 12, "staff": 12, "of": 12}
    assert near("the", repeats="once") == {"office": 1, "is": 1, "staff": 1, "of": 1}
    assert near("hail", filter="kind=a") == {"fell": 6, "on": 6, "no": 6, "more": 6}
    across = selfvec.collocates(run, "the", window=2)
    assert {"closed", "today"} < {row["word"] for row in across.rows}
    by_kind = selfvec.collocates(run, "hail", window=2, within="sentence", by="kind")
    assert [group["together"] for group in by_kind.rows[0]["groups"]] == [6, 6]
    again = selfvec.collocates(selfvec.open(tmp_path / "run"), "hail", window=2, within="sentence")
    assert again.rows == selfvec.collocates(run, "hail", window=2, within="sentence").rows


@given(TEXTS, st.integers(0, 4), st.integers(1, 4))
def test_windows_within_sentences_are_those_of_sentences_as_documents(
    texts: list[list[str]], left: int, right: int
) -> None:
    sentences = selfvec.TokenBatch.from_documents([*texts, list("abcd")])
    half = len(texts) // 2
    whole = replace(sentences, offsets=sentences.offsets[[0, half, len(texts) + 1]])
    word = list(whole.types).index("a")
    own = pairs_of(sentences, occurrences(sentences, word), Window(left, right))[:2]
    hits = occurrences(whole, word)
    counted = pairs_of(whole, hits, Window(left, right), np.unique(sentences.offsets))
    np.testing.assert_array_equal(counted[:2], own)
    assert (counted[2] <= 2).all()


def test_a_slice_and_filters_choose_documents(run: selfvec.Run) -> None:
    early = selfvec.collocates(run, "tea", slice="1990")
    assert early["count"] == 2
    assert logdice(early)["strong"] == pytest.approx(14)
    assert "weak" not in logdice(early)
    letters = selfvec.collocates(run, "tea", filter=["kind=letter", "date=1990"])
    assert letters["count"] == 1
    assert "served" not in logdice(letters)
    refused(
        lambda: selfvec.collocates(run, "served", slice="2000.."),
        NotFound,
        "'served' does not occur in these documents",
    )
    refused(lambda: selfvec.collocates(run, "teaa"), NotFound, "did you mean tea")
