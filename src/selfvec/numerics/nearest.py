"""The rows of a matrix with the largest cosines: of a pool, by CSLS, and as answers to analogies.

In a large pool only near clusters are compared.

CSLS corrects for hubs, which are rows that are near to very many others:

    CSLS(x, y) = 2 cos(x, y) - r(x) - r(y)

r is the mean cosine of a row to its ten nearest rows of the other matrix (Conneau et al., 2018, *Word
translation without parallel data*).

Analogies (a is to b as c is to what?) are answered by 3CosAdd (Mikolov et al., 2013) and 3CosMul (Levy and
Goldberg, 2014). A file has thousands of questions over hundreds of words, so the cosines of those words with
all candidates are computed once, and every question is answered from three rows of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np

from selfvec.base.arrays import AnyFloats, AnyInts, Floats, Ids, Ints, Mask, Rows
from selfvec.base.compiled import kernel
from selfvec.base.threads import finish, in_order, one_core

from .kmeans import lloyd
from .rows import unit_rows

EXACT = 10_000  # in a pool of at most so many rows all are compared
CLUSTERS = 64  # of a larger pool
PROBED = 16  # clusters that a row is compared with
_ROUNDS = 10  # of k-means
_BLOCK = 1024  # rows whose cosines a thread holds at a time


def nearest_rows(
    rows: Rows,  # (n, d) of any length, or zeros; they are normalised here, in blocks, without a copy of all
    pool: Rows,  # (P, d) unit rows
    own: Ints,  # (n,) the row of the pool that is the row itself, -1 if it is not in the pool
    most: int,
) -> tuple[Ids, Rows]:
    """The rows of a pool that are nearest to each row; see `Pool.nearest`."""
    return Pool(pool).nearest(rows, own, most)


class Pool:
    """Rows among which the nearest are found.

    More than 10,000 are divided into 64 clusters, and a row is compared with the rows of the sixteen clusters
    nearest to its own (Jégou, Douze and Schmid, 2011). This finds most neighbours of texts. It misses more
    neighbours of words, which are less near. The nearest neighbours are missed least.
    """

    def __init__(self, rows: Rows, seed: int = 0) -> None:
        self.rows = rows  # (P, d) unit rows
        self._centres: Rows | None = None  # of the clusters
        if len(rows) > EXACT:
            sample = rows[np.random.default_rng(seed).choice(len(rows), EXACT, replace=False)]
            with one_core():
                _, self._centres, _ = lloyd(sample, sample[:CLUSTERS], spherical=True, rounds=_ROUNDS)
                cluster = np.argmax(rows @ self._centres.T, axis=1)
                near = self._centres @ self._centres.T
            self._probed = np.argsort(-near, axis=1, kind="stable")[:, :PROBED]
            # Rows of a cluster lie together: to gather them took longer than to compare a few rows with them.
            order = np.argsort(cluster, kind="stable")
            bounds = np.searchsorted(cluster[order], np.arange(CLUSTERS + 1))
            self._clusters = [(order[a:b], rows[order[a:b]]) for a, b in pairwise(bounds.tolist())]

    def nearest(self, rows: Rows, own: Ints, most: int) -> tuple[Ids, Rows]:
        """The rows of the pool that are nearest to n rows, nearest first, and their cosines, both (n, most).

        ``own``, (n,), is the row of the pool that a row is itself, -1 if it is not in the pool. Missing rows
        are -1, with cosine 0.
        """
        numbers = np.full((len(rows), most), -1, np.int32)
        cosines = np.zeros((len(rows), most), np.float32)

        def search(block: tuple[Ints, list[tuple[Ints, Rows]]]) -> None:
            which, clusters = block
            asked = unit_rows(rows[which])
            scores = np.hstack([asked @ others.T for _, others in clusters])
            names = np.concatenate([names for names, _ in clusters])
            numbers[which], cosines[which] = nearest_columns(scores, own[which], most, names)

        with one_core():
            blocks = [
                (which[i : i + _BLOCK], clusters)
                for which, clusters in self._groups(rows)
                for i in range(0, len(which), _BLOCK)
            ]
            # Threads take longer to begin than a few rows to compare.
            finish(map(search, blocks) if len(rows) < CLUSTERS else in_order(blocks, search))
        return numbers, cosines

    def _groups(self, rows: Rows) -> list[tuple[Ints, list[tuple[Ints, Rows]]]]:
        """Some of the rows, and the clusters of the pool that they are compared with."""
        if self._centres is None:
            return [(np.arange(len(rows)), [(np.arange(len(self.rows)), self.rows)])]
        home = np.argmax(rows @ self._centres.T, axis=1)
        return [
            (np.flatnonzero(home == number), [self._clusters[i] for i in self._probed[number].tolist()])
            for number in np.unique(home).tolist()
        ]


def nearest_columns(
    cosines: Rows,  # (n, P) float32
    own: Ints,  # (n,) int64, the number to leave out of each row, or -1
    most: int,
    names: Ints | None = None,  # (P,) int64, the number of each column; by default its place
) -> tuple[Ids, Floats]:
    """The numbers of the largest cosines of each row, largest first, and the cosines, both (n, most).

    Missing numbers are -1.
    """
    numbers = np.full((len(cosines), most), -1, np.int32)
    values = np.zeros((len(cosines), most), np.float32)
    names = np.arange(cosines.shape[1]) if names is None else names
    _insert_nearest(cosines, own, names, numbers, values)
    return numbers, values


@kernel(steps=lambda cosines, *_: cosines.size)
def _insert_nearest(
    cosines: Floats,
    own: Ints,
    names: Ints,  # (P,)
    numbers: Ids,  # (n, most), -1
    values: Rows,  # (n, most)
) -> None:
    most = numbers.shape[1]
    for row in range(len(cosines)):
        n = 0
        for column in range(cosines.shape[1]):
            value = cosines[row, column]
            if n == most and value < values[row, n - 1]:
                continue
            name = names[column]
            if name == own[row]:
                continue
            i = n
            # Of equal ones the first stays, in whatever order they come.
            while i > 0 and (
                values[row, i - 1] < value or (values[row, i - 1] == value and numbers[row, i - 1] > name)
            ):
                i -= 1
            for k in range(min(n, most - 1), i, -1):
                values[row, k] = values[row, k - 1]
                numbers[row, k] = numbers[row, k - 1]
            if i < most:
                values[row, i] = value
                numbers[row, i] = name
                n = min(n + 1, most)


# Neighbours, and how they change between two matrices of the same words

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
    filled = np.any(matrix, axis=1)
    candidates = np.flatnonzero(filled if among is None else filled & among)
    compared = matrix if len(candidates) == len(matrix) else matrix[candidates]
    place = np.full(len(matrix), -1, np.int64)
    place[candidates] = np.arange(len(candidates))
    out = np.full((len(asked), neighbours), -1, np.int64)
    rows = np.flatnonzero(filled[asked]) if len(candidates) else np.zeros(0, np.int64)

    def search(which: Ints) -> Ints:
        here = np.asarray(asked)[which]
        near, _ = nearest_columns(matrix[here] @ compared.T, place[here], neighbours)
        out[which] = np.where(near >= 0, candidates[near], -1)
        return which

    size = max(1, _BYTES // (4 * max(len(candidates), 1)))
    with one_core():  # for each thread, which the kernel needs too
        blocks = (rows[start : start + size] for start in range(0, len(rows), size))
        for which in in_order(blocks, search):
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
    for old, new in zip(*sides, strict=True):
        yield only_in_each(old[old >= 0].tolist(), new[new >= 0].tolist())


def only_in_each(before: Sequence[Name], after: Sequence[Name]) -> tuple[list[Name], list[Name]]:
    """The names that are only in ``after`` (gained), and those only in ``before`` (lost), in order.

    >>> only_in_each(["a", "b"], ["b", "c"])
    (['c'], ['a'])
    """
    old = set(before)
    new = set(after)
    return [name for name in after if name not in old], [name for name in before if name not in new]


# Cross-domain similarity local scaling

NEIGHBOURS = 10  # rows that r is the mean of, as published
_CANDIDATES = 30  # of each row, among which its best by CSLS is looked for
_LARGE = 1 << 26  # bytes of cosines that a thread holds at a time


def mean_of_nearest(rows: Rows, pool: Rows, neighbours: int = NEIGHBOURS) -> Rows:
    """r of each row, (n,): the mean cosine to its nearest rows of a pool; all are unit rows.

    >>> pool = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    >>> mean_of_nearest(np.array([[1, 0], [0.6, 0.8]], np.float32), pool, 2).astype(float).round(2).tolist()
    [0.5, 0.7]
    """
    kept = min(neighbours, len(pool))
    return np.asarray(nearest_values(rows, pool, kept)[1].mean(axis=1))


def best_columns(
    rows: Rows,  # (n, d) unit rows
    pool: Rows,  # (P, d) unit rows
    most: int,
    hubness: Rows | None = None,  # (P,) r of each row of the pool, for CSLS; None compares cosines
) -> Ids:
    """The best rows of a pool for each row, best first, (n, most); -1 if there are fewer.

    CSLS also subtracts r of the row itself, which does not change the order and is left out.

    >>> rows, pool = np.array([[0.8, 0.6]], np.float32), np.array([[1, 0], [0, 1]], np.float32)
    >>> best_columns(rows, pool, 1).tolist(), best_columns(rows, pool, 1, np.array([0.9, 0.1], "f")).tolist()
    ([[0]], [[1]])
    """
    off = np.zeros(len(pool), np.float32) if hubness is None else hubness / 2
    return _largest(rows, pool, off.astype(np.float32), most)[0]


def nearest_values(rows: Rows, pool: Rows, most: int) -> tuple[Ids, Rows]:
    """The rows of a pool with the largest cosines to each row, and the cosines, both (n, most)."""
    return _largest(rows, pool, np.zeros(len(pool), np.float32), most)


def mutual_best(a: Rows, b: Rows) -> Ints:
    """Pairs of rows of two matrices that are each other's best by CSLS, (n, 2), in rising order.

    The best row is searched for among the thirty rows with the largest cosines.

    >>> a = np.array([[1, 0], [0, 1]], np.float32)
    >>> mutual_best(a, np.array([[0.8, 0.6], [0.6, 0.8], [1, 0]], np.float32)).tolist()
    [[0, 2], [1, 1]]
    """
    near_b, near_a = (nearest_values(x, y, _CANDIDATES) for x, y in ((a, b), (b, a)))
    r_a, r_b = (
        cosines[:, : min(NEIGHBOURS, len(pool))].mean(axis=1)
        for (_, cosines), pool in ((near_b, b), (near_a, a))
    )
    to_b = _best_of(*near_b, r_b)
    to_a = _best_of(*near_a, r_a)
    kept = np.flatnonzero(to_a[to_b] == np.arange(len(a)))
    return np.stack([kept, to_b[kept]], axis=1)


def _best_of(numbers: Ids, cosines: Rows, hubness: Rows) -> Ints:
    scores = np.where(numbers >= 0, 2 * cosines - hubness[numbers], -np.inf)
    return np.asarray(numbers[np.arange(len(numbers)), np.argmax(scores, axis=1)], np.int64)


def _largest(rows: Rows, pool: Rows, off: Rows, most: int) -> tuple[Ids, Rows]:
    """The columns of the largest cosines minus ``off`` (P,), and these values, both (n, most)."""
    numbers = np.full((len(rows), most), -1, np.int32)
    values = np.zeros((len(rows), most), np.float32)
    step = max(1, _LARGE // (4 * max(1, len(pool))))

    def search(start: int) -> None:
        part = slice(start, start + step)
        scores = rows[part] @ pool.T - off
        own = np.full(len(scores), -1, np.int64)
        numbers[part], values[part] = nearest_columns(scores, own, most)

    with one_core():
        finish(in_order(range(0, len(rows), step), search))
    return numbers, values


# Analogies

ANALOGY_METHODS = ("3cosadd", "3cosmul")
_EPSILON = 0.001  # of 3CosMul, as published
_ANSWERS = 16_384  # candidates at a time


def solve_analogies(
    rows: AnyFloats,  # (V, d) vectors of any length
    candidates: Ints,  # (C,) rows that can be answers
    words: Ints,  # (W,) rows of the words of the questions
    questions: Ints,  # (Q, 3) a, b, c among the words
    excluded: Ints,  # (Q, 3) candidates that are no answers
) -> dict[str, Ints]:
    """Each method's answers, (Q,) numbers of candidates; -1 without one. Ties go to the earlier one."""
    queries = unit_rows(rows[words])
    scores = {method: np.full(len(questions), -np.inf, np.float32) for method in ANALOGY_METHODS}
    answers = {method: np.full(len(questions), -1, np.int64) for method in ANALOGY_METHODS}
    for first in range(0, len(candidates), _ANSWERS):
        block = slice(first, first + _ANSWERS)
        cosines = queries @ unit_rows(rows[candidates[block]]).T
        for method in ANALOGY_METHODS:
            plus, minus = _terms(cosines, method)
            _best_answers(plus, minus, questions, excluded, first, scores[method], answers[method])
    return answers


