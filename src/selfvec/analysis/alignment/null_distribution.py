"""How far chance alone moves a word: by sharing out the documents again, or by what its peers do.

Two questions, and they are not the same:

``by_documents`` asks whether the two corpora could be one: were the documents dealt out at random, how often
would the word lie as far apart? It needs both corpora. What it tests is use in these documents: corpora on
different topics differ in nearly every word, and significantly so.

``by_peers`` asks whether the word moved more than words as frequent as it usually do. It needs tables only.
It takes for granted that most of these have not changed, and says nothing of how reliable a table is.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.significance import empirical_p, tail_p

from .compass import Compass

__all__ = ["PEERS", "by_documents", "by_peers"]

PEERS = 200  # words of about the same frequency
_LEAST_DOCUMENTS = 10  # on either side: with fewer there are few ways to deal them out
_LEAST = 1e-6  # a distance that rounding makes

Numbers = NDArray[np.float64]


def by_peers(distances: Numbers) -> tuple[Numbers, Numbers]:
    """z of the logarithm of each distance among those of its peers, and the p of such a z.

    Centre and scale are median and median absolute deviation (times 1.4826), which changed words hardly
    touch, and p is the upper tail of the normal distribution that they make: an empirical null (Efron, 2004,
    *Large-scale simultaneous hypothesis testing*). The rank among the peers would be no p to control a false
    discovery rate with: ranks are spread evenly whatever happened.

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
    """Distances of words between the two corpora, z and p against corpora of documents dealt out at random.

    Every permutation keeps how many documents either side has, and goes through the same compass. What is
    tested is the length of the difference between the word's two rows before they are normalised: what stood
    next to it on the average, here and there. The cosine distance says how large a change is and would make a
    poor test: where a word's meanings cancel, halves at random lie as far apart as the corpora do.

    z holds that length against mean and standard deviation of its own under permutation. p is the larger of
    two: the share of permutations that bring the word itself as far, and the share of all z that they give to
    it and its peers in frequency. The first cannot tell p below 1 / P, so where no permutation came as far
    the second stands alone: 200 permutations of 200 words tell p down to 1 / 40,000, on the assumption that
    the z of words of a frequency are distributed alike.

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
        If either corpus has fewer than ten documents.
    """
    documents = int(compass.second.sum())
    fewest = min(documents, len(compass.second) - documents)
    if fewest < _LEAST_DOCUMENTS:
        raise InputError(
            f"dealing out documents takes {_LEAST_DOCUMENTS} on either side, one side has {fewest}",
            remedy="give a document per line or row, or choose the method procrustes",
        )
    rng = np.random.default_rng(seed)
    chance = np.empty((permutations, len(words)))
    with (progress or Progress()).stage("Permuting", permutations, "permutations") as advance:
        for draw in chance:
            draw[:] = _apart(*compass.sides(rng.permutation(compass.second), words))
            advance(1)
    sides = compass.sides(compass.second, words)
    observed, middle, scale = _apart(*sides), chance.mean(axis=0), chance.std(axis=0, ddof=1)
    known = scale > 0
    drawn = np.divide(chance - middle, scale, out=np.zeros_like(chance), where=known)
    # The draws are held against their own mean, what was observed against that of others: it varies more.
    fair = math.sqrt((permutations - 1) / (permutations + 1))
    z = np.divide(observed - middle, scale / fair, out=np.zeros(len(words)), where=known)
    beyond = np.sum(chance >= observed, axis=0)
    p = np.where(beyond, empirical_p(beyond, permutations), 0.0)
    for peers in np.array_split(np.arange(len(words)), max(1, len(words) // PEERS)):
        p[peers] = np.maximum(p[peers], tail_p(z[peers], drawn[:, peers].ravel()))
    cosines: Numbers = np.einsum("ij,ij->i", *map(unit_rows, sides), dtype=np.float64)
    return 1 - cosines, z, np.where(known, p, 1.0)


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> Numbers:
    """Lengths of the differences of rows, (n,)."""
    return np.asarray(np.linalg.norm(one - other, axis=1), np.float64)
