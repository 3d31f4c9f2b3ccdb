"""How many words of a corpus have a row in the vectors, are built from subwords, or have no vector.

All counts of known and unknown words are made here.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Ints, Mask

from .vectors import Source, Vectors

KINDS = ("known", "composed", "random", "unknown")
"""A row of the vectors; built from subwords; a random direction, or trained on the text; no vector."""

KNOWN_TEXT = 0.5
"""Share of the tokens with a row, below which vectors are taken to be of another language or kind of text."""

_KIND = np.zeros(len(Source), np.intp)  # of each `Source`; rows that an earlier run induced count as known
_KIND[[Source.SUBWORDS, Source.RANDOM, Source.NONE]] = [1, 2, 3]


def has_row(original: Vectors) -> Mask:
    """Which words have a row in the vectors, (V,) bool."""
    known: Mask = _KIND[original.sources] == 0
    return known


def coverage(original: Vectors, counts: Ints) -> dict[str, dict[str, int]]:
    """``{"types": {kind: number}, "tokens": {kind: number}}`` for the `KINDS` of initial vectors.

    ``original`` holds the initial vectors of the words of a corpus; ``counts``, (V,), their occurrences.
    """
    kinds = _KIND[original.sources]
    types = np.bincount(kinds, minlength=len(KINDS)).tolist()
    tokens = [int(counts[kinds == kind].sum()) for kind in range(len(KINDS))]
    return {"types": dict(zip(KINDS, types, strict=True)), "tokens": dict(zip(KINDS, tokens, strict=True))}
