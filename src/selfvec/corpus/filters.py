"""Filters as expressions over the fields of documents, each of which is of a type.

Numbers are compared as numbers, days and moments as time, texts as texts: whether a document passes depends
on that document alone. `filtered_documents` finds the documents of a run, `allowed` those of an index.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from selfvec.base.arrays import Mask
from selfvec.base.casing import in_any_case
from selfvec.base.display import code_of, whole_words
from selfvec.base.errors import NotFound, OptionError, did_you_mean
from selfvec.base.names import items_at, parted
from selfvec.data.field_types import (
    DAY,
    INTEGER,
    LIST,
    MOMENT,
    NOTHING,
    NUMBER,
    TEXT,
    TRUTH,
    dtype_of,
    kind_of,
    parse_moments,
    parsed,
    written,
    written_number,
)
from selfvec.data.run import Run
from selfvec.files.untrusted import parse_json

from .given_filters import EXAMPLE, RULE, WithFields, filter_names
from .slices import parse_span, runs_backwards

_ORDERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
_OF_FIELDS = ("$eq", "$ne", "$in", "$nin", *_ORDERS, "$not", "$exists")
_OF_FILTERS = ("$and", "$or", "$nor", "$not")
_INSTANT = timedelta(microseconds=1)
_COMPARED = 10_000  # values that are compared with one that there is not
_NAMED = 10  # values in an error
_SHOWN = 40  # characters of each


@dataclass(frozen=True, eq=False)
class _RunDocuments:
    run: Run

    @property
    def fields(self) -> Collection[str]:
        return [] if self.run.text is None else self.run.text.fields

    @property
    def days(self) -> NDArray[np.datetime64]:
        batch = self.run.require_tokens()
        return np.full(batch.documents, "NaT", "datetime64[D]") if batch.dates is None else batch.dates

    def values(self, field: str) -> pl.Series:
        return self.run.require_text("and fields are in it").values(field)


def filtered_documents(run: Run, filters: Sequence[str], lacking: list[str] | None = None) -> Mask:
    """The documents of a run that pass, (D,) bool; see `allowed`. All without filters.

    `NotFound` if there is none. `InputError` if the run has not kept its tokens, or a field is named and it
    has not kept its text.
    """
    said: list[str] = []
    passing = allowed(_RunDocuments(run), filters, said)
    if not passing.any():
        rule, _, remedy = said[0].partition("; ")
        raise NotFound(rule, field="filter", remedy=remedy)
    if lacking is not None:
        lacking += said
    return passing


def allowed(documents: WithFields, filters: Sequence[str], lacking: list[str] | None = None) -> Mask:
    """The documents that pass, (D,) bool. Texts on one field are alternatives; all fields must pass.

    Names and texts are compared without regard to case; names, unless they differ in nothing else. Of texts
    the blanks around them, and how letters are encoded, do not matter either. If no document has a value that
    is named, or none passes, ``lacking`` gets one sentence: it may be a slip.
    """
    if not filters:
        return np.ones(len(documents.days), bool)
    compiler = Compiler(documents)
    passing = compiler.passing(filters)
    if lacking is not None:
        missing = compiler.missing()
        if not missing and not passing.any():
            missing = f"no document passes all of {', '.join(filters)}; leave one of them out"
        lacking += [missing] * bool(missing)
    return passing


@dataclass(frozen=True)
class _Leaf:
    """A comparison of a field with values, and what is said if no document has one of them."""

    column: _Column
    sign: str  # "=", or an order and a blank
    values: Sequence[str]  # of a range, both ends in one

    def missing(self) -> str:
        """A sentence for the first value that no document has; empty if there is none."""
        return next((self.column.nothing(self.sign, value) for value in self._lacking()), "")

    def _lacking(self) -> Iterable[str]:
        if self.sign != "=":
            return [value for value in self.values if not self.column.holds_for_some(self.sign, value)]
        return self.column.lacking(self.values)


@dataclass
class Compiler:
    """Compiles filters to an expression over the columns that they name."""

    documents: WithFields
    columns: dict[str, pl.Series] = field(default_factory=dict)
    leaves: list[_Leaf] = field(default_factory=list)

    def passing(self, filters: Sequence[str]) -> Mask:
        """The documents that pass all filters, (D,) bool."""
        wanted = self._all_of(filters)
        count = len(self.documents.days)
        frame = pl.DataFrame(self.columns or {"": np.zeros(count)})
        passes = frame.select(wanted.alias("")).to_series().to_numpy()
        return np.broadcast_to(passes.astype(bool), count).copy()

    def missing(self) -> str:
        """A sentence for the first value that no document has; empty if there is none."""
        return next(filter(None, (leaf.missing() for leaf in self.leaves)), "")

    def _all_of(self, filters: Sequence[str]) -> pl.Expr:
        """What documents pass that pass all filters; texts on one field are alternatives."""
        parts, by_field = [], dict[str, list[str]]()
        for text in filters:
            if text.lstrip().startswith("{"):
                parts.append(self._of_json(text))
                continue
            name, sign, value = text.partition("=")
            denied = name.endswith("!")
            name = name.removesuffix("!").strip()
            if not sign or not name:
                raise OptionError(f"{RULE}, not {text!r}", field="filter", remedy=EXAMPLE)
            if denied:
                parts.append(~self._bare(self._column(name), [value.strip()]))
            else:
                by_field.setdefault(_field(self.documents, name), []).append(value.strip())
        parts += [self._bare(self._column(name), values) for name, values in by_field.items()]
        return _every(parts)

    def _of_json(self, text: str) -> pl.Expr:
        try:
            condition = parse_json(text)
        except ValueError as error:
            raise OptionError(f"{text:.80} is no JSON ({error})", field="filter", remedy=EXAMPLE) from None
        try:
            return self._fulfilling(condition)
        except RecursionError:
            raise OptionError("is nested too deeply", field="filter", remedy="join the conditions") from None

    def _fulfilling(self, condition: Any) -> pl.Expr:
        if not isinstance(condition, Mapping):
            raise OptionError(f"{RULE}, not {code_of(condition)}", field="filter", remedy=EXAMPLE)
        parts = []
        for name, value in condition.items():
            if name in ("$and", "$or", "$nor") and not isinstance(value, list):
                raise OptionError(f"{name} takes a list of filters, not {code_of(value)}", field="filter")
            if name in ("$and", "$or"):
                parts.append((_every if name == "$and" else _some)(map(self._fulfilling, value)))
            elif name in ("$nor", "$not"):
                parts.append(~_some(map(self._fulfilling, value if name == "$nor" else [value])))
            elif name.startswith("$"):
                raise OptionError.one_of(name, _OF_FILTERS, field="filter")
            else:
                parts.append(self._of_field(self._column(name), value))
        return _every(parts)

    def _of_field(self, column: _Column, wanted: Any) -> pl.Expr:
        """The documents whose value of a field is as wanted: a value, one of a list, or by operators."""
        if not isinstance(wanted, Mapping):
            return self._bare(column, wanted if isinstance(wanted, list) else [wanted])
        parts = []
        for name, value in wanted.items():
            if name in ("$in", "$nin") and not isinstance(value, list):
                raise OptionError(f"{name} takes a list of values, not {code_of(value)}", field="filter")
            if name in ("$eq", "$in", "$ne", "$nin"):
                equal = self._equal(column, value if name in ("$in", "$nin") else [value])
                parts.append(equal if name in ("$eq", "$in") else ~equal)
            elif name == "$not":
                parts.append(~self._of_field(column, value))
            elif name == "$exists":
                parts.append(column.present if value else ~column.present)
            elif name in _ORDERS:
                parts.append(self._leaf(column, f" {name} ", [_as_text(value)]))
            else:
                raise OptionError.one_of(name, _OF_FIELDS, field="filter")
        return _every(parts)

    def _bare(self, column: _Column, values: Sequence[Any]) -> pl.Expr:
        """The documents that have one of some values, which may be ranges, since they stand bare."""
        ranges = [value for value in values if isinstance(value, str) and column.is_range(value)]
        others = [value for value in values if value not in ranges]
        parts = [self._leaf(column, "=..", [value]) for value in ranges]
        return _some([*parts, *([self._equal(column, others)] if others else [])])

    def _equal(self, column: _Column, values: Sequence[Any]) -> pl.Expr:
        texts = [_as_text(value) for value in values if value is not None]
        parts = [~column.present] * (len(texts) < len(values))
        return _some([*parts, *([self._leaf(column, "=", texts)] if texts else [])])

    def _leaf(self, column: _Column, sign: str, values: Sequence[str]) -> pl.Expr:
        self.leaves.append(_Leaf(column, sign, values))
        return column.of_documents(column.fits_any(values) if sign == "=" else column.fits(sign, values[0]))

    def _column(self, name: str) -> _Column:
        field = _field(self.documents, name)
        days = self.documents.days.astype("datetime64[D]")
        values = pl.Series(days) if field == "date" else _values(self.documents, field)
        if field not in self.columns:
            self.columns[field] = _plain(values).alias(field)
        return _Column(field, values, self.columns[field])


def _every(parts: Iterable[pl.Expr]) -> pl.Expr:
    return reduce(operator.and_, parts, pl.lit(True))


def _some(parts: Iterable[pl.Expr]) -> pl.Expr:
    return reduce(operator.or_, parts, pl.lit(False))


def _as_text(value: Any) -> str:
    """A value of JSON as people write it; `OptionError` for an object or a list."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        rule = f"compares with a text, a number or true, not with {code_of(value)}"
        raise OptionError(rule, field="filter", remedy=EXAMPLE)
    return str(value).strip()


