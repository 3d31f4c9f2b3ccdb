"""How large two parts of a text are: documents a year, in the months of the year that both cover.

A part covers the months between its bounds in which the text was written, also those without documents: where
these come and go, months vary by so much, and the interval is as wide. A date stands for the time up to the
next one, so that a text of which only the years are known lasts to the end of the last one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from selfvec.base.answer import Json
from selfvec.base.arrays import Dates, Mask
from selfvec.base.display import count_of, printable
from selfvec.base.finding import Finding
from selfvec.corpus.slices import Slice, month_name, named_months, parse_span
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.statistics import LEVEL, NORMAL, chi_square_p, student_p

from .shares import student_bound, times

_STEADY = 1.25  # times: a text that grew by less is called steady, as periods are never equally complete
_WEEK = np.timedelta64(7, "D")  # that the first or last month of a text lacks, or it is whole
_LEAST_FREEDOM = 3  # fewer months do not tell how much they vary


def text_size(sides: Sequence[Slice], batch: TokenBatch, among: Mask | None = None) -> Json | None:
    """How many documents two sides have and, if they cover the same months of a year, how many in a year.

    ``among`` are those that pass filters, (D,). None if the two are no periods. A side of which whole years
    are lacking has no rate. ``months`` are those of the year that are compared, if one side covers others,
    too. The interval and p are those of counts of months, which have levels of their own and vary around
    these by more than chance.
    """
    spans = [span for side in sides if (span := parse_span(side.name))]
    if batch.dates is None or len(spans) < 2:
        return None
    first, last = sides
    size: Json = {"first": first.name, "last": last.name, "ratio": None, "p": None, "months": "", "event": ""}
    size |= {
        f"documents_{end}": int(side.documents.sum())
        for end, side in zip(("first", "last"), sides, strict=True)
    }
    dates = batch.dates if among is None else batch.dates[among]
    dates = np.sort(dates[~np.isnat(dates)]).astype("datetime64[D]")
    edges = _whole_months(np.unique(dates))
    months, documents = edges[:-1], np.diff(np.searchsorted(dates, edges.astype(dates.dtype)))
    inside = np.array([(months >= begin) & (edges[1:] <= end) for begin, end in spans])  # (2, n)
    season = months.astype(np.int64) % 12
    years, counts = (
        np.array([np.bincount(season, weights, 12) for weights in each])
        for each in (inside, inside * documents)
    )
    shared = years.min(axis=0) > 0
    means = counts[:, shared] / years[:, shared]
    rates = means.sum(axis=1)
    year = months.astype("datetime64[Y]")
    gaps = any(len(np.unique(year[mine])) > len(np.unique(year[mine & (documents > 0)])) for mine in inside)
    if gaps or not rates.all():
        return size
    ratio = float(rates[1] / rates[0])
    level = np.where(shared, counts.sum(axis=0) / np.maximum(years[0] + ratio * years[1], 1), 0)[season]
    used = inside.any(axis=0) & (level > 0)
    expected = (level * np.where(inside[1], ratio, 1))[used]
    freedom = int(np.count_nonzero(used)) - len(np.unique(season[used])) - 1
    enough = freedom >= _LEAST_FREEDOM
    varies = float(((documents[used] - expected) ** 2 / expected).sum()) / freedom if enough else 1.0
    variance = float((means / years[:, shared]).sum(axis=1) @ rates**-2.0)
    error = math.sqrt(max(1.0, varies) * variance)
    t = np.array([math.log(ratio) / error])
    (p,) = (student_p(t, np.array([freedom])) if enough else chi_square_p(t)).tolist()
    wider = math.exp(error * (student_bound(freedom) if enough else NORMAL))
    for mine in inside * documents:
        if np.count_nonzero(mine) > 2 and mine.max() > mine.sum() / 2:
            size["event"] += f"; {month_name(months[mine.argmax()])} alone has {mine.max():,}"
    if not np.array_equal(*(years > 0)):
        size["months"] = named_months(shared)
    size |= {"rate_first": float(rates[0]), "rate_last": float(rates[1])}
    return {**size, "ratio": ratio, "low": ratio / wider, "high": ratio * wider, "p": p}


def _whole_months(days: Dates) -> Dates:
    """The months that a text fills, and the one after these; of all its days in order.

    The first and last are cut off if it begins or ends within them, and goes on in the next one.

    >>> days = np.arange("2020-01-01", "2021-03-16", dtype="datetime64[D]")
    >>> [str(_whole_months(of)[-1]) for of in (days, days[:5], days[[0, 366]])]
    ['2021-03', '2020-02', '2022-01']
    """
    gaps = max(len(days) - 1, 1)
    gap = (days[-1] - days[0] + gaps - 1) // gaps
    month = days.astype("datetime64[M]")
    begin, end = month[0], month[-1] + 1
    late, early = days[0] - begin.astype(days.dtype), end.astype(days.dtype) - 1 - days[-1]
    most = max(_WEEK, gap)
    begin += int(late >= most and begin + 1 in month)
    end -= int(early >= most and end - 2 in month)
    return np.arange(begin, max(end, (days[-1] + gap).astype(month.dtype)) + 1)


def on_size(size: Json) -> Finding:
    """Whether the text itself grew or shrank."""
    if size["ratio"] is None:
        counts = f"{size['first']} has {count_of(size['documents_first'], 'document')}, {size['last']} "
        told = f"{counts}{size['documents_last']:,}: how the text grew cannot be told."
        return Finding("size", printable(told))
    ratio, p = size["ratio"], size["p"]
    rates = f"{_rate(size['rate_first'])} → {_rate(size['rate_last'])} documents a year"
    rates += f" in {size['months']}" * bool(size["months"]) + size["event"]
    grew, grow = ("grew", "grow") if ratio > 1 else ("shrank", "shrink")
    if max(ratio, 1 / ratio) < _STEADY:
        told = f"stayed about as large: {rates}."
    elif p > LEVEL:
        told = f"did not {grow} beyond chance: {rates}."
    else:
        told = f"{grew} to {times(ratio)} the size: {rates}. Shares of the documents do not change by that."
    return Finding("size", printable(f"The text itself {told}"), p, None, ratio, size["low"], size["high"])


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.5 else f"{value:.1f}"
