"""Slices of a run's corpus with enough text to be compared.

A corpus of many years has some years with hardly a document. Neighbouring periods are joined until each part
holds its share of the text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.errors import InputError
from selfvec.corpus.slices import Slice, by_label, by_period
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch

__all__ = ["comparable_slices", "first_and_last", "join_periods", "slices_of"]

ENOUGH = 2_000  # tokens: with fewer, hardly a word of a period can be compared
PARTS = 8  # most slices of a text


def slices_of(run: Run) -> list[Slice]:
    """The slices a run was made with: periods or labels of documents; empty if there are none."""
    if run.tokens is None:
        return []
    period = run.provenance.get("options", {}).get("slice")
    if period:
        return by_period(run.tokens, period)
    return by_label(run.tokens) if run.tokens.slices is not None else []


def comparable_slices(run: Run) -> list[Slice]:
    """At most eight slices of a run's corpus, in order: by label, by its period, or by year.

    Empty if the corpus has neither labels nor dates, or falls into a single slice.
    """
    batch = run.tokens
    if batch is None:
        return []
    period = run.provenance.get("options", {}).get("slice")
    try:
        if batch.slices is not None:
            found = [part for part in by_label(batch) if part.documents.any()][:PARTS]
        else:
            found = join_periods(by_period(batch, period or "year"), batch)
    except InputError:  # no dates
        return []
    return found if len(found) > 1 else []


def join_periods(periods: Sequence[Slice], batch: TokenBatch, most: int = PARTS) -> list[Slice]:
    """Join neighbouring periods until each holds at least its share of the text.

    Examples
    --------
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


def first_and_last(periods: Sequence[Slice], batch: TokenBatch, enough: int = ENOUGH) -> list[Slice]:
    """The first and the last period, each joined with its neighbours until it has enough tokens.

    Examples
    --------
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


def _sizes(periods: Sequence[Slice], batch: TokenBatch) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Tokens of each period."""
    lengths = np.diff(batch.offsets)
    return np.array([lengths[part.documents].sum() for part in periods])


def _joined(parts: Sequence[Slice]) -> Slice:
    if len(parts) == 1:
        return parts[0]
    documents = np.any([part.documents for part in parts], axis=0)
    return Slice(f"{parts[0].name}..{parts[-1].name}", documents)
