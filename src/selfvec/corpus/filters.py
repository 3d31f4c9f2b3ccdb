"""Filters of documents by their fields and dates.

As text, a filter names a field and a value, a range of numbers or a span of dates: ``state=IOWA``,
``state!=IOWA``, ``magnitude=2..``, ``date=2019``, ``date=1996..1998``. As a dict, or as JSON, it has the form
that stores of vectors share: ``{"year": {"$gte": 2015}, "$not": {"state": ["IOWA", "OHIO"]}}``. A list
passes if one of its items does, and ``place.state`` looks into an object.

A filter is compiled to an expression over the fields, each of which is of a kind
(`selfvec.data.field_types`): whether a document passes depends on that document alone. Numbers are compared
as numbers, days and moments as time, texts as texts. Whatever takes filters takes these: `given_filters`
turns them into texts, `filtered_documents` finds the documents of a run, `allowed` those of an index.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Ids, Mask
from selfvec.base.display import code_of
from selfvec.base.errors import NotFound, OptionError
from selfvec.data.run import Run

if TYPE_CHECKING:
    import polars as pl

GivenFilter = str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]]
"""Which documents are meant: a text such as state=IOWA, a dict such as {"year": {"$gte": 2015}}, several."""

RULE = "a filter is field=value, field!=value, field=A..B, date=A..B or an object"
EXAMPLE = 'try state=IOWA, date=2019.. or {"year": {"$gte": 2015}}'


class WithFields(Protocol):
    """D documents with dates and fields."""

    @property
    def fields(self) -> Collection[str]:
        """Names of the fields."""

    @property
    def days(self) -> NDArray[np.datetime64]:
        """The date of each document, (D,) datetime64[D], NaT without one."""

    def values(self, field: str) -> pl.Series:
        """A field of each document, (D,), of its kind; null without a value."""


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
    from .filter_columns import Compiler  # only a filter needs Polars

    compiler = Compiler(documents)
    passing = compiler.passing(filters)
    if lacking is not None:
        missing = compiler.missing()
        if not missing and not passing.any():
            missing = f"no document passes all of {', '.join(filters)}; leave one of them out"
        lacking += [missing] * bool(missing)
    return passing


def filter_names(documents: WithFields) -> list[str]:
    """What documents can be filtered by: their date, if any has one, and their fields."""
    dated = not np.isnat(documents.days).all()
    return list(dict.fromkeys([*(["date"] if dated else []), *documents.fields]))
