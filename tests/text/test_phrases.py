"""Phrases: figures by hand, what may be one, how they are joined, and runs of which they are units."""

import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.refusals import refused
from tests.rows import normal_vectors
from tests.spelled import spelled, spelled_texts

import selfvec
from selfvec.base.answer import Row
from selfvec.base.errors import InputError, OptionError
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source
from selfvec.numerics.rows import unit_rows
from selfvec.text import tokenizer
from selfvec.text.phrase_finding import phrases
from selfvec.text.phrases import Running, join, parts
from selfvec.text.tokenizers import word_spans


def found(texts, **options) -> dict[str, Row]:
    return {row.term: row for row in phrases(texts, **{"npmi": -1, **options})}


def test_pmi_and_npmi_by_hand() -> None:
    # 32 words: "warm" 4 times, always before "air"; "air" 8 times. p(warm air) = p(warm) = 1/8, p(air) = 1/4.
    text = "warm air . " * 4 + "air . " * 4 + " . ".join(f"filler{i}" for i in range(20))
    row = found([text], min_count=4)["warm_air"]
    assert (row.count, row.pmi, row.npmi, row.c_value) == pytest.approx((4, 2.0, 2 / 3, 4.0))
    # 16 words, "alpha beta gamma" 4 times and each of the three nowhere else: PMI = log2(1/4 / (1/4)^3) = 4.
    row = found(["alpha beta gamma; " * 4 + "p, q, r, s"], min_count=4)["alpha_beta_gamma"]
    assert (row.pmi, row.npmi) == (pytest.approx(4.0), pytest.approx(1.0))


def test_c_value_as_in_the_paper() -> None:
    """Frantzi, Ananiadou and Mima (2000), section 2.3: candidates with basal cell carcinoma."""
    counts = {
        "adenoid cystic basal cell carcinoma": 5,
        "cystic basal cell carcinoma": 11 - 5,
        "ulcerated basal cell carcinoma": 7,
        "recurrent basal cell carcinoma": 5,
        "circumscribed basal cell carcinoma": 3,
        "basal cell carcinoma": 984 - 26,
    }
    texts = [text for text, count in counts.items() for _ in range(count)]
    rows = found(texts, min_count=1, longest=5)
    expected = {
        "adenoid_cystic_basal_cell_carcinoma": math.log2(5) * 5,
        "cystic_basal_cell_carcinoma": 2 * (11 - 5),
        "basal_cell_carcinoma": 1551.36,
    }
    assert {term: rows[term].c_value for term in expected} == pytest.approx(expected, abs=0.01)
    assert rows["basal_cell_carcinoma"].count == 984
    assert "cell_carcinoma" not in found(texts, min_count=100, longest=5)


@pytest.mark.parametrize(
    ("text", "term", "there"),
    [
        ("flash flood", "flash_flood", True), ("Flash FLOOD", "flash_flood", True),
        ("flash-flood", "flash_flood", True), ("flash\nflood", "flash_flood", True),
        ("flash, flood", "flash_flood", False), ("flash. Flood", "flash_flood", False),
        ("flash\n\nflood", "flash_flood", False), ("flash - flood", "flash_flood", False),
        ("flash of flood", "flash_of_flood", True), ("flash and flood", "flash_and_flood", False),
        ("the flash flood is", "the_flash", False), ("the flash flood is", "flash_flood_is", False),
        ("covid 19", "covid_19", True), ("snowfall of 5", "snowfall_of_5", False),
        ("fall of wet snow", "fall_of_wet_snow", True), ("tree uprooted", "tree_uprooted", False),
        ("flash_flood now here", "flash_flood_now", False),
    ],
)  # fmt: skip
def test_what_may_be_a_phrase(text: str, term: str, there: bool) -> None:
    texts = [text] * 6 + [f"filler word number {i}" for i in range(9)]
    assert (term in found(texts)) is there


def test_a_phrase_has_two_to_four_words_and_is_no_mere_part_of_a_longer_one() -> None:
    rows = found(["one alpha beta gamma delta epsilon"] * 9)
    assert {len(parts(row.term)) for row in rows.values()} == {4}
    rows = found(["alpha beta gamma"] * 9 + ["alpha beta"] * 9)
    assert set(rows) == {"alpha_beta_gamma", "alpha_beta"}
    # "cov beta" is in "sars cov beta" 40 of 42 times, and in two more candidates besides.
    longer = ["sars cov beta"] * 20 + ["sars cov beta virus"] * 10 + ["sars cov beta spike"] * 10
    assert not {"cov_beta", "sars_cov"} & found(longer + ["cov beta"] * 2).keys()
    assert "cov_beta" in found(longer + ["cov beta"] * 40)


