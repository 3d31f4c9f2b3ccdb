"""How large two parts of a text are: a date fills its unit, and months are compared that both have."""

from collections.abc import Sequence

import numpy as np
import pytest

from selfvec.analysis.comparison.chosen_slices import join_periods
from selfvec.analysis.concepts.text_size import text_growth
from selfvec.base.finding import Finding
from selfvec.corpus.slices import by_period, named_slice
from selfvec.data.token_batch import TokenBatch


def found(days: Sequence[str] | np.ndarray, by: str = "year") -> list[Finding]:
    dates = np.sort(np.array(days, "datetime64[D]"))
    batch = TokenBatch(np.zeros(len(dates), np.int32), np.arange(len(dates) + 1), ["a"], dates)
    parts = join_periods(by_period(batch, by), batch)
    growth = text_growth([parts[0], parts[-1]], batch)
    assert growth is not None
    return growth.findings


def said(days: Sequence[str] | np.ndarray, by: str = "year") -> list[str]:
    return [finding.says for finding in found(days, by)]


def spread(months: Sequence[str], number: int) -> list[str]:
    """So many documents in each month, from its first to its 28th day."""
    return [f"{month}-{1 + i * 27 // max(number - 1, 1):02}" for month in months for i in range(number)]


def months_of(year: int, *numbers: int) -> list[str]:
    return [f"{year}-{number:02}" for number in numbers]


def every_day(first: str, end: str) -> np.ndarray:
    return np.arange(first, end, dtype="datetime64[D]")


STEADY = "The text itself stayed about as large: "
YEAR = range(1, 13)


