"""Vectors from counts of neighbours, without training by gradients, and random directions."""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Floats, Rows
from selfvec.cooccurrence import PPMIOperator, count
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors


def random_directions(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Floats:
    """A normal random row for each word, in as many dimensions as the original."""
    del jobs
    shape = len(batch.types), original.vector_size
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


PPMI_WINDOW = 11  # tokens, five on each side, as in word2vec


def ppmi_svd(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Rows:
    """U · Σ^½ of the PPMI matrix, in as many dimensions as the original, from the corpus alone.

    Context-distribution smoothing .75 and the square root of the singular values follow Levy, Goldberg and
    Dagan (2015, *Improving Distributional Similarity with Lessons Learned from Word Embeddings*). The SVD is
    randomised (Halko, Martinsson and Tropp, 2011), with four power iterations. With fewer words than
    dimensions the last columns are zero.
    """
    from scipy.sparse import csr_array  # type: ignore[import-untyped]
    from sklearn.utils.extmath import randomized_svd

    ppmi = PPMIOperator(count(batch, PPMI_WINDOW, jobs=jobs), jobs=jobs).matrix
    size = len(batch.types)
    matrix = csr_array((ppmi.values, ppmi.indices, ppmi.indptr), shape=(size, size))
    kept = min(original.vector_size, size)
    left, values, _ = randomized_svd(matrix, kept, n_iter=4, random_state=seed)
    out = np.zeros((size, original.vector_size), np.float32)
    out[:, :kept] = left * np.sqrt(values)
    return out
