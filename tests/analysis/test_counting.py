"""Frequencies, n-grams and dispersion: what is counted is what the text has, and the same everywhere."""

import math
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.refusals import refused

import selfvec
from selfvec.analysis.frequency import spread_of, type_token_ratio
from selfvec.base.errors import NotFound, OptionError

NOTICE = "please note that the office is closed on every public holiday of the year"
ROWS = [
    {
        "text": f"{NOTICE} the ship number{i} came in and the harbour crane lifted a ship",
        "date": f"{1990 + i}-01-01",
    }
    for i in range(12)
]


@pytest.fixture(scope="module", params=["plain", "filtered", "on disk"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> selfvec.Run:
    """Twelve notices that repeat a passage, refined with and without words that are left out."""
    options: dict[str, Any] = {"repeats": "once", "method": "decorrelated"}
    if request.param != "plain":
        options |= {"stop_words": "en", "min_count": 2}
    if request.param == "on disk":
        options |= {"output": tmp_path_factory.mktemp("counting") / "run"}
    return selfvec.refine(pl.DataFrame(ROWS), "none", **options)


def words() -> Counter[str]:
    return Counter(word for row in ROWS for word in row["text"].split())


def test_every_result_counts_what_the_text_has(run: selfvec.Run) -> None:
    expected = words()
    listed = selfvec.frequency(run)
    assert {row["word"]: row["count"] for row in listed.rows} == expected
    assert listed["tokens"] == expected.total()
    assert listed["types"] == len(expected)
    assert len(run.tokens) < expected.total()
    for word in ("the", "ship", "office"):
        assert selfvec.concordance(run, word)["hits"] == expected[word]
        assert selfvec.collocates(run, word)["count"] == expected[word]
        assert selfvec.dispersion(run, word).rows[0]["count"] == expected[word]
        keywords = selfvec.keyness(run, ["..1995", "1996.."])
        (row,) = [row for row in keywords.rows if row["word"] == word]
        assert row["count_a"] + row["count_b"] == expected[word]
    near = selfvec.collocates(run, "office", window=1)
    assert {row["word"]: row["together"] for row in near.rows} == {"the": 12, "is": 12}
    (pair,) = [row for row in selfvec.ngrams(run).rows if row["ngram"] == "harbour crane"]
    assert (pair["count"], pair["documents"]) == (12, 12)
    if len(run.vectors) < len(expected):
        assert "stop words" in "".join(listed["counted"])


def test_repeated_passages_count_once_if_asked(run: selfvec.Run) -> None:
    counts = {row["word"]: row["count"] for row in selfvec.frequency(run, repeats="once").rows}
    assert counts["office"] == 1
    assert counts["ship"] == 1 + 12  # the first ship is within the passage
    assert "counted once" in " ".join(selfvec.frequency(run, repeats="once")["counted"])
    assert selfvec.collocates(run, "office", repeats="once")["count"] == 1
    assert "note that" not in {row["ngram"] for row in selfvec.ngrams(run, repeats="once").rows}
    assert selfvec.keyness(run, ["..1995", "1996.."], repeats="once")["repeats"] == "once"


def test_frequencies_by_group_slice_and_unit(run: selfvec.Run) -> None:
    early = selfvec.frequency(run, slice="..1992", by="year", top=2)
    assert (early["tokens"], early["documents"]) == (26 * 3, 3)
    assert [row["word"] for row in early.rows] == ["the", "ship"]
    the = early.rows[0]
    assert the["per_million"] == pytest.approx(4 / 26 * 1e6)
    groups = [(group["group"], group["count"]) for group in the["groups"]]
    assert groups == [("1990", 4), ("1991", 4), ("1992", 4)]
    years = selfvec.frequency(run, by="year").view(1)
    assert years.title == "Frequencies of words"
    assert [note for part in years.parts for note in part.notes][1:] == ["5 of 12 groups"]
    lemmas = {row["word"]: row["count"] for row in selfvec.frequency(run, unit="lemma").rows}
    assert lemmas["lift"] == 12
    refused(lambda: selfvec.frequency(run, slice="2020"), NotFound, "no document is dated 2020")
    often = selfvec.frequency(run, min_count=24, min_documents=12).rows
    assert [row["word"] for row in often] == ["the", "ship"]


def test_rates_of_groups_have_an_interval_by_documents() -> None:
    """By hand: 8 documents of 10 words, in four of them hail twice; 5 documents are too few."""
    hail, calm = (
        "hail hail then it cleared up over all the hills",
        "it was calm and clear over all of the hills",
    )
    rows = [
        {"id": i, "text": hail if i % 2 else calm, "side": "few" if i > 7 else "eight"} for i in range(13)
    ]
    run = selfvec.refine(pl.DataFrame(rows), "none", method="original", repeats="keep")
    # (c - r n)² adds up to 8, of 8 occurrences: as sure as 7, each of which is 8/7.
    expected = {"group": "eight", "count": 8, "per_million": 1e5, "low": 40_063, "high": 206_049}
    for answer in (selfvec.frequency(run, by="side"), selfvec.frequency(run, "hail", by="side")):
        eight, few = next(row for row in answer.rows if row["word"] == "hail")["groups"]
        assert eight == pytest.approx(expected, abs=1)
        assert (few["count"], few["low"], few["high"]) == (4, None, None)
    shown = answer.view().parts[1]
    assert [column.cell(shown.rows[0]) for column in shown.columns[-3:]] == [
        "8",
        "100,000.0",
        "40,063-206,049",
    ]
    for n, slot, sequence in ((2, False, "hail hail"), (3, True, "hail * then")):  # once each: as sure as 4
        (row,) = [
            row for row in selfvec.ngrams(run, n=n, slot=slot, by="side").rows if row["ngram"] == sequence
        ]
        assert (row["groups"][0]["low"], row["groups"][0]["high"]) == pytest.approx((13_452, 128_011), abs=1)


def test_parts_of_speech_are_counted(run: selfvec.Run) -> None:
    pytest.importorskip("textblob")
    counts = {row["word"]: row["count"] for row in selfvec.frequency(run, unit="pos").rows}
    assert sum(counts.values()) == words().total()
    assert counts["noun"] >= 12 * 5


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=9), min_size=1, max_size=6), st.integers(2, 5))
def test_the_type_token_ratio_is_the_mean_of_pieces(texts: list[list[str]], piece: int) -> None:
    tokens = [word for text in texts for word in text]
    pieces = [tokens[i : i + piece] for i in range(0, len(tokens) - piece + 1, piece)]
    expected = np.mean([len(set(each)) / piece for each in pieces]) if pieces else None
    assert type_token_ratio(selfvec.TokenBatch.from_documents(texts), piece) == (
        None if expected is None else pytest.approx(expected)
    )


