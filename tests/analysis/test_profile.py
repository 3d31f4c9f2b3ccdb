"""The profile of a word is what the other functions say of it, and what changed."""

from typing import Any

import polars as pl
import pytest
from tests.refusals import refused

import selfvec
from selfvec.base.errors import NotFound


def rows(first: str, last: str) -> list[dict[str, Any]]:
    """Twelve reports of either period, in which *hail* is near other words."""
    filler = "nothing else was seen that day on the long road to the old harbour " * 15
    of_each = (("2000", first), ("2010", last))
    return [
        {"text": f"{text} {filler}", "date": f"{year}-0{month % 9 + 1}-01", "state": "ab"[month % 2]}
        for year, text in of_each
        for month in range(12)
    ]


@pytest.fixture(scope="module")
def run() -> selfvec.Run:
    made = rows("Small hail broke windows.", "Small hail dented cars.")
    return selfvec.refine(pl.DataFrame(made), "none", method="original")


def test_it_is_what_the_other_functions_say(run: selfvec.Run) -> None:
    told = run.profile("hail", window=2, top=3)
    assert told["word"] == "hail"
    (spread,) = run.dispersion("hail").rows
    assert {name: told[name] for name in spread} == spread
    time, state = told["groups"]
    assert [(group["group"], group["count"]) for group in state["groups"]] == [("a", 12), ("b", 12)]
    assert (time["by"], state["by"]) == ("month", "state")
    assert sum(group["count"] for group in time["groups"]) == told["count"] == 24
    for side, window in (("left", "2L0R"), ("right", "0L2R")):
        near = {row["word"]: row for row in run.collocates("hail", window=window).rows}
        mine = [row for row in told.rows if row["side"] == side]
        assert mine
        assert all(near[row["word"]].items() <= row.items() for row in mine)
    assert {row["ngram"] for row in told["ngrams"]} >= {"small hail", "hail broke", "small hail dented"}
    lines = [(row["id"], row["start"]) for row in run.concordance("hail").rows]
    assert len(told["quotations"]) == 3
    assert all((row["id"], row["start"]) in lines for row in told["quotations"])


def test_words_that_came_and_went_are_named(run: selfvec.Run) -> None:
    changed = run.profile("hail", window=2)["changed"]
    assert (changed["share_first"], changed["share_last"]) == (1, 1)
    assert (set(changed["came"]), set(changed["went"])) == ({"dented", "cars"}, {"broke", "windows"})
    assert run.profile("hail", filter="state=a")["changed"]["share_last"] == 1
    one_half = run.profile("windows", filter="date=2000-01..2000-02")
    assert (one_half["changed"]["first"], one_half["changed"]["share_last"]) == ("2000-01", 1)
    assert [group["group"] for group in one_half["groups"][0]["groups"]] == ["2000-01", "2000-02"]
    assert run.profile("broke")["changed"]["share_last"] == 0
    undated = selfvec.refine(
        [{"text": row["text"]} for row in rows("hail fell", "hail")], "none", method="original"
    )
    assert undated.profile("hail")["changed"] is None
    assert undated.profile("hail")["groups"] == []
    shown = str(run.profile('[lemma="car"]').view())
    assert "windows" not in shown
    refused(lambda: run.profile("snow"), NotFound, "snow")
