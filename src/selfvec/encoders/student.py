"""The student: rows of words whose sums come near a sentence encoder's vectors of texts, by one linear solve.

A text by its words, x, is the square roots of their counts times their inverse document frequencies, at
length 1. T is the encoder's vectors of n passages less their mean, and R0 a prior, such as the encoder's
vectors of the words alone. The rows are near a · R0 and such that X R is near T:

    R = a · R0 + Xᵀ (X Xᵀ + λ I)⁻¹ (T − a · X R0)          a: least squares of T on X R0

The ridge λ and the prior are those that explain most of passages left out of a sample. For few passages X Xᵀ
is inverted. For more, the system is solved by conjugate gradients, whose steps need only products with X. The
columns of R are independent of each other, so each thread solves some of them, and the result has the same
bits for any number of threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ids, Ints, Rows
from selfvec.base.compiled import kernel, read_only
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.base.threads import cut, in_order, one_core, threads
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_in_place
from selfvec.numerics.sparse_rows import SHARE, SparseRows, places_of, sparse_product
from selfvec.text.document_vectors import inverse_document_frequency

RIDGES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""What λ is chosen from."""

NONE = "none"
"""The prior of zeros."""

SAMPLE = 1000  # passages that choices are made with
_FLAT = 0.02  # of the explained share, within which a larger ridge is preferred: it searches better
_DIRECT = 2000  # passages up to which X Xᵀ is inverted; for more, conjugate gradients are faster
_COLUMNS = 16  # that a thread solves at a time


@dataclass(frozen=True, eq=False)
class Student:
    """Rows of words, learned from an encoder's vectors of passages; see `text_rows`."""

    rows: AnyFloats  # (V, h) float32
    weights: AnyFloats  # (V,) inverse document frequencies
    mean: AnyFloats  # (h,) of the teacher's vectors, subtracted from them
    ridge: float  # λ
    scale: float  # a, by which the prior is multiplied
    prior: str  # the name of the prior that was chosen
    explained: dict[str, float]  # by prior: the share of left-out vectors' variance, at its best ridge


class Texts(NamedTuple):
    """Texts by their words, X, in compressed rows."""

    indptr: Ints  # (n + 1,)
    words: Ids  # (e,)
    values: Floats  # (e,)

    @classmethod
    def of(cls, batch: TokenBatch, weights: Floats, jobs: int | None = None) -> Texts:
        """The documents of a batch, whose words weigh ``weights``, (V,)."""

        def weigh(documents: tuple[int, int]) -> tuple[Ints, Ids, Floats]:
            bounds = batch.offsets[documents[0] : documents[1] + 1]
            ids = np.array(batch.ids[bounds[0] : bounds[-1]])
            values = np.empty(len(ids), np.float32)
            lengths = np.empty(len(bounds) - 1, np.int64)
            size = _weigh(ids, bounds - bounds[0], weights, np.zeros(len(weights), np.int32), values, lengths)
            return lengths, ids[:size].copy(), values[:size].copy()

        with closing(SparseRows(np.float32)) as made:
            blocks = cut(np.diff(batch.offsets) + 1, SHARE)
            for rows in in_order(blocks, weigh, threads(jobs)):
                made.append(*rows)
            indptr, words, values = made.finish()
            return cls(read_only(indptr), read_only(words), read_only(values))

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def part(self, numbers: Ints) -> Texts:
        """Some of the texts, by number."""
        places = places_of(self.indptr, numbers)
        lengths = np.diff(self.indptr)[numbers]
        indptr = np.concatenate(([0], np.cumsum(lengths)))
        return Texts(*map(read_only, (indptr, self.words[places], self.values[places])))

    def times(self, rows: AnyFloats) -> Doubles:
        """X R, (n, w) float64, for a few columns of rows, (V, w)."""
        out = np.empty((len(self), rows.shape[1]))
        _gather(*self, np.ascontiguousarray(rows, np.float64), out)
        return out

    def transposed_times(self, texts: Doubles, words: int) -> Doubles:
        """Xᵀ A, (V, w) float64, for a few columns of (n, w)."""
        out = np.zeros((words, texts.shape[1]))
        _scatter(*self, np.ascontiguousarray(texts), out)
        return out

    def products(self, words: int, jobs: int) -> Doubles:
        """X Xᵀ, (n, n) float64."""
        out = np.empty((len(self), len(self)))

        def multiply(block: tuple[int, int]) -> None:
            _multiply_pairs(*self, *block, np.zeros(words), out)

        deque(in_order(cut(np.arange(len(self)) + 1, SHARE), multiply, jobs), maxlen=0)
        return out


