"""What does each way of search find for answers? Fills a part of docs/results/search.md.

Every collection is refined on its own documents, without its queries or judgements. The same documents
and queries then go to all: the vectors before and after refining, BM25 on stems, the hybrid, and a static
encoder as its library uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np

from benchmarks.datasets import GOOGLENEWS, judged
from benchmarks.page import table
from benchmarks.rankings import Rankings, by_cosine, by_index, estimate, over, wordllama
from benchmarks.refining import refined
from selfvec.data.run import Run
from selfvec.lab.evaluation.collection import Collection, ndcg, recall
from selfvec.lab.evaluation.compared_vectors import ComparedVectors, open_entries
from selfvec.numerics.statistics import Estimate
from selfvec.retrieval import Index

METRICS: dict[str, Callable[[Sequence[int], Mapping[int, float]], float]] = {
    "nDCG@10": ndcg,
    "recall@5": lambda found, gains: recall(found, gains, 5),
    "recall@20": lambda found, gains: recall(found, gains, 20),
    "hit@5": lambda found, gains: float(any(document in gains for document in found[:5])),
}

Encode = Callable[[list[str], int], np.ndarray]
"""Unit vectors of documents and queries; the second argument is the number of documents."""


@cache
def run_of(name: str) -> Run:
    """A judged collection, refined from the built-in vectors."""
    return refined(name)


@cache
def index_of(name: str) -> Index:
    """Its index."""
    return Index.memory(run_of(name), judged()[name].documents)


def everybody(name: str) -> dict[str, Rankings]:
    """Every way of searching a collection, refined by our rule from two tables and by the paper's."""
    collection, run = judged()[name], run_of(name)
    by_run, original = open_entries(run)
    (by_paper, _) = open_entries(refined(name, method="paper"))

    def dense(entry: ComparedVectors) -> Rankings:
        return encoded(collection, lambda texts, n: entry.text_rows(texts, n, questions=True)[0])

    google = Index.memory(refined(name, GOOGLENEWS), collection.documents)
    return {
        "original, dense": dense(original),
        "paper's rule, dense": dense(by_paper),
        "refined, dense": dense(by_run),
        "BM25": by_index(collection, index_of(name), "bm25"),
        "refined, hybrid": by_index(collection, index_of(name), "hybrid"),
        "refined from GoogleNews, hybrid": by_index(collection, google, "hybrid"),
        "wordllama as it is": encoded(collection, lambda texts, _: wordllama(texts)),
    }


def encoded(collection: Collection, encode: Encode) -> Rankings:
    """By cosine."""
    return by_cosine(collection, encode(collection.documents + collection.queries, len(collection.documents)))


def measured() -> dict[str, dict[str, dict[str, Estimate]]]:
    """By way: an estimate for each metric and collection."""
    values: dict[str, dict[str, dict[str, Estimate]]] = {}
    for name, collection in judged().items():
        for way, rankings in everybody(name).items():
            for key, metric in METRICS.items():
                by_metric = values.setdefault(way, {}).setdefault(key, {})
                by_metric[name] = estimate(collection, rankings, metric)
    return values


def shown(one: Estimate) -> str:
    low, high = one.interval
    return f"{one.value:.3f} ({low:.2f}–{high:.2f})"


def by_metric() -> str:
    """All metrics in the mean over collections."""
    rows = [[way, *(shown(over(m)) for m in found.values())] for way, found in measured().items()]
    return table(["search", *METRICS], rows)


NEEDS_DATA = True
PAGES = {"search.md": {"answers": by_metric}}
