"""Words by what the texts they stand in are about.

A window as wide as a text makes neighbours of all its words, and without an anchor nothing holds them to what
was known. Such a table knows little of synonyms, and much of subjects: beside the refined one it is what
vectors of whole texts are taken from (`selfvec.evaluate.documents`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..neighbours.scan import ScanOperator
from ..tokens import TokenBatch
from ..vectors import Source, Vectors
from .decorrelated import GAMMA, POWER, base_vectors, decorrelate, starting_vectors

__all__ = ["WINDOW", "topical"]

WINDOW = 201  # tokens, the centre included; chosen on MED, Cranfield and CACM, 101 is .003 less


def topical(batch: TokenBatch, original: Vectors, jobs: int | None = None) -> NDArray[np.float32]:
    """Two decorrelated passes over windows of whole texts, without an anchor.

    Parameters
    ----------
    batch : TokenBatch
    original : Vectors
        The batch's types in their order, unit rows.
    jobs : int, optional
        Threads; the result is the same.

    Returns
    -------
    (V, d) float32, unit or zero rows
    """
    operator = ScanOperator(batch, WINDOW, GAMMA, jobs)
    has = original.sources != Source.NONE
    table = starting_vectors(base_vectors(original.unit, has), has, operator)
    table = decorrelate(table, operator, POWER)
    return decorrelate(table, operator, POWER, table)
