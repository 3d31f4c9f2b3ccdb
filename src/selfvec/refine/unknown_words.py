"""How an unknown word, one without a pretrained vector, gets its vector.

While refining:

1. `starting_vectors`: composed from word pieces or character n-grams if the vectors allow it, a phrase from
   its words; otherwise it starts from zero. ``--oov zero`` starts all of them from zero.
2. From its neighbours: `decorrelated.start_from_neighbours`; the sequential rules pull a zero row toward its
   neighbours in the first update.
3. `spelling.blend_spelling`: the decorrelated method mixes rare words with words spelled alike.

For ``evaluate --oov``, `hold_out` hides known words and compares ways to find them again:

    context sum   the weighted sum of the neighbours' vectors
    ridge         a linear map from context sums of three windows to vectors, learned on the words that have
                  both (à la carte: Khodak et al., 2018)
    spelling      a ridge map from character n-grams (`spelling`)
    combination   the two maps together, each learning what the other leaves
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_in_place, unit_rows

from .decorrelated import base_vectors
from .sequential import PaperRefinement
from .spelling import Spelling

__all__ = ["ContextMap", "context_sums", "every_way", "hold_out", "starting_vectors"]

# Chosen on held-out words of PubMed abstracts and samples of them; see docs/oov.md.
WINDOWS = (5, 11, 41)  # tokens, the word itself included: from grammar to topic
GAMMA = 0.5  # a neighbour of frequency r counts r^-γ
SHRINK = 5  # occurrences at which a context sum counts √½ of what many would
RIDGE = 3.0  # of the context map, for features of length 1 a window
SPELLING_RIDGE = 0.7  # ridge of the spelling map
ROUNDS = 2  # in which each of the two learns what the other leaves
_RANDOM_DIMENSIONS = 256  # of random directions (--vectors none)

Table = NDArray[np.float32]


def starting_vectors(
    batch: TokenBatch, known: Vectors | None, settings: Settings, phrases: Sequence[str] = ()
) -> Vectors:
    """Where the words of a corpus start: unit vectors, zeros for words that have none.

    Parameters
    ----------
    batch : TokenBatch
    known : Vectors or None
        The pretrained vectors; random directions if None.
    settings : Settings
    phrases : sequence of str
        The types that are phrases. Those that ``known`` lacks start from their words.

    Returns
    -------
    Vectors
        The types of ``batch`` in their order, with their sources.

    Raises
    ------
    InputError
        If no word has a vector.
    """
    if known is None:
        rng = np.random.default_rng(settings.seed)
        rows = rng.standard_normal((len(batch.types), _RANDOM_DIMENSIONS), dtype=np.float32)
        sources = np.full(len(batch.types), Source.RANDOM, np.uint8)
    else:
        rows, sources = known.lookup(batch.types, compose=settings.oov == "subwords")
        if phrases and settings.oov == "subwords":
            from selfvec.text.phrase_tokens import compose

            compose(rows, sources, batch.types, phrases, known)
        if not np.any(rows):
            example = ", ".join(repr(word) for word in batch.types[:3])
            raise InputError(
                f"none of the corpus' {len(batch.types):,} words has a vector (as {example})",
                remedy="use vectors of the corpus' language and casing, or --vectors none",
            )
    return Vectors(batch.types, unit_in_place(rows), sources=sources, normalized=True)


def context_sums(batch: TokenBatch, base: Table, jobs: int | None = None) -> Table:
    """The context sum of each word in three windows, side by side, shorter for rare words.

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
    """Ridge regression from centred features to vectors.

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
        Words whose rows are learned from. Composed ones are context only.
    jobs : int, optional
        Threads.

    Yields
    ------
    name, rows
        (V, d) float32, not normalised: the longer a row, the more its map knows of the word.
    """
    features = context_sums(batch, base, jobs)
    dimensions = base.shape[1]
    yield "context sum", features[:, dimensions * (len(WINDOWS) - 1) :]
    learned = ContextMap(features[known])
    yield "ridge", (features - learned.mean) @ learned.fit(base[known])
    spelling_map, trust = Spelling(batch.types, jobs), known.astype(np.float32)
    spelled = spelling_map.predict(base, trust, SPELLING_RIDGE)
    yield "spelling", spelled
    around = np.zeros_like(base)
    for _ in range(ROUNDS):
        around = (features - learned.mean) @ learned.fit((base - spelled)[known])
        spelled = spelling_map.predict(base - around, trust, SPELLING_RIDGE)
    yield "combination", around + spelled


def hold_out(
    batch: TokenBatch, original: Vectors, hidden: NDArray[np.int64]
) -> Iterator[tuple[str, Table, Table]]:
    """The vectors that each way finds for hidden words; the paper's rule, from zero, is one of them.

    Words composed from their parts are hidden too: *storms*, as the pieces *storm* and *s*, would reveal
    *storm*.

    Parameters
    ----------
    batch : TokenBatch
    original : Vectors
        The batch's types in their order.
    hidden : (h,) int64
        Words with a vector, treated as if they had none.

    Yields
    ------
    name : str
    found : (h, d) float32
    truth : (V, d) float32
        What `found` should be, in the same space: its centre and strongest directions are computed
        from the words that are not hidden.
    """
    from selfvec.text import auto_window

    known = _with_rows(original)
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


def _with_rows(original: Vectors) -> NDArray[np.bool_]:
    """Words that have a row of their own in the pretrained table, (V,)."""
    own: NDArray[np.bool_] = original.sources == Source.KNOWN
    return own
