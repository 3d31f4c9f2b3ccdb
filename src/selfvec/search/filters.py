"""Which documents may be found: a field's value, a range of numbers, a span of dates.

state=IOWA      date=2019        date=1996..1998        magnitude=2..
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError

from .segment import NO_DAY, Segment

__all__ = ["allowed"]

_RULE = "a filter is field=value, field=A..B or date=A..B"


def allowed(segments: Sequence[Segment], filters: Sequence[str]) -> list[NDArray[np.bool_]]:
    """The documents of each segment that pass all filters; of several on one field, one is enough.

    Values are compared without regard to case.

    Raises
    ------
    OptionError
        If a filter is none, no document has such a field, or its dates or numbers cannot be read.
    """
    out = [np.ones(segment.documents, bool) for segment in segments]
    by_field: dict[str, list[str]] = {}
    for text in filters:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise OptionError(
                f"{_RULE}, not {text!r}", field="filter", remedy="try state=IOWA or date=2019.."
            )
        by_field.setdefault(name.strip(), []).append(value.strip())
    for name, values in by_field.items():
        _check(segments, name)
        for mask, segment in zip(out, segments, strict=True):
            mask &= np.any([_passes(segment, name, value) for value in values], axis=0)
    return out


def _check(segments: Sequence[Segment], name: str) -> None:
    dated = any(np.any(segment.arrays["days"] != NO_DAY) for segment in segments)
    names = dict.fromkeys(field for segment in segments for field in segment.names)
    if name == "date" and not dated:
        raise OptionError("the documents have no dates", field="filter", remedy="leave date= out")
    if name != "date" and name not in names:
        there = ", ".join([*(["date"] if dated else []), *names]) or "none"
        raise OptionError(f"no field {name!r}", field="filter", remedy=f"the fields are: {there}")


def _passes(segment: Segment, name: str, value: str) -> NDArray[np.bool_]:
    if name == "date":
        return _dated(segment, value)
    codes, names = segment.field(name)
    if ".." in value and (bounds := _bounds(value)):
        numbers = np.array([_number(text) for text in names], np.float64)
        fits = (numbers >= bounds[0]) & (numbers <= bounds[1])
    else:
        fits = np.array([text.casefold() == value.casefold() for text in names], bool)
    return np.append(fits, False)[codes]  # -1, no value, is the last


def _dated(segment: Segment, value: str) -> NDArray[np.bool_]:
    from selfvec.corpus.slices import parse_span

    span = parse_span(value)
    if span is None:
        raise OptionError(
            f"{value!r} is no span of dates",
            field="filter",
            remedy="write date=2019, date=2020-05, date=1996..1998 or date=2000-01-01..2005-06-30",
        )
    first, end = (int(day.astype("datetime64[D]").astype(np.int64)) for day in span)
    days = segment.arrays["days"]
    fits: NDArray[np.bool_] = (days >= first) & (days < end) & (days != NO_DAY)
    return fits


def _bounds(value: str) -> tuple[float, float] | None:
    """Both ends of a range of numbers, either of which may be left out."""
    low, _, high = value.partition("..")
    ends = (_number(low) if low else -np.inf, _number(high) if high else np.inf)
    return None if np.isnan(ends).any() or not (low or high) else ends


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
