"""Bootstrap intervals, p from permutations and likelihood ratios, q from many p, and ranks with ties.

A figure over n items is computed again on 1,000 resamples of the items. The resamples depend only on n and
the seed. So two sets of vectors measured on the same items use the same resamples, and the difference of
their replicates is the paired bootstrap of their difference (Efron and Tibshirani, 1993, chapters 13 and 16).

Percentiles of few resampled items are too near each other: those of ten items' mean held it in 80 to 90 %.
So the interval of a mean, or of a difference of means, is the symmetric bootstrap-t (Hall, 1992, *The
bootstrap and Edgeworth expansion*, section 3.6), which holds 93 to 97 % of most; other figures have that of
percentiles. p is made of the same resamples: it is at most .05 if and only if 0 is outside the interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, AnyInts, Array, Doubles, Ints, Mask

RESAMPLES = 1000  # so that the ends of a 95 % interval are the 25th from outside
FEWEST = 6  # items that can tell a difference: n that all differ in the same direction have p = 2 ** (1 - n)
LEVEL = 0.05  # false discovery rate, or p of a single test, up to which something is beyond chance
NORMAL = 1.96  # standard errors on either side of a 95 % interval
_BLOCK = 250_000  # items drawn at a time
_OUTSIDE = 25  # the end of an interval is this resample from outside: 24 beyond it make p = 2 * 25 / 1001
_ALIKE = 1e-12  # values that differ by rounding

Numbers = AnyFloats | AnyInts | Mask


@dataclass(frozen=True)
class Estimate:
    """A figure and its values on the resamples."""

    value: float
    replicates: Doubles  # (RESAMPLES,)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval: by percentiles."""
        ordered = np.sort(self.replicates)
        return float(ordered[_OUTSIDE - 1]), float(ordered[-_OUTSIDE])


