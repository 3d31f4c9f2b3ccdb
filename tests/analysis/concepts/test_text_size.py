"""How large two parts of a text are: documents a year, in the months that both cover."""

from collections.abc import Sequence

import numpy as np
import pytest

from selfvec.analysis.comparison.chosen_slices import join_periods
from selfvec.analysis.concepts.text_size import on_size, text_size
from selfvec.base.finding import Finding
from selfvec.corpus.slices import by_period, named_slice
from selfvec.data.token_batch import TokenBatch

Days = Sequence[str] | np.ndarray


def found(days: Days, *names: str) -> Finding:
    """The size of the parts that are named, or of the first and last period."""
    dates = np.sort(np.array(days, "datetime64[D]"))
    batch = TokenBatch(np.zeros(len(dates), np.int32), np.arange(len(dates) + 1), ["a"], dates)
    parts = [named_slice(batch, name) for name in names] or join_periods(by_period(batch, "year"), batch)
    size = text_size([parts[0], parts[-1]], batch)
    assert size is not None
    return on_size(size)


def spread(year: int, months: Sequence[int], number: int) -> list[str]:
    """So many documents in each month, from its first to its 28th day."""
    days = (1 + i * 27 // max(number - 1, 1) for i in range(number))
    return [f"{year}-{month:02}-{day:02}" for day in days for month in months]


def sessions(*months: int, years: Sequence[int] = (2018, 2019, 2020), number: int = 80) -> list[str]:
    return [day for year in years for day in spread(year, months, number)]


def every_day(first: str, end: str) -> np.ndarray:
    return np.arange(first, end, dtype="datetime64[D]")


def firsts(*months: int) -> list[str]:
    """The first days of months of 2020 and 2021, 60 documents in each year."""
    return [f"{year}-{month:02}-01" for year in (2020, 2021) for month in months] * (60 // len(months))


EVERY = range(1, 13)
TOLD: dict[str, tuple[Days, str]] = {
    "years": ([f"{year}-01-01" for year in range(2010, 2021)] * 60, "60 → 60 documents a year."),
    "quarters": (firsts(1, 4, 7, 10), "60 → 60 documents a year."),
    "months": (firsts(*EVERY), "60 → 60 documents a year."),
    # All days of the second wave are in the first half of the month.
    "waves": (spread(2020, [3], 120) + spread(2021, [3], 120)[:60] * 2,
              "120 → 120 documents a year in March."),
    "sessions": (sessions(1, 2, 3), "240 → 240 documents a year in January to March."),
    "winter": (sessions(1, 2, 11, 12), "320 → 320 documents a year."),
    "yearbooks": (["2010-06-01"] * 50 + ["2011-05-20"] * 60 + ["2012-06-11"] * 55,
                  "50 → 55 documents a year in June to December."),
    # Of older documents only the year is known.
    "years, then days": ([*(["2018-01-01", "2019-01-01"] * 365), *every_day("2020-01-01", "2021-12-30")],
                         "365 → 363 documents a year."),
    "weeks": (every_day("2020-01-01", "2022-01-01")[::7], "53 → 52 documents a year."),
    "a month that is cut off": (every_day("2020-01-01", "2021-03-16"),
                                "60 → 59 documents a year in January and February."),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_a_part_is_of_the_months_between_its_ends_and_those_of_the_text(name: str) -> None:
    days, rates = TOLD[name]
    assert found(days).says == f"The text itself stayed about as large: {rates}"


def test_a_year_that_ends_in_may_is_compared_with_the_same_months() -> None:
    size = found([*sessions(*EVERY, number=28), *spread(2021, range(1, 6), 56)])
    assert (size.kind, size.effect) == ("size", 2.0)
    assert size.says == (
        "The text itself grew to 2.0 times the size: 140 → 280 documents a year in January to May. Shares of "
        "the documents do not change by that."
    )
    # Months are all alike, so the error is that of counts: of 140 and of 280 documents.
    half = np.exp(2.776 * np.sqrt(1 / 140 + 1 / 280))  # with 2 * 5 - 5 - 1 = 4 degrees of freedom
    assert (size.low, size.high) == pytest.approx((2 / half, 2 * half), rel=1e-3)
    assert size.p < 0.01


@pytest.mark.parametrize(
    "days",
    [
        spread(2018, [1, 2, 3], 80) + spread(2019, range(1, 7), 80),  # a longer session
        spread(2018, [2, 5, 9], 20) + spread(2019, [2, 6, 11], 40),
    ],
)
def test_months_that_come_and_go_are_no_growth(days: Days) -> None:
    size = found(days)
    assert "did not grow beyond chance" in size.says
    assert size.low < 1 < size.effect < size.high


@pytest.mark.parametrize(
    ("days", "names", "counts"),
    [
        (  # an early document
            ["1990-05-17", *sessions(*EVERY, years=(2018, 2019))],
            ("1990..1999", "2010..2019"),
            "1990..1999 has 1 document, 2010..2019 1,920",
        ),
        (
            every_day("2020-01-01", "2020-06-16"),
            ("2020-01", "2020-06"),
            "2020-01 has 31 documents, 2020-06 15",
        ),
        # Three documents a day: the text did not grow.
        (
            np.repeat(every_day("2024-03-01", "2024-03-11"), 3),
            ("2024-03-01..2024-03-03", "2024-03-04..2024-03-10"),
            "2024-03-01..2024-03-03 has 9 documents, 2024-03-04..2024-03-10 21",
        ),
    ],
)
def test_without_months_to_compare_counts_are_given_and_no_rate(
    days: Days, names: Sequence[str], counts: str
) -> None:
    size = found(days, *names)
    assert (size.says, size.effect, size.p) == (f"{counts}: how the text grew cannot be told.", None, None)


def test_a_month_with_an_event_widens_the_interval_and_is_named() -> None:
    days = sessions(*EVERY, years=(2020, 2021), number=20)
    even, event = found(days), found([*days, *["2021-07-15"] * 500])
    assert "240 → 740 documents a year; July 2021 alone has 520." in event.says
    assert event.effect == pytest.approx(740 / 240)
    assert event.high / event.low > 2 * even.high / even.low
    assert event.p > 0.005


@pytest.mark.soak
def test_where_documents_come_evenly_the_text_is_rarely_said_to_grow() -> None:
    draw, grew = np.random.default_rng(0), []
    months = np.arange("2020-01", "2022-01", dtype="datetime64[M]").astype("datetime64[D]")
    for _ in range(100):
        busy = draw.gamma(8, 1 / 8, 24)  # some months have more than others
        days = [
            month + draw.integers(0, 28, draw.poisson(15 * of))
            for month, of in zip(months, busy, strict=True)
        ]
        grew.append(found(np.concatenate(days)).p <= 0.05)
    assert np.mean(grew) <= 0.08
