"""The sequential rules in readable NumPy. The kernels are tested against them.

The paper's rule is from *On Self-improving Token Embeddings*, arXiv 2504.14808. The online rule adds weights,
a centre and a pull back to the original vectors; see `sequential`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from selfvec.base.arrays import Doubles, Ids, Ints

NOISE = 1e-4  # a sum shorter than this share of its terms is rounding error, not a direction


def refine_reference(
    ids: Ids,  # (N,): rows of `table`
    offsets: Ints,  # (D + 1,): document k is ids[offsets[k]:offsets[k + 1]]
    table: Doubles,  # (V, d): unit rows, zeros for words without a vector; not changed
    *,
    window: int,  # tokens, the centre included
    learning_rate: float,  # α
    passes: int = 1,
    on_update: Callable[[int, Doubles], None] | None = None,  # row number and new vector
) -> Doubles:
    """Refine vectors with the paper's sequential neighbour updates; (V, d), dtype of ``table``.

    For every position ``i`` in order, with a window of ``window`` tokens centred on it and clipped to the
    document::

        s        = Σ_{j in window, j ≠ i} E[t_j]        # current vectors, updated ones included
        E[t_i]   = normalize(E[t_i] + α · s)            # immediately

    The paper leaves two details open. A word that recurs in its own window counts as a neighbour: only
    *position* ``i`` is left out. Zero vectors add nothing; a word stays zero if it and its neighbours are
    zero.
    """
    E = table.copy()
    for word, around in _positions(ids, offsets, window, passes):
        moved = E[word] + learning_rate * E[around].sum(axis=0)
        length = np.linalg.norm(moved)
        if length > 0:
            E[word] = moved / length
        if on_update is not None:
            on_update(word, E[word])
    return E


def _positions(ids: Ids, offsets: Ints, window: int, passes: int) -> Iterator[tuple[int, Ids]]:
    """The word of every position in order, and those around it in its window."""
    half = window // 2
    for _ in range(passes):
        for lo, hi in pairwise(offsets):
            document = ids[lo:hi]
            for i, word in enumerate(document.tolist()):
                yield word, np.concatenate((document[max(0, i - half) : i], document[i + 1 : i + half + 1]))


def neighbour_weights(
    counts: Ints,  # (V,): f, occurrences; 0 for words that do not occur yet
) -> tuple[Doubles, Doubles]:
    """Neighbour weights, (V,) float64, and shares in the average neighbour, (V,) float64.

    Weights are f^(-1/2), with mean 1 over all tokens, and 0 where f is 0. Shares are f^(1/2) with sum 1.
    """
    roots = np.sqrt(counts.astype(np.float64))
    total = roots.sum()
    inverse = np.divide(1, roots, out=np.zeros_like(roots), where=roots > 0)
    return inverse * (counts.sum() / max(total, 1)), roots / max(total, 1)


def online_reference(
    ids: Ids,  # (N,): rows of `table`
    offsets: Ints,  # (D + 1,): document k is ids[offsets[k]:offsets[k + 1]]
    table: Doubles,  # (V, d): unit rows, zeros for words without a vector; not changed
    origin: Doubles,  # (V, d): β·X, zeros for words without a base
    weights: Doubles,  # (V,), from `neighbour_weights`
    shares: Doubles,  # (V,), from `neighbour_weights`
    *,
    window: int,  # tokens, the centre included
    learning_rate: float,  # α
    passes: int = 1,
    on_update: Callable[[int, Doubles], None] | None = None,  # row number and new vector
) -> Doubles:
    """Refine vectors with anchored, centred and weighted sequential updates; (V, d), dtype of ``table``.

    For every position ``i`` in order, with a window as in `refine_reference`::

        μ        = Σ_w share_w·E[w] / Σ_w share_w                # the average neighbour, current vectors
        s        = Σ_{j in window, j ≠ i} weight_{t_j}·(E[t_j] − μ)
        E[t_i]   = normalize(E[t_i] + α·s + β·X[t_i])            # immediately

    Zero rows are left out of μ and s. If the sum is shorter than `NOISE` · α · the sum of the weights, the
    word keeps its row.
    """
    E = table.copy()
    for word, around in _positions(ids, offsets, window, passes):
        filled = np.asarray(E.any(axis=1))
        part = shares * filled
        mean = part @ E / part.sum() if filled.any() else 0 * E[0]
        weight = weights[around] * filled[around]
        moved = E[word] + learning_rate * (weight @ (E[around] - mean)) + origin[word]
        length = np.linalg.norm(moved)
        if length > NOISE * learning_rate * weight.sum():
            E[word] = moved / length
        if on_update is not None:
            on_update(word, E[word])
    return E
