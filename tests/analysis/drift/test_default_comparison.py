"""What drift compares if nobody names it, worked out by hand, and what filters leave of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import selfvec
from selfvec import TokenBatch
from selfvec.analysis.comparison.chosen_slices import asked_slices
from selfvec.analysis.word_drift.drift_result import Drift
from selfvec.base.errors import InputError, NotFound, OptionError
from selfvec.data.run import Run


def dated_run(documents: Sequence[tuple[str | None, int]]) -> Run:
    """A run of documents that are a date and a number of words."""
    days = np.array([day or "NaT" for day, _ in documents], "datetime64[D]")
    offsets = np.cumsum([0, *(words for _, words in documents)])
    batch = TokenBatch(np.zeros(offsets[-1], np.int32), offsets, ["a"], days)
    vectors = selfvec.Vectors(["a"], np.ones((1, 2), np.float32))
    return Run(vectors, vectors, tokens=batch)


def years(first: int, last: int, number: int, words: int) -> list[tuple[str | None, int]]:
    """So many documents of each year."""
    return [(f"{year}-06-01", words) for year in range(first, last + 1) for _ in range(number)]


def every_day(first: str, end: str, number: int = 2) -> list[tuple[str | None, int]]:
    """So many documents of each day."""
    return [(str(day), 20) for day in np.arange(first, end, dtype="datetime64[D]") for _ in range(number)]


HALVES = "the halves of the text"
CHOSEN = {
    # half of 500 is as near to 200 as to 300
    "years": (years(2000, 2004, 100, 30), ["2000..2001", "2002..2004"], HALVES),
    "a year that ends early": (every_day("2000-01-01", "2003-08-01"), ["2000..2001", "2002..2003"], HALVES),
    "a year that begins late": (every_day("2000-04-01", "2002-01-01"), ["2000", "2001"], HALVES),
    # 31 days are a tenth of the text: quarters
    "a month of a year": (every_day("2000-12-01", "2001-11-01"),
                          ["2000Q4..2001Q2", "2001Q3..2001Q4"], HALVES),
    "months": (every_day("2000-02-01", "2000-04-01", 9), ["2000-02", "2000-03"], HALVES),
    "decades": (years(1900, 1989, 8, 100), ["1900..1944", "1945..1989"], HALVES),
    "three years": (years(2000, 2002, 100, 30), ["2000", "2001..2002"], HALVES),
    "uneven": (years(2000, 2000, 900, 100) + years(2001, 2001, 40, 60), ["2000", "2001"], HALVES),
    # half of the documents have a date, which is enough; two documents fewer are not
    "half dated": (years(2000, 2009, 40, 100) + [(None, 100)] * 400, ["2000..2004", "2005..2009"], HALVES),
    "mostly undated": (years(2000, 2009, 40, 100) + [(None, 9)] * 402, [], "by refining: 402 of 802 do"),
    "undated": ([(None, 9)] * 90, [], "have no dates"),
    "two centuries": ([("1950-01-01", 5), ("2001-01-01", 9)], ["1950", "2001"], HALVES),
    # ten days of 30 documents: half of 300 is reached at the end of the fifth
    "days": (every_day("2024-03-01", "2024-03-11", 30),
             ["2024-03-01..2024-03-05", "2024-03-06..2024-03-10"], HALVES),
    "rare words": ([("1950-01-01", 4), ("2001-01-01", 9)], [], "by refining: no word occurs 5 times in both"),
    "one day": (years(2000, 2000, 500, 100), [], "by refining: all documents are of one day, 2000-06-01"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHOSEN)
def test_the_halves_of_a_text_are_compared(name: str) -> None:
    documents, expected, why = CHOSEN[name]
    found = asked_slices(dated_run(documents))
    assert [part.name for part in found.slices][-len(expected) :] == expected
    assert (why in found.why) if why else not found.why


OLD = [
    "the hail broke the window of a barn",
    "hail dented the door",
    "rain fell on the barn",
    "a storm broke",
]
NEW = [
    "the hail app sent a code to a phone",
    "hail the driver by phone",
    "rain fell on the barn",
    "a storm broke",
]


def rows() -> list[dict[str, Any]]:
    """Speeches of all years, and minutes of the last five only."""
    found = []
    for year in range(2000, 2010):
        for number in range(60):
            kind = "minutes" if year >= 2005 and number % 3 else "speech"
            text = (NEW if year >= 2005 else OLD)[
                number % 4
            ] + f" and the {kind} went on in room {number % 7}"
            found.append({"text": text, "date": f"{year}-05-{number % 28 + 1:02}", "kind": kind, "n": number})
    return found


@pytest.fixture(scope="module")
def run() -> Run:
    return selfvec.refine(rows(), "none", "original", repeats="keep")


def counted(found: Drift) -> set[tuple[Any, ...]]:
    names = ("word", "count_a", "count_b", "documents_a", "documents_b")
    return {tuple(row[name] for name in names) for row in found.rows}


def test_dated_text_is_compared_between_periods_and_by_refining_on_request(run: Run) -> None:
    found = selfvec.drift(run)
    assert (found.a, found.b) == ("2000..2004", "2005..2009")
    assert found.as_dict()["why"] == found.why != ""
    named = selfvec.drift(run, [found.a, found.b])
    assert (named.rows, named.why) == (found.rows, "")
    assert selfvec.drift(run, ["original", "refined"]).a == "original"


@pytest.mark.parametrize(
    "asked", [{"between": ["2000..2004", "2005..2009"]}, {"slice": "year"}, {"slice_field": "kind"}]
)
def test_a_filter_leaves_what_a_run_of_these_documents_alone_counts(run: Run, asked: dict[str, Any]) -> None:
    alone = [row for row in rows() if row["n"] >= 20]
    there = selfvec.drift(selfvec.refine(alone, "none", "original", repeats="keep"), **asked)
    found = selfvec.drift(run, **asked, filter="n=20..")
    assert (found.a, found.b) == (there.a, there.b)
    assert counted(found) == counted(there)
    assert found.as_dict()["filters"] == ["n=20.."]


def test_a_slip_in_what_a_filter_leaves_out_is_named(run: Run) -> None:
    said = "No document has kind=speach; did you mean speech?"
    for found in (
        selfvec.drift(run, filter="kind!=speach").why,
        selfvec.keyness(run, filter="kind!=speach")["note"],
    ):
        assert found.startswith(said)
    assert not selfvec.drift(run, filter="kind!=minutes").why.startswith("No document")


def test_sides_of_other_months_may_differ_by_the_season() -> None:
    def said(*months: Sequence[int], between: Sequence[str] = ("2001", "2004"), years: int = 1) -> list[str]:
        days = [
            f"{year}-{month:02d}-{day:02d}"
            for first, of_year in zip((2001, 2004), months, strict=True)
            for year in range(first, first + years)
            for month in of_year
            for day in range(1, 29)
        ]
        rows = [{"text": f"hail broke roof {i} " * 20, "date": day} for i, day in enumerate(days)]
        run = selfvec.refine(rows, "none", "original", repeats="keep")
        found = selfvec.drift(run, between)
        return [finding.says for finding in found.findings if finding.kind == "calendar"]

    assert said([1], [7]) == [
        "2004 covers July, 2001 January: they have none in common, and what differs may be the season."
    ]
    assert said(range(1, 13), range(1, 6)) == [
        "2004 covers January to May, 2001 all months: what differs may be the season."
    ]
    assert said([1], [1]) == said([7, 8], [7, 8]) == []
    assert said([1], [7], between=["2001-01", "2004-07"]) == []  # whose names say it
    assert said([1], [7], between=["2001..2003", "2004..2006"], years=3) == []


def test_filters_are_those_of_search_and_periods_are_chosen_among_what_passes(run: Run) -> None:
    slices = asked_slices(run.present, filters=["kind=speech", "date=2001..2009"]).slices
    # 60 speeches a year until 2004, then 20: 240 and 100 in all, and half of it is 170
    assert [part.name for part in slices] == ["2001..2003", "2004..2009"]
    kinds = np.array([row["kind"] for row in rows()])
    for part, expected in zip(slices, (180, 160), strict=True):
        assert kinds[part.documents].tolist() == ["speech"] * expected


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"filter": "kid=speech"}, NotFound, "no field 'kid'; did you mean kind"),
        ({"filter": "kind"}, OptionError, "a filter is field=value"),
        ({"filter": "kind=minutes", "between": ["2000..2004", "2005.."]}, InputError, "of 2000..2004 passe"),
        ({"filter": "kind=minutes", "between": ["original", "refined"]}, InputError, "all documents; name"),
        ({"filter": ["kind=minutes", "date=2000"]}, NotFound, "document passes all of kind=minutes, date"),
    ],
)  # fmt: skip
def test_what_cannot_be_filtered_is_said(run: Run, given: dict[str, Any], kind: type, said: str) -> None:
    with pytest.raises(kind, match=said):
        selfvec.drift(run, **given)


def test_a_tiny_text_with_slices_is_compared_in_parts_that_share_words() -> None:
    texts = [{"text": f"hail fell on roof {year}", "date": f"{year}"} for year in range(1980, 2020)]
    found = selfvec.drift(selfvec.refine(texts, "none", "original", slice="year"))
    assert (found.a, found.b) == ("1980..1999", "2000..2019")
    assert found["hail"]["count_a"] == 20
    named = [text | {"kind": "abbc"[i % 4] if i < 32 else "d"} for i, text in enumerate(texts)]
    found = selfvec.drift(selfvec.refine(named, "none", "original", slice_field="kind"))
    assert (found.a, found.b) == ("a", "b")  # of those with the most text, not the first and the last
    texts = [{"text": f"hail {year}", "date": f"{year}"} for year in range(1980, 1984)]
    with pytest.raises(InputError) as error:
        selfvec.drift(selfvec.refine(texts, "none", "original", slice="year"))
    assert "between original refined; or lower min_count" in str(error.value)
