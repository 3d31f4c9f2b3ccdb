"""Words that came or went, and fields that go with time: worked out by hand."""

from math import comb
from pathlib import Path
from typing import Any

import pytest
from tests.commands import ran

import selfvec
from selfvec import Run

BETWEEN = ["2001", "2002"]


def rows() -> list[dict[str, Any]]:
    """50 documents of each year. In 2002, 20 have *taper*, 4 *rare*, 20 a name or a number, one *often*."""
    found = []
    for year in (2001, 2002):
        for number in range(50):
            text = f"Met in room {'abcdefg'[number % 7]} and the rate kept"
            if year == 2001:
                text += " by telegram" if number < 15 else " by phone" if number < 30 else ""
            else:
                text += " with a taper" if number < 20 else " by phone" if number < 40 else ""
                text += (
                    " rare" * (number < 4) + " of Yellen" * (20 <= number < 40) + " in 2009" * (number >= 30)
                )
                text += " often" * 9 * (number == 0)
            # 10 and 40 minutes; the others are speeches. Every third is long in both years.
            kind = "minutes" if number < (10 if year == 2001 else 40) else "speech"
            row = {"id": f"{year}-{number}", "text": text, "date": f"{year}-05-01", "kind": kind}
            found.append(
                row | {"long": str(number % 3 == 0), "volume": str(year - 2000), "name": f"n{number}"}
            )
    return found


@pytest.fixture(scope="module")
def run(own: Path) -> Run:
    return selfvec.refine(rows(), "none", "original", repeats="keep", output=own / "run")


def test_words_too_rare_on_one_side_are_listed_with_an_exact_p_by_documents(run: Run) -> None:
    found = selfvec.drift(run, BETWEEN, mix="raw")
    new = {row["word"]: row for row in found.new}
    assert list(new) == ["taper", "yellen"]  # equally certain, and names are last
    taper = new["taper"]
    counted = [taper[f"{what}_{side}"] for what in ("count", "documents") for side in "ab"]
    assert counted == [0, 20, 0, 20]
    # All 20 of 100 documents with the word are among the 50 of 2002.
    assert taper["p"] == pytest.approx(2 * comb(50, 20) / comb(100, 20))
    assert new["yellen"]["kind"] == "name"
    assert [row["word"] for row in found.gone] == ["telegram"]
    assert found.gone[0]["p"] == pytest.approx(2 * comb(50, 15) / comb(100, 15))
    assert found.gone[0]["p"] <= found.gone[0]["q"] <= 0.05
    listed = {row["word"] for row in found.rows}
    assert "phone" in listed
    assert listed.isdisjoint({*new, "telegram", "rare", "often"})  # nine in one document are one observation


def test_a_word_of_a_few_threads_is_tested_by_threads() -> None:
    """40 threads of five mails, half of them in each year; each mail of six threads of 2002 has *quokka*."""
    rows = []
    for number in range(200):
        row = f"Met in room {'abcdefg'[number % 7]} and rate {number} kept" + " with a quokka" * (
            number >= 170
        )
        rows.append({"text": row, "date": f"{2001 + number // 100}-05-01", "thread": f"t{number // 5}"})
    run = selfvec.refine(rows, "none", "original", repeats="keep")
    found = selfvec.drift(run, BETWEEN, fdr=1.0, together="thread")
    (quokka,) = [row for row in found.new if row["word"] == "quokka"]
    assert (quokka["documents_a"], quokka["documents_b"]) == (0, 30)
    assert quokka["p"] == pytest.approx(2 * comb(20, 6) / comb(40, 6))


def test_new_words_are_bounded_by_top_and_numbers_are_listed_on_request(run: Run) -> None:
    assert [row["word"] for row in selfvec.drift(run, BETWEEN, top=1, mix="raw").new] == ["taper"]
    every = [row["word"] for row in selfvec.drift(run, BETWEEN, all_words=True, mix="raw").new]
    assert {"taper", "yellen", "2009"} <= set(every)
    assert "with" in every  # a stop word
    assert selfvec.drift(run, BETWEEN, fdr=1e-12).new == []
    assert selfvec.drift(run, ["original", "refined"]).new == []


def test_a_field_that_goes_with_time_is_named_with_what_to_do(run: Run) -> None:
    found = selfvec.drift(run, BETWEEN)
    # Neither a field that does not (long), nor one that only tells the date (volume), nor one of many values.
    (kind,) = found.confounded
    assert {name: kind[name] for name in ("field", "share_a", "share_b")} == {
        "field": "kind",
        "share_a": 0.2 if kind["value"] == "minutes" else 0.8,
        "share_b": 0.8 if kind["value"] == "minutes" else 0.2,
    }
    ways = sum(comb(50, i) * comb(50, 50 - i) for i in range(40, 51))
    assert kind["p"] == pytest.approx(2 * ways / comb(100, 50))
    assert kind["within"] in ("minutes", "speech")
    command = ["drift", run.folder, "--between", *BETWEEN]
    said = " ".join(ran(command).out.split())  # however wide the terminal is
    moved = {"minutes": "rose: from 20%", "speech": "fell: from 80%"}[kind["value"]]
    assert f"kind {kind['value']} {moved} of the documents" in said
    assert "with the same mix on both sides, 39% of the text. Compare all as it is: --mix raw." in said
    raw = " ".join(ran([*command, "--mix", "raw"]).out.split())
    assert "New in 2002: taper 0 → 20, yellen 0 → 20" in raw
    within = selfvec.drift(run, BETWEEN, filter=f"kind={kind['within']}")
    assert within.confounded == []


def test_the_slices_themselves_are_no_field_that_goes_with_them(run: Run) -> None:
    assert selfvec.drift(run, ["minutes", "speech"], slice_field="kind").confounded == []


def test_the_json_has_the_lists_and_the_first_sentence_tells_the_whole(run: Run) -> None:
    command = ["drift", run.folder, "--between", *BETWEEN]
    found = ran([*command, "--mix", "raw", "--top", "1", "--json"]).json
    assert [row["word"] for row in found["new"]] == ["taper"]
    assert [row["field"] for row in found["confounded"]] == ["kind"]
    assert found["tested"] > len(found["rows"]) == 1
    ran([*command, "--report", Path(run.folder) / "r.html"])
    assert "kind minutes rose: " in (Path(run.folder) / "r.html").read_text("utf-8")
