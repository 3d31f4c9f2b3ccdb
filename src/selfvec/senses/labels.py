"""Words that tell a sense from the others: what stands near its uses beyond what chance would put there.

Ratios of counts favour words met once, differences favour words met everywhere. Log-odds with a prior from
the whole corpus, in units of their error, favour neither (Monroe, Colaresi and Quinn, 2008, *Fightin'
words*).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["telling", "told"]

PRIOR = 500.0  # occurrences in the corpus' proportions that either side is given
FEWEST = 2  # uses that a word stands near, at least
SUREST = 1.0  # standard errors above none, at least

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


def telling(counts: Counts, others: Counts, corpus: Counts) -> Numbers:
    """Log-odds of words near some uses against those near others, in standard errors, (V,).

    Parameters
    ----------
    counts, others : (V,) int64
        How often each word stands near the uses, and near the others.
    corpus : (V,) int64
        How often it occurs anywhere: the prior's proportions.

    Examples
    --------
    >>> z = telling(np.array([9, 5, 0]), np.array([0, 5, 9]), np.array([100, 900, 100]))
    >>> bool(z[0] > 2), bool(abs(z[1]) < 1), bool(z[2] < -2)
    (True, True, True)
    """
    prior = PRIOR * corpus / max(int(corpus.sum()), 1) + 1e-9
    odds = []
    for side in (counts, others):
        raised = side + prior
        odds.append((np.log(raised) - np.log(raised.sum() - raised), 1 / raised))
    return np.asarray((odds[0][0] - odds[1][0]) / np.sqrt(odds[0][1] + odds[1][1]))


def told(
    scores: Numbers,
    weights: NDArray[np.float32],
    counts: Counts,
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
        How many of the uses it stands near.
    words : sequence of V str
    stops : collection of str
        Words that say nothing, in lower case.
    stem : callable
        What words of one stem share.
    """
    out: list[str] = []
    seen: set[str] = set()
    sure = np.flatnonzero((scores >= SUREST) & (counts >= FEWEST))
    for i in sure[np.argsort(-(scores * weights)[sure], kind="stable")].tolist():
        if len(out) == most:
            break
        if words[i].lower() in stops or stem(words[i]) in seen:
            continue
        seen.add(stem(words[i]))
        out.append(words[i])
    return out
