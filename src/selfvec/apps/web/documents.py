"""Answers about documents: searches, whole documents, fields as filters, and the map."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any, get_type_hints

import numpy as np
import polars as pl
from pydantic import create_model

from selfvec.analysis.concepts.terms import stop_words
from selfvec.apps.documents import get
from selfvec.base.answer import Json
from selfvec.base.arrays import AnyInts, Array, Mask
from selfvec.base.chart import round_figures
from selfvec.base.errors import OptionError
from selfvec.corpus.filters import allowed
from selfvec.corpus.slices import Slice, slice_of_each
from selfvec.data.field_types import DAY, INTEGER, LIST, MOMENT, NUMBER, kind_of, plain_fields, written
from selfvec.data.run import Run
from selfvec.retrieval import Found, Index
from selfvec.retrieval.segments import SearchedDocuments

from . import addresses
from .addresses import address
from .page_data import PageData
from .work import need

_FOLDED = 4  # times as many documents are looked at, if nearly identical ones are one row
_BEGINNING = 400  # characters of a document in the list of documents
_NEARLY = 0.8  # share of the words of two texts that both have, if they are nearly identical
_WORD = re.compile(r"[^\W\d_]+")

_ANSWERED: dict[str, Any] = {name: (kind, ...) for name, kind in get_type_hints(Found).items()}
FoundAnswer = create_model(
    "FoundAnswer",
    __doc__="The output of `selfvec search --json`, or of `selfvec similar --document ID --json`.",
    rows=_ANSWERED.pop("hits"),
    **_ANSWERED,
)


@address("/api/search", waits=True, model=FoundAnswer, description="The best documents, best first.")
def search(
    page: PageData,
    query: addresses.Question,
    top: addresses.Top = 10,
    offset: addresses.Offset = 0,
    mode: addresses.Mode = "hybrid",
    filter: addresses.Filters = None,
    fold: addresses.Fold = False,
    question: addresses.ReadBy = None,
) -> Json:
    """Search the documents: the output of `selfvec search --json`."""
    if not query.strip():
        raise OptionError("the query is empty", field="query", remedy="write the words to search for")
    index = page.index.result()
    looked_at = {"top": _FOLDED * (offset + top)} if fold else {"top": top, "offset": offset}
    hits = index.search(query, **looked_at, mode=mode, filter=filter or (), question=question)
    answer = _as_command(page, hits)
    if fold:
        answer["rows"] = folded(answer["rows"], stop_words(page.run.provenance))[offset : offset + top]
    return answer


@address("/api/documents", waits=True)
def documents(
    page: PageData,
    sort: addresses.DocumentOrder = "number",
    filter: addresses.Filters = None,
    offset: addresses.Offset = 0,
    limit: addresses.Limit = 50,
) -> Json:
    """The documents in an order, with the beginning of each."""
    index = page.index.result()
    order = index.documents.ordered(sort)
    order = order[allowed(index.documents, filter or ())[order]]
    shown = order[offset : offset + limit].tolist()
    return {
        "total": len(order),
        "rows": [
            {**row, "words": len(row["text"].split()), "text": row["text"][:_BEGINNING]}
            for row in (_document(index, number) for number in shown)
        ],
    }


@address("/api/document", waits=True)
def document(page: PageData, id: addresses.DocumentId) -> Json:
    """A whole document by the id that a search gave."""
    return get(page.run, id).as_dict()


def _document(index: Index, number: int) -> Json:
    documents = index.documents
    return {
        "id": documents.name(number),
        "date": documents.day(number),
        "fields": plain_fields(documents.fields_of(number)),
        "text": documents.as_given(number),
    }


@address("/api/similar", waits=True, model=FoundAnswer, description="The nearest documents, best first.")
def similar(
    page: PageData,
    document: addresses.DocumentId,
    top: addresses.Top = 10,
    filter: addresses.Filters = None,
) -> Json:
    """The documents nearest to one by meaning: the output of `selfvec similar --document --json`."""
    return _as_command(page, page.index.result().near_document(document, top, filter or ()))


def _as_command(page: PageData, result: Found) -> Json:
    answer: Json = replace(result, corpus=page.run.provenance.corpus_name).as_dict()
    del answer["hits"]  # the rows, under an older name
    return answer


def folded(rows: Sequence[Json], stops: Collection[str]) -> list[Json]:
    """The rows of a search without those whose text has nearly the words of a better one.

    Numbers and ``stops`` do not count. Their ids are in ``alike`` of the row that stays.

    >>> rows = [{"id": "a", "text": "Wind blew down 2 trees.", "alike": []}]
    >>> rows += [{"id": "b", "text": "Wind blew down some trees.", "alike": ["c"]}]
    >>> folded(rows, {"some"})
    [{'id': 'a', 'text': 'Wind blew down 2 trees.', 'alike': ['b', 'c']}]
    """
    kept: list[tuple[set[str], Json]] = []
    for row in rows:
        words = {word for word in _WORD.findall(row["text"].lower()) if word not in stops}
        near = (better for of, better in kept if of and len(of & words) >= _NEARLY * len(of | words))
        best = next(near, None)
        if best is None:
            kept.append((words, {**row, "alike": list(row["alike"])}))
        else:
            best["alike"] += [row["id"], *row["alike"]]
    return [row for _, row in kept]


# ---- The fields of the documents as filters: how many documents each value, or range of values, would leave


_FACETS = 8  # values of a field, those that most documents have
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
    if kind in (INTEGER, NUMBER) and there["value"].n_unique() > _FACETS:
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
        counts = counted.head(_FACETS).rows()
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


# ---- The map of the documents: a point in the plane for each, and colours of the points.
# PaCMAP places them: documents that are near on the map are alike, and large distances say little. A colour
# has a name, its values, and the value of each point, -1 for none: the document's topic, its part of the
# text, and its fields.

_LABEL = 60  # characters of a document
_VALUES = 9  # most frequent values of a field, which have a colour


@address("/api/map")
def points(page: PageData) -> Json:
    """The ids and first words of the documents on the map, their points, and how many documents there are.

    Both coordinates of a point are between -1 and 1. Of more than 50,000 documents as many are on the map, at
    regular intervals.
    """
    placed, documents = page.map.result(), page.index.result().documents
    numbers = placed["documents"]
    texts = [" ".join(documents.text(number)[: 2 * _LABEL].split())[:_LABEL] for number in numbers]
    documents.release_texts()  # only their first letters were needed, and 50,000 were read for them
    return {
        "ids": [documents.name(number) for number in numbers],
        "texts": texts,
        "points": placed["points"],
        "documents": len(documents),
    }


@address("/api/map/colours")
def colours(page: PageData) -> Json:
    """The colours of the points: by subject, date and fields."""
    names = tuple(page.run.topic_names)
    return {"colours": page.run.held("colours", lambda: list(_colours(page)), of=names)}


@address("/api/map/passing")
def passing(page: PageData, filter: addresses.Filters = None) -> Json:
    """Which points pass the filters, by their places."""
    shown = page.map.result()["documents"]
    return {"places": np.flatnonzero(allowed(page.index.result().documents, filter or ())[shown]).tolist()}


def _colours(page: PageData) -> Iterator[Json]:
    """The colours of the points; without subjects if these cannot be found."""
    need(page.map, page.topics)
    shown, documents = page.map.result()["documents"], page.index.result().documents

    def colour(name: str, values: list[str], codes: AnyInts, ordered: bool = False) -> Json:
        return {"name": name, "values": values, "codes": codes[shown].tolist(), "ordered": ordered}

    topics = None if page.topics.exception() else page.named_topics
    subjects = topics and topics.subjects
    if topics and subjects and len(subjects.of_documents) == len(documents):
        finer = {"values": [row.name for row in topics.topics], "codes": topics.of_documents[shown].tolist()}
        named = colour("subject", [row.name for row in subjects.topics], subjects.of_documents)
        yield {**named, "finer": {**finer, "of": [row.subject for row in topics.topics]}}
    for name, slices in _parts(page.run, documents, page.comparisons.slices).items():
        yield colour(name, [part.name for part in slices], slice_of_each(slices), ordered=name == "date")


def _parts(run: Run, documents: SearchedDocuments, slices: Sequence[Slice]) -> dict[str, Sequence[Slice]]:
    """The parts of the text by date, and by each field with few values."""
    if run.tokens is None or run.tokens.documents != len(documents):
        return {}
    parts = {"date": slices} if slices else {}
    for name in documents.fields:
        values = written(documents.values(name))
        counts = Counter(values.drop_nulls().to_list())
        often = counts.most_common(_VALUES)
        if len(counts) > 1 and sum(number for _, number in often) > 0.3 * len(values):
            parts[name] = [Slice(text, values.eq_missing(text).to_numpy()) for text, _ in often]
    return parts
