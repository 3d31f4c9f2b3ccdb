"""How good is a ranking? nDCG, recall and the reciprocal rank, as trec_eval computes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


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
