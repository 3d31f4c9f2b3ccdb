"""Words that tell a sense from the others: what stands near its uses beyond what chance would put there.

Ratios of counts favour words met once, differences favour words met everywhere. The likelihood ratio favours
neither, and minds no zeros (Dunning, 1993, *Accurate methods for the statistics of surprise and
coincidence*).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["telling", "told"]

FEWEST = 2  # documents in which a word stands near, at least; or
COMMON = 0.02  # of the documents, if that is more: a label is for all of them
SUREST = 2.0  # standard errors beyond chance, at least

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


def telling(counts: Counts, others: Counts) -> Numbers:
    """How surely words stand near some uses rather than near others, (V,): the signed root of G².

    Where nothing but chance tells the two apart, it is about a standard normal deviate.

    Parameters
    ----------
    counts, others : (V,) int64
        How often each word stands near the uses, and near the others.

    Examples
    --------
    >>> z = telling(np.array([90, 500, 0]), np.array([0, 500, 90]))
    >>> z.round(1).tolist()
    [11.2, 0.0, -11.2]
    """
    sides = [side.astype(np.float64) for side in (counts, others)]
    totals = [side.sum() for side in sides]
    both, square = sides[0] + sides[1], np.zeros(len(counts))
    for side, total in zip(sides, totals, strict=True):
        expected = both * total / max(sum(totals), 1.0)
        met = side > 0
        square[met] += 2 * side[met] * np.log(side[met] / expected[met])
    more = sides[0] * totals[1] >= sides[1] * totals[0]
    return np.sqrt(np.maximum(square, 0)) * np.where(more, 1, -1)


def told(
    scores: Numbers,
    weights: NDArray[np.float32],
    counts: Counts,
    documents: int,
    words: Sequence[str],
    stops: Collection[str],
    stem: Callable[[str], str],
    most: int,
) -> list[str]:
    """The most telling words, one of each stem, those first that tell most and are rare.

    Parameters
    ----------
    scores : (V,)
        As `telling` gives them.
    weights : (V,)
        How much a word says by itself: its inverse document frequency.
    counts : (V,)
        In how many documents it stands near a use.
    documents : int
        How many there are.
    words : sequence of V str
    stops : collection of str
        Words that say nothing, in lower case.
    stem : callable
        What words of one stem share.
    """
    out: list[str] = []
    seen: set[str] = set()
    sure = np.flatnonzero((scores >= SUREST) & (counts >= max(FEWEST, COMMON * documents)))
    for i in sure[np.argsort(-(scores * weights)[sure], kind="stable")].tolist():
        if len(out) == most:
            break
        if words[i].lower() in stops or stem(words[i]) in seen:
            continue
        seen.add(stem(words[i]))
        out.append(words[i])
    return out
