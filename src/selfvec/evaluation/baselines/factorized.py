"""PPMI-SVD: the corpus alone, counted and factorised. Strong, simple, and no pretrained vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import MissingExtra
from selfvec.cooccurrence.counting import count
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

__all__ = ["WINDOW", "ppmi_svd"]

WINDOW = 11  # tokens, five on each side: that of word2vec


def ppmi_svd(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> NDArray[np.float32]:
    """U · Σ^½ of the positive pointwise mutual information, as many dimensions as the original has.

    Context-distribution smoothing .75 and the square root of the singular values are what Levy, Goldberg and
    Dagan (2015, *Improving Distributional Similarity with Lessons Learned from Word Embeddings*) advise. The
    decomposition is randomised (Halko, Martinsson and Tropp, 2011), four power iterations.
    With fewer words than dimensions the last columns are zero.

    Raises
    ------
    MissingExtra
        If scikit-learn is not installed.
    """
    try:
        from scipy.sparse import csr_array  # type: ignore[import-untyped]
        from sklearn.utils.extmath import randomized_svd
    except ImportError:
        raise MissingExtra("scikit-learn", "peers", "the peer ppmi-svd") from None
    operator = count(batch, WINDOW, jobs=jobs).ppmi(jobs=jobs)
    size = len(batch.types)
    matrix = csr_array((operator.values, operator.indices, operator.indptr), shape=(size, size))
    kept = min(original.vector_size, size)
    left, values, _ = randomized_svd(matrix, kept, n_iter=4, random_state=seed)
    out = np.zeros((size, original.vector_size), np.float32)
    out[:, :kept] = left * np.sqrt(values)
    return out
