"""BM25: the score of a text by the words of a query, which saturates as a word is repeated.

    Σ_w  idf(w) · x / (x + k),      k = k1 · (1 - b + b · length / mean length)

x is the count of the word in the text. With related words, it is the sum of likeness · count over the word
and the words related to it. The inverse document frequency is `selfvec.text.document_vectors.bm25_weight`.
The constant factor k1 + 1 of the original is left out, as in Lucene. (S. Robertson and H. Zaragoza, 2009,
*The Probabilistic Relevance Framework: BM25 and Beyond*.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Floats, Ids, Ints, Rows

from .kernels import SCORED, score_postings

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


def score_terms(
    units: Ids,  # (N,) postings
    counts: NDArray[np.uint16],  # (N,)
    lists: Ints,  # (L, 2) where the postings of a word, or of one related to it, begin and end
    likeness: Floats,  # (L,) what one occurrence counts: 1 for the word itself
    bounds: Ints,  # (T + 1,) the lists of each of T words of the query; the first is the word's own
    weights: Floats,  # (T,) inverse document frequencies
    saturation: Floats,  # (U,) from `saturation`
    out: Rows,  # (2, U) written: by the words, and by these and related words; or the former only, (1, U)
) -> None:
    """Write BM25 of a query for texts: of all its words for a block of texts, and then for the next block.

    The scores of a block stay in the processor's cache.
    """
    place = lists[:, 0].copy()  # how far each list was read
    together = np.zeros(SCORED, np.float32)
    score_postings(units, counts, lists, likeness, bounds, weights, saturation, out, place, together)
