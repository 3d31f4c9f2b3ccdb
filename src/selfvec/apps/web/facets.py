"""The fields of the documents as filters: how many documents each value, or range of values, would leave."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import polars as pl

from selfvec.base.answer import Json
from selfvec.base.arrays import Mask
from selfvec.base.chart import round_figures
from selfvec.corpus.filters import allowed
from selfvec.data.field_types import DAY, INTEGER, LIST, MOMENT, NUMBER, kind_of, written
from selfvec.retrieval import Index

from . import addresses
from .addresses import address
from .page_data import PageData

_VALUES = 8  # of a field, those that most documents have
_BARS = 7  # of a histogram, about: each is 24 pixels wide or more, or it could not be touched
_PERIODS = 15  # of a histogram of time, which has twice the room
_YEARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # of a bar, so that ends are round
_TAIL = 0.98  # of the numbers are in bars of equal width; the last bar has those above


@address("/api/facets", waits=True)
def facets(page: PageData, query: addresses.OptionalQuestion = "", filter: addresses.Filters = None) -> Json:
    """How many documents pass, and have a word of the query: all, and by value of their date and each field.

    Each value comes with the filter that chooses it.
    """
    index, batch = page.index.result(), page.run.tokens
    found, fields = counted_facets(index, query, filter or ())
    counted = batch is not None and batch.documents == len(index)
    return {
        "documents": len(index),
        "found": int(np.count_nonzero(found)),
        "words": int(np.diff(batch.offsets)[found].sum()) if batch is not None and counted else None,
        "fields": fields,
    }


def counted_facets(index: Index, query: str, filters: Sequence[str]) -> tuple[Mask, list[Json]]:
    """The documents that pass the filters and have a word of the question, (D,), and how many by field.

    The counts of a field leave out its own filters, so that another value can be chosen.
    """
    documents = index.documents
    matching = index.matching(query) if query.strip() else np.ones(len(index), bool)

    @cache
    def passing(wanted: tuple[str, ...]) -> Mask:
        return matching & allowed(documents, wanted)

    rows = []
    for name in dict.fromkeys(["date", *documents.fields]):
        values = pl.Series(documents.days) if name == "date" else documents.values(name)
        passes = passing(tuple(text for text in filters if text.partition("=")[0].strip() != name))
        rows.append(_facet(name, pl.DataFrame({"value": values, "passes": passes}).drop_nulls("value")))
    return passing(tuple(filters)), [row for row in rows if row is not None]


def _facet(name: str, there: pl.DataFrame) -> Json | None:
    """A field: its type, and its values with the number of documents; None if it does not sort documents.

    Numbers and times are ranges, as ``bars``; ``range`` has the ends and the median of those that pass.
    """
    if there.is_empty():
        return None
    kind = kind_of(there["value"].dtype)
    row: Json = {"name": name, "type": kind, "bars": True, "more": 0, "range": []}
    if kind in (INTEGER, NUMBER) and there["value"].n_unique() > _VALUES:
        counts = list(_by_range(there, kind == INTEGER))
        own = there.filter("passes")["value"].to_numpy()
        row["range"] = [f"{end:.6g}" for end in np.quantile(own, [0, 0.5, 1]).tolist()] if len(own) else []
    elif kind in (DAY, MOMENT):
        counts = _by_time(there)
    else:
        documents = len(there)
        if kind.startswith(LIST):
            there = there.with_columns(pl.col("value").list.unique()).explode("value").drop_nulls("value")
        there = there.with_columns(written(there["value"]))
        by_value = there.group_by("value", maintain_order=True).agg(pl.col("passes").sum())
        if not 2 <= len(by_value) <= max(2, documents // 2):
            return None
        counted = by_value.filter(pl.col("passes") > 0).sort("passes", descending=True, maintain_order=True)
        counts = counted.head(_VALUES).rows()
        row |= {"bars": False, "more": len(counted) - len(counts)}
    values = [{"value": text, "filter": f"{name}={text}", "count": count} for text, count in counts]
    return row | {"values": values} if values else None


def _by_range(there: pl.DataFrame, whole: bool) -> Iterator[tuple[str, int]]:
    """Documents in ranges of numbers, whose ends belong to them; the last ones are all in one."""
    numbers = there["value"].to_numpy()
    low, high = float(numbers.min()), float(np.quantile(numbers, _TAIL))
    if high <= low:  # nearly all are the same
        high = float(numbers.max())
    step, edges = 1.0, [value for value, _ in round_figures(low, high, _BARS)]
    if len(edges) > 1:
        step = edges[1] - edges[0]
    if whole:
        edges = sorted({math.ceil(edge) for edge in edges})
    edges = [edges[0] - step, *edges] if edges[0] > low else edges
    own = numbers[there["passes"].to_numpy()]
    for first, end in pairwise([*edges, math.inf]):
        last = end - 1 if whole and end < math.inf else end
        ends = written(pl.Series([float(f"{first:.12g}"), float(f"{last:.12g}")])).to_list()
        if end == math.inf:
            ends[1] = ""
        elif whole and last == first:
            ends = ends[:1]
        yield "..".join(ends), int(np.count_nonzero((own >= first) & (own <= last)))


def _by_time(there: pl.DataFrame) -> list[tuple[str, int]]:
    """Documents by years or spans of years; by month or day if these are as few."""
    years, passes = there["value"].dt.year().to_numpy(), there["passes"].to_numpy()
    first, last = int(years.min()), int(years.max())
    width = next(width for width in _YEARS if last // width - first // width < _PERIODS)
    for form in ("%Y-%m-%d", "%Y-%m") if width == 1 else ():
        named = there.with_columns(pl.col("value").dt.strftime(form))
        if last - first + 1 < named["value"].n_unique() <= _PERIODS:
            return named.group_by("value").agg(pl.col("passes").sum()).sort("value").rows()
    starts = range(first // width * width, last + 1, width)
    names = [f"{start:04}" + (f"..{start + width - 1:04}" if width > 1 else "") for start in starts]
    counts = [int(np.count_nonzero(passes & (years // width * width == start))) for start in starts]
    return list(zip(names, counts, strict=True))
