"""How far each word is apart in two slices, and how far random splits of the same documents are.

Size and significance are different things. A word's *distance* between two slices is large where it is
rare, for want of evidence; what random splits of its documents give is what chance would. *APD* is the mean
distance of two uses, one from either slice: what people judge when they are shown pairs of sentences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.base.progress import Progress
from selfvec.numerics.significance import benjamini_hochberg
from selfvec.usage.kernels import split
from selfvec.usage.space import UseSpace

from .document_blocks import Summed, Units, deal, document_counts, summed

__all__ = ["Distances", "measure"]

ENOUGH = 20  # splits as far apart as the slices after which a word is not worth more
FEW = 3  # splits, the slices themselves among them, below which p is not known well enough
MOST = 200_000  # splits of one word
LEVEL = 0.05  # false discovery rate that p has to be fine enough for

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Distances:
    """Figures of m words between two slices; arrays are (m,) where nothing else is said.

    Parameters
    ----------
    words : int64
    distance : float64
        1 - cosine of the mean uses.
    error : float64
        Its standard error, by jackknife over documents; NaN where one side has a single unit.
    p, q : float64
        Share of random splits of the word's documents that are as far apart (never 0), and the false
        discovery rate at which the word is a discovery.
    expected, spread : float64
        Mean and standard deviation of the distance over the splits.
    apd : float64
        Mean cosine distance of a use in one and a use in the other slice.
    documents : (m, 2) int64
        In how many documents of either slice the word occurs.
    """

    words: NDArray[np.int64]
    distance: Numbers
    error: Numbers
    p: Numbers
    q: Numbers
    expected: Numbers
    spread: Numbers
    apd: Numbers
    documents: NDArray[np.int64]

    @property
    def excess(self) -> Numbers:
        """Distance beyond what random splits give."""
        return self.distance - self.expected


def measure(
    space: UseSpace,
    words: NDArray[np.int64],
    *,
    permutations: int = 1000,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Distances:
    """Measure words between the two slices of a space.

    The splits stop early for words that chance moves as far (Besag and Clifford, 1991, *Sequential Monte
    Carlo p-values*). Words beyond almost all splits get more where they are few, until p is fine enough to be
    told from chance among so many words (afresh, so that the first splits do not count twice).

    Parameters
    ----------
    space : UseSpace
        Of two slices.
    words : (m,) int64
        Each occurs in both.
    permutations : int
        Splits of a word, at most, in the first round.
    seed : int
    jobs : int
        Threads; the figures have the same bits.
    """
    documents = document_counts(space)
    units = deal(documents)
    listener = progress or Progress()
    with listener.stage("Splitting", len(words), "words") as advance:
        found = np.zeros((len(words), 7))
        done = 0
        for part in summed(space, words, units, seed, jobs):
            found[done : done + len(part.words)] = _figures(part, units, permutations, seed)
            done += len(part.words)
            advance(len(part.words))
    draws = permutations
    while True:
        rest = np.flatnonzero(found[:, 2] <= FEW / (draws + 1))
        needed = min(MOST, int(4 * len(words) / (LEVEL * max(len(rest), 1))))
        if not len(rest) or needed <= draws:
            break
        draws = needed
        again = summed(space, words[rest], units, seed, jobs)
        more = [_figures(part, units, draws, seed + 1) for part in again]
        found[rest, 2] = np.concatenate(more)[:, 2]
    distance, error, p, expected, spread, _, apd = found.T
    return Distances(
        words, distance, error, p, benjamini_hochberg(p), expected, spread, apd, documents[words]
    )


def _figures(part: Summed, units: Units, permutations: int, seed: int) -> Numbers:
    """What `split` finds, and the APD, (m, 7)."""
    out = np.zeros((len(part.words), 7))
    ones = units.number[part.words, 0]
    found = np.zeros((len(part.words), 6))
    split(part.rows, ones, part.starts, part.words, permutations, ENOUGH, seed, found)
    out[:, :6] = found
    for i, one in enumerate(ones.tolist()):
        middle, stop = part.starts[i] + one, part.starts[i + 1]
        sides = [slice(part.starts[i], middle), slice(middle, stop)]
        a, b = (part.rows[side].sum(axis=0, dtype=np.float64) for side in sides)
        pairs = part.uses[sides[0]].sum() * part.uses[sides[1]].sum()
        out[i, 6] = 1 - float(a @ b) / pairs if pairs else 1.0
    return out
