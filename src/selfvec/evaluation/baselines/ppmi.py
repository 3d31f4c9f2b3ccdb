"""Baselines from positive pointwise mutual information (PPMI): PPMI-SVD, and retrofitting to its graph."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import MissingExtra
from selfvec.cooccurrence import PPMIOperator, count
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

__all__ = ["WINDOW", "ppmi_svd", "pulled", "retrofit", "strongest"]

WINDOW = 11  # tokens, five on each side, as in word2vec
NEIGHBOURS = 10  # of each word in the graph
LEAST = 5  # times a pair must occur: a single co-occurrence of two rare words has the highest PPMI of all
ITERATIONS = 10  # as published

Table = NDArray[np.float32]


def ppmi_svd(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Table:
    """U · Σ^½ of the PPMI matrix, in as many dimensions as the original: the corpus alone.

    Context-distribution smoothing .75 and the square root of the singular values follow Levy, Goldberg and
    Dagan (2015, *Improving Distributional Similarity with Lessons Learned from Word Embeddings*). The SVD is
    randomised (Halko, Martinsson and Tropp, 2011), with four power iterations. With fewer words than
    dimensions the last columns are zero.

    Raises
    ------
    MissingExtra
        If scikit-learn is not installed.
    """
    try:
        from scipy.sparse import csr_array  # type: ignore[import-untyped]
        from sklearn.utils.extmath import randomized_svd
    except ImportError:
        raise MissingExtra("scikit-learn", "baselines", "the baseline ppmi-svd") from None
    ppmi = PPMIOperator(count(batch, WINDOW, jobs=jobs), jobs=jobs)
    size = len(batch.types)
    matrix = csr_array((ppmi.values, ppmi.indices, ppmi.indptr), shape=(size, size))
    kept = min(original.vector_size, size)
    left, values, _ = randomized_svd(matrix, kept, n_iter=4, random_state=seed)
    out = np.zeros((size, original.vector_size), np.float32)
    out[:, :kept] = left * np.sqrt(values)
    return out


def retrofit(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Table:
    """The original's unit rows, retrofitted to a graph of the corpus; deterministic.

    Faruqui et al. (2015, *Retrofitting Word Vectors to Semantic Lexicons*) pull words to their neighbours in
    a lexicon. Here the neighbours of a word are those of highest PPMI.
    """
    del seed
    return pulled(original.unit, strongest(batch, jobs))


def pulled(start: Table, graph: NDArray[np.int32], iterations: int = ITERATIONS) -> Table:
    """q_i ← (α_i · q̂_i + mean of its neighbours' q) / (α_i + 1), α_i = 1 as published.

    Words without a vector have α_i = 0: they become the mean of their neighbours. All words are updated at
    once, from the rows of the previous iteration.

    Parameters
    ----------
    start : (V, d) float32
        q̂, unit or zero rows.
    graph : (V, k) int32
        Neighbours of each word, filled up with -1.
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
    """The ten words of highest PPMI of each word, (V, 10) int32, filled up with -1.

    Rare pairs and pairs of a word with itself are left out.
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
