"""The fields of documents that may go with two sides, read once for all that ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.arrays import Ids
from selfvec.corpus.slices import parse_span
from selfvec.data.field_types import coded
from selfvec.data.run_text import RunText, column_of

_VALUES = (20, 100)  # of a field: more than 20 only if each has about twenty documents
_OF_TIME = {"period", "epoch", "era", "phase", "wave", "slice", "time", "when"}  # names of such a field
_SHARED = 0.025  # of the documents share their value with another, or the field is a name of each


class Coded(NamedTuple):
    """A field of D documents."""

    name: str
    codes: Ids  # (D,), the number of each document's value, -1 for none
    values: list[str]
    few: bool  # values, so that a mix of them can be held equal
    in_time: bool = False  # whether the values follow each other, as editors do


def coded_fields(text: RunText | None, dates: Any, side: Ids, names: Sequence[str]) -> list[Coded]:
    """The fields whose values several documents share and that may tell two sides apart.

    Those that only name the sides are none, nor are a few numbers that tell the date, as years do.
    """
    if text is None:
        return []
    few, most = _VALUES
    limit = max(few, min(most, len(text) // few))
    found = []
    for name in text.fields:
        column = text.read((column_of(name),)).to_series()
        if not 2 <= column.n_unique() <= max(len(text) * (1 - _SHARED), limit) + 1:  # null is one
            continue
        codes, values = coded(column.to_list())
        used = np.unique(codes[side >= 0])
        if np.count_nonzero(used >= 0) < 2 or names_the_sides(codes, values, side, names):
            continue
        is_few = len(values) <= limit
        in_time = is_few and tells_the_date(codes, dates)
        numbers = all(any(map(str.isdigit, value)) for value in values)
        if not (in_time and (numbers or name.lower() in _OF_TIME)):
            found.append(Coded(name, codes, values, is_few and not in_time, in_time))
    return found


def names_the_sides(codes: Ids, values: Sequence[str], side: Ids, names: Sequence[str]) -> bool:
    """Whether a field is the one whose values are compared, or calls them by other names."""
    if set(names) <= set(values):
        return True
    if all(parse_span(name) for name in names):
        return False  # periods have no names
    of_each = [np.unique(codes[side == number]) for number in (0, 1)]
    return all(len(of) == 1 for of in of_each) and of_each[0][0] != of_each[1][0]


def tells_the_date(codes: Ids, dates: Any) -> bool:
    """Whether the values follow each other in time, as years, volumes or editors do.

    >>> days = np.array(["2001", "2003", "2002", "2004"], "datetime64[D]")
    >>> tells_the_date(np.array([0, 1, 0, 1]), days), tells_the_date(np.array([0, 0, 1, 1]), days)
    (True, False)
    """
    if dates is None:
        return False
    used = np.flatnonzero((codes >= 0) & ~np.isnat(dates))
    anyhow = np.random.default_rng(0).permutation(len(used))  # documents of one date have no order
    in_time = codes[used[np.lexsort((anyhow, dates[used]))]]
    return bool(np.count_nonzero(np.diff(in_time)) < len(np.unique(in_time)))
