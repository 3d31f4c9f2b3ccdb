"""Baselines from co-occurrence counts: GloVe, Mittens, PPMI-SVD, and retrofitting to a graph of PPMI.

    GloVe    J = Σ_ij f(X_ij) · (w_i·c_j + a_i + b_j - log X_ij)²,   f(x) = min(1, (x / 100)^¾)
    Mittens  J + μ · Σ_known ‖w_i + c_i - r_i‖²

(Pennington, Socher and Manning, 2014, *GloVe: Global Vectors for Word Representation*; Dingwall and Potts,
2018, *Mittens: an Extension of GloVe for Learning Domain-Specialized Representations*.) Neither has a
maintained library. X counts a neighbour at distance δ as 1/δ. AdaGrad has a rate of .05. A word's vector is
w + c. Mittens initialises w and c of known words with r/2. Its penalty is a sum over words. Here it is spread
over the entries of a word, so that a pass applies it once.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import gcd

import numpy as np
from numba import njit

from selfvec.base.arrays import Ids, Rows
from selfvec.cooccurrence import PPMIOperator, count
from selfvec.cooccurrence.counts import HARMONIC_UNIT
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

__all__ = ["glove", "mittens", "ppmi_svd", "retrofit"]

WINDOW = 11  # tokens, five on each side, as in word2vec
EPOCHS = 15  # of GloVe
RATE = 0.05
ENOUGH, POWER = 100.0, 0.75  # of f
MITTENS = 0.1  # μ
NEIGHBOURS = 10  # of each word in the graph of PPMI
LEAST = 5  # co-occurrences of a pair; a single one of two rare words would have the highest PPMI of all
ITERATIONS = 10  # of retrofitting, as published


def glove(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Rows:
    """GloVe from the corpus alone, in as many dimensions as the original.

    With one thread the vectors are the same for the same seed. Several threads write to the same rows, as in
    the authors' own program.
    """
    return trained(batch, np.zeros((len(batch.types), original.vector_size), np.float32), 0.0, seed, jobs)


def mittens(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Rows:
    """GloVe pulled towards the original vectors with μ = .1, the authors' value."""
    return trained(batch, np.ascontiguousarray(original.unit), MITTENS, seed, jobs)


