"""Vectors of a task's words: as written, in lower case, in title case, or composed from subwords.

A row of zeros counts as no vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

__all__ = ["find_rows", "listed", "word_vectors"]

_FORMS: tuple[Callable[[str], str], ...] = (str, str.lower, str.title)


def find_rows(vectors: Vectors, words: Sequence[str]) -> NDArray[np.int64]:
    """Row of the first form of each of n words that has a vector, (n,) int64; -1 if none has.

    >>> v = Vectors(["us", "US", "Rome"], np.array([[0, 1], [1, 0], [1, 1]], dtype=np.float32))
    >>> find_rows(v, ["US", "Us", "rome", "oslo"]).tolist()
    [1, 0, 2, -1]
    """
    found = np.full(len(words), -1, np.int64)
    for form in _FORMS:
        missing = np.flatnonzero(found < 0)
        forms = (form(words[i]) for i in missing.tolist())
        rows = np.fromiter((vectors.key_to_index.get(key, -1) for key in forms), np.int64, len(missing))
        known = np.flatnonzero(rows >= 0)
        known = known[np.any(vectors.vectors[rows[known]] != 0, axis=1)]
        found[missing[known]] = rows[known]
    return found


def word_vectors(vectors: Vectors, words: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Unit vectors of n words, (n, d) float32, zeros for those without; and which have one, (n,) bool."""
    found = find_rows(vectors, words)
    out = np.zeros((len(words), vectors.vector_size), np.float32)
    known = found >= 0
    out[known] = unit_rows(vectors.vectors[found[known]])
    missing = np.flatnonzero(~known)
    if len(missing) and vectors.composer is not None:
        out[missing] = unit_rows(vectors.composer([words[i] for i in missing.tolist()]))
    return out, np.any(out != 0, axis=1)


def listed(vectors: Vectors, words: Sequence[str]) -> NDArray[np.bool_]:
    """Which of n words are in the vocabulary in some form, with or without a vector, (n,) bool."""
    found = (any(form(word) in vectors for form in _FORMS) for word in words)
    return np.fromiter(found, bool, len(words))
