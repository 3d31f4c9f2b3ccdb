"""Distance of each word between two slices, and its p from random splits of the same documents.

Size and significance are different things. A rare word is far apart in two slices for lack of evidence; the
distance in random splits of its documents shows how far. *APD* (average pairwise distance) is the mean cosine
distance of two uses, one from each slice: what people judge when they compare pairs of sentences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.base.progress import Progress
from selfvec.numerics.statistics import benjamini_hochberg
from selfvec.usage.use_vectors import UseSpace

from .document_blocks import Blocks, BlockSums, block_sums, document_blocks, document_counts
from .permutation_kernels import split_test

__all__ = ["ENOUGH", "Distances", "permutation_test"]

ENOUGH = 20  # splits as far apart as the slices after which no more are drawn
FEW = 3  # with fewer splits as far apart, counting the slices themselves, p is too coarse
MOST = 200_000  # splits of one word
LEVEL = 0.05  # false discovery rate that p has to be fine enough for

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Distances:
    """Figures of m words between two slices; arrays are (m,) unless noted.

    Parameters
    ----------
    words : int64
    distance : float64
        1 - cosine of the mean uses.
    error : float64
        Its standard error, by jackknife over blocks of documents; NaN if a side has a single block.
    p, q : float64
        Share of random splits of the word's documents that are as far apart (never 0), and the false
        discovery rate at which the word is a discovery.
    expected : float64
        Mean distance over the splits.
    apd : float64
        Mean cosine distance of a use in one slice to a use in the other.
    documents : (m, 2) int64
        Number of documents of each slice in which the word occurs.
    """

    words: NDArray[np.int64]
    distance: Numbers
    error: Numbers
    p: Numbers
    q: Numbers
    expected: Numbers
    apd: Numbers
    documents: NDArray[np.int64]

    @property
    def excess(self) -> Numbers:
        """Distance beyond that of random splits."""
        return self.distance - self.expected


def permutation_test(
    space: UseSpace,
    words: NDArray[np.int64],
    *,
    permutations: int = 1000,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Distances:
    """Measure words between the two slices of a space.

    Splits stop early for words that random splits move as far (Besag and Clifford, 1991, *Sequential Monte
    Carlo p-values*). If few words are beyond almost all splits, these get more, until p is fine enough for
    the false discovery rate among all words. The further splits are drawn afresh.

    Parameters
    ----------
    space : UseSpace
        Of two slices.
    words : (m,) int64
        Each occurs in both.
    permutations : int
        Most splits of a word in the first round.
    seed : int
    jobs : int
        Threads; the figures have the same bits.
    progress : Progress, optional
    """
    documents = document_counts(space)
    blocks = document_blocks(documents)
    found = np.zeros((len(words), 6))
    done = 0
    with (progress or Progress()).stage("Splitting", len(words), "words") as advance:
        for part in block_sums(space, words, blocks, seed, jobs):
            found[done : done + len(part.words)] = _figures(part, blocks, permutations, seed)
            done += len(part.words)
            advance(len(part.words))
    draws = permutations
    while True:
        rest = np.flatnonzero(found[:, 2] <= FEW / (draws + 1))
        needed = min(MOST, int(4 * len(words) / (LEVEL * max(len(rest), 1))))
        if not len(rest) or needed <= draws:
            break
        draws = needed
        again = block_sums(space, words[rest], blocks, seed, jobs)
        found[rest, 2] = np.concatenate([_figures(part, blocks, draws, seed + 1) for part in again])[:, 2]
    distance, error, p, expected, _, apd = found.T
    return Distances(words, distance, error, p, benjamini_hochberg(p), expected, apd, documents[words])


def _figures(part: BlockSums, blocks: Blocks, permutations: int, seed: int) -> Numbers:
    """Distance, error, p, expected distance, number of splits, and APD, (m, 6)."""
    ones = blocks.number[part.words, 0]
    out = np.zeros((len(part.words), 6))
    split_test(part.rows, ones, part.starts, part.words, permutations, ENOUGH, seed, out)
    for i, one in enumerate(ones.tolist()):
        first, middle, stop = int(part.starts[i]), int(part.starts[i]) + one, int(part.starts[i + 1])
        a, b = (part.rows[x:y].sum(axis=0, dtype=np.float64) for x, y in ((first, middle), (middle, stop)))
        pairs = part.uses[first:middle].sum() * part.uses[middle:stop].sum()
        out[i, 5] = 1 - float(a @ b) / pairs if pairs else 1.0
    return out
