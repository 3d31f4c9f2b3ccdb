"""Narrow vectors: words represented by the one or two words directly before and after them.

Words have near rows if one could stand in the other's place: inflections, spelling variants, abbreviations,
but also opposites. `selfvec.analysis.replacements` combines them with the refined vectors.

    N = whitened(left(R) | right(R)),   on its d largest principal axes

R are the refined vectors, left and right the weighted, centred sums of the neighbours on either side (see
`selfvec.cooccurrence.scan`). The rows are kept in the run's cache.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats
from selfvec.base.progress import Progress, as_progress
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.methods import METHODS
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.whitening import axes_of_moment, covariance, whitened
from selfvec.refinement.methods.decorrelated import POWER
from selfvec.storage.cache import cached_rows

from .base_vectors import base_vectors

# Chosen on PubMed, Ohsumed, storm reports and MED, Cranfield and CACM; see docs/results/replacements.md.
WINDOW = 5  # tokens: two on each side
GAMMA = 0.1  # frequent neighbours, such as "the" and "of", show how a word is used

NAME = "narrow"  # in the cache
_LEAST = 1e-6  # of the largest variance; directions with less are noise


def narrow_rows(batch: TokenBatch, rows: AnyFloats, jobs: int | None = None) -> Floats:
    """The narrow vectors of a batch's types, (V, d) float32, unit rows; zeros without neighbours.

    ``rows``, (V, d), represent the neighbours.
    """
    width = rows.shape[1]
    operator = ScanOperator(batch, WINDOW, GAMMA, jobs)
    summed = operator.apply_sides(rows)
    occurring = operator.degrees > 0
    mean, spread = covariance(summed, occurring)
    values, axes = axes_of_moment(spread)
    floor = max(float(values[0]), 1e-300) * _LEAST
    scales = np.where(values > floor, np.maximum(values, floor) ** -POWER, 0)[:width]
    factor = (axes[:, :width] * scales).astype(np.float32)
    out = np.empty((len(summed), width), np.float32)
    return whitened(summed, occurring, mean.astype(np.float32), factor, out, jobs)


def narrow_vectors(run: Run, progress: Progress | None = None) -> Vectors:
    """The narrow vectors of a run's words: read from the run's cache, or computed.

    Raises
    ------
    InputError
        If the run did not keep its tokens.
    """
    if "narrow_vectors" not in run.derived:
        tokens = run.require_tokens("from which words that replace each other are found")
        progress = as_progress(progress)

        def make() -> Floats:
            with progress.stage("Reading the nearest words on both sides", None, "words"):
                return narrow_rows(tokens, _neighbour_rows(run))

        rows = cached_rows(run, NAME, make, progress)
        run.derived["narrow_vectors"] = Vectors(run.vectors, rows, counts=run.vectors.counts, normalized=True)
    found: Vectors = run.derived["narrow_vectors"]
    return found


def _neighbour_rows(run: Run) -> AnyFloats:
    """The refined vectors if the method whitens; otherwise they may be nearly equal, and the base is used."""
    method = METHODS.get(run.provenance.method or "")
    if method is not None and method.whitens:
        return run.vectors.unit
    return base_vectors(run.original.unit, run.original.sources != Source.NONE)
