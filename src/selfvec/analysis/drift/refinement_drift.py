"""How far refining moved each word, and whether its uses agree on the direction.

Here one text moved every word, so there are no two slices to compare, and even a single document moves a
word. The test asks whether what the uses add to the word's original vector has one direction, or whether
documents pull in different ones. Under the null hypothesis each document could as well have pulled the
opposite way.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import benjamini_hochberg
from selfvec.usage.use_vectors import UseSpace, use_space

from .document_blocks import BLOCKS, Blocks, block_sums, document_counts
from .permutation_kernels import sign_flip_test
from .permutation_test import ENOUGH, Distances

__all__ = ["refinement_drift", "whole_space"]

_ROUNDING = 1e-6  # distance that rounding alone makes


def whole_space(run: Run, seed: int) -> UseSpace | None:
    """The space of all documents; None if the run has not kept its corpus."""
    if run.tokens is None:
        return None
    return use_space(run, [Slice("all", np.ones(run.tokens.documents, bool))], seed)


def refinement_drift(
    run: Run,
    space: UseSpace | None,
    min_count: int,
    *,
    permutations: int,
    seed: int,
    jobs: int,
    progress: Progress,
) -> Distances:
    """Measure every word between its original and its refined vector.

    ``distance`` is that of the two vectors, ``apd`` the mean distance of a use to the original vector, and
    ``p`` the share of random signs of the documents under which they agree as well. There is no interval, and
    ``expected`` is 0. Without a space only the distance is known.
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
        size = np.maximum(1, -(-occurs[:, 0] // BLOCKS))
        blocks = Blocks(occurs // size[:, None], size)
        known = unit_rows(space.table)
        done = 0
        with progress.stage("Splitting", len(words), "words") as advance:
            for part in block_sums(space, words, blocks, seed, jobs):
                span = slice(done, done + len(part.words))
                found = np.zeros((len(part.words), 2))
                sign_flip_test(part.rows, part.starts, part.words, known, permutations, ENOUGH, seed, found)
                uses = np.add.reduceat(part.uses, part.starts[:-1])
                p[span], apd[span] = found[:, 0], 1 - found[:, 1] / np.maximum(uses, 1)
                done += len(part.words)
                advance(len(part.words))
        documents = np.repeat(occurs[words], 2, axis=1)
        p[distance < _ROUNDING] = 1  # a word that did not move did not change, whatever its uses say
    q = benjamini_hochberg(p)
    return Distances(words, distance, unknown, p, q, np.zeros(len(words)), apd, documents)
