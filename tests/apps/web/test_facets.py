"""Facets: how many documents each value of each field leaves, counted by hand."""

from typing import Any

import pytest

import selfvec
from selfvec.apps.web.documents import facets, passing
from selfvec.apps.web.page_data import PageData


def page_of(rows: list[dict[str, Any]]) -> PageData:
    """The data of a page of these documents, which are indexed."""
    made = selfvec.refine(rows, "none", "decorrelated", min_count=1, repeats="keep")
    data = PageData(made.present, jobs=1)
    data.index.result()
    return data


@pytest.fixture(scope="module")
def page() -> PageData:
    """40 documents: document i has hail if i is even, the number i, half of it, the parity, days of two
    years, and tags."""
    rows = [
        {
            "id": f"r{i}",
            "text": f"{'hail' if i % 2 == 0 else 'rain'} fell on the roof of house {i}",
            "date": f"{2019 + i // 20}-05-{1 + i % 20:02}",
            "state": ("IOWA", "OHIO", "UTAH", "OHIO")[i % 4],
            "size": i,
            "depth": i / 2 + 0.25,
            "even": i % 2 == 0,
            "tags": ["all", "third"] if i % 3 == 0 else ["all"],
        }
        for i in range(40)
    ]
    return page_of(rows)


def counts(page: PageData, field: str, **asked: Any) -> dict[str, int]:
    """The documents that each filter of a field would leave."""
    (found,) = [each for each in facets(page, **asked)["fields"] if each["name"] == field]
    return {row["filter"]: row["count"] for row in found["values"]}


def test_each_type_of_field_has_its_values(page: PageData) -> None:
    assert counts(page, "state") == {"state=OHIO": 20, "state=IOWA": 10, "state=UTAH": 10}
    assert counts(page, "even") == {"even=true": 20, "even=false": 20}
    assert counts(page, "tags") == {"tags=all": 40, "tags=third": 14}
    assert counts(page, "date") == {"date=2019": 20, "date=2020": 20}


def test_a_long_time_is_in_spans_of_years_that_a_filter_takes() -> None:
    rows = [{"text": f"hail fell on roof {year}", "date": str(year)} for year in range(1930, 2026)]
    page = page_of(rows)
    found = counts(page, "date")
    assert list(found.items())[:2] == [("date=1930..1931", 2), ("date=1932..1933", 2)]
    assert sum(found.values()) == 96
    assert facets(page, filter=["date=1930..1931"])["found"] == 2


@pytest.mark.parametrize("field", ["size", "depth"])
def test_numbers_are_in_ranges_that_a_filter_takes(page: PageData, field: str) -> None:
    found = counts(page, field)
    assert sum(found.values()) == 40
    for text, count in found.items():
        assert facets(page, filter=[text])["found"] == count
    if field == "size":
        assert found["size=10..19"] == 10


def test_a_field_leaves_out_its_own_filters_and_takes_those_of_others(page: PageData) -> None:
    narrowed = {"filter": ["state=OHIO", "date=2019"]}
    told = facets(page, **narrowed)
    assert (told["found"], told["documents"]) == (10, 40)
    assert told["words"] == 10 * 8
    assert counts(page, "state", **narrowed) == {"state=OHIO": 10, "state=IOWA": 5, "state=UTAH": 5}
    assert counts(page, "even", **narrowed) == {"even=false": 10}
    (size,) = [each for each in told["fields"] if each["name"] == "size"]
    assert size["range"] == ["1", "10", "19"]  # 1, 3, … 19
    assert counts(page, "state", query="hail") == {"state=IOWA": 10, "state=UTAH": 10}


def test_a_map_tells_which_of_its_points_pass(page: PageData) -> None:
    assert passing(page, filter=["state=IOWA"])["places"] == list(range(0, 40, 4))
