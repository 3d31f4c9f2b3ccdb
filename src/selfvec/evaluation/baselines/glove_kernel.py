"""The inner loop of GloVe and Mittens: steps of AdaGrad over entries of the counts."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["descend"]

Floats = NDArray[np.float32]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})
def descend(
    lo: int,
    hi: int,
    first: int,
    step: int,
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    targets: Floats,
    weights: Floats,
    held: Floats,
    pulls: Floats,
    words: Floats,
    contexts: Floats,
    word_squares: Floats,
    context_squares: Floats,
    rate: np.float32,
) -> None:
    """Take the entries ``(first + k · step) mod n`` for k from ``lo`` to ``hi``.

    Parameters
    ----------
    rows, columns : (n,) int32
        Word and context of each entry.
    targets, weights : (n,) float32
        log X and f(X).
    held : (V, d) float32
        What known words are held to.
    pulls : (V,) float32
        How strongly at each of a word's entries; 0 lets go.
    words, contexts, word_squares, context_squares : (V, d + 1) float32
        The tables, biases last, and the sums of their squared gradients. Changed.
    rate : float32
    """
    entries = rows.size
    width = held.shape[1]
    for k in range(lo, hi):
        entry = (first + k * step) % entries
        i, j = rows[entry], columns[entry]
        w, c = words[i], contexts[j]
        product = w[width] + c[width] - targets[entry]
        for n in range(width):
            product += w[n] * c[n]
        error = weights[entry] * product
        pull_i, pull_j = pulls[i], pulls[j]
        own, other = contexts[i], words[j]
        squares_w, squares_c = word_squares[i], context_squares[j]
        for n in range(width):
            to_word = error * c[n]
            to_context = error * w[n]
            if pull_i > 0:
                to_word += pull_i * (w[n] + own[n] - held[i, n])
            if pull_j > 0:
                to_context += pull_j * (c[n] + other[n] - held[j, n])
            w[n] -= rate * to_word / np.sqrt(squares_w[n])
            c[n] -= rate * to_context / np.sqrt(squares_c[n])
            squares_w[n] += to_word * to_word
            squares_c[n] += to_context * to_context
        w[width] -= rate * error / np.sqrt(squares_w[width])
        c[width] -= rate * error / np.sqrt(squares_c[width])
        squares_w[width] += error * error
        squares_c[width] += error * error
