"""Vectors for words that have none, from the text around them and from their letters.

    context sum   the informative sum of the neighbours' vectors: what the operator gives
    ridge         a linear map from context sums of three windows to vectors, learned on the words that have
                  both (à la carte: Khodak et al., 2018), each as far as its occurrences are evidence
    spelling      a ridge map from character n-grams (`spelling`)
    combination   the two maps together, each learning what the other leaves

A word without neighbours, or that shares no n-gram with another, is left to the other map: the sizes of the
two predictions say how much each knows. All is learned from the words at hand: no other text, no labels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..neighbours.scan import ScanOperator
from ..tokens import TokenBatch
from ..vectors import unit_rows
from .spelling import Spelling

__all__ = ["ContextMap", "context_sums", "every_way", "induce"]

# Chosen on held-out words of PubMed abstracts and samples of them; see docs/oov.md.
WINDOWS = (5, 11, 41)  # tokens, the centre included: from grammar to topic
GAMMA = 0.5  # a neighbour of frequency r counts r^-γ
SHRINK = 5  # occurrences at which a context sum counts √½ of what many would
RIDGE = 3.0  # of the context map, for features of length 1 a window
LETTERS = 0.7  # ridge of the spelling map
ROUNDS = 2  # in which each of the two learns what the other leaves

Table = NDArray[np.float32]


def context_sums(batch: TokenBatch, base: Table, jobs: int | None = None) -> Table:
    """What stood around each word, in three windows side by side, shrunk where it is little.

    Parameters
    ----------
    batch : TokenBatch
    base : (V, d) float32
        Unit rows; zeros for words without a vector.

    Returns
    -------
    (V, 3 d) float32
        Each third has length √(n / (n + 5)) for a word seen n times, or 0.
    """
    evidence = np.sqrt(batch.counts / (batch.counts + SHRINK)).astype(np.float32)[:, None]
    sums = [unit_rows(ScanOperator(batch, window, GAMMA, jobs).apply(base)) for window in WINDOWS]
    return np.hstack([part * evidence for part in sums])


class ContextMap:
    """Ridge regression from features to vectors; the mean of the features is taken off.

    Parameters
    ----------
    features : (n, k) float32
        Of the words that have a vector.
    """

    def __init__(self, features: Table) -> None:
        self.mean = features.mean(axis=0)
        self.centred = features - self.mean
        moments = (self.centred.T @ self.centred).astype(np.float64)
        moments[np.diag_indices_from(moments)] += RIDGE
        self.inverse = np.linalg.inv(moments)

    def fit(self, rows: Table) -> Table:
        """The map (k, d) to the words' rows, (n, d)."""
        found: Table = (self.inverse @ (self.centred.T @ rows)).astype(np.float32)
        return found


def induce(batch: TokenBatch, base: Table, known: NDArray[np.bool_], jobs: int | None = None) -> Table:
    """Vectors for all words by the combination; see `every_way`. (V, d) float32, not normalised."""
    return dict(every_way(batch, base, known, jobs))["combination"]


def every_way(
    batch: TokenBatch, base: Table, known: NDArray[np.bool_], jobs: int | None = None
) -> Iterator[tuple[str, Table]]:
    """Vectors for all words, known ones too, by each way.

    Parameters
    ----------
    batch : TokenBatch
    base : (V, d) float32
        Unit rows, as `decorrelated.base_vectors` gives them.
    known : (V,) bool
        Words whose rows can be learned from.
    jobs : int, optional
        Threads.

    Yields
    ------
    name, rows
        (V, d) float32, not normalised: the longer a row, the surer its map.
    """
    base = np.where(known[:, None], base, np.float32(0))
    features = context_sums(batch, base, jobs)
    dimensions = base.shape[1]
    yield "context sum", features[:, dimensions * (len(WINDOWS) - 1) :]
    learned = ContextMap(features[known])
    yield "ridge", (features - learned.mean) @ learned.fit(base[known])
    letters, trust = Spelling(batch.types, jobs), known.astype(np.float32)
    spelled = letters.predict(base, trust, LETTERS)
    yield "spelling", spelled
    around = np.zeros_like(base)
    for _ in range(ROUNDS):
        around = (features - learned.mean) @ learned.fit((base - spelled)[known])
        spelled = letters.predict(base - around, trust, LETTERS)
    yield "combination", around + spelled
