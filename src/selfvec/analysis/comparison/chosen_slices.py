"""Which slices of a corpus are compared, which can be, and which documents are in none.

A corpus of many years may have years with few documents, so neighbouring periods are joined.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from selfvec.base.arrays import Ints, Mask
from selfvec.base.casing import in_any_case
from selfvec.base.display import count_of, printable
from selfvec.base.errors import InputError, NotFound, OptionError, did_you_mean
from selfvec.base.finding import Finding
from selfvec.corpus.field_names import some_of
from selfvec.corpus.slices import (
    MONTHS,
    Slice,
    by_day,
    by_label,
    by_period,
    labelled_by,
    named_slice,
    parse_span,
    slice_counts,
)
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import MIN_COUNT

ENOUGH_TOKENS = 2_000  # with fewer, hardly any word of a period can be compared
MOST_SLICES = 8  # of a text
LEAST = 16  # documents on each side of words whose differing uses are estimated
SURE = 100  # such words: with fewer, a side is too small to tell which words changed
_UNITS = ("year", "quarter", "month")
_EVEN = 0.3  # of the words, in the smaller half of a text
_LEAST_DRAWN, _MOST_DRAWN = 6, 40  # periods of a chart over time
_ENOUGH = 20  # documents of a period there
BY_REFINING = ["original", "refined"]  # names the states before and after refining, unless slices do


T = TypeVar("T")


def slices_of(run: Run) -> list[Slice]:
    """The slices a run was made with: periods or labels of documents; empty if there are none."""
    if run.tokens is None:
        return []
    period = run.provenance.options.get("slice")
    if period:
        return by_period(run.tokens, period)
    return by_label(run.tokens) if run.tokens.slices is not None else []


def comparable_slices(run: Run) -> list[Slice]:
    """At most eight slices of a run's corpus, in order: by label, by its period, or by year.

    A text of one year is divided by quarter, one of a quarter by month, one of a month by day. Empty if the
    documents have neither labels nor dates, or fall into a single slice.
    """
    batch = run.tokens
    if batch is None:
        return []
    if batch.slices is not None:
        slices = _labelled(batch)[:MOST_SLICES]
        return slices if len(slices) > 1 else []
    if batch.period is None:
        return []
    divided = (
        join_periods(periods, batch) for _, periods in _periods(batch, run.provenance.options.get("slice"))
    )
    return next((slices for slices in divided if len(slices) > 1), [])


def _labelled(batch: TokenBatch) -> list[Slice]:
    """The labels that have documents."""
    return [part for part in by_label(batch) if part.documents.any()]


def _periods(batch: TokenBatch, unit: str | None) -> Iterator[tuple[str, list[Slice]]]:
    """The periods of a unit; without one years, quarters and months, and days within a month."""
    for name in [unit] if unit else _UNITS:
        periods = by_period(batch, name)
        yield name, periods
    if not unit and len(periods) == 1:
        yield "day", by_day(batch)


def drawn_periods(
    batch: TokenBatch | None, enough: int = _ENOUGH, most: int = _MOST_DRAWN
) -> tuple[str, list[Slice]]:
    """The periods of charts, and their unit: labels, or the finest unit of which each has enough documents.

    There are at most ``most``, with ``enough`` documents each on average.

    >>> dates = np.arange("2023-01-01", "2024-12-31", dtype="datetime64[D]")
    >>> batch = TokenBatch(np.zeros(0, np.int32), np.zeros(731, np.int64), ["a"], dates)
    >>> unit, periods = drawn_periods(batch)
    >>> unit, len(periods)
    ('month', 24)
    """
    unit, drawn = "", list[Slice]()
    if batch is not None and batch.slices is not None:
        drawn = _labelled(batch)[:_MOST_DRAWN]
    elif batch is not None and batch.dates is not None and batch.period:
        dated = np.count_nonzero(~np.isnat(batch.dates))
        for finer in (*reversed(MONTHS), "week", "day"):
            periods = by_day(batch) if finer == "day" else by_period(batch, finer)
            thin = len(drawn) >= _LEAST_DRAWN and dated < enough * len(periods)
            if thin or len(periods) > most:
                break
            if len(periods) != len(drawn):  # days that are the first of a month are months
                unit, drawn = finer, periods
    return unit, drawn


def join_periods(periods: Sequence[Slice], batch: TokenBatch, most: int = MOST_SLICES) -> list[Slice]:
    """Join neighbouring periods until each holds at least its share of the text.

    >>> dates = np.array([f"{1990 + i}-05-01" for i in range(6)], "datetime64[D]")
    >>> offsets = np.array([0, 1, 2, 10, 20, 30, 31])
    >>> batch = TokenBatch(np.zeros(31, np.int32), offsets, ["a"], dates)
    >>> [part.name for part in join_periods(by_period(batch, "year"), batch, most=3)]
    ['1990..1993', '1994..1995']
    """
    if len(periods) <= 2:
        return list(periods)
    sizes = _sizes(periods, batch)
    groups: list[list[int]] = [[]]
    for number, size in enumerate(sizes.tolist()):
        groups[-1].append(number)
        if sizes[groups[-1]].sum() >= sizes.sum() / most and size:
            groups.append([])
    if not groups[-1]:
        groups.pop()
    elif len(groups) > 1 and sizes[groups[-1]].sum() < sizes.sum() / most / 2:
        tail = groups.pop()
        groups[-1] += tail
    return [_joined([periods[i] for i in group]) for group in groups]


def first_and_last(periods: Sequence[Slice], batch: TokenBatch, enough: int = ENOUGH_TOKENS) -> list[Slice]:
    """The first and the last period, each joined with its neighbours until it has enough tokens.

    A text that has less than twice as many is cut in halves, so that something can be compared.

    >>> dates = np.array([f"{1990 + i}-05-01" for i in range(6)], "datetime64[D]")
    >>> offsets = np.array([0, 1, 2, 10, 20, 30, 31])
    >>> batch = TokenBatch(np.zeros(31, np.int32), offsets, ["a"], dates)
    >>> [part.name for part in first_and_last(by_period(batch, "year"), batch, 8)]
    ['1990..1992', '1994..1995']
    >>> [part.name for part in first_and_last(by_period(batch, "year"), batch)]
    ['1990..1993', '1994..1995']
    """
    sizes = _sizes(periods, batch)
    first, last = (1 + int(np.searchsorted(np.cumsum(sizes[::step]), enough)) for step in (1, -1))
    if first + last > len(periods):
        return _halves(periods, batch)
    return [_joined(periods[:first]), _joined(periods[-last:])]


def _sizes(periods: Sequence[Slice], batch: TokenBatch) -> Ints:
    """Tokens of each period."""
    lengths = batch.lengths
    return np.array([lengths[part.documents].sum() for part in periods], np.int64)


def _joined(parts: Sequence[Slice]) -> Slice:
    if len(parts) == 1:
        return parts[0]
    documents = np.any([part.documents for part in parts], axis=0)
    first = parts[0].name.partition("..")[0]
    last = parts[-1].name.rpartition("..")[2]
    return Slice(f"{first}..{last}", documents)


class Chosen(NamedTuple):
    """What is compared: two slices, or none for the text before and after refining."""

    slices: Sequence[Slice]
    why: str = ""  # these, if nobody named them; or why there are none
    findings: Sequence[Finding] = ()  # about documents that are on no side
    in_time: bool = False  # nobody named slices: what happened in all of the time is said first
    among: Mask | None = None  # (D,), the documents that pass filters


def asked_slices(
    run: Run,
    between: Any = None,
    period: str | None = None,
    field: str | None = None,
    filters: Sequence[str] = (),
    otherwise: str | None = None,
) -> Chosen:
    """What the options ``between``, ``slice``, ``slice_field`` and ``filters`` of `drift` ask for.

    Slices hold only documents that pass the filters, and are chosen among these. Where nobody names them,
    they are the `default_slices`. There have to be two slices with ``otherwise``, which ends the remedy.
    """
    if between is not None and period is not None:
        raise OptionError("the slices are those of --between or of --slice", remedy="leave one of them out")
    sides = period if between is None else _named_sides(between)
    lacking: list[str] = []
    among, documents = run, None
    if filters:
        from selfvec.corpus.filters import filtered_documents  # only a filter needs Polars

        documents = filtered_documents(run, filters, lacking)
        among = run.replace(tokens=dated_among(run.require_tokens(), documents))
    if field is not None:
        chosen = Chosen(_two(field_slices(run, field, _values(field, sides), 2, documents)))
    elif sides == BY_REFINING and not set(BY_REFINING) <= {part.name for part in slices_of(run)}:
        chosen = Chosen([], "refining is compared for all documents" * bool(filters))
    elif sides is None:
        chosen = default_slices(among, None if documents is None else int(documents.sum()))
    elif isinstance(sides, str):
        batch = among.require_tokens()
        chosen = Chosen(first_and_last(_several(by_period(batch, sides)), batch))
    else:
        chosen = Chosen([_named(run, part) if isinstance(part, str) else part for part in _two(sides)])
    if not chosen.slices:
        if otherwise is not None:
            rule = chosen.why or "the text has neither periods nor labels to compare"
            remedy = f"name two parts with --between or --slice-field{otherwise}"
            raise InputError(rule, path=run.folder, remedy=remedy)
        how = "Nothing is compared" if filters else "Compared by refining"
        return chosen._replace(why=chosen.why and f"{how}: {chosen.why}.", among=documents)
    lost = _on_no_side(run, chosen.slices, field, documents)
    if documents is None:
        return chosen._replace(findings=lost)
    why = " ".join([*(f"{said[0].upper()}{said[1:]}." for said in lacking), chosen.why]).strip()
    return chosen._replace(
        slices=[_passing(part, documents) for part in chosen.slices],
        why=why,
        findings=lost,
        among=documents,
    )


def _named(run: Run, name: str) -> Slice:
    """The slice with this name; if it is a value of a field instead, the error says of which."""
    try:
        return named_slice(run.require_tokens(), name)
    except NotFound:
        text = run.text
        fields = [] if text is None else [field for field in text.fields if name in text.field(field)]
        if not fields:
            raise
        rule = f"{name!r} is not a slice but a value of the field {fields[0]!r}"
        remedy = f"add --slice-field {shlex.quote(fields[0])} or, in a report, name it with --groups instead"
        raise NotFound(rule, remedy=remedy) from None


def dated_among(batch: TokenBatch, documents: Mask) -> TokenBatch:
    """The tokens as if other documents had neither dates nor labels."""
    dates = None if batch.dates is None else np.where(documents, batch.dates, np.datetime64("NaT", "D"))
    labels = None if batch.slices is None else np.where(documents, batch.slices, -1).astype(np.int32)
    return replace(batch, dates=dates, slices=labels)


def _passing(part: Slice, documents: Mask) -> Slice:
    """The documents of a slice that pass; `InputError` if there is none."""
    kept = Slice(part.name, part.documents & documents)
    if part.documents.any() and not kept.documents.any():
        rule = f"no document of {part.name} passes the filters"
        raise InputError(rule, remedy="compare other slices, or leave a filter out")
    return kept


# ---- What is compared if nobody names it, in words, subjects and pages


def default_slices(run: Run, number: int | None = None) -> Chosen:
    """The halves of a ``number`` of documents of a run, by default of all.

    A text with labels is compared between the first and the last, one whose documents mostly have no date
    before and after refining.
    """
    batch = run.tokens
    if batch is None:
        return Chosen([])
    if batch.slices is not None:
        return _first_and_last_label(batch)
    dated = 0 if batch.dates is None else int((~np.isnat(batch.dates)).sum())
    if not dated:
        return Chosen([], "the documents have no dates")
    number = batch.documents if number is None else number
    if 2 * dated < number:
        return Chosen([], f"{number - dated:,} of {number:,} documents have no date")
    return _halves_of(batch, run.provenance.options.get("slice"))


def _first_and_last_label(batch: TokenBatch) -> Chosen:
    slices = _labelled(batch)
    if len(slices) == 1:
        return Chosen([], f"the run has only one slice, {slices[0].name}")
    sizes = _sizes(slices, batch)
    if not slices or min(sizes[0], sizes[-1]) >= ENOUGH_TOKENS:
        return Chosen([slices[0], slices[-1]] if slices else [])
    # Labels have no order in which they could be joined: those with the most text, in their order.
    return Chosen([slices[i] for i in sorted(np.argsort(-sizes, kind="stable")[:2].tolist())])


def _halves_of(batch: TokenBatch, unit: str | None) -> Chosen:
    """The halves of a text, cut between two years if they are large enough, else quarters, months, days.

    If a unit is given, they are cut between two of its periods.
    """
    every = [periods for _, periods in _periods(batch, unit)]
    halves = [_halves(periods, batch) for periods in every if len(periods) > 1]
    if not halves:
        only = "the run has only one slice" if unit else "all documents are of one day"
        return Chosen([], f"{only}, {every[-1][0].name}")
    smaller = [min(sizes) / sum(sizes) for sizes in (_sizes(sides, batch) for sides in halves)]
    sides = max(zip(smaller, halves, strict=True), key=lambda each: min(each[0], _EVEN))[1]
    if not unit and slice_counts(batch, sides).min(axis=0).max() < MIN_COUNT:
        return Chosen([], f"no word occurs {MIN_COUNT} times in both halves of the text")
    return Chosen(sides, "Compared: the halves of the text.", in_time=True)


def _halves(periods: Sequence[Slice], batch: TokenBatch) -> list[Slice]:
    """The first and the last periods, cut where they hold nearest to half of the text."""
    sizes = _sizes(periods, batch)
    half = int(np.argmin(np.abs(np.cumsum(sizes[:-1]) - sizes.sum() / 2))) + 1
    return [_joined(periods[:half]), _joined(periods[half:])]


def _named_sides(between: Any) -> Any:
    """A period, or two slices."""
    if isinstance(between, str):
        return between
    several = list(between) if isinstance(between, Sequence) else []
    if not several or not all(isinstance(side, str | Slice) for side in several):
        rule = f"is two slices, such as ['1990..1999', '2010..2019'], or a period, not {between!r:.80}"
        raise OptionError(rule, field="between")
    return several


def _values(field: str, sides: str | Sequence[str | Slice] | None) -> list[str] | None:
    """The values of a field that are named, if any."""
    if isinstance(sides, str):
        rule = f"the slices are values of {field!r}, or periods such as {sides}"
        raise OptionError(rule, field="slice_field", remedy="leave one of them out")
    return None if sides is None else [side.name if isinstance(side, Slice) else side for side in sides]


def field_slices(
    run: Run,
    field: str,
    named: Sequence[str] | None = None,
    most: int = MOST_SLICES,
    among: Mask | None = None,  # (D,), the documents that pass; by default all
    option: str | None = None,  # that names both, if one does
) -> list[Slice]:
    """Values of a kept field as slices: those that are named, or else those with the most text.

    Documents without the field are in no slice.
    """
    batch = labelled_by(run, field, option or "slice_field")
    assert batch.slices is not None
    names = list(batch.slice_names)
    if len(names) == 1:
        rule = f"the field {field!r} has only the value {names[0]!r}"
        raise InputError(rule, remedy="name another field")
    if named is None:
        lengths = batch.lengths * (1 if among is None else among)
        text = np.bincount(batch.slices + 1, weights=lengths, minlength=len(names) + 1)[1:]
        numbers = sorted(i for i in np.argsort(-text, kind="stable")[:most].tolist() if text[i])
    else:
        numbers = [names.index(_value(name, field, names, option or "between")) for name in named]
    parts = [Slice(names[i], np.equal(batch.slices, i)) for i in numbers]
    return parts if among is None else [_passing(part, among) for part in parts]


def _value(name: str, field: str, known: Sequence[str], option: str) -> str:
    """A value of a field by its name in any case; `NotFound` if there is none."""
    value = in_any_case(name, known)
    if value is None:
        rule = f"{name!r} is not a value of the field {field!r}; its values are {some_of(known, 10, repr)}"
        raise NotFound(rule, field=option, remedy=did_you_mean(name, known) or "name two of them")
    return value


def _several(slices: list[Slice]) -> list[Slice]:
    """The slices, if there is more than one."""
    if len(slices) == 1:
        remedy = "name the slices: --between A..B C..D"
        raise InputError(f"the run has only one slice, {slices[0].name}", remedy=remedy)
    return slices


def _two(sides: Sequence[T]) -> list[T]:
    """The sides, if there are two."""
    if len(sides) != 2:
        raise OptionError(f"two slices are compared, not {len(sides)}", field="between")
    return list(sides)


# ---- Documents on no side


def _on_no_side(run: Run, slices: Sequence[Slice], field: str | None, among: Mask | None) -> list[Finding]:
    """How many documents are on no side since they have no date or, of a field of the text, no value."""
    batch, text = run.tokens, run.text
    if text is not None and field is not None:
        lacking, what = np.array([not (value or "").strip() for value in text.field(field)], bool), field
    elif batch is not None and batch.dates is not None and all(parse_span(part.name) for part in slices):
        lacking, what = np.isnat(batch.dates), "date"
    else:
        return []
    asked = lacking if among is None else lacking[among]
    if not asked.any():
        return []
    has = "has" if asked.sum() == 1 else "have"
    said = (
        f"{asked.sum():,} of {count_of(len(asked), 'document')} {has} no {what}, so they are on neither side."
    )
    return [Finding("missing", printable(said), effect=float(asked.mean()))]
