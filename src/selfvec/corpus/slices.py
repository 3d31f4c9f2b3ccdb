"""Slices: parts of a corpus to compare, by date, by a field, or by corpus.

A slice is a set of documents of `Run.tokens`. Slices by period or by label are disjoint, and together they
hold all documents with a date or label.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import Any

import numpy as np

from selfvec.base.arrays import Dates, Ids, Ints, Mask
from selfvec.base.casing import in_any_case
from selfvec.base.errors import InputError, NotFound, OptionError
from selfvec.base.names import listed as names_in
from selfvec.data.field_types import coded
from selfvec.data.run import Run
from selfvec.data.run_text import ID
from selfvec.data.token_batch import TokenBatch, occurrences_of_each

from .field_names import some_of

MOST_VALUES = 1_000  # of a field whose values are groups of documents
MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200}  # of a period
PERIODS = ("week", *MONTHS)
WHOLE_YEAR = "all months"
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_EPOCH = 1970 * 12  # months from the year 0 to the month that datetime64 counts from
_BOUND = re.compile(r"(\d{4})(?:-\d\d(?:-\d\d)?|-?[qQ]([1-4])|-?[wW](\d\d))?", re.ASCII)


@dataclass(frozen=True)
class Slice:
    name: str
    documents: Mask  # (D,) bool


def by_period(batch: TokenBatch, period: str) -> list[Slice]:
    """A slice for every week, month, quarter, year, decade or century that has documents, in order of time.

    >>> dates = np.array(["2020-01-31", "2020-03-01", "2020-04-01"], "datetime64[D]")
    >>> batch = TokenBatch(np.zeros(3, np.int32), np.arange(4), ["a"], dates)
    >>> [part.name for part in by_period(batch, "quarter")]
    ['2020Q1', '2020Q2']
    >>> [part.name for part in by_period(batch, "decade")]
    ['2020..2029']
    >>> [part.name for part in by_period(batch, "week")]
    ['2020-W05', '2020-W09', '2020-W14']
    """
    if period not in PERIODS:
        raise OptionError.one_of(period, PERIODS, field="slice")
    dates = _dates(batch)
    if period == "week":  # as the first of January 1970 is a Thursday
        number = (dates.astype("datetime64[D]").astype(np.int64) + 3) // 7
    else:
        number = (dates.astype("datetime64[M]").astype(np.int64) + _EPOCH) // MONTHS[period]
    dated = ~np.isnat(dates)
    return [Slice(_called(int(n), period), dated & (number == n)) for n in np.unique(number[dated])]


def by_day(batch: TokenBatch) -> list[Slice]:
    """A slice for every day that has documents, in order of time."""
    dates = _dates(batch).astype("datetime64[D]")
    return [Slice(str(day), dates == day) for day in np.unique(dates[~np.isnat(dates)])]


def _called(number: int, period: str) -> str:
    if period == "week":
        year, week, _ = np.datetime64(7 * number - 3, "D").item().isocalendar()
        return f"{year:04}-W{week:02}"
    months = MONTHS[period]
    month = np.datetime64(number * months - _EPOCH, "M")
    first, last = str(month), str(later(month, months - 1))
    if period == "quarter":
        return _quarter(first)
    return first if period == "month" else first[:4] if period == "year" else f"{first[:4]}..{last[:4]}"


def later(date: np.datetime64, number: int) -> np.datetime64:
    """A date and so many of its own units: years, months or days.

    >>> later(np.datetime64("2019-11"), 3), later(np.datetime64("2019"), 1)
    (np.datetime64('2020-02'), np.datetime64('2020'))
    """
    unit: Any = np.datetime_data(date.dtype)[0]
    return np.datetime64(date + np.timedelta64(number, unit))


def by_label(batch: TokenBatch) -> list[Slice]:
    """A slice for each label of the documents (`TokenBatch.slices`), in the `value_order`."""
    if batch.slices is None:
        rule = "the documents of this run have no slices"
        remedy = "refine with --slice-field FIELD, or with several corpora and --slice corpus"
        raise InputError(rule, remedy=remedy)
    order = value_order(batch.slice_names, batch.slices, batch.dates)
    return [Slice(batch.slice_names[number], batch.slices == number) for number in order]


def value_order(values: Sequence[str], codes: Ids, dates: Any) -> list[int]:
    """The order of values, of which documents have ``codes``, (D,), and ``dates``, (D,) or None.

    It is that of time where the values follow each other, else of their numbers, as of *v9* and *v10*, else
    that in which they first occur, by date or in the text.

    >>> value_order(["v10", "v9"], np.array([0, 1, 0]), None)
    [1, 0]
    >>> days = np.array(["2024-10-02", "2024-03-01", "2024-11-05"], "datetime64[D]")
    >>> value_order(["autumn", "spring"], np.array([0, 1, 0]), days)
    [1, 0]
    """
    parts = [re.split(r"(\d+)", value.casefold()) for value in values]
    numbered = len({part[0] for part in parts}) == 1 and all(len(part) > 1 for part in parts)
    if numbered and not tells_the_date(codes, dates):
        numbers = [[int(text) if text.isdecimal() else text for text in part] for part in parts]
        return sorted(range(len(values)), key=numbers.__getitem__)
    in_time = codes if dates is None else codes[np.argsort(dates, kind="stable")]
    first = np.full(len(values) + 1, len(codes))  # -1 takes the last
    first[in_time[::-1]] = np.arange(len(codes))[::-1]
    order: list[int] = np.argsort(first[:-1], kind="stable").tolist()
    return order


def tells_the_date(codes: Ids, dates: Any) -> bool:
    """Whether the values follow each other in time, as years, volumes or editors do.

    >>> days = np.array(["2001", "2003", "2002", "2004"], "datetime64[D]")
    >>> tells_the_date(np.array([0, 1, 0, 1]), days), tells_the_date(np.array([0, 0, 1, 1]), days)
    (True, False)
    """
    if dates is None:
        return False
    used = np.flatnonzero((codes >= 0) & ~np.isnat(dates))
    anyhow = np.random.default_rng(0).permutation(len(used))  # documents of one date have no order
    in_time = codes[used[np.lexsort((anyhow, dates[used]))]]
    return bool(np.count_nonzero(np.diff(in_time)) < len(np.unique(in_time)))


def labelled_by(run: Run, field: str, option: str, others: Sequence[str] = ()) -> TokenBatch:
    """The tokens of a run, with the values of a kept field in the `value_order` as labels of its documents.

    Documents without a value have no label. An error names the ``option``, which also takes the ``others``.
    """
    batch = run.require_tokens()
    text = run.require_text("and fields are in it")
    values = text.field(field, option, others)
    labels, names = coded([(value or "").strip() or None for value in values])
    if not names:
        raise NotFound(f"no document has a value of {field!r}", field=option, remedy="name another field")
    if len(names) > MOST_VALUES:
        rule = f"the field {field!r} has {len(names):,} values, more than the limit of {MOST_VALUES:,}"
        raise OptionError(rule, field=option, remedy="name a field with fewer values")
    order = value_order(names, labels, batch.dates)
    place = np.append(np.argsort(order), -1).astype(np.int32)  # -1, no value, is the last
    return replace(batch, slices=place[labels], slice_names=[names[number] for number in order])


def document_groups(run: Run, by: str) -> list[Slice]:
    """Groups of a run's documents: by month, quarter, year, decade, century, slice, or a field of its files.

    Several of these, separated by commas, give a group for every combination that occurs.
    """
    kept = [] if run.text is None else run.text.fields
    names = (*PERIODS, "slice", ID, *kept)
    parts = [_groups_by(run, name) for name in names_in(by, lambda name: in_any_case(name, names))]
    if not parts:
        raise OptionError("names a period or a field", field="by", remedy=f"try {', '.join(PERIODS)}")
    combined = [
        Slice(", ".join(group.name for group in groups), documents)
        for groups in product(*parts)
        if (documents := np.logical_and.reduce([group.documents for group in groups])).any()
    ]
    if len(combined) > MOST_VALUES:
        rule = f"{by!r} gives {len(combined):,} groups, more than the limit of {MOST_VALUES:,}"
        raise OptionError(rule, field="by", remedy="name a field with fewer values, or a longer period")
    return combined


def _groups_by(run: Run, name: str) -> list[Slice]:
    batch = run.require_tokens()
    if name in PERIODS:
        return by_period(batch, name)
    if name == "slice":
        return by_label(batch)
    return by_label(labelled_by(run, name, "by", (*PERIODS, "slice")))


def named_slice(batch: TokenBatch, text: str) -> Slice:
    """The slice with this name: a label, a period (1993, 2020Q2, 2020-05), or bounds (1976..1979).

    Bounds are inclusive, and either may be omitted: ``2000..`` is 2000 and later.
    """
    if text in batch.slice_names:
        return next(part for part in by_label(batch) if part.name == text)
    span = parse_span(text)
    low, _, high = text.partition("..")
    if span is None and parse_span(f"{high}..{low}") is not None:
        raise runs_backwards(low, high)
    if span is None:
        labels = f"; the labels are {some_of(batch.slice_names, 10, repr)}" if batch.slice_names else ""
        first_day, last_day = batch.period or ("2000-01-01", "2005-06-30")
        periods = f"{first_day[:4]}..{last_day[:4]}, {first_day[:7]}, {_quarter(last_day)}"
        rule = f"{text!r} is not a slice{labels}"
        remedy = f"write dates as {periods} or {first_day}..{last_day}, or a label"
        raise NotFound(rule, remedy=remedy)
    dates = _dates(batch)
    (first, end) = span
    inside = (dates >= first) & (dates < end)
    if not inside.any():
        dated = dates[~np.isnat(dates)]
        remedy = f"the dates run from {dated.min()} to {dated.max()}"
        raise NotFound(f"no document is dated {text}", remedy=remedy)
    return Slice(text, inside)


def _quarter(day: str) -> str:
    """The quarter of a day, as a slice is written: 2020Q2."""
    return f"{day[:4]}Q{(int(day[5:7]) + 2) // 3}"


def parse_span(text: str) -> tuple[np.datetime64, np.datetime64] | None:
    """The first day, and the day after the last, of a period or of bounds; None if it is neither.

    >>> [str(day) for day in parse_span("1976..1979")]
    ['1976-01-01', '1980-01-01']
    >>> [str(day) for day in parse_span("2020Q2")], parse_span("spring")
    (['2020-04-01', '2020-07-01'], None)
    """
    first, dots, last = text.partition("..")
    parts = [part for part in (first, last) if part]
    spans = [span for part in parts if (span := _period(part))]
    if not spans or len(spans) < len(parts):
        return None
    start = spans[0][0] if first else np.datetime64("0001-01-01", "D")
    end = spans[-1][1] if last or not dots else np.datetime64("9999-12-31", "D")
    return (start, end) if start < end else None


def spans_years(names: Iterable[str]) -> bool:
    """Whether all are periods of a year or more, which could have the same months.

    >>> spans_years(["2020", "1990..1999"]), spans_years(["2020", "2020-05"]), spans_years(["2020", "spring"])
    (True, False, False)
    """
    spans = [parse_span(name) for name in names]
    return all(span is not None and span[1] - span[0] >= np.timedelta64(365, "D") for span in spans)


def runs_backwards(first: str, last: str) -> OptionError:
    """The error for bounds of which the first lies behind the last."""
    return OptionError(f"{f'{first}..{last}'!r} runs backwards", remedy=f"write {last}..{first}")


def _period(text: str) -> tuple[np.datetime64, np.datetime64] | None:
    text = text.strip()
    match = _BOUND.fullmatch(text)
    if match is None:
        return None
    year, quarter, week = match.groups()
    try:
        if week:
            first = np.datetime64(date.fromisocalendar(int(year), int(week), 1))
            return first, first + 7
        first = np.datetime64(f"{year}-{3 * int(quarter) - 2:02d}" if quarter else text)
    except ValueError:  # a month or day that there is not
        return None
    end = later(first, 3 if quarter else 1)
    return first.astype("datetime64[D]"), end.astype("datetime64[D]")


def slice_of_each(slices: Sequence[Slice]) -> Ids:
    """The number of each document's slice, (D,) int32, -1 for none; `InputError` if slices overlap."""
    sides = np.full(len(slices[0].documents), -1, np.int32)
    for number, part in enumerate(slices):
        shared = np.flatnonzero(np.logical_and(part.documents, sides >= 0))
        if len(shared):
            other = slices[int(sides[shared[0]])].name
            rule = f"the slices {other} and {part.name} share {len(shared):,} documents"
            remedy = "choose slices that do not overlap"
            raise InputError(rule, remedy=remedy)
        sides[part.documents] = number
    return sides


