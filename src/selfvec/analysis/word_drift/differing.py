"""How many of a word's uses differ between two sides, and whether single words beside it do.

If a share s of the uses is replaced, the mean of the uses moves s of the way from that of the old ones to
that of the others. A distance has no direction: uses that came and uses that went have the same share. The
square of the way is that between two different words. It is measured in each comparison, because texts differ
in it: between each word and words of like frequency on the other side. So the share is the root of a ratio of
two squared lengths. Both are free of chance, since only uses in different documents are multiplied (see
`distance_intervals`).

Of a move, what goes in the direction in which the text moved as a whole is left out: where one subject grew,
all words that it shares with others move in its direction, and none has a new meaning.

A new sense of a quarter of a word's uses moves their mean by a quarter of the way, which is little, but
brings words of its own. So each word near the uses is looked at by itself, too (`context_scores`). Two real
sides differ in general. How much is told by the scores of words of like frequency, whose lower half is taken
to be without a change of their own (Efron, 2004, *Large-scale simultaneous hypothesis testing*).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from selfvec.analysis.comparison.chosen_slices import LEAST
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.kernels import Observed, context_scores
from selfvec.analysis.usage.contexts import padded_windows
from selfvec.base.arrays import Doubles, Ints, Mask
from selfvec.base.progress import stage
from selfvec.base.threads import cut, in_order
from selfvec.numerics.statistics import chi_square_p, cross_counts

from .permutation_test import ALONG, DEVIATIONS, Distances, MeanUses

# Where one subject doubles, at most .17 of the uses of a word that it shares with others differ.
NAMED = 0.2
SURE = 0.01  # q of the words beside a word: the sides of a hundred comparisons by chance name no word, mostly
# With four, as an interval of a distance needs, twice as many words would be named falsely, and people's
# judgements agree less with an order in which such words come first.
LIKE = 64  # words of like frequency that each word is compared with
FEWEST = 10  # of these, in a text of few words; with fewer there is no share
_SHORTEST = 0.05  # least squared distance of two words, as a share of the usual one
_FOLLOW = 3  # times as far as the text, at most, a word moves because the text does
_MOST = 0.9  # of all words' uses that differ, at most: of what is left, words have their share
_HALF = 0.455  # of squared normal deviations are below
_TINY = 1e-9  # a squared share that is none


Beside = list[tuple[int, float, float]]  # words, and the shares of observations of both sides with them


@dataclass(frozen=True)
class DifferingUses:
    """The share of m words' uses that differ, from 0 to 1, and its interval; (m,) each, NaN where unknown."""

    share: Doubles
    low: Doubles
    high: Doubles
    p: Doubles  # of single words beside each, see `context_p`
    beside: Mapping[int, tuple[Beside, Beside]]  # which came and went there, of words that may be named


def differing_uses(
    compared: Comparison,
    measured: Distances,
    among: Ints,  # as in `differing_shares`
    ordinary: Mask,
    shown: Mask,  # (V,), words that are said to stand beside others
    ratio: Doubles,  # (V,), how much more frequent words surely are on the second side; 0 leaves one out
    seed: int,
) -> DifferingUses:
    """How many of the uses of each word differ, and what stands beside those that may be named."""
    found = differing_shares(measured, among, ordinary)
    if measured.uses is None:
        return found
    p = context_p(compared, measured.words, ordinary, ratio, seed)
    named = np.flatnonzero(((found.low > NAMED) & np.isnan(p)) | (p <= SURE))
    beside = words_beside(compared, measured.words[named], shown)
    return replace(found, p=p, beside=dict(zip(named.tolist(), beside, strict=True)))


