"""Principal axes: the same table in fewer dimensions, any prefix of which is the best of its length."""

from __future__ import annotations

import numpy as np

from selfvec.base.checks import check_whole
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import principal_axes

from .method import Transform, same_words, turned_composer

__all__ = ["PrincipalAxes"]

_BLOCK = 1 << 14  # rows turned at a time


class PrincipalAxes(Transform):
    """Unit rows turned into the axes in which they, uncentred, vary most; the first are kept.

    Of all tables with that many dimensions it is the one whose inner products are nearest to the cosines
    (Eckart and Young, 1936). With all axes it keeps them exactly.

    Parameters
    ----------
    dimensions : int, optional
        How many; all by default.
    """

    def __init__(self, dimensions: int | None = None) -> None:
        self.dimensions = dimensions

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """The table (V, dimensions); rows of zeros stay zero."""
        width = vectors.vector_size if self.dimensions is None else self.dimensions
        check_whole("dimensions", width)
        if not width <= vectors.vector_size:
            raise OptionError(
                f"the table has {vectors.vector_size} dimensions, it cannot be cut to {width}",
                field="dimensions",
                remedy=f"choose a number from 1 to {vectors.vector_size}",
            )
        axes = principal_axes(vectors.vectors)[:, :width]
        matrix = np.empty((len(vectors), width), np.float32)
        for start in range(0, len(vectors), _BLOCK):
            matrix[start : start + _BLOCK] = unit_rows(vectors.vectors[start : start + _BLOCK]) @ axes
        known = int(np.any(vectors.vectors != 0, axis=1).sum())
        kept = float(np.square(matrix, dtype=np.float64).sum()) / max(known, 1)
        self.report_ = {"variance_kept": kept}
        return same_words(vectors, matrix, turned_composer(vectors.composer, axes))
