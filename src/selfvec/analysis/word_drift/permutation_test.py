"""Distance of each word between two states, and its p from random splits of its documents, or random signs.

Size and significance are different. The vectors of a rare word in two slices are far apart by chance; random
splits of its documents show how far. Documents are the observations, not tokens: ten occurrences in one
document are one observation. Splits keep the number of blocks on each side, so they are as uneven as the
slices, and a change of frequency alone does not count as a change of meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.analysis.kernels import LEAST_BLOCKS, sign_flip_test, split_test, sum_sides
from selfvec.analysis.usage.occurrence_vectors import (
    BlockSums,
    OccurrenceSpace,
    WordBlocks,
    block_sums,
    measured_blocks,
)
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.arrays import Doubles, Ints, Mask, Rows
from selfvec.base.progress import stage
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import LEVEL

BLOCKS = 32  # of a word's documents on the smaller side, at most: a split takes time by its square
RATIO = 3  # times as many on the larger side, at most: most of the chance variation is from the smaller side
ENOUGH = 20  # number of splits as far apart as the slices after which drawing stops
FEW = 3  # with no more splits as far apart, including the slices themselves, p is too coarse
MOST = 200_000  # splits of one word
# Share of a word's own ``expected`` in chance. With 0, planted changes are ordered worse; with a half,
# people's judgements agree less. See docs/results/drift.md.
_OWN = 0.25
_REGRESSED = 30  # words, at least, that the usual distance by chance is estimated from
_ROUNDING = 1e-6  # distance caused by rounding alone


@dataclass(frozen=True)
class DriftTest:
    """How words are tested. The result depends on nothing else but the run and the slices."""

    min_count: int = 5  # words that occur less often in either slice are not tested
    permutations: int = 1000  # random splits of a word's documents in the first round, at most
    seed: int = 0


@dataclass(frozen=True)
class MeanUses:
    """The mean occurrences on both sides of m words, and n among which they are."""

    means: Sequence[Rows]  # (2, n, d), of length 1
    lengths: Doubles  # (2, n), which they had before
    blocks: Ints  # (m, 2), of documents
    products: Doubles  # (m, 3), of means of different blocks, and their noise: see `distance_intervals`
    noise: Doubles  # (m, 3)


@dataclass(frozen=True)
class Distances:
    """Figures of m words between two states; arrays are (m,) unless noted."""

    words: Ints
    distance: Doubles  # 1 - cosine of the mean vectors of the occurrences
    low: Doubles  # ends of its 95 % interval, see `distance_intervals`; NaN if a side has few documents
    high: Doubles
    p: Doubles  # share of random splits of the word's documents that are as far apart, never 0
    expected: Doubles  # mean distance over the splits
    apd: Doubles  # average pairwise distance: mean cosine distance of occurrences on both sides
    documents: Ints  # (m, 2), number of documents on each side in which the word occurs
    uses: MeanUses | None = None


def document_blocks(documents: Ints) -> WordBlocks:
    """Blocks for words by the number of documents they occur in on each side, (V, S).

    >>> blocks = document_blocks(np.array([[3, 9], [66, 1000], [0, 5]]))
    >>> blocks.number.tolist(), blocks.size.tolist()
    ([[3, 9], [22, 96], [0, 5]], [1, 3, 1])
    """
    size = np.maximum(1, -(-documents.min(axis=1) // BLOCKS))
    return WordBlocks(np.minimum(documents // size[:, None], BLOCKS * RATIO), size)


def permutation_test(
    space: OccurrenceSpace,  # of two slices
    words: Ints,  # (m,), in rising order; each occurs in both slices
    among: Ints,  # (n,), in rising order, these and further words whose means are wanted
    test: DriftTest,
) -> Distances:
    """Measure words between the two slices of a space. The figures have the same bits for any threads.

    Drawing stops early for words that random splits move as far (Besag and Clifford, 1991, *Sequential Monte
    Carlo p-values*). If few words are beyond almost all of the splits, more splits are drawn for these words,
    until p is fine enough for the false discovery rate among all words. Those splits are new.
    """
    # Neighbours are looked for among more words than are tested; their means cost no pass of their own.
    blocks = document_blocks(space.documents)
    rest = np.setdiff1d(among, words)  # no split is drawn for them, so one sum of each side is enough
    blocks.number[rest] = space.documents[rest] > 0
    blocks.size[rest] = len(space.sides)

    def measure(chosen: Ints, draws: int, label: str, stream: int) -> list[tuple[Doubles, Doubles, Rows]]:
        def work(part: BlockSums) -> tuple[Doubles, Doubles, Rows]:
            return block_figures(part, blocks, draws, stream, np.isin(part.words, words))

        parts = []
        with stage(label, len(chosen), "words") as advance:
            for part in measured_blocks(space, chosen, blocks, test.seed, work):
                parts.append(part)
                advance(len(part[-1]))
        return parts

    first = zip(*measure(among, test.permutations, "Splitting", test.seed), strict=True)
    figures, noise, means = map(np.concatenate, first)
    draws = test.permutations
    while True:
        rest = np.flatnonzero(figures[:, 1] <= FEW / (draws + 1))
        needed = min(MOST, int(4 * len(words) / (LEVEL * max(len(rest), 1))))
        if not len(rest) or needed <= draws:
            break
        draws = needed
        # Another seed: splits that made p small by chance would do so again.
        again = measure(words[rest], draws, "Splitting again", test.seed + 1)
        figures[rest, 1] = np.concatenate([part[0] for part in again])[:, 1]
    distance, p, expected, apd = figures.T
    both = [unit_rows(rows) for rows in means.swapaxes(0, 1)]
    lengths = np.linalg.norm(means, axis=2).T
    uses = MeanUses(both, lengths.astype(np.float64), blocks.number[words], noise[:, :3], noise[:, 3:])
    low, high = distance_intervals(uses.products, uses.noise, uses.blocks)
    return Distances(words, distance, low, high, p, expected, apd, space.documents[words], uses)


def usual_distances(
    expected: Doubles,  # (m,), mean distances over random splits
    counts: Ints,  # (m, 2), occurrences of each word on both sides
    documents: Ints,  # (m, 2)
) -> Doubles:
    """What the distance by chance usually is for words with as many occurrences and documents, (m,).

    It is a regression of the logarithm of ``expected`` on those of 1/a + 1/b, for occurrences and for
    documents. With few words it is ``expected`` itself.
    """
    if len(expected) < _REGRESSED or not expected.any():
        return expected
    # Logarithms, since chance falls as a power of the counts.
    inverse = [np.log((1 / np.maximum(of, 1)).sum(axis=1)) for of in (counts, documents)]
    terms = np.column_stack([np.ones(len(expected)), *inverse])
    factors = np.linalg.lstsq(terms, np.log(np.maximum(expected, _ROUNDING)), rcond=None)[0]
    usual: Doubles = np.minimum(np.exp(terms @ factors), 1.0)
    return usual


@dataclass(frozen=True)
class Changes:
    """By how much m words changed beyond chance and beyond the text; arrays are (m,)."""

    general: float  # the median of distance - chance: how far apart the two sides are as a whole
    chance: Doubles  # the distance by chance: mostly that of words with as many occurrences and documents
    change: Doubles  # distance - chance - general


def changes_of(
    measured: Distances,
    counts: Ints,  # (m, 2), occurrences of each word on both sides
    ordinary: Mask,  # (m,), words that the general change is that of
) -> Changes:
    """The change of words between two slices.

    Chance is mostly that of words with as many occurrences. A word's own splits mix the uses of both sides,
    so they lie farther apart the more uses a word has, above all if these changed; less its own ``expected``,
    the words that changed would come last. Whether the word's distance is more than its splits explain is
    what p tells.
    """
    usual = usual_distances(measured.expected, counts, measured.documents)
    # Hundredths, as they are shown: so the change is the difference of the figures shown, to the digit.
    chance = np.round(usual + _OWN * (measured.expected - usual), 2)
    beyond = measured.distance - chance
    middle = np.median(beyond[ordinary]) if ordinary.any() else 0.0
    general = round(max(float(middle), 0.0), 2)
    return Changes(general, chance, beyond - general)


def block_figures(
    part: BlockSums, blocks: WordBlocks, permutations: int, seed: int, tested: Mask
) -> tuple[Doubles, Doubles, Rows]:
    """Distance, p, expected distance and APD, (k, 4); products and noise of mean occurrences, (k, 6).

    They are those of the k ``tested`` words. Also the mean occurrences of all m words, (m, 2, d).
    """
    number = blocks.number[part.words]
    sums = np.zeros((len(part.words), 2, part.rows.shape[1]), np.float32)
    totals = np.zeros((len(part.words), 2))
    sum_sides(part.rows, number[:, 0], part.starts, part.counts, sums, totals)
    ones = np.where(tested, number[:, 0], 0)
    out = np.zeros((len(part.words), 4))
    noise = np.zeros((len(part.words), 6))
    split_test(part.rows, ones, part.starts, part.words, permutations, ENOUGH, seed, out, noise)
    pairs = totals.prod(axis=1)
    products = np.einsum("ij,ij->i", sums[:, 0], sums[:, 1], dtype=np.float64)
    out[:, 3] = 1 - np.divide(products, pairs, out=np.zeros(len(pairs)), where=pairs > 0)
    known = np.where(totals > 0, totals, 1)
    each = known / np.maximum(number, 1)  # occurrences in a block
    scale = np.column_stack([each**2, each.prod(axis=1)])
    noise /= np.hstack([scale, scale**2])
    sums /= known[:, :, None].astype(np.float32)
    return out[tested], noise[tested], sums


def refinement_drift(
    table: WordTable,
    space: OccurrenceSpace | None,  # of all documents; without it only the distance is measured
    words: Ints,  # (m,)
    test: DriftTest,
) -> Distances:
    """Measure every word between its original and its refined vector.

    One text moved every word, so there are no two slices to split. The test is whether the documents move the
    original vector in one direction or in different ones: p is the share of random signs of the documents
    under which the occurrences agree as well. ``apd`` is the mean distance of an occurrence to the original
    vector. There is no interval, and ``expected`` is 0.
    """
    original, refined = table.original.unit, table.refined.unit
    distance = 1 - np.einsum("ij,ij->i", original[words], refined[words], dtype=np.float64)
    unknown, none = np.full(len(words), np.nan), np.zeros(len(words))
    if space is None:
        nowhere = np.zeros((len(words), 2), np.int64)
        return Distances(words, distance, unknown, unknown, unknown, none, unknown, nowhere)
    figures = []
    with stage("Splitting", len(words), "words") as advance:
        for part in block_sums(space, words, document_blocks(space.documents), test.seed):
            p_and_apd = np.zeros((len(part.words), 2))
            before = unit_rows(space.rows[part.words])
            draws = (test.permutations, ENOUGH, test.seed)
            most = int(np.diff(part.starts).max(initial=0))
            scratch = np.empty((most, most), np.float32), np.empty(most)
            sign_flip_test(part.rows, part.starts, part.words, before, *draws, p_and_apd, *scratch)
            occurrences = np.add.reduceat(part.counts, part.starts[:-1])
            p_and_apd[:, 1] = 1 - p_and_apd[:, 1] / np.maximum(occurrences, 1)
            figures.append(p_and_apd)
            advance(len(part.words))
    p, apd = np.concatenate([np.zeros((0, 2)), *figures]).T
    p = np.where(distance < _ROUNDING, 1.0, p)  # words that did not move are not significant
    sides = np.repeat(space.documents[words], 2, axis=1)
    return Distances(words, distance, unknown, unknown, p, none, apd, sides)


# ---- The 95 % interval of a word's distance: where it would be with many occurrences
# The mean of n occurrences is the word's vector and noise. Products of different documents hold no noise on
# average, so they estimate the lengths of the two vectors and their product, but with few documents the
# lengths are uncertain, and the cosine that is made of them more so. Two things narrow the interval:
#
# * The length of a word's vector is drawn to the mean of all words, as far as its own documents leave it open
#   (empirical Bayes; Efron and Morris, 1975).
# * The interval holds all cosines that the products agree with (Fieller, 1954), with the noise that there
#   would be if the cosine were this one. Noise along both vectors moves both lengths and their product alike.


# Coverage is .93 to .97 for either constant between 0.8 and 1.2 times its value; see docs/results/drift.md.
SPREAD = 1.0  # standard deviation of squared lengths between words, as a share of their mean
ALONG = 0.12  # variance of occurrences along a word's vector, as a share of the length of their covariance
DEVIATIONS = 1.96  # of a 95 % interval
_SHORTEST = 0.1  # least squared length, as a share of the usual one
_ROUNDS = 20  # of lengths and their noise, of which each is estimated by the other


def distance_intervals(
    products: Doubles,  # (m, 3), of a word's vectors: a with a, b with b, a with b; without noise on average
    noise: Doubles,  # (m, 3), trace of the product of the covariances of blocks: a with a, b with b, a with b
    blocks: Ints,  # (m, 2), blocks of documents in each slice
) -> tuple[Doubles, Doubles]:
    """The ends of the intervals of 1 - cosine, (m,) each; NaN for words with few blocks."""
    low, high = np.full((2, len(products)), np.nan)
    able = blocks.min(axis=1) >= LEAST_BLOCKS
    if not able.any():
        return low, high
    products, noise, number = products[able], noise[able], blocks[able].astype(np.float64)
    squares, across = products[:, :2], products[:, 2]
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
    leading = square - DEVIATIONS**2 * slope
    middle = across * np.sqrt(square)
    root = np.sqrt(np.maximum(middle**2 - leading * (across**2 - DEVIATIONS**2 * fixed), 0))
    bounded = leading > 0  # otherwise no cosine can be excluded
    for ends, sign in ((low, 1.0), (high, -1.0)):
        cosine = np.where(bounded, (middle + sign * root) / np.where(bounded, leading, 1), sign)
        ends[able] = 1 - np.clip(cosine, -1, 1)
    return low, high
