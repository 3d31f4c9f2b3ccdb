"""p from permutations, and q from many p.

`empirical_p` says how often chance produces a figure as extreme as the one observed. Among thousands of words
some look significant by chance; `benjamini_hochberg` controls for that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["benjamini_hochberg", "empirical_p", "tail_p"]

Numbers = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]


def empirical_p(exceeding: Numbers, draws: Numbers | int) -> NDArray[np.float64]:
    """p of figures from the number of random draws that are as extreme: (exceeding + 1) / (draws + 1).

    The figure itself counts as one of the draws, so p is never 0 and a test at level α errs at most α of the
    time (Phipson and Smyth, 2010, *Permutation p-values should never be zero*).

    Parameters
    ----------
    exceeding : (n,)
        Draws at least as extreme as the figure.
    draws : int or (n,)
        Draws in all.

    Returns
    -------
    (n,) float64

    Examples
    --------
    >>> empirical_p(np.array([0, 9, 99]), 99).tolist()
    [0.01, 0.1, 1.0]
    """
    return (np.asarray(exceeding, np.float64) + 1) / (np.asarray(draws, np.float64) + 1)


def tail_p(observed: Numbers, chance: Numbers) -> NDArray[np.float64]:
    """`empirical_p` of many figures against one set of draws; large figures are extreme.

    Parameters
    ----------
    observed : (n,)
    chance : (m,)
        Draws that all figures are compared with.

    Examples
    --------
    >>> tail_p(np.array([0.5, 3.0, 9.0]), np.array([1.0, 2.0, 3.0])).tolist()
    [1.0, 0.5, 0.25]
    """
    drawn = np.sort(np.asarray(chance, np.float64))
    below = np.searchsorted(drawn, np.asarray(observed, np.float64), side="left")
    return empirical_p(len(drawn) - below, len(drawn))


def benjamini_hochberg(p: Numbers) -> NDArray[np.float64]:
    """q of each of many tests: the least false discovery rate at which it is a discovery.

    Benjamini and Hochberg (1995), *Controlling the false discovery rate*, as adjusted p: with the p in rising
    order, q_i is the least of p_j · n / j over j ≥ i. Among the tests with q ≤ Q the expected share of
    false ones is at most Q for independent tests and for those that depend on one another positively.

    Parameters
    ----------
    p : (n,)
        NaN for entries that were not tested; they stay NaN and do not count.

    Returns
    -------
    (n,) float64

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, np.nan, 0.03, 0.02, 0.8])).round(4).tolist()
    [0.04, nan, 0.04, 0.04, 0.8]
    """
    given = np.asarray(p, np.float64)
    out = np.full(given.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(given))
    order = tested[np.argsort(-given[tested], kind="stable")]  # falling, for a running minimum
    ranks = np.arange(len(order), 0, -1)
    out[order] = np.minimum.accumulate(np.minimum(given[order] * (len(order) / ranks), 1.0))
    return out
