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

from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows

from .decorrelated import base_vectors
from .spelling import Spelling

__all__ = ["ContextMap", "context_sums", "every_way", "hold_out", "induce"]

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


def every_way(
    batch: TokenBatch, base: Table, known: NDArray[np.bool_], jobs: int | None = None
) -> Iterator[tuple[str, Table]]:
    """Vectors for all words, known ones too, by each way.

    Parameters
    ----------
    batch : TokenBatch
    base : (V, d) float32
        Unit rows, as `decorrelated.base_vectors` gives them; zeros for words without a vector.
    known : (V,) bool
        Words whose rows are learned from; composed ones give context, but nothing to learn.
    jobs : int, optional
        Threads.

    Yields
    ------
    name, rows
        (V, d) float32, not normalised: the longer a row, the surer its map.
    """
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


def induce(batch: TokenBatch, original: Vectors, jobs: int | None = None) -> tuple[Table, NDArray[np.uint8]]:
    """Vectors for the words of a corpus that have none, by the combination.

    Parameters
    ----------
    batch : TokenBatch
    original : Vectors
        The batch's types in their order, with their sources.
    jobs : int, optional
        Threads.

    Returns
    -------
    rows : (V, d) float32
        The base (`decorrelated.base_vectors`), with the induced rows in it, of length 1 or 0.
    sources : (V,) uint8
        `Source.MIXED` for those.
    """
    has = original.sources != Source.NONE
    rows = base_vectors(original.unit, has)
    if has.all() or not has.any():
        return rows, original.sources
    *_, (_, found) = every_way(batch, rows, _with_rows(original), jobs)
    rows = rows.copy()
    rows[~has] = unit_rows(found[~has])
    return rows, np.where(~has & rows.any(axis=1), Source.MIXED, original.sources).astype(np.uint8)


def hold_out(
    batch: TokenBatch, original: Vectors, hidden: NDArray[np.int64]
) -> Iterator[tuple[str, Table, Table]]:
    """What each way makes of words whose vectors are hidden, and the paper's rule, which starts from zero.

    Words composed from their parts are hidden with them: *storms* as the pieces *storm* and *s* would give
    *storm* away.

    Parameters
    ----------
    batch : TokenBatch
    original : Vectors
        The batch's types in their order.
    hidden : (h,) int64
        Words that are treated as if they had no vector; they have one.

    Yields
    ------
    name : str
    found : (h, d) float32
    truth : (V, d) float32
        The table in whose space they are found, as `found` should be: its centre and strongest directions
        are those of the words that are not hidden.
    """
    from selfvec.text import auto_window

    from .paper import PaperRun

    known = _with_rows(original)
    seen = known.copy()
    seen[hidden] = False
    start = np.where(seen[:, None], original.unit, np.float32(0))
    job = PaperRun(batch, start, window=auto_window(batch), learning_rate=0.01, epochs=1)
    while not job.done:
        job.advance()
    yield "zero start", job.table[hidden], original.unit
    truth = base_vectors(original.unit, known, seen)
    base = truth.copy()
    base[hidden] = 0
    for name, rows in every_way(batch, base, seen):
        yield name, rows[hidden], truth


def _with_rows(original: Vectors) -> NDArray[np.bool_]:
    """Words that have a row of their own in the pretrained table, (V,)."""
    own: NDArray[np.bool_] = original.sources == Source.KNOWN
    return own
