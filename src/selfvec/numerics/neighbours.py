"""Nearest neighbours of rows, and how they change between two matrices of the same words."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from selfvec.base.arrays import AnyInts, Ints, Mask, Rows
from selfvec.base.threads import in_order, one_core, threads

from .nearest import nearest_columns

_BYTES = 1 << 24  # of cosines that a thread computes at a time

Name = TypeVar("Name", bound=Hashable)


def nearest(
    matrix: Rows,  # (V, d), unit rows or zeros
    asked: AnyInts,  # (m,) the numbers of these rows
    neighbours: int = 10,
    *,
    among: Mask | None = None,
    advance: Callable[[int], object] = int,
) -> Ints:
    """The k rows of a matrix nearest by cosine to some of its rows, best first, (m, k); -1 if none is left.

    A row is not its own neighbour. Rows of zeros neither have neighbours nor are neighbours. Equal cosines
    are in the order of the rows. ``among``, (V,), selects the rows that may be neighbours; ``advance`` is
    called with the number of rows just done.

    >>> matrix = np.array([[1, 0], [0.6, 0.8], [0, 1], [0, 0]], dtype=np.float32)
    >>> nearest(matrix, np.array([0, 3]), 2).tolist()
    [[1, 2], [-1, -1]]
    """
    known = np.any(matrix, axis=1)
    candidates = np.flatnonzero(known if among is None else known & among)
    compared = matrix if len(candidates) == len(matrix) else matrix[candidates]
    place = np.full(len(matrix), -1, np.int64)
    place[candidates] = np.arange(len(candidates))
    out = np.full((len(asked), neighbours), -1, np.int64)
    rows = np.flatnonzero(known[asked]) if len(candidates) else np.zeros(0, np.int64)

    def search(which: Ints) -> Ints:
        here = np.asarray(asked)[which]
        near, _ = nearest_columns(matrix[here] @ compared.T, place[here], neighbours, -2.0)
        out[which] = np.where(near >= 0, candidates[near], -1)
        return which

    size = max(1, _BYTES // (4 * max(len(candidates), 1)))
    with one_core():  # for each thread, which the kernel needs too
        blocks = (rows[start : start + size] for start in range(0, len(rows), size))
        for which in in_order(blocks, search, threads(None)):
            advance(len(which))
    advance(len(asked) - len(rows))
    return out


def gained_and_lost(
    before: Rows, after: Rows, asked: AnyInts, neighbours: int = 10
) -> Iterator[tuple[list[int], list[int]]]:
    """For each row, the neighbours (see `nearest`) that it gained and those that it lost, nearest first.

    >>> before = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    >>> after = before[[0, 2, 1]]
    >>> list(gained_and_lost(before, after, np.array([0]), 1))
    [([2], [1])]
    """
    sides = (nearest(matrix, asked, neighbours) for matrix in (before, after))
    for one, other in zip(*sides, strict=True):
        yield only_in_each(one[one >= 0].tolist(), other[other >= 0].tolist())


def only_in_each(before: Sequence[Name], after: Sequence[Name]) -> tuple[list[Name], list[Name]]:
    """The names that are only in ``after`` (gained), and those only in ``before`` (lost), in order.

    >>> only_in_each(["a", "b"], ["b", "c"])
    (['c'], ['a'])
    """
    old = set(before)
    new = set(after)
    return [name for name in after if name not in old], [name for name in before if name not in new]
