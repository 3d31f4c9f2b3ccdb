"""Parse dates in many forms, a whole column at a time.

Most forms can mean one day only. What 03/04/2020 means, or 43910, or the 46 in 06/17/46, is known only from
all values of its column: `Evidence` counts what they say, and `DateForm` is what `form_of` decides by that.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import ceil
from pathlib import Path
from unicodedata import normalize

import polars as pl


def _month_numbers(months: str) -> dict[str, int]:
    lines = (line.split("|") for line in months.split("\n") if line)
    names = {name: number for line in lines for number, forms in enumerate(line, 1) for name in forms.split()}
    names |= {f"ב{name}": number for name, number in names.items() if "א" <= name[0] <= "ת"}  # in June
    return {normalize("NFC", name): number for name, number in names.items()}


_NAMES = tomllib.loads(Path(__file__).with_name("month_names.toml").read_text(encoding="utf-8"))
MONTHS = _month_numbers(_NAMES["months"])
WEEKDAYS = frozenset(_NAMES["weekdays"].split()) - MONTHS.keys()
_BESIDE_MONTHS = WEEKDAYS | frozenset(_NAMES["beside"].split()) - MONTHS.keys()

_FIRST = date(1, 1, 1)  # that Python and ISO 8601 can name
USUAL = (date(1000, 1, 1), date(2199, 12, 31))
"""Outside of these a date is often what a program writes where there is none."""

_MISSING = r"(?i)^(?:|--?|na[nt]|none|null|n/?a|<na>|0000-00-00(?: 00:00:00)?)$"  # there is no date


@dataclass(frozen=True)
class DateForm:
    """What is decided for a column: how values are meant that alone could mean several days, or none."""

    day_first: bool | None = None  # of 03/04/2020; None: undecided, so before full stops only
    only: frozenset[str] = frozenset()  # what is a date in such columns only: `IN_SUCH_COLUMNS`
    last_year: int | None = None  # of the hundred years that two digits can mean; None: this year


Evidence = Counter[str]
"""How many values of a column say what about its form; those of its parts are added up.

