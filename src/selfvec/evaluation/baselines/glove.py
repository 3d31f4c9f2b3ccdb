"""GloVe, and Mittens: GloVe pulled towards the original vectors. Neither has a maintained library.

    GloVe    J = Σ_ij f(X_ij) · (w_i·c_j + a_i + b_j - log X_ij)²,   f(x) = min(1, (x / 100)^¾)
    Mittens  J + μ · Σ_known ‖w_i + c_i - r_i‖²

(Pennington, Socher and Manning, 2014, *GloVe: Global Vectors for Word Representation*; Dingwall and Potts,
2018, *Mittens: an Extension of GloVe for Learning Domain-Specialized Representations*.) X counts a neighbour
at distance δ as 1/δ; optimised with AdaGrad at a rate of .05; a word's vector is w + c. Mittens starts w and
c of known words at r/2. Its penalty is a sum over words; here it is spread over the entries of a word, so
that an epoch applies it once.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import gcd

import numpy as np
from numba import njit
from numpy.typing import NDArray

from selfvec.cooccurrence import count
from selfvec.cooccurrence.counts import HARMONIC_UNIT
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

__all__ = ["descend", "glove", "mittens", "trained"]

WINDOW = 11  # tokens, five on each side, as in word2vec
EPOCHS = 15
RATE = 0.05
ENOUGH, POWER = 100.0, 0.75  # of f
MITTENS = 0.1  # μ

Table = NDArray[np.float32]


def glove(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Table:
    """GloVe from the corpus alone, in as many dimensions as the original.

    With one thread a seed gives the same vectors; with more, threads write into each other's rows, as in the
    authors' own program.
    """
    return trained(batch, np.zeros((len(batch.types), original.vector_size), np.float32), 0.0, seed, jobs)


def mittens(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Table:
    """GloVe pulled towards the original with μ = .1, the authors' value."""
    return trained(batch, np.ascontiguousarray(original.unit), MITTENS, seed, jobs)


def trained(batch: TokenBatch, held: Table, strength: float, seed: int, jobs: int) -> Table:
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
    out: Table = words[:, :-1] + contexts[:, :-1]
    return out


def _start(held: Table, pulls: Table, rng: np.random.Generator) -> Table:
    """Rows and, in the last column, biases: small random numbers, or half of ``held``. (V, d + 1) float32."""
    size, width = held.shape
    out: Table = rng.random((size, width + 1), dtype=np.float32)
    out -= 0.5
    out /= width + 1
    known = pulls > 0
    out[known, :-1] = held[known] / 2
    return out


def _order(entries: int, rng: np.random.Generator) -> tuple[int, int]:
    """Start and step of a walk over all entries that looks random and needs no memory."""
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
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    targets: Table,
    weights: Table,
    held: Table,
    pulls: Table,
    words: Table,
    contexts: Table,
    word_squares: Table,
    context_squares: Table,
    rate: np.float32,
) -> None:
    """AdaGrad steps on the entries ``(first + k · step) mod n`` of the counts, for k from ``lo`` to ``hi``.

    Parameters
    ----------
    rows, columns : (n,) int32
        Word and context of each entry.
    targets, weights : (n,) float32
        log X and f(X).
    held : (V, d) float32
        Rows that known words are pulled towards.
    pulls : (V,) float32
        Strength of the pull at each of a word's entries; 0 for none.
    words, contexts, word_squares, context_squares : (V, d + 1) float32
        The tables, biases last, and the sums of their squared gradients. Changed.
    rate : float32
    """
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
