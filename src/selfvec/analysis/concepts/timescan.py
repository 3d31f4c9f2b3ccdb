"""A scan over time: the run of periods in which the share of something differs most, and whether by chance.

Of all runs of neighbouring periods, `Timescan` takes the one with the largest likelihood ratio of the share
inside beside that outside (Kulldorff, 1997, *A spatial scan statistic*; binomial), or a trend (the score test
of Cochran and Armitage) where its ratio is larger.

Under chance alone the dates are dealt out anew to the observations. Then the counts by period of what N of
them have are multivariate hypergeometric: they depend on N and the sizes of the periods, and on nothing else.
So the chance of a ratio is drawn for some N only, and holds for all units. Its tail is that of a Gumbel
distribution (Abrams, Kulldorff and Kleinman, 2010, *Gumbel based p-value approximations for spatial scan
statistics*).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from selfvec.analysis.kernels import most_unlike_runs
from selfvec.base.arrays import Doubles, Ints
from selfvec.numerics.statistics import chi_square_p

_DRAWS, _SIZES = 400, 12  # of the null distribution: for each of some N
_EULER = 0.5772


class Best(NamedTuple):
    """The run of periods of each of n units that differs most from the others, or its trend."""

    ratio: Doubles  # (n,), the log likelihood ratio
    p: Doubles  # (n,), how often chance alone gives as much to a unit that as many observations have
    begin: Ints  # (n,), the first period
    end: Ints  # (n,), the one after the last
    trend: Ints  # (n,), 1 where a growth over all periods explains more than a run, -1 a decline, else 0


class Timescan:
    """The scan of some periods.

    Parameters
    ----------
    sizes : (T,) int64
        Observations of each period, T at least 2. Those without any are in no run.
    whole : Timescan, optional
        That of the observations of which these are a part. Its chances are taken for these: of 20,000 draws
        p ≤ .01 in .4 to 1.2 %, also where half of the periods are empty.
    """

    def __init__(self, sizes: Ints, whole: Timescan | None = None) -> None:
        self.sizes, self._total = sizes, int(sizes.sum())
        numbers = np.arange(self._total + 1, dtype=np.float64)
        self._logs = numbers * np.log(np.maximum(numbers, 1))  # n log n of every count
        place = np.arange(len(sizes))
        self._place = place - (place @ sizes) / max(self._total, 1)
        self._chance: tuple[Doubles, Doubles] | None = None if whole is None else whole._null()

    def best(self, counts: Ints) -> Best:
        """What differs most of units with these ``counts`` of observations, (n, T)."""
        ratio, begin, end = self._run(counts)
        of_trend, sign = self._trends(counts)
        trend = np.where(of_trend >= ratio, sign, 0)
        # Chance may bring either.
        p = np.minimum(self._p_of_run(ratio, counts.sum(axis=1)), chi_square_p(np.sqrt(2 * of_trend)))
        return Best(np.maximum(ratio, of_trend), np.minimum(2 * p, 1), begin, end, trend)

    def _run(self, counts: Ints) -> tuple[Doubles, Ints, Ints]:
        """The largest ratio of a run of each unit, its first period, and the one after its last, (n,)."""
        ratio, bounds = np.zeros(len(counts)), np.zeros((2, len(counts)), np.int64)
        most_unlike_runs(counts, self.sizes, self._logs, ratio, bounds)
        return ratio, *bounds

    def _trends(self, counts: Ints) -> tuple[Doubles, Ints]:
        """The log likelihood ratio of a linear trend, and its direction, (n,)."""
        share = counts.sum(axis=1) / max(self._total, 1)
        score = counts @ self._place
        variance = share * (1 - share) * (self.sizes @ self._place**2)
        return score**2 / np.maximum(variance, 1e-12) / 2, np.sign(score).astype(np.int64)

    def _p_of_run(self, ratio: Doubles, totals: Ints) -> Doubles:
        """How often chance alone gives a run such a ratio, of units that so many observations have, (n,)."""
        sizes, bounds = self._null()
        mode, scale = (np.interp(np.log(np.maximum(totals, 1)), sizes, each) for each in bounds)
        p: Doubles = -np.expm1(-np.exp(-(ratio - mode) / scale))
        return p

    def _null(self) -> tuple[Doubles, Doubles]:
        """Logarithms of some N, (m,), and the mode and scale of the distribution of each, (2, m)."""
        if self._chance is None:
            rng = np.random.default_rng(0)
            sizes = np.unique(np.geomspace(min(3, self._total), max(self._total // 2, 1), _SIZES).astype(int))
            fits = []
            for size in sizes.tolist():
                drawn = rng.multivariate_hypergeometric(self.sizes, size, _DRAWS)
                ratio, *_ = self._run(drawn)
                scale = max(np.sqrt(6) / np.pi * float(ratio.std()), 1e-9)
                fits.append((float(ratio.mean()) - _EULER * scale, scale))
            self._chance = np.log(sizes), np.array(fits).T
        return self._chance