def firsts(*months: int) -> list[str]:
    """The first days of months of 2020 and 2021, 60 documents in each year."""
    return [f"{year}-{month:02}-01" for year in (2020, 2021) for month in months] * (60 // len(months))


def sessions(*months: int) -> list[str]:
    """Eighty documents in each of these months of three years."""
    return spread([month for year in (2018, 2019, 2020) for month in months_of(year, *months)], 80)


@pytest.mark.parametrize(
    ("days", "rates"),
    [
        ([f"{year}-01-01" for year in range(2010, 2021)] * 60, "60 → 60 documents a year."),
        (firsts(1, 4, 7, 10), "60 → 60 documents a year."),
        (firsts(*YEAR), "60 → 60 documents a year."),
        # Of the second wave all days are in the first half of the month.
        (
            spread(["2020-03"], 120) + spread(["2021-03"], 120)[:60] * 2,
            "120 → 120 documents a year in March.",
        ),
        (sessions(1, 2, 3), "240 → 240 documents a year in January to March."),
        (sessions(1, 2, 11, 12), "320 → 320 documents a year in November to February."),
        # A date a year is a year, whichever day it is.
        (["2010-06-01"] * 50 + ["2011-05-20"] * 60 + ["2012-06-11"] * 55, "50 → 55 documents a year."),
        # Of older documents only the year is known.
        (
            [*(["2018-01-01", "2019-01-01"] * 365), *every_day("2020-01-01", "2021-12-30")],
            "365 → 363 documents a year.",
        ),
        (every_day("2020-01-01", "2022-01-01")[::7], "53 → 52 documents a year."),
    ],
    ids=[
        "years",
        "quarters",
        "months",
        "waves",
        "sessions",
        "winter",
        "yearbooks",
        "years-then-days",
        "weekly",
    ],
)
def test_a_date_fills_its_unit_and_a_part_is_of_the_months_that_it_has(
    days: Sequence[str] | np.ndarray, rates: str
) -> None:
    assert said(days) == [f"{STEADY}{rates}"]


def test_a_year_that_ends_in_may_is_compared_with_the_same_months() -> None:
    days = spread([m for year in (2018, 2019, 2020) for m in months_of(year, *YEAR)], 28)
    calendar, size = found([*days, *spread(months_of(2021, *range(1, 6)), 56)])
    assert calendar.kind == "calendar"
    assert calendar.says == (
        "2021 covers January to May, 2018 all months: how large they are is compared in January to May."
    )
    assert (size.kind, size.effect) == ("size", 2.0)
    assert size.says.startswith(
        "The text itself grew to 2.0 times the size: 140 → 280 documents a year in Jan"
    )
    # Months are all alike, so the error is that of counts: of 140 and of 280 documents.
    t = 2.776  # with 2 * 5 - 5 - 1 = 4 degrees of freedom
    half = np.exp(t * np.sqrt(1 / 140 + 1 / 280))
    assert (size.low, size.high) == pytest.approx((2 / half, 2 * half), rel=1e-3)
    assert size.p < 0.01


def test_a_month_that_is_cut_off_is_not_compared() -> None:
    calendar, size = said(every_day("2020-01-01", "2021-03-16"))
    assert calendar.startswith("2021 covers January and February and a part of March, 2020 all months: ")
    assert size == f"{STEADY}60 → 59 documents a year in January and February."


def test_longer_sessions_are_compared_in_the_months_of_the_shorter() -> None:
    days = spread(months_of(2018, 1, 2, 3), 80) + spread(months_of(2019, *range(1, 7)), 80)
    calendar, size = said(days)
    assert calendar.startswith("2019 covers January to June, 2018 January to March: ")
    assert size == f"{STEADY}240 → 240 documents a year in January to March."


OLD = ["1990-05-17", "1990-05-18"]


@pytest.mark.parametrize(
    ("days", "by", "why", "counts"),
    [
        (
            every_day("2020-01-01", "2020-06-16"),
            "month",
            "",  # their names say which months they cover
            "2020-01 has 31 documents (2020-01-01 to 2020-01-31), 2020-06 15 (2020-06-01 to 2020-06-15)",
        ),
        (
            spread(months_of(2018, 2, 5, 9), 20) + spread(months_of(2019, 1, 5, 11), 30),
            "year",
            "2019 has documents in January, May, November, 2018 in February, May, September.",
            "2018 has 60 documents (2018-02-01 to 2018-09-28), 2019 90 (2019-01-01 to 2019-11-28)",
        ),
        (
            [*OLD, *(day for day in sessions(*YEAR) if day < "2020")],
            "decade",
            "2010..2019 has documents in 24 of 120 months, not in the same ones each year.",
            "1990..1999 has 2 documents (1990-05-17 to 1990-05-18), "
            "2010..2019 1,920 (2018-01-01 to 2019-12-28)",
        ),
    ],
    ids=["months", "months-come-and-go", "an-early-document"],
)
def test_without_months_to_compare_counts_are_given_and_no_rate(
    days: Sequence[str] | np.ndarray, by: str, why: str, counts: str
) -> None:
    *calendar, size = found(days, by)
    assert [finding.says for finding in calendar] == [why] * bool(why)
    assert size.says == f"{counts}: how the text grew cannot be told."
    assert (size.effect, size.p) == (None, None)


def test_a_month_with_an_event_widens_the_interval_and_is_named() -> None:
    days = spread([month for year in (2020, 2021) for month in months_of(year, *YEAR)], 20)
    (even,), (event,) = found(days), found([*days, *["2021-07-15"] * 500])
    assert "240 → 740 documents a year; July 2021 alone has 520." in event.says
    assert event.effect == pytest.approx(740 / 240)
    assert event.high / event.low > 2 * even.high / even.low
    assert event.p > 0.005


@pytest.mark.soak
def test_where_documents_come_evenly_the_text_is_rarely_said_to_grow() -> None:
    draw, grew = np.random.default_rng(0), []
    year = every_day("2020-01-01", "2021-01-01")
    for _ in range(100):
        busy = draw.gamma(8, 1 / 8, 24)  # some months have more than others
        days = [
            month + draw.integers(0, 28, draw.poisson(15 * of))
            for month, of in zip(
                np.arange("2020-01", "2022-01", dtype="datetime64[M]").astype(year.dtype), busy, strict=True
            )
        ]
        grew.append(found(np.concatenate(days))[-1].p <= 0.05)
    assert np.mean(grew) <= 0.08


def test_parts_that_share_a_month_have_no_rate() -> None:
    """Three days and seven of the same March, three documents a day: the text did not grow."""
    dates = np.repeat(every_day("2024-03-01", "2024-03-11"), 3)
    batch = TokenBatch(np.zeros(30, np.int32), np.arange(31), ["a"], dates)
    spans = ("2024-03-01..2024-03-03", "2024-03-04..2024-03-10")
    growth = text_growth([named_slice(batch, span) for span in spans], batch)
    assert growth is not None
    assert [finding.says for finding in growth.findings] == [
        "2024-03-01..2024-03-03 has 9 documents (2024-03-01 to 2024-03-03), 2024-03-04..2024-03-10 21 "
        "(2024-03-04 to 2024-03-10): how the text grew cannot be told."
    ]
