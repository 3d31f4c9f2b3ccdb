"""Ways to predict the vectors of unknown words, which ``evaluate --oov`` compares on hidden known words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from selfvec.base.arrays import Ints, Mask, Rows
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows

from .base_vectors import base_vectors
from .methods.sequential import PaperRefinement
from .spelling import Spelling

# Chosen on held-out words of PubMed abstracts and samples of them; see docs/results/oov.md.
WINDOWS = (5, 11, 41)  # tokens, the word itself included; small windows capture grammar, large ones topic
GAMMA = 0.5  # a neighbour of frequency r counts r^-γ
SHRINK = 5  # occurrences at which a context sum has √½ of its maximum length
CONTEXT_RIDGE = 3.0  # of the context map, for features of length 1 per window
SPELLING_RIDGE = 1.0  # of the spelling map
ROUNDS = 2  # of fitting each of the two maps to the residual of the other


def context_sums(
    batch: TokenBatch,
    base: Rows,  # (V, d) float32: unit rows, zeros for words without a vector
) -> Rows:
    """Context sums of each word in three windows, concatenated, (V, 3 d) float32.

    Each third has length √(n / (n + 5)) for a word seen n times, or 0, so rare words have shorter rows.
    """
    evidence = np.sqrt(batch.counts / (batch.counts + SHRINK)).astype(np.float32)[:, None]
    sums = [unit_rows(ScanOperator(batch, window, GAMMA).apply(base)) for window in WINDOWS]
    return np.hstack([part * evidence for part in sums])


def context_map(
    features: Rows,  # (n, k) float32, centred, of the words that have a vector
) -> Callable[[Rows], Rows]:
    """Ridge regression: a function that makes the map, (k, d) float32, to the words' rows, (n, d)."""
    few = len(features) < features.shape[1]  # (FᵀF + λI)⁻¹Fᵀ = Fᵀ(FFᵀ + λI)⁻¹
    moments = (features @ features.T if few else features.T @ features).astype(np.float64)
    moments[np.diag_indices_from(moments)] += CONTEXT_RIDGE
    inverse = np.linalg.inv(moments)
    if few:
        return lambda rows: (features.T @ (inverse @ rows)).astype(np.float32)
    return lambda rows: (inverse @ (features.T @ rows)).astype(np.float32)


def every_way(
    batch: TokenBatch,
    base: Rows,  # (V, d) float32, from `base_vectors`; zeros for words without a vector
    known: Mask,  # (V,): rows to learn from; rows built from subwords only serve as context
) -> Iterator[tuple[str, Rows]]:
    """Yield the name of each way and its vectors for all words, (V, d) float32, not normalised.

    The ways: the weighted context sum; a ridge map from context sums (à la carte, Khodak et al., 2018); a
    ridge map from spelling; and both maps together, each fitted to the residual of the other. Longer rows are
    more certain.
    """
    features = context_sums(batch, base)
    dimensions = base.shape[1]
    yield "context sum", features[:, dimensions * (len(WINDOWS) - 1) :]
    centred: Rows = features - features[known].mean(axis=0)
    learned = context_map(centred[known])
    yield "ridge", centred @ learned(base[known])
    spelling_map = Spelling(batch.types, known.astype(np.float32))
    spelled = spelling_map.predict(base, SPELLING_RIDGE)
    yield "spelling", spelled
    around = np.zeros_like(base)
    for _ in range(ROUNDS):
        around = centred @ learned((base - spelled)[known])
        spelled = spelling_map.predict(base - around, SPELLING_RIDGE)
    yield "combination", around + spelled


def hold_out(
    batch: TokenBatch,
    original: Vectors,  # the batch's types in their order
    hidden: Ints,  # (h,): words with a vector, treated as unknown
) -> Iterator[tuple[str, Rows, Rows]]:
    """Yield the name of each way, its vectors of the hidden words (h, d), and the true vectors (V, d).

    The centre and strongest directions of the true vectors are computed from words that are not hidden. Words
    built from subwords are hidden too, because *storms*, as *storm* and *s*, would reveal *storm*.
    """
    from selfvec.text import auto_window

    known: Mask = original.sources == Source.KNOWN
    seen = known.copy()
    seen[hidden] = False
    start = np.where(seen[:, None], original.unit, np.float32(0))
    sources = np.where(seen, original.sources, Source.NONE).astype(np.uint8)
    hiding = Vectors(batch.types, start, sources=sources, normalized=True)
    paper = PaperRefinement(batch, hiding, window=auto_window(batch))
    while not paper.done:
        paper.advance()
    yield "zero start", paper.table[hidden], original.unit
    truth = base_vectors(original.unit, known, seen)
    base = truth.copy()
    base[hidden] = 0
    for name, rows in every_way(batch, base, seen):
        yield name, rows[hidden], truth
