"""Filters of documents by their fields and dates.

As text, a filter names a field and a value, a range of numbers or a span of dates: ``state=IOWA``,
``state!=IOWA``, ``magnitude=2..``, ``date=2019``, ``date=1996..1998``. As a dict, or as JSON, it has the form
that stores of vectors share: ``{"year": {"$gte": 2015}, "$not": {"state": ["IOWA", "OHIO"]}}``. A list
passes if one of its items does, and ``place.state`` looks into an object. A filter that no document passes is
an error, which names the values that there are.

Whatever takes filters takes these: `given_filters` turns them into texts, `filtered_documents` finds the
documents of a run, `allowed` those of an index.
"""

from __future__ import annotations

import json
import math
import operator
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Ids, Mask
from selfvec.base.casing import in_any_case
from selfvec.base.display import code_of, whole_words
from selfvec.base.errors import NotFound, OptionError, did_you_mean
from selfvec.base.names import items_at, parted
from selfvec.data.run import Run
from selfvec.files.untrusted import parse_json

from .slices import asked_span, runs_backwards

GivenFilter = str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]]
"""Which documents are meant: a text such as state=IOWA, a dict such as {"year": {"$gte": 2015}}, several."""

_RULE = "a filter is field=value, field!=value, field=A..B, date=A..B or an object"
_EXAMPLE = 'try state=IOWA, date=2019.. or {"year": {"$gte": 2015}}'
_ORDERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
_OF_FIELDS = ("$eq", "$ne", "$in", "$nin", *_ORDERS, "$not", "$exists")
_OF_FILTERS = ("$and", "$or", "$nor", "$not")
_COMPARED = 10_000  # values that are compared with one that there is not
_NAMED = 10  # values in an error
_SHOWN = 40  # characters of each


class WithFields(Protocol):
    """D documents with dates and fields."""

    @property
    def fields(self) -> Sequence[str]:
        """Names of the fields."""

    @property
    def days(self) -> NDArray[np.datetime64]:
        """The date of each document, (D,) datetime64[D], NaT without one."""

    def field(self, name: str) -> tuple[Ids, list[str]]:
        """A field as codes, (D,), -1 for documents without it, and the values of the codes."""


@dataclass(frozen=True, eq=False)
class _RunDocuments:
    run: Run

    @property
    def fields(self) -> Sequence[str]:
        return [] if self.run.text is None else self.run.text.fields

    @property
    def days(self) -> NDArray[np.datetime64]:
        batch = self.run.require_tokens()
        return np.full(batch.documents, "NaT", "datetime64[D]") if batch.dates is None else batch.dates

    def field(self, name: str) -> tuple[Ids, list[str]]:
        return coded_field(self.run, name)


def coded_field(run: Run, name: str) -> tuple[Ids, list[str]]:
    """A kept field of a run's documents as codes, (D,), -1 without it, and the values of the codes."""
    return coded(run.require_text("and fields are in it").field(name, "filter"))


def coded(values: Sequence[str | None]) -> tuple[Ids, list[str]]:
    """Values as codes, (D,), -1 for None, and the value of each code, in the order of their first use.

    >>> codes, known = coded(["IOWA", None, "OHIO", "IOWA"])
    >>> codes.tolist(), known
    ([0, -1, 1, 0], ['IOWA', 'OHIO'])
    """
    known = list(dict.fromkeys(value for value in values if value is not None))
    number = {value: code for code, value in enumerate(known)}
    return np.array([-1 if value is None else number[value] for value in values], np.int32), known


def given_filters(filter: GivenFilter | None) -> list[str]:
    """The filters that an option names, as texts; `OptionError` for anything else.

    >>> given_filters("state=IOWA"), given_filters({"year": {"$gte": 2015}}), given_filters(())
    (['state=IOWA'], ['{"year": {"$gte": 2015}}'], [])
    """
    several = [filter] if isinstance(filter, str | Mapping) else filter
    if filter is None or (isinstance(several, Iterable) and not (several := list(several))):
        return []
    if not isinstance(several, list) or not all(isinstance(part, str | Mapping) for part in several):
        raise OptionError(f"{_RULE}, not {code_of(filter)}", field="filter", remedy=_EXAMPLE)
    return [part if isinstance(part, str) else _as_json(part) for part in several if part]