``values`` are not missing, ``read`` are days in the usual form, ``first days`` those of a year, ``named``
have the name of a month. ``day first`` are such as 25/03/2020, ``month first`` such as 03/25/2020,
``either`` such as 03/04/2020, ``dotted`` such as 03.04.2020. ``serial``, ``early``, ``months`` and
``spans``, as 2012/13 and 1641/42, are dates in `IN_SUCH_COLUMNS` only. 2007/08 may be a span, too:
``slashed`` are those with a slash, since months rather have a hyphen; 2020/06 is one of ``no spans``. ``00``
to ``99`` are years that are written with two digits. `CALENDARS` count the days that are recent there.
"""


def form_of(says: Evidence) -> DateForm:
    """The form of a column. What is a date in such columns only is one if nothing else is unread."""
    unread = says["values"] - says["read"]
    only = {name for name in ("serial", "early", "months") if 0 < says[name] == unread}
    if not 0 < says["first days"] == says["read"]:
        only.discard("early")  # some of the others are no years
    years = {int(name): number for name, number in says.items() if name.isdecimal()}
    if date.today().year % 100 < max(years, default=0) < 32:
        only.discard("months")  # the numbers of Feb-29 are days
    if not says["no spans"] and (says["spans"] or says["slashed"] > 1):
        only.add("spans")
    day, month = says["day first"], says["month first"]
    order = None if day == month else day > month
    return DateForm(order, frozenset(only), _last_year(years) if years else None)


def _last_year(years: Mapping[int, int]) -> int:
    """The last of the hundred years that two digits mean, by how many values have which; mostly this year.

    Years on both sides of it stay together if they leave half of a century free, and are not much rarer after
    this year than before: a few of them among recent ones are mistakes.
    """
    today = date.today().year
    turn, first, last = today % 100, min(years), max(years)
    if not first <= turn < last or last - first > 50:
        return today
    before = sum(number for year, number in years.items() if year <= turn) / (turn + 1 - first)
    after = sum(number for year, number in years.items() if year > turn) / (last - turn)
    return today - turn - 100 + last if 2 * after >= before else today


_Y, _M = r"([0-9]{4})", r"([0-9]{1,2})"
_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
_ISO = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:[Tt ]{_CLOCK}(?: ?(?:[Zz]|[+-][0-9]{{2}}:?[0-9]{{2}}))?)?$"

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
    rf"(?: ?\([^()]*\)| ?\[[^\[\]]*\]|(?: [\p{{L}}\p{{M}}'’.-]+)+$)?"  # Central European Time
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
    (r"([\p{L}\p{M}])\.", "$1"),  # 18. Okt. 2020
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
_ANY_MONTH = "|".join(MONTHS)
_SINCE_1970 = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
"""How many units per second a number of so many digits counts: no other form has numbers so long."""
_SERIAL = r"^([2-5][0-9]{4}|60000)(?:\.[0-9]+)?$"  # October 1954 to April 2064
_EARLY = r"^([1-9][0-9]{2})$"
_SERIAL_OF_1970 = 25_569  # days from 30 December 1899, since spreadsheets have a 29 February 1900
_OF_THREE = (
    r"^(?<first>[0-9]{1,2}) ?(?<between>[-/.]) ?(?<second>[0-9]{1,2}) ?(?<again>[-/.]) ?"
    r"(?<year>[0-9]{4}|[0-9]{2})$"
)
_CLEAN = r"^[0-9]+(?:[-/.][0-9]+[-/.][0-9]+)?$"  # nothing is to be replaced
# 2007/08 of a season or a budget, 1641/2 of a year that began in March; 2007-2008 is no month either.
_SPAN = r"^([12][0-9]{3}) ?([-/–]) ?([0-9]{4}|[0-9]{1,2})$"
_YEAR_OF_SPAN, _NEXT = (pl.col("text").str.extract(_SPAN, group).cast(pl.Int32) for group in (1, 3))
_WIDTH = pl.col("text").str.extract(_SPAN, 3).str.len_chars()
_FOLLOWS = (_YEAR_OF_SPAN + 1) % pl.lit(10, pl.Int32).pow(_WIDTH) == _NEXT
_IS_MONTH = _NEXT.is_between(1, 12) & (_WIDTH < 3)
IN_SUCH_COLUMNS = {
    "serial": (pl.col("text").str.extract(_SERIAL).cast(pl.Int32) - _SERIAL_OF_1970).cast(pl.Date),
    "early": ("0" + pl.col("text").str.extract(_EARLY) + "-01-01").str.to_date("%Y-%m-%d"),
    "spans": pl.when(_FOLLOWS).then(pl.date(_YEAR_OF_SPAN, 1, 1)),  # 2007/08 is the year from 2007 to 2008
    "months": None,  # Feb-22 as a month, see `_parts`
}
"""What is a date if its whole column is, and its days: numbers of spreadsheets, years of three digits, …"""

CALENDARS = {
    "Persian": (621.0, 1.0, 6, "1400 began in 2021"),
    "Islamic": (621.6, 1.0307, 0, "1443 began in 2021"),
    "Buddhist": (-543.0, 1.0, 12, "2564 is 2021"),
}
"""The year before the first, years in one of ours, how many months from the first have a 31st, an example."""
_DIGITS = {chr(start + n): str(n) for start in (0x660, 0x6F0, 0x966, 0xBE6, 0xE50, 0xFF10) for n in range(10)}


class DateColumn:
    """The values of a column: years and ISO 8601 are read at once, different others once each."""

    def __init__(self, values: pl.Series) -> None:
        self.values = values
        text, day = map(pl.col, ("text", "day"))
        # In few calls of Polars: each takes a tenth of a millisecond, however few values there are.
        table = values.alias("text").to_frame().select_seq(text.str.strip_chars())
        year, iso = text.str.contains(_YEAR), text.str.contains(_ISO)
        plain = pl.when(year).then(text + "-01-01").when(iso).then(text.str.slice(0, 10))
        table = table.with_columns_seq(day=plain.str.to_date("%Y-%m-%d", strict=False))
        table = table.select_seq(pl.when(day >= _FIRST).then(day), "text")
        self.plain = table["day"]
        self._texts = table["text"].set(self.plain.is_not_null(), None)

    @cached_property
    def _others(self) -> pl.DataFrame:
        """The different values in other forms, their ``count``, the ``text`` that is parsed, `_parts`."""
        counted = self._texts.drop_nulls().alias("value").value_counts(name="count")
        if not len(counted):
            return counted
        text = _cleaned(counted["value"]).alias("text")
        others = counted.with_columns(text).hstack(_parts(text))
        return others.with_columns(_read(others, DateForm()).alias("usual"))

    @cached_property
    def missing(self) -> pl.Series:
        """Which values say that there is no date, (n,) bool."""
        return self.values.is_null() | self._texts.str.contains(_MISSING).fill_null(False)

    @cached_property
    def usual(self) -> pl.Series:
        """The days in the usual form, a Date series."""
        return self.days(DateForm())

    def evidence(self) -> Evidence:
        """What these values say about the form of their column."""
        read = self.usual.alias("day").to_frame().select(*_of_days())
        says = Counter(read.row(0, named=True)) + Counter(values=len(self.values) - int(self.missing.sum()))
        if not len(self._others):
            return says
        first, second, between, year, text = map(pl.col, ("first", "second", "between", "year", "text"))
        day = pl.col("usual").is_not_null() & first.is_not_null()
        either = day & (first < 13) & (second < 13) & (first != second)
        rules = {
            "day first": day & (first > 12),
            "month first": day & (second > 12),
            "either": either & (between != "."),
            "dotted": either & (between == "."),
            "named": pl.col("month").is_not_null(),
            "months": pl.col("bare"),
            "serial": text.str.contains(_SERIAL),
            "early": text.str.contains(_EARLY),
        }
        if self._others["text"].str.contains(_SPAN).any():
            slashed = _FOLLOWS & (text.str.extract(_SPAN, 2) == "/")
            rules |= {"spans": _FOLLOWS & ~_IS_MONTH, "slashed": slashed, "no spans": _IS_MONTH & ~_FOLLOWS}
        counts = self._others.select(
            pl.col("count").filter(rule).sum().alias(name) for name, rule in rules.items()
        )
        short = self._others.filter(year.str.len_chars() == 2).group_by("year").agg(pl.col("count").sum())
        return says + Counter(counts.row(0, named=True)) + Counter(dict(short.iter_rows()))

    def days(self, form: DateForm) -> pl.Series:
        """The days, a Date series; null for what is missing or not recognised."""
        if not len(self._others):
            return self.plain
        days = self._others["usual"] if form == DateForm() else _read(self._others, form)
        others = self._texts.replace_strict(self._others["value"], days, default=None, return_dtype=pl.Date)
        return self.plain.zip_with(self.plain.is_not_null(), others)


def _of_days() -> Iterator[pl.Expr]:
    """How many days there are, how many of a January 1, and how many recent ones in each of `CALENDARS`."""
    day = pl.col("day")
    yield day.count().alias("read")
    yield (day.dt.ordinal_day() == 1).sum().alias("first days")
    for name, (before, rate, long, _) in CALENDARS.items():
        last = ceil((date.today().year - before) * rate)
        there = (day.dt.day() < 31) | (day.dt.month() <= long)
        yield (day.dt.year().is_between(last - 99, last) & there).sum().alias(name)


def parse_dates(values: pl.Series, form: DateForm = DateForm()) -> pl.Series:
    """The days of a column, a Date series as long as ``values``; null for missing and unrecognised values.

    A year, a quarter, a month and a week become their first day. Times of day and zones are ignored: a day is
    that of the place where it was written.

    >>> parse_dates(pl.Series(["1990", "04/01/1990", "03-APR-72 18:40:00", "soon"])).cast(str).to_list()
    ['1990-01-01', '1990-04-01', '1972-04-03', None]
    """
    return DateColumn(values).days(form)


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


def _read(others: pl.DataFrame, form: DateForm) -> pl.Series:
    """The days of different values, each by the first form that it has."""
    days = _in_order(others, form)
    rest = days.is_null().arg_true()
    if len(rest):
        days = days.scatter(rest, _in_other_forms(others["text"].gather(rest), form))
    return days.set((days < _FIRST).fill_null(False), None)


def _in_other_forms(texts: pl.Series, form: DateForm) -> pl.Series:
    """The days of values that are neither three numbers with the year last nor have the name of a month."""
    only = (days for name, days in IN_SUCH_COLUMNS.items() if name in form.only and days is not None)
    days = texts.to_frame().with_columns(day=pl.coalesce(*only, pl.lit(None, pl.Date)))["day"]
    for pattern, template, parsed in _FORMS:
        if not days.null_count():  # most columns have one form
            return days
        fits = texts.str.contains(pattern) & days.is_null()
        if fits.any():
            read = texts.filter(fits).str.replace(pattern, template).str.to_date(parsed, strict=False)
            days = days.scatter(fits.arg_true(), read)
    return days.zip_with(days.is_not_null(), _since_1970(texts)) if days.null_count() else days


def _parts(texts: pl.Series) -> pl.DataFrame:
    """What days are made of, null for values in other forms.

    ``first``, ``second`` and ``year`` of 18/06/2020, and what is ``between``; ``month``, ``day`` and ``year``
    of 18 June 2020, and whether it is ``bare``, as Feb-22.
    """
    numbers = texts.str.extract_groups(_OF_THREE).struct.unnest()
    same = pl.when(pl.col("between") == pl.col("again"))
    parts = numbers.select(
        same.then(pl.col("first", "second").cast(pl.Int32)), same.then(pl.col("year", "between"))
    )
    if not texts.str.contains(_ANY_MONTH).any():
        nothing = pl.lit(None, pl.Int32)
        return parts.with_columns(month=nothing, day=nothing, bare=pl.lit(False))
    parts = parts.with_row_index("row").join(_named(texts), on="row", how="left", maintain_order="left")
    return parts.with_columns(
        pl.coalesce("year", "year of month").alias("year"), pl.col("bare").fill_null(False)
    )


def _in_order(parts: pl.DataFrame, form: DateForm) -> pl.Series:
    """The days of `_parts`; those that can mean one day only do."""
    first, second, year = map(pl.col, ("first", "second", "year"))
    decided = pl.col("between") == "." if form.day_first is None else pl.lit(form.day_first)
    day_first = (first > 12) | (decided & (second <= 12))
    month = pl.coalesce("month", pl.when(day_first).then(second).otherwise(first))
    day = pl.coalesce("day", pl.when(day_first).then(first).otherwise(second))
    last = form.last_year or date.today().year
    whole = year.cast(pl.Int32, strict=False)
    whole = pl.when(year.str.len_chars() == 2).then(last - (last - whole) % 100).otherwise(whole)
    padded = (part.cast(pl.String).str.zfill(width) for part, width in ((whole, 4), (month, 2), (day, 2)))
    made = pl.concat_str(*padded, separator="-").str.to_date("%Y-%m-%d", strict=False)
    is_day = pl.lit("months" in form.only) | ~pl.col("bare")
    return parts.select(pl.when(is_day).then(made).alias("day")).to_series()


def _named(texts: pl.Series) -> pl.DataFrame:
    """``row``, ``year``, ``month``, ``day`` of values with the name of a month, whether they are ``bare``.

    They are such as 18 June 2020, June 18, 2020, 2020. június 18., June 2020, 03-APR-72, and bare Feb-22.
    Beside the name and a day of the week there are only words such as *of* and *gada*; so the order of the
    numbers does not matter, except where the year has two digits.
    """
    table = texts.to_frame().with_row_index("row").filter(pl.col("text").str.contains(_ANY_MONTH))
    words = table.select("row", word=pl.col("text").str.extract_all(r"[\p{L}\p{M}]+")).explode("word")
    words = words.remove(pl.col("word").is_in(_BESIDE_MONTHS)).group_by("row").agg("word")
    name = pl.col("word").list.first().replace_strict(MONTHS, default=None, return_dtype=pl.Int32)
    months = words.filter(pl.col("word").list.len() == 1).select("row", month=name).drop_nulls()
    n, text = pl.col("numbers"), pl.col("text")
    named = table.join(months, on="row").with_columns(numbers=text.str.extract_all(r"[0-9]+"))
    first, second, alone = n.list.get(0, null_on_oob=True), n.list.get(1, null_on_oob=True), n.list.len() == 1
    long = first.str.len_chars() >= 3  # then the year comes first
    bare = text.str.contains(r"^[\p{L}\p{M}]+-[0-9]{2}$")
    marked = bare | text.str.contains(r"['’][0-9]{2}$")
    year = pl.when(long | (alone & marked)).then(first).when(~alone).then(second)
    day = pl.when(alone).then(pl.lit("1")).when(long).then(second).otherwise(first)
    lengths = (n.list.len() <= 2) & year.str.len_chars().is_between(2, 4) & (day.str.len_chars() <= 2)
    number, thai = year.cast(pl.Int32, strict=False), text.str.contains(r"\p{Thai}")
    buddhist = pl.when(thai & (number > 2400)).then((number - 543).cast(pl.String))  # 2563 is 2020
    whole = pl.when(lengths).then(pl.coalesce(buddhist, year)).alias("year of month")
    return named.select(
        "row", "month", whole, day.cast(pl.Int32, strict=False).alias("day"), bare.alias("bare")
    )


def _since_1970(texts: pl.Series) -> pl.Series:
    """Days from numbers since 1970: seconds, milli-, micro- and nanoseconds, by their length.

    A float with an exponent is read if it was not rounded for a reader, as spreadsheets do (1.59E+12).
    """
    number = texts.str.extract(r"^(-?[0-9]+)(?:\.[0-9]+)?$")
    exact = texts.str.extract(r"^(-?[0-9]\.[0-9]{6,}e\+?[0-9]+)$").cast(pl.Float64).clip(-9.2e18, 9.2e18)
    number = number.zip_with(exact.is_null(), exact.cast(pl.Int64).cast(pl.String))
    units = number.str.strip_prefix("-").str.len_chars().cast(pl.Int64)
    units = units.replace_strict(_SINCE_1970, default=None, return_dtype=pl.Int64)
    below = texts.str.contains(r"^-[0-9]+\.[0-9]*[1-9][0-9]*$").cast(pl.Int64)  # -0.5 is in the day before
    days = (number.cast(pl.Int64, strict=False) - below) // (units * 86_400)
    return days.clip(-(1 << 20), 1 << 22).cast(pl.Int32).cast(pl.Date)