def trained(batch: TokenBatch, held: Rows, strength: float, seed: int, jobs: int) -> Rows:
    """w + c after `EPOCHS`, (V, d) float32; rows of ``held`` pull their words with ``strength`` μ."""
    counts = count(batch, WINDOW, weighting="harmonic", jobs=jobs)
    size, entries = len(counts), len(counts.data)
    rows = np.repeat(np.arange(size, dtype=np.int32), np.diff(counts.indptr))
    seen = (counts.data / HARMONIC_UNIT).astype(np.float32)
    targets = np.log(seen)
    weights = np.minimum(np.float32(1), (seen / ENOUGH) ** POWER).astype(np.float32)
    del seen
    pulls = np.where(held.any(axis=1), strength / np.maximum(np.diff(counts.indptr), 1), 0).astype(np.float32)
    rng = np.random.default_rng(seed)
    words, contexts = (_start(held, pulls, rng) for _ in range(2))
    squares = np.ones_like(words), np.ones_like(contexts)
    tables = words, contexts, *squares
    bounds = [entries * part // jobs for part in range(jobs + 1)]
    with ThreadPoolExecutor(jobs) as pool:
        for _ in range(EPOCHS):
            first, step = _order(entries, rng)
            given = (rows, counts.indices, targets, weights, held, pulls, *tables, np.float32(RATE))
            parts = [pool.submit(descend, lo, hi, first, step, *given) for lo, hi in pairwise(bounds)]
            for part in parts:
                part.result()
    out: Rows = words[:, :-1] + contexts[:, :-1]
    return out


def _start(held: Rows, pulls: Rows, rng: np.random.Generator) -> Rows:
    """Rows and, in the last column, biases: small random numbers, or half of ``held``. (V, d + 1) float32."""
    size, width = held.shape
    out: Rows = rng.random((size, width + 1), dtype=np.float32)
    out -= 0.5
    out /= width + 1
    known = pulls > 0
    out[known, :-1] = held[known] / 2
    return out


def _order(entries: int, rng: np.random.Generator) -> tuple[int, int]:
    """Start and step of a pseudo-random order of all entries that needs no memory."""
    if entries < 2:
        return 0, 1
    step = int(entries * rng.uniform(0.3, 0.7)) | 1
    while gcd(step, entries) != 1:
        step += 2
    return int(rng.integers(entries)), step


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})
def descend(
    lo: int,
    hi: int,
    first: int,
    step: int,
    rows: Ids,  # (n,) word of each entry
    columns: Ids,  # (n,) context of each entry
    targets: Rows,  # (n,) log X
    weights: Rows,  # (n,) f(X)
    held: Rows,  # (V, d) rows that known words are pulled towards
    pulls: Rows,  # (V,) strength of the pull at each of a word's entries, 0 for none
    words: Rows,  # (V, d + 1) biases last; changed, as are the following
    contexts: Rows,  # (V, d + 1)
    word_squares: Rows,  # (V, d + 1) sums of squared gradients
    context_squares: Rows,  # (V, d + 1)
    rate: np.float32,
) -> None:
    """AdaGrad steps on the entries ``(first + k · step) mod n``, for k from ``lo`` to ``hi``."""
    entries = rows.size
    width = held.shape[1]
    for k in range(lo, hi):
        entry = (first + k * step) % entries
        i, j = rows[entry], columns[entry]
        w, c = words[i], contexts[j]
        product = w[width] + c[width] - targets[entry]
        for n in range(width):
            product += w[n] * c[n]
        error = weights[entry] * product
        pull_i, pull_j = pulls[i], pulls[j]
        own, other = contexts[i], words[j]
        squares_w, squares_c = word_squares[i], context_squares[j]
        for n in range(width):
            to_word = error * c[n]
            to_context = error * w[n]
            if pull_i > 0:
                to_word += pull_i * (w[n] + own[n] - held[i, n])
            if pull_j > 0:
                to_context += pull_j * (c[n] + other[n] - held[j, n])
            w[n] -= rate * to_word / np.sqrt(squares_w[n])
            c[n] -= rate * to_context / np.sqrt(squares_c[n])
            squares_w[n] += to_word * to_word
            squares_c[n] += to_context * to_context
        w[width] -= rate * error / np.sqrt(squares_w[width])
        c[width] -= rate * error / np.sqrt(squares_c[width])
        squares_w[width] += error * error
        squares_c[width] += error * error


def ppmi_svd(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Rows:
    """U · Σ^½ of the PPMI matrix, in as many dimensions as the original, from the corpus alone.

    Context-distribution smoothing .75 and the square root of the singular values follow Levy, Goldberg and
    Dagan (2015, *Improving Distributional Similarity with Lessons Learned from Word Embeddings*). The SVD is
    randomised (Halko, Martinsson and Tropp, 2011), with four power iterations. With fewer words than
    dimensions the last columns are zero.
    """
    from scipy.sparse import csr_array  # type: ignore[import-untyped]
    from sklearn.utils.extmath import randomized_svd

    ppmi = PPMIOperator(count(batch, WINDOW, jobs=jobs), jobs=jobs)
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
    start: Rows,  # (V, d) float32; q̂, unit or zero rows
    graph: Ids,  # (V, k) int32; neighbours of each word, filled up with -1
    iterations: int = ITERATIONS,
) -> Rows:
    """q_i ← (α_i · q̂_i + mean of its neighbours' q) / (α_i + 1), α_i = 1 as published.

    Words without a vector have α_i = 0: they become the mean of their neighbours. All words are updated at
    once, from the rows of the previous iteration.
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


def strongest(batch: TokenBatch, jobs: int) -> Ids:
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
