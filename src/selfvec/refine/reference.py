"""The sequential rules in readable NumPy: the kernels are tested against these functions.

The paper's rule (*On Self-improving Token Embeddings*, arXiv 2504.14808) reads the corpus token by token and
moves each token's vector toward the sum of its neighbours' vectors, at once, so that the next token already
sees the change. The online rule adds weights, a centre and a pull back to the original; see `sequential`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["NOISE", "neighbour_weights", "online_reference", "refine_reference"]

NOISE = 1e-4  # a row shorter than this part of what was summed for it is rounding, not a direction


def refine_reference(
    ids: NDArray[np.int32],
    offsets: NDArray[np.int64],
    table: NDArray[np.float64],
    *,
    window: int,
    learning_rate: float,
    epochs: int = 1,
    on_update: Callable[[int, NDArray[np.float64]], None] | None = None,
) -> NDArray[np.float64]:
    """Refine a table with the paper's sequential neighbour updates.

    For every position ``i`` in order, with a window of ``window`` tokens centred on it and clipped at the
    document's ends::

        s        = Σ_{j in window, j ≠ i} E[t_j]        # current vectors, updated ones included
        E[t_i]   = normalize(E[t_i] + α · s)            # immediately

    The paper leaves two details open. A repeated word inside its own window counts
    as a neighbour: only *position* ``i`` is left out. A neighbour with a zero vector adds nothing, and a
    word whose vector and neighbours are all zero stays zero.

    Parameters
    ----------
    ids : (N,) int32
        Tokens as rows of ``table``, documents one after the other.
    offsets : (D + 1,) int64
        Document ``k`` is ``ids[offsets[k]:offsets[k + 1]]``; windows never cross documents.
    table : (V, d) float
        Unit rows, zeros for words without a vector. Left as it is.
    window : int
        Tokens per window, the centre included; ``window // 2`` neighbours on each side.
    learning_rate : float
        α.
    epochs : int
        Passes over the corpus.
    on_update : callable, optional
        Called with the word's row number and its new vector after each update: the paper's history.

    Returns
    -------
    (V, d) array of ``table``'s dtype
    """
    E = table.copy()
    half = window // 2
    for _ in range(epochs):
        for lo, hi in pairwise(offsets):
            document = ids[lo:hi]
            for i, word in enumerate(document):
                left, right = document[max(0, i - half) : i], document[i + 1 : i + half + 1]
                s = E[left].sum(axis=0) + E[right].sum(axis=0)
                moved = E[word] + learning_rate * s
                length = np.linalg.norm(moved)
                if length > 0:
                    E[word] = moved / length
                if on_update is not None:
                    on_update(int(word), E[word])
    return E


def neighbour_weights(counts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A word's weight as a neighbour, and its share in the average neighbour.

    Parameters
    ----------
    counts : (V,) int64
        f: how often each word occurs; 0 for words that only future text may hold.

    Returns
    -------
    weights : (V,) float64
        f^(-1/2), scaled so that their mean over all tokens is 1. 0 where f is.
    shares : (V,) float64
        f·weight as a part of all, so f^(1/2) scaled to the sum 1.

    >>> weights, shares = neighbour_weights(np.array([9, 1]))
    >>> weights.round(3).tolist(), shares.tolist()
    ([0.833, 2.5], [0.75, 0.25])
    """
    roots = np.sqrt(counts.astype(np.float64))
    total = roots.sum()
    inverse = np.divide(1, roots, out=np.zeros_like(roots), where=roots > 0)
    return inverse * (counts.sum() / max(total, 1)), roots / max(total, 1)


def online_reference(
    ids: NDArray[np.int32],
    offsets: NDArray[np.int64],
    table: NDArray[np.float64],
    origin: NDArray[np.float64],
    weights: NDArray[np.float64],
    shares: NDArray[np.float64],
    *,
    window: int,
    learning_rate: float,
    epochs: int = 1,
    on_update: Callable[[int, NDArray[np.float64]], None] | None = None,
) -> NDArray[np.float64]:
    """Refine a table with anchored, centred and weighted sequential updates.

    For every position ``i`` in order, with a window of ``window`` tokens centred on it and clipped at the
    document's ends::

        μ        = Σ_w share_w·E[w] / Σ_w share_w                # the average neighbour, current vectors
        s        = Σ_{j in window, j ≠ i} weight_{t_j}·(E[t_j] − μ)
        E[t_i]   = normalize(E[t_i] + α·s + β·X[t_i])            # immediately

    Words that are still empty (a row of zeros) take no part: not in μ, not in s. As in the paper's rule a
    repeated word inside its own window counts as a neighbour. If the sum cancels out (is shorter than
    `NOISE` · α · the sum of the weights), the word keeps its row.

    Parameters
    ----------
    ids : (N,) int32
        Tokens as rows of ``table``, documents one after the other.
    offsets : (D + 1,) int64
        Document ``k`` is ``ids[offsets[k]:offsets[k + 1]]``; windows never cross documents.
    table : (V, d) float
        Unit rows, zeros for words without a vector. Left as it is.
    origin : (V, d) float
        β·X, zeros for words without a base.
    weights, shares : (V,) float
        From `neighbour_weights`.
    window : int
        Tokens per window, the centre included; ``window // 2`` neighbours on each side.
    learning_rate : float
        α.
    epochs : int
        Passes over the corpus.
    on_update : callable, optional
        Called with the word's row number and its new vector after each update.

    Returns
    -------
    (V, d) array of ``table``'s dtype
    """
    E = table.copy()
    half = window // 2
    for _ in range(epochs):
        for lo, hi in pairwise(offsets):
            document = ids[lo:hi]
            for i, word in enumerate(document):
                around = np.concatenate((document[max(0, i - half) : i], document[i + 1 : i + half + 1]))
                filled = np.asarray(E.any(axis=1))
                part = shares * filled
                mean = part @ E / part.sum() if filled.any() else 0 * E[0]
                weight = weights[around] * filled[around]
                moved = E[word] + learning_rate * (weight @ (E[around] - mean)) + origin[word]
                length = np.linalg.norm(moved)
                if length > NOISE * learning_rate * weight.sum():
                    E[word] = moved / length
                if on_update is not None:
                    on_update(int(word), E[word])
    return E
