"""How many words of a corpus start from a row of the table, from parts of words, or from nothing.

All counts of known and unknown words come from here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .vectors import Source, Vectors

__all__ = ["KINDS", "coverage", "has_row"]

KINDS = ("known", "composed", "random", "unknown")
"""A row of the table; composed from parts; a random direction, or trained on the text; no vector."""

_KIND = np.zeros(len(Source), np.intp)  # of each `Source`; rows that an earlier run induced are rows
_KIND[[Source.SUBWORDS, Source.RANDOM, Source.NONE]] = [1, 2, 3]


def has_row(original: Vectors) -> NDArray[np.bool_]:
    """Which words start from a row of the table, (V,) bool."""
    known: NDArray[np.bool_] = _KIND[original.sources] == 0
    return known


def coverage(original: Vectors, counts: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    """``{"types": {kind: number}, "tokens": {kind: number}}`` for the `KINDS` of starting vectors.

    ``original`` holds the starting vectors of a corpus' words, ``counts``, (V,), how often they occur.
    """
    kinds = _KIND[original.sources]
    types = np.bincount(kinds, minlength=len(KINDS)).tolist()
    tokens = [int(counts[kinds == kind].sum()) for kind in range(len(KINDS))]
    return {"types": dict(zip(KINDS, types, strict=True)), "tokens": dict(zip(KINDS, tokens, strict=True))}
