"""Parse dates, a whole column at a time.

Most forms can mean one day only. What 03/04/2020 means, or 43910, is known only from all values of its
column: `Evidence` counts what they say, and `DateForm` is what `form_of` decides by that. A form that is not
here is told as not read: with its first value if a few have it, in a note if most do.

03/04/2020 is in April if 25/03/2020 is in the same column of the same file. A file in which no value decides
is read as the other files of the corpus whose field has the same name, if these agree; else as that field was
read before in the run that is updated; else month first (day first before full stops), which is said.

No document waits for that. While a corpus is read, documents have the days of the usual form, and the values
that are not plainly one day are held. When all is read, each column is `decided` by what it holds, and
`Dates.settled` gives the days of all documents if the columns tell others than the usual ones.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache, cached_property
from math import ceil
from pathlib import Path
from typing import Any

import polars as pl

from selfvec.base.arrays import Ints

from .summary import NAMED_PLACES, CorpusPass

_NAMES = tomllib.loads(Path(__file__).with_name("month_names.toml").read_text(encoding="utf-8"))
MONTHS = {
    name: number
    for line in _NAMES["months"].split("\n")
    for number, forms in enumerate(line.split("|"), 1)
    for name in forms.split()
}
_BESIDE_MONTHS = frozenset(f"{_NAMES['weekdays']} {_NAMES['beside']}".split()) - MONTHS.keys()

_FIRST = date(1, 1, 1)  # that Python and ISO 8601 can name
USUAL = (date(1000, 1, 1), date(2199, 12, 31))
"""Outside of these a date is often what a program writes where there is none."""

# There is no date
_MISSING = r"(?i)^(?:|--?|na[nt]|none|null|n/?a|<na>|0000-00-00(?: 00:00:00)?|\[\]|.*\[null\].*)$"
IN_SUCH_COLUMNS = frozenset(("serial", "months", "spans"))
"""What is a date if its whole column is: days of a spreadsheet, Feb-22 as a month, 2007/08 as a year."""


@dataclass(frozen=True)
class DateForm:
    """What is decided for a column: how values are meant that alone could mean several days, or none."""

    day_first: bool | None = None  # of 03/04/2020; None: undecided, so before full stops only
    only: frozenset[str] = frozenset()  # what is a date in such columns only: `IN_SUCH_COLUMNS`


Evidence = Counter[str]
"""How many values of a column say what about its form; those of its parts are added up.

