"""Compiled loops over the tokens of documents, and over questions × vocabulary."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

__all__ = ["best_answers", "document_frequencies", "nearest_columns", "weighted_sums"]


@nb.njit(nogil=True, cache=True)
def document_frequencies(ids: NDArray[np.int32], offsets: NDArray[np.int64], types: int) -> NDArray[np.int64]:
    """In how many documents each type occurs, (types,) int64."""
    out = np.zeros(types, np.int64)
    last = np.full(types, -1, np.int64)
    for document in range(len(offsets) - 1):
        for i in range(offsets[document], offsets[document + 1]):
            word = ids[i]
            if last[word] != document:
                last[word] = document
                out[word] += 1
    return out


@nb.njit(nogil=True, cache=True)
def weighted_sums(
    ids: NDArray[np.int32],
    offsets: NDArray[np.int64],
    rows: NDArray[np.float32],
    weights: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Sum of ``weights[w] * rows[w]`` over each document's tokens into (D, d) zeros."""
    dimensions = rows.shape[1]
    for document in range(len(offsets) - 1):
        for i in range(offsets[document], offsets[document + 1]):
            word = ids[i]
            weight = weights[word]
            for k in range(dimensions):
                out[document, k] += weight * rows[word, k]


@nb.njit(nogil=True, cache=True)
def nearest_columns(
    cosines: NDArray[np.float32],  # (n, P) float32
    own: NDArray[np.int64],  # (n,) int64, a column of each row to leave out, -1 for none
    most: int,
    least: float,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The columns of the largest cosines of each row, largest first, and these cosines, both (n, most).

    Cosines must exceed ``least``; missing columns are -1.
    """
    numbers = np.full((len(cosines), most), -1, np.int32)
    values = np.zeros((len(cosines), most), np.float32)
    for row in range(len(cosines)):
        n = 0
        for column in range(cosines.shape[1]):
            value = cosines[row, column]
            if value <= least or column == own[row] or (n == most and value <= values[row, n - 1]):
                continue
            i = n if n < most else n - 1
            while i > 0 and values[row, i - 1] < value:
                values[row, i], numbers[row, i] = values[row, i - 1], numbers[row, i - 1]
                i -= 1
            values[row, i], numbers[row, i] = value, column
            n = min(n + 1, most)
    return numbers, values


@nb.njit(nogil=True, cache=True)
def best_answers(
    plus: NDArray[np.float32],  # (W, B) float32, score from each of W words if it is added
    minus: NDArray[np.float32],  # (W, B) float32, score if it is subtracted
    questions: NDArray[np.int64],  # (Q, 3) int64, a, b, c among the W words
    asked: NDArray[np.int64],  # (Q, 3) int64, the same words as candidates; excluded as answers
    first: int,
    scores: NDArray[np.float32],  # (Q,) float32, best so far
    answers: NDArray[np.int64],  # (Q,) int64
) -> None:
    """Update each question's best answer from a block of B candidates that begins at candidate ``first``.

    A question a, b, c asks: a is to b as c is to what? Ties go to the earlier candidate.
    """
    for q in range(len(questions)):
        a, b, c = questions[q, 0], questions[q, 1], questions[q, 2]
        best = scores[q]
        for candidate in range(plus.shape[1]):
            score = plus[b, candidate] + plus[c, candidate] - minus[a, candidate]
            if score > best:
                number = first + candidate
                if number != asked[q, 0] and number != asked[q, 1] and number != asked[q, 2]:
                    best = score
                    answers[q] = number
        scores[q] = best
