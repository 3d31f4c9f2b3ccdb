"""Words that a run knows: one count of them, and those that are suggested for one that does not occur."""

import json
from collections.abc import Collection

import numpy as np
import pytest
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.apps.cli import main
from selfvec.base.errors import NotFound
from selfvec.data.vectors import KINDS, Source, Vectors, coverage, has_row
from selfvec.data.word_lookup import rows_of

COUNTS = {
    "tornado": 900, "tornaddo": 1, "tornadoes": 200, "county": 900, "country": 20, "hail": 500, "hall": 3,
}  # fmt: skip


def table_of(words: Collection[str]) -> Vectors:
    return Vectors(list(words), np.eye(len(words), dtype=np.float32))


def suggested(word: str, counts: dict[str, int] | None) -> list[str]:
    """The words that the error offers."""
    table = table_of(COUNTS)
    table.counts = None if counts is None else np.array(list(counts.values()))
    known = "hail" if word != "hail" else "county"
    _, unknown = rows_of([known, word], [table])
    return unknown[0]["alike"]


@pytest.mark.parametrize(
    ("word", "first", "never"),
    [
        ("tornaod", "tornado", "tornaddo"),
        ("tornaddoo", "tornado", "tornaddo"),  # which is nearer
        ("countryy", "country", "hail"),  # rarer than county, and another word
        ("hial", "hail", "hall"),
    ],
)
def test_near_and_frequent_words_are_suggested_first(word: str, first: str, never: str) -> None:
    found = suggested(word, COUNTS)
    assert found[0] == first
    assert never not in found


def test_without_counts_the_spelling_alone_decides() -> None:
    assert suggested("tornaddoo", None)[:2] == ["tornaddo", "tornado"]


def test_a_word_that_is_like_none_has_no_suggestion() -> None:
    rule = "'zzz' does not occur in this run; try another word"
    refused(lambda: rows_of(["zzz"], [table_of(["hail"])]), NotFound, rule)


ASKED = ("fire", "abc", "café", "cooperate", "don't", "county", "naïve", "été", "Zürich")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("\ufb01re", "fire"),  # a ligature
        ("\uff21\uff22\uff23", "abc"),  # full width
        ("cafe\u0301", "café"),  # the accent as a character of its own
        ("CAFE\u0301", "café"),
        ("co\u00adoperate", "cooperate"),  # a soft hyphen
        ("don\u2019t", "don't"),
        ("county\u2019s", "county"),
        (" fire\u200b ", "fire"),
    ],
)
def test_words_asked_for_are_read_as_the_text_is(asked: str, meant: str) -> None:
    ((_, row),), unknown = rows_of([asked], [table_of(ASKED)])
    assert (ASKED[row], unknown) == (meant, [])


def test_a_word_as_it_is_written_goes_before_what_it_is_read_as() -> None:
    assert rows_of(["\ufb01re"], [table_of(["fire", "\ufb01re"])])[0] == [(0, 1)]


@pytest.mark.parametrize(
    ("asked", "meant"), [("cafe", "café"), ("ete", "été"), ("ZURICH", "Zürich"), ("cooperäte", "cooperate")]
)
def test_words_that_differ_in_accents_alone_are_suggested_first(asked: str, meant: str) -> None:
    refused(lambda: rows_of([asked], [table_of(ASKED)]), NotFound, rf"did you mean {meant}\b")


TEXTS = ["the xylograph of the doctor fell 3 times", "a doctor saw the hailstorm and the brzzt"] * 30


def test_every_source_has_its_kind() -> None:
    sources = np.array(Source, np.uint8)
    original = Vectors([source.name for source in Source], np.ones((6, 2), np.float32), sources=sources)
    counted = coverage(original, np.array([1, 2, 4, 8, 16, 32]))
    assert counted["types"] == {"known": 3, "composed": 1, "random": 1, "unknown": 1}
    assert counted["tokens"] == {"known": 2 + 16 + 32, "composed": 4, "random": 8, "unknown": 1}
    assert has_row(original).tolist() == [False, True, False, False, True, True]
    assert tuple(counted["types"]) == KINDS


def test_all_places_report_the_same_count(tmp_path, capsys) -> None:
    text, run = tmp_path / "texts.txt", tmp_path / "run"
    text.write_text("\n".join(TEXTS))
    summary = ran(["refine", text, "-o", run, "--method", "decorrelated"]).err
    types = json.loads((run / "run.json").read_text())["coverage"]["types"]
    known, composed = types["known"], types["composed"]
    assert known > 0
    assert composed > 0
    assert known + composed + types["unknown"] == len(selfvec.open_run(run).vectors)
    assert f"{composed / (known + composed + types['unknown']):.0%} of them built from subwords" in summary
    told = " ".join(ran(["run", "info", run]).out.split())
    assert f"{known:,} in the initial vectors, {composed:,} built" in told
    assert main(["run", "health", str(run), "--json"]) in (0, 1)
    health = json.loads(capsys.readouterr().out)
    assert (health["known"], health["composed"], health["oov"]) == (known, composed, types["unknown"])
