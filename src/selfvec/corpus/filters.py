"""Filters as expressions over the fields of documents, each of which is of a type.

Numbers are compared as numbers, days and moments as time, texts as texts: whether a document passes depends
on that document alone. `filtered_documents` finds the documents of a run, `allowed` those of an index.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property, partial
from itertools import starmap
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from selfvec.base.arrays import Array, Dates, Mask
from selfvec.base.casing import in_any_case
from selfvec.base.display import code_of, whole_words
from selfvec.base.errors import NotFound, OptionError, did_you_mean
from selfvec.base.names import items_at, parted
from selfvec.data.field_types import (
    DAY,
    INTEGER,
    LIST,
    MOMENT,
    NUMBER,
    TEXT,
    TRUTH,
    dtype_of,
    kind_of,
    parse_moments,
    parsed,
    written,
)
from selfvec.data.run import Run
from selfvec.files.untrusted import parse_json

from .field_names import some_of
from .given_filters import EXAMPLE, RULE, WithFields, filter_names
from .slices import parse_span, runs_backwards

_ORDERS = ("$gt", "$gte", "$lt", "$lte")
_OF_FIELDS = ("$eq", "$ne", "$in", "$nin", *_ORDERS, "$not", "$exists")
_OF_FILTERS = ("$and", "$or", "$nor", "$not")
MOST_LEAVES = 500  # of one question: fields that are compared with values, each with all of its alternatives
_DEEPEST = 100  # lists and objects, each of which may be within the one before
_HELD = 4_000_000  # values of columns that are held between questions
_COMPARED = 10_000  # values that are compared with one that there is not
_NAMED = 10  # values in an error
_SHOWN = 40  # characters of each


@dataclass(frozen=True, eq=False)
class _FieldsOfRun:
    run: Run

    @property
    def columns(self) -> dict[str, Any]:
        return self.run.held("columns of filters", dict[str, Any])

    @property
    def fields(self) -> Collection[str]:
        return [] if self.run.text is None else self.run.text.fields

    @property
    def dated(self) -> str | None:
        return self.run.provenance.corpus.get("date_field")

    @property
    def days(self) -> Dates:
        if self.run.text is not None:
            return self.run.text.days
        batch = self.run.require_tokens()
        return np.full(batch.documents, "NaT", "datetime64[D]") if batch.dates is None else batch.dates

    def values(self, field: str) -> pl.Series:
        return self.run.require_text("and fields are in it").values(field)


def filtered_documents(run: Run, filters: Sequence[str], lacking: list[str] | None = None) -> Mask:
    """The documents of a run that pass, (D,) bool; see `allowed`. All without filters.

    `NotFound` if there is none. `InputError` if the run has not kept its tokens, or a field is named and it
    has not kept its text.
    """
    said: list[str] = [] if lacking is None else lacking
    passing = allowed(run, filters, said)
    if not passing.any():
        rule, _, remedy = said[-1].partition("; ")
        raise NotFound(rule, field="filter", remedy=remedy)
    return passing


def allowed(given: WithFields | Run, filters: Sequence[str], lacking: list[str] | None = None) -> Mask:
    """The documents of an index or a run that pass, (D,) bool; none may pass.

    Texts on one field are alternatives; all fields must pass.

    Names and texts are compared without regard to case; names, unless they differ in nothing else. Of texts
    the blanks around them, and how letters are encoded, do not matter either. If no document has a value that
    is named, or none passes, ``lacking`` gets one sentence: it may be a slip.
    """
    documents = _FieldsOfRun(given) if isinstance(given, Run) else given
    if not filters:
        return np.ones(len(documents.days), bool)
    compiler = Compiler(documents)
    passing = compiler.passing(filters)
    if lacking is not None:
        missing = next(filter(None, (leaf() for leaf in compiler.leaves)), "")
        if not missing and not passing.any():
            missing = f"no document passes all of {', '.join(filters)}; leave one of them out"
        lacking += [missing] * bool(missing)
    return passing


Compared = tuple[str, Any]
"""How a value is compared, by "=", "=.." for a range or an order between blanks; and it, None for none."""


class _Leaf(NamedTuple):
    """What the values of one field are compared with, which are alternatives."""

    column: _FieldColumn
    asked: list[Compared]


_Part = _Leaf | pl.Expr


@dataclass
class Compiler:
    """Compiles filters to an expression over the columns that they name."""

    documents: WithFields
    columns: dict[str, _FieldColumn] = field(default_factory=dict)  # by what filters call them
    leaves: list[Callable[[], str]] = field(default_factory=list)  # which say what no document has

    def passing(self, filters: Sequence[str]) -> Mask:
        """The documents that pass all filters, (D,) bool."""
        passes = pl.select(self._expression(self._all_of(filters))).to_series().to_numpy()
        return np.broadcast_to(passes, len(self.documents.days)).copy()

    def _all_of(self, filters: Sequence[str]) -> _Part:
        """What documents pass that pass all filters; texts on one field are alternatives."""
        parts, alternatives, denied = list[_Part](), dict[str, list[_Part]](), list[_Part]()
        for text in filters:
            if text.lstrip().startswith("{"):
                parts.append(self._of_json(text))
                continue
            name, sign, value = text.partition("=")
            is_denied = name.endswith("!")
            name = name.removesuffix("!").strip()
            if not sign or not name:
                raise OptionError(f"{RULE}, not {text!r}", field="filter", remedy=EXAMPLE)
            column = self._column(name)
            several = denied if is_denied else alternatives.setdefault(column.name, [])
            several.append(_leaf(column, [value.strip()], bare=True))
        return self._every([*parts, ~self._some(denied), *map(self._some, alternatives.values())])

    def _of_json(self, text: str) -> _Part:
        try:
            condition = parse_json(text)
        except ValueError as error:
            raise OptionError(f"{text:.80} is no JSON ({error})", field="filter", remedy=EXAMPLE) from None
        level = [condition]
        for _ in range(_DEEPEST):
            level = [
                part
                for outer in level
                if isinstance(outer, dict | list)
                for part in (outer.values() if isinstance(outer, dict) else outer)
            ]
        if level:
            rule = f"is nested more than {_DEEPEST} deep"
            raise OptionError(rule, field="filter", remedy="join the conditions")
        return self._fulfilling(condition)

    def _fulfilling(self, condition: Any) -> _Part:
        if not isinstance(condition, Mapping):
            raise OptionError(f"{RULE}, not {code_of(condition)}", field="filter", remedy=EXAMPLE)
        parts = list[_Part]()
        for name, value in condition.items():
            if name in ("$and", "$or", "$nor") and not isinstance(value, list):
                raise OptionError(f"{name} takes a list of filters, not {code_of(value)}", field="filter")
            if name == "$and":
                parts.append(self._every([*map(self._fulfilling, value)]))
            elif name in _OF_FILTERS:
                some = self._some(map(self._fulfilling, [value] if name == "$not" else value))
                parts.append(some if name == "$or" else ~some)
            elif name.startswith("$"):
                raise OptionError.one_of(name, _OF_FILTERS, field="filter")
            else:
                parts.append(self._of_field(self._column(name), value))
        return self._every(parts)

    def _of_field(self, column: _FieldColumn, wanted: Any) -> _Part:
        """The documents whose value of a field is as wanted: a value, one of a list, or by operators."""
        if not isinstance(wanted, Mapping):
            return _leaf(column, wanted if isinstance(wanted, list) else [wanted], bare=True)
        parts = list[_Part]()
        for name, value in wanted.items():
            if name in ("$in", "$nin") and not isinstance(value, list):
                raise OptionError(f"{name} takes a list of values, not {code_of(value)}", field="filter")
            if name in ("$eq", "$in", "$ne", "$nin"):
                equal = _leaf(column, value if name in ("$in", "$nin") else [value])
                parts.append(equal if name in ("$eq", "$in") else ~self._some([equal]))
            elif name == "$not":
                parts.append(~self._some([self._of_field(column, value)]))
            elif name == "$exists":
                lacks = _leaf(column, [None])
                parts.append(~self._some([lacks]) if value else lacks)
            elif name in _ORDERS:
                parts.append(_compared(column, [(f" {name} ", _as_text(value))]))
            else:
                raise OptionError.one_of(name, _OF_FIELDS, field="filter")
        return self._every(parts)

    def _every(self, parts: list[_Part]) -> _Part:
        return parts[0] if len(parts) == 1 else pl.all_horizontal(pl.lit(True), *map(self._expression, parts))

    def _some(self, parts: Iterable[_Part]) -> pl.Expr:
        """What documents pass that pass one of some parts, of which those on one field are one."""
        asked, others = dict[_FieldColumn, list[Compared]](), list[pl.Expr]()
        for part in parts:
            if isinstance(part, _Leaf):
                asked.setdefault(part.column, []).extend(part.asked)
            else:
                others.append(part)
        leaves = map(self._expression, starmap(_Leaf, asked.items()))
        return pl.any_horizontal(pl.lit(False), *leaves, *others)

    def _expression(self, part: _Part) -> pl.Expr:
        if isinstance(part, pl.Expr):
            return part
        if len(self.leaves) == MOST_LEAVES:
            rule = f"has more than {MOST_LEAVES:,} comparisons, the last with {part.column.name!r}"
            remedy = "list the values of a field with $in or $nin, or ask several times"
            raise OptionError(rule, field="filter", remedy=remedy)
        wanted = part.column.wanted(part.asked)
        self.leaves.append(partial(part.column.missing, part.asked, wanted))
        return part.column.passes(part.asked, wanted)

    def _column(self, name: str) -> _FieldColumn:
        if name not in self.columns:
            field, held = _field(self.documents, name), self.documents.columns
            column = held.get(field)
            if column is None:
                series, days = _values(self.documents, field), None
                if field == self.documents.dated and kind_of(series.dtype) == MOMENT:
                    dates = _values(self.documents, "date")
                    days = _FieldColumn(field, dates.zip_with(series.is_not_null(), pl.Series([None])))
                column = _FieldColumn(field, series, days)
                if len(held) * len(column.series) > _HELD:
                    held.clear()
                held[field] = column
            self.columns[name] = column
        return self.columns[name]


def _leaf(column: _FieldColumn, values: Sequence[Any], *, bare: bool = False) -> _Leaf:
    """A comparison with values, which may be ranges if they stand bare."""
    texts = (None if value is None else _as_text(value) for value in values)
    return _compared(column, [("=.." if bare and text and _is_range(text) else "=", text) for text in texts])


def _compared(column: _FieldColumn, asked: list[Compared]) -> _Leaf:
    """A comparison of moments or, if no time of a day is named, of their days."""
    return _Leaf(column if ":" in str(asked) else column.days or column, asked)


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
    if name == "date":
        return pl.Series(documents.days.astype("datetime64[D]"))
    outer, keys = parted(documents.fields, name)
    values = documents.values(outer)
    if not keys and not (values.dtype == pl.String and values.str.starts_with("[").any()):
        return values
    texts = written(values)
    items = {text: [text] * (not keys) + _items(text, keys) for text in texts.unique().drop_nulls()}
    return pl.Series([items.get(text) or None for text in texts], dtype=pl.List(pl.String))


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

_SPANS: Mapping[str, Sequence[str]] = {
    TEXT: (INTEGER, NUMBER, MOMENT),
    INTEGER: (INTEGER,),
    NUMBER: (NUMBER,),
    DAY: (MOMENT,),
    MOMENT: (MOMENT,),
}
"""The forms in which values of a kind lie in spans."""
_BITS = (-(1 << 63), 1 << 63)
_ENDS: dict[str, Any] = {INTEGER: _BITS, NUMBER: (-math.inf, math.inf), MOMENT: _BITS}
_IN_UTC = ", in UTC (date= takes days as they were written)"
_LAST_OF_DAY = 86_399_999_999  # microseconds
_PLAIN_NUMBER = {INTEGER: r"^[+-]?(?:0|[1-9][0-9]*)$", NUMBER: r"^[+-]?(?:0|[1-9][0-9]*)\.[0-9]+$"}
Wanted = dict[str, Any]
"""By form: the texts that are asked for, (n,), or the first and the last values of spans, (2, n)."""


@dataclass(frozen=True, eq=False)
class _FieldColumn:
    """A field, and how its values are compared."""

    name: str
    series: pl.Series  # (D,)
    days: _FieldColumn | None = None  # as moments were written from which the documents have their dates
    derived: dict[str, pl.Series] = field(default_factory=dict)  # values in the forms that were needed

    @cached_property
    def kind(self) -> str:
        """That of its values, or of the items of its lists."""
        return kind_of(self.series.dtype).removeprefix(LIST)

    @cached_property
    def _is_list(self) -> bool:
        return kind_of(self.series.dtype).startswith(LIST)

    def _of_each(self, values: pl.Series, of: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
        return pl.lit(values).list.eval(of(pl.element())) if self._is_list else of(pl.lit(values))

    def _in_form(self, form: str) -> pl.Series:
        """The values, (D,): texts as `_plain` makes them, moments in microseconds; null for what is none."""
        if form not in self.derived:
            plain = self._in_form(TEXT) if self.kind == TEXT != form else _plain(self.series)
            read = self._of_each(plain, partial(_read, self.kind, form))
            self.derived[form] = pl.select(read).to_series()
        return self.derived[form]

    def _flat(self, values: pl.Series) -> pl.Series:
        return (values.explode() if self._is_list else values).drop_nulls()

    def _different(self, form: str) -> pl.Series:
        """The values, or the items of the lists, each once and in order."""
        name = f"different {form}"
        if name not in self.derived:
            self.derived[name] = self._flat(self._in_form(form)).unique().sort()
        return self.derived[name]

    def wanted(self, asked: Sequence[Compared]) -> Wanted:
        """What the values in each form are compared with."""
        exact = pl.Series([value if sign == "=" else None for sign, value in asked], dtype=pl.String)
        done, wanted = np.array(exact.is_not_null()), Wanted()
        spans = {
            form: np.full((2, len(asked)), [[1], [0]], np.float64 if form == NUMBER else np.int64)  # empty
            for form in _SPANS.get(self.kind, ())
        }
        if self.kind in (TEXT, TRUTH) and done.any():
            texts = _plain(exact)
            wanted[TEXT] = texts.replace(_TRUTH) if self.kind == TRUTH else texts
        elif done.any():
            for form, ends in spans.items():  # many at once
                values = parsed(exact, form).to_physical()
                done = np.array(values.is_not_null())
                first = np.array(values.drop_nulls())
                ends[:, done] = first, first + np.array(parsed(exact, DAY).is_not_null())[done] * _LAST_OF_DAY
        for place, (sign, value) in enumerate(asked):
            if not done[place] and value is not None:
                for form, span in self._spans(sign, value):
                    spans[form][:, place] = span
        return wanted | {form: ends for form, ends in spans.items() if (ends[0] <= ends[1]).any()}

    def _spans(self, sign: str, value: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
        """The spans of numbers and of time that a value stands for, with their last values."""
        low, _, high = value.partition("..")
        ends = (low or "-inf", high or "inf") if sign == "=.." else (value, value)
        numbers: list[Any] = [*map(_number, ends)]
        is_number = None not in numbers
        if is_number and numbers[0] > numbers[1]:
            raise runs_backwards(low, high)
        forms = _SPANS.get(self.kind, ())
        time = asked_moments(value) if sign != "=" or MOMENT in forms else None
        if self.name == "date" and self.kind == DAY and time is None:
            remedy = "write date=2019, date=2020-05, date=1996..1998 or date=2000-01-01..2005-06-30"
            raise NotFound(f"{value!r} is not a span of dates", field="filter", remedy=remedy)
        order = sign.strip()
        if not is_number and time is None and order in _ORDERS:
            rule = f"{order} compares numbers and dates, and {value!r} is neither"
            raise OptionError(rule, field="filter", remedy=EXAMPLE)
        for form in forms:
            least, most = _ENDS[form]
            if form == MOMENT and time is not None:
                first, after = time
            elif form != MOMENT and is_number:
                (first, _), (_, after) = (_around(number, form) for number in numbers)
            else:
                continue
            orders = {
                "$gt": (after, most),
                "$gte": (first, most),
                "$lt": (least, first),
                "$lte": (least, after),
            }
            first, after = orders.get(order, (first, after))
            first, after = max(first, least), min(after, most)
            if first < after:
                yield form, (first, math.nextafter(after, -math.inf) if form == NUMBER else after - 1)

    def passes(self, asked: Sequence[Compared], wanted: Wanted) -> pl.Expr:
        """Whether a document's value, or an item of its list, is among those asked for."""
        lacks = pl.lit(self.series).is_null()
        if self._is_list:
            lacks |= pl.lit(self.series).list.len() == 0
        parts = [lacks if any(value is None for _, value in asked) else pl.lit(False)]
        for form, sought in wanted.items():
            test = _within if form in _ENDS else _among
            passes = self._of_each(self._in_form(form), partial(test, sought))
            parts.append((passes.list.any() if self._is_list else passes).fill_null(False))
        return pl.any_horizontal(parts)

    def missing(self, asked: Sequence[Compared], wanted: Wanted) -> str:
        """A sentence for the first value asked for that no document has; empty if there is none."""
        there = np.array([value is None for _, value in asked])
        for form, sought in wanted.items():
            values = self._different(form)
            if form in _ENDS:
                first, last = sought
                there |= np.searchsorted(values, last, "right") > np.searchsorted(values, first)
            else:
                there |= sought.is_in(values.implode()).fill_null(False).to_numpy()
        return "" if there.all() else self.nothing(*asked[int(there.argmin())])

    def nothing(self, sign: str, value: str) -> str:
        """A sentence on a value that no document has, with those that there are."""
        different = self._flat(self.series).unique(maintain_order=True)
        is_range = sign != "="
        low, high = written(different.sort())[[0, -1]].to_list() if len(different) else ("", "")
        if self.kind == DAY and self.name == "date":
            there = f"the dates run from {low} to {high}"
            return f"no document is dated {sign.strip(' =.')}{' ' * (sign[0] == ' ')}{value}; {there}"
        asked = "=" if sign == "=.." else sign
        rule = f"no document has {self.name}{asked}{value}{_IN_UTC * (self.kind == MOMENT)}"
        if is_range and len(different) and self.kind in (INTEGER, NUMBER, DAY, MOMENT):
            what = "numbers" if self.kind in (INTEGER, NUMBER) else "dates"
            return f"{rule}; its {what} run from {low} to {high}"
        texts = [text.strip() for text in written(different).to_list() if text.strip()]
        near = "" if is_range else did_you_mean(value, texts[:_COMPARED])
        what = "texts: " * (is_range and self.kind == TEXT)
        shown = some_of(texts, _NAMED, lambda text: whole_words(text, _SHOWN)) or "none"
        return f"{rule}; {f'{near} its values are: {what}{shown}'.strip()}"


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


