"""Filters of documents by their fields and dates.

A filter names a field and a value, a range of numbers or a span of dates: ``state=IOWA``, ``magnitude=2..``,
``date=2019``, ``date=1996..1998``. A list passes if one of its items does, and ``place.state=IOWA`` looks
into an object.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.base.casing import in_any_case
from selfvec.base.errors import NotFound, OptionError, did_you_mean
from selfvec.base.names import items_at, parted

from .indexed_documents import NO_DAY, IndexedDocuments

_RULE = "a filter is field=value, field=A..B or date=A..B"


def allowed(documents: IndexedDocuments, filters: Sequence[str]) -> Mask:
    """The documents that pass, (D,) bool. Filters on one field are alternatives; all fields must pass.

    Names and values are compared without regard to case; names, unless they differ in nothing else.
    """
    out = np.ones(len(documents), bool)
    by_field: dict[str, list[str]] = {}
    for text in filters:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            remedy = "try state=IOWA or date=2019.."
            raise OptionError(f"{_RULE}, not {text!r}", field="filters", remedy=remedy)
        by_field.setdefault(_field(documents, name.strip()), []).append(value.strip())
    for name, values in by_field.items():
        out &= np.any([_passes(documents, name, value) for value in values], axis=0)
    return out


def _field(documents: IndexedDocuments, name: str) -> str:
    """The field that a filter names, in any case; `NotFound` without one."""
    if name == "date" and not documents.dated:
        raise NotFound("the documents have no dates", field="filters", remedy="leave date= out")
    known = documents.filter_names
    if found := in_any_case(name, known):
        return found
    keys = name.split(".")
    for end in range(len(keys) - 1, 0, -1):
        if found := in_any_case(".".join(keys[:end]), documents.fields):
            return ".".join((found, *keys[end:]))
    near = did_you_mean(name, known)
    there = f"the fields are: {', '.join(known) or 'none'}"
    raise NotFound(f"no field {name!r}", field="filters", remedy=f"{near} {there}".strip())


def _passes(documents: IndexedDocuments, name: str, value: str) -> Mask:
    if name == "date":
        return _in_span(documents, value)
    field, keys = parted(documents.fields, name)
    codes, texts = documents.field(field)
    bounds = _bounds(value) if ".." in value else None
    asked = value.casefold()

    def fit(one: str) -> bool:
        return bounds[0] <= _number(one) <= bounds[1] if bounds else one.casefold() == asked

    fits = [any(map(fit, _values(text, keys))) for text in texts]
    return np.array([*fits, False], bool)[codes]  # -1, no value, is the last


def _values(text: str, keys: Sequence[str]) -> list[str]:
    """The values that a filter compares: a text, the items of a list, or the values under keys of an object.

    >>> _values("IOWA", []), _values('["a", 2, true]', []), _values('{"k": [{"x": "y"}]}', ["k", "x"])
    (['IOWA'], ['["a", 2, true]', 'a', '2', 'true'], ['y'])
    """
    plain = [] if keys else [text]
    if text[:1] not in ("[", "{"):
        return plain
    try:
        found = items_at(json.loads(text), keys)
    except (ValueError, RecursionError):
        return plain
    return plain + [
        one if isinstance(one, str) else json.dumps(one) for one in found if one is not None and one != {}
    ]


def _in_span(documents: IndexedDocuments, value: str) -> Mask:
    from selfvec.corpus.slices import parse_span

    span = parse_span(value)
    if span is None:
        remedy = "write date=2019, date=2020-05, date=1996..1998 or date=2000-01-01..2005-06-30"
        raise NotFound(f"{value!r} is not a span of dates", field="filters", remedy=remedy)
    first, end = (int(day.astype("datetime64[D]").astype(np.int64)) for day in span)
    days = documents.arrays["days"]
    fits: Mask = (days >= first) & (days < end) & (days != NO_DAY)
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
