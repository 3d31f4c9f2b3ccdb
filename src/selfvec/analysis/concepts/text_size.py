"""How large two parts of a text are: documents a year, in the months of the year that both have.

A date fills its own unit. Documents of which only the year is known are dated 1 January and are of the whole
year; a wave or a session is of the months that have any. So documents are counted by years if no year has two
dates, by quarters likewise, or by months. Time counts from the first to the last unit of the text. A part
that sits in three months of each year has no documents in the others because it does not sit; where months
come and go, nobody can tell, and there is no rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import AnyInts, Ints, Mask
from selfvec.base.display import count_of, printable
from selfvec.base.finding import Finding
from selfvec.corpus.slices import MONTH_NAMES, WHOLE_YEAR, Slice, named_months, parse_span, spans_years
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.statistics import LEVEL, NORMAL, chi_square_p, student_p

from .growth import student_bound, times

_STEADY = 1.25  # times: a text that grew by less is called steady, as periods are never equally complete
_EVENLY = 0.01  # p of as many empty units, below which documents are not spread over all of them
_WEEK = 7  # days that the first or last month lacks, or it is whole
_SEVERAL = 5  # documents that do not all have the same date by chance
_LEAST_FREEDOM = 3  # fewer units do not tell how much they vary


@dataclass(frozen=True)
class TextGrowth:
    """How many documents two parts have and, if they can be compared, how many in a year."""

    first: str
    last: str
    documents_first: int
    documents_last: int
    days_first: str
    days_last: str
    months_first: str  # of the year that a part covers
    months_last: str
    months: str  # of the year that both cover
    gaps: str  # why there is no rate, if months come and go
    event: str = ""  # the month that has most of the documents of a part
    rate_first: float | None = None  # documents in these months of a year
    rate_last: float | None = None
    ratio: float | None = None
    low: float | None = None  # of its 95 % interval
    high: float | None = None
    p: float | None = None

    @property
    def findings(self) -> list[Finding]:
        """Which months are compared, if the parts cover others; and how large the parts are."""
        covers = f"{self.last} covers {self.months_last}, {self.first} {self.months_first}"
        so = f"how large they are is compared in {self.months}" if self.months else "no month is in both"
        others = self.months_first != self.months_last and spans_years((self.first, self.last))
        said = self.gaps or (f"{covers}: {so}." if others else "")
        return [*([Finding("calendar", printable(said))] if said else []), self._on_size()]

    def _on_size(self) -> Finding:
        if self.rate_first is None or self.rate_last is None or self.ratio is None or self.p is None:
            first = f"{count_of(self.documents_first, 'document')} ({self.days_first})"
            told = f"{self.first} has {first}, {self.last} {self.documents_last:,} ({self.days_last})"
            return Finding("size", printable(f"{told}: how the text grew cannot be told."))
        rates = f"{_rate(self.rate_first)} → {_rate(self.rate_last)} documents a year"
        rates += self.event if self.months == WHOLE_YEAR else f" in {self.months}{self.event}"
        verb = ("grew", "grow") if self.ratio > 1 else ("shrank", "shrink")
        if max(self.ratio, 1 / self.ratio) < _STEADY:
            told = f"stayed about as large: {rates}."
        elif self.p > LEVEL:
            told = f"did not {verb[1]} beyond chance: {rates}."
        else:
            told = f"{verb[0]} to {times(self.ratio)} the size: {rates}. "
            told += "Shares of the documents do not change by that."
        figures = (self.p, None, self.ratio, self.low, self.high)
        return Finding("size", printable(f"The text itself {told}"), *figures)


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.5 else f"{value:.1f}"


class _Part(NamedTuple):
    """What a part covers of the units of time of a text."""

    units: Ints  # (C,)
    counts: Ints  # (C,), its documents in each
    possible: Mask  # (K,), the units of the year that lie within the text, also if it has no documents there
    gaps: str  # which units have documents, if these come and go

    def by_season(self, a_year: int) -> tuple[AnyInts, AnyInts]:
        """Its documents in each unit of the year, (K,), and the number of years that it covers it."""
        season = self.units % a_year
        counts = np.bincount(season, self.counts, a_year).astype(np.int64)
        return counts, np.bincount(season, minlength=a_year)


def text_growth(sides: Sequence[Slice], batch: TokenBatch) -> TextGrowth | None:
    """How the number of documents in a year changed; None if the two sides are no periods."""
    if batch.dates is None or not all(parse_span(side.name) for side in sides):
        return None
    first, last = sides
    dates = batch.dates[~np.isnat(batch.dates)]
    a_year = _units_of_a_year(dates)
    unit = _month(np.where(np.isnat(batch.dates), dates.min(), batch.dates)) * a_year // 12
    text = np.arange(unit.min(), unit.max() + 1)
    cut = _cut_months(dates) if a_year == 12 else []
    parts = [_part(side, unit[side.documents], np.setdiff1d(text, cut), a_year) for side in sides]
    covered = [part.by_season(a_year)[1] > 0 for part in parts]
    names = [named_months(each) for each in (*covered, covered[0] & covered[1])]
    for month in cut:
        side = int(_within(last, month, 12))
        if not covered[side][month % 12]:
            names[side] = f"{names[side]} and a part of {MONTH_NAMES[month % 12]}".removeprefix(" and ")
    gaps = next((part.gaps for part in parts if part.gaps), "")
    if not gaps and _come_and_go(parts, covered):
        gaps = f"{last.name} has documents in {names[1]}, {first.name} in {names[0]}."
    days = [batch.dates[side.documents] for side in sides]
    shared = np.intersect1d(*(unit[side.documents] for side in sides))  # units of which neither has all
    return TextGrowth(
        first=first.name,
        last=last.name,
        documents_first=len(days[0]),
        documents_last=len(days[1]),
        days_first=f"{days[0].min()} to {days[0].max()}",
        days_last=f"{days[1].min()} to {days[1].max()}",
        months_first=names[0],
        months_last=names[1],
        months=names[2],
        gaps=gaps,
        **({} if gaps or len(shared) else _rates(parts, a_year)),
    )


def _month(dates: Any) -> Any:
    """The number of the months of dates, from the year 0."""
    return dates.astype("datetime64[M]").astype(np.int64) + 1970 * 12


def _units_of_a_year(dates: NDArray[np.datetime64]) -> int:
    """How many units that dates fill a year has.

    >>> first = np.array(["2020-01-01", "2020-04-01", "2021-01-01"], "datetime64[D]")
    >>> _units_of_a_year(first), _units_of_a_year(first[[0, 2]]), _units_of_a_year(first + np.arange(3))
    (4, 1, 4)
    >>> later = np.array(["2021-03-02", "2021-05-09"], "datetime64[D]")
    >>> [_units_of_a_year(np.append(first[[0] * several], later)) for several in (4, 5)]
    [4, 1]
    """
    days, documents = np.unique(dates, return_counts=True)
    month = _month(days)
    # Of a text of which later days are known, too; months may end in January, but not begin again a year on.
    alone = np.bincount(month // 12)[month // 12] == 1
    january = days == days.astype("datetime64[Y]").astype("datetime64[D]")
    if (alone & january & (documents >= _SEVERAL) & (month // 12 < month[-1] // 12)).any():
        return 1
    return next((a_year for a_year in (1, 4) if len(np.unique(month * a_year // 12)) == len(days)), 12)


def _cut_months(dates: NDArray[np.datetime64]) -> list[int]:
    """The first and the last month of a text if it begins or ends within them, and in other years does not.

    A wave that has no neighbours fills its month.

    >>> days = np.arange("2020-01-01", "2021-03-16", dtype="datetime64[D]")
    >>> [month - 2021 * 12 for month in _cut_months(days)], _cut_months(days[:5])
    ([2], [])
    """
    days = np.unique(dates)
    month = _month(days)
    place = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)  # in its month
    cut = []
    for end, inwards in ((0, 1), (-1, -1)):
        others = place[(month != month[end]) & (month % 12 == month[end] % 12)]
        lacks = max(((place[end] - others) * inwards).tolist(), default=0) >= _WEEK
        if lacks and (month == month[end] + inwards).any():
            cut.append(int(month[end]))
    return cut


def _within(side: Slice, unit: AnyInts | int, a_year: int) -> Mask:
    """Whether units lie within a side."""
    span = parse_span(side.name)
    assert span is not None
    start, end = (_month(day) * a_year // 12 for day in (span[0], span[1] - np.timedelta64(1, "D")))
    return np.asarray((unit >= start) & (unit <= end))


def _part(side: Slice, unit: Ints, text: Ints, a_year: int) -> _Part:
    """What a side covers of the units of a text, of which those of its documents are given."""
    units = text[_within(side, text, a_year)]
    counts = np.bincount(np.searchsorted(units, unit[np.isin(unit, units)]), minlength=len(units))
    possible = np.bincount(units % a_year, minlength=a_year) > 0
    if not _spread_evenly(counts):
        has = np.bincount(units % a_year, counts, a_year) > 0
        kept = has[units % a_year]
        units, counts = units[kept], counts[kept]
    gaps = ""
    if not _spread_evenly(counts):
        what = {1: "years", 4: "quarters", 12: "months"}[a_year]
        gaps = f"{side.name} has documents in {np.count_nonzero(counts)} of {len(counts)} {what}"
        gaps += "." if a_year == 1 else ", not in the same ones each year."
    return _Part(units, counts, possible, gaps)


def _come_and_go(parts: Sequence[_Part], covered: Sequence[Mask]) -> bool:
    """Whether each part lacks units of the year that the other has, or one has several stretches of them.

    A session that became longer does not, and units before the first and after the last of the text are no
    gaps.
    """
    first, last = (each & parts[0].possible & parts[1].possible for each in covered)
    fewer = min(first, last, key=np.count_nonzero)
    stretches = np.count_nonzero(fewer & ~np.roll(fewer, 1))
    return not np.array_equal(first, last) and bool((fewer & ~(first & last)).any() or stretches > 1)


def _spread_evenly(counts: Ints) -> bool:
    """Whether documents that come at any time leave as many units empty, by Boole's bound.

    >>> _spread_evenly(np.array([1, 0, 2, 1])), _spread_evenly(np.array([0, 0, 120, 0]))
    (True, False)
    """
    units, used, documents = len(counts), int(np.count_nonzero(counts)), int(counts.sum())
    if used in (0, units):
        return True
    return math.log(math.comb(units, used)) + documents * math.log(used / units) > math.log(_EVENLY)


def _rates(parts: Sequence[_Part], a_year: int) -> dict[str, Any]:
    """Documents a year in the units that both parts cover, and their ratio; none if that cannot be said.

    Units of a year count alike. They vary more than by chance, by as much as they do beside the levels of the
    parts and of the units of the year.
    """
    (first, years_first), (last, years_last) = (part.by_season(a_year) for part in parts)
    both = (years_first > 0) & (years_last > 0)
    if not first[both].any() or not last[both].any():
        return {}
    means = [first[both] / years_first[both], last[both] / years_last[both]]
    rates = [float(mean.sum()) for mean in means]
    ratio = rates[1] / rates[0]
    level = np.zeros(a_year)
    level[both] = (first[both] + last[both]) / (years_first[both] + ratio * years_last[both])
    squares, freedom, event = 0.0, -int(both.sum()) - 1, ""
    for part, times_level in zip(parts, (1.0, ratio), strict=True):
        inside = both[part.units % a_year]
        expected = level[part.units[inside] % a_year] * times_level
        squares += float(np.sum((part.counts[inside] - expected) ** 2 / np.maximum(expected, 1e-9)))
        freedom += int(inside.sum())
        event += _event(part.units[inside], part.counts[inside]) if a_year == 12 else ""
    enough = freedom >= _LEAST_FREEDOM
    varies = max(1.0, squares / freedom) if enough else 1.0
    years = years_first[both], years_last[both]
    variance = sum(
        float((mean / of).sum()) / rate**2 for mean, of, rate in zip(means, years, rates, strict=True)
    )
    error = math.sqrt(varies * variance)
    t = np.array([math.log(ratio) / error])
    p = student_p(t, np.array([freedom])) if enough else chi_square_p(t)
    half = error * (student_bound(freedom) if enough else NORMAL)
    figures = {"ratio": ratio, "low": ratio * math.exp(-half), "high": ratio * math.exp(half)}
    return {"event": event, "rate_first": rates[0], "rate_last": rates[1], "p": float(p[0]), **figures}


def _event(units: Ints, counts: Ints) -> str:
    """The month that has most of the documents of several."""
    if np.count_nonzero(counts) < 3 or counts.max() <= counts.sum() / 2:
        return ""
    year, month = divmod(int(units[np.argmax(counts)]), 12)
    return f"; {MONTH_NAMES[month]} {year} alone has {int(counts.max()):,}"
