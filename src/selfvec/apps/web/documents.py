"""Answers about documents: searches with the original and the refined vectors, fields, whole documents."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import cache
from operator import itemgetter
from typing import Any, get_type_hints

import numpy as np
from pydantic import create_model

from selfvec.analysis.concepts.terms import stop_words
from selfvec.analysis.usage.quotations import Quotation
from selfvec.base.arrays import Mask
from selfvec.base.errors import OptionError
from selfvec.corpus.filters import allowed
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.retrieval import Found, Hit, Index, nearest_documents

from . import addresses
from .addresses import address
from .page_data import Json, PageData
from .times import described_period, periods

_FOLDED = 4  # times as many documents are looked at, if nearly identical ones are one row
_BEGINNING = 400  # characters of a document in the list of documents
_NEARLY = 0.8  # share of the words of two texts that both have, if they are nearly identical
_WORD = re.compile(r"[^\W\d_]+")
_FIELDS = 6  # that documents are filtered by: those that most of them have
_VALUES = 8  # of a field, those that most documents have
_DISTINCT = 200  # values of a field that sorts documents; one with more names them

_ANSWERED: dict[str, Any] = {name: (kind, ...) for name, kind in get_type_hints(Found).items()}
SimilarAnswer = create_model(
    "SimilarAnswer",
    __doc__="The output of `selfvec similar --document ID --json`.",
    rows=_ANSWERED.pop("hits"),
    **_ANSWERED,
)
SearchAnswer = create_model(
    "SearchAnswer",
    __base__=SimilarAnswer,
    __doc__="The output of `selfvec search --json`, and the fields to filter by.",
    filter_names=(list[str], ...),
)


@address("/api/search", waits=True, model=SearchAnswer, description="The best documents, best first.")
def search(
    page: PageData,
    query: addresses.Question,
    top: addresses.Top = 10,
    mode: addresses.Mode = "hybrid",
    filter: addresses.Filters = None,
    fold: addresses.Fold = False,
    question: addresses.ReadBy = None,
) -> Json:
    """Search the documents: the output of `selfvec search --json`, and the fields to filter by."""
    if not query.strip():
        raise OptionError("the query is empty", field="query", remedy="write the words to search for")
    index = page.index.result()
    looked_at = _FOLDED * top if fold else top
    hits = index.search(query, looked_at, mode=mode, filter=filter or (), question=question)
    answer = _as_command(page, hits)
    if fold:
        answer["rows"] = folded(answer["rows"], stop_words(page.run))[:top]
    return answer | {"filter_names": index.filter_names}


@address("/api/facets", waits=True)
def facets(page: PageData, query: addresses.Question, filter: addresses.Filters = None) -> Json:
    """How many documents have a word of the query, by value of each field and by period."""
    index, batch = page.index.result(), page.run.tokens
    parts = [] if batch is None or batch.documents != len(index) else periods(batch)
    return counted_facets(index, query, filter or (), parts)


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
        "filter_names": index.filter_names,
        "rows": [
            {**row, "words": len(row["text"].split()), "text": row["text"][:_BEGINNING]}
            for row in (_document(index, number) for number in shown)
        ],
    }


@address("/api/document", waits=True)
def document(page: PageData, id: addresses.DocumentId) -> Json:
    """A whole document by the id that a search gave."""
    index = page.index.result()
    return _document(index, index.number(id))


def _document(index: Index, number: int) -> Json:
    documents = index.documents
    return {
        "id": documents.name(number),
        "date": documents.day(number),
        "fields": documents.fields_of(number),
        "text": documents.text(number),
    }


@address("/api/similar", waits=True, model=SimilarAnswer, description="The nearest documents, best first.")
def similar(
    page: PageData,
    document: addresses.DocumentId,
    top: addresses.Top = 10,
    filter: addresses.Filters = None,
) -> Json:
    """The documents nearest to one by meaning: the output of `selfvec similar --document --json`."""
    return _as_command(page, nearest_documents(page.index.result(), document, top, filter or ()))


def _as_command(page: PageData, result: Found) -> Json:
    answer: Json = replace(result, corpus=page.run.provenance.corpus_name).as_dict()
    del answer["hits"]  # the rows, under an older name
    return answer


@address("/api/texts")
def texts(
    page: PageData,
    query: addresses.ComparedQuestion,
    top: addresses.FewDocuments = 8,
    mode: addresses.Mode = "hybrid",
    filter: addresses.Filters = None,
) -> Json:
    """Documents found with the original vectors, and with the refined ones.

    `whole` is false until the documents are indexed with the original vectors, too.
    """
    index, original = page.index.result(), page.original_index.result_now()

    def hits(result: Found | None) -> list[Json]:
        return [] if result is None else [_hit(page.run, index, hit) for hit in result.hits]

    after = index.search(query, top, mode=mode, filter=filter or ())
    before = None if original is None else original.search(query, top, mode=mode, filter=filter or ())
    return {
        "ready": True,
        "whole": before is not None,
        "names": ["original", "refined"],
        "known": after.asked,
        "unknown": after.unknown,
        "notes": after.notes,
        "sides": [hits(before), hits(after)],
    }


def _hit(run: Run, index: Index, hit: Hit) -> Json:
    """A hit as a quoted sentence in which the words that match the question are marked."""
    number = index.number(hit.id)
    batch = run.tokens
    part = ""
    if batch is not None and batch.slices is not None and batch.documents == len(index):
        label = int(batch.slices[number])
        part = batch.slice_names[label] if label >= 0 else ""
    pieces = tuple((text, "near" if mark else "") for text, mark in hit.pieces())
    quote = Quotation("", 0, number, pieces, written=True, name=hit.id, date=hit.date or "", slice=part)
    return quote.as_dict() | {"score": hit.score}


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
        near = (other for own, other in kept if own and len(own & words) >= _NEARLY * len(own | words))
        best = next(near, None)
        if best is None:
            kept.append((words, {**row, "alike": list(row["alike"])}))
        else:
            best["alike"] += [row["id"], *row["alike"]]
    return [row for _, row in kept]


def counted_facets(index: Index, query: str, filters: Sequence[str], parts: Iterable[Slice]) -> Json:
    """How many documents have a word of the question and pass the filters, by value of a field and by period.

    The counts of a field or of dates leave out its own filters, so that another value can be chosen.
    """
    matching = index.matching(query)

    @cache
    def passing(wanted: tuple[str, ...]) -> Mask:
        return matching & allowed(index.documents, wanted)

    def passing_without(field: str) -> Mask:
        """The documents that pass all filters but those of a field; nearly all fields share them."""
        return passing(tuple(text for text in filters if text.partition("=")[0] != field))

    fields: list[tuple[int, Json]] = []
    for name in index.documents.fields:
        codes, values = index.documents.field(name)
        if not 2 <= len(values) <= min(_DISTINCT, len(index) // 2):
            continue
        counts = np.bincount(codes[passing_without(name) & (codes >= 0)], minlength=len(values))
        order = np.argsort(-counts, kind="stable")[:_VALUES].tolist()
        shown = [{"value": values[i], "count": int(counts[i])} for i in order if counts[i]]
        row = {"name": name, "values": shown, "more": int(np.count_nonzero(counts)) - len(shown)}
        fields.append((-int(counts.sum()), row))
    dated = passing_without("date")
    return {
        "found": int(np.count_nonzero(passing_without(""))),
        "documents": len(index),
        "fields": [row for _, row in sorted(fields, key=itemgetter(0))[:_FIELDS]],
        "time": [
            {**described_period(part), "found": int(np.count_nonzero(dated & part.documents))}
            for part in parts
        ],
    }
