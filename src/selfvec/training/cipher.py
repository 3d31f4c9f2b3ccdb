"""Vectors without training by gradients: random directions, and sums of the codes of a word's neighbours.

The d most frequent words have a code of one bit, the next ones codes of two bits, and so on, each scaled to
length 1. A word's vector is the sum of its neighbours' codes, weighted less for frequent ones, minus the
expected sum near any word. The method is the aggregation by sums of H. Zhao and J. R. Williams (2023), *Bit
Cipher: A Simple Yet Powerful Word Representation System that Integrates Efficiently with Language Models*
(arXiv:2311.11012).
"""

from __future__ import annotations

from itertools import combinations, count, islice

import numpy as np

from selfvec.base.arrays import Floats, Rows
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
    sets = (chosen for number in count(1) for chosen in combinations(range(bits), min(number, bits)))
    out = np.zeros((words, bits), np.float32)
    for row, chosen in enumerate(islice(sets, words)):
        out[row, place[list(chosen)]] = 1 / np.sqrt(len(chosen))
    return out


def random_directions(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Floats:
    """A normal random row for each word, in as many dimensions as the original."""
    del jobs
    shape = len(batch.types), original.vector_size
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
