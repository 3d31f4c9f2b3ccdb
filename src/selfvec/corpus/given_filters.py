"""Filters of documents by their fields and dates, as options name them.

As text, a filter names a field and a value, a range of numbers or a span of dates: ``state=IOWA``,
``state!=IOWA``, ``magnitude=2..``, ``date=2019``, ``date=1996..1998``. As a dict, or as JSON, it has the form
that stores of vectors share: ``{"year": {"$gte": 2015}, "$not": {"state": ["IOWA", "OHIO"]}}``. A list
passes if one of its items does, and ``place.state`` looks into an object.

Whatever takes filters takes these: `given_filters` makes texts of them for `selfvec.corpus.filters`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from selfvec.base.arrays import Dates
from selfvec.base.display import code_of
from selfvec.base.errors import OptionError

if TYPE_CHECKING:
    import polars as pl

GivenFilter = str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]]
"""Which documents are meant: a text such as state=IOWA, a dict such as {"year": {"$gte": 2015}}, several."""

RULE = "a filter is field=value, field!=value, field=A..B, date=A..B or an object"
EXAMPLE = 'try state=IOWA, date=2019.. or {"year": {"$gte": 2015}}'


def given_filters(filter: GivenFilter | None) -> list[str]:
    """The filters that an option names, as texts; `OptionError` for anything else.

    >>> given_filters("state=IOWA"), given_filters({"year": {"$gte": 2015}}), given_filters(())
    (['state=IOWA'], ['{"year": {"$gte": 2015}}'], [])
    """
    several = [filter] if isinstance(filter, str | Mapping) else filter
    if filter is None or (isinstance(several, Iterable) and not (several := list(several))):
        return []
    if not isinstance(several, list) or not all(isinstance(part, str | Mapping) for part in several):
        raise OptionError(f"{RULE}, not {code_of(filter)}", field="filter", remedy=EXAMPLE)
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
        raise OptionError(f"{RULE}, not {code_of(condition)}", field="filter", remedy=EXAMPLE) from None


class WithFields(Protocol):
    """D documents with dates and fields."""

    @property
    def fields(self) -> Collection[str]:
        """Names of the fields."""

    @property
    def dated(self) -> str | None:
        """The field that the dates are from, if it is one."""

    @property
    def days(self) -> Dates:
        """The date of each document, (D,) datetime64[D], NaT without one."""

    @property
    def columns(self) -> dict[str, Any]:
        """What filters hold of the fields between questions."""

    def values(self, field: str) -> pl.Series:
        """A field of each document, (D,), of its kind; null without a value."""


def filter_names(documents: WithFields) -> list[str]:
    """What documents can be filtered by: their date, if any has one, and their fields."""
    dated = not np.isnat(documents.days).all()
    return list(dict.fromkeys([*(["date"] if dated else []), *documents.fields]))
