"""Answers about documents: searches, fields, whole documents, and their map."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, get_type_hints

import numpy as np
from pydantic import create_model

from selfvec.analysis.concepts.terms import stop_words
from selfvec.apps.documents import get
from selfvec.base.answer import Json
from selfvec.base.arrays import AnyInts
from selfvec.base.errors import OptionError
from selfvec.corpus.filters import allowed
from selfvec.corpus.slices import Slice, slice_of_each
from selfvec.data.field_types import plain_fields, written
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
