"""GloVe, and Mittens: GloVe held to the vectors one started from. No library of either is kept up.

    GloVe    J = Σ_ij f(X_ij) · (w_i·c_j + a_i + b_j - log X_ij)²,   f(x) = min(1, (x / 100)^¾)
    Mittens  J + μ · Σ_known ‖w_i + c_i - r_i‖²

(Pennington, Socher and Manning, 2014, *GloVe: Global Vectors for Word Representation*; Dingwall and Potts,
2018, *Mittens: an Extension of GloVe for Learning Domain-Specialized Representations*.) X counts a neighbour
at distance δ as 1/δ; steps are AdaGrad's, at the rate .05; a word's vector is w + c. Mittens starts w and c
of known words at r/2. Its penalty is a sum over words and is spread here over the entries of a word, so that
an epoch applies it once.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import gcd

import numpy as np
from numpy.typing import NDArray

from selfvec.cooccurrence.counting import HARMONIC_UNIT, count
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

__all__ = ["EPOCHS", "MITTENS", "WINDOW", "glove", "mittens", "trained"]

WINDOW = 11  # tokens, five on each side: that of word2vec
EPOCHS = 15
RATE = 0.05
ENOUGH, POWER = 100.0, 0.75  # of f
MITTENS = 0.1  # μ

Table = NDArray[np.float32]


def glove(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Table:
    """GloVe of the corpus alone, as many dimensions as the original has.

    With one thread a seed gives the same vectors; with more, threads write into each other's rows, as in the
    authors' own program.
    """
    return trained(batch, np.zeros((len(batch.types), original.vector_size), np.float32), 0.0, seed, jobs)


def mittens(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Table:
    """GloVe held to the original by μ = .1, the authors' value."""
    return trained(batch, np.ascontiguousarray(original.unit), MITTENS, seed, jobs)


def trained(batch: TokenBatch, held: Table, strength: float, seed: int, jobs: int) -> Table:
    """w + c after `EPOCHS`, (V, d) float32; ``held`` is what non-zero rows are held to, by ``strength`` μ."""
    from .glove_kernel import descend

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
    out: Table = words[:, :-1] + contexts[:, :-1]
    return out


def _start(held: Table, pulls: Table, rng: np.random.Generator) -> Table:
    """Rows and, last, biases: small random numbers, or half of what a word is held to. (V, d + 1) float32."""
    size, width = held.shape
    out: Table = rng.random((size, width + 1), dtype=np.float32)
    out -= 0.5
    out /= width + 1
    known = pulls > 0
    out[known, :-1] = held[known] / 2
    return out


def _order(entries: int, rng: np.random.Generator) -> tuple[int, int]:
    """A walk over all entries that looks random and needs no memory: where it starts and its step."""
    if entries < 2:
        return 0, 1
    step = int(entries * rng.uniform(0.3, 0.7)) | 1
    while gcd(step, entries) != 1:
        step += 2
    return int(rng.integers(entries)), step
