"""How far words move by chance: under permutations of the documents, or by comparison with similar words.

``by_documents`` tests whether the two corpora could be one: if the documents were divided at random, how
often would the word be as far apart? It needs both corpora. It tests use in these documents, so that
corpora on different topics differ significantly in nearly every word.

``by_peers`` tests whether the word moved more than words of its frequency usually do. It needs the tables
only. It assumes that most words have not changed, and does not measure how reliable a table is.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import empirical_p, tail_p

from .compass import Compass

__all__ = ["PEERS", "by_documents", "by_peers"]

PEERS = 200  # words of about the same frequency
_LEAST_DOCUMENTS = 10  # on either side; fewer have too few permutations
_LEAST = 1e-6  # distance that rounding alone makes

Numbers = NDArray[np.float64]


def by_peers(distances: Numbers) -> tuple[Numbers, Numbers]:
    """z of the logarithm of each distance among its peers, and the p of this z.

    Centre and scale are the median and the median absolute deviation (times 1.4826), which changed words
    hardly affect, and p is the upper tail of the normal distribution with these: an empirical null (Efron,
    2004, *Large-scale simultaneous hypothesis testing*). The rank among the peers is no valid p, because
    ranks are uniform whether or not words changed.

    Parameters
    ----------
    distances : (n,) float64
        In order of falling frequency.

    Returns
    -------
    z, p : (n,) float64
    """
    logs = np.log(np.maximum(distances, _LEAST))
    width = min(PEERS + 1, len(logs))
    windows = np.lib.stride_tricks.sliding_window_view(logs, width)
    middle = np.median(windows, axis=1)
    scale = 1.4826 * np.median(np.abs(windows - middle[:, None]), axis=1)
    place = np.clip(np.arange(len(logs)) - width // 2, 0, len(windows) - 1)  # at either end the outermost
    away = logs - middle[place]
    z = np.divide(away, scale[place], out=np.copysign(np.inf, away), where=scale[place] > 0)
    z[away == 0] = 0.0
    z = np.clip(z, -38, 38)  # beyond, the tail is 0 in float64
    return z, np.array([math.erfc(value / math.sqrt(2)) / 2 for value in z.tolist()])


def by_documents(
    compass: Compass,
    words: NDArray[np.int64],
    *,
    permutations: int,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Numbers, Numbers, Numbers]:
    """Distances of words between the two corpora, and their z and p under permutations of the documents.

    Every permutation keeps the number of documents on each side and uses the same compass. The test
    statistic is the length of the difference between the word's two rows before they are normalised, which
    are its average contexts on either side. The cosine distance measures the size of a change but would be
    a poor statistic: if a word's meanings cancel, random halves are as far apart as the corpora.

    z compares this length with its mean and standard deviation under permutation. p is the larger of two:
    the share of permutations that move the word itself as far, and the share of z as large among the
    permuted z of the word and its peers in frequency. The first cannot be below 1 / P, so if no permutation
    moves the word as far, only the second is used: 200 permutations of 200 words resolve p down to 1 /
    40,000, assuming that words of similar frequency have similarly distributed z.

    Parameters
    ----------
    compass : Compass
    words : (n,) int64
        Rows of the compass, in order of falling frequency.
    permutations : int
        P, at least 2.
    seed : int
    progress : Progress, optional

    Returns
    -------
    distances, z, p : (n,) float64

    Raises
    ------
    InputError
        If a corpus has fewer than ten documents.
    """
    documents = int(compass.second.sum())
    fewest = min(documents, len(compass.second) - documents)
    if fewest < _LEAST_DOCUMENTS:
        raise InputError(
            f"permuting documents takes {_LEAST_DOCUMENTS} on either side, and one side has {fewest}",
            remedy="give one document per line or row, or choose the method procrustes",
        )
    rng = np.random.default_rng(seed)
    null = np.empty((permutations, len(words)))
    with (progress or Progress()).stage("Permuting", permutations, "permutations") as advance:
        for draw in null:
            draw[:] = _difference(*compass.sides(rng.permutation(compass.second), words))
            advance(1)
    sides = compass.sides(compass.second, words)
    observed, middle, scale = _difference(*sides), null.mean(axis=0), null.std(axis=0, ddof=1)
    known = scale > 0
    drawn = np.divide(null - middle, scale, out=np.zeros_like(null), where=known)
    # The permuted values are part of their own mean, the observed one is not, and so varies more.
    fair = math.sqrt((permutations - 1) / (permutations + 1))
    z = np.divide(observed - middle, scale / fair, out=np.zeros(len(words)), where=known)
    beyond = np.sum(null >= observed, axis=0)
    p = np.where(beyond, empirical_p(beyond, permutations), 0.0)
    for peers in np.array_split(np.arange(len(words)), max(1, len(words) // PEERS)):
        p[peers] = np.maximum(p[peers], tail_p(z[peers], drawn[:, peers].ravel()))
    cosines: Numbers = np.einsum("ij,ij->i", *map(unit_rows, sides), dtype=np.float64)
    return 1 - cosines, z, np.where(known, p, 1.0)


def _difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> Numbers:
    """Lengths of the differences between rows, (n,)."""
    return np.asarray(np.linalg.norm(one - other, axis=1), np.float64)