def _as_json(condition: Mapping[str, Any]) -> str:
    """A filter in a dict as JSON; dates, and numbers of NumPy, as what they are written like."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, Iterable):
            return list(value)
        item = getattr(value, "item", None)
        return item() if item is not None and isinstance(item(), int | float) else str(value)

    try:
        return json.dumps(condition, ensure_ascii=False, default=plain)
    except (TypeError, ValueError, RecursionError):
        raise OptionError(f"{_RULE}, not {code_of(condition)}", field="filter", remedy=_EXAMPLE) from None


def filtered_documents(run: Run, filters: Sequence[str], lacking: list[str] | None = None) -> Mask:
    """The documents of a run that pass, (D,) bool, and what they lack; see `allowed`. All without filters.

    `NotFound` if there is none. `InputError` if the run has not kept its tokens, or a field is named and it
    has not kept its text.
    """
    passing = allowed(_RunDocuments(run), filters, lacking)
    if not passing.any():
        rule = f"no document passes all of {', '.join(filters)}"
        raise NotFound(rule, field="filter", remedy="leave one of them out")
    return passing


def allowed(documents: WithFields, filters: Sequence[str], lacking: list[str] | None = None) -> Mask:
    """The documents that pass, (D,) bool. Texts on one field are alternatives; all fields must pass.

    Names and values are compared without regard to case; names, unless they differ in nothing else. Of values
    the blanks around them, and how numbers and letters are encoded, do not matter either. `NotFound` for a
    filter that no document passes. Where others pass although no document has a value, since it is denied or
    an alternative, ``lacking`` gets a sentence: it may be a slip.
    """
    return _Filters(documents, [] if lacking is None else lacking).passing(filters)


@dataclass(frozen=True)
class _Filters:
    documents: WithFields
    lacking: list[str]

    def _all(self) -> Mask:
        return np.ones(len(self.documents.days), bool)

    def passing(self, filters: Sequence[str]) -> Mask:
        out = self._all()
        by_field: dict[str, list[str]] = {}
        for text in filters:
            if text.lstrip().startswith("{"):
                out &= self._of_json(text)
                continue
            name, sign, value = text.partition("=")
            denied = name.endswith("!")
            name = name.removesuffix("!").strip()
            if not sign or not name:
                raise OptionError(f"{_RULE}, not {text!r}", field="filter", remedy=_EXAMPLE)
            if denied:
                out &= self._none(_column(self.documents, name).passing, [value.strip()])
            else:
                by_field.setdefault(_field(self.documents, name), []).append(value.strip())
        for name, values in by_field.items():
            out &= self._any(_column(self.documents, name).passing, values)
        return out

    def _of_json(self, text: str) -> Mask:
        try:
            condition = parse_json(text)
        except ValueError as error:
            raise OptionError(f"{text:.80} is no JSON ({error})", field="filter", remedy=_EXAMPLE) from None
        try:
            return self._fulfilling(condition)
        except RecursionError:
            raise OptionError("is nested too deeply", field="filter", remedy="join the conditions") from None

    def _fulfilling(self, condition: Any) -> Mask:
        if not isinstance(condition, Mapping):
            raise OptionError(f"{_RULE}, not {code_of(condition)}", field="filter", remedy=_EXAMPLE)
        out = self._all()
        for name, value in condition.items():
            if name in ("$and", "$or", "$nor") and not isinstance(value, list):
                raise OptionError(f"{name} takes a list of filters, not {code_of(value)}", field="filter")
            if name == "$and":
                out &= reduce(np.logical_and, map(self._fulfilling, value), out)
            elif name == "$or":
                out &= self._any(self._fulfilling, value)
            elif name in ("$nor", "$not"):
                out &= self._none(self._fulfilling, value if name == "$nor" else [value])
            elif name.startswith("$"):
                raise OptionError.one_of(name, _OF_FILTERS, field="filter")
            else:
                out &= self._of_field(_column(self.documents, name), value)
        return out

    def _of_field(self, column: _Column, wanted: Any) -> Mask:
        """The documents whose value of a field is as wanted: a value, one of a list, or by operators."""
        if not isinstance(wanted, Mapping):
            wanted = {"$in" if isinstance(wanted, list) else "$eq": wanted}
        out = self._all()
        for name, value in wanted.items():
            if name in ("$in", "$nin") and not isinstance(value, list):
                raise OptionError(f"{name} takes a list of values, not {code_of(value)}", field="filter")
            equal = partial(_equal, column)
            if name in ("$eq", "$in"):
                out &= self._any(equal, value if name == "$in" else [value])
            elif name in ("$ne", "$nin"):
                out &= self._none(equal, value if name == "$nin" else [value])
            elif name == "$not":
                out &= self._none(partial(self._of_field, column), [value])
            elif name == "$exists":
                out &= column.present == bool(value)
            elif name in _ORDERS:
                out &= column.compared(name, _written(value))
            else:
                raise OptionError.one_of(name, _OF_FIELDS, field="filter")
        return out

    def _none(self, fits: Callable[[Any], Mask], values: Sequence[Any]) -> Mask:
        """The documents that pass for none of the values, (D,) bool."""
        try:
            return ~self._any(fits, values)
        except _NothingPasses as error:
            self.lacking.append(_said(error))
            return self._all()

    def _any(self, fits: Callable[[Any], Mask], values: Sequence[Any]) -> Mask:
        """The documents that pass for one of the values, (D,) bool; the first error if none does for any."""
        if not values:
            remedy = "name a value, or leave it out"
            raise OptionError("a list in a filter is empty", field="filter", remedy=remedy)
        masks, errors = [], []
        for value in values:
            try:
                masks.append(fits(value))
            except _NothingPasses as error:
                errors.append(error)
        if not masks:
            raise errors[0]
        self.lacking.extend(map(_said, errors))
        found: Mask = np.any(masks, axis=0)
        return found


def _equal(column: _Column, value: Any) -> Mask:
    return ~column.present if value is None else column.passing(_written(value))


def _written(value: Any) -> str:
    """A value of JSON as people write it; `OptionError` for an object or a list."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        rule = f"compares with a text, a number or true, not with {code_of(value)}"
        raise OptionError(rule, field="filter", remedy=_EXAMPLE)
    return str(value).strip()


