"""One pass of the decorrelated update: E ← unit(zca(A·E)), the weighted neighbour sum, whitened."""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Mask, Rows
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.numerics.rows import unit_in_place
from selfvec.numerics.whitening import whitened, whitening

# Chosen on development data (word similarity after PubMed, two sets of vectors); see docs/results/gains.md.
# With γ near 0 *the* and *of* would decide a sum. Below an exponent of .25 the collapse begins to show.
GAMMA = 0.4  # a neighbour of frequency r counts r^-γ
POWER = 0.4  # of the whitening; 0.5 is full whitening


def start_from_neighbours(base: Rows, filled: Mask, operator: ScanOperator) -> Rows:
    """Initial vectors, (V, d) float32: the base, or the unit sum of the neighbours for words without one."""
    if filled.all():
        return base
    out = unit_in_place(operator.apply(base))
    np.copyto(out, base, where=filled[:, None])
    return out


def decorrelate(
    rows: Rows,
    operator: ScanOperator,
    out: Rows | None = None,
) -> Rows:
    """One pass, (V, d) float32: the whitened, weighted sum of each word's neighbours, unit or zero rows.

    The result is written to ``out`` if given, which may be ``rows`` itself.
    """
    summed = operator.apply(rows, out)
    # Words without neighbours have rows of zeros, which would pull the mean and shrink the covariance.
    occurring = operator.degrees > 0
    shift, whitener = whitening(summed, POWER, occurring)
    return whitened(summed, occurring, shift, whitener, summed)
