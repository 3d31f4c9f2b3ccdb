"""Metrics of a ranked list, by judgements: nDCG, recall and reciprocal rank, as trec_eval computes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from selfvec.numerics.rows import top_indices

__all__ = ["DEPTH", "METRICS", "ndcg", "ranked", "recall", "reciprocal_rank", "score_rankings"]

DEPTH = 100
_DECIMALS = 5  # of a score; smaller differences come from the order of additions


def ranked(scores: NDArray[np.floating], retrievable: NDArray[np.bool_], depth: int = DEPTH) -> list[int]:
    """Numbers of the retrievable documents by falling score, both (D,); ties in document order.

    >>> ranked(np.array([0.1, 0.9, 0.9, 0.5]), np.array([True, True, True, False]))
    [1, 2, 0]
    """
    rounded = np.where(retrievable, np.round(scores, _DECIMALS), -np.inf)
    return [i for i in top_indices(rounded, depth) if retrievable[i]]


def ndcg(ranking: Sequence[int], gains: Mapping[int, float], depth: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen, 2002).

    The sum over the first ``depth`` documents of gain / log2(1 + rank), divided by the same sum for the best
    possible order. The gain of a document is its score, as in trec_eval.

    >>> round(ndcg([7, 8], {8: 1.0, 9: 2.0}), 4)
    0.2398
    """

    def discounted(values: Sequence[float]) -> float:
        return float(sum(value / np.log2(rank + 1) for rank, value in enumerate(values[:depth], 1)))

    best = discounted(sorted(gains.values(), reverse=True))
    return discounted([gains.get(document, 0.0) for document in ranking]) / best


def recall(ranking: Sequence[int], gains: Mapping[int, float], depth: int = 100) -> float:
    """Share of the relevant documents among the first ``depth``."""
    return sum(document in gains for document in ranking[:depth]) / len(gains)


def reciprocal_rank(ranking: Sequence[int], gains: Mapping[int, float], depth: int = 10) -> float:
    """1 / rank of the first relevant document; 0 if none is among the first ``depth``."""
    return next((1 / rank for rank, d in enumerate(ranking[:depth], 1) if d in gains), 0.0)


METRICS = {"ndcg@10": ndcg, "recall@100": recall, "mrr@10": reciprocal_rank}


def score_rankings(
    rankings: Sequence[Sequence[int]], relevant: Sequence[Mapping[int, float]]
) -> dict[str, NDArray[np.float64]]:
    """Every metric of each of Q queries, (Q,) float64 each."""
    pairs = list(zip(rankings, relevant, strict=True))
    return {name: np.array([metric(*pair) for pair in pairs]) for name, metric in METRICS.items()}