def filter_names(documents: WithFields) -> list[str]:
    """What documents can be filtered by: their date, if any has one, and their fields."""
    dated = not np.isnat(documents.days).all()
    return list(dict.fromkeys([*(["date"] if dated else []), *documents.fields]))


class _NothingPasses(NotFound):
    """No document has a value."""


def _said(error: _NothingPasses) -> str:
    return f"{error.rule}; {error.remedy}"


def _field(documents: WithFields, name: str) -> str:
    if name == "date" and np.isnat(documents.days).all():
        raise NotFound("the documents have no dates", field="filter", remedy="leave date= out")
    known = filter_names(documents)
    if found := in_any_case(name, known):
        return found
    keys = name.split(".")
    for end in range(len(keys) - 1, 0, -1):
        if found := in_any_case(".".join(keys[:end]), documents.fields):
            return ".".join((found, *keys[end:]))
    near = did_you_mean(name, known)
    there = f"the fields are: {', '.join(known) or 'none'}"
    raise NotFound(f"no field {name!r}", field="filter", remedy=f"{near} {there}".strip())


class _Column(Protocol):
    @property
    def present(self) -> Mask:
        """The documents with a value, (D,) bool."""

    def passing(self, value: str) -> Mask:
        """The documents with a value, or with one in a range, (D,) bool; `NotFound` if there is none."""

    def compared(self, order: str, value: str) -> Mask:
        """The documents with a value above or below another, (D,) bool; `NotFound` if there is none."""


