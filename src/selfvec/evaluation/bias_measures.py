"""Further measures of bias: direct bias, RIPA, RND, RNSB, MAC and ECT, as ``wefe`` defines them.

All compare two lists of attributes, the groups A and B, over the targets. Rows have length 1. For `PAIRED`
measures the i-th words of both lists are a pair.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from selfvec.base.arrays import Doubles
from selfvec.numerics.statistics import Estimate, mean, spearman
from selfvec.numerics.whitening import axes_of_points

__all__ = ["MEASURES", "PAIRED", "direct_bias", "ect", "mac", "ripa", "rnd", "rnsb"]

_PENALTY = 1.0  # C of scikit-learn, which wefe uses
_NEWTON = 25  # steps at most


def direct_bias(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Mean |cos| with the first principal axis of the centred pairs (Bolukbasi et al., 2016, section 5.2)."""
    half = (a - b) / 2
    axis = axes_of_points(np.concatenate([half, -half]))[1][:, 0]
    return mean(np.abs(words @ axis), seed)


def ripa(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Relational inner product: mean of w · (a_i - b_i) / ‖a_i - b_i‖ (Ethayarajh et al., 2019)."""
    apart = a - b
    lengths = np.linalg.norm(apart, axis=1, keepdims=True)
    axes = np.divide(apart, lengths, out=np.zeros_like(apart), where=lengths > 0)
    return mean((words @ axes.T).mean(axis=1), seed)


def rnd(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Relative norm distance: mean of ‖w - mean A‖ - ‖w - mean B‖ (Garg et al., 2018)."""
    to_a, to_b = (np.linalg.norm(words - group.mean(axis=0), axis=1) for group in (a, b))
    return mean(to_a - to_b, seed)


def mac(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Mean average cosine distance of the words to both groups (Manzini et al., 2019); 1 is unbiased."""
    return mean(1 - (words @ a.mean(axis=0) + words @ b.mean(axis=0)) / 2, seed)


def ect(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Embedding coherence: Spearman of the cosines to both groups' means (Dev and Phillips, 2019)."""
    return spearman(words @ a.mean(axis=0), words @ b.mean(axis=0), seed)


def rnsb(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Relative negative sentiment bias: KL divergence of the words' share in B from uniform (Sweeney, 2019).

    A word's share is the probability of B by logistic regression between the groups, divided by the sum.
    """
    weights = _logistic(np.concatenate([a, b]), np.repeat([0.0, 1.0], [len(a), len(b)]))
    chance = 1 / (1 + np.exp(-(words @ weights[:-1] + weights[-1])))
    draws = np.random.default_rng(seed).integers(len(chance), size=(1000, len(chance)))
    return Estimate(float(_divergence(chance)), _divergence(chance[draws]))


def _divergence(chance: Doubles) -> Doubles:
    share = chance / chance.sum(axis=-1, keepdims=True)
    found: Doubles = (share * np.log(share * share.shape[-1])).sum(axis=-1)
    return found


def _logistic(rows: Doubles, labels: Doubles) -> Doubles:
    """Weights and intercept of logistic regression with an L2 penalty on the weights, (d + 1,), by Newton."""
    given = np.column_stack([rows, np.ones(len(rows))])
    penalty = np.append(np.full(rows.shape[1], 1 / _PENALTY), 1e-12)
    weights = np.zeros(given.shape[1])
    for _ in range(_NEWTON):
        chance = 1 / (1 + np.exp(-given @ weights))
        gradient = given.T @ (chance - labels) + penalty * weights
        step = np.linalg.solve(
            (given * (chance * (1 - chance))[:, None]).T @ given + np.diag(penalty), gradient
        )
        weights -= step
        if np.abs(step).max() < 1e-10:
            break
    return weights


MEASURES: dict[str, Callable[[Doubles, Doubles, Doubles, int], Estimate]] = {
    "direct_bias": direct_bias,
    "ripa": ripa,
    "rnd": rnd,
    "rnsb": rnsb,
    "mac": mac,
    "ect": ect,
}
"""Metric and function of (n, d) words and the rows of both groups, (m, d) and (m', d)."""
PAIRED = frozenset({"direct_bias", "ripa"})
