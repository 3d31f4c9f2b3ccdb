"""How often the words of a run occur, and which carry meaning."""

from __future__ import annotations

import numpy as np

from selfvec.analysis.concepts.terms import stop_words
from selfvec.base.arrays import Ints, Mask
from selfvec.data.run import Run

__all__ = ["content_words", "counts_of"]


def counts_of(run: Run) -> Ints:
    """Occurrences of each word of a run, (V,) int64."""
    counts = run.vectors.counts
    return np.ones(len(run.vectors), np.int64) if counts is None else np.asarray(counts, np.int64)


def content_words(run: Run) -> Mask:
    """True for words that are neither numbers nor stop words of the run's language, (V,) bool."""
    stops = stop_words(run)
    words = run.vectors.index_to_key
    return np.array([word.lower() not in stops and any(map(str.isalpha, word)) for word in words], bool)