def learn(
    passages: TokenBatch,  # a document each
    teacher: AnyFloats,  # (n, h) the encoder's vectors of the passages
    priors: Mapping[str, AnyFloats],  # (V, h) each: rows that the words may start from
    *,
    seed: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Student:
    """Learn rows of words from an encoder's vectors of passages.

    The ridge and the prior, among those given and none, are chosen by the errors on passages left out of a
    sample of at most 1,000, which ``seed`` draws. The sample, and so the result but for rounding, does not
    depend on the order of the passages. The result has the same bits for any number of threads, ``jobs``.

    Raises
    ------
    InputError
        If there is no passage, a matrix has another shape, or it holds NaN or infinity.
    """
    _check(passages, teacher, priors)
    jobs = threads(jobs)
    progress = progress or Progress()
    weights = inverse_document_frequency(passages)
    texts = Texts.of(passages, weights, jobs)
    mean = teacher.mean(axis=0, dtype=np.float64)
    drawn = draw(teacher, seed)
    sample = texts.part(drawn)
    spread = teacher[drawn] - mean
    starts: dict[str, Doubles | None] = {NONE: None}
    for name, given in priors.items():
        starts[name] = sparse_product(*sample, _floats(given), jobs).astype(np.float64)
    prior, ridge, explained = choose(sample.products(len(weights), jobs), spread, starts)
    start = priors.get(prior)
    columns = [slice(first, first + _COLUMNS) for first in range(0, teacher.shape[1], _COLUMNS)]
    inverse = np.linalg.inv(texts.products(len(weights), jobs) + ridge * np.eye(len(texts)))
    rows = np.empty((len(weights), teacher.shape[1]), np.float32)

    def target(part: slice) -> Doubles:
        return np.asarray(teacher[:, part] - mean[part], np.float64)

    def products(part: slice) -> Doubles:
        if start is None:
            return np.zeros(2)
        begun = texts.times(start[:, part])
        return np.array([np.vdot(target(part), begun), np.vdot(begun, begun)])

    def solve(part: slice) -> None:
        wanted = target(part)
        if start is not None:
            wanted -= scale * texts.times(start[:, part])
        learned = texts.transposed_times(inverse @ wanted, len(weights))
        rows[:, part] = learned if start is None else learned + scale * start[:, part]

    with one_core():
        along, square = sum(in_order(columns, products, jobs), np.zeros(2)).tolist()
        scale = along / square if square else 0.0
        deque(in_order(columns, solve, jobs), maxlen=0)
    return Student(rows, weights, mean.astype(np.float32), ridge, scale, prior, explained)


def _floats(rows: AnyFloats) -> Floats:
    return np.ascontiguousarray(rows, np.float32)


def _check(passages: TokenBatch, teacher: AnyFloats, priors: Mapping[str, AnyFloats]) -> None:
    if not passages.documents:
        raise InputError("a student learns from at least one passage, there is none")
    width = teacher.shape[1] if teacher.ndim == 2 else 0
    for name, matrix in {"teacher": teacher, **priors}.items():
        shape = (passages.documents if matrix is teacher else len(passages.types), width)
        if matrix.shape != shape or not width:
            raise InputError(f"the matrix has the shape {shape}, not {matrix.shape}", field=name)
        if not np.isfinite(matrix).all():
            raise InputError("the matrix holds NaN or infinity", field=name)


def draw(teacher: AnyFloats, seed: int) -> Ints:
    """The numbers of at most 1,000 passages, drawn by a hash of their vectors: the same in any order."""
    if len(teacher) <= SAMPLE:
        return np.arange(len(teacher))
    key = seed.to_bytes(8, "little")
    hashes = [blake2b(row.tobytes(), digest_size=8, key=key).digest() for row in teacher]
    return np.argsort(np.array(hashes, "S8"), kind="stable")[:SAMPLE]


def choose(
    products: Doubles,  # (n, n) X Xᵀ of a sample
    spread: AnyFloats,  # (n, h) its vectors, less the mean of all
    starts: Mapping[str, Doubles | None],  # X R0 by prior, (n, h); None for the prior of zeros
) -> tuple[str, float, dict[str, float]]:
    """The prior and the ridge that explain most of each passage when it is left out, and the shares by prior.

    The errors of passages left out follow from one solution (Allen, 1974, *PRESS*): α / diag (X Xᵀ + λ I)⁻¹
    for α = (X Xᵀ + λ I)⁻¹ (T − a · X R0). Of a prior's ridges within .02 of the best, the largest is taken.
    """
    values, vectors = np.linalg.eigh(products)
    total = float(np.vdot(spread, spread))
    found = {}
    for name, start in starts.items():
        left = spread if start is None else spread - along(spread, start) * start
        shares = [1 - _left_out(values, vectors, left, ridge) / total if total else 0.0 for ridge in RIDGES]
        best = max(k for k, share in enumerate(shares) if share >= max(shares) - _FLAT)
        found[name] = shares[best], RIDGES[best]
    prior = max(found, key=lambda name: found[name][0])
    return prior, found[prior][1], {name: share for name, (share, _) in found.items()}


def along(target: AnyFloats, start: AnyFloats) -> float:
    """The number by which ``start`` is multiplied to be nearest to the target; 0 if it is all zeros."""
    square = np.vdot(start, start)
    return float(np.vdot(target, start) / square) if square else 0.0


def _left_out(values: Doubles, vectors: Doubles, target: AnyFloats, ridge: float) -> float:
    """The sum of squares of the errors on passages left out."""
    inverse = 1 / (values + ridge)
    alpha = vectors @ (inverse[:, None] * (vectors.T @ target))
    diagonal = vectors**2 @ inverse
    return float(np.sum((alpha / diagonal[:, None]) ** 2))


def text_rows(student: Student, batch: TokenBatch, jobs: int | None = None) -> Rows:
    """Vectors of texts by the rows of their words, (n, h) float32: unit rows, zeros for a text without words.

    The batch has the words of the student, in the same order.
    """
    texts = Texts.of(batch, student.weights, jobs)
    return unit_in_place(sparse_product(*texts, student.rows, threads(jobs)))


# The same in plain NumPy, with dense matrices


def texts_reference(batch: TokenBatch, weights: AnyFloats) -> Doubles:
    """X, (n, V)."""
    X = np.zeros((batch.documents, len(batch.types)))
    np.add.at(X, (batch.document_of(np.arange(len(batch))), batch.ids), 1)
    X = np.sqrt(X) * weights
    lengths = np.sqrt((X**2).sum(axis=1, keepdims=True))
    return X / np.where(lengths, lengths, 1)


def learn_reference(
    passages: TokenBatch, teacher: AnyFloats, priors: Mapping[str, AnyFloats], *, seed: int = 0
) -> Student:
    """`learn`, exactly."""
    weights = inverse_document_frequency(passages)
    X = texts_reference(passages, weights)
    mean = teacher.mean(axis=0, dtype=np.float64)
    T = teacher - mean
    drawn = draw(teacher, seed)
    S = X[drawn]
    starts = {name: S @ rows for name, rows in priors.items()}
    prior, ridge, explained = choose(S @ S.T, T[drawn], {NONE: None, **starts})
    R0 = priors.get(prior, np.zeros((len(weights), teacher.shape[1])))
    a = along(T, X @ R0)
    R = a * R0 + X.T @ np.linalg.solve(X @ X.T + ridge * np.eye(len(X)), T - a * (X @ R0))
    return Student(R, weights, mean, ridge, a, prior, explained)


# Loops


@kernel
def _weigh(
    ids: Ids,  # (N,); changed to the distinct words of each document, without gaps
    offsets: Ints,  # (n + 1,)
    weights: Floats,  # (V,)
    found: Ids,  # (V,) zeros, working memory
    values: Floats,  # (N,), written: √count · weight of each distinct word, of length 1 for a document
    lengths: Ints,  # (n,), written: distinct words of each document
) -> int:
    """Weigh the words of documents; return the number of entries."""
    size = 0
    for document in range(len(offsets) - 1):
        first = size
        for i in range(offsets[document], offsets[document + 1]):
            word = ids[i]
            if found[word] == 0:
                ids[size] = word
                size += 1
            found[word] += 1
        square = 0.0
        for k in range(first, size):
            value = np.sqrt(found[ids[k]]) * weights[ids[k]]
            values[k] = value
            square += value * value
            found[ids[k]] = 0
        scale = 1 / np.sqrt(square) if square > 0 else 0.0
        for k in range(first, size):
            values[k] *= scale
        lengths[document] = size - first
    return size


@kernel
def _gather(indptr: Ints, words: Ids, values: Floats, rows: Doubles, out: Doubles) -> None:
    """X R, (n, w), for rows (V, w)."""
    width = rows.shape[1]
    for text in range(len(indptr) - 1):
        for j in range(width):
            out[text, j] = 0
        for k in range(indptr[text], indptr[text + 1]):
            for j in range(width):
                out[text, j] += values[k] * rows[words[k], j]


@kernel
def _scatter(indptr: Ints, words: Ids, values: Floats, texts: Doubles, out: Doubles) -> None:
    """Add Xᵀ A, (V, w), to ``out``, for A of (n, w)."""
    width = texts.shape[1]
    for text in range(len(indptr) - 1):
        for k in range(indptr[text], indptr[text + 1]):
            for j in range(width):
                out[words[k], j] += values[k] * texts[text, j]


@kernel
def _multiply_pairs(
    indptr: Ints, words: Ids, values: Floats, first: int, last: int, own: Doubles, out: Doubles
) -> None:
    """The products of the texts ``first`` to ``last - 1`` with those before them; ``own`` is (V,) zeros."""
    for text in range(first, last):
        for k in range(indptr[text], indptr[text + 1]):
            own[words[k]] = values[k]
        for other in range(text + 1):
            total = 0.0
            for k in range(indptr[other], indptr[other + 1]):
                total += own[words[k]] * values[k]
            out[text, other] = total
            out[other, text] = total
        for k in range(indptr[text], indptr[text + 1]):
            own[words[k]] = 0
