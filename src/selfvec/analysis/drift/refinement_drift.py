"""How far refining moved each word, and whether its uses agree on where to.

There are no two slices here, one text moved every word. A single document moves a word as well, so chance is
asked otherwise: does what the uses say beyond the word's original vector have one direction, or do documents
pull this way and that? Under chance any document could as well have pulled the other way.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.significance import benjamini_hochberg
from selfvec.usage.kernels import flip
from selfvec.usage.space import UseSpace, use_space

from .document_blocks import Units, document_counts, summed
from .measure import ENOUGH, Distances

__all__ = ["measure_moved", "moved_space"]

UNITS = 64  # of documents, at most
_MOVED = 1e-6  # rounding moves less


def moved_space(run: Run, seed: int) -> UseSpace | None:
    """The space of all documents; None where the run forgot them."""
    if run.tokens is None:
        return None
    return use_space(run, [Slice("all", np.ones(run.tokens.documents, bool))], seed)


def measure_moved(
    run: Run,
    space: UseSpace | None,
    min_count: int,
    permutations: int,
    seed: int,
    jobs: int,
    progress: Progress,
) -> Distances:
    """Every word between its original and its refined vector.

    ``distance`` is that of the two vectors, ``apd`` the mean distance of a use to the original vector. ``p``
    is the share of random signs of the documents by which they agree as well. There is no interval, and no
    more to ``expected`` than 0. Where the run forgot its corpus there is a distance only.
    """
    original, refined = run.original.unit, run.vectors.unit
    counts = run.vectors.counts
    often = np.ones(len(original), bool) if counts is None else counts >= min_count
    words = np.flatnonzero(often & original.any(axis=1) & refined.any(axis=1))
    distance = 1 - np.einsum("ij,ij->i", original[words], refined[words], dtype=np.float64)
    unknown = np.full(len(words), np.nan)
    documents = np.zeros((len(words), 2), np.int64)
    p, apd = unknown.copy(), unknown.copy()
    if space is not None:
        occurs = document_counts(space)
        size = np.maximum(1, -(-occurs[:, 0] // UNITS))
        units = Units(occurs // size[:, None], size)
        toward = unit_rows(space.table)
        done = 0
        with progress.stage("Splitting", len(words), "words") as advance:
            for part in summed(space, words, units, seed, jobs):
                span = slice(done, done + len(part.words))
                found = np.zeros((len(part.words), 2))
                flip(part.rows, part.starts, part.words, toward, permutations, ENOUGH, seed, found)
                uses = np.add.reduceat(part.uses, part.starts[:-1])
                p[span], apd[span] = found[:, 0], 1 - found[:, 1] / np.maximum(uses, 1)
                done += len(part.words)
                advance(len(part.words))
        documents = np.repeat(occurs[words], 2, axis=1)
        p[distance < _MOVED] = 1  # what did not move did not change, whatever its uses say
    q = benjamini_hochberg(p)
    return Distances(words, distance, unknown, p, q, np.zeros(len(words)), unknown, apd, documents)
