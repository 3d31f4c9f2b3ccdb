"""The paper's rule, written to be read: what every faster form of it is checked against.

*On Self-improving Token Embeddings* (arXiv 2504.14808): walk through the corpus token by token and move
each token's vector toward the sum of its neighbours' vectors, at once, so that the next token already
sees the change.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["refine_reference"]


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

    Two details the paper leaves open are decided as follows. A repeated word inside its own window counts
    as a neighbour: only *position* ``i`` is left out. A neighbour with a zero vector adds nothing, and a
    word whose vector and neighbours are all zero stays zero.

    Parameters
    ----------
    ids : (N,) int32
        Tokens as rows of ``table``, documents one after the other.
    offsets : (D + 1,) int64
        Document ``k`` is ``ids[offsets[k]:offsets[k + 1]]``; windows never cross documents.
    table : (V, d) float
        Unit rows where a pretrained vector exists, zeros where none does. Left as it is.
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