def slice_counts(batch: TokenBatch, slices: Sequence[Slice]) -> Ints:
    lengths = batch.lengths
    out = np.zeros((len(slices), len(batch.types)), np.int64)
    for row, part in zip(out, slices, strict=True):
        row += occurrences_of_each(batch.ids[np.repeat(part.documents, lengths)], len(row))
    return out


def documents_of(slices: Sequence[Slice]) -> list[tuple[str, str]]:
    """The names of slices, and hashes of which documents are theirs: a part of the keys of what is cached."""
    return [(part.name, hashlib.sha256(part.documents.tobytes()).hexdigest()) for part in slices]


def _dates(batch: TokenBatch) -> Dates:
    if batch.dates is None or np.all(np.isnat(batch.dates)):
        remedy = "refine again with --date-field FIELD"
        raise NotFound("the documents of this run have no dates", remedy=remedy)
    return batch.dates


def month_name(day: np.datetime64) -> str:
    """The month and year of a day.

    >>> month_name(np.datetime64("2024-05-06"))
    'May 2024'
    """
    year, month = str(day.astype("datetime64[M]")).rsplit("-", 1)
    return f"{MONTH_NAMES[int(month) - 1]} {year}"


def named_months(covered: Mask) -> str:
    """Units of the year, (K,), by the names of their months; December and January are neighbours.

    >>> named_months(np.array([True, False, False, True])), named_months(np.arange(12) == 2)
    ('October to March', 'March')
    """
    months = np.repeat(covered, 12 // len(covered))
    if months.all():
        return WHOLE_YEAR
    begins = np.flatnonzero(months & ~np.roll(months, 1)).tolist()
    ends = np.flatnonzero(months & ~np.roll(months, -1)).tolist()
    if begins and ends[0] < begins[0]:  # the last begins before the end of a year
        ends = [*ends[1:], ends[0]]
    runs = [
        MONTH_NAMES[a] if a == b else f"{MONTH_NAMES[a]} {'and' if b - a == 1 else 'to'} {MONTH_NAMES[b]}"
        for a, b in zip(begins, ends, strict=True)
    ]
    return ", ".join(runs)