def differing_shares(
    measured: Distances,
    among: Ints,  # (n,), in rising order, the words of the means, with all that are measured
    ordinary: Mask,  # (m,), words that others are compared with
) -> DifferingUses:
    """The share of the uses of each word that differ, beyond what is usual between the two sides.

    It is unknown of words in fewer than `LEAST` documents, and of all where fewer than `FEWEST` are in more.
    """
    found = np.full((4, len(ordinary)), np.nan)
    differing = DifferingUses(found[0], found[1], found[2], found[3], {})
    if measured.uses is None:
        return differing
    often = measured.documents.min(axis=1)
    able = measured.uses.blocks.min(axis=1) >= LEAST
    compared = np.flatnonzero(able & ordinary)
    compared = compared[np.argsort(-often[compared], kind="stable")]
    if len(compared) < FEWEST:
        return differing
    places = np.searchsorted(among, measured.words)
    weights = np.zeros(len(among))
    weights[places[compared]] = often[compared] / often[compared].sum()
    square, fixed, slope = _moves(measured.uses, places, weights)
    near, usual, far = _apart(measured.uses, places, often, np.flatnonzero(able), compared)
    general = np.clip(np.median((square / usual)[compared]), 0, _MOST)

    # Words follow a text that moved by more and by less, so noise is as wide as half of them say (as in
    # Devlin and Roeder, 1999, *Genomic control for association studies*).
    variance = fixed + slope * np.maximum(square, 0)
    beyond = (square - general * usual) ** 2 / np.maximum(variance, _TINY**2)
    wide = DEVIATIONS**2 * max(1.0, float(np.median(beyond[compared])) / _HALF)

    # The squares that an estimate agrees with, by the noise that there would be if each were the true one.
    half = square + wide * slope / 2
    root = np.sqrt(np.maximum(half**2 - square**2 + wide * fixed, 0))
    low, middle, high = (
        np.maximum((of / usual - general) / (1 - general), _TINY) for of in (half - root, square, half + root)
    )
    # The two uncertainties of a ratio are joined as those of a sum of logarithms (Zou and Donner, 2008).
    below = np.hypot(np.log(middle / low), np.log(far / usual))
    above = np.hypot(np.log(high / middle), np.log(usual / near))
    ends = np.minimum(middle, 1), np.where(low > _TINY, middle * np.exp(-below), 0), middle * np.exp(above)
    found[:3, able] = np.sqrt(np.clip(ends, 0, 1))[:, able]
    return differing


def _moves(
    uses: MeanUses,
    places: Ints,  # (m,), of the words among the n of the means
    weights: Doubles,  # (n,), shares of the words that the text is taken to move as
) -> tuple[Doubles, Doubles, Doubles]:
    """Squared lengths of the moves of m words, without noise on average; (m,) each.

    What goes in the direction of the text as a whole is left out. The variance of a square is fixed + slope ·
    square.
    """
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
    return square, fixed, 4 * along.sum(axis=1)


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


# ---- Single words beside a word


REACH = 6  # words on either side
DRAWS, AGAIN = 200, 2_000  # random divisions of each word's observations, and of those that may be sure
_SEEN = 400  # observations of a word on either side: more take time and tell no more
_AS_OFTEN = 200  # words of like frequency, whose scores tell what is usual
_ENOUGH = 50  # of these: where one of a few words changes, so do all that stand beside it
_QUARTER = 0.6745  # the normal deviate that a quarter is beyond
_DOUBTFUL = 2.0  # normal deviates
_SHOWN, _CLEAR = 3, 3.0  # words that came or went beside a word, at most, and their least normal deviate
_PLACES = 1 << 20  # at a time


def _observed(compared: Comparison, words: Ints, seed: int, most: int) -> Observed:
    """The units with each word: at most so many on a side, drawn at random."""
    batch, side = compared.tokens, np.where(compared.weight > 0, compared.side, -1)
    word = np.full(len(batch.types), -1)
    word[words] = np.arange(len(words))
    places = np.flatnonzero(word[batch.ids] >= 0)
    documents = batch.document_of(places)
    places, documents = places[side[documents] >= 0], documents[side[documents] >= 0]
    drawn = np.random.default_rng(seed).permutation(int(compared.unit.max(initial=0)) + 1)
    keys = (word[batch.ids[places]] * 2 + side[documents]) * len(drawn) + drawn[compared.unit[documents]]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    new = np.diff(keys, prepend=-1) > 0
    groups, number = keys[new] // len(drawn), np.cumsum(new) - 1  # by word, then by side
    kept = np.arange(len(groups)) - np.searchsorted(groups, groups) < most
    inside = kept[number]
    owners = groups[kept] // 2
    firsts = np.searchsorted(owners, np.arange(len(words) + 1))
    number = (np.cumsum(kept) - 1)[number[inside]]
    starts = np.searchsorted(owners[number], np.arange(len(words) + 1))
    places, documents = (of[order][inside] for of in (places, documents))
    return Observed(places, documents, number - firsts[owners[number]], starts, groups[kept] % 2 == 1, firsts)


