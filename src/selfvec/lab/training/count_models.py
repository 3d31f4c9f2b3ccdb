"""Vectors from counts of neighbours, without training by gradients, and random directions.

PPMI is positive pointwise mutual information: its SVD, and retrofitting to a graph of it.

Codes: the d most frequent words have a code of one bit, the next ones codes of two bits, and so on, each
scaled to length 1. A word's vector is the sum of its neighbours' codes, weighted less for frequent ones,
minus the expected sum near any word. The method is the aggregation by sums of H. Zhao and J. R. Williams
(2023), *Bit Cipher: A Simple Yet Powerful Word Representation System that Integrates Efficiently with
Language Models* (arXiv:2311.11012).
"""

from __future__ import annotations

from itertools import combinations, islice, pairwise
from itertools import count as numbers

import numpy as np

from selfvec.base.arrays import Floats, Ids, Rows
from selfvec.cooccurrence.counts import count, ppmi_matrix
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

CIPHER_WINDOW = 11  # tokens, the word itself included
GAMMA = 0.5  # a neighbour of frequency r has the weight r^-γ


def cipher(batch: TokenBatch, original: Vectors, seed: int, jobs: int | None) -> Rows:
    """The centred sums of the neighbours' codes, (V, d), in as many dimensions as the original."""
    order = np.argsort(-batch.counts, kind="stable")
    rows = np.empty((len(batch.types), original.vector_size), np.float32)
    rows[order] = codes(len(order), original.vector_size, seed)
    return ScanOperator(batch, CIPHER_WINDOW, GAMMA, jobs).apply(rows)


def codes(words: int, bits: int, seed: int = 0) -> Rows:
    """Codes of the first ``words`` words by frequency, (words, bits) float32, each of length 1.

    ``seed`` draws which bits belong to which frequency rank.

    >>> (codes(5, 3) > 0).sum(axis=1).tolist()
    [1, 1, 1, 2, 2]
    """
    place = np.random.default_rng(seed).permutation(bits)
    sets = (chosen for number in numbers(1) for chosen in combinations(range(bits), min(number, bits)))
    out = np.zeros((words, bits), np.float32)
    for row, chosen in enumerate(islice(sets, words)):
        out[row, place[list(chosen)]] = 1 / np.sqrt(len(chosen))
    return out


def random_directions(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Floats:
    """A normal random row for each word, in as many dimensions as the original."""
    del jobs
    shape = len(batch.types), original.vector_size
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


PPMI_WINDOW = 11  # tokens, five on each side, as in word2vec
NEIGHBOURS = 10  # of each word in the graph of PPMI
LEAST = 5  # co-occurrences of a pair; a single one of two rare words would have the highest PPMI of all
ITERATIONS = 10  # of retrofitting, as published


def ppmi_svd(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Rows:
    """U · Σ^½ of the PPMI matrix, in as many dimensions as the original, from the corpus alone.

    Context-distribution smoothing .75 and the square root of the singular values follow Levy, Goldberg and
    Dagan (2015, *Improving Distributional Similarity with Lessons Learned from Word Embeddings*). The SVD is
    randomised (Halko, Martinsson and Tropp, 2011), with four power iterations. With fewer words than
    dimensions the last columns are zero.
    """
    from scipy.sparse import csr_array  # type: ignore[import-untyped]
    from sklearn.utils.extmath import randomized_svd

    ppmi = ppmi_matrix(count(batch, PPMI_WINDOW, jobs=jobs), jobs)
    size = len(batch.types)
    matrix = csr_array((ppmi.values, ppmi.indices, ppmi.indptr), shape=(size, size))
    kept = min(original.vector_size, size)
    left, values, _ = randomized_svd(matrix, kept, n_iter=4, random_state=seed)
    out = np.zeros((size, original.vector_size), np.float32)
    out[:, :kept] = left * np.sqrt(values)
    return out


def retrofit(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Rows:
    """The original unit rows, retrofitted to a graph of the corpus; deterministic.

    Faruqui et al. (2015, *Retrofitting Word Vectors to Semantic Lexicons*) pull words to their neighbours in
    a lexicon. Here the neighbours of a word are those of highest PPMI.
    """
    del seed
    return pulled(original.unit, strongest(batch, jobs))


def pulled(
    initial: Rows,  # (V, d) float32; q̂, unit or zero rows
    graph: Ids,  # (V, k) int32; neighbours of each word, filled up with -1
    iterations: int = ITERATIONS,
) -> Rows:
    """q_i ← (α_i · q̂_i + mean of its neighbours' q) / (α_i + 1), α_i = 1 as published.

    Words without a vector have α_i = 0: they become the mean of their neighbours. All words are updated at
    once, from the rows of the previous iteration.
    """
    alpha = initial.any(axis=1, keepdims=True).astype(np.float32)
    rows = np.array(initial)
    for _ in range(iterations):
        counted = (graph >= 0) & np.any(rows, axis=1)[graph]
        mean = np.zeros_like(rows)
        for k in range(graph.shape[1]):
            mean += np.where(counted[:, k, None], rows[graph[:, k]], np.float32(0))
        degree = counted.sum(axis=1, keepdims=True, dtype=np.float32)
        np.divide(mean, degree, out=mean, where=degree > 0)
        weight = alpha + (degree > 0)
        rows = np.divide(alpha * initial + mean, weight, out=np.zeros_like(rows), where=weight > 0)
    return rows


def strongest(batch: TokenBatch, jobs: int) -> Ids:
    """The ten words of highest PPMI of each word, (V, 10) int32, filled up with -1.

    Rare pairs and pairs of a word with itself are left out.
    """
    counts = count(batch, PPMI_WINDOW, jobs=jobs)
    ppmi = ppmi_matrix(counts, jobs)
    graph = np.full((len(batch.types), NEIGHBOURS), -1, np.int32)
    spans = zip(pairwise(counts.indptr.tolist()), pairwise(ppmi.indptr.tolist()), strict=True)
    for word, ((lo, hi), (first, last)) in enumerate(spans):
        often = counts.indices[lo:hi][counts.data[lo:hi] >= LEAST]
        others = ppmi.indices[first:last]
        kept = np.isin(others, often, assume_unique=True) & (others != word)
        best = np.argsort(-ppmi.values[first:last][kept], kind="stable")[:NEIGHBOURS]
        graph[word, : len(best)] = others[kept][best]
    return graph
