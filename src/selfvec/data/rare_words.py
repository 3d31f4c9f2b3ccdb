"""How often a word has to occur to be listed as a neighbour.

The vector of a word seen once or twice depends mostly on its spelling. So it is near every word of similar
spelling, and lists of neighbours leave it out.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.errors import OptionError

MIN_COUNT = 5
"""Occurrences that a neighbour needs by default, as in word2vec and gensim."""
_ENOUGH = 1000  # words must reach the default; otherwise a list of ten would leave out near words


def least_count(counts: Ints | None, min_count: int | None = None) -> int:
    """Occurrences that a neighbour needs: ``min_count`` or, by default, 5, or fewer in a small text.

    The default is the largest number up to 5 that 1,000 words reach, otherwise 1. It is 1 for vectors without
    counts; a larger ``min_count`` is an `OptionError` for these.

    >>> least_count(np.full(2000, 12)), least_count(np.array([7, 3, 1])), least_count(np.array([7, 3, 1]), 3)
    (5, 1, 3)
    """
    if min_count is not None:
        if min_count > 1 and counts is None:
            rule = "these vectors hold no counts of words"
            raise OptionError(rule, field="min_count", remedy="leave it out, or name a run")
        return min_count
    if counts is None:
        return 1
    return next((n for n in range(MIN_COUNT, 1, -1) if np.count_nonzero(counts >= n) >= _ENOUGH), 1)
