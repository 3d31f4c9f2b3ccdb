"""Retrieval: do the documents that people judged relevant come first?

A collection is a folder in the layout of BEIR: corpus.jsonl, queries.jsonl and qrels/test.tsv. What nDCG,
recall and MRR count is in `ranking_metrics`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from selfvec.base.errors import InputError
from selfvec.base.files import text_lines
from selfvec.data.run import Run
from selfvec.numerics.statistics import mean
from selfvec.text.document_vectors import embed
from selfvec.text.preprocessing import Preprocessing

from .compared_vectors import Table
from .ranking_metrics import ranked, score_rankings
from .task import Measurement, Task
from .task_files import json_objects, number

if TYPE_CHECKING:
    from selfvec.search import Index

__all__ = ["Collection", "Retrieval", "read_collection"]

Rankings = list[list[int]]


@dataclass(frozen=True)
class Collection:
    """D documents and the Q queries that have a relevant one.

    Parameters
    ----------
    documents : list of D str
        Title and text.
    queries : list of Q str
    relevant : list of Q dict
        Gain (above 0) of each relevant document of a query, by document number. Relevant documents that the
        corpus lacks have negative numbers: they count, and cannot be found.
    own : list of Q int, or empty
        Number of the document that a query was taken from, or -1. It has the query's id, contains its text,
        and is not judged relevant; it is removed from the query's ranking.
    """

    documents: list[str]
    queries: list[str]
    relevant: list[dict[int, float]]
    own: list[int] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Number of relevant documents that the corpus lacks."""
        return sum(document < 0 for gains in self.relevant for document in gains)


@dataclass(frozen=True)
class Retrieval(Task[Collection]):
    """nDCG@10, recall@100 and MRR@10 over the queries that have a relevant document.

    Modes: ``dense`` ranks by the cosine of query and document vectors (`selfvec.text.document_vectors`);
    ``hybrid``, for the refined table of a run only, ranks as `selfvec.search` does; ``bm25``, measured once
    under the name "bm25", is Lucene's variant (k1 1.2, b .75) on word stems. Equal scores rank in document
    order. A text without any known word is not found; nor, by BM25, is one that shares no word with the
    query. ``covered`` is the share of tokens that have a vector, stop words excluded. The extra key
    ``missing`` counts relevant documents that the corpus lacks.

    Parameters
    ----------
    path : path
        A folder in BEIR's layout: corpus.jsonl, queries.jsonl, qrels/test.tsv.
    """

    kind: ClassVar[str] = "retrieval"

    def load(self, seed: int) -> Collection:
        """Read the collection."""
        return read_collection(self.path)

    def score(self, table: Table, items: Collection, seed: int) -> Iterator[Measurement]:
        """A row for each mode and metric."""
        rankings, covered = dense_rankings(items, table)
        found = {"dense": rankings}
        if table.run is not None and table.refined and not table.truncated:
            found["hybrid"] = hybrid_rankings(items, table.run)
        extra = _missing(items)
        for mode, rankings in found.items():
            for metric, values in score_collection(items, rankings).items():
                yield Measurement.of(table, metric, mean(values, seed), len(values), covered, mode, **extra)

    def score_baseline(self, tables: Sequence[Table], items: Collection, seed: int) -> Iterator[Measurement]:
        """BM25, with texts cut as for the first table."""
        rankings = bm25_rankings(items, tables[0].preprocessing if tables else Preprocessing())
        for metric, values in score_collection(items, rankings).items():
            estimate = mean(values, seed)
            yield Measurement("bm25", metric, estimate, len(values), 1.0, "bm25", extra=_missing(items))


def score_collection(collection: Collection, rankings: Rankings) -> dict[str, Any]:
    """Every metric of every query, (Q,) float64 each; the document that a query was taken from is ignored."""
    if collection.own:
        pairs = zip(rankings, collection.own, strict=True)
        rankings = [[document for document in ranking if document != own] for ranking, own in pairs]
    return score_rankings(rankings, collection.relevant)


def _missing(collection: Collection) -> dict[str, int]:
    return {"missing": collection.missing} if collection.missing else {}


def dense_rankings(collection: Collection, table: Table) -> tuple[Rankings, float]:
    """The best documents of each query by cosine, and the share of tokens that have a vector."""
    texts, count = collection.documents + collection.queries, len(collection.documents)
    rows, covered = embed(texts, table.texts, table.preprocessing, count, questions=True)
    documents, queries = rows[:count], rows[count:]
    known = np.any(documents != 0, axis=1)
    return [ranked(documents @ query, known & query.any()) for query in queries], covered


