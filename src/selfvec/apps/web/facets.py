"""The fields of the documents as filters: how many documents each value, or range of values, would leave."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import polars as pl

from selfvec.base.answer import Json
from selfvec.base.arrays import Array, Mask
from selfvec.base.chart import round_figures
from selfvec.corpus.filters import allowed
from selfvec.data.field_types import DAY, INTEGER, LIST, MOMENT, NUMBER, kind_of, written
from selfvec.retrieval import Index

from . import addresses
from .addresses import address
from .page_data import PageData

_VALUES = 8  # of a field, those that most documents have
_BARS = 7  # of a histogram, about: each is 24 pixels wide or more, or it could not be touched
_PERIODS = 60  # of a histogram of time, on which ranges are drawn
_YEARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # of a bar, so that ends are round
_EPOCH = 1970  # the year of number 0
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
        "words": int(batch.lengths[found].sum()) if batch is not None and counted else None,
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
        numbers = there.filter("passes")["value"].to_numpy()
        ends = np.quantile(numbers, [0, 0.5, 1]).tolist() if len(numbers) else []
        row["range"] = [f"{end:.6g}" for end in ends]
    elif kind in (DAY, MOMENT):
        days = there["value"].cast(pl.Date).to_numpy().astype("datetime64[D]")
        counts = by_time(days, there["passes"].to_numpy())
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
    passing = numbers[there["passes"].to_numpy()]
    for first, end in pairwise([*edges, math.inf]):
        last = end - 1 if whole and end < math.inf else end
        ends = written(pl.Series([float(f"{first:.12g}"), float(f"{last:.12g}")])).to_list()
        if end == math.inf:
            ends[1] = ""
        elif whole and last == first:
            ends = ends[:1]
        yield "..".join(ends), int(np.count_nonzero((passing >= first) & (passing <= last)))


def by_time(days: Array, passes: Mask) -> list[tuple[str, int]]:
    """Documents by day, month, year or spans of years: the shortest that tell more, at most `_PERIODS`.

    >>> days = np.array(["2023-10-05", "2023-10-07", "2023-12-01", "2024-01-30"], "datetime64[D]")
    >>> by_time(days, np.ones(4, bool))
    [('2023-10', 2), ('2023-11', 0), ('2023-12', 1), ('2024-01', 1)]
    """
    units = [("D", 1), ("M", 1), *(("Y", years) for years in _YEARS)]
    for (unit, width), (coarser, _) in zip(units, [*units[1:], units[-1]], strict=True):
        numbers = (days.astype(f"datetime64[{unit}]").astype(np.int64) + _EPOCH * (unit == "Y")) // width
        first = int(numbers.min())
        tells = unit == coarser or len(np.unique(numbers)) > len(np.unique(days.astype(f"M8[{coarser}]")))
        if tells and numbers.max() - first < _PERIODS:
            break

    def name(number: int) -> str:
        if unit != "Y":
            return str(np.array(number, f"M8[{unit}]"))
        return f"{number * width:04}" + (f"..{(number + 1) * width - 1:04}" if width > 1 else "")

    counts = np.bincount(numbers - first, passes).astype(int).tolist()
    return [(name(first + i), count) for i, count in enumerate(counts)]
