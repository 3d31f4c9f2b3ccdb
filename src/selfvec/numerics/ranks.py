"""Ranks of right answers among all candidates; equal scores share the ranks that they take."""

from __future__ import annotations

from selfvec.base.arrays import AnyFloats, Doubles


def ranks_among(
    scores: AnyFloats,  # (q, n) of the candidates of each question
    right: AnyFloats,  # (q,) of the right one
    *,
    included: bool = True,  # whether the right one is one of the candidates
) -> Doubles:
    """Rank of the right candidate of each question, (q,), from 1; equal scores count half.

    >>> import numpy as np
    >>> ranks_among(np.array([[0.9, 0.5, 0.5], [0.1, 0.2, 0.3]]), np.array([0.5, 0.3])).tolist()
    [2.5, 1.0]
    """
    right = right[:, None]
    better = (scores > right).sum(axis=1) + 0.5 * (scores == right).sum(axis=1)
    ranks: Doubles = better + (0.5 if included else 1.0)
    return ranks
