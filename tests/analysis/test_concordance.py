"""Words in context: what a query finds, as the documents have it, in which order."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.refusals import refused

import selfvec
from selfvec.base.errors import NotFound, OptionError

ROWS = [
    {
        "id": "a",
        "date": "2001-05-01",
        "kind": "note",
        "text": "Hail broke roofs;\n  large hail, said “Ann’s”.",
    },
    {"id": "b", "date": "1999-05-01", "kind": "note", "text": "A hailstorm came. Flash flooding followed."},
    {"id": "c", "date": None, "kind": "log", "text": "The ﬂash ﬂood: a flash-flood warning, no hail"},
    {"id": "d", "date": "2000-01-01", "kind": "log", "text": "Don't co\u00adoperate with HAIL"},
]


def a_run(rows: list[dict[str, Any]], **options: Any) -> selfvec.Run:
    return selfvec.refine(pl.DataFrame(rows), "none", method="original", **options)


@pytest.fixture(scope="module")
def run() -> selfvec.Run:
    return a_run(ROWS, stop_words="en", min_count=2)  # leaves most words out of the run, not of its text


def words(found: Any) -> list[str]:
    return [row["word"] for row in found.rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("hail", ["Hail", "hail", "hail", "HAIL"]),
        ("HAIL*", ["Hail", "hail", "hailstorm", "hail", "HAIL"]),
        ("flash flood*", ["Flash flooding", "ﬂash ﬂood", "flash-flood"]),
        ("flash-flood", ["ﬂash ﬂood", "flash-flood"]),
        ("a * came", ["A hailstorm came"]),
        ("don't", ["Don't"]),
        ("don", []),
        ("ann", ["Ann’s"]),
        ("cooperate", ["co\u00adoperate"]),
        ("roofs large", ["roofs; large"]),
        ("ann a", []),  # of two documents
        ("hai", []),
        ("flash !flood", ["Flash flooding"]),
        ("!large hail", ["no hail", "with HAIL"]),
        ("hail {2} hail", []),
        ("hail {1,20} hail", ["Hail broke roofs; large hail"]),
        ("hail {0,99} hail", ["Hail broke roofs; large hail"]),  # the nearest, within a document
    ],
)
def test_a_query_finds_whole_words_as_they_are_written(
    run: selfvec.Run, query: str, expected: list[str]
) -> None:
    found = selfvec.concordance(run, query)
    assert words(found) == expected
    assert found["hits"] == len(expected)


def test_what_is_around_is_as_the_document_has_it(run: selfvec.Run) -> None:
    found = run.concordance("hail", window=3)
    assert list(found.rows[0]) == ["id", "date", "left", "word", "right", "start", "end"]
    assert [tuple(row.values()) for row in found.rows[:3]] == [
        ("a", "2001-05-01", "", "Hail", "broke roofs; large", 0, 4),
        ("a", "2001-05-01", "broke roofs; large", "hail", ", said “Ann’s”.", 26, 30),
        ("c", None, "flood warning, no", "hail", "", 41, 45),
    ]
    assert all(ROWS[0]["text"][row["start"] : row["end"]] == row["word"] for row in found.rows[:2])
    assert (found["hits"], found["documents"]) == (4, 3)


def test_it_can_be_sorted(run: selfvec.Run) -> None:
    def ids(sort: str) -> list[str]:
        return [row["id"] for row in selfvec.concordance(run, "hail", sort=sort).rows]

    assert ids("date") == ["d", "a", "a", "c"]  # without a date last
    assert ids("right") == ["c", "d", "a", "a"]  # nothing, nothing, broke, said
    assert ids("left") == ["a", "a", "c", "d"]  # nothing, large, no, with
    assert ids("1R,2R,1L") == ["c", "d", "a", "a"]
    assert ids("1L") == ["a", "a", "c", "d"]
    assert ids("2L,1L") == ["a", "d", "a", "c"]  # nothing, operate, roofs, warning
    refused(lambda: selfvec.concordance(run, "hail", sort="3R", window=2), OptionError, "not shown")
    for wrong in ("middle", "1R,left", "0R", "1R,1L,2R,2L", ""):
        refused(lambda: selfvec.concordance(run, "hail", sort=wrong), OptionError, "sort")


def test_filters_top_and_an_unknown_order(run: selfvec.Run) -> None:
    assert words(selfvec.concordance(run, "hail", filter="kind=log")) == ["hail", "HAIL"]
    assert words(selfvec.concordance(run, "hail", filter="date=2001..")) == ["Hail", "hail"]
    assert words(selfvec.concordance(run, "hail", slice="2000..2001", filter="kind=log")) == ["HAIL"]
    first = selfvec.concordance(run, "hail", top=1)
    assert (words(first), first["hits"]) == (["Hail"], 4)
    refused(lambda: selfvec.concordance(run, "hail", filter="kind=memo"), NotFound, "kind=memo")
    for half in ("flash {0,1 flood", "flash {0, 1} flood", "flash } flood"):
        refused(lambda: selfvec.concordance(run, half), OptionError, "not a gap")
    refused(
        lambda: selfvec.concordance(run, "hail", sort=["3X"]),
        OptionError,
        r"sort: is one of left, right, date, or .* not '3X'",
    )
    for empty in ("*", "* *", "…", "  "):
        refused(lambda: selfvec.concordance(run, empty), OptionError, "query")


def test_rows_are_written(run: selfvec.Run, tmp_path: Path) -> None:
    path = tmp_path / "hail.csv"
    found = selfvec.concordance(run, "hail", csv=path)
    table = pl.read_csv(path, schema_overrides={"id": pl.String})
    assert table.columns == ["id", "date", "left", "word", "right", "start", "end", "kind"]
    assert table["kind"].to_list() == ["note", "note", "log", "log"]
    assert table["word"].to_list() == words(found)
    refused(
        lambda: selfvec.concordance(run, "hail", csv=tmp_path / "hail.txt"), OptionError, r"\.csv, not \.txt"
    )


def test_a_language_decides_how_words_are_cut_and_compared() -> None:
    french = a_run([{"text": "L'homme qui rit, et l’homme-canon"}, {"text": "deux hommes"}], language="fr")
    assert words(selfvec.concordance(french, "homme")) == ["L'homme", "l’homme"]
    turkish = a_run([{"text": "ISPARTA ili"}, {"text": "ısparta İLİ"}], language="tr")
    assert words(selfvec.concordance(turkish, "Isparta ili")) == ["ISPARTA ili", "ısparta İLİ"]


def test_tokens_between_white_space() -> None:
    run = a_run([{"text": "what !!! is this"}, {"text": "this? it"}], tokenizer="whitespace")
    assert words(selfvec.concordance(run, "!!!")) == ["!!!"]
    assert words(selfvec.concordance(run, "this")) == ["this"]
    assert words(selfvec.concordance(run, "THIS*")) == ["this", "this?"]


def test_words_of_a_text_without_spaces() -> None:
    pytest.importorskip("icu4py")
    japanese = a_run([{"text": "昨日は大きな雹が降りました。"}, {"text": "雨が降りました。"}], language="ja")
    found = selfvec.concordance(japanese, "雨*")
    assert found["hits"] == 1
    line = "".join(found.rows[0][part] for part in ("left", "word", "right"))
    assert re.sub(r"\s", "", line) == "雨が降りました。"


def test_a_phrase_of_the_run_is_found_as_its_words() -> None:
    texts = [{"text": f"the flash flood number {i} took a bridge, a Flash Flood!"} for i in range(40)]
    run = a_run(texts, phrases=5)
    assert "flash_flood" in run.vectors
    assert selfvec.concordance(run, "flash_flood")["hits"] == 80


@pytest.mark.parametrize("sort", [None, "left", "right", "date"])
def test_the_first_lines_are_those_of_all(run: selfvec.Run, sort: str | None) -> None:
    every = run.concordance("hail*", sort=sort)
    for top in (1, 2, 50):
        some = run.concordance("hail*", sort=sort, top=top)
        assert some["rows"] == every["rows"][:top]
        assert (some["hits"], some["documents"]) == (every["hits"], every["documents"])


def test_case_and_lemmas_are_compared_if_asked(run: selfvec.Run) -> None:
    assert words(selfvec.concordance(run, "HAIL", case=True)) == ["HAIL"]
    assert words(selfvec.concordance(run, "Hail*", case=True)) == ["Hail"]
    assert words(selfvec.concordance(run, "come", lemma=True)) == ["came"]
    for query in ("roof", "roofs"):  # lemmas are taken of the query as of the text
        assert words(selfvec.concordance(run, query, lemma=True)) == ["roofs"]


def test_parts_of_speech_are_found(run: selfvec.Run) -> None:
    pytest.importorskip("textblob")
    assert words(selfvec.concordance(run, "large _NOUN")) == ["large hail"]
    assert words(selfvec.concordance(run, "hail _VERB")) == ["Hail broke", "hail, said"]
    assert words(selfvec.concordance(run, "flood_NOUN _NOUN")) == ["flash-flood warning"[6:]]


def test_a_sample_is_random_and_of_a_seed_and_lines_are_thinned() -> None:
    run = a_run([{"text": f"hail number{i} fell", "id": str(i)} for i in range(100)])

    def ids(**options: Any) -> list[int]:
        result = selfvec.concordance(run, "hail", **options)
        assert (result["hits"], result["documents"]) == (100, 100)
        return [int(row["id"]) for row in result.rows]

    one, other = ids(sample=20, seed=1), ids(sample=20, seed=2)
    assert one == sorted(one) == ids(sample=20, seed=1) != other
    assert len(set(one)) == 20
    assert ids(sample=500) == list(range(100))
    drawn = [number for seed in range(60) for number in ids(sample=20, seed=seed)]
    assert abs(sum(drawn) / len(drawn) - 49.5) < 3  # all places alike


def test_variants_are_found_as_one_word(tmp_path: Path) -> None:
    run = a_run([{"text": "the acft landed"}, {"text": "an aircraft crashed"}] * 3)
    path = tmp_path / "pairs.tsv"
    path.write_text("aircraft\tacft\n", encoding="utf-8")
    for query in ("aircraft", "acft"):
        assert selfvec.concordance(run, query, variants=path)["hits"] == 6
    assert selfvec.collocates(run, "acft", variants=path)["count"] == 6
    counts = {row["word"]: row["count"] for row in selfvec.frequency(run, variants=path).rows}
    assert counts["aircraft"] == 6
    assert "acft" not in counts


def test_places_are_those_of_the_text_as_it_came() -> None:
    texts = [
        "riskâ€™s boiler, the boiler",
        "<jats:p>The <jats:i>boiler</jats:i></jats:p>",
        "con-\ntinued boiler",
    ]
    run = selfvec.refine([{"id": str(i), "text": text} for i, text in enumerate(texts)], "none", "original")
    rows = run.concordance("boiler").rows
    assert [texts[int(row["id"])][row["start"] : row["end"]] for row in rows] == ["boiler"] * 4
    assert rows[1]["start"] == texts[0].rindex("boiler")
