"""Ridge regression: the rows W with the least Σ |y − x W|² / p + |W|², x and y being rows of X and Y.

p is the penalty of a row: the ridge λ, divided by how far the row is trusted. For the diagonal P of penalties

    W = (Xᵀ P⁻¹ X + I)⁻¹ Xᵀ P⁻¹ Y = Xᵀ A,    (X Xᵀ + P) A = Y

`ridge_map` solves a dense system in the smaller of these two forms. A sparse X, texts by their words or words
by their n-grams, is too large for either. Its duals A are found step by step, with products with X alone:

    `SparseRidge`    conjugate gradients, until the residual is nearly zero; one penalty for all rows
    `swept_ridge`    a few sweeps of dual coordinate descent, each as expensive as one of those steps

One cannot stand for the other. Texts share their frequent words, so that their steps undo each other: sweeps
over 3,000 abstracts are still 2 % from the solution in the time in which conjugate gradients reach it. What
spelling says of a word is a guess, which three sweeps make about as good as the solution.

The columns of Y are independent of each other. Threads solve some at a time, in blocks that depend only on
the matrix, so the result has the same bits for any number of threads.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Rows
from selfvec.base.compiled import SUMS, kernel
from selfvec.base.threads import in_order, one_core, stop_if_cancelled

from .sparse_rows import SparseRows, add_product, add_transposed_product

_COLUMNS = 48  # that a thread solves at a time: a row of them is three cache lines
_ROOM = 1 << 29  # bytes of a thread's columns, of which it takes fewer then, but at least 8
_TOLERANCE = 3e-7  # of the residual of a column, relative to the column
_EXACT = 20  # steps after which the residual is computed from the solution
_MOST = 5000  # steps; 33,000 abstracts need a hundred, and n passages some of the order of √n


def ridge_map(x: AnyFloats, y: AnyFloats, ridge: float) -> Floats:
    """The dense map W, (m, d) float32, from rows (n, m) to rows (n, d), with the penalty ``ridge`` for all.

    >>> ridge_map(np.array([[1.0, 0.0]]), np.array([[3.0]]), ridge=0.5).tolist()
    [[2.0], [0.0]]
    """
    given, wanted = np.asarray(x, np.float64), np.asarray(y, np.float64)
    few = len(given) < given.shape[1]
    with one_core():
        moment = given @ given.T if few else given.T @ given
        moment[np.diag_indices_from(moment)] += ridge
        solved = np.linalg.solve(moment, wanted if few else given.T @ wanted)
        return (given.T @ solved if few else solved).astype(np.float32)


def column_blocks(rows: int, columns: int, widest: int = _COLUMNS) -> list[slice]:
    """The columns of Y, (n, d), that are solved at a time, at most ``widest``."""
    share = max(8, min(widest, _ROOM // (48 * max(rows, 1))))
    return [slice(first, min(first + share, columns)) for first in range(0, columns, share)]


def solve_columns(
    solve: Callable[[slice], AnyFloats],  # some columns of W, (m, w)
    out: Rows,  # W, (m, d), written
    rows: int,  # n
    jobs: int,
    advance: Callable[[int], object] = lambda _: None,
    widest: int = _COLUMNS,
) -> Rows:
    """Solve all columns in threads; ``advance`` is called with the number of those that are done."""

    def write(part: slice) -> slice:
        out[:, part] = solve(part)
        return part

    for part in in_order(column_blocks(rows, out.shape[1], widest), write, jobs):
        advance(part.stop - part.start)
    return out


# Dual coordinate descent


def swept_ridge(
    x: SparseRows,  # (n, m)
    width: int,  # m
    y: Floats,  # (n, w)
    penalties: Floats,  # (n,)
    sweeps: int,
) -> Floats:
    """W, (m, w) float32, after sweeps over the rows from the last one to the first."""
    solution = np.zeros((width, y.shape[1]), np.float32)
    dual = np.zeros(y.shape, np.float32)
    step = np.empty(y.shape[1], np.float32)
    for _ in range(sweeps):
        sweep(x, y, penalties, step, dual, solution)
    return solution


@kernel
def sweep(
    x: SparseRows,  # (n, m)
    y: Floats,  # (n, w)
    penalties: Floats,  # (n,)
    step: Floats,  # (w,), working memory
    dual: Floats,  # (n, w), changed
    solution: Floats,  # (m, w), changed
) -> None:
    """One sweep of dual coordinate descent.

    A row's step corrects its own prediction, up to the penalty: (y - p · α - x·W) / (|x|² + p) is added to
    α, and x times this step to W.
    """
    indptr, indices, values = x
    for n in range(len(penalties) - 1, -1, -1):
        goal = y[n]
        own = dual[n]
        penalty = penalties[n]
        for j in range(step.size):
            step[j] = goal[j] - penalty * own[j]
        squares = penalty
        for k in range(indptr[n], indptr[n + 1]):
            value = values[k]
            row = solution[indices[k]]
            squares += value * value
            for j in range(step.size):
                step[j] -= value * row[j]
        scale = np.float32(1) / squares
        for j in range(step.size):
            step[j] *= scale
            own[j] += step[j]
        for k in range(indptr[n], indptr[n + 1]):
            value = values[k]
            row = solution[indices[k]]
            for j in range(step.size):
                row[j] += value * step[j]


# Conjugate gradients


@dataclass(frozen=True, eq=False)
class SparseRidge:
    """The system (X Xᵀ + λ I) A = Y, solved by conjugate gradients (Hestenes and Stiefel, 1952).

    They are preconditioned by nearly the largest eigenvalues of X Xᵀ, which come from two steps of subspace
    iteration (Halko, Martinsson and Tropp, 2011) and save a third of the steps.
    """

    x: SparseRows  # (n, m)
    width: int  # m
    ridge: float  # λ
    basis: Rows  # (n, e) nearly the first eigenvectors of X Xᵀ; none: (n, 0)
    shares: Rows  # (e, 1) by which the preconditioner changes their parts of a residual

    @classmethod
    def of(cls, x: SparseRows, width: int, ridge: float) -> SparseRidge:
        """The system and its preconditioner."""
        drawn = np.random.default_rng(0).standard_normal((x.height, min(x.height, _COLUMNS)), np.float32)
        plain = cls(x, width, 0.0, drawn[:, :0], drawn[:0, :1])
        basis, _ = np.linalg.qr(plain.product(drawn))
        values, turns = np.linalg.eigh(basis.T @ plain.product(basis))
        values = np.maximum(values, 0) + ridge
        return cls(x, width, ridge, basis @ turns, (values[0] / values - 1)[:, None])

    def product(self, duals: AnyFloats) -> Any:
        """(X Xᵀ + λ I) A, (n, w), in the type of A."""
        sums = np.zeros((self.width, duals.shape[1]), duals.dtype)
        add_transposed_product(*self.x, duals, sums)
        out = self.ridge * duals
        add_product(*self.x, sums, out)
        return out

    def solve(self, y: Doubles) -> Doubles:
        """W = Xᵀ A, (m, w) float64, for some columns of Y, (n, w) float64."""
        out = np.zeros((self.width, y.shape[1]))
        add_transposed_product(*self.x, self.duals(y), out)
        return out

    def duals(self, y: Doubles) -> Doubles:
        """A, (n, w), when the residual of each column is nearly zero.

        The steps are in float32, which takes half the time. Every twentieth computes the residual from the
        solution, in float64, so that rounding errors do not add up (van der Vorst and Ye, 2000).
        """
        solution = np.zeros_like(y)
        residual = y.astype(np.float32)
        direction = np.zeros_like(residual)
        along = np.zeros(y.shape[1])
        enough = _TOLERANCE**2 * _products_of_columns(residual, residual)
        for step in range(1, _MOST + 1):
            if np.all(_products_of_columns(residual, residual) <= enough):
                break
            stop_if_cancelled()
            scaled = residual + self.basis @ (self.shares * (self.basis.T @ residual))
            before, along = along, _products_of_columns(residual, scaled)
            _turn(scaled, _quotients(along, before), direction)
            product = self.product(direction)
            lengths = _quotients(along, _products_of_columns(direction, product))
            _advance(direction, product, lengths, solution, residual)
            if step % _EXACT == 0:
                residual = (y - self.product(solution)).astype(np.float32)
        else:
            left = np.linalg.norm(residual, axis=0) / np.linalg.norm(y, axis=0)
            rule = f"after {_MOST:,} steps a residual of {np.max(left):.1e} is left, not {_TOLERANCE}"
            warnings.warn(f"what words learned from the encoder is not exact: {rule}", stacklevel=2)
        return solution


def _quotients(numbers: Doubles, others: Doubles) -> Doubles:
    """Quotients, (w,); 0 for a column that is solved."""
    return np.divide(numbers, others, out=np.zeros_like(numbers), where=others > 0)


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
