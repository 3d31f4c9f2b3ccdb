"""How the dates of a corpus are written, which only whole columns tell.

03/04/2020 is in April if 25/03/2020 is in the same column of the same file. A file in which no value decides
is read as the other files of the corpus whose field has the same name, if these agree; else as that field was
read before in the run that is updated; else month first (day first before full stops), which is said.

No document waits for that. While a corpus is read, documents have the days of the usual form, and the values
that are not plainly one day are held. When all is read, each column is `decided` by what it holds, and
`Dates.settled` gives the days of all documents if the columns tell others than the usual ones.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

import polars as pl

from selfvec.base.arrays import Ints

from .dates import CALENDARS, IN_SUCH_COLUMNS, USUAL, DateColumn, DateForm, Evidence, form_of
from .summary import NAMED_PLACES, CorpusPass

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
    form: DateForm = DateForm()  # noqa: RUF009 (it is frozen)
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
