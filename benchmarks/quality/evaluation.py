"""What do common pairs and BM25 with RM3 change in the figures? Fills a part of docs/results/evaluation.md.

The constants of RM3 were chosen on the judged collections; each is left out in turn to see what that
hides.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, JUDGED, SIMILARITY, judged
from benchmarks.page import table
from benchmarks.rankings import mean_ndcg
from benchmarks.relevance_model import score_rm3
from benchmarks.self_retrieval import self_retrieval
from selfvec.lab.evaluation import Similarity
from selfvec.lab.evaluation.collection import Collection
from selfvec.lab.evaluation.retrieval import bm25_rankings, ranked
from selfvec.retrieval import Index
from selfvec.text.preprocessing import Preprocessing

GRID = list(itertools.product((5, 8, 10, 20), (20, 30, 50, 100), (0.3, 0.5, 0.7)))


def common() -> str:
    """Spearman's correlation over all pairs, and over those that both tables know."""
    tables = {"built-in": "default", "GoogleNews": GOOGLENEWS}
    report = selfvec.evaluate(tables, [Similarity(file) for file in SIMILARITY.values()])
    names = {file.stem: name for name, file in SIMILARITY.items()}
    rows = []
    for embedded, news in zip(report.rows[::2], report.rows[1::2], strict=True):
        figures = [f"{row[key]:.3f}" for key in ("value", "value_common") for row in (embedded, news)]
        rows.append([names[news["task"]], news["n"], *figures[:2], news["n_common"], *figures[2:]])
    return table(["set", "pairs", *tables, "common pairs", *tables], rows)


def with_feedback(collection: Collection, choices: Sequence[tuple[Any, ...]] = ((),)) -> list[float]:
    """Mean nDCG@10 of BM25 with RM3, for each choice; for the defaults by default."""
    index = Index.words_only(collection.documents, Preprocessing())
    queries = [index.vocabulary.parse(query) for query in collection.queries]
    found = []
    for feedback in choices:
        scored = (score_rm3(index.scorer, query, *feedback) for query in queries)
        found.append(mean_ndcg(collection, [ranked(one.scores, one.found) for one in scored]))
    return found


def rm3() -> str:
    """nDCG@10 of BM25 without and with RM3."""
    columns = [_bm25(collection) for collection in judged().values()]
    chosen = [with_feedback(collection)[0] for collection in judged().values()]
    grid = np.array([with_feedback(collection, GRID) for collection in judged().values()])
    left_out = [own[np.argmax(grid.sum(axis=0) - own)] for own in grid]
    items = [collection for _, _, collection in self_retrieval()]
    plain = np.mean([_bm25(collection) for collection in items])
    fed = np.mean([with_feedback(collection)[0] for collection in items])
    rows = [
        ["BM25", *_figures(columns), f"{plain:.3f}"],
        ["BM25 with RM3", *_figures(chosen), f"{fed:.3f}"],
        ["the same, left out", *_figures(left_out), "–"],
    ]
    return table(["", *JUDGED, "mean", "one answer each"], rows)


def _bm25(collection: Collection) -> float:
    return mean_ndcg(collection, bm25_rankings(collection, Preprocessing()))


def _figures(values: Sequence[float]) -> list[str]:
    return [f"{value:.3f}" for value in (*values, np.mean(values))]


NEEDS_DATA = True
PAGES = {"evaluation.md": {"common": common, "rm3": rm3}}