def _column(documents: WithFields, name: str) -> _Column:
    field = _field(documents, name)
    return _Dates(documents.days) if field == "date" else _Values.of(documents, field)


@dataclass(frozen=True)
class _Dates:
    days: NDArray[np.datetime64]  # (D,) NaT: none

    @property
    def present(self) -> Mask:
        return ~np.isnat(self.days)

    def passing(self, value: str) -> Mask:
        start, end = _span(value)
        return self._some((self.days >= start) & (self.days < end), value)

    def compared(self, order: str, value: str) -> Mask:
        return self._some(_in_order(self.days, order, _span(value)), f"{order} {value}")

    def _some(self, fits: Mask, value: str) -> Mask:
        if not fits.any():
            dated = self.days[self.present]
            remedy = f"the dates run from {dated.min()} to {dated.max()}"
            raise _NothingPasses(f"no document is dated {value}", field="filter", remedy=remedy)
        return fits


def _span(value: str) -> tuple[np.datetime64, np.datetime64]:
    """The first day of a span of dates, and the day after its last."""
    span = asked_span(value)
    if span is None:
        remedy = "write date=2019, date=2020-05, date=1996..1998 or date=2000-01-01..2005-06-30"
        raise NotFound(f"{value!r} is not a span of dates", field="filter", remedy=remedy)
    return span


def _in_order(days: Any, order: str, span: tuple[np.datetime64, np.datetime64]) -> Any:
    """Whether days are before or after a span of time, or in it, too: a year is all of its days."""
    start, end = span
    return {"$gt": days >= end, "$gte": days >= start, "$lt": days < start, "$lte": days < end}[order]