def test_order_and_limit() -> None:
    texts = ["wet snow fell"] * 9 + ["dry snow fell"] * 7 + ["ice storm"] * 30
    rows = phrases(texts, npmi=-1)
    values = [row.c_value for row in rows]
    assert values == sorted(values, reverse=True)
    assert phrases(texts, 2, npmi=-1).rows == rows.rows[:2]
    shown = phrases(texts, 1, npmi=-1).as_dict()
    assert (shown["found"], [row["term"] for row in shown["rows"]]) == (len(rows), [rows[0].term])


WORDS = st.lists(st.lists(st.sampled_from(["ash", "bay", "cod", "dew", "elm"]), max_size=8), max_size=12)


@given(WORDS)
def test_counts_are_those_of_a_plain_loop(documents: list[list[str]]) -> None:
    batch = TokenBatch.from_documents(documents)
    rows = found(batch, min_count=1, longest=4)
    for n in (2, 3, 4):
        counted: dict[str, int] = {}
        for words in documents:
            for i in range(len(words) - n + 1):
                term = "_".join(words[i : i + n])
                counted[term] = counted.get(term, 0) + 1
        for term, row in rows.items():
            if len(parts(row.term)) == n:
                assert counted[term] == row.count
                assert row.c_value <= math.log2(n) * row.count + 1e-9
                assert -1 <= row.npmi <= 1 + 1e-9


@given(
    WORDS,
    st.lists(st.lists(st.sampled_from(["ash", "bay", "cod", "dew"]), min_size=2, max_size=3), max_size=4),
)
def test_joining_takes_the_longest_from_the_left(documents, listed) -> None:
    batch = TokenBatch.from_documents(documents)
    joined = TokenBatch(
        *join(Running.plain(batch.ids, batch.offsets, batch.types), ["_".join(words) for words in listed])
    )
    able = sorted({tuple(words) for words in listed}, key=len, reverse=True)
    for words, made in zip(documents, spelled_texts(joined), strict=True):
        expected, i = [], 0
        while i < len(words):
            unit = next((p for p in able if tuple(words[i : i + len(p)]) == p), (words[i],))
            expected.append("_".join(unit))
            i += len(unit)
        assert made == expected
        assert [part for token in made for part in parts(token)] == words
    assert set(batch.types) <= set(joined.types)


GAP = re.compile(r"[^\S\n]*\n?[^\S\n]*|[-\u2010\u2011]")


@given(st.lists(st.text("aé1 .,-\n\u2010\u2011\u2013'", max_size=14), max_size=4))
def test_what_stands_between_words(texts: list[str]) -> None:
    tokens = tokenizer("words")(pl.Series(texts, dtype=pl.String))
    found = tokens.apart().tolist()
    expected = []
    for text in texts:
        spans = word_spans(text)
        gaps = [text[end:start] for (_, end), (start, _) in pairwise(spans)]
        expected += [True] * bool(spans) + [GAP.fullmatch(gap) is None for gap in gaps]
    assert found == expected


def test_a_phrase_written_with_underscores_is_the_same_unit() -> None:
    batch = TokenBatch.from_documents([["flash", "flood", "flash_flood", "flood"]])
    joined = TokenBatch(*join(Running.plain(batch.ids, batch.offsets, batch.types), ["flash_flood"]))
    assert spelled_texts(joined) == [["flash_flood", "flash_flood", "flood"]]


TABLE = normal_vectors(
    ["flash", "flood", "road", "closed", "Cedar", "Rapids", "Cedar_Rapids", "the", "county"], 12, 1
)


REPORTS = [
    "A flash flood closed the county road near Cedar Rapids.",
    "Flash flood waters closed the road. Flash, flood and thunder.",
    "In Cedar Rapids there was a flash flood.",
] * 8


@pytest.fixture(scope="module")
def phrase_run() -> selfvec.Run:
    return selfvec.refine(REPORTS, TABLE, "decorrelated", phrases="auto")


def counts_of(run: selfvec.Run) -> dict[str, int]:
    return dict(zip(run.vectors.index_to_key, run.vectors.counts.tolist(), strict=True))


def test_phrases_are_units_of_a_run(phrase_run: selfvec.Run) -> None:
    original, counts = phrase_run.original, counts_of(phrase_run)
    assert counts["flash_flood"] == 16
    assert counts["flash_flood_waters"] == 8  # the longest is taken
    assert counts["Cedar_Rapids"] == 16  # called as the table has it
    assert counts["flash"] == 8  # "Flash, flood" is no phrase
    assert counts["Rapids"] == 0  # never alone, and still known
    np.testing.assert_allclose(original["Cedar_Rapids"], unit_rows(TABLE["Cedar_Rapids"][None])[0], atol=1e-6)
    mean = unit_rows(unit_rows(TABLE[["flash", "flood"]]).sum(axis=0)[None])[0]
    np.testing.assert_allclose(original["flash_flood"], mean, atol=1e-6)
    sources = [original.sources[original.key_to_index[word]] for word in ("Cedar_Rapids", "flash_flood")]
    assert sources == [Source.KNOWN, Source.SUBWORDS]
    recorded, text = phrase_run.provenance["phrases"], phrase_run.provenance["text"]
    row = next(row for row in recorded["rows"] if row["term"] == "flash_flood")
    assert (row["count"], row["units"]) == (24, 16)
    assert recorded["tokens"] == sum(len(text.split()) for text in REPORTS)
    assert text["raw_tokens"] == recorded["tokens"] == text["tokens"] + sum(text["dropped"].values())
    assert text["dropped"]["in phrases"] > 0


