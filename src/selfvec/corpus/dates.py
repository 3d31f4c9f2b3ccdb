"""Parse dates in many forms, a whole column at a time.

Each form has one rule, which does not depend on other values. If 04/01 were sometimes April and sometimes
January, documents would silently be in the wrong time slice.
"""

from __future__ import annotations

from datetime import date

import polars as pl

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = rf"({'|'.join(_MONTHS)})[a-z]*\.?"
_TIME = r"(?:[t ,].*)?$"

_FORMS: tuple[tuple[str, str], ...] = (
    (rf"^([12]\d{{3}})-(\d\d?)-(\d\d?){_TIME}", "$1-$2-$3"),  # 2020-06-18T15:17:00Z
    (rf"^([12]\d{{3}})[/.](\d\d?)[/.](\d\d?){_TIME}", "$1-$2-$3"),  # 2020/06/18
    (r"^([12]\d{3})(?:\.0)?$", "$1-01-01"),  # 2020, or 2020.0 as written by data frames
    (r"^([12]\d{3})[-/]?(\d\d)$", "$1-$2-01"),  # 202006, 2020-06
    (r"^([12]\d{3})(\d\d)(\d\d)(?:[t ]?\d{4}(?:\d\d)?z?)?$", "$1-$2-$3"),  # 20200618, 20200618151700
    (rf"^(\d\d?)/(\d\d?)/([12]\d{{3}}){_TIME}", "$3-$1-$2"),  # 06/18/2020, month first
    (rf"^(\d\d?)\.(\d\d?)\.([12]\d{{3}}){_TIME}", "$3-$2-$1"),  # 18.06.2020, day first
    (rf"^(?:[a-z]{{3,9}}, *)?(\d\d?)[- ]{_NAME}[- ]([12]\d{{3}}){_TIME}", "$3-$2-$1"),  # Thu, 18 Jun 2020
    (rf"^{_NAME} (\d\d?)(?:st|nd|rd|th)?,? ([12]\d{{3}}){_TIME}", "$3-$1-$2"),  # June 18, 2020
    (rf"^{_NAME},? ([12]\d{{3}})$", "$2-$1-01"),  # June 2020
    # Two-digit years as Oracle's RR format, which wrote NOAA's files, reads them: 50-99 and then 00-49.
    (rf"^(\d\d?)-{_NAME}-([5-9]\d){_TIME}", "19$3-$2-$1"),  # 03-APR-72 18:40:00
    (rf"^(\d\d?)-{_NAME}-([0-4]\d){_TIME}", "20$3-$2-$1"),
)
# the days that Python and ISO 8601 can name
_FIRST = date(1, 1, 1)
_LAST = date(9999, 12, 31)
_EPOCH: tuple[tuple[str, int], ...] = ((r"^\d{9,10}(?:\.\d*)?$", 1), (r"^\d{13}$", 1000))
"""Seconds and milliseconds since 1970. Their lengths differ from YYYYMMDD and YYYYMMDDHHMM."""


def parse_dates(values: pl.Series) -> pl.Series:
    """The days of a column, a Date series as long as ``values``; null for missing and unrecognised values.

    A year becomes the first of January, and a month its first day. Times of day and zones are ignored. Days
    before the year 1 or after 9999, which Parquet can hold, are not recognised.

    >>> parse_dates(pl.Series(["1990", "04/01/1990", "03-APR-72 18:40:00", "soon"])).cast(str).to_list()
    ['1990-01-01', '1990-04-01', '1972-04-03', None]
    """
    if values.dtype.is_temporal():
        days = values.cast(pl.Date)
        return days.set(~days.is_between(_FIRST, _LAST).fill_null(True), None)
    texts = values.cast(pl.String).str.strip_chars().str.to_lowercase()
    days = pl.Series(values.name, [None] * len(texts), dtype=pl.Date)
    forms: tuple[tuple[str, str | int], ...] = (*_FORMS, *_EPOCH)
    for pattern, template in forms:
        fits = texts.str.contains(pattern).fill_null(False)
        if fits.any():
            read = _days(texts, pattern, template) if isinstance(template, str) else _since(texts, template)
            days = days.zip_with(~fits, read)
            if days.null_count() == texts.null_count():
                break
    return days


def _days(texts: pl.Series, pattern: str, template: str) -> pl.Series:
    """Days of texts in one form; names of months become numbers."""
    iso = texts.str.replace(pattern, template)
    for number, name in enumerate(_MONTHS, 1):
        iso = iso.str.replace(f"-{name}-", f"-{number:02d}-", literal=True) if _NAME in pattern else iso
    return iso.str.to_date("%Y-%m-%d", strict=False)


def _since(texts: pl.Series, unit: int) -> pl.Series:
    """Days from numbers since 1970, with ``unit`` per second."""
    seconds = texts.str.extract(r"^(\d+)").cast(pl.Int64, strict=False) // unit
    return (seconds.clip(0, 1 << 33) * 1000).cast(pl.Datetime("ms")).cast(pl.Date)
