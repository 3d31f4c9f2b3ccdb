"""The share of a word's uses that are new on the other side, with its 95 % interval.

If a share s of the uses is new, the mean of the uses moves s of the way from that of the old ones to that of
the new ones. The square of the way is that between two different words. It is measured in each comparison,
because texts differ in it: between each word and words of like frequency on the other side. So the share is
the root of a ratio of two squared lengths. Both are free of chance, since only uses in different documents
are multiplied (see `distance_intervals`).

Of a move, what goes in the direction in which the text moved as a whole is left out: where one subject grew,
all words that it shares with others move in its direction, and none has a new meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfvec.analysis.comparison.chosen_slices import LEAST
from selfvec.base.arrays import Doubles, Ints, Mask

from .permutation_test import ALONG, DEVIATIONS, Distances, MeanUses

# With four, as an interval of a distance needs, twice as many words would be named falsely, and people's
# judgements agree less with an order in which such words come first.
LIKE = 64  # words of like frequency that each word is compared with
FEWEST = 10  # of these, in a text of few words; with fewer there is no share
_SHORTEST = 0.05  # least squared distance of two words, as a share of the usual one
_FOLLOW = 3  # times as far as the text, at most, a word moves because the text does
_MOST = 0.9  # of all words' uses that are new, at most: of what is left, words have their share
_HALF = 0.455  # of squared normal deviations are below
_TINY = 1e-9  # a squared share that is none


@dataclass(frozen=True)
class NewUses:
    """The share of new uses of m words, from 0 to 1, and its interval; (m,) each, NaN where it is unknown."""

    share: Doubles
    low: Doubles
    high: Doubles


@dataclass(frozen=True)
class _Moves:
    """Squared lengths of the moves of m words, without noise on average; (m,) each."""

    square: Doubles
    fixed: Doubles  # the variance of a square is fixed + slope * square
    slope: Doubles


def new_uses(
    measured: Distances,
    among: Ints,  # (n,), in rising order, the words of the means, with all that are measured
    ordinary: Mask,  # (m,), words that others are compared with
) -> NewUses:
    """The share of the uses of each word that are new, beyond what is usual between the two sides.

    It is unknown of words in fewer than `LEAST` documents, and of all where fewer than `FEWEST` are in more.
    """
    found = np.full((3, len(ordinary)), np.nan)
    if measured.uses is None:
        return NewUses(*found)
    often = measured.documents.min(axis=1)
    able = measured.uses.blocks.min(axis=1) >= LEAST
    compared = np.flatnonzero(able & ordinary)
    compared = compared[np.argsort(-often[compared], kind="stable")]
    if len(compared) < FEWEST:
        return NewUses(*found)
    places = np.searchsorted(among, measured.words)
    weights = np.zeros(len(among))
    weights[places[compared]] = often[compared] / often[compared].sum()
    moves = _moves(measured.uses, places, weights)
    near, usual, far = _apart(measured.uses, places, often, np.flatnonzero(able), compared)
    general = np.clip(np.median((moves.square / usual)[compared]), 0, _MOST)

    # Words follow a text that moved by more and by less, so noise is as wide as half of them say (as in
    # Devlin and Roeder, 1999, *Genomic control for association studies*).
    variance = moves.fixed + moves.slope * np.maximum(moves.square, 0)
    beyond = (moves.square - general * usual) ** 2 / np.maximum(variance, _TINY**2)
    wide = DEVIATIONS**2 * max(1.0, float(np.median(beyond[compared])) / _HALF)

    # The squares that an estimate agrees with, by the noise that there would be if each were the true one.
    half = moves.square + wide * moves.slope / 2
    root = np.sqrt(np.maximum(half**2 - moves.square**2 + wide * moves.fixed, 0))
    low, middle, high = (
        np.maximum((square / usual - general) / (1 - general), _TINY)
        for square in (half - root, moves.square, half + root)
    )
    # The two uncertainties of a ratio are joined as those of a sum of logarithms (Zou and Donner, 2008).
    below = np.hypot(np.log(middle / low), np.log(far / usual))
    above = np.hypot(np.log(high / middle), np.log(usual / near))
    ends = np.where(low > _TINY, middle * np.exp(-below), 0), np.minimum(middle, 1), middle * np.exp(above)
    found[:, able] = np.sqrt(np.clip(ends, 0, 1))[:, able]
    return NewUses(found[1], found[0], found[2])


def _moves(
    uses: MeanUses,
    places: Ints,  # (m,), of the words among the n of the means
    weights: Doubles,  # (n,), shares of the words that the text is taken to move as
) -> _Moves:
    """The moves of m words, without what goes in the direction of the text as a whole."""
    noise, number = uses.noise, np.maximum(uses.blocks, 2).astype(np.float64)
    along = ALONG * np.sqrt(noise[:, :2]) / number  # variance of a mean along any vector of length 1
    fixed = (2 * noise[:, :2] / (number * (number - 1))).sum(axis=1) + 4 * noise[:, 2] / number.prod(axis=1)
    a, b = uses.means
    text = (weights * uses.lengths[1]) @ b - (weights * uses.lengths[0]) @ a  # (d,)
    far = float(np.linalg.norm(text))
    with_text = np.abs(uses.lengths[1] * (b @ text) - uses.lengths[0] * (a @ text))[places] / max(far, _TINY)
    own = np.maximum(with_text - _FOLLOW * far, 0)
    square = uses.products @ [1.0, 1.0, -2.0]
    square -= np.maximum(with_text**2 - own**2 - along.sum(axis=1), 0)
    return _Moves(square, fixed, 4 * along.sum(axis=1))


def _apart(
    uses: MeanUses,
    places: Ints,  # (m,)
    often: Ints,  # (m,), how often the words occur
    able: Ints,  # rows of the words that are compared
    others: Ints,  # rows of those that they are compared with, most frequent first
) -> Doubles:
    """How far words are from others of like frequency on the other side, (3, m): squared distances.

    The usual one is between the two that 95 % of the others lie within.
    """
    found = np.full((3, len(often)), np.nan)
    groups = np.array_split(others, max(1, len(others) // LIKE))
    least = np.array([often[group[-1]] for group in groups])  # falling
    group_of = np.minimum(np.searchsorted(-least, -often[able]), len(groups) - 1)
    for number, group in enumerate(groups):
        words = able[group_of == number]
        squares = []
        for side in (0, 1):
            one, other = (
                uses.means[s][places[of]] * uses.lengths[s, places[of], None]
                for s, of in ((side, words), (1 - side, group))
            )
            own = uses.products[words, side, None] + uses.products[group, 1 - side]
            squares.append(np.where(words[:, None] == group, np.nan, own - 2 * one @ other.T))
        if len(words):
            of_both = np.concatenate(squares, axis=1)
            of_both = np.maximum(of_both, max(_SHORTEST * float(np.nanmedian(of_both)), _TINY))
            found[:, words] = np.nanquantile(of_both, [0.025, 0.5, 0.975], axis=1)
    return found
