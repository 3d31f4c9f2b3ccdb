"""Parts of a text that are worth comparing: enough of them to see a way, and enough text in each.

A corpus of many years has some with hardly a document. Neighbouring periods are put together until each part
holds its share of the text: the page compares the ends and shows all as frames of its map.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.errors import InputError
from selfvec.corpus.slices import Slice, by_label, by_period
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch

__all__ = ["ENOUGH", "PARTS", "ends_of", "joined", "parts_of"]

ENOUGH = 2_000
"""Tokens below which hardly a word of a period can be compared."""

PARTS = 8
"""Parts of a text, at most."""


def parts_of(run: Run) -> list[Slice]:
    """The parts of a run's text, in order: by label, by its period or by year; none where it is all one."""
    batch = run.tokens
    if batch is None:
        return []
    period = run.provenance.get("options", {}).get("slice")
    try:
        if batch.slices is not None:
            found = [part for part in by_label(batch) if part.documents.any()][:PARTS]
        else:
            found = joined(by_period(batch, period or "year"), batch)
    except InputError:  # no dates
        return []
    return found if len(found) > 1 else []


def joined(periods: Sequence[Slice], batch: TokenBatch, most: int = PARTS) -> list[Slice]:
    """Neighbouring periods put together until each part holds at least its share of the text.

    Examples
    --------
    >>> dates = np.array([f"{1990 + i}-05-01" for i in range(6)], "datetime64[D]")
    >>> offsets = np.array([0, 1, 2, 10, 20, 30, 31])
    >>> batch = TokenBatch(np.zeros(31, np.int32), offsets, ["a"], dates)
    >>> [part.name for part in joined(by_period(batch, "year"), batch, most=3)]
    ['1990..1993', '1994..1995']
    """
    if len(periods) <= 2:
        return list(periods)
    lengths = np.diff(batch.offsets)
    sizes = np.array([lengths[part.documents].sum() for part in periods])
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
    return [_put_together([periods[i] for i in group]) for group in groups]


def ends_of(periods: Sequence[Slice], batch: TokenBatch, enough: int = ENOUGH) -> list[Slice]:
    """The first and the last period; one with hardly a word takes in its neighbours until it can be compared.

    Examples
    --------
    >>> dates = np.array([f"{1990 + i}-05-01" for i in range(6)], "datetime64[D]")
    >>> offsets = np.array([0, 1, 2, 10, 20, 30, 31])
    >>> batch = TokenBatch(np.zeros(31, np.int32), offsets, ["a"], dates)
    >>> [part.name for part in ends_of(by_period(batch, "year"), batch, 8)]
    ['1990..1992', '1994..1995']
    """
    lengths = np.diff(batch.offsets)
    sizes = np.array([lengths[part.documents].sum() for part in periods])
    first = 1 + int(np.searchsorted(np.cumsum(sizes), enough))
    last = 1 + int(np.searchsorted(np.cumsum(sizes[::-1]), enough))
    if first + last > len(periods):  # too little text in all
        first = last = 1
    return [_put_together(periods[:first]), _put_together(periods[-last:])]


def _put_together(parts: Sequence[Slice]) -> Slice:
    if len(parts) == 1:
        return parts[0]
    documents = np.any([part.documents for part in parts], axis=0)
    return Slice(f"{parts[0].name}..{parts[-1].name}", documents)