def test_phrases_of_a_run_are_those_of_its_corpus(phrase_run: selfvec.Run, tmp_path: Path) -> None:
    rows = phrases(phrase_run)
    assert {"flash_flood", "Cedar_Rapids"} <= {row.term for row in rows}
    selfvec.save_run(phrase_run, tmp_path / "run")
    assert phrases(selfvec.open_run(tmp_path / "run")).rows == rows.rows


def test_pieces_have_no_phrases(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    pieces = tokenizers.Tokenizer(tokenizers.models.WordLevel({"flash": 0, "[UNK]": 1}, unk_token="[UNK]"))
    pieces.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    pieces.save(str(tmp_path / "tokenizer.json"))
    options = {"tokenizer": str(tmp_path / "tokenizer.json"), "method": "original"}
    refused(
        lambda: selfvec.Refiner(phrases="auto", **options).fit(REPORTS, "none"), OptionError, "made of words"
    )
    run = selfvec.Refiner(**options).fit(REPORTS, "none").run_
    refused(lambda: phrases(run), InputError, "made of words")


def test_stop_words_left_out_are_still_seen_inside_phrases() -> None:
    texts = ["loss of consciousness after a fall", "loss and consciousness"] * 6
    model = selfvec.Refiner(method="original", stop_words="en", phrases="auto", min_count=2)
    counts = counts_of(model.fit(texts, "none").run_)
    assert counts["loss_of_consciousness"] == 6
    assert counts["loss"] == counts["consciousness"] == 6
    assert "of" not in counts


def test_listed_phrases(tmp_path: Path) -> None:
    listed = tmp_path / "terms.txt"
    listed.write_text("# ours\nFlash flood\ncounty-road\nclosed the road\nnot there\n")
    run = selfvec.refine(REPORTS, "none", "original", phrases=str(listed))
    rows = run.provenance["phrases"]["rows"]
    counts = {row["term"]: row["count"] for row in rows}
    assert counts == {"flash_flood": 24, "county_road": 8, "closed_the_road": 8}
    assert all(row["npmi"] is None for row in rows)


def test_as_many_phrases_as_asked_for() -> None:
    run = selfvec.refine(REPORTS, "none", "original", phrases=1)
    assert [row["term"] for row in run.provenance["phrases"]["rows"]] == [
        row.term for row in phrases(REPORTS, 1)
    ]
    assert sum("_" in word for word in run.vectors.index_to_key) == 1

    run = selfvec.refine(REPORTS, "none", "original")
    assert "phrases" not in run.provenance
    assert not any("_" in word for word in run.vectors.index_to_key)
    assert "flash_flood" in [row.term for row in phrases(run)]


@pytest.mark.parametrize(("written", "rule"), [("hail\n", "2 to 10 words"), ("a b\n\xff\n", "UTF-8")])
def test_lists_that_are_none(tmp_path: Path, written: str, rule: str) -> None:
    listed = tmp_path / "terms.txt"
    listed.write_bytes(written.encode("latin-1"))
    with pytest.raises(InputError, match=rule) as error:
        selfvec.Refiner(phrases=str(listed)).fit(REPORTS, "none")
    assert error.value.line == (2 if "\xff" in written else 1)


def test_options_that_cannot_be() -> None:
    for options in ({"top": 0}, {"min_count": 0}, {"longest": 1}, {"npmi": 2}, {"stop_words": "xx"}):
        refused(lambda: phrases(["a b"], **options), OptionError)
    refused(lambda: selfvec.Refiner(phrases=0), OptionError)


def test_texts_meet_the_phrases_of_a_run(phrase_run: selfvec.Run) -> None:
    from selfvec.retrieval import Index
    from selfvec.text.preprocessing import Preprocessing, encode_texts

    preprocessing = Preprocessing.of(phrase_run.provenance)
    assert {"flash_flood", "Cedar_Rapids"} <= set(preprocessing.phrases.split())
    batch = encode_texts(["A flash flood in cedar rapids; flash, flood"], preprocessing, phrase_run.vectors)
    assert spelled(batch) == ["flash_flood", "Cedar_Rapids", "flash", "flood"]
    words = encode_texts(["a flash flood"], preprocessing.by_words, phrase_run.vectors)
    assert spelled(words) == ["flash", "flood"]
    # Search is by words: whoever asks for a flood finds the flash flood, and the whole phrase finds it too.
    index = Index.memory(phrase_run, ["A flash flood came.", "An invoice was paid."] * 3)
    for question in ("flood", "flash flood"):
        assert index.search(question, 1, mode="bm25").hits[0].id == "0"
