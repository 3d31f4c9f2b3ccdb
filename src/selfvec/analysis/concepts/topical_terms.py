"""Terms without those of low coherence: how much more alike the documents of a term are than any others.

The documents of a subject's word are about that subject. The documents of a word of a formula (*resulted*,
*three*, the months, senders of letters) are about anything. So the coherence of a term is the mean cosine of
two of its documents, each without the term itself and without the mean of all documents. It is near 0 for
documents drawn at random, in any language, and needs no list of words.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Doubles, Floats, Ints, Rows
from selfvec.base.threads import one_core
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows
from selfvec.text.document_vectors import inverse_document_frequency, weighted_sums

from .terms import Terms, terms, topic_rows

__all__ = ["coherence", "topical_terms"]

# Chosen on NOAA, PubMed, MED, Cranfield, CACM, Ohsumed, SST-2, TREC; see docs/results/concepts.md.
LEAST = 0.25  # coherence of a term, in medians of the terms that have any
DOCUMENTS = 200  # of a term, evenly spaced, whose coherence is computed


def topical_terms(run: Run, most: int, *, min_count: int = 5, least: int = 2) -> tuple[Terms, Floats]:
    """The first ``most`` terms without those of low coherence; the coherence of each, (n,) from 0.25 to 1.

    A coherence of 1 is the median or more. All terms are kept if fewer than ``least`` would be left.
    """
    chosen = terms(run, most, min_count=min_count)
    found = coherence(run.require_tokens(), np.asarray(topic_rows(run)), chosen.rows)
    if (found > 0).any():
        found /= np.median(found[found > 0])
    kept = np.flatnonzero(found >= LEAST)
    if len(kept) < least:
        kept = np.arange(len(chosen))
    names = [chosen.names[i] for i in kept.tolist()]
    return Terms(chosen.rows[kept], names, chosen.weights[kept]), np.clip(found[kept], LEAST, 1)


def coherence(batch: TokenBatch, rows: Rows, words: Ints) -> Floats:
    """The coherence of n words, (n,) float32, at most 1; 0 for words of fewer than two documents.

    ``rows`` are the vectors of all words, (V, d).
    """
    weights = inverse_document_frequency(batch)
    sums = weighted_sums(batch, rows, weights)
    with one_core():
        mean = unit_rows(sums).mean(axis=0, dtype=np.float64).astype(np.float32)
        found = [
            _mean_cosine(unit_rows(sums[documents] - (counts * weights[word])[:, None] * rows[word]), mean)
            for word, (documents, counts) in zip(words.tolist(), _documents(batch, words), strict=True)
        ]
    return np.array(found, np.float32)


def _documents(batch: TokenBatch, words: Ints) -> list[tuple[Ints, Floats]]:
    """For each word the documents that it occurs in, at most `DOCUMENTS`, and how often."""
    place = np.full(len(batch.types), -1, np.int64)
    place[words] = np.arange(len(words))
    tokens = place[batch.ids]
    documents = np.repeat(np.arange(batch.documents), np.diff(batch.offsets))[tokens >= 0]
    pairs, counts = np.unique(tokens[tokens >= 0] * batch.documents + documents, return_counts=True)
    bounds = np.searchsorted(pairs, np.arange(len(words) + 1) * batch.documents)
    out = []
    for first, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        number = min(end - first, DOCUMENTS)
        some = first + np.arange(number) * (end - first) // max(number, 1)
        out.append((pairs[some] % batch.documents, counts[some].astype(np.float32)))
    return out


def _mean_cosine(rows: Rows, mean: Rows) -> float:
    """The mean cosine of two different rows of (n, d) unit rows or zeros, less ``mean`` (d,)."""
    centred: Doubles = rows[rows.any(axis=1)].astype(np.float64) - mean
    n = len(centred)
    lengths = np.einsum("ij,ij->", centred, centred)
    if n < 2 or lengths == 0:
        return 0.0
    total = centred.sum(axis=0)
    return float((total @ total - lengths) / (n - 1) / lengths)