# ---- N-grams


@pytest.mark.parametrize(("n", "slot"), [(2, False), (3, False), (6, False), (3, True), (5, True)])
def test_ngrams_are_counted_one_by_one(n: int, slot: bool) -> None:
    rng = np.random.default_rng(n)
    texts = [[f"w{i}" for i in rng.zipf(1.5, rng.integers(0, 40)) % 20] for _ in range(100)]
    counts, documents = Counter[str](), defaultdict(set)
    for number, text in enumerate(texts):
        for place in range(len(text) - n + 1):
            for gap in range(1, n - 1) if slot else [-1]:
                written = " ".join("*" if i == gap else text[place + i] for i in range(n))
                counts[written] += 1
                documents[written].add(number)
    run = selfvec.refine([" ".join(text) for text in texts], "none", method="original", repeats="keep")
    result = selfvec.ngrams(run, n=n, slot=slot, top=10**6)
    assert {row["ngram"]: (row["count"], row["documents"]) for row in result.rows} == {
        written: (count, len(documents[written])) for written, count in counts.items() if count > 1
    }
    assert result["ngrams"] == len(result.rows)
    assert [row["count"] for row in result.rows] == sorted(
        (c for c in counts.values() if c > 1), reverse=True
    )
    some = selfvec.ngrams(run, n=n, slot=slot, top=3, min_documents=2)
    assert some.rows == [row for row in result.rows if row["documents"] > 1][:3]
    with_word = {row["ngram"] for row in selfvec.ngrams(run, n=n, slot=slot, word="w1", top=10**6).rows}
    assert with_word == {row["ngram"] for row in result.rows if "w1" in row["ngram"].split()}