@dataclass(frozen=True)
class _Values:
    name: str
    codes: Ids  # (D,) -1: none
    values: list[list[str]]  # of each code, several for a list

    @classmethod
    def of(cls, documents: WithFields, name: str) -> _Values:
        """Those of a field, or under the keys of its objects."""
        field, keys = parted(documents.fields, name)
        codes, texts = documents.field(field)
        return cls(name, codes, [_values(text, keys) for text in texts])

    @property
    def present(self) -> Mask:
        return self._of_documents([bool(own) for own in self.values])

    def passing(self, value: str) -> Mask:
        low, dots, high = value.partition("..")
        fits = self._within(low, high) if dots and (low or high) else None
        if fits is None:  # no range
            fits = self._equal(value)
        if not any(fits):
            raise self._nothing(f"={value}", value)
        return self._of_documents(fits)

    def compared(self, order: str, value: str) -> Mask:
        number = self._number(value)
        fits = [False]
        if not math.isnan(number):
            fits = self._fitting(lambda one: _ORDERS[order](self._number(one), number))
        if not any(fits) and (span := asked_span(value)) is not None:
            fits = [any(_in_order(day, order, span) for day in own) for own in self._days]
        elif math.isnan(number):
            rule = f"{order} compares numbers and dates, and {value!r} is neither"
            raise OptionError(rule, field="filter", remedy=_EXAMPLE)
        if not any(fits):
            raise self._nothing(f" {order} {value}", "..")
        return self._of_documents(fits)

    def _of_documents(self, fits: Sequence[bool]) -> Mask:
        """What holds for values, for the documents that have them, (D,)."""
        return np.array([*fits, False], bool)[self.codes]  # -1, no value, is the last

    def _equal(self, value: str) -> list[bool]:
        """Whether a value of each code is this one: as text, else as a number or as true or false."""
        asked = _plain(value)
        if any(fits := self._fitting(lambda one: _plain(one) == asked)):
            return fits
        if asked in _TRUTH and all(_plain(one) in _TRUTH for one in self.different if one.strip()):
            return self._fitting(lambda one: _TRUTH.get(_plain(one)) == _TRUTH[asked])
        number = self._number(value)
        if math.isnan(number) or _is_code(value):
            return fits
        return self._fitting(lambda one: self._number(one) == number and not _is_code(one))

    def _within(self, low: str, high: str) -> list[bool] | None:
        """Whether a value of each code is in a range of numbers or else of dates; None if it is neither."""
        ends = (self._number(low) if low else -math.inf, self._number(high) if high else math.inf)
        numbers = None
        if not any(map(math.isnan, ends)):
            if ends[0] > ends[1]:
                raise runs_backwards(low, high)
            numbers = self._fitting(lambda one: ends[0] <= self._number(one) <= ends[1])
        span = None if numbers and any(numbers) else asked_span(f"{low}..{high}")
        if span is None:
            return numbers
        return [any(span[0] <= day < span[1] for day in own) for own in self._days]

    def _fitting(self, fit: Callable[[str], bool]) -> list[bool]:
        return [any(map(fit, own)) for own in self.values]

    def _number(self, text: str) -> float:
        if self._decimal == ".":
            with suppress(ValueError):
                return float(text)
        return written_number(text, self._decimal)

    @cached_property
    def _decimal(self) -> str:
        marked = any("," in one or one.count(".") > 1 for one in self.different)
        return decimal_mark(self.different) if marked else "."

    @cached_property
    def _days(self) -> list[list[np.datetime64]]:
        import polars as pl

        from selfvec.corpus.dates import parse_dates

        days = parse_dates(pl.Series(self.different, dtype=pl.String)).to_list()
        found = {text: np.datetime64(day, "D") for text, day in zip(self.different, days, strict=True) if day}
        return [[found[one] for one in own if one in found] for own in self.values]

    @cached_property
    def different(self) -> list[str]:
        return list(dict.fromkeys(value for own in self.values for value in own))

    def _nothing(self, wanted: str, value: str) -> _NothingPasses:
        """The error for a value that no document has, with those that there are."""
        known = [one.strip() for one in self.different if one.strip()]
        numbers = [number for one in known if not math.isnan(number := self._number(one))]
        rule, there = f"no document has {self.name}{wanted}", f"its values are: {_listed(known)}"
        if ".." in value and numbers:
            no_number = next((one for one in known if math.isnan(self._number(one))), None)
            there = f"its numbers run from {min(numbers):g} to {max(numbers):g}"
            there += (
                f"; {len(known) - len(numbers):,} of its {len(known):,} values are none, first {no_number!r}"
                * (no_number is not None)
            )
        elif ".." in value and (days := [day for own in self._days for day in own]):
            there = f"its dates run from {min(days)} to {max(days)}"
        elif ".." in value:
            rule += ", and none of its values is a number or a date"
        near = "" if ".." in value else did_you_mean(value, known[:_COMPARED])
        return _NothingPasses(rule, field="filter", remedy=f"{near} {there}".strip())


_TRUTH = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}


def _plain(text: str) -> str:
    """A value as it is compared: without regard to case, blanks around it and how its letters are encoded."""
    return " ".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).split()).casefold()


def _is_code(text: str) -> bool:
    """Whether leading zeros tell that digits are a code, such as 01067, and no number."""
    digits = text.strip()
    return digits[:1] == "0" and digits[1:2].isdecimal()


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(whole_words(one, _SHOWN) for one in values[:_NAMED])
    return f"{shown}, … ({len(values):,} in all)" if len(values) > _NAMED else shown or "none"


def _values(text: str, keys: Sequence[str]) -> list[str]:
    """The values that a filter compares: a text, the items of a list, or the values under keys of an object.

    >>> _values("IOWA", []), _values('["a", 2, true]', []), _values('{"k": [{"x": "y"}]}', ["k", "x"])
    (['IOWA'], ['["a", 2, true]', 'a', '2', 'true'], ['y'])
    """
    plain = [] if keys else [text]
    if text[:1] not in ("[", "{"):
        return plain
    try:
        items = items_at(parse_json(text), keys)
    except ValueError:
        return plain
    return plain + [
        item if isinstance(item, str) else json.dumps(item)
        for item in items
        if item is not None and item != {}
    ]


