"""Answers about documents: searches with the original and the refined vectors, fields, whole documents."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, get_type_hints

from pydantic import create_model

from selfvec.analysis.concepts.terms import stop_words
from selfvec.base.answer import Json
from selfvec.base.errors import OptionError
from selfvec.corpus.filters import allowed
from selfvec.retrieval import Found, Index, nearest_documents

from . import addresses
from .addresses import address
from .page_data import PageData

_FOLDED = 4  # times as many documents are looked at, if nearly identical ones are one row
_BEGINNING = 400  # characters of a document in the list of documents
_NEARLY = 0.8  # share of the words of two texts that both have, if they are nearly identical
_WORD = re.compile(r"[^\W\d_]+")

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
        answer["rows"] = folded(answer["rows"], stop_words(page.run.provenance))[:top]
    return answer | {"filter_names": index.filter_names}


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
