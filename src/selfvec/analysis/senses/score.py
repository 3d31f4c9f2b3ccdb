"""How far induced senses agree with given ones: whatever the senses are called, and however many there are.

Each figure sees something else, and each can be had cheaply by a clustering that is no good: paired F by one
sense for all uses, V-measure by a sense a use. Read them together; the adjusted Rand index is 0 for chance.

Uses may belong to several senses by degrees (Jurgens and Klapaftis, 2013, *SemEval-2013 task 13*): then
memberships are compared, by `fuzzy_bcubed` and `fuzzy_nmi`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError

__all__ = [
    "SCORES",
    "adjusted_rand",
    "bcubed",
    "fuzzy_bcubed",
    "fuzzy_nmi",
    "paired_f",
    "scores",
    "v_measure",
]

Labels = Sequence[Any] | NDArray[Any]
Table = NDArray[np.float64]

_BINS = 10  # into which degrees of membership fall


def _counts(gold: Labels, found: Labels) -> Table:
    """How many uses have each given and each induced sense, (G, K) float64."""
    if len(gold) != len(found):
        raise InputError(f"{len(gold)} given senses cannot be held against {len(found)} induced ones")
    if len(gold) == 0:
        raise InputError("there are no uses to score")
    names_g, g = np.unique(np.asarray(gold), return_inverse=True)
    names_f, f = np.unique(np.asarray(found), return_inverse=True)
    flat = np.bincount(g * len(names_f) + f, minlength=len(names_g) * len(names_f))
    return flat.reshape(len(names_g), len(names_f)).astype(np.float64)


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b > 0 else 0.0


def _entropy(counts: Table) -> float:
    """Of a distribution in nats."""
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum())


def v_measure(gold: Labels, found: Labels) -> float:
    """Harmonic mean of homogeneity (a sense holds one given sense) and completeness (the other way round).

    Rosenberg and Hirschberg (2007). 0 for one induced sense where several were given, and the higher the
    more senses are induced.

    Parameters
    ----------
    gold, found : (n,) of any labels

    Examples
    --------
    >>> v_measure("aabb", "xxyy"), v_measure("aabb", "xxxx")
    (1.0, 0.0)
    """
    counts = _counts(list(gold), list(found))
    both = _entropy(counts.ravel())
    given, induced = _entropy(counts.sum(axis=1)), _entropy(counts.sum(axis=0))
    shared = max(0.0, given + induced - both)
    homogeneity = shared / given if given > 0 else 1.0
    completeness = shared / induced if induced > 0 else 1.0
    return _harmonic(homogeneity, completeness)


def _pairs(counts: Table) -> float:
    return float((counts * (counts - 1)).sum() / 2)


def paired_f(gold: Labels, found: Labels) -> float:
    """F of the pairs of uses put together, against those that belong together (Artiles et al., 2009).

    High for one induced sense where one given sense prevails. 1 where no two uses belong or are put together.

    Examples
    --------
    >>> paired_f("aabb", "xxyy"), round(paired_f("aabb", "xxxx"), 3)
    (1.0, 0.5)
    """
    counts = _counts(list(gold), list(found))
    together, given = _pairs(counts), _pairs(counts.sum(axis=1))
    induced = _pairs(counts.sum(axis=0))
    if given == induced == 0:
        return 1.0
    return _harmonic(together / induced if induced else 0.0, together / given if given else 0.0)


def adjusted_rand(gold: Labels, found: Labels) -> float:
    """Agreement on pairs beyond chance: 1 for equal clusterings, 0 in the mean for random ones.

    Hubert and Arabie (1985).

    Examples
    --------
    >>> [round(adjusted_rand("aabb", found), 3) for found in ("xxyy", "xxxx", "xyxy")]
    [1.0, 0.0, -0.5]
    """
    counts = _counts(list(gold), list(found))
    together, given = _pairs(counts), _pairs(counts.sum(axis=1))
    induced, all_pairs = _pairs(counts.sum(axis=0)), _pairs(np.array([counts.sum()]))
    expected = given * induced / all_pairs if all_pairs else 0.0
    most = (given + induced) / 2
    return (together - expected) / (most - expected) if most != expected else 1.0


def bcubed(gold: Labels, found: Labels) -> float:
    """F of each use's share of right companions, the use itself among them (Bagga and Baldwin, 1998).

    Examples
    --------
    >>> bcubed("aabb", "xxyy"), round(bcubed("aabb", "xxxx"), 3)
    (1.0, 0.667)
    """
    counts = _counts(list(gold), list(found))
    total, squares = counts.sum(), counts**2
    precision = float((squares.sum(axis=0) / counts.sum(axis=0)).sum() / total)
    recall = float((squares.sum(axis=1) / counts.sum(axis=1)).sum() / total)
    return _harmonic(precision, recall)


SCORES: dict[str, Callable[[Labels, Labels], float]] = {
    "v_measure": v_measure,
    "paired_f": paired_f,
    "adjusted_rand": adjusted_rand,
    "bcubed": bcubed,
}
"""What compares one label a use with another, by name."""


def scores(gold: Labels, found: Labels) -> dict[str, float]:
    """Every figure of `SCORES`.

    >>> scores("ab", "ab")
    {'v_measure': 1.0, 'paired_f': 1.0, 'adjusted_rand': 1.0, 'bcubed': 1.0}
    """
    return {name: score(gold, found) for name, score in SCORES.items()}


def _memberships(gold: Table, found: Table) -> tuple[Table, Table]:
    """Both as float64, checked; senses that no use has are left out."""
    out = []
    for rows in (np.asarray(gold, np.float64), np.asarray(found, np.float64)):
        if rows.ndim != 2 or not len(rows):
            raise InputError("memberships are a row a use and a column a sense")
        if not (np.isfinite(rows).all() and rows.min(initial=0) >= 0 and rows.max(initial=0) <= 1):
            raise InputError("memberships lie between 0 and 1")
        out.append(rows[:, (rows > 0).any(axis=0)])
    if len(out[0]) != len(out[1]):
        raise InputError(f"{len(out[0])} given memberships cannot be held against {len(out[1])}")
    return out[0], out[1]


def fuzzy_bcubed(gold: Table, found: Table) -> float:
    """`bcubed` of memberships by degrees, over pairs of different uses (Jurgens and Klapaftis, 2013).

    Two uses agree as much as their degrees do in the senses they share. A use that shares no sense with
    another counts 0.

    Parameters
    ----------
    gold : (n, G), found : (n, K)
        Degrees from 0 to 1.
    """
    agreed, shares = [], []
    for rows in _memberships(gold, found):
        agreement, share = np.zeros((len(rows), len(rows))), np.zeros((len(rows), len(rows)), bool)
        for column in rows.T:
            both = (column[:, None] > 0) & (column > 0)
            agreement += np.where(both, 1 - np.abs(column[:, None] - column), 0)
            share |= both
        np.fill_diagonal(share, False)
        agreed.append(agreement)
        shares.append(share)
    least, parts = np.minimum(*agreed), []
    for agreement, share in zip(agreed, shares, strict=True):
        ratio = np.divide(least, agreement, out=np.zeros_like(least), where=share & (agreement > 0))
        parts.append(float(np.mean(ratio.sum(axis=1) / np.maximum(share.sum(axis=1), 1))))
    return _harmonic(*parts)


def fuzzy_nmi(gold: Table, found: Table) -> float:
    """Mutual information of memberships by degrees, by the larger entropy (Jurgens and Klapaftis, 2013).

    The entropy of a sense is that of its degrees over the uses, in tenths. What it shares with the other
    side is what the sense there tells that tells most about it, one that is as good as its complement apart
    (Lancichetti, Fortunato and Kertész, 2009). 0 where either side has one sense of all uses.

    Parameters
    ----------
    gold : (n, G), found : (n, K)
        Degrees from 0 to 1.
    """
    sides = _memberships(gold, found)
    bins = [np.clip(np.ceil(rows * _BINS - 1e-9) - 1, 0, _BINS - 1).astype(np.int64) for rows in sides]
    own = [[_entropy(np.bincount(column).astype(float)) for column in side.T] for side in bins]
    most = max(sum(own[0]), sum(own[1]))
    if most == 0:
        return 0.0
    shape = len(own[0]), len(own[1])
    joint = np.array([[_joint(a, b) for b in bins[1].T] for a in bins[0].T]).reshape(shape)
    opposed = np.array([[_opposed(a, b) for b in sides[1].T] for a in sides[0].T], bool).reshape(shape)
    left = 0.0
    for side, (table, against) in enumerate(((joint, opposed), (joint.T, opposed.T))):
        rest = np.where(against, np.inf, table - np.array(own[1 - side]))
        best = rest.min(axis=1, initial=np.inf)
        left += float(np.where(np.isfinite(best), best, own[side]).sum())
    return (sum(own[0]) + sum(own[1]) - left) / 2 / most


def _joint(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    return _entropy(np.bincount(a * _BINS + b).astype(float))


def _opposed(a: Table, b: Table) -> bool:
    """Whether a sense tells about another mostly by being its complement."""
    n, x, y = len(a), a > 0, b > 0

    def part(count: np.intp) -> float:
        share = count / n
        return float(-share * np.log(share)) if share > 0 else 0.0

    alike = part(np.sum(x & y)) + part(np.sum(~x & ~y))
    return alike < part(np.sum(x & ~y)) + part(np.sum(~x & y))
