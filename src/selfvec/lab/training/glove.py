"""GloVe and Mittens from co-occurrence counts.

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
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import Ids, Rows
from selfvec.base.compiled import SUMS, kernel
from selfvec.cooccurrence.counts import HARMONIC_UNIT, Counts, count
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

GLOVE_WINDOW = 11  # tokens, five on each side, as in word2vec
EPOCHS = 15  # as the authors' script
RATE = np.float32(0.05)
# of f
ENOUGH = 100.0
POWER = 0.75
MITTENS = 0.1  # μ


class Entries(NamedTuple):
    """The n entries of the counts X that are larger than 0."""

    words: Ids  # (n,) int32
    contexts: Ids  # (n,) int32
    logs: Rows  # (n,) float32, log X
    weights: Rows  # (n,) float32, f(X)


class Model(NamedTuple):
    """What is learned, and AdaGrad's sums of squared gradients of it. All are (V, d + 1) float32."""

    words: Rows  # w, and a in the last column
    contexts: Rows  # c, and b in the last column
    word_squares: Rows
    context_squares: Rows


class Pull(NamedTuple):
    """The rows that known words are pulled towards."""

    rows: Rows  # (V, d) float32, r
    strengths: Rows  # (V,) float32, at each entry of a word; 0 for words that are not pulled


def glove(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Rows:
    """GloVe from the corpus alone, in as many dimensions as the original.

    With one thread the vectors are the same for the same seed. Several threads write to the same rows, as in
    the authors' own program.
    """
    return trained(batch, np.zeros((len(batch.types), original.vector_size), np.float32), 0.0, seed, jobs)


def mittens(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Rows:
    """GloVe pulled towards the original vectors with μ = .1, the authors' value."""
    return trained(batch, np.ascontiguousarray(original.unit), MITTENS, seed, jobs)


def trained(batch: TokenBatch, given: Rows, strength: float, seed: int, jobs: int) -> Rows:
    """w + c after `EPOCHS`, (V, d) float32; rows of ``given`` pull their words with ``strength`` μ."""
    counts = count(batch, GLOVE_WINDOW, weighting="harmonic", jobs=jobs)
    entries = _entries(counts)
    per_entry = strength / np.maximum(np.diff(counts.indptr), 1)
    pull = Pull(given, np.where(given.any(axis=1), per_entry, 0).astype(np.float32))
    rng = np.random.default_rng(seed)
    words = _initial_rows(pull, rng)
    contexts = _initial_rows(pull, rng)
    model = Model(words, contexts, np.ones_like(words), np.ones_like(contexts))
    size = len(entries.words)
    bounds = [size * part // jobs for part in range(jobs + 1)]
    with ThreadPoolExecutor(jobs) as pool:
        for _ in range(EPOCHS):
            first, step = every_entry_once(size, rng)
            parts = [
                pool.submit(descend, lo, hi, first, step, entries, model, pull, RATE)
                for lo, hi in pairwise(bounds)
            ]
            for part in parts:
                part.result()
    return words[:, :-1] + contexts[:, :-1]


def _entries(counts: Counts) -> Entries:
    words = np.repeat(np.arange(len(counts), dtype=np.int32), np.diff(counts.indptr))
    occurrences = (counts.data / HARMONIC_UNIT).astype(np.float32)
    weights = np.minimum(np.float32(1), (occurrences / ENOUGH) ** POWER).astype(np.float32)
    return Entries(words, counts.indices, np.log(occurrences), weights)


def _initial_rows(pull: Pull, rng: np.random.Generator) -> Rows:
    """Small random numbers, or half of a known row; the last column holds biases. (V, d + 1) float32."""
    size, width = pull.rows.shape
    out: Rows = rng.random((size, width + 1), dtype=np.float32)
    out -= 0.5
    out /= width + 1
    pulled = pull.strengths > 0
    out[pulled, :-1] = pull.rows[pulled] / 2
    return out


def every_entry_once(entries: int, rng: np.random.Generator) -> tuple[int, int]:
    """Start and step of a pseudo-random order of all entries that needs no memory."""
    if entries < 2:
        return 0, 1
    step = int(entries * rng.uniform(0.3, 0.7)) | 1
    while gcd(step, entries) != 1:
        step += 2
    return int(rng.integers(entries)), step


@kernel(fastmath=SUMS)
def descend(
    lo: int,
    hi: int,
    first: int,
    step: int,
    entries: Entries,
    model: Model,  # changed
    pull: Pull,
    rate: np.float32,
) -> None:
    """AdaGrad steps on the entries ``(first + k · step) mod n``, for k from ``lo`` to ``hi``."""
    size = entries.words.size
    width = pull.rows.shape[1]
    for k in range(lo, hi):
        entry = (first + k * step) % size
        i = entries.words[entry]
        j = entries.contexts[entry]
        w = model.words[i]
        c = model.contexts[j]
        product = w[width] + c[width] - entries.logs[entry]
        for n in range(width):
            product += w[n] * c[n]
        error = entries.weights[entry] * product
        pull_i = pull.strengths[i]
        pull_j = pull.strengths[j]
        own_context = model.contexts[i]
        own_word = model.words[j]
        squares_w = model.word_squares[i]
        squares_c = model.context_squares[j]
        for n in range(width):
            # Both gradients before either row changes.
            to_word = error * c[n]
            to_context = error * w[n]
            if pull_i > 0:
                to_word += pull_i * (w[n] + own_context[n] - pull.rows[i, n])
            if pull_j > 0:
                to_context += pull_j * (c[n] + own_word[n] - pull.rows[j, n])
            w[n] -= rate * to_word / np.sqrt(squares_w[n])
            c[n] -= rate * to_context / np.sqrt(squares_c[n])
            squares_w[n] += to_word * to_word
            squares_c[n] += to_context * to_context
        # The biases.
        w[width] -= rate * error / np.sqrt(squares_w[width])
        c[width] -= rate * error / np.sqrt(squares_c[width])
        squares_w[width] += error * error
        squares_c[width] += error * error
