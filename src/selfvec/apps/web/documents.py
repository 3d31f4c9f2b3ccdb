"""Answers about documents: searches with the original and the refined vectors, fields, whole documents."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import cache, partial
from operator import itemgetter
from typing import Any

import numpy as np

from selfvec.analysis.concepts.terms import stop_words
from selfvec.analysis.usage.quotations import Quotation
from selfvec.base.arrays import Mask
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.corpus.filters import allowed
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.files.memory import return_freed_memory
from selfvec.retrieval import Found, Hit, Index, nearest_documents, run_index

from . import addresses
from .addresses import address
from .periods import described_period, periods
from .responses import SearchAnswer, SimilarAnswer
from .work import Tasks

_INDEXING = {  # the steps of indexing, and their approximate cost
    "Reading": 2,
    "Counting words": 1,
    "Relating documents": 1,
    "Comparing words and meaning": 1,
}
_FOLDED = 4  # times as many documents are looked at, if nearly identical ones are one row
_BEGINNING = 400  # characters of a document in the list of documents
_NEARLY = 0.8  # share of the words of two texts that both have, if they are nearly identical
_WORD = re.compile(r"[^\W\d_]+")
_FIELDS = 6  # that documents are filtered by: those that most of them have
_VALUES = 8  # of a field, those that most documents have
_DISTINCT = 200  # values of a field that sorts documents; one with more names them

Json = dict[str, Any]


class DocumentAnswers:
    """The documents of a run, which are indexed in the background."""

    def __init__(self, run: Run, tasks: Tasks) -> None:
        self.run = run
        self.index = tasks.task(partial(_indexed, run), kind="text")  # of ``selfvec search``
        self.original_index = tasks.task(  # that of the original vectors
            partial(_indexed, run, tables=("original",)), [self.index], kind="text", later=True
        )

    @address("/api/search", indexed=True, model=SearchAnswer, description="The best documents, best first.")
    def search(
        self,
        query: addresses.Question,
        top: addresses.Top = 10,
        mode: addresses.Mode = "hybrid",
        filters: addresses.Filters = None,
        fold: addresses.Fold = False,
        question: addresses.ReadBy = None,
    ) -> Json:
        """Search the documents: the output of `selfvec search --json`, and the fields to filter by."""
        if not query.strip():
            raise OptionError("the query is empty", field="query", remedy="write the words to search for")
        index = self.index.result()
        wanted: Json = {"mode": mode, "filters": filters or (), "question": question}
        found = index.search(query, _FOLDED * top if fold else top, **wanted)
        answer = self._answer(found)
        if fold:
            answer["rows"] = folded(answer["rows"], stop_words(self.run))[:top]
        return answer | {"filter_names": index.filter_names}

    @address("/api/facets", indexed=True)
    def facets(self, query: addresses.Question, filters: addresses.Filters = None) -> Json:
        """How many documents have a word of the query, by value of each field and by period."""
        index, batch = self.index.result(), self.run.tokens
        parts = [] if batch is None or batch.documents != len(index) else periods(batch)
        return facets(index, query, filters or (), parts)

    @address("/api/documents", indexed=True)
    def documents(
        self,
        sort: addresses.DocumentOrder = "number",
        filters: addresses.Filters = None,
        offset: addresses.Offset = 0,
        limit: addresses.Limit = 50,
    ) -> Json:
        """The documents in an order, with the beginning of each."""
        index = self.index.result()
        order = index.documents.ordered(sort)
        order = order[allowed(index.documents, filters or ())[order]]
        return {
            "total": len(order),
            "filter_names": index.filter_names,
            "rows": [self._listed(index, number) for number in order[offset : offset + limit].tolist()],
        }

    def _listed(self, index: Index, number: int) -> Json:
        text = index.documents.text(number)
        return {
            "id": index.documents.ids[number],
            "date": index.documents.day(number),
            "fields": index.documents.fields_of(number),
            "words": len(text.split()),
            "text": text[:_BEGINNING],
        }

    @address("/api/document", indexed=True)
    def document(self, id: addresses.DocumentId) -> Json:
        """A whole document by the id that a search gave."""
        index = self.index.result()
        number = index.number(id)
        documents = index.documents
        text = documents.text(number)
        fields = documents.fields_of(number)
        return {"id": id, "date": documents.day(number), "fields": fields, "text": text}

    @address(
        "/api/similar", indexed=True, model=SimilarAnswer, description="The nearest documents, best first."
    )
    def similar(
        self, document: addresses.DocumentId, top: addresses.Top = 10, filters: addresses.Filters = None
    ) -> Json:
        """The documents nearest to one by meaning: the output of `selfvec similar --document --json`."""
        return self._answer(nearest_documents(self.index.result(), document, top, filters or ()))

    def _answer(self, found: Found) -> Json:
        answer: Json = replace(found, corpus=self.run.provenance.corpus_name).as_dict()
        del answer["hits"]  # the rows, under an older name
        return answer

    @address("/api/texts", lambda data, _: [data.index])
    def texts(
        self,
        query: addresses.ComparedQuestion,
        top: addresses.FewDocuments = 8,
        mode: addresses.Mode = "hybrid",
        filters: addresses.Filters = None,
    ) -> Json:
        """Documents found with the original vectors, and with the refined ones.

        `whole` is false until the documents are indexed with the original vectors, too.
        """
        index, original = self.index.result(), self.original_index.result_now()
        wanted: Json = {"mode": mode, "filters": filters or ()}
        found = index.search(query, top, **wanted)
        before = None if original is None else original.search(query, top, **wanted)
        return {
            "ready": True,
            "whole": before is not None,
            "names": ["original", "refined"],
            "known": found.asked,
            "unknown": found.unknown,
            "notes": found.notes,
            "sides": [[self._hit(index, hit) for hit in one.hits] if one else [] for one in (before, found)],
        }

    def _hit(self, index: Index, hit: Hit) -> Json:
        """A hit as a quoted sentence in which the words that match the question are marked."""
        number = index.numbers[hit.id]
        batch = self.run.tokens
        label = -1
        if batch is not None and batch.slices is not None and batch.documents == len(index):
            label = int(batch.slices[number])
        pieces = tuple((text, "near" if mark else "") for text, mark in hit.pieces())
        part = batch.slice_names[label] if batch is not None and label >= 0 else ""
        quote = Quotation("", 0, number, pieces, written=True, name=hit.id, date=hit.date or "", slice=part)
        return quote.as_dict() | {"score": hit.score}


def _indexed(run: Run, progress: Progress, **options: Any) -> Index:
    """The search index of a run. Its progress counts all steps."""
    with progress.steps("Indexing", _INDEXING) as steps:
        found = run_index(run, progress=steps, **options)
    return_freed_memory()
    return found


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
        best = next((other for own, other in kept if _same(own, words)), None)
        if best is None:
            kept.append((words, {**row, "alike": list(row["alike"])}))
        else:
            best["alike"] += [row["id"], *row["alike"]]
    return [row for _, row in kept]


def _same(one: set[str], other: set[str]) -> bool:
    return bool(one) and len(one & other) >= _NEARLY * len(one | other)


def facets(index: Index, query: str, filters: Sequence[str], parts: Iterable[Slice]) -> Json:
    """How many documents have a word of the question and pass the filters, by value of a field and by period.

    The counts of a field or of dates leave out its own filters, so that another value can be chosen.
    """
    matching = index.matching(query)

    @cache
    def passing(wanted: tuple[str, ...]) -> Mask:
        return matching & allowed(index.documents, wanted)

    def found(but: str) -> Mask:
        """The documents that pass all filters but those of a field; nearly all fields share them."""
        return passing(tuple(one for one in filters if one.partition("=")[0] != but))

    fields: list[tuple[int, Json]] = []
    for name in index.documents.fields:
        codes, values = index.documents.field(name)
        if not 2 <= len(values) <= min(_DISTINCT, len(index) // 2):
            continue
        counts = np.bincount(codes[found(name) & (codes >= 0)], minlength=len(values))
        order = np.argsort(-counts, kind="stable")[:_VALUES].tolist()
        shown = [{"value": values[i], "count": int(counts[i])} for i in order if counts[i]]
        row = {"name": name, "values": shown, "more": int(np.count_nonzero(counts)) - len(shown)}
        fields.append((-int(counts.sum()), row))
    dated = found("date")
    return {
        "found": int(np.count_nonzero(found(""))),
        "documents": len(index),
        "fields": [row for _, row in sorted(fields, key=itemgetter(0))[:_FIELDS]],
        "time": [
            {**described_period(part), "found": int(np.count_nonzero(dated & part.documents))}
            for part in parts
        ],
    }