def _field(documents: WithFields, name: str) -> str:
    if name == "date" and np.isnat(documents.days).all():
        raise NotFound("the documents have no dates", field="filter", remedy="leave date= out")
    names = filter_names(documents)
    if field := in_any_case(name, names):
        return field
    keys = name.split(".")
    for end in range(len(keys) - 1, 0, -1):
        if field := in_any_case(".".join(keys[:end]), documents.fields):
            return ".".join((field, *keys[end:]))
    near = did_you_mean(name, names)
    there = f"the fields are: {', '.join(names) or 'none'}"
    raise NotFound(f"no field {name!r}", field="filter", remedy=f"{near} {there}".strip())


def _values(documents: WithFields, name: str) -> pl.Series:
    """A field of each document or, under the keys of its objects, the values as a list of texts.

    Lists in a field whose values are of several kinds are looked into, too.
    """
    outer, keys = parted(documents.fields, name)
    values = documents.values(outer)
    if not keys and not (values.dtype == pl.String and values.str.starts_with("[").any()):
        return values
    texts = written(values)
    own = {text: [text] * (not keys) + _items(text, keys) for text in texts.unique().drop_nulls()}
    return pl.Series([own.get(text) or None for text in texts], dtype=pl.List(pl.String))


def _items(text: str, keys: Sequence[str]) -> list[str]:
    """The values under keys of an object of JSON.

    >>> _items('{"k": [{"x": "y"}, {"x": 2.0}]}', ["k", "x"])
    ['y', '2']
    """
    if text[:1] not in ("[", "{"):
        return []
    try:
        items = items_at(parse_json(text), keys)
    except ValueError:
        return []
    whole = (int(item) if isinstance(item, float) and item.is_integer() else item for item in items)
    return [item if isinstance(item, str) else json.dumps(item) for item in whole if item not in (None, {})]


