"""BM25: the score of a text by the words of a query, which saturates as a word is repeated.

    Σ_w  idf(w) · x / (x + k),      k = k1 · (1 - b + b · length / mean length)

x is the count of the word in the text. With related words, it is the sum of likeness · count over the word
and the words related to it. The inverse document frequency is `selfvec.text.document_vectors.bm25_weight`.
The constant factor k1 + 1 of the original is left out, as in Lucene. (S. Robertson and H. Zaragoza, 2009,
*The Probabilistic Relevance Framework: BM25 and Beyond*.)
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Floats, Ids

K1 = 1.2
B = 0.75
K3 = 2.0  # of the words of a query in the hybrid, see `saturated_counts`


def saturation(lengths: Ids, documents: int) -> Floats:
    """k of each unit, (U,) float32: the count at which a word gives half of its weight.

    ``lengths``, (U,), are in tokens. The mean length is that of the first units, the whole ``documents``.
    """
    tokens = int(lengths[:documents].sum())
    mean = np.float32(max(tokens, 1) / max(documents, 1))
    return (K1 * (1 - B) + K1 * B * (lengths / mean)).astype(np.float32)


def saturated_counts(counts: Floats) -> Floats:
    """What words repeated n times in a query count, (T,) float32: (k3 + 1) · n / (k3 + n)."""
    return ((K3 + 1) * counts / (K3 + counts)).astype(np.float32)
