"""The student: rows of words whose sums come near a sentence encoder's vectors of texts, by one linear solve.

A text by its words, x, is the square roots of their counts times their inverse document frequencies, at
length 1. T is the encoder's vectors of n passages less their mean, and R0 a prior, such as the encoder's
vectors of the words alone. The rows are near a · R0 and such that X R is near T:

    R = a · R0 + Xᵀ (X Xᵀ + λ I)⁻¹ (T − a · X R0)          a: least squares of T on X R0

The ridge λ and the prior are those that explain most of passages left out of a sample. For few passages X Xᵀ
is inverted. For more, the system is solved by conjugate gradients (Hestenes and Stiefel, 1952), whose steps
need only products with X. The columns of R are independent of each other, so each thread solves some of them,
and the result has the same bits for any number of threads.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ids, Ints, Rows
from selfvec.base.compiled import SUMS, kernel, read_only
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.base.threads import cut, in_order, one_core, stop_if_cancelled, threads
from selfvec.data.token_batch import TokenBatch
from selfvec.files.tensors import first_not_finite
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
_COLUMNS = 48  # that a thread solves at a time: a row of them is three cache lines
_ROOM = 1 << 29  # bytes of a thread's columns, of which it takes fewer then, but at least 8
_TOLERANCE = 3e-7  # of the residual of a column, relative to the column
_EXACT = 20  # steps after which the residual is computed from the solution
_MOST = 5000  # steps; 33,000 abstracts need a hundred, and n passages some of the order of √n


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
        out = np.zeros((len(self), rows.shape[1]))
        _gather(*self, np.ascontiguousarray(rows, np.float64), out)
        return out

    def sums(self, duals: Doubles, words: int) -> Doubles:
        """Xᵀ A, (V, w) float64, for a few columns of (n, w)."""
        out = np.zeros((words, duals.shape[1]))
        _scatter(*self, duals, out)
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
    weights = inverse_document_frequency(passages)
    texts = Texts.of(passages, weights, jobs)
    mean = teacher.mean(axis=0, dtype=np.float64)
    with one_core():
        drawn = draw(teacher, seed)
        sample = texts.part(drawn)
        starts = {
            name: sparse_product(*sample, np.ascontiguousarray(rows, np.float32), jobs)
            for name, rows in priors.items()
        }
        products = sample.products(len(weights), jobs)
        prior, ridge, explained = choose(products, teacher[drawn] - mean, starts, jobs)
        solved = _Columns(texts, teacher, mean, priors.get(prior, np.zeros((len(weights), 0))))
        rows, scale = solved.solve(ridge, jobs, progress or Progress())
    return Student(rows, weights, mean.astype(np.float32), ridge, scale, prior, explained)


def _check(passages: TokenBatch, teacher: AnyFloats, priors: Mapping[str, AnyFloats]) -> None:
    if not passages.documents:
        raise InputError("a student learns from at least one passage, there is none")
    width = teacher.shape[1] if teacher.ndim == 2 else 0
    for name, matrix in {"teacher": teacher, **priors}.items():
        shape = (passages.documents if matrix is teacher else len(passages.types), width)
        if matrix.shape != shape or not width:
            raise InputError(f"the matrix has the shape {shape}, not {matrix.shape}", field=name)
        if (row := first_not_finite(matrix)) is not None:
            raise InputError(f"row {row + 1} of the matrix holds NaN or infinity", field=name)


def draw(teacher: AnyFloats, seed: int) -> Ints:
    """The numbers of at most 1,000 passages, drawn by a hash of their vectors: the same in any order."""
    if len(teacher) <= SAMPLE:
        return np.arange(len(teacher))
    key = str(seed).encode()
    hashes = [blake2b(row.tobytes(), digest_size=8, key=key).digest() for row in teacher]
    return np.argsort(np.array(hashes, "S8"), kind="stable")[:SAMPLE]


# The choice of the ridge and the prior


def choose(
    products: Doubles,  # (n, n) X Xᵀ of a sample
    target: AnyFloats,  # (n, h) its vectors, less the mean of all
    starts: Mapping[str, AnyFloats],  # X R0 by prior, (n, h)
    jobs: int = 1,
) -> tuple[str, float, dict[str, float]]:
    """The prior and the ridge that explain most of each passage when it is left out, and the shares by prior.

    The errors of passages left out follow from one solution (Allen, 1974): α / diag (X Xᵀ + λ I)⁻¹ for
    α = (X Xᵀ + λ I)⁻¹ (T − a · X R0). Of a prior's ridges within .02 of the best, the largest is taken.
    """
    values, vectors = np.linalg.eigh(products)
    total = float(np.vdot(target, target))

    def shares(start: AnyFloats | None) -> list[float]:
        left = target if start is None else target - multiple(target, start) * start
        turned = vectors.T @ left
        return [1 - _left_out(values + ridge, vectors, turned) / total if total else 0.0 for ridge in RIDGES]

    found = {}
    for name, by_ridge in zip([NONE, *starts], in_order([None, *starts.values()], shares, jobs), strict=True):
        largest = max(k for k, share in enumerate(by_ridge) if share >= max(by_ridge) - _FLAT)
        found[name] = by_ridge[largest], RIDGES[largest]
    prior = max(found, key=lambda name: round(found[name][0], 6))  # none, if a prior gives no more
    return prior, found[prior][1], {name: share for name, (share, _) in found.items()}


def multiple(target: AnyFloats, start: AnyFloats) -> float:
    """By what ``start`` is multiplied to come nearest to the target; 0 if it is zeros."""
    square = np.vdot(start, start)
    return float(np.vdot(target, start) / square) if square else 0.0


def _left_out(values: Doubles, vectors: Doubles, turned: Doubles) -> float:
    """The sum of squares of the errors on passages left out; ``turned`` is the target in the eigenvectors."""
    alpha = vectors @ (turned / values[:, None])
    diagonal = vectors**2 @ (1 / values)
    return float(np.sum((alpha / diagonal[:, None]) ** 2))


# The solution


@dataclass(frozen=True, eq=False)
class _Columns:
    """What is solved, some columns at a time."""

    texts: Texts
    teacher: AnyFloats  # (n, h)
    mean: Doubles  # (h,)
    prior: AnyFloats  # (V, h), or (V, 0) for none

    def solve(self, ridge: float, jobs: int, progress: Progress) -> tuple[Rows, float]:
        """R, (V, h) float32, and a."""
        width = self.teacher.shape[1]
        share = max(8, min(_COLUMNS, _ROOM // (48 * len(self.texts))))
        columns = [slice(first, min(first + share, width)) for first in range(0, width, share)]
        along, square = sum(in_order(columns, self._products, jobs), np.zeros(2)).tolist()
        scale = along / square if square else 0.0
        solved = self._by_inverse(ridge, jobs) if len(self.texts) <= _DIRECT else self._by_steps(ridge)
        rows = np.empty((len(self.prior), width), np.float32)

        def work(part: slice) -> slice:
            target = self._target(part) - scale * self._start(part)
            learned = self.texts.sums(solved(target), len(rows))
            rows[:, part] = learned + scale * self.prior[:, part] if scale else learned
            return part

        with progress.stage("Learning from the encoder", width, "columns") as advance:
            for part in in_order(columns, work, jobs):
                advance(part.stop - part.start)
        return rows, scale

    def _target(self, part: slice) -> Doubles:
        """Some columns of T, (n, w)."""
        return np.asarray(self.teacher[:, part] - self.mean[part], np.float64)

    def _start(self, part: slice) -> Doubles:
        """The same columns of X R0, (n, w), or (n, 1) zeros."""
        return self.texts.times(self.prior[:, part]) if self.prior.size else np.zeros((len(self.texts), 1))

    def _products(self, part: slice) -> Doubles:
        """Sums over these columns of T · X R0 and of (X R0)², (2,)."""
        start = self._start(part)
        return np.array([np.sum(self._target(part) * start), np.sum(start**2)])

    def _by_inverse(self, ridge: float, jobs: int) -> Callable[[Doubles], Doubles]:
        """A function that solves (X Xᵀ + λ I) A = T for some columns of T, (n, w) float64."""
        products = self.texts.products(len(self.prior), jobs)
        products[np.diag_indices(len(products))] += ridge
        return partial(np.matmul, np.linalg.inv(products))

    def _by_steps(self, ridge: float) -> Callable[[Doubles], Doubles]:
        """The same by conjugate gradients, preconditioned by nearly the largest eigenvalues of X Xᵀ.

        These come from two steps of subspace iteration (Halko, Martinsson and Tropp, 2011). They save a third
        of the steps.
        """
        size = len(self.texts)
        drawn = np.random.default_rng(0).standard_normal((size, min(size, _COLUMNS)), np.float32)
        basis, _ = np.linalg.qr(self._system(0.0, drawn))
        values, turns = np.linalg.eigh(basis.T @ self._system(0.0, basis))
        values = np.maximum(values, 0) + ridge
        return partial(self._steps, ridge, basis @ turns, (values[0] / values - 1)[:, None])

    def _steps(self, ridge: float, basis: Rows, shares: Rows, target: Doubles) -> Doubles:
        """Conjugate gradients, until the residual of each column is nearly zero.

        The steps are in float32, which takes half the time. Every twentieth computes the residual from the
        solution, in float64, so that rounding errors do not add up (van der Vorst and Ye, 2000).
        """
        solution = np.zeros_like(target)
        residual = target.astype(np.float32)
        direction = np.zeros_like(residual)
        along = np.zeros(target.shape[1])
        enough = _TOLERANCE**2 * _products_of_columns(residual, residual)
        for step in range(1, _MOST + 1):
            if np.all(_products_of_columns(residual, residual) <= enough):
                break
            stop_if_cancelled()
            scaled = residual + basis @ (shares * (basis.T @ residual))
            before, along = along, _products_of_columns(residual, scaled)
            _turn(scaled, _quotients(along, before), direction)
            product = self._system(ridge, direction)
            lengths = _quotients(along, _products_of_columns(direction, product))
            _advance(direction, product, lengths, solution, residual)
            if step % _EXACT == 0:
                residual = (target - self._system(ridge, solution)).astype(np.float32)
        else:
            left = np.linalg.norm(residual, axis=0) / np.linalg.norm(target, axis=0)
            rule = f"after {_MOST:,} steps a residual of {np.max(left):.1e} is left, not {_TOLERANCE}"
            warnings.warn(f"what words learned from the encoder is not exact: {rule}", stacklevel=2)
        return solution

    def _system(self, ridge: float, duals: AnyFloats) -> Any:
        """(X Xᵀ + λ I) A, (n, w), in the type of A."""
        sums = np.zeros((len(self.prior), duals.shape[1]), duals.dtype)
        _scatter(*self.texts, duals, sums)
        out = ridge * duals
        _gather(*self.texts, sums, out)
        return out


def _quotients(numbers: Doubles, others: Doubles) -> Doubles:
    """Quotients, (w,); 0 for a column that is solved."""
    return np.divide(numbers, others, out=np.zeros_like(numbers), where=others > 0)


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
    prior, ridge, explained = choose(S @ S.T, T[drawn], starts)
    R0 = priors.get(prior, np.zeros((len(weights), teacher.shape[1])))
    a = multiple(T, X @ R0)
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
                # Never ahead of i, so what is still to be read stays.
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


@kernel(fastmath=SUMS)
def _gather(indptr: Ints, words: Ids, values: Floats, rows: AnyFloats, out: AnyFloats) -> None:
    """Add X R, (n, w), to ``out`` for rows, (V, w).

    Four words at a time, so that sums stay in registers; as unsigned numbers they need no check of the sign.
    """
    for text in range(len(indptr) - 1):
        total = out[text]
        k = indptr[text]
        while k + 4 <= indptr[text + 1]:
            one, two = rows[np.uint32(words[k])], rows[np.uint32(words[k + 1])]
            three, four = rows[np.uint32(words[k + 2])], rows[np.uint32(words[k + 3])]
            a, b, c, d = values[k], values[k + 1], values[k + 2], values[k + 3]
            for j in range(total.size):
                total[j] += a * one[j] + b * two[j] + c * three[j] + d * four[j]
            k += 4
        while k < indptr[text + 1]:
            one, a = rows[np.uint32(words[k])], values[k]
            for j in range(total.size):
                total[j] += a * one[j]
            k += 1


@kernel(fastmath=SUMS)
def _scatter(indptr: Ints, words: Ids, values: Floats, duals: AnyFloats, out: AnyFloats) -> None:
    """Add Xᵀ A, (V, w), to ``out`` for A of (n, w)."""
    for text in range(len(indptr) - 1):
        own = duals[text]
        for k in range(indptr[text], indptr[text + 1]):
            row, value = out[np.uint32(words[k])], values[k]
            for j in range(own.size):
                row[j] += value * own[j]


@kernel(fastmath=SUMS)
def _products_of_columns(matrix: Rows, other: Rows) -> Doubles:
    """The sums of products of columns, (w,), in float64."""
    total = np.zeros(matrix.shape[1])
    for i in range(len(matrix)):
        for j in range(total.size):
            total[j] += np.float64(matrix[i, j]) * np.float64(other[i, j])
    return total


@kernel(fastmath=SUMS)
def _advance(direction: Rows, product: Rows, lengths: Doubles, solution: Doubles, residual: Rows) -> None:
    """A step of some length in each column: changes the solution and the residual, (n, w)."""
    for i in range(len(direction)):
        for j in range(lengths.size):
            solution[i, j] += lengths[j] * direction[i, j]
            residual[i, j] -= np.float32(lengths[j]) * product[i, j]


@kernel(fastmath=SUMS)
def _turn(scaled: Rows, shares: Doubles, direction: Rows) -> None:
    """The next direction: the scaled residual and a share of the direction before, in each column."""
    for i in range(len(direction)):
        for j in range(shares.size):
            direction[i, j] = scaled[i, j] + np.float32(shares[j]) * direction[i, j]


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
