"""Unit rows, their sums and mixtures, and largest scores: the steps before and after a search by cosine."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Doubles, Floats, Ids, Ints, Mask, Rows
from selfvec.base.compiled import SUMS, kernel
from selfvec.base.errors import InputError
from selfvec.base.threads import ROW_BLOCK, each_block, one_core
from selfvec.files.memory import release


def as_matrix(given: Array | Sequence[Sequence[float]]) -> Array:
    """An array of floats unchanged; other numbers and lists of them as float32."""
    if isinstance(given, np.ndarray) and np.issubdtype(given.dtype, np.floating):
        return given
    try:
        return np.asarray(given, np.float32)
    except (TypeError, ValueError):
        rule = "all vectors have the same number of dimensions, these do not"
        raise InputError(rule, remedy="give a matrix, or lists of equal length") from None


def on_cache_lines(height: int, width: int) -> Rows:
    """An uninitialised matrix that begins with a cache line, as NumPy's need not.

    Loops over rows of whole cache lines are up to a third faster.
    """
    room = np.empty(height * width + 16, np.float32)
    first = -room.ctypes.data % 64 // 4
    return room[first : first + height * width].reshape(height, width)


def unit_rows(matrix: AnyFloats) -> Floats:
    """Rows divided by their Euclidean length; rows of zeros stay zero. (n, d) -> (n, d) float32, a copy."""
    out = np.array(matrix, dtype=np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", out, out))
    norms[norms == 0] = 1
    out /= norms[:, None]
    return out


def filled_rows(matrix: AnyFloats) -> Mask:
    """Which rows are not all zeros, (n,) bool. The first value decides for most of them."""
    filled = np.empty(len(matrix), bool)
    for start in range(0, len(matrix), ROW_BLOCK):
        part = matrix[start : start + ROW_BLOCK]
        filled[start : start + ROW_BLOCK] = part[:, 0] != 0
        rest = start + np.flatnonzero(part[:, 0] == 0)
        filled[rest] = matrix[rest].any(axis=1)
        release(part)
    return filled


def unit_in_place(matrix: Floats) -> Floats:
    """`unit_rows` in place and in threads, without a second matrix; returns ``matrix``."""

    def unit(part: slice) -> None:
        matrix[part] = unit_rows(matrix[part])

    if len(matrix) <= ROW_BLOCK:
        unit(slice(None))
    else:
        each_block(len(matrix), unit)
    return matrix


@kernel(fastmath=SUMS)
def mix_rows(
    rows: Rows,  # (n, d), changed
    others: Rows,  # (n, d)
    own: Floats,  # (n,): weights of rows
    weights: Floats,  # (n,): weights of others
    chosen: Mask,  # (n,): the rows that change
) -> None:
    """Replace chosen rows by unit(own · row + weight · other), without another matrix.

    >>> rows = np.eye(2, dtype=np.float32)
    >>> mix_rows(rows, rows[::-1].copy(), np.float32([3, 1]), np.float32([4, 1]), np.array([True, False]))
    >>> rows.astype(float).round(1).tolist()
    [[0.6, 0.8], [0.0, 1.0]]
    """
    for i in range(len(rows)):
        if chosen[i]:
            square = np.float32(0)
            for j in range(rows.shape[1]):
                rows[i, j] = own[i] * rows[i, j] + weights[i] * others[i, j]
                square += rows[i, j] * rows[i, j]
            length = np.sqrt(square) if square > 0 else np.float32(1)
            for j in range(rows.shape[1]):
                rows[i, j] /= length


def weighted_sum(rows: Rows, weights: Doubles) -> Doubles:
    """Σ weight · row, (d,) float64, added in the order of the rows, (n, d).

    >>> weighted_sum(np.float32([[1, 2], [3, 4]]), np.array([1.0, 0.5]))
    array([2.5, 4. ])
    """
    total = np.zeros(rows.shape[1])
    with one_core():  # so that the order of the sum does not depend on the machine
        for start in range(0, len(rows), ROW_BLOCK):
            part = slice(start, start + ROW_BLOCK)
            total += weights[part] @ rows[part].astype(np.float64)
    return total


def top_indices(scores: AnyFloats, n: int) -> list[int]:
    """Indices of the n largest of (m,) scores, best first, ties by index."""
    n = min(n, len(scores))
    if n <= 0:
        return []
    # The n-th of the highest scores of short stretches is low enough, and found in a tenth of the time.
    highest = np.maximum.reduceat(scores, np.arange(0, len(scores), len(scores) // (8 * n) + 1))
    least = np.partition(highest, len(highest) - n)[len(highest) - n]
    candidates = np.flatnonzero(scores >= least)
    order = np.argsort(-scores[candidates], kind="stable")
    best: list[int] = candidates[order][:n].tolist()
    return best


def _add_rows(ids: Ids, offsets: Ints, rows: Rows, weights: Floats, out: Rows) -> None:
    for group, (first, last) in enumerate(pairwise(offsets.tolist())):
        for number in ids[first:last].tolist():
            out[group] += weights[number] * rows[number]


@kernel(steps=lambda ids, *_: 8 * len(ids), instead=_add_rows)
def add_rows(
    ids: Ids,  # (N,)
    offsets: Ints,  # (n + 1,)
    rows: Rows,  # (V, d)
    weights: Floats,  # (V,)
    out: Rows,  # (n, d), added to
) -> None:
    """Add weight · row for the ids of each group, ``ids[offsets[i]:offsets[i + 1]]``, to ``out[i]``."""
    for group in range(len(offsets) - 1):
        total = out[group]
        for i in range(offsets[group], offsets[group + 1]):
            row = rows[ids[i]]
            weight = weights[ids[i]]
            for j in range(total.size):
                total[j] += weight * row[j]


@kernel
def unit_sums(
    ids: Ids,  # (N,) words by number, -1 for none
    offsets: Ints,  # (D + 1,)
    places: Ids,  # (V,) the row of each word
    rows: Rows,  # (R, d)
    out: Rows,  # (D, d), filled
) -> None:
    """The sums of the rows of each text's words at length 1; zeros if there are none.

    They are added in float64, so that long texts stay precise.
    """
    width = rows.shape[1]
    total = np.zeros(width, np.float64)
    for text in range(len(offsets) - 1):
        for k in range(width):
            total[k] = 0
        for i in range(offsets[text], offsets[text + 1]):
            if ids[i] >= 0:
                row = rows[places[ids[i]]]
                for k in range(width):
                    total[k] += row[k]
        square = 0.0
        for k in range(width):
            square += total[k] * total[k]
        scale = 1 / np.sqrt(square) if square > 0 else 0.0
        for k in range(width):
            out[text, k] = total[k] * scale


def row_blocks(rows: int, size: int = 4096) -> list[slice]:
    """Slices over the rows of a large matrix, so that no second array of its size is needed."""
    return [slice(start, start + size) for start in range(0, max(rows, 1), size)]


def anisotropy(unit: Floats) -> float:
    """Mean cosine between two different non-zero rows, exact; ``unit`` is (V, d) float32 of unit rows.

    Of n unit rows with sum s, the cosines of the n(n - 1) ordered pairs add up to |s|² - n.
    """
    n = int(np.count_nonzero(filled_rows(unit)))
    if n < 2:
        return 0.0
    total = np.zeros(unit.shape[1])
    for rows in row_blocks(len(unit)):
        total += unit[rows].sum(axis=0, dtype=np.float64)
        release(unit[rows])
    return float((total @ total - n) / (n * (n - 1)))


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


def sampled(values: Ints, most: int, rng: np.random.Generator) -> Ints:
    """All values, or as many as are allowed, drawn at random and in rising order.

    >>> rng = np.random.default_rng(0)
    >>> sampled(np.arange(9), 3, rng).tolist(), sampled(np.arange(2), 3, rng).tolist()
    ([4, 5, 7], [0, 1])
    """
    return np.sort(rng.choice(values, most, replace=False)) if len(values) > most else values