``values`` are not missing, ``read`` are days in the usual form, ``named`` have the name of a month, ``short``
a year of two digits. ``day first`` are such as 25/03/2020, ``month first`` such as 03/25/2020, ``either``
such as 03/04/2020, ``dotted`` such as 03.04.2020. ``serial``, ``months`` and ``spans``, as 2012/13 and
1641/42, are dates in `IN_SUCH_COLUMNS` only; ``days`` are months whose number is no year yet, as Feb-29.
2007/08 may be a span, too: ``slashed`` are those with a slash, since months rather have a hyphen; 2020/06 is
one of ``no spans``. `CALENDARS` count the days that are recent there.
"""


def form_of(says: Evidence) -> DateForm:
    """The form of a column. What is a date in such columns only is one if nothing else is unread."""
    unread = says["values"] - says["read"]
    only = {name for name in ("serial", "months") if 0 < says[name] == unread}
    if says["days"]:
        only.discard("months")
    if not says["no spans"] and (says["spans"] or says["slashed"] > 1):
        only.add("spans")
    day, month = says["day first"], says["month first"]
    return DateForm(None if day == month else day > month, frozenset(only))


_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
_ISO = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:[Tt ]{_CLOCK}(?: ?(?:[Zz]|[+-][0-9]{{2}}:?[0-9]{{2}}))?)?$"
_YEAR = r"^[12][0-9]{3}$"
_ZONE = r"(?:z|(?:utc|gmt)(?: ?[+-][0-9]{1,2}(?::?[0-9]{2})?)?|[a-z]{1,3}[des]t|mes?z|[a-z]+/[a-z_/]+)"
_TIME = (
    r"(?:^|t|[,، ]+(?:(?:at|um|kl|à|às|om|alle|o) +)?)"
    r"[0-2]?[0-9](?::[0-5][0-9]){1,2}(?:[.,:][0-9]+)?(?: ?[ap]\.? ?m\b\.?)?"
    rf"(?: ?{_ZONE}\b)?(?: ?[+-][0-9]{{2}}:?(?:[0-9]{{2}})?\b)?(?: ?{_ZONE}\b)?"
    r"(?: ?\([^()]*\)| ?\[[^\[\]]*\]|(?: [\p{L}\p{M}'’.-]+)+$)?"  # Central European Time
)
_CLEANED: tuple[tuple[str, str], ...] = (
    (r'^\["([^"]*)".*\]$', "$1"),  # ["2020-06-18T00:00:00Z"], as of Solr
    (r'^(?:\{.*"date-parts": ?)?\[\[([0-9]{4})(?:, ?([0-9]+(?:, ?[0-9]+)?))?\].*$', "$1-$2"),  # of Crossref
    (r"^([0-9]{4})-(?:([0-9]+), ?([0-9]+))$", "$1-$2-$3"),
    (r"^([0-9]{4})-$", "$1"),
    (r"^['\"‘’“”=\s]+|['\"“”\s]+$", ""),  # '2020-06-18, as spreadsheets mark text
    (r"[\s\u200e\u200f]+", " "),
    (r"^([0-9]+)\.0+$", "$1"),  # 2020.0, as written by data frames
    (r"([0-9]{4}):([0-9]{2}:[0-9]{2}:[0-9]{2})", "$1 $2"),  # 10/Oct/2000:13:55:36
    (_TIME, ""),
    (r" ?\([\p{L}\p{M} .]+\)$|^[, ]+|[ ,]+$", ""),  # 15:17, 18 June 2020 (UTC)
    (r"^[\p{L}\p{M}.'’-]+(?: [\p{L}\p{M}.'’-]+)? ?[,،] *(.*[0-9][^0-9].*)$", "$1"),  # Thu, 18 Jun
    (r"([\p{L}\p{M}])\.", "$1"),  # 18. Okt. 2020
    (r"^([0-9]{1,2}) ([0-9]{1,2}),? ([0-9]{4})$", "$1/$2/$3"),  # 09 13, 2009
)
"""Replaced one after the other, in lower case, so that the date remains: quotes, times, zones, weekdays."""
_CLEAN = r"^[0-9]+(?:[-/.][0-9]+[-/.][0-9]+)?$"  # nothing is to be replaced

_FORMS = (
    r"([12]\d{3})",  # 2020
    r"(\d{4})[-/.:] ?(\d\d?)[-/.:] ?(\d\d?)\.?",  # 2020-6-8, 2020/06/18, 2020. 6. 18.
    r"(\d{4}) ?[年년] ?(\d\d?) ?[月월] ?(\d\d?) ?[日일]",  # 2020年6月18日
    r"([12]\d{3})[-/](\d\d?)|([12]\d{3})(\d\d)",  # 2020-06, 202006
    r"([12]\d{3})(\d\d)(\d\d)(?:[t ]?\d{4}(?:\d\d)?z?)?",  # 20200618, 20200618T1517Z
)
_READ = re.compile("|".join(_FORMS), re.ASCII)
_OTHERS = (  # and the order of their parts
    (re.compile(r"(\d\d?)[-/.](\d{4})", re.ASCII), lambda month, year: date(year, month, 1)),  # 06/2020
    (re.compile(r"(\d{4})[-/ ]?w(\d\d)", re.ASCII), lambda year, week: date.fromisocalendar(year, week, 1)),
)
_OF_THREE = re.compile(r"(\d\d?) ?([-/.]) ?(\d\d?) ?\2 ?(\d{4}|\d\d)", re.ASCII)
_WORD = r"[^\s\d!-/:-@’]+"
_MONTH_ALONE = re.compile(rf"{_WORD}-([0-9]{{2}})")  # Feb-22
_SERIAL = re.compile(r"([2-5][0-9]{4}|60000)(?:\.[0-9]+)?")  # October 1954 to April 2064
_SPREADSHEET = date(1899, 12, 30)  # since spreadsheets have a 29 February 1900
# 2007/08 of a season or a budget, 1641/2 of a year that began in March; 2007-2008 is no month either.
_SPAN = re.compile(r"([12][0-9]{3}) ?([-/–]) ?([0-9]{4}|[0-9]{1,2})")
_SINCE_1970 = {"[0-9]{9,10}": 1, "[3-9][0-9]{11}|[0-9]{13}": 10**3, "[0-9]{16}": 10**6, "[0-9]{19}": 10**9}
"""How many units per second a number counts: no other form has numbers so long."""

CALENDARS = {
    "Persian": (621.0, 1.0, 6, "1400 began in 2021"),
    "Islamic": (621.6, 1.0307, 0, "1443 began in 2021"),
    "Buddhist": (-543.0, 1.0, 12, "2564 is 2021"),
}
"""The year before the first, years in one of ours, how many months from the first have a 31st, an example."""


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
        """The different values in other forms, their ``count``, and the ``text`` that is parsed."""
        counted = self._texts.drop_nulls().alias("value").value_counts(name="count")
        return counted.with_columns(_cleaned(counted["value"]).alias("text")) if len(counted) else counted

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
        if len(self._others):
            others = self._others.group_by("text").agg(pl.col("count").sum())
            for text, count in others.iter_rows():
                for name in _said(text):
                    says[name] += count
        return says

    def days(self, form: DateForm) -> pl.Series:
        """The days, a Date series; null for what is missing or not recognised.

        A year, a month and a week become their first day. Times of day and zones are ignored: a day is that
        of the place where it was written.

        >>> column = DateColumn(pl.Series(["1990", "04/01/1990", "03-APR-72 18:40:00", "soon"]))
        >>> column.days(DateForm()).cast(str).to_list()
        ['1990-01-01', '1990-04-01', '1972-04-03', None]
        """
        if not len(self._others):
            return self.plain
        texts = self._others["text"]
        days = _since_1970(texts)
        different = texts.filter(days.is_null()).unique()
        if len(different):
            read = pl.Series([_day(text, form) for text in different], dtype=pl.Date)
            days = days.zip_with(days.is_not_null(), texts.replace_strict(different, read, default=None))
        others = self._texts.replace_strict(self._others["value"], days, default=None, return_dtype=pl.Date)
        return self.plain.zip_with(self.plain.is_not_null(), others)


def _of_days() -> Iterator[pl.Expr]:
    """How many days there are, and how many recent ones in each of `CALENDARS`."""
    day = pl.col("day")
    yield day.count().alias("read")
    for name, (before, rate, long, _) in CALENDARS.items():
        last = ceil((date.today().year - before) * rate)
        there = (day.dt.day() < 31) | (day.dt.month() <= long)
        yield (day.dt.year().is_between(last - 99, last) & there).sum().alias(name)


def _cleaned(values: pl.Series) -> pl.Series:
    """Values in lower case, without times of day, zones and days of the week."""
    if values.str.contains(_CLEAN).all():
        return values
    texts = values.str.normalize("NFC").str.to_lowercase()
    cleaned = pl.col(texts.name)
    for pattern, replacement in _CLEANED:
        cleaned = cleaned.str.replace_all(pattern, replacement)
    return texts.to_frame().select(cleaned).to_series()  # one call: of few values, each call costs more


def _since_1970(texts: pl.Series) -> pl.Series:
    """Days from numbers since 1970: seconds, milli-, micro- and nanoseconds, by their length."""
    text = pl.col(texts.name)
    days = (
        text.str.extract(rf"^({number})(?:\.[0-9]+)?$").cast(pl.Int64, strict=False) // (units * 86_400)
        for number, units in _SINCE_1970.items()
    )
    return texts.to_frame().select(pl.coalesce(days).cast(pl.Int32).cast(pl.Date)).to_series()


def _day(text: str, form: DateForm) -> date | None:
    """The day that a cleaned text means in a column of this form; None if it is none."""
    with suppress(ValueError):
        if three := _OF_THREE.fullmatch(text):
            first, second = int(three[1]), int(three[3])
            decided = three[2] == "." if form.day_first is None else form.day_first
            day_first = first > 12 or (decided and second <= 12)
            month, day = (second, first) if day_first else (first, second)
            return date(_whole(three[4]), month, day)
        if (named := _month(text)) and (numbers := _year_and_day(text)):
            is_day = "months" in form.only or not _MONTH_ALONE.fullmatch(text)
            return date(_whole(numbers[0]), named, int(numbers[1])) if is_day else None
        if "serial" in form.only and (serial := _SERIAL.fullmatch(text)):
            return _SPREADSHEET + timedelta(int(serial[1]))
        if "spans" in form.only and (span := _SPAN.fullmatch(text)) and _follows(span):
            return date(int(span[1]), 1, 1)
        if parts := _READ.fullmatch(text):
            year, month, day = [*(int(part) for part in parts.groups() if part), 1, 1][:3]
            return date(year, month, day)
        for pattern, made in _OTHERS:
            if parts := pattern.fullmatch(text):
                return made(*map(int, parts.groups()))
    return None


def _said(text: str) -> Iterator[str]:
    """What a cleaned text says about the form of its column."""
    if (three := _OF_THREE.fullmatch(text)) and _day(text, DateForm()):
        first, second = int(three[1]), int(three[3])
        if first > 12 or second > 12:
            yield "day first" if first > 12 else "month first"
        elif first != second:
            yield "dotted" if three[2] == "." else "either"
        if len(three[4]) == 2:
            yield "short"
    elif _month(text):
        yield "named"
        if (numbers := _year_and_day(text)) and len(numbers[0]) == 2:
            yield "short"
        if alone := _MONTH_ALONE.fullmatch(text):
            yield "months"
            if date.today().year % 100 < int(alone[1]) < 32:
                yield "days"
    elif _SERIAL.fullmatch(text):
        yield "serial"
    elif span := _SPAN.fullmatch(text):
        is_month = len(span[3]) < 3 and 1 <= int(span[3]) <= 12
        if _follows(span):
            yield from ["spans"] * (not is_month) + ["slashed"] * (span[2] == "/")
        elif is_month:
            yield "no spans"


def _whole(year: str) -> int:
    """A year, which is one of the last hundred if it has two digits."""
    last = date.today().year
    return int(year) if len(year) == 4 else last - (last - int(year)) % 100


def _month(text: str) -> int | None:
    """The month that a text names, beside which are only words such as *of*, *gada* and a day of the week."""
    words = [word for word in re.findall(_WORD, text) if word not in _BESIDE_MONTHS]
    return MONTHS.get(words[0]) if len(words) == 1 else None


def _year_and_day(text: str) -> tuple[str, str] | None:
    """The numbers beside the name of a month; a year of four digits may stand before the day."""
    numbers = re.findall("[0-9]+", text)
    if len(numbers) == 1 and (len(numbers[0]) == 4 or _MONTH_ALONE.fullmatch(text)):
        return numbers[0], "1"
    if len(numbers) != 2:
        return None
    year, day = numbers if len(numbers[0]) == 4 else reversed(numbers)
    return (year, day) if len(year) in (2, 4) and len(day) < 3 else None


def _follows(span: re.Match[str]) -> bool:
    """Whether a span ends in the year after the first."""
    return span[0].endswith(str(int(span[1]) + 1)[-len(span[3]) :])


# The date fields of a corpus, which whole columns decide

_ORDERS = {True: "day first", False: "month first"}
# By which every value is a date that is one in some column
_ANY = DateForm(only=IN_SUCH_COLUMNS)
_SAID = {
    "months": "dates of {!r} are months with years of two digits: Feb-22 is read as February 2022",
    "spans": "dates of {!r} are years that end in the next one: 2007/08 is read as 2007",
    "serial": "numbers in {!r} are read as the days of a spreadsheet: 43910 as 2020-03-20",
}
_SHOWN = 40  # characters of a value in a message


@dataclass(frozen=True)
class DecidedDates:
    form: DateForm = DateForm()
    told: tuple[str, ...] = ()  # how its values were meant, for the summary of the corpus
    notes: tuple[str, ...] = ()  # for the reader


def decided(
    columns: Sequence[tuple[str, str, Evidence]],  # its name, its file, and what its values say
    earlier: Mapping[str, bool] | None = None,  # from `earlier_orders`
) -> list[DecidedDates]:
    """How the dates of each column are written. Those of one name and file are parts of one column."""
    own: defaultdict[tuple[str, str], Evidence] = defaultdict(Counter)
    for name, path, values in columns:
        own[name.lower(), path] += values

    @cache
    def decision(name: str, path: str) -> DecidedDates:
        others = (own[key] for key in own if key[0] == name.lower() and key[1] != path)
        before = (earlier or {}).get(name.lower())
        return _decided(name, path, own[name.lower(), path], others, before)

    return [decision(name, path) for name, path, _ in columns]


def _decided(
    name: str,
    path: str,
    own: Evidence,
    others: Iterable[Evidence],  # of the fields of this name in other files; asked only if they matter
    before: bool | None,  # whether days came first in this field in the run that is updated
) -> DecidedDates:
    form, notes, told = form_of(own), [], []
    day, month = own["day first"], own["month first"]
    if day and month:
        notes.append(
            f"dates of {name!r} in {path} are not all in one order: {day:,} are day first, as "
            f"25/03, and {month:,} month first; those that could be either are read "
            f"{_ORDERS[day > month]}"
        )
    if day or month or own["either"] or own["dotted"]:
        if form.day_first is None:
            orders = {form_of(values).day_first for values in others} - {None}
            form = replace(form, day_first=orders.pop() if len(orders) == 1 else before)
        order = _ORDERS[bool(form.day_first)]
        unknown = form.day_first is None
        if unknown and own["either"] and not day:
            notes.append(
                f"dates of {name!r} are read month first, 03/04/2020 as March 4: the column does not settle "
                "it; write them as 2020-03-04 if that is wrong"
            )
        if before not in (None, form.day_first):
            notes.append(
                f"dates of {name!r} are {order} in {path}, and {_ORDERS[not form.day_first]} in what the run "
                "had read before"
            )
        told += [order] if own["either"] or not unknown else []
    if own["short"]:
        last = date.today().year
        told.append(f"years of two digits from {last - 99} to {last}")
    notes += [said.format(name) for reading, said in _SAID.items() if reading in form.only]
    calendars = [which for which in CALENDARS if 0 < own[which] == own["read"]]
    if calendars:
        which = " or ".join(f"the {calendar} calendar ({CALENDARS[calendar][-1]})" for calendar in calendars)
        notes.append(f"dates of {name!r} may be of {which}: they are read as they are written")
    read = own["read"] + sum(own[reading] for reading in form.only)
    if 2 * read < own["values"]:
        notes.append(
            f"dates of {name!r} are mostly in no known form, {own['values'] - read:,} of {own['values']:,}: "
            "write them as 2020-03-04 or name another --date-field"
        )
    return DecidedDates(form, tuple(f"{name}: {said}" for said in told), tuple(notes))


def earlier_orders(corpus: Mapping[str, Any]) -> dict[str, bool]:
    """Whether days come first in the fields that a run has read, by the summary of its corpus."""
    pairs = (str(told).rpartition(": ") for told in corpus.get("date_orders", ()))
    return {name.lower(): order == _ORDERS[True] for name, _, order in pairs if order in _ORDERS.values()}


@dataclass
class DateField:
    """The date field of a part of a corpus in one pass."""

    name: str
    path: str
    given: bool  # whether the user named it: then a row whose value is no date is a bad row
    evidence: Evidence = field(default_factory=Counter)
    documents: range = range(0)  # the numbers in the corpus of the part's documents
    # Of the values that are not plainly one day: their ``number``, and what `read` gives of them.
    held: list[pl.DataFrame] = field(default_factory=list)

    def read(self, values: pl.Series, lines: Ints, corpus_pass: CorpusPass) -> pl.DataFrame:
        """The dates of some rows: ``day``, ``bad``, ``line``, what is ``written`` beside usual days.

        ``unread`` are values that are no date in the usual form, and do not say that there is none.
        """
        column = DateColumn(values)
        self.evidence += column.evidence()
        usual = column.plain.is_between(*USUAL).fill_null(False)
        bad = pl.repeat(False, len(values), eager=True)
        if self.given and not usual.all():
            # What is a date in some columns only, such as 43910, is judged when this one is decided.
            bad = column.days(_ANY).is_null() & ~column.missing
            for i in bad.arg_true():
                self._bad(values[i], int(lines[i]), corpus_pass)
        unread = column.usual.is_null() & ~column.missing
        table = {"day": column.usual, "line": lines, "written": values.set(usual, None)}
        return pl.DataFrame({**table, "bad": bad, "unread": unread})

    def take(self, dates: pl.DataFrame, first: int) -> None:
        """Take note of the dates, as `read` gives them, of documents of which the first has this number."""
        start = self.documents.start if self.documents else first
        self.documents = range(start, first + len(dates))
        if dates["written"].null_count() < len(dates):  # in a column of ISO 8601 nothing is held
            self.held.append(dates.with_row_index("number", first).drop_nulls("written"))

    def settle(self, form: DateForm, days: pl.Series, corpus_pass: CorpusPass) -> bool:
        """Put the days of this field among those of the corpus, (D,); whether any is not the usual one.

        Those that are not read or hardly meant are counted.
        """
        summary = corpus_pass.summary
        differ = False
        if self.held:
            held = pl.concat(self.held)
            own, unread = held["day"], held["unread"]
            if form != DateForm():
                column = DateColumn(held["written"])
                own = column.days(form)
                unread = own.is_null() & ~column.missing
            odd = ~own.is_between(*USUAL).fill_null(True)
            summary.unread_dates += int(unread.sum())
            summary.odd_dates += int(odd.sum())
            for which, places in ((unread, summary.unread_date_places), (odd, summary.odd_date_places)):
                named = held.filter(which).head(NAMED_PLACES - len(places))
                for line, value in named.select("line", "written").iter_rows():
                    places.append(f"{self.path}:{line}: {value[:_SHOWN]!r}")
            if self.given and not corpus_pass.skip_bad_rows and unread.any():  # dates of other columns only
                row = held.row(int(unread.arg_true()[0]), named=True)
                self._bad(row["written"], row["line"], corpus_pass)
            differ = not days.gather(held["number"]).equals(own)
            days.scatter(held["number"], own)  # in place
        summary.undated += days[self.documents.start : self.documents.stop].null_count()
        return differ

    def _bad(self, value: str, line: int, corpus_pass: CorpusPass) -> None:
        rule = f"{value[:_SHOWN]!r} is not a date in a known form"
        remedy = "correct the row, choose another --date-field"
        corpus_pass.bad(rule, path=self.path, line=line, field=self.name, remedy=remedy)


class Dates:
    """The dates of all documents of one pass over a corpus."""

    def __init__(self) -> None:
        self.fields: list[DateField] = []
        self._days: list[pl.Series] = []  # of all documents, in the usual form
        self._documents = 0

    def begin(self, name: str | None, path: str, given: bool) -> DateField | None:
        """The date field of the next part of the corpus, if it has one."""
        if name is None:
            return None
        self.fields.append(DateField(name, path, given))
        return self.fields[-1]

    def take(self, days: pl.Series, dates: pl.DataFrame | None) -> None:
        """Take note of the days of documents of the part that was begun, and of what `DateField` read."""
        self._days.append(days)
        if dates is not None:
            self.fields[-1].take(dates, self._documents)
        self._documents += len(days)

    @property
    def columns(self) -> list[tuple[str, str, Evidence]]:
        """The date field of each part that has one, its path, and what its values say; see `decided`."""
        return [(field.name, field.path, field.evidence) for field in self.fields]

    def settled(self, decisions: Sequence[DecidedDates], corpus_pass: CorpusPass) -> pl.Series | None:
        """The days of all documents, (D,), when all is read and decided; None if they are the usual ones."""
        days = pl.concat([pl.Series(dtype=pl.Date), *self._days])
        differ = False
        for column, decision in zip(self.fields, decisions, strict=True):
            for note in decision.notes:
                corpus_pass.summary.note(note)
            orders = (*corpus_pass.summary.date_orders, *decision.told)
            corpus_pass.summary.date_orders = tuple(dict.fromkeys(orders))
            differ |= column.settle(decision.form, days, corpus_pass)
        return days if differ else None
