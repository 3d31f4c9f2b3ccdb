"""Slices of a corpus that can be compared.

A corpus of many years may have years with few documents, so neighbouring periods are joined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.casing import in_any_case
from selfvec.base.errors import InputError, NotFound, OptionError, did_you_mean
from selfvec.corpus.slices import Slice, by_label, by_period, labelled_by, listed, named_slice
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch

ENOUGH_TOKENS = 2_000  # with fewer, hardly any word of a period can be compared
MOST_SLICES = 8  # of a text


def slices_of(run: Run) -> list[Slice]:
    """The slices a run was made with: periods or labels of documents; empty if there are none."""
    if run.tokens is None:
        return []
    period = run.provenance.options.get("slice")
    if period:
        return by_period(run.tokens, period)
    return by_label(run.tokens) if run.tokens.slices is not None else []


def without_slices(run: Run) -> Run:
    """The run as if it had been made without slices, so that drift compares original with refined."""
    if run.tokens is None:
        return run
    options = {**run.provenance.options, "slice": None}
    tokens = replace(run.tokens, slices=None, slice_names=())
    return run.replace(provenance=run.provenance.replace(options=options), tokens=tokens)


def comparable_slices(run: Run) -> list[Slice]:
    """At most eight slices of a run's corpus, in order: by label, by its period, or by year.

    Empty if the corpus has neither labels nor dates, or falls into a single slice.
    """
    batch = run.tokens
    if batch is None:
        return []
    period = run.provenance.options.get("slice")
    try:
        if batch.slices is not None:
            found = [part for part in by_label(batch) if part.documents.any()][:MOST_SLICES]
        else:
            found = join_periods(by_period(batch, period or "year"), batch)
    except InputError:  # no dates
        return []
    return found if len(found) > 1 else []


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

    >>> dates = np.array([f"{1990 + i}-05-01" for i in range(6)], "datetime64[D]")
    >>> offsets = np.array([0, 1, 2, 10, 20, 30, 31])
    >>> batch = TokenBatch(np.zeros(31, np.int32), offsets, ["a"], dates)
    >>> [part.name for part in first_and_last(by_period(batch, "year"), batch, 8)]
    ['1990..1992', '1994..1995']
    """
    sizes = _sizes(periods, batch)
    first = 1 + int(np.searchsorted(np.cumsum(sizes), enough))
    last = 1 + int(np.searchsorted(np.cumsum(sizes[::-1]), enough))
    if first + last > len(periods):  # too little text in all
        first = last = 1
    return [_joined(periods[:first]), _joined(periods[-last:])]


def _sizes(periods: Sequence[Slice], batch: TokenBatch) -> Ints:
    """Tokens of each period."""
    lengths = np.diff(batch.offsets)
    return np.array([lengths[part.documents].sum() for part in periods], np.int64)


def _joined(parts: Sequence[Slice]) -> Slice:
    if len(parts) == 1:
        return parts[0]
    documents = np.any([part.documents for part in parts], axis=0)
    first = parts[0].name.partition("..")[0]
    last = parts[-1].name.rpartition("..")[2]
    return Slice(f"{first}..{last}", documents)


def chosen_slices(run: Run, between: str | Sequence[str | Slice] | None) -> list[Slice]:
    """The two slices that `drift` compares; none if it compares the original with the refined vectors."""
    if isinstance(between, str):
        batch = run.require_tokens()
        periods = by_period(batch, between)
        return first_and_last(_two(periods), batch)
    if between is not None:
        if len(between) != 2:
            raise OptionError(f"two slices are compared, not {len(between)}", field="between")
        batch = run.require_tokens()
        return [named_slice(batch, part) if isinstance(part, str) else part for part in between]
    slices = slices_of(run)
    if not slices or run.tokens is None:
        return []
    _two(slices)
    return [slices[0], slices[-1]] if run.tokens.slices is not None else first_and_last(slices, run.tokens)


def field_slices(
    run: Run, field: str, named: Sequence[str] | None = None, most: int = MOST_SLICES
) -> list[Slice]:
    """Values of a kept field as slices: those that are named, or else those with the most text, in its order.

    Documents without the field are in no slice.
    """
    batch = labelled_by(run, field, "slice_field")
    assert batch.slices is not None
    names = list(batch.slice_names)
    if len(names) == 1:
        rule = f"the field {field!r} has only the value {names[0]!r}"
        raise InputError(rule, remedy="name another field")
    if named is None:
        text = np.bincount(batch.slices + 1, weights=np.diff(batch.offsets), minlength=len(names) + 1)[1:]
        numbers = sorted(np.argsort(-text, kind="stable")[:most].tolist())
    else:
        numbers = [names.index(_value(one, field, names)) for one in named]
    return [Slice(names[i], np.equal(batch.slices, i)) for i in numbers]


def _value(name: str, field: str, known: Sequence[str]) -> str:
    """A value of a field by its name in any case; `NotFound` if there is none."""
    found = in_any_case(name, known)
    if found is None:
        rule = f"{name!r} is not a value of the field {field!r}; its values are {listed(known)}"
        raise NotFound(rule, field="between", remedy=did_you_mean(name, known) or "name two of them")
    return found


def _two(slices: list[Slice]) -> list[Slice]:
    """The slices, if there is more than one."""
    if len(slices) == 1:
        raise InputError(
            f"the run has only one slice, {slices[0].name}", remedy="name the slices: --between A..B C..D"
        )
    return slices


def sources_of(run: Run, slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """The slices to measure: all documents if no slices are compared; empty without a corpus."""
    if slices or run.tokens is None:
        return tuple(slices)
    return (Slice("all", np.ones(run.tokens.documents, bool)),)


def documents_of(slices: Sequence[Slice]) -> list[tuple[str, str]]:
    """The names of slices, and hashes of which documents are theirs: a part of the keys of what is cached."""
    return [(one.name, hashlib.sha256(one.documents.tobytes()).hexdigest()) for one in slices]
