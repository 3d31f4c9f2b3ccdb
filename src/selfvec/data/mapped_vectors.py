"""Vectors of the same words in another space: other rows, a map of the rows, principal axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Array, Floats
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import principal_axes

from .vectors import Composer, Vectors

_BLOCK = 1 << 14  # rows turned at a time


def same_words(vectors: Vectors, rows: Array, composer: Composer | None = None) -> Vectors:
    """Vectors of the same words, sources, counts and provenance with other rows, (V, d').

    Without a ``composer`` for the new space, words without a row cannot be built from subwords.
    """
    return Vectors(
        vectors.index_to_key,
        np.asarray(rows, np.float32),
        sources=vectors.sources,
        counts=vectors.counts,
        composer=composer,
        provenance=vectors.provenance,
    )


def mapped_composer(composer: Composer | None, axes: Floats) -> Composer | None:
    """A composer for unit rows multiplied by a (d, d') matrix; None without a composer."""
    if composer is None:
        return None

    def composed(words: Sequence[str]) -> Floats:
        rows: Floats = unit_rows(composer(words)) @ axes
        return rows

    return composed


def on_principal_axes(vectors: Vectors, dimensions: int) -> Vectors:
    """Unit rows on the first principal axes of the uncentred rows, (V, dimensions); zeros stay zero."""
    axes = principal_axes(vectors.vectors, dimensions)
    matrix = np.empty((len(vectors), dimensions), np.float32)
    for start in range(0, len(vectors), _BLOCK):
        matrix[start : start + _BLOCK] = unit_rows(vectors.vectors[start : start + _BLOCK]) @ axes
    return same_words(vectors, matrix, mapped_composer(vectors.composer, axes))
