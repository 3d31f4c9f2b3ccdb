"""Retrieval: do the documents that people judged relevant come first?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from selfvec.data.run import Run
from selfvec.numerics.bootstrap import mean
from selfvec.text.document_vectors import embed
from selfvec.text.preprocessing import Preprocessing

from .beir import Collection, read_collection
from .compared_vectors import Table, as_path
from .ranking_metrics import ranked, score_rankings
from .task import Measurement

__all__ = ["Retrieval"]

Rankings = list[list[int]]


@dataclass(frozen=True)
class Retrieval:
    """nDCG@10, recall@100 and MRR@10 over the queries that have a relevant document.

    Modes: ``dense``, the cosine of the query's and the document's vector (`selfvec.text.document_vectors`:
    idf-weighted means of word vectors, documents smoothed by those like them); for a run's refined table,
    which stands for the run, also ``hybrid``, as `selfvec.search` finds with all that the run knows; and
    once, under the name "bm25", mode ``bm25`` (Lucene's variant, k1 1.2, b .75) on the stems of the words as
    the first table reads them. Equal scores rank in document order. A text none of whose words has a vector
    is not found, as is, by BM25, one that shares no word with the query. ``covered`` is the share of the
    texts' tokens that have a vector, stop words left out. The extra key ``missing`` counts relevant documents
    that the corpus lacks.

    Parameters
    ----------
    path : path
        A folder in BEIR's layout: corpus.jsonl, queries.jsonl, qrels/test.tsv.
    """

    path: Path
    kind: ClassVar[str] = "retrieval"

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", as_path(self.path))

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """A row a table, mode and metric, then BM25's.

        Raises
        ------
        InputError
            If a file is not as it should be; names the line.
        """
        collection = read_collection(self.path)
        for table in tables:
            rankings, covered = dense_rankings(collection, table)
            yield from _rows(collection, rankings, seed, table.name, "dense", covered, **table.size)
            if table.run is not None and table.topical and not table.truncated:
                rankings = hybrid_rankings(collection, table.run)
                yield from _rows(collection, rankings, seed, table.name, "hybrid", covered, **table.size)
        rankings = bm25_rankings(collection, tables[0].preprocessing if tables else Preprocessing())
        yield from _rows(collection, rankings, seed, "bm25", "bm25", 1.0)


def _rows(
    collection: Collection, rankings: Rankings, seed: int, name: str, mode: str, covered: float, **size: Any
) -> Iterator[Measurement]:
    extra = {"missing": collection.missing} if collection.missing else {}
    if collection.own:
        pairs = zip(rankings, collection.own, strict=True)
        rankings = [[document for document in ranking if document != own] for ranking, own in pairs]
    for metric, values in score_rankings(rankings, collection.relevant).items():
        yield Measurement(name, metric, mean(values, seed), len(values), covered, mode, **size, extra=extra)


def dense_rankings(collection: Collection, table: Table) -> tuple[Rankings, float]:
    """The best documents of each query by cosine, and the share of tokens that have a vector."""
    texts, count = collection.documents + collection.queries, len(collection.documents)
    rows, covered = embed(texts, table.texts, table.preprocessing, count, questions=True)
    documents, queries = rows[:count], rows[count:]
    there = np.any(documents != 0, axis=1)
    nowhere = np.zeros_like(there)
    rankings = []
    for query in queries:
        rankings.append(ranked(documents @ query, there if query.any() else nowhere))
    return rankings, covered


def bm25_rankings(collection: Collection, preprocessing: Preprocessing) -> Rankings:
    """The best documents of each query by BM25, whole documents only."""
    from selfvec.search.building import lexical

    lexicon, scorer = lexical(collection.documents, preprocessing.by_words)
    rankings = []
    for query in collection.queries:
        (found,) = scorer.score(lexicon.read(query), "bm25")
        rankings.append(ranked(found.scores, found.found))
    return rankings


def hybrid_rankings(collection: Collection, run: Run) -> Rankings:
    """The best documents of each query as `selfvec.search` finds them."""
    from selfvec.search import Index

    index = Index.memory(run, collection.documents)
    rankings = []
    for query in collection.queries:
        (found,) = index.scores(query)
        rankings.append(ranked(found.scores, found.found))
    return rankings
