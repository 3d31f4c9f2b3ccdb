"""The 95 % interval of a word's distance: where it would be with many occurrences.

The mean of n occurrences is the word's vector and noise. Products of different documents hold no noise on
average, so they estimate the lengths of the two vectors and their product, but with few documents the lengths
are uncertain, and the cosine that is made of them more so. Two things narrow the interval:

* The length of a word's vector is drawn to the mean of all words, as far as its own documents leave it open
  (empirical Bayes; Efron and Morris, 1975).
* The interval holds all cosines that the products agree with (Fieller, 1954), with the noise that there would
  be if the cosine were this one. Noise along both vectors moves both lengths and their product alike.
"""

from __future__ import annotations

import numpy as np

from selfvec.analysis.kernels import LEAST_BLOCKS
from selfvec.base.arrays import Doubles, Ints

__all__ = ["distance_intervals"]

# Coverage is .93 to .97 for either constant between 0.8 and 1.2 times its value; see docs/results/drift.md.
SPREAD = 1.0  # standard deviation of squared lengths between words, as a share of their mean
ALONG = 0.12  # variance of occurrences along a word's vector, as a share of the length of their covariance
_DEVIATIONS = 1.96  # of a 95 % interval
_SHORTEST = 0.1  # least squared length, as a share of the usual one
_ROUNDS = 20


def distance_intervals(
    products: Doubles,  # (m, 3), of a word's vectors: a with a, b with b, a with b; without noise on average
    noise: Doubles,  # (m, 3), trace of the product of the covariances of blocks: a with a, b with b, a with b
    blocks: Ints,  # (m, 2), blocks of documents in each slice
) -> tuple[Doubles, Doubles]:
    """The ends of the intervals of 1 - cosine, (m,) each; NaN for words with few blocks."""
    low, high = np.full((2, len(products)), np.nan)
    able = blocks.min(axis=1) >= LEAST_BLOCKS
    if able.any():
        low[able], high[able] = _intervals(products[able], noise[able], blocks[able])
    return low, high


def _intervals(products: Doubles, noise: Doubles, blocks: Ints) -> tuple[Doubles, Doubles]:
    squares, across = products[:, :2], products[:, 2]
    number = blocks.astype(np.float64)
    along = ALONG * np.sqrt(noise[:, :2]) / number  # variance of a mean along any vector of length 1
    chance = 2 * noise[:, :2] / (number * (number - 1))  # variance of a square without a vector
    usual = np.maximum(squares.mean(axis=0), 1e-12) / np.sqrt(1 + SPREAD**2)
    lengths = np.broadcast_to(usual, squares.shape)  # squared
    for _ in range(_ROUNDS):
        variance = chance + 4 * along * lengths
        drawn = variance / (variance + (SPREAD * lengths) ** 2)  # how far each is drawn to the usual one
        lengths = np.maximum((1 - drawn) * squares + drawn * usual, _SHORTEST * usual)

    # The variance of (across - cosine * length) is fixed + slope * cosine².
    other = lengths[:, ::-1]
    square = lengths.prod(axis=1)
    fixed = (along * other).sum(axis=1) + noise[:, 2] / number.prod(axis=1)
    uncertain = (1 - drawn) ** 2 * chance + (drawn * SPREAD * lengths) ** 2
    slope = (other / lengths * uncertain / 4 - along * other * (1 - drawn**2)).sum(axis=1)

    # (across - cosine * length)² ≤ deviations² * variance, solved for the cosine
    leading = square - _DEVIATIONS**2 * slope
    middle = across * np.sqrt(square)
    root = np.sqrt(np.maximum(middle**2 - leading * (across**2 - _DEVIATIONS**2 * fixed), 0))
    bounded = leading > 0  # otherwise no cosine can be excluded
    ends = [
        np.where(bounded, (middle + sign * root) / np.where(bounded, leading, 1), sign)
        for sign in (1.0, -1.0)
    ]
    return 1 - np.clip(ends[0], -1, 1), 1 - np.clip(ends[1], -1, 1)
