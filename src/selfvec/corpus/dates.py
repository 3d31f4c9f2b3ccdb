"""Parse dates in many forms, a whole column at a time.

Most forms can mean one day only. What 03/04/2020 means, or 43910, is known only from all values of its
column: `Evidence` counts what they say, and `DateForm` is what was decided.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from unicodedata import normalize

import polars as pl

THAI = 12  # added to the number of a month in Thai, whose years may be counted from the Buddha's death


def _month_numbers(months: str, thai: str) -> dict[str, int]:
    """The number of each name of a month; 13 to 24 in Thai."""
    lines = [(0, line) for line in months.split("\n") if line] + [(THAI, thai.strip())]
    names = {
        name: number + before
        for before, line in lines
        for number, forms in enumerate(line.split("|"), 1)
        for name in forms.split()
    }
    names |= {
        f"ב{name}": number for name, number in names.items() if "א" <= name[0] <= "ת"
    }  # Hebrew: in June
    return {normalize("NFC", name): number for name, number in names.items()}


_NAMES = tomllib.loads(Path(__file__).with_name("month_names.toml").read_text(encoding="utf-8"))
MONTHS = _month_numbers(_NAMES["months"], _NAMES["thai"])
WEEKDAYS = frozenset(_NAMES["weekdays"].split()) - MONTHS.keys()
_BESIDE_MONTHS = frozenset(_NAMES["beside"].split())

# the days that Python and ISO 8601 can name
_FIRST = date(1, 1, 1)
_LAST = date(9999, 12, 31)
# outside of these a date is often what a program writes where there is none
FIRST_USUAL = date(1000, 1, 1)
LAST_USUAL = date(2199, 12, 31)

MISSING = (
    *("", "-", "--", "nan", "nat", "none", "null", "na", "n/a", "<na>"),
    *("0000-00-00", "0000-00-00 00:00:00"),
)
"""What programs write where there is no date, in lower case."""


@dataclass(frozen=True)
class DateForm:
    """What is decided for a column: how values are meant that alone could mean several days, or none."""

    day_first: bool | None = None  # of 03/04/2020; None: nothing decides, so it is as in `FIRST_BY_SEPARATOR`
    serial: bool = False  # numbers are the days of spreadsheets
    early_years: bool = False  # numbers of three digits are years
    spans: bool = False  # 2007/08 is the year from 2007 to 2008, not August


@dataclass(frozen=True)
class Evidence:
    """What the values of a column say about its form; the sum of that of its parts."""

    values: int = 0  # all that are not missing
    day_first: int = 0  # such as 25/03/2020
    month_first: int = 0  # such as 03/25/2020
    either: int = 0  # such as 03/04/2020
    dotted: int = 0  # such as 03.04.2020
    serial: int = 0  # numbers that could be days of spreadsheets
    early: int = 0  # numbers of three digits
    years: int = 0  # numbers of four digits
    spans: int = 0  # a year and the next one, such as 2007/08, which may also be a month
    only_spans: int = 0  # of them, those that are no month, such as 2012/13 and 1641/42
    slashed: int = 0  # of them, those with a slash: months are rather written as 2007-08
    months: int = 0  # a year and a number that is not that of the next year, such as 2020/06

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(*(getattr(self, of.name) + getattr(other, of.name) for of in fields(self)))

    @property
    def depends(self) -> bool:
        """Whether a day depends on the rest of the column, or says something about it."""
        alone = ("values", "years", "months")
        return any(getattr(self, of.name) for of in fields(self) if of.name not in alone)

    @property
    def order(self) -> bool | None:
        """Whether the day comes first, as in most values; None if they do not tell."""
        return None if self.day_first == self.month_first else self.day_first > self.month_first

    @property
    def form(self) -> DateForm:
        """The form of a column that has all these values."""
        serial = 0 < self.serial == self.values
        spans = not self.months and (self.only_spans > 0 or self.slashed > 1)
        return DateForm(self.order, serial, 0 < self.years == self.values - self.early, spans)


_Y, _M = r"([0-9]{4})", r"([0-9]{1,2})"
_ISO_DAY = r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
_ISO_TIME = r"[Tt ]([0-9]{2}:[0-9]{2})(?:(:[0-9]{2})(?:[.,]([0-9]+))?)?(?: ?([Zz]|[+-][0-9]{2}:?[0-9]{2}))?"
_ISO = rf"^{_ISO_DAY}(?:{_ISO_TIME})?$"

_YEAR = r"^[12][0-9]{3}$"
_ZONE = (
    r"(?:z|(?:utc|gmt)(?: ?[+-][0-9]{1,2}(?::?[0-9]{2})?)?|[ecmp][sd]?t|[cew]es?t|mes?z|[bims]st|akst|akdt|"
    r"hst|[hjk][ks]t|a[ecw][sd]t|sast|nz[sd]t|pkt|wib|[a-z]+/[a-z_]+(?:/[a-z_]+)?)"
)
_TIME = (
    r"(?:^|t|[,، ]+(?:(?:at|um|kl|à|às|om|alle|o) +)?)"
    r"(?:[0-2]?[0-9](?::[0-5][0-9]){1,2}(?:[.,:][0-9]+)?(?: ?[ap]\.? ?m\b\.?)?|[01]?[0-9] ?[ap]\.? ?m\b\.?|"
    r"[0-2]?[0-9] ?h(?:[0-5][0-9])?\b)"
    rf"(?: ?(?:uhr|h|hrs|{_ZONE})\b)?(?: ?[+-][0-9]{{2}}:?(?:[0-9]{{2}})?(?::[0-9]{{2}})?\b)?(?: ?{_ZONE}\b)?"
    rf"(?: ?\([^()]*\)| ?\[[^\[\]]*\]|(?: ?[\p{{L}}\p{{M}}'’.-]+)+$)?"  # Central European Time
)
_WEEKDAY = rf"(?:{'|'.join(sorted(WEEKDAYS, key=len, reverse=True))})"

_CLEANED: tuple[tuple[str, str], ...] = (
    (r"^['\"‘’“”=\s]+|['\"“”\s]+$", ""),  # '2020-06-18, as spreadsheets mark text
    (r"[\s\u200e\u200f]+", " "),
    (r"^(-?[0-9]+)\.0+$", "$1"),  # 2020.0, as written by data frames
    (r"^([0-9]{4}-[0-9]{2}-[0-9]{2}[^/]*)/[0-9]{4}-[^/]*$", "$1"),  # an interval of ISO 8601: its start
    (r"([0-9]{4}):([0-9]{2}:[0-9]{2}:[0-9]{2})", "$1 $2"),  # 10/Oct/2000:13:55:36
    (r"^([0-9]{4}):([0-9]{2}):([0-9]{2})\b", "$1-$2-$3"),  # 2020:06:18 15:17:00, in photographs
    (r"^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})t[0-9]{2}z?$", "$1"),
    (_TIME, ""),
    (r" ?\([\p{L}\p{M} .]+\)$|^[, ]+", ""),  # 15:17, 18 June 2020 (UTC)
    (r"^[\p{L}\p{M}.'’-]+(?: [\p{L}\p{M}.'’-]+)? ?[,،] *(.*[0-9][^0-9].*)$", "$1"),  # Thu, 18 Jun
    (rf"^{_WEEKDAY}\b\.? +(.*[0-9][^0-9].*)$", "$1"),
    (rf"[, ]*\(?\b{_WEEKDAY}\.?\)?$", ""),
    (r"(日|일) ?\(.\)$", "$1"),
    (r"[ ,]+$", ""),
    (rf"^{_M} {_M},? {_Y}$", "$1/$2/$3"),  # 09 13, 2009
)
"""Replaced one after the other, in lower case, so that the date remains: quotes, times, zones, weekdays."""

_FORMS: tuple[tuple[str, str, str], ...] = (
    (r"^([12][0-9]{3}|0[0-9]{3})$", "$1-01-01", "%Y-%m-%d"),  # 2020, 0476
    (rf"^{_Y}([-/.:]) ?{_M}[-/.:] ?{_M}\.?$", "$1-$3-$4", "%Y-%m-%d"),  # 2020-6-8, 2020/06/18, 2020. 6. 18.
    (r"^([1-9][0-9]{2})-([0-9]{2})-([0-9]{2})$", "0$1-$2-$3", "%Y-%m-%d"),  # 476-09-04
    (rf"^{_Y} ?[年년] ?{_M} ?[月월] ?{_M} ?[日일]$", "$1-$2-$3", "%Y-%m-%d"),  # 2020年6月18日
    (rf"^{_Y} ?[年년] ?{_M} ?[月월]$", "$1-$2-01", "%Y-%m-%d"),
    (rf"^{_Y} ?[年년]$", "$1-01-01", "%Y-%m-%d"),
    (rf"^([12][0-9]{{3}})[-/]{_M}$", "$1-$2-01", "%Y-%m-%d"),  # 2020-06
    (r"^([12][0-9]{3})([0-9]{2})$", "$1-$2-01", "%Y-%m-%d"),  # 202006
    (rf"^{_M}[-/.]{_Y}$", "$2-$1-01", "%Y-%m-%d"),  # 06/2020
    (rf"^{_Y}-([0-9]{{3}})$", "$1-$2", "%Y-%j"),  # 2020-170, a day of the year
    (rf"^{_Y}[-/ ]?w([0-9]{{2}})$", "$1-$2-1", "%G-%V-%u"),  # 2020-W25
    (rf"^{_Y}-?w([0-9]{{2}})-?([1-7])$", "$1-$2-$3", "%G-%V-%u"),
    (
        r"^([12][0-9]{3})([0-9]{2})([0-9]{2})"
        r"(?:[t ]?[0-9]{4}(?:[0-9]{2}(?:[.,][0-9]+|[0-9]{3})?)?(?:z|[+-][0-9]{4})?)?$",
        "$1-$2-$3",  # 20200618, 20200618151700, 20200618T1517Z
        "%Y-%m-%d",
    ),
    *(
        (form, f"$1-{3 * quarter - 2:02d}-01", "%Y-%m-%d")  # 2020-Q2, Q2 2020
        for quarter in (1, 2, 3, 4)
        for form in (rf"^{_Y}[-/ ]?q{quarter}$", rf"^(?:q{quarter}|{quarter}q)[-/ ]?{_Y}$")
    ),
)
_ANY_FORM = "|".join(f"(?:{pattern})" for pattern, _, _ in _FORMS)
_ANY_MONTH = "|".join(MONTHS)
_SINCE_1970 = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
"""How many units per second a number of so many digits counts: no other form has numbers so long."""
_SERIAL = r"^([2-5][0-9]{4}|60000)(?:\.[0-9]+)?$"  # October 1954 to April 2064
_SERIAL_OF_1970 = 25_569  # days from 30 December 1899, since spreadsheets have a 29 February 1900
_OF_THREE = (
    r"^(?<first>[0-9]{1,2}) ?(?<between>[-/.]) ?(?<second>[0-9]{1,2}) ?(?<again>[-/.]) ?"
    r"(?<year>[0-9]{4}|[0-9]{2})$"
)
_CLEAN = r"^[0-9]+(?:[-/.][0-9]+[-/.][0-9]+)?$"  # nothing is to be replaced
# 2007/08 of a season or a budget, 1641/2 of a year that began in March; 2007-2008 is no month either.
_SPAN = r"^(?<year>[12][0-9]{3}) ?(?<sign>[-/–]) ?(?<next>[0-9]{4}|[0-9]{1,2})$"
FIRST_BY_SEPARATOR = {"/": False, "-": False, ".": True}
"""Whether the day comes first where nothing in the column decides; full stops follow days."""
_DIGITS = {chr(start + n): str(n) for start in (0x660, 0x6F0, 0x966, 0xBE6, 0xE50, 0xFF10) for n in range(10)}


class DateColumn:
    """The values of a column: years and ISO 8601 are read at once, different others once each."""

    def __init__(self, values: pl.Series) -> None:
        self.values = values
        text, day, year = map(pl.col, ("text", "day", "year"))
        # In few calls of Polars: each takes a tenth of a millisecond, however few values there are.
        table = values.alias("text").to_frame().select_seq(text.str.strip_chars())
        table = table.with_columns_seq(year=text.str.contains(_YEAR))
        plain = pl.when(year).then(text + "-01-01").when(text.str.contains(_ISO)).then(text.str.slice(0, 10))
        table = table.with_columns_seq(day=plain.str.to_date("%Y-%m-%d", strict=False))
        table = table.select_seq(pl.when(day >= _FIRST).then(day), "text", "year")
        self.plain = table["day"]
        self._years = int(table["year"].sum())
        self._texts = table["text"].set(self.plain.is_not_null(), None)

    @cached_property
    def _others(self) -> pl.DataFrame:
        """The different values in other forms: ``value``, its ``count``, and the ``text`` that is parsed."""
        counted = self._texts.drop_nulls().alias("value").value_counts(name="count")
        return counted.with_columns(_cleaned(counted["value"]).alias("text")) if len(counted) else counted

    @cached_property
    def missing(self) -> pl.Series:
        """Which values say that there is no date, (n,) bool."""
        gone = self.values.is_null()
        if not len(self._others):
            return gone
        said = self._others["value"].filter(self._others["value"].str.to_lowercase().is_in(MISSING))
        return gone | self._texts.is_in(said.implode()).fill_null(False) if len(said) else gone

    @cached_property
    def _numbers(self) -> pl.DataFrame:
        """The numbers of the different values in other forms; see `_numbers_of`."""
        return _numbers_of(self._others["text"])

    def evidence(self) -> Evidence:
        """What these values say about the form of their column."""
        values = Evidence(len(self.values) - int(self.missing.sum()), years=self._years)
        if not len(self._others):
            return values
        first, second, between, text = map(pl.col, ("first", "second", "between", "text"))
        day = pl.lit(_in_order(self._numbers, DateForm()).is_not_null())
        either = day & (first < 13) & (second < 13) & (first != second)
        rules = {
            "day_first": day & (first > 12),
            "month_first": day & (second > 12),
            "either": either & (between != "."),
            "dotted": either & (between == "."),
            "serial": text.str.contains(_SERIAL),
            "early": text.str.contains(r"^[1-9][0-9]{2}$"),
            "years": text.str.contains(r"^[0-9]{4}$"),
        }
        table = self._others.hstack(self._numbers)
        return values + Evidence(**_counted(table, rules), **self._of_spans())

    def _of_spans(self) -> dict[str, int]:
        """What the values say that are two years, or a year and a month."""
        if not self._others["text"].str.contains(_SPAN).any():
            return {}
        spans = _spans(self._others["text"])
        table = spans.with_columns(count=self._others["count"].gather(spans["row"]))
        follows, month = pl.col("follows"), pl.col("next").is_between(1, 12) & (pl.col("width") < 3)
        of = {
            "spans": follows,
            "only_spans": follows & ~month,
            "slashed": follows & (pl.col("sign") == "/"),
            "months": month & ~follows,
        }
        return _counted(table, of)

    def days(self, form: DateForm) -> pl.Series:
        """The days, a Date series; null for what is missing or not recognised."""
        if not len(self._others):
            return self.plain
        days = _read(self._others["text"], self._numbers, form)
        others = self._texts.replace_strict(self._others["value"], days, default=None, return_dtype=pl.Date)
        return self.plain.zip_with(self.plain.is_not_null(), others)


def _counted(table: pl.DataFrame, rules: Mapping[str, pl.Expr]) -> dict[str, int]:
    """How many values, by the column ``count`` of different ones, fulfil each rule; in one call of Polars."""
    sums = table.select(pl.col("count").filter(rule).sum().alias(name) for name, rule in rules.items())
    return {name: int(number) for name, number in sums.row(0, named=True).items()}


def parse_dates(values: pl.Series, form: DateForm = DateForm()) -> pl.Series:
    """The days of a column, a Date series as long as ``values``; null for missing and unrecognised values.

    A year, a quarter, a month and a week become their first day. Times of day and zones are ignored: a day is
    that of the place where it was written.

    >>> parse_dates(pl.Series(["1990", "04/01/1990", "03-APR-72 18:40:00", "soon"])).cast(str).to_list()
    ['1990-01-01', '1990-04-01', '1972-04-03', None]
    """
    return DateColumn(values).days(form)


def parse_moments(values: pl.Series) -> pl.Series:
    """The moments of a column, ``Datetime("us", "UTC")``; null for days without a time and for other texts.

    They are written as ISO 8601 has it, with ``T`` or a blank. Those without a zone are taken as UTC.

    >>> moments = parse_moments(pl.Series(["2020-06-18T15:17:00.5+02:00", "2020-06-18 15:17", "soon"]))
    >>> moments.dt.to_string("iso").to_list()
    ['2020-06-18 13:17:00.500000+00:00', '2020-06-18 15:17:00.000000+00:00', None]
    """
    groups = values.str.strip_chars().str.extract_groups(rf"^{_ISO_DAY}{_ISO_TIME}$").struct.unnest()
    day, clock, seconds, fraction, zone = map(pl.col, groups.columns)
    second = pl.concat_str(seconds.fill_null(":00"), pl.lit("."), fraction.fill_null("0"))
    written = pl.concat_str(day, pl.lit("T"), clock, second, zone.str.to_uppercase().fill_null("Z"))
    read = written.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", strict=False)
    return groups.select(read.alias(values.name)).to_series()


def _cleaned(values: pl.Series) -> pl.Series:
    """Values in lower case, with the digits 0 to 9, without times of day, zones and days of the week."""
    if values.str.contains(_CLEAN).all():
        return values
    texts = values.str.normalize("NFC").str.to_lowercase()
    if not texts.str.contains(r"^[\x00-\x7f]*$").all():
        texts = texts.str.replace_many(list(_DIGITS), list(_DIGITS.values())).str.replace_all("−", "-")
    cleaned = pl.col(texts.name)
    for pattern, replacement in _CLEANED:
        cleaned = cleaned.str.replace_all(pattern, replacement)
    return texts.to_frame().select(cleaned).to_series()  # one call: of few values, each call costs more


def _read(texts: pl.Series, numbers: pl.DataFrame, form: DateForm) -> pl.Series:
    """The days of different values, each by the first form that it has."""
    days = _in_order(numbers, form)
    others = days.is_null().arg_true()
    if len(others):
        days = days.scatter(others, _in_other_forms(texts.gather(others), form))
    return days.set((days < _FIRST).fill_null(False), None)


def _in_other_forms(texts: pl.Series, form: DateForm) -> pl.Series:
    """The days of values that are not three numbers with the year last."""
    days = pl.Series(texts.name, [None] * len(texts), dtype=pl.Date)
    if form.spans:
        spans = _spans(texts).filter("follows")
        days = days.scatter(spans["row"], spans.select(pl.date("year", 1, 1)).to_series())
    forms = _FORMS if texts.str.contains(_ANY_FORM).any() else ()  # none, as in any column of text
    for pattern, template, parsed in forms:
        if not days.null_count():  # most columns have one form
            return days
        fits = texts.str.contains(pattern) & days.is_null()
        if fits.any():
            read = texts.filter(fits).str.replace(pattern, template).str.to_date(parsed, strict=False)
            days = days.scatter(fits.arg_true(), read)
    for others in (_named, _since_1970, partial(_only_in_such_columns, form=form)):
        if days.null_count():
            days = days.zip_with(days.is_not_null(), others(texts))
    return days


def _spans(texts: pl.Series) -> pl.DataFrame:
    """Values such as 2007/08: ``row``, ``year``, ``sign``, ``next``, ``width``, whether it ``follows``."""
    parts = pl.DataFrame(texts.str.extract_groups(_SPAN).struct.unnest()).with_row_index("row")
    width = pl.col("next").str.len_chars()
    parts = parts.drop_nulls().with_columns(pl.col("year", "next").cast(pl.Int32), width=width)
    whole = pl.lit(10, pl.Int32).pow(pl.col("width")).cast(pl.Int32)
    return parts.with_columns(follows=(pl.col("year") + 1) % whole == pl.col("next"))


def _numbers_of(texts: pl.Series) -> pl.DataFrame:
    """The numbers of 18/06/2020: ``first``, ``second``, ``year``, what is ``between``; null for others."""
    numbers = texts.str.extract_groups(_OF_THREE).struct.unnest()
    same = pl.when(pl.col("between") == pl.col("again"))
    return numbers.select(
        same.then(pl.col("first", "second").cast(pl.Int32)), same.then(pl.col("year", "between"))
    )


def _in_order(numbers: pl.DataFrame, form: DateForm) -> pl.Series:
    """Days written as three numbers with the year last; those that can mean one day only do."""
    first, second, year, between = numbers
    if first.null_count() == len(first):
        return first.cast(pl.Date)
    usual = between.replace_strict(FIRST_BY_SEPARATOR, default=None, return_dtype=pl.Boolean)
    decided = usual if form.day_first is None else usual.is_not_null() & form.day_first
    day_first = (first > 12) | (decided & (second <= 12))
    parts = pl.DataFrame({"a": first, "b": second, "y": _whole_years(year), "d": day_first})
    a, b, d = pl.col("a"), pl.col("b"), pl.col("d")
    month, day = pl.when(d).then(b).otherwise(a), pl.when(d).then(a).otherwise(b)
    return parts.select(_iso(pl.col("y"), month, day)).to_series().str.to_date("%Y-%m-%d", strict=False)


def _whole_years(years: pl.Series) -> pl.Series:
    """Years as numbers, of two digits as Oracle's RR format, which wrote NOAA's files: 50-99, then 00-49."""
    number = years.cast(pl.Int32, strict=False)
    century = (number < 50).cast(pl.Int32) * 100 + 1900
    return number.zip_with(years.str.len_chars() != 2, number + century)


def _iso(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    padded = (number.cast(pl.String).str.zfill(width) for number, width in ((year, 4), (month, 2), (day, 2)))
    return pl.concat_str(*padded, separator="-")


def _named(texts: pl.Series) -> pl.Series:
    """Days with the name of a month: 18 June 2020, June 18, 2020, 2020. június 18., June 2020, 03-APR-72.

    Beside the name and a day of the week there are only words such as *of* and *gada*; so the order of the
    numbers does not matter, except where the year has two digits.
    """
    table = pl.DataFrame({"text": texts.str.replace_all(r"([\p{L}\p{M}])\.", "$1")}).with_row_index("row")
    table = table.filter(pl.col("text").str.contains(r"[0-9]") & pl.col("text").str.contains(_ANY_MONTH))
    days = pl.Series(texts.name, [None] * len(texts), dtype=pl.Date)
    if not len(table):
        return days
    words = table.select("row", word=pl.col("text").str.extract_all(r"[\p{L}\p{M}]+")).explode("word")
    month = pl.col("word").replace_strict(MONTHS, default=None, return_dtype=pl.Int32)
    beside = pl.col("word").is_in(WEEKDAYS | _BESIDE_MONTHS)
    months = (
        words.with_columns(month=month, other=month.is_null() & ~beside)
        .group_by("row")
        .agg(pl.col("month").max(), pl.col("month").count().alias("names"), pl.col("other").any())
        .filter((pl.col("names") == 1) & ~pl.col("other"))
    )
    numbers = pl.col("text").str.extract_all(r"[0-9]+")
    named = table.join(months, on="row").with_columns(
        numbers=numbers, marked=pl.col("text").str.contains(r"['’][0-9]{2}$")
    )
    if not len(named):
        return days
    n = pl.col("numbers")
    first, second = n.list.get(0, null_on_oob=True), n.list.get(1, null_on_oob=True)
    long = first.str.len_chars() >= 3  # then the year comes first
    year = (
        pl.when(n.list.len() == 1)
        .then(pl.when(long | pl.col("marked")).then(first))
        .when(long)
        .then(first)
        .otherwise(second)
    )
    day = pl.when(n.list.len() == 1).then(pl.lit("1")).when(long).then(second).otherwise(first)
    named = named.select("row", "month", year=year, day=day, few=n.list.len() <= 2, text="text")
    named = named.filter(
        pl.col("few") & pl.col("year").str.len_chars().is_in((2, 3, 4)) & (pl.col("day").str.len_chars() <= 2)
    )
    named = named.with_columns(year=_whole_years(named["year"]))
    thai = pl.col("month") > THAI
    buddhist = (thai & (pl.col("year") > 2400)).cast(pl.Int32)  # 2563 is 2020
    month = pl.col("month") - THAI * thai.cast(pl.Int32)
    made = named.select(_iso(pl.col("year") - 543 * buddhist, month, pl.col("day")))
    return days.scatter(named["row"], made.to_series().str.to_date("%Y-%m-%d", strict=False))


def _since_1970(texts: pl.Series) -> pl.Series:
    """Days from numbers since 1970: seconds, milli-, micro- and nanoseconds, by their length.

    A float with an exponent is read if it was not rounded for a reader, as spreadsheets do (1.59E+12).
    """
    exact = texts.str.contains(r"^-?[0-9]\.[0-9]{6,}e\+?[0-9]+$")
    if exact.any():
        whole = texts.filter(exact).cast(pl.Float64).clip(-9.2e18, 9.2e18).cast(pl.Int64).cast(pl.String)
        texts = texts.scatter(exact.arg_true(), whole)
    number = texts.str.extract(r"^(-?[0-9]+)(?:\.[0-9]+)?$")
    units = number.str.strip_prefix("-").str.len_chars().cast(pl.Int64)
    units = units.replace_strict(_SINCE_1970, default=None, return_dtype=pl.Int64)
    below = texts.str.contains(r"^-.*\.[0-9]*[1-9]").cast(pl.Int64)  # -0.5 is in the day before
    days = (number.cast(pl.Int64, strict=False) - below) // (units * 86_400)
    return days.clip(-(1 << 20), 1 << 22).cast(pl.Int32).cast(pl.Date)


def _only_in_such_columns(texts: pl.Series, form: DateForm) -> pl.Series:
    """Days of numbers that are dates because their whole column is."""
    days = pl.Series(texts.name, [None] * len(texts), dtype=pl.Date)
    if form.serial:
        days = (texts.str.extract(_SERIAL).cast(pl.Int32) - _SERIAL_OF_1970).cast(pl.Date)
    if form.early_years:
        years = texts.str.extract(r"^([1-9][0-9]{2})$")
        days = days.zip_with(years.is_null(), ("0" + years + "-01-01").str.to_date("%Y-%m-%d", strict=False))
    return days
