"""Retrofitting (Faruqui et al., 2015, *Retrofitting Word Vectors to Semantic Lexicons*) to the corpus.

The paper pulls words to their neighbours in a lexicon. Here no lexicon is at hand, and the graph is that of
the corpus: each word and the words that stand near it most tellingly, by PPMI.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from selfvec.cooccurrence.counting import count
from selfvec.cooccurrence.weights import PPMIOperator
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

__all__ = ["ITERATIONS", "NEIGHBOURS", "WINDOW", "pulled", "retrofit", "strongest"]

WINDOW = 11  # tokens, five on each side: that of word2vec
NEIGHBOURS = 10  # of each word in the graph
LEAST = 5  # times a pair was seen together: one meeting of two rare words has the highest PPMI of all
ITERATIONS = 10  # the paper's


def retrofit(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> NDArray[np.float32]:
    """The original's unit rows, retrofitted to the corpus' graph; nothing in it is random."""
    del seed
    return pulled(original.unit, strongest(batch, jobs))


def pulled(
    start: NDArray[np.float32], graph: NDArray[np.int32], iterations: int = ITERATIONS
) -> NDArray[np.float32]:
    """q_i ← (α_i · q̂_i + mean of its neighbours' q) / (α_i + 1), α_i = 1 as in the paper.

    Words without a vector have α_i = 0: they become the mean of their neighbours. The update is done for all
    words at once, by the rows of the iteration before.

    Parameters
    ----------
    start : (V, d) float32
        q̂, unit or zero rows.
    graph : (V, k) int32
        Neighbours of each word, -1 where there are fewer.
    """
    alpha = start.any(axis=1, keepdims=True).astype(np.float32)
    table = np.array(start)
    for _ in range(iterations):
        counted = (graph >= 0) & np.any(table, axis=1)[graph]
        mean = np.zeros_like(table)
        for k in range(graph.shape[1]):
            mean += np.where(counted[:, k, None], table[graph[:, k]], np.float32(0))
        degree = counted.sum(axis=1, keepdims=True, dtype=np.float32)
        np.divide(mean, degree, out=mean, where=degree > 0)
        weight = alpha + (degree > 0)
        table = np.divide(alpha * start + mean, weight, out=np.zeros_like(table), where=weight > 0)
    return table


def strongest(batch: TokenBatch, jobs: int) -> NDArray[np.int32]:
    """The `NEIGHBOURS` words of highest PPMI of each word, (V, `NEIGHBOURS`) int32, -1 where there are fewer.

    Pairs that met fewer than `LEAST` times and a word's nearness to itself do not count.
    """
    counts = count(batch, WINDOW, jobs=jobs)
    ppmi = PPMIOperator(counts, jobs=jobs)
    graph = np.full((len(batch.types), NEIGHBOURS), -1, np.int32)
    spans = zip(pairwise(counts.indptr.tolist()), pairwise(ppmi.indptr.tolist()), strict=True)
    for word, ((lo, hi), (first, last)) in enumerate(spans):
        often = counts.indices[lo:hi][counts.data[lo:hi] >= LEAST]
        words, values = ppmi.indices[first:last], ppmi.values[first:last]
        kept = np.isin(words, often, assume_unique=True) & (words != word)
        words, values = words[kept], values[kept]
        best = np.argsort(-values, kind="stable")[:NEIGHBOURS]
        graph[word, : len(best)] = words[best]
    return graph