def bm25_rankings(collection: Collection, preprocessing: Preprocessing) -> Rankings:
    """The best documents of each query by BM25, over whole documents."""
    from selfvec.search import Index

    index = Index.words_only(collection.documents, preprocessing.by_words)
    return _rankings(index, collection, "bm25")


def hybrid_rankings(collection: Collection, run: Run) -> Rankings:
    """The best documents of each query as `selfvec.search` ranks them."""
    from selfvec.search import Index

    return _rankings(Index.memory(run, collection.documents), collection, "hybrid")


def _rankings(index: Index, collection: Collection, mode: str) -> Rankings:
    found = (index.scores(query, mode) for query in collection.queries)
    return [ranked(one.scores, one.found) for one in found]


# ---- BEIR's layout


def read_collection(folder: Path) -> Collection:
    """Read a folder in BEIR's layout.

    Raises
    ------
    InputError
        If a file is missing or malformed; names the line.
    """
    if not folder.is_dir():
        raise InputError("is not a folder", path=folder, remedy="name a folder in BEIR's layout")
    documents = _texts(folder / "corpus.jsonl", ("title", "text"))
    queries = _texts(folder / "queries.jsonl", ("text",))
    places = {name: i for i, name in enumerate(documents)}
    judged = _judgements(folder / "qrels" / "test.tsv", places, queries)
    if not judged:
        rule = "no query has a relevant document (a score above 0)"
        raise InputError(rule, path=folder / "qrels" / "test.tsv", remedy="check the scores")
    own = []
    for name, gains in judged.items():
        # The id alone may agree by chance: ids are often numbers.
        place, query = places.get(name, -1), queries[name].strip()
        same = place >= 0 and bool(query) and query in documents[name] and place not in gains
        own.append(place if same else -1)
    return Collection(list(documents.values()), [queries[q] for q in judged], list(judged.values()), own)


def _texts(path: Path, fields: Sequence[str]) -> dict[str, str]:
    """Texts by id, in the file's order; several fields are joined by a blank line."""
    out: dict[str, str] = {}
    for line, row in json_objects(path, ("_id", "text")):
        name = _text(row | {"_id": str(row["_id"])}, "_id", path, line)
        if name in out:
            raise InputError(f"the id {name!r} occurs twice", path=path, line=line, field="_id")
        parts = [_text(row, field, path, line) for field in fields]
        out[name] = "\n\n".join(part for part in parts if part)
    if not out:
        raise InputError("is empty", path=path, remedy="give one object a line, with _id and text")
    return out


def _text(row: dict[str, Any], field: str, path: Path, line: int) -> str:
    value = row.get(field)
    if value is not None and not isinstance(value, str):
        raise InputError("is not a string", path=path, line=line, field=field)
    try:
        (value or "").encode()
    except UnicodeEncodeError:
        rule = "contains half of a surrogate pair, which is not valid Unicode"
        raise InputError(rule, path=path, line=line, field=field, remedy="correct the row") from None
    return value or ""


def _judgements(path: Path, places: dict[str, int], queries: dict[str, str]) -> dict[str, dict[int, float]]:
    """Gains by query and document number; queries in the file's order."""
    out: dict[str, dict[int, float]] = {}
    seen: set[tuple[str, str]] = set()
    unknown: dict[str, int] = {}
    for position, (line, text) in enumerate(text_lines(path)):
        fields = [field.strip() for field in text.split("\t")]
        if len(fields) != 3:
            rule = f"a row is query-id<TAB>corpus-id<TAB>score, this one has {len(fields)} fields"
            raise InputError(rule, path=path, line=line, remedy="separate three fields by tabs")
        query, document, score = fields
        if position == 0 and score == "score":
            continue
        gain = number(score, path, line, "score")
        if query not in queries:
            rule = f"the query {query!r} is not in queries.jsonl"
            raise InputError(rule, path=path, line=line, remedy="add the query or remove the row")
        if (query, document) in seen:
            rule = f"query {query!r} and document {document!r} occur twice"
            raise InputError(rule, path=path, line=line, remedy="remove one of the rows")
        seen.add((query, document))
        if gain > 0:
            place = places.get(document)
            place = unknown.setdefault(document, -1 - len(unknown)) if place is None else place
            out.setdefault(query, {})[place] = gain
    return out
