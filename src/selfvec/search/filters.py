"""Filters: which documents may be found, by the value of a field, a range of numbers or a span of dates.

state=IOWA      date=2019        date=1996..1998        magnitude=2..
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError

from .postings import NO_DAY, IndexedDocuments

__all__ = ["allowed", "filter_names"]

_RULE = "a filter is field=value, field=A..B or date=A..B"


def filter_names(documents: IndexedDocuments) -> list[str]:
    """The fields that documents can be filtered by."""
    return list(dict.fromkeys([*(["date"] if documents.dated else []), *documents.fields]))


def allowed(documents: IndexedDocuments, filters: Sequence[str]) -> NDArray[np.bool_]:
    """The documents that pass, (D,) bool. Filters on one field are alternatives; all fields have to pass.

    Values are compared without regard to case.

    Raises
    ------
    OptionError
        If a filter is not of this form, no document has its field, or its dates cannot be read.
    """
    out = np.ones(len(documents), bool)
    by_field: dict[str, list[str]] = {}
    for text in filters:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            remedy = "try state=IOWA or date=2019.."
            raise OptionError(f"{_RULE}, not {text!r}", field="filter", remedy=remedy)
        by_field.setdefault(name.strip(), []).append(value.strip())
    for name, values in by_field.items():
        if name == "date" and not documents.dated:
            raise OptionError("the documents have no dates", field="filter", remedy="leave date= out")
        if name not in filter_names(documents):
            there = ", ".join(filter_names(documents)) or "none"
            raise OptionError(f"no field {name!r}", field="filter", remedy=f"the fields are: {there}")
        out &= np.any([_passes(documents, name, value) for value in values], axis=0)
    return out


def _passes(documents: IndexedDocuments, name: str, value: str) -> NDArray[np.bool_]:
    if name == "date":
        return _in_span(documents, value)
    codes, names = documents.field(name)
    if ".." in value and (bounds := _bounds(value)):
        numbers = np.array([_number(text) for text in names], np.float64)
        fits = (numbers >= bounds[0]) & (numbers <= bounds[1])
    else:
        fits = np.array([text.casefold() == value.casefold() for text in names], bool)
    return np.append(fits, False)[codes]  # -1, no value, is the last


def _in_span(documents: IndexedDocuments, value: str) -> NDArray[np.bool_]:
    from selfvec.corpus.slices import parse_span

    span = parse_span(value)
    if span is None:
        remedy = "write date=2019, date=2020-05, date=1996..1998 or date=2000-01-01..2005-06-30"
        raise OptionError(f"{value!r} is no span of dates", field="filter", remedy=remedy)
    first, end = (int(day.astype("datetime64[D]").astype(np.int64)) for day in span)
    days = documents.arrays["days"]
    fits: NDArray[np.bool_] = (days >= first) & (days < end) & (days != NO_DAY)
    return fits


def _bounds(value: str) -> tuple[float, float] | None:
    """Both ends of a range of numbers, either of which may be left out; None for other text."""
    low, _, high = value.partition("..")
    ends = (_number(low) if low else -np.inf, _number(high) if high else np.inf)
    return None if np.isnan(ends).any() or not (low or high) else ends


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