def test_ngrams_by_group_add_up(run: selfvec.Run) -> None:
    result = selfvec.ngrams(run, n=3, slot=True, by="decade", top=50)
    assert [group["tokens"] for group in result["groups"]] == [260, 52]
    for row in result.rows:
        assert sum(group["count"] for group in row["groups"]) == row["count"]
    refused(lambda: selfvec.ngrams(run, slot=True), OptionError, "slot: is inside a sequence of three")
    refused(lambda: selfvec.ngrams(run, word="zebra"), NotFound, "zebra")


# ---- Dispersion


def test_dispersion_by_hand() -> None:
    """Gries' example (2008, section 2.1): five parts of 9, 10, 10, 10, 11 words with 1, 2, 3, 4, 5 *a*."""
    sizes, counts = [9, 10, 10, 10, 11], [1, 2, 3, 4, 5]
    texts = [" ".join(["a"] * k + ["b"] * (n - k)) for n, k in zip(sizes, counts, strict=True)]
    run = selfvec.refine(texts, "none", method="original")
    (row,) = selfvec.dispersion(run, "a").rows
    shares = [(k / 15, n / 50) for n, k in zip(sizes, counts, strict=True)]
    dp = sum(abs(word - text) for word, text in shares) / 2
    rates = np.array(counts) / np.array(sizes)
    assert row["dp"] == pytest.approx(dp, abs=1e-9)
    assert row["dp_norm"] == pytest.approx(dp / (1 - 9 / 50), abs=1e-9)
    he_says = (0.18, 0.22, 0.785)
    assert (round(dp, 2), round(row["dp_norm"], 2), round(row["juilland_d"], 3)) == he_says
    assert row["juilland_d"] == pytest.approx(1 - rates.std() / rates.mean() / math.sqrt(4), abs=1e-9)
    assert (row["count"], row["documents"]) == (15, 5)
    assert sum(row["where"]) == 15
    (halves,) = selfvec.dispersion(run, "a", parts=2).rows  # 6 of 15 in the first 25 words
    assert halves["dp"] == pytest.approx(abs(6 / 15 - 1 / 2), abs=1e-9)


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=9), min_size=1, max_size=6))
def test_dispersion_of_all_words_is_that_of_its_formulas(texts: list[list[str]]) -> None:
    texts = [*texts, list("abc")]
    batch = selfvec.TokenBatch.from_documents(texts)
    spread = spread_of(batch, np.full(len(batch.types), 0.2))
    filled = [text for text in texts if text]
    sizes = np.array(list(map(len, filled)))
    for number, word in enumerate(batch.types):
        counts = np.array([text.count(word) for text in filled])
        assert spread.documents[number] == np.count_nonzero(counts)
        dp = np.abs(counts / counts.sum() - sizes / sizes.sum()).sum() / 2
        assert spread.dp[number] == pytest.approx(dp, abs=1e-9)
        powers = [((counts - 0.2 * sizes) ** power).sum() for power in (2, 3, 4)]
        np.testing.assert_allclose(spread.residuals[:, number], powers, atol=1e-9)
        own = ((counts - counts.sum() / sizes.sum() * sizes) ** 2).sum()
        assert spread.own[number] == pytest.approx(own, abs=1e-9)
        if len(filled) > 1:
            rates = counts / sizes
            d = 1 - rates.std() / rates.mean() / math.sqrt(len(filled) - 1)
            assert spread.juilland_d[number] == pytest.approx(d, abs=1e-9)


def test_words_that_do_not_occur_are_named(run: selfvec.Run) -> None:
    result = selfvec.dispersion(run, ["crane", "zebra"])
    assert [row["word"] for row in result.rows] == ["crane"]
    assert result.messages == ["'zebra' does not occur in this run"]
    refused(lambda: selfvec.dispersion(run, "zebra"), NotFound, "zebra")