# Numbers as people write them: 1.234,56 €, $3, 12 %, (1,000). The whole column decides whether a comma or a
# point is the decimal mark. A value tells if it has only one reading, as 1,5 and 1.234.567 do.

_UNIT = r"(?:\w{0,3}\.?¤|[A-Z]{3}|kr\.?|zł|Kč|Ft|Fr\.?|Rs\.?|%|‰)"
_NUMBER = re.compile(  # *+ gives nothing back: three parts that could share blanks would try every division
    rf"(?P<open>\()?(?P<sign>[+-]?)\s*+(?:{_UNIT})?\s*+(?P<inner>[+-]?)"
    r"(?P<digits>\d[\d.,' ]*+|[.,]\d++)(?P<power>[eE][+-]?\d+)?"
    rf"(?P<last>-?)\s*+(?:{_UNIT})?\s*+(?P<close>\))?"
)
_WHOLE = re.compile(r"\d*|\d{1,3}(?:[.,' ]\d{2,3})*[.,' ]\d{3}")  # in groups of three, or two in India
_SIGNS = str.maketrans("−‐‑–’ʼ٫٬", "----'',.")


def decimal_mark(values: Iterable[str]) -> str:
    """The decimal mark of a column, ``.`` or ``,``.

    >>> decimal_mark(["1.500", "2,75 €"]), decimal_mark(["1,500", "20.5"]), decimal_mark(["1.500"])
    (',', '.', '.')
    """
    marks = [mark for value in values if (mark := _own_mark(value))]
    return "," if marks.count(",") > marks.count(".") else "."


def written_number(text: str, decimal: str = ".") -> float:
    """The number that a text is, with this decimal mark unless it has one of its own; NaN if it is none.

    >>> [written_number(text) for text in ("1,234.5", "€ 3", "1.234,56 €", "12 %", "(7)", "1e3", "n/a")]
    [1234.5, 3.0, 1234.56, 12.0, -7.0, 1000.0, nan]
    >>> written_number("1.500", ","), written_number("1.500")
    (1500.0, 1.5)
    """
    number = _match(text)
    if number is None:
        return math.nan
    digits = number["digits"].strip()
    mark = _own_mark_of(digits) or decimal
    whole, _, fraction = digits.partition(mark)
    if not _WHOLE.fullmatch(whole) or not (fraction.isdecimal() or not fraction):
        return math.nan
    negative = bool(number["open"]) or "-" in (number["sign"], number["inner"], number["last"])
    plain = re.sub(r"[^\d]", "", whole)
    size = float(f"{plain or 0}.{fraction or 0}{number['power'] or ''}")
    return -size if negative else size


def _match(text: str) -> re.Match[str] | None:
    plain = unicodedata.normalize("NFKC", text.translate(_SIGNS)).strip()
    plain = "".join("¤" if unicodedata.category(sign) == "Sc" else sign for sign in plain)
    number = _NUMBER.fullmatch(plain)
    return number if number and bool(number["open"]) == bool(number["close"]) else None


def _own_mark(text: str) -> str:
    number = _match(text)
    return _own_mark_of(number["digits"]) if number else ""


def _own_mark_of(digits: str) -> str:
    """The decimal mark that digits can only have; empty if both are possible, or there is no mark."""
    marks = [sign for sign in digits if sign in ".,"]
    if not marks:
        return ""
    last, other = marks[-1], "." if marks[-1] == "," else ","
    if len(set(marks)) == 2:
        return last
    if len(marks) > 1:
        return other
    before, _, after = digits.strip().partition(last)
    grouped = len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0")
    return "" if grouped else last