def _read(kind: str, form: str, values: pl.Expr) -> pl.Expr:
    """Values of a kind in another form; null for those that have none."""
    dtype = dtype_of(form)
    if form == MOMENT:
        if kind == TEXT:
            days = values.str.to_date("%Y-%m-%d", strict=False).cast(dtype)
            values = pl.coalesce(values.map_batches(parse_moments, return_dtype=dtype), days)
        return values.cast(dtype).to_physical()
    if kind == TEXT != form:
        values = values.str.extract(_PLAIN_NUMBER[form], 0)
    return values.cast(dtype, strict=False)


def _among(sought: pl.Series, values: pl.Expr) -> pl.Expr:
    return values.is_in(sought.drop_nulls().implode())


def _within(sought: Array, values: pl.Expr) -> pl.Expr:
    """Whether values lie in one of some spans: the last end of those that begin before it is behind it."""
    first, last = sought[:, sought[0].argsort()]
    last = pl.Series([None, *np.maximum.accumulate(last).tolist()])
    return values <= pl.lit(last).gather(pl.lit(pl.Series(first)).search_sorted(values, side="right"))


def _around(number: Decimal, form: str) -> tuple[Any, Any]:
    """The least value of a form from a number on, and the least above it.

    >>> _around(Decimal("2.5"), INTEGER), _around(Decimal(2), INTEGER), _around(Decimal(2**53 + 1), NUMBER)
    ((3, 3), (2, 3), (9007199254740994.0, 9007199254740994.0))
    """
    if form == INTEGER:
        within = max(min(number, Decimal(1 << 64)), -Decimal(1 << 64))
        return math.ceil(within), math.floor(within) + 1
    near = float(number)
    above = math.nextafter(near, math.inf)
    held = Decimal(repr(near)) if number == number.to_integral_value() else number
    return above if held < number else near, above if held <= number else near