@dataclass(frozen=True)
class Mean(Estimate):
    """The mean of items, and how far it may be off."""

    items: Doubles  # (K, n) values of n items in K draws
    errors: Doubles  # (RESAMPLES,) in rising order, without signs; of items that are all alike, none
    bounds: tuple[float, float]  # the least and the largest value that an item can have
    seed: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, within the bounds.

        Of n items that are all alike no more than a share s is likely to have another value, with
        (1 - s) ** n = .025 (Clopper and Pearson, 1934); as much of the mean may lie at either bound.
        """
        low, high = self.bounds
        if not len(self.errors):
            share = 1 - 0.025 ** (1 / self.items.shape[1])
            return self.value - share * (self.value - low), self.value + share * (high - self.value)
        error = float(self.errors[-2 * _OUTSIDE])
        return max(low, self.value - error), min(high, self.value + error)

    @property
    def p(self) -> float:
        """The two-sided p of a mean of 0, which is within the bounds."""
        if len(self.errors):
            as_far = RESAMPLES - int(np.searchsorted(self.errors, abs(self.value)))
            return (as_far + 1) / (RESAMPLES + 1)
        bound = abs(self.bounds[0 if self.value > 0 else 1])  # on the other side of 0
        reached = bound / (bound + abs(self.value))
        return min(1.0, 2 * float(reached ** self.items.shape[1]))


@dataclass(frozen=True)
class Difference:
    """One figure minus another, with its 95 % interval and the two-sided bootstrap p."""

    value: float
    low: float
    high: float
    p: float


def difference(a: Estimate, b: Estimate) -> Difference:
    """``a`` minus ``b``, paired: both must be measured on the same items with the same seed.

    The difference of two means is the mean of the items' differences. For other figures p is twice the share
    of resamples on the smaller side of zero. One resample is added to both counts, so that p is never 0
    (Davison and Hinkley, 1997, section 4.2).
    """
    if isinstance(a, Mean) and isinstance(b, Mean):
        bounds = a.bounds[0] - b.bounds[1], a.bounds[1] - b.bounds[0]
        apart = _mean(a.items - b.items, a.seed, bounds)
        return Difference(apart.value, *apart.interval, apart.p)
    both = Estimate(a.value - b.value, a.replicates - b.replicates)
    smaller = min(int(np.sum(both.replicates <= 0)), int(np.sum(both.replicates >= 0)))
    return Difference(both.value, *both.interval, min(1.0, 2 * (smaller + 1) / (RESAMPLES + 1)))


def _draws(n: int, seed: int) -> Iterator[Ints]:
    """All resamples of n items, in blocks (b, n) of item numbers; they do not depend on the block size."""
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK // n)
    for start in range(0, RESAMPLES, block):
        yield rng.integers(n, size=(min(block, RESAMPLES - start), n))


def mean(values: Numbers, seed: int, bounds: tuple[float, float] = (0.0, 1.0)) -> Estimate:
    """The mean of (n,) values, one per item, that can lie within the bounds; 0 if there are none."""
    return mean_of_draws(np.asarray(values, np.float64)[None], seed, bounds)


def mean_of_draws(values: Numbers, seed: int, bounds: tuple[float, float] = (0.0, 1.0)) -> Estimate:
    """The mean of (K, n) values, of n items in each of K draws of what was learned from.

    The interval is over items and draws. Few draws are too few to resample. Their part is Student's t with
    K - 1 degrees of freedom, made of the deviations of the draws.
    """
    items = np.asarray(values, np.float64)
    return _mean(items, seed, bounds) if items.size else Estimate(0.0, np.zeros(RESAMPLES))


def _mean(items: Doubles, seed: int, bounds: tuple[float, float]) -> Mean:
    """A mean with its errors: those of the resamples, as if all of these varied as much as the items do."""
    means = items.mean(axis=0)
    value, n = float(means.mean()), len(means)
    centred = means - value
    off, squares = np.zeros((2, RESAMPLES))
    done = 0
    for draws in _draws(n, seed):
        drawn, block = centred[draws], slice(done, done + len(draws))
        off[block], squares[block] = drawn.mean(axis=1), np.einsum("bn,bn->b", drawn, drawn) / n
        done = block.stop
    by_draws = _error_of_draws(items, seed) if len(items) > 1 else np.zeros(RESAMPLES)
    if np.ptp(means) <= _ALIKE:
        errors = np.zeros(0)
    else:
        # The variance of a resample is that of n + 1 items, one of which varies as usual: it is never 0.
        usual = float(centred @ centred) / n
        varies = (n * np.maximum(squares - off**2, 0) + usual) / (n + 1)
        errors = np.sort(np.abs(off * np.sqrt(usual / varies) + by_draws))
    return Mean(value, value + off + by_draws, items, errors, bounds, seed)


def _error_of_draws(items: Doubles, seed: int) -> Doubles:
    """What a mean of (K, n) items may be off by the K draws, (RESAMPLES,)."""
    deviations, freedom = items.mean(axis=1) - items.mean(), len(items) - 1
    rng = np.random.default_rng((seed, len(items)))
    spread = np.sqrt(rng.chisquare(freedom, RESAMPLES) / freedom) * np.sqrt(len(items) * freedom)
    errors: Doubles = rng.standard_normal((RESAMPLES, len(items))) @ deviations / spread
    return errors


def median(values: Numbers, seed: int) -> Estimate:
    """The median of (n,) values, one per item; 0 if there are none."""
    values = np.asarray(values, np.float64)
    if not len(values):
        return Estimate(0.0, np.zeros(RESAMPLES))
    blocks = [np.median(values[draws], axis=1) for draws in _draws(len(values), seed)]
    return Estimate(float(np.median(values)), np.concatenate(blocks))


def spearman(x: Numbers, y: Numbers, seed: int) -> Estimate:
    """Spearman's rank correlation of (n,) x and (n,) y. Ties get their average rank; 0 if one is constant.

    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 8.0, 9.0]), seed=0).value
    1.0
    """
    n = len(x)
    sides = _Ranking(np.asarray(x)), _Ranking(np.asarray(y))
    blocks = []
    for draws in _draws(n, seed):
        flat = draws + np.arange(len(draws))[:, None] * n
        counts = np.bincount(flat.ravel(), minlength=draws.size).reshape(draws.shape).astype(np.float64)
        blocks.append(_correlation(counts, *sides))
    return Estimate(rank_correlation(x, y), np.concatenate(blocks))


def rank_correlation(x: Numbers, y: Numbers) -> float:
    """`spearman` without resamples; 0 if there are no items."""
    if len(x) == 0:
        return 0.0
    return float(_correlation(np.ones((1, len(x))), _Ranking(np.asarray(x)), _Ranking(np.asarray(y)))[0])


class _Ranking:
    """Average ranks of a resample without sorting: it changes the counts of items, not their order."""

    def __init__(self, values: Array) -> None:
        _, self.group = np.unique(values, return_inverse=True)
        self.order = np.argsort(self.group, kind="stable")
        self.starts = np.flatnonzero(np.diff(self.group[self.order], prepend=-1))

    def deviations(self, counts: Doubles) -> tuple[Doubles, Doubles]:
        """Ranks minus their mean, (b, n), and the sum of their squares, (b,), for (b, n) counts."""
        in_group = np.add.reduceat(counts[:, self.order], self.starts, axis=1)
        ranks = np.cumsum(in_group, axis=1) - in_group / 2 - counts.shape[1] / 2
        return ranks[:, self.group], np.einsum("bg,bg,bg->b", in_group, ranks, ranks)


def _correlation(counts: Doubles, x: _Ranking, y: _Ranking) -> Doubles:
    ranks_x, squares_x = x.deviations(counts)
    ranks_y, squares_y = y.deviations(counts)
    product = np.einsum("bn,bn,bn->b", counts, ranks_x, ranks_y)
    scale = np.sqrt(squares_x * squares_y)
    out = np.zeros(len(counts))
    np.divide(product, scale, out=out, where=scale > 0)
    return np.clip(out, -1.0, 1.0)


def empirical_p(exceeding: Numbers, draws: Numbers | int) -> Doubles:
    """p of figures from the number of random draws that are as extreme: (exceeding + 1) / (draws + 1).

    The figure itself counts as one of the draws. So p is never 0, and a test at level α has a false positive
    rate of at most α (Phipson and Smyth, 2010, *Permutation p-values should never be zero*).

    >>> empirical_p(np.array([0, 9, 99]), 99).tolist()
    [0.01, 0.1, 1.0]
    """
    return (np.asarray(exceeding, np.float64) + 1) / (np.asarray(draws, np.float64) + 1)


def tail_p(observed: Numbers, chance: Numbers) -> Doubles:
    """`empirical_p` of (n,) figures against one set of (m,) draws; large figures are extreme.

    >>> tail_p(np.array([0.5, 3.0, 9.0]), np.array([1.0, 2.0, 3.0])).tolist()
    [1.0, 0.5, 0.25]
    """
    drawn = np.sort(np.asarray(chance, np.float64))
    below = np.searchsorted(drawn, np.asarray(observed, np.float64), side="left")
    return empirical_p(len(drawn) - below, len(drawn))


def benjamini_hochberg(p: Numbers) -> Doubles:
    """q of each of many tests: the smallest false discovery rate at which it is a discovery.

    Benjamini and Hochberg (1995), *Controlling the false discovery rate*, as adjusted p: with the p in rising
    order, q_i is the minimum of p_j · n / j over j ≥ i. Among the tests with q ≤ Q the expected share of
    false discoveries is at most Q, if the tests are independent or positively dependent. NaN, for omitted
    tests, stays NaN and does not count.

    >>> benjamini_hochberg(np.array([0.01, np.nan, 0.03, 0.02, 0.8])).round(4).tolist()
    [0.04, nan, 0.04, 0.04, 0.8]
    """
    given = np.asarray(p, np.float64)
    out = np.full(given.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(given))
    order = tested[np.argsort(-given[tested], kind="stable")]  # in falling order, for a running minimum
    ranks = np.arange(len(order), 0, -1)
    out[order] = np.minimum.accumulate(np.minimum(given[order] * (len(order) / ranks), 1.0))
    return out


def hypergeometric_p(taken: Ints, occurs: Ints, new: int, total: int) -> Doubles:
    """p of numbers of new documents, (k,), if ``occurs`` of ``total`` documents are divided by chance.

    Twice the smaller tail of the hypergeometric distribution, the exact result over all divisions (Fisher).

    >>> hypergeometric_p(np.array([3, 2]), np.array([3, 3]), 3, 6).round(6).tolist()
    [0.1, 1.0]
    """
    pairs, place = np.unique(taken * (total + 1) + occurs, return_inverse=True)  # those of many are equal
    logs = np.cumsum(np.log(np.maximum(np.arange(total + 1), 1)))
    out = np.ones(len(pairs))
    for row, pair in enumerate(pairs.tolist()):
        k, number = divmod(pair, total + 1)
        i = np.arange(max(0, new + number - total), min(number, new) + 1)
        ways = logs[i] + logs[number - i] + logs[new - i] + logs[total - number - new + i]
        shares = np.exp(ways.min() - ways)
        out[row] = min(1.0, 2 * min(shares[i >= k].sum(), shares[i <= k].sum()) / shares.sum())
    return out[place]


def cross_counts(rows: AnyInts | Mask, columns: AnyInts | Mask, shape: tuple[int, int]) -> Ints:
    """How often each row number and column number stand together, (n, m); negative ones are none.

    >>> cross_counts(np.array([0, 0, 1, -1]), np.array([1, 1, 0, 0]), (2, 2)).tolist()
    [[0, 2], [1, 0]]
    """
    both = (rows >= 0) & (columns >= 0)
    cells = rows[both].astype(np.int64) * shape[1] + columns[both]
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)


def ratios_of_shares(
    first: Ints, of_first: int, last: Ints, of_last: int
) -> tuple[Doubles, Doubles, Doubles]:
    """How many times as large shares are in one set as in another, (n,), with 95 % intervals.

    ``first`` and ``last`` are the items of each kind among ``of_first`` and ``of_last``. The intervals are
    those of the logarithm, with half an item more on each side, so that they are finite where a kind is
    absent (Walter, 1975, *The distribution of Levin's measure of attributable risk*). Its ratio is infinite,
    or NaN if it is absent from both.

    >>> [values.round(2).tolist() for values in ratios_of_shares(np.array([10]), 100, np.array([40]), 200)]
    [[2.0], [1.02], [3.65]]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (last / max(of_last, 1)) / (first / max(of_first, 1))
    middle = np.log((last + 0.5) / (of_last + 0.5)) - np.log((first + 0.5) / (of_first + 0.5))
    variance = 1 / (first + 0.5) + 1 / (last + 0.5) - 1 / (of_first + 0.5) - 1 / (of_last + 0.5)
    half = NORMAL * np.sqrt(np.maximum(variance, 0))  # 0, but for rounding, of what all have
    return ratio, np.exp(middle - half), np.exp(middle + half)


class StratifiedRatios(NamedTuple):
    """Shares of n kinds in two sets whose strata count alike, how they differ, and how surely."""

    share_first: Doubles
    share_last: Doubles
    low: Doubles  # of the 95 % interval of the ratio
    high: Doubles
    p: Doubles


def stratified_ratios(first: Ints, of_first: Ints, last: Ints, of_last: Ints) -> StratifiedRatios:
    """As `ratios_of_shares`, within strata: ``first`` and ``last`` are (n, S), the numbers of items (S,).

    Strata count by the weights of Mantel and Haenszel (1959, *Statistical aspects of the analysis of data*),
    which make the difference most certain; one that is empty on a side does not count. The interval of the
    logarithm is that of Greenland and Robins (1985, *Estimation of a common effect parameter*), p that of
    Mantel and Haenszel's test with a correction for continuity.

    A kind is rare in one stratum and frequent in another, of which the second set has more:

    >>> a, b = np.array([[10, 40]]), np.array([[1, 400]])
    >>> made = stratified_ratios(a, np.array([100, 50]), b, np.array([10, 500]))
    >>> [values.round(2).tolist() for values in (made.share_last / made.share_first, made.low, made.high)]
    [[1.0], [0.86], [1.16]]
    """
    both = np.minimum(of_first, of_last) > 0
    a, b, x, y = (np.asarray(of[..., both], np.float64) for of in (of_first, of_last, first, last))
    weights = a * b / (a + b)
    weights /= weights.sum()
    shares = (x / a) @ weights, (y / b) @ weights
    of_both, total = x + y, a + b
    variance = of_both * (total - of_both) @ (a * b / (total**2 * np.maximum(total - 1, 1)))
    beyond = np.maximum(np.abs((y - of_both * b / total).sum(axis=1)) - 0.5, 0)
    p = chi_square_p(np.divide(beyond, np.sqrt(variance), out=np.zeros(len(x)), where=variance > 0))
    # Half an item more on each side, so that the interval is finite where a kind is absent.
    x, y, a, b = x + 0.5 * a / a.sum(), y + 0.5 * b / b.sum(), a + 0.5 * a / a.sum(), b + 0.5 * b / b.sum()
    total = a + b
    upper, lower = y @ (a / total), x @ (b / total)
    cells = (((x + y) * a * b - x * y * total) / total**2).sum(axis=1)
    half = NORMAL * np.sqrt(cells / (upper * lower))
    middle = np.log(upper / lower)
    return StratifiedRatios(*shares, np.exp(middle - half), np.exp(middle + half), p)


def share_interval(count: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (1927, *Probable inference*): within 0 and 1, even of few items.

    >>> [round(end, 2) for end in share_interval(3, 3)]
    [0.44, 1.0]
    """
    n = max(total, 1)
    square = NORMAL**2 / n
    middle = (count / n + square / 2) / (1 + square)
    half = math.sqrt(square * count / n * (1 - count / n) + square**2 / 4) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def g_squared(cells: Iterable[tuple[Numbers, Numbers]]) -> Doubles:
    """G² of tables of counts: 2 Σ O log(O / E) over their cells, each with the observed and expected counts.

    Each of both is an array of the same shape, that of the result. Cells with none observed add nothing.
    """
    square: Doubles = np.zeros(())
    for seen, expected in cells:
        met = (seen > 0) & (expected > 0)
        square = square + 2 * seen * np.log(np.divide(seen, expected, out=np.ones(met.shape), where=met))
    return square


def log_likelihood_scores(counts: Numbers, others: Numbers) -> Doubles:
    """How much more often words occur in one text than in another, (V,): the signed root of G².

    G² is 2 Σ O log(O / E), over the two counts of a word and the counts that it would have if it were equally
    frequent in both texts, whose sizes are the sums of all counts (Rayson and Garside, 2000, *Comparing
    corpora using frequency profiling*). ``counts`` and ``others`` are (V,).

    By chance it is distributed about like a standard normal variable. Unlike ratios of counts it does not
    favour words seen once, and unlike differences it does not favour frequent words (Dunning, 1993, *Accurate
    methods for the statistics of surprise and coincidence*).

    >>> z = log_likelihood_scores(np.array([90, 500, 0]), np.array([0, 500, 90]))
    >>> z.round(1).tolist()
    [11.2, 0.0, -11.2]
    """
    sides = [side.astype(np.float64) for side in (counts, others)]
    totals = [side.sum() for side in sides]
    both = sides[0] + sides[1]
    expected = [both * total / max(sum(totals), 1.0) for total in totals]
    square = g_squared(zip(sides, expected, strict=True))
    more = sides[0] * totals[1] >= sides[1] * totals[0]
    return np.sqrt(np.maximum(square, 0)) * np.where(more, 1, -1)


def chi_square_p(z: Numbers) -> Doubles:
    """The two-sided p of standard normal figures: that of z² under chi-square with one degree of freedom.

    >>> chi_square_p(np.sqrt([0, 3.8415, 6.6349, 10.8276]) * [1, 1, -1, 1]).round(6).tolist()
    [1.0, 0.049999, 0.01, 0.001]
    """
    roots = np.abs(np.asarray(z, np.float64)) / math.sqrt(2)
    return np.fromiter(map(math.erfc, roots.tolist()), np.float64, len(roots))


def student_p(t: Numbers, freedom: Numbers) -> Doubles:
    """The two-sided p of Student's t with any positive degrees of freedom ν: I(ν / (ν + t²); ν / 2, 1 / 2).

    I is the regularised incomplete beta function, by Lentz's continued fraction (Press et al., 1992,
    *Numerical recipes*, section 6.4).

    >>> student_p(np.array([0.0, 12.7062, 1.96]), np.array([5.0, 1.0, 1e6])).round(4).tolist()
    [1.0, 0.05, 0.05]
    """
    t, a = np.abs(np.asarray(t, np.float64)), np.asarray(freedom, np.float64) / 2
    share = 2 * a / (2 * a + t * t)
    # The fraction converges fast for x below (a + 1) / (a + b + 2); else I(x; a, b) = 1 - I(1 - x; b, a).
    swapped = share > (a + 1) / (a + 2.5)
    half = np.full_like(a, 0.5)
    first, second = np.where(swapped, half, a), np.where(swapped, a, half)
    tail = _incomplete_beta(np.where(swapped, 1 - share, share), first, second)
    return np.clip(np.where(swapped, 1 - tail, tail), 0, 1)


_TERMS = 200  # of the continued fraction; it needs about the root of the larger parameter
_TINY = 1e-300  # in place of 0 in a denominator


def _incomplete_beta(x: Doubles, a: Doubles, b: Doubles) -> Doubles:
    logs = [np.fromiter(map(math.lgamma, values.ravel().tolist()), np.float64) for values in (a + b, a, b)]
    with np.errstate(divide="ignore"):
        front = np.exp(logs[0] - logs[1] - logs[2] + a * np.log(x) + b * np.log1p(-x)) / a
    ratio = np.ones_like(x)
    below = fraction = 1 / _not_zero(1 - (a + b) * x / (a + 1))
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            below = 1 / _not_zero(1 + term * below)
            ratio = _not_zero(1 + term / ratio)
            fraction = fraction * below * ratio
        if np.all(np.abs(below * ratio - 1) < 1e-15):
            break
    return front * fraction


def _not_zero(values: Doubles) -> Doubles:
    return np.where(np.abs(values) < _TINY, _TINY, values)