def _terms(cosines: Rows, method: str) -> tuple[Rows, Rows]:
    """What a word adds to the score of each candidate, and what it subtracts, (W, B) each."""
    if method == "3cosadd":
        return cosines, cosines
    # 3CosMul maximises a product of cosines shifted to 0..1; its logarithm is a sum, as 3CosAdd is.
    shifted = np.clip((cosines + 1) / 2, 1e-9, None)
    return np.log(shifted), np.log(shifted + np.float32(_EPSILON))


@kernel
def _best_answers(
    plus: Rows,  # (W, B) float32, score from each of W words if it is added
    minus: Rows,  # (W, B) float32, score if it is subtracted
    questions: Ints,  # (Q, 3) int64, a, b, c among the W words
    excluded: Ints,  # (Q, 3) int64, candidates that are not answers
    first: int,  # the number of the first candidate of this block
    scores: Floats,  # (Q,) float32, best so far
    answers: Ints,  # (Q,) int64
) -> None:
    """Update each question's best answer from a block of B candidates."""
    for q in range(len(questions)):
        a = questions[q, 0]
        b = questions[q, 1]
        c = questions[q, 2]
        best = scores[q]
        for candidate in range(plus.shape[1]):
            score = plus[b, candidate] + plus[c, candidate] - minus[a, candidate]
            if score > best:
                # Few candidates come this far, so exclusion costs little here.
                number = first + candidate
                if number != excluded[q, 0] and number != excluded[q, 1] and number != excluded[q, 2]:
                    best = score
                    answers[q] = number
        scores[q] = best