# ---- What a field of a kind is compared with


@dataclass(frozen=True)
class _Column:
    """A field, and how its values are compared: tests are expressions over one value."""

    name: str
    series: pl.Series  # (D,)
    compared: pl.Series  # (D,), the same but for texts, which are as `_plain` makes them

    @property
    def kind(self) -> str:
        """That of its values, or of the items of its lists."""
        return kind_of(self.series.dtype).removeprefix(LIST)

    @property
    def _is_list(self) -> bool:
        return kind_of(self.series.dtype).startswith(LIST)

    @property
    def present(self) -> pl.Expr:
        """Whether a document has a value."""
        own = pl.col(self.name)
        return own.is_not_null() & (own.list.len() > 0) if self._is_list else own.is_not_null()

    def of_documents(self, test: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
        """Whether a document's value, or an item of its list, passes a test."""
        own = pl.col(self.name)
        return (own.list.eval(test(pl.element())).list.any() if self._is_list else test(own)).fill_null(False)

    def _flat(self, values: pl.Series) -> pl.Series:
        return (values.explode() if self._is_list else values).drop_nulls()

    @property
    def different(self) -> pl.Series:
        """The values that there are, each once."""
        return self._flat(self.series).unique(maintain_order=True)

    def holds_for_some(self, sign: str, value: str) -> bool:
        """Whether any value is one, or is above or below it, or in a range."""
        test = self.fits(sign, value)
        return bool(self._flat(self.compared).to_frame("").select(test(pl.col("")).any()).item())

    def lacking(self, values: Sequence[str]) -> Iterator[str]:
        """Those of some values that no document has."""
        wanted = self._wanted(values)
        there = self._flat(self.compared)
        there = there.dt.date() if self.kind == MOMENT else there
        is_there = wanted.is_in(there.implode()).fill_null(False)
        for place in (~is_there).arg_true():
            spanned = (
                self.kind in (DAY, MOMENT) and wanted[place] is None
            )  # a year is there with one of its days
            if not (spanned and self.holds_for_some("=", values[place])):
                yield values[place]

    def _wanted(self, values: Sequence[str]) -> pl.Series:
        """Values that are asked for as of the kind of the field, (n,); null for what is none, or no day."""
        texts = pl.Series(values, dtype=pl.String)
        if self.kind == TEXT:
            return _plain(texts)
        if self.kind in (DAY, MOMENT):
            return parsed(texts, DAY)
        if self.kind == TRUTH:
            return pl.Series([_TRUTH.get(value.lower()) for value in values], dtype=pl.Boolean)
        keys: list[Any] = texts.cast(dtype_of(self.kind), strict=False).to_list()
        for place, key in enumerate(keys):
            if key is None:  # as of "3.0" or "€ 3"
                keys[place] = _whole(values[place]) if self.kind == INTEGER else _number(values[place])
        return pl.Series(keys, dtype=dtype_of(self.kind))

    def fits_any(self, values: Sequence[str]) -> Callable[[pl.Expr], pl.Expr]:
        """A test of whether a value is one of these."""
        if self.kind == NOTHING:
            return lambda own: own.is_null() & own.is_not_null()
        wanted = self._wanted(values)
        in_time = self.kind in (DAY, MOMENT)
        spans = [self.fits("=", values[place]) for place in wanted.is_null().arg_true() if in_time]
        keys = wanted.drop_nulls().implode()

        def test(own: pl.Expr) -> pl.Expr:
            one_of = (own.dt.date() if self.kind == MOMENT else own).is_in(keys)
            return _some([one_of, *(span(own) for span in spans)])

        return test

    def is_range(self, value: str) -> bool:
        """Whether a value that stands bare is a range of the field's kind; else it is a text with dots."""
        low, dots, high = value.partition("..")
        if not dots or not (low or high):
            return False
        ends = [end for end in (low, high) if end]
        return all(_number(end) is not None for end in ends) or asked_moments(value) is not None

    def fits(self, sign: str, value: str) -> Callable[[pl.Expr], pl.Expr]:
        """A test of whether a value is one, or is above or below it, or in a range."""
        low, _, high = value.partition("..")
        ends = (low, high) if sign == "=.." else (value,)
        numbers = [_number(end) if end else None for end in ends]
        bounds = [number for number in numbers if number is not None]
        is_number = 0 < len(bounds) == len(list(filter(None, ends)))
        if bounds != sorted(bounds):
            raise runs_backwards(low, high)
        span = asked_moments(value)
        if self.name == "date" and self.kind == DAY and span is None:
            remedy = "write date=2019, date=2020-05, date=1996..1998 or date=2000-01-01..2005-06-30"
            raise NotFound(f"{value!r} is not a span of dates", field="filter", remedy=remedy)
        if not is_number and span is None and sign not in ("=", "=.."):
            rule = f"{sign.strip()} compares numbers and dates, and {value!r} is neither"
            raise OptionError(rule, field="filter", remedy=EXAMPLE)
        order = sign.strip()

        def test(own: pl.Expr) -> pl.Expr:
            parts = []
            if is_number and self.kind in (INTEGER, NUMBER, TEXT):
                counted = _plain_numbers(own) if self.kind == TEXT else own
                parts.append(_in_numbers(counted, order, numbers))
            if span is not None and self.kind in (DAY, MOMENT, TEXT):
                parts.append(_in_time(_times(own, self.kind), order, span))
            return _some(parts) if parts else own.is_null() & own.is_not_null()

        return test

    def nothing(self, sign: str, value: str) -> str:
        """A sentence on a value that no document has, with those that there are."""
        different = self.different
        is_range = sign != "="
        low, high = written(different.sort())[[0, -1]].to_list() if len(different) else ("", "")
        if self.kind == DAY and self.name == "date":
            there = f"the dates run from {low} to {high}"
            return f"no document is dated {sign.strip(' =.')}{' ' * (sign[0] == ' ')}{value}; {there}"
        asked = "=" if sign == "=.." else sign
        rule = f"no document has {self.name}{asked}{value}"
        if is_range and len(different) and self.kind in (INTEGER, NUMBER, DAY, MOMENT):
            what = "numbers" if self.kind in (INTEGER, NUMBER) else "dates"
            return f"{rule}; its {what} run from {low} to {high}"
        known = [one.strip() for one in written(different).to_list() if one.strip()]
        near = "" if is_range else did_you_mean(value, known[:_COMPARED])
        texts = "texts: " * (is_range and self.kind == TEXT)
        return f"{rule}; {f'{near} its values are: {texts}{_listed(known)}'.strip()}"


def _plain(values: pl.Series) -> pl.Series:
    """Texts as they are compared: without regard to case, blanks around them and how letters are encoded."""
    if values.dtype == pl.List(pl.String):
        return values.list.eval(_folded(pl.element()))
    if values.dtype != pl.String:
        return values
    odd = values.str.contains(r"[^ -~]|\s\s|^\s|\s$").fill_null(False)  # others need another case at most
    low = values.str.to_lowercase()
    return low.scatter(odd.arg_true(), _folded(values.filter(odd))) if odd.any() else low


def _folded(texts: Any) -> Any:
    return texts.str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()


_PLAIN_NUMBER = r"^\s*[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?\s*$"


def _plain_numbers(own: pl.Expr) -> pl.Expr:
    """The numbers among texts, of which each alone is one; null for others."""
    return pl.when(own.str.contains(_PLAIN_NUMBER)).then(own.str.strip_chars()).cast(pl.Float64, strict=False)


def _times(own: pl.Expr, kind: str) -> pl.Expr:
    """Days and moments, or those among texts, as moments; null for others."""
    moment = dtype_of(MOMENT)
    if kind != TEXT:
        return own.cast(moment)
    days = own.str.strip_chars().str.to_date("%Y-%m-%d", strict=False).cast(moment)
    return pl.coalesce(own.map_batches(parse_moments, return_dtype=moment), days)


def _in_numbers(own: pl.Expr, order: str, numbers: Sequence[Any]) -> pl.Expr:
    if order != "=..":
        return _compared(own, order, numbers[0])
    ends = zip(("$gte", "$lte"), numbers, strict=True)
    return _every(_compared(own, end, number) for end, number in ends if number is not None)


def _compared(own: pl.Expr, order: str, with_: Any) -> pl.Expr:
    compared: pl.Expr = _ORDERS[order](own, with_)
    return compared


def _in_time(own: pl.Expr, order: str, span: tuple[datetime, datetime]) -> pl.Expr:
    """Whether moments are before or after a span of time, or in it, too: a year is all of its days."""
    start, end = span
    if order in ("=", "=.."):
        return (own >= start) & (own < end)
    return {"$gt": own >= end, "$gte": own >= start, "$lt": own < start, "$lte": own < end}[order]


def asked_moments(value: str) -> tuple[datetime, datetime] | None:
    """The beginning of a moment, day, month, year or range of these, in UTC, and the end; None for others.

    >>> [end.isoformat() for end in asked_moments("2024-01")]
    ['2024-01-01T00:00:00+00:00', '2024-02-01T00:00:00+00:00']
    """
    first, dots, last = value.partition("..")
    spans = [_span(end) for end in ((first, last) if dots else (first,)) if end.strip()]
    if not spans or None in spans:
        return None
    ends = [span for span in spans if span is not None]
    start = ends[0][0] if first.strip() else datetime.min.replace(tzinfo=UTC)
    end = ends[-1][1] if last.strip() or not dots else datetime.max.replace(tzinfo=UTC)
    if start > end:
        raise runs_backwards(first, last)
    return start, end


def _span(text: str) -> tuple[datetime, datetime] | None:
    (moment,) = parse_moments(pl.Series([text], dtype=pl.String))
    if moment is not None:
        return moment, moment + _INSTANT
    span = parse_span(text)
    if span is None:
        return None
    first, last = (day.astype("datetime64[D]").astype(date) for day in span)
    return _midnight(first, datetime.min), _midnight(last, datetime.max)


def _midnight(day: Any, otherwise: datetime) -> datetime:
    """The beginning of a day; days that Python cannot name are the end of time."""
    if not isinstance(day, date):
        return otherwise.replace(tzinfo=UTC)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _whole(text: str) -> int | None:
    """The whole number of 64 bits that a text is, as 3.0 and 1e3 are; None if it is none."""
    number = _number(text)
    return None if number is None or abs(number) >= 1 << 63 or number != int(number) else int(number)


def _number(text: str) -> int | float | None:
    """The number that a text is, exact if it is whole and 64 bits hold it; None if it is none."""
    if re.fullmatch(r"\s*[+-]?\d{1,19}\s*", text) and abs(int(text)) < 1 << 63:
        return int(text)
    try:
        number = float(text)
    except ValueError:
        number = written_number(text)
    return None if math.isnan(number) else number


_TRUTH = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(whole_words(value, _SHOWN) for value in values[:_NAMED])
    return f"{shown}, … ({len(values):,} in all)" if len(values) > _NAMED else shown or "none"