def asked_moments(value: str) -> tuple[int, int] | None:
    """The microsecond when a moment, day, month, year or range of these begins, and that after it; or None.

    >>> [str(np.datetime64(end, "us")) for end in asked_moments("2024-01")]
    ['2024-01-01T00:00:00.000000', '2024-02-01T00:00:00.000000']
    """
    low, dots, high = value.partition("..")
    if not value.strip(" ."):
        return None
    begins, ends = (_span(part) if part.strip() else _BITS for part in (low, high if dots else low))
    if begins is None or ends is None:
        return None
    if begins[0] > ends[1]:
        raise runs_backwards(low, high)
    return begins[0], ends[1]


def _span(text: str) -> tuple[int, int] | None:
    if span := parse_span(text):
        first, after = (int(day.astype("datetime64[us]").astype(np.int64)) for day in span)
        return first, after
    if ":" not in text:  # no time of a day
        return None
    (moment,) = parse_moments(pl.Series([text], dtype=pl.String)).to_physical()
    return None if moment is None else (moment, moment + 1)


def _is_range(value: str) -> bool:
    """Whether a value that stands bare is a range of numbers or of time; else it is a text with dots."""
    low, dots, high = value.partition("..")
    ends = [end for end in (low, high) if end]
    return bool(dots and ends) and (None not in map(_number, ends) or asked_moments(value) is not None)


def _number(text: str) -> Decimal | None:
    """The number that a text is, with all of its digits; None if it is none."""
    try:
        number = Decimal(_COMMA.sub(r"\1.\2", text))
    except InvalidOperation:
        return None
    return None if number.is_nan() else number


_COMMA = re.compile(r"^(\s*[+-]?\d+),(\d{1,2}|\d{4,})(?=\s*$)")  # of decimals: 1,000 has one of thousands
_TRUTH = {**dict.fromkeys(("t", "yes", "y", "1"), "true"), **dict.fromkeys(("f", "no", "n", "0"), "false")}
