"""Periods of a text, for charts over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from selfvec.base.errors import NotFound
from selfvec.corpus.slices import Slice, by_label, by_period
from selfvec.data.token_batch import TokenBatch
from selfvec.usage.contexts import occurrences

__all__ = ["periods", "time_course", "units"]

UNITS = {"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200}  # months
_DEFAULT_UNITS = ("month", "year", "decade")
_MOST = 60  # periods of a chart
_MOST_CHOSEN = 400  # periods of a chart with a chosen unit


def units(batch: TokenBatch | None) -> list[str]:
    """The units of time that give a text at least two periods and at most `_MOST_CHOSEN`."""
    span = _months(batch)
    return [unit for unit, months in UNITS.items() if months < span <= _MOST_CHOSEN * months]


def periods(batch: TokenBatch, unit: str | None = None) -> list[Slice]:
    """The periods of a text that have documents; its labelled parts if it has no dates.

    By default at most `_MOST`. Raises `NotFound` if a unit gives no periods or too many.
    """
    if unit is not None and unit not in units(batch):
        rule = f"is one of {', '.join(units(batch)) or 'none'} for this text, not {unit!r}"
        raise NotFound(rule, field="unit", remedy="leave it out")
    span = _months(batch)
    if span:
        found = next((name for name in _DEFAULT_UNITS if span <= UNITS[name] * _MOST), "century")
        return by_period(batch, unit or found)
    return by_label(batch) if batch.slices is not None and len(batch.slice_names) <= _MOST else []


def time_course(batch: TokenBatch, row: int, parts: Sequence[Slice]) -> list[dict[str, Any]]:
    """Occurrences of a word in each period, and the tokens of the period."""
    uses = np.bincount(batch.document_of(occurrences(batch, row)), minlength=batch.documents)
    lengths = np.diff(batch.offsets)
    return [
        {
            "name": part.name,
            "count": int(uses[part.documents].sum()),
            "tokens": int(lengths[part.documents].sum()),
        }
        for part in parts
    ]


def _months(batch: TokenBatch | None) -> float:
    """The months from the first to the last dated document; 0 if none is dated."""
    if batch is None or batch.dates is None or np.isnat(batch.dates).all():
        return 0.0
    days = batch.dates[~np.isnat(batch.dates)]
    return float((days.max() - days.min()).astype(int)) / 30.4 or 1.0
