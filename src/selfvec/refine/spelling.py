"""Vectors from spelling: a ridge regression from character n-grams to vectors, learned on the corpus' words.

*Cardiomyopathies* is spelled like *cardiomyopathy* and means much the same. The regression learns which parts
of words carry meaning (Zhao, Mudgal and Liang, 2018, *Generalizing Word Embeddings using Bag of Subwords*).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.threads import threads
from selfvec.cooccurrence.operators import sparse_product
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows

__all__ = ["EVIDENCE", "Spelling", "blend_spelling", "shared_grams"]

EVIDENCE = 20  # occurrences at which the corpus has half of the weight it can have
RIDGE = 0.5  # of the map from spelling to vectors
SAYS_ALL = 0.4  # length of a prediction from spelling that leaves nothing to a context never seen

SHORTEST, LONGEST = 3, 5  # characters, with < and > around the word
_LEAST = 0.2  # trust below which a word is not learned from: it would cost much and add little
_BLOCK = 4096  # rows mixed at a time, so that no copy of a table is made
_COLUMNS = 128  # of a table, taken by two threads
_STEPS = 4  # of conjugate gradients; more change figures in the third digit
_PRIME = np.uint64(0x9E3779B97F4A7C15)

Table = NDArray[np.float32]


class Spelling:
    """Bags of character n-grams of words, lower-cased, and the ridge map from these to vectors.

    The matrix Z has compressed rows: indptr (V + 1,) int64, indices (m,) int32, values (m,) float32. Its
    columns are n-grams of at least two words. A row has length 1 if all its n-grams are shared, √½ if half of
    them are.

    >>> words = ["storm", "storms", "xyz"]
    >>> known = np.array([[1, 0], [0, 0], [0, 0]], np.float32)
    >>> rows = Spelling(words, jobs=1).predict(known, np.array([1, 0, 0], np.float32), ridge=1.0)
    >>> bool(rows[1, 0] > 0.2), rows[2].tolist()
    (True, [0.0, 0.0])
    """

    def __init__(self, words: Sequence[str], jobs: int | None = None) -> None:
        self.jobs = threads(jobs)
        self.indptr, self.indices, self.values, self.columns = shared_grams(words)

    def predict(
        self,
        rows: Table,  # (V, d) float32
        trust: NDArray[np.floating[Any]],  # (V,), from 0; rows with 0.2 or less are not learned from
        ridge: float,  # above 0
    ) -> Table:
        """Z·W, (V, d) float32, zeros for words without a shared n-gram; learned from the trusted words.

        W minimises Σ_w trust_w · |rows_w - Z_w·W|² + ridge · |W|² by a fixed number of conjugate gradient
        steps.
        """
        used = np.flatnonzero(trust > _LEAST)
        weight = np.asarray(trust[used], np.float32)[:, None]
        part = self._rows(used)
        taught = np.bincount(part[1], minlength=self.columns) > 0
        columns, number = int(taught.sum()), np.cumsum(taught, dtype=np.int32) - 1
        part = _with_columns(*part, taught, number)
        across = _transposed(part, columns)
        every = _with_columns(self.indptr, self.indices, self.values, taught, number)
        squares = part[2] ** 2 * np.repeat(weight[:, 0], np.diff(part[0]))
        diagonal = (np.bincount(part[1], weights=squares, minlength=columns) + ridge).astype(np.float32)
        out = np.empty_like(rows)

        def normal(table: Table) -> Table:
            seen = sparse_product(*part, table, 1)
            seen *= weight
            through = sparse_product(*across, seen, 1)
            through += np.float32(ridge) * table
            return through

        def work(first: int, last: int) -> None:
            goal = sparse_product(*across, rows[:, first:last][used] * weight, 1)
            out[:, first:last] = sparse_product(*every, _solve(normal, goal, diagonal), 1)

        # Columns are independent: threads take some each, and no table of all n-grams is made.
        bounds = np.linspace(0, rows.shape[1], 2 * -(-rows.shape[1] // _COLUMNS) + 1).astype(int)
        with ThreadPoolExecutor(self.jobs) as pool:
            deque(pool.map(work, bounds[:-1].tolist(), bounds[1:].tolist()), maxlen=0)
        return out

    def _rows(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32], Table]:
        lengths = np.diff(self.indptr)[rows]
        ends = np.cumsum(lengths)
        places = np.arange(lengths.sum()) + np.repeat(self.indptr[rows] - (ends - lengths), lengths)
        return np.concatenate(([0], ends)), self.indices[places], self.values[places]


def blend_spelling(
    table: Table,  # (V, d) float32, unit
    batch: TokenBatch,
    known: NDArray[np.bool_],  # (V,): rows that stay unchanged
    half: NDArray[np.integer[Any]] | int = EVIDENCE,  # (V,): occurrences at which S has half of its weight
    jobs: int | None = None,
    out: Table | None = None,  # (V, d) float32; may be `table`
) -> tuple[Table, NDArray[np.float32]]:
    """Mix the vectors of unknown words with their predictions from spelling, S; also return the shares of S.

    The map is learned on all words: known ones with weight 1, words seen n times with n / (n + 20). An
    unknown word becomes unit((1 - s) · E + h / (n + h) · S) with s = h / (n + h) · min(1, |S| / 0.4) and h =
    ``half``: spelling counts more for rare words, and if other words share more of the spelling. The shares
    are (V,) float32, 0 to 1.
    """
    doubt = (half / (batch.counts + half)).astype(np.float32)
    has = table.any(axis=1)
    trust = np.where(known, 1, batch.counts / (batch.counts + EVIDENCE) * has).astype(np.float32)
    spelled = Spelling(batch.types, jobs).predict(table, trust, RIDGE)
    sizes = np.sqrt(np.einsum("ij,ij->i", spelled, spelled))
    spelling, context = doubt * sizes, np.where(has, 1 - doubt * np.minimum(1, sizes / SAYS_ALL), 0)
    spelling[known] = 0
    out = np.empty_like(table) if out is None else out
    for start in range(0, len(table), _BLOCK):
        part = slice(start, start + _BLOCK)
        mixed = unit_rows(context[part, None] * table[part] + doubt[part, None] * spelled[part])
        out[part] = np.where(known[part, None], table[part], mixed)
    return out, spelling / np.maximum(spelling + context, np.float32(1e-30))


def shared_grams(
    words: Sequence[str],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32], int]:
    """The n-grams of each word that at least two words have: indptr, indices, values, number of columns.

    N-grams are identified by a 64-bit hash.
    """
    texts = [f"<{word.lower()}>" for word in words]
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    owner = np.repeat(np.arange(len(texts), dtype=np.int64), lengths)
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(codes))  # characters from here to the end
    owners, grams = [], []
    for size in range(SHORTEST, LONGEST + 1):
        hashed: NDArray[Any] = np.full(max(len(codes) - size + 1, 0), size, np.uint64)
        for place in range(size):
            hashed = (hashed ^ codes[place : place + len(hashed)]) * _PRIME
            hashed ^= hashed >> np.uint64(29)
        inside = left[: len(hashed)] >= size
        owners.append(owner[: len(hashed)][inside])
        grams.append(hashed[inside])
    word, gram = np.concatenate(owners), np.concatenate(grams)
    _, gram = np.unique(gram, return_inverse=True)
    columns = int(gram.max(initial=-1)) + 1
    pairs, times = np.unique(word * columns + gram, return_counts=True)
    word, gram = pairs // max(columns, 1), pairs % max(columns, 1)
    squares = np.bincount(word, weights=times.astype(np.float64) ** 2, minlength=len(texts))
    shared = np.bincount(gram, minlength=columns) > 1
    kept = shared[gram]
    values = (times[kept] / np.sqrt(squares[word[kept]])).astype(np.float32)
    indptr = np.concatenate(([0], np.cumsum(np.bincount(word[kept], minlength=len(texts)))))
    indices = (np.cumsum(shared) - 1)[gram[kept]].astype(np.int32)
    return indptr, indices, values, int(shared.sum())


def _with_columns(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    values: Table,
    kept: NDArray[np.bool_],  # (m,)
    number: NDArray[np.int32],  # (m,)
) -> tuple[NDArray[np.int64], NDArray[np.int32], Table]:
    """The same rows with the ``kept`` columns only, renumbered by ``number``."""
    left = kept[indices]
    ends = np.concatenate(([0], np.cumsum(left)))
    return ends[indptr], number[indices[left]], values[left]


def _transposed(
    matrix: tuple[NDArray[np.int64], NDArray[np.int32], Table], columns: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], Table]:
    indptr, indices, values = matrix
    order = np.argsort(indices, kind="stable")
    rows = np.repeat(np.arange(len(indptr) - 1, dtype=np.int32), np.diff(indptr))
    bounds = np.concatenate(([0], np.cumsum(np.bincount(indices, minlength=columns))))
    return bounds, rows[order], values[order]


def _solve(
    normal: Callable[[Table], Table],
    goal: Table,  # (m, d)
    scale: Table,  # (m,): the diagonal
) -> Table:
    """Conjugate gradients from zero, with a step length per column and a diagonal preconditioner.

    ``goal`` is overwritten. Without ``scale``, a few very common n-grams (*ing*) would dominate the steps.
    """
    solution, rest, scale = np.zeros_like(goal), goal, scale[:, None]
    direction = rest / scale
    size = np.einsum("ij,ij->j", rest, direction)
    for left in reversed(range(_STEPS)):
        through = normal(direction)
        step = size / np.maximum(np.einsum("ij,ij->j", direction, through), 1e-30)
        solution += step * direction
        if not left:
            break
        through *= step
        rest -= through
        turned = np.divide(rest, scale, out=through)
        before, size = size, np.einsum("ij,ij->j", rest, turned)
        direction *= size / np.maximum(before, 1e-30)
        direction += turned
    return solution