def context_p(
    compared: Comparison,
    words: Ints,  # (m,)
    ordinary: Mask,  # (m,), words that tell what is usual
    ratio: Doubles,  # (V,), as in `differing_uses`
    seed: int,
) -> Doubles:
    """p of the hypothesis that the words beside each word differ no more than is usual, (m,).

    NaN for words with fewer than `LEAST` observations on a side, and where few others have as many.
    """
    seen = _observed(compared, words, seed, _SEEN)
    new = np.append(0, np.cumsum(seen.sides))[seen.firsts]
    often = np.stack([np.diff(seen.firsts) - np.diff(new), np.diff(new)]).min(axis=0)
    able = often >= LEAST
    scores = np.zeros(len(words))

    def score(draws: Ints, share: tuple[int, int]) -> int:
        ids, offsets = compared.tokens.ids, compared.tokens.offsets
        context_scores(ids, offsets, seen, words, ratio, REACH, draws, seed, scores, *share)
        return share[1] - share[0]

    with stage("Contexts", len(words), "words") as advance:
        shares = cut(np.diff(seen.starts), _PLACES)
        for done in in_order(shares, partial(score, np.where(able, DRAWS, 0))):
            advance(done)
        doubtful = able & (_beyond_usual(scores, often, ordinary & able) >= _DOUBTFUL)
        list(in_order(shares, partial(score, np.where(doubtful, AGAIN, 0))))
    beyond = _beyond_usual(scores, often, ordinary & able)
    p = chi_square_p(beyond) / 2
    return np.where(able, np.where(beyond > 0, p, 1 - p), np.nan)


def _beyond_usual(scores: Doubles, often: Ints, ordinary: Mask) -> Doubles:
    """Scores by the middle and the spread of those of ordinary words that are as frequent, (m,).

    NaN where there are few of them.
    """
    out = np.full(len(scores), np.nan)
    for group in np.array_split(np.argsort(often, kind="stable"), max(1, len(often) // _AS_OFTEN)):
        usual = scores[group[ordinary[group]]]
        if len(usual) >= _ENOUGH:
            low, middle = np.quantile(usual, [0.25, 0.5])
            spread = max(1.0, float(middle - low) / _QUARTER)
            out[group] = (scores[group] - max(float(middle), 0.0)) / spread
    return out


def words_beside(compared: Comparison, words: Ints, shown: Mask) -> list[tuple[Beside, Beside]]:
    """The ``shown`` words that came beside each word, and those that went, the clearest first."""
    seen, batch = _observed(compared, words, 0, compared.tokens.documents), compared.tokens
    found = []
    for m in range(len(words)):
        own, sides = (slice(bounds[m], bounds[m + 1]) for bounds in (seen.starts, seen.firsts))
        near = padded_windows(batch, seen.places[own], REACH)
        kept = (near >= 0) & shown[near]
        rows = np.broadcast_to(seen.numbers[own][:, None], near.shape)[kept]
        others, rows = np.divmod(np.unique(near[kept].astype(np.int64) * len(near) + rows), len(near))
        types, place = np.unique(others, return_inverse=True)
        on_second = seen.sides[sides]
        sizes = np.bincount(on_second, minlength=2)[:, None]
        shares = cross_counts(on_second[rows], place, (2, len(types))) / sizes
        usual = (shares * sizes).sum(axis=0) / sizes.sum()
        clear = np.diff(shares, axis=0)[0] / np.sqrt(
            np.maximum(usual * (1 - usual) * (1 / sizes).sum(), 1e-12)
        )
        came_and_went = []
        for sign in (clear, -clear):
            order = np.argsort(-sign, kind="stable")[:_SHOWN]
            order = order[sign[order] >= _CLEAR]
            came_and_went.append(list(zip(types[order].tolist(), *shares[:, order].tolist(), strict=True)))
        found.append((came_and_went[0], came_and_went[1]))
    return found
