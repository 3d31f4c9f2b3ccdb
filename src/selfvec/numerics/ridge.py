"""Ridge regression: the rows W with the least Σ |y − x W|² / p + |W|², x and y being rows of X and Y.

p is the penalty of a row: the ridge λ, divided by how far the row is trusted. For the diagonal P of penalties

    W = (Xᵀ P⁻¹ X + I)⁻¹ Xᵀ P⁻¹ Y = Xᵀ A,    (X Xᵀ + P) A = Y

`ridge_map` solves a dense system in the smaller of these two forms. A sparse X, texts by their words or words
by their n-grams, is too large for either. W is found step by step, with products with X alone:

    `SparseRidge`    conjugate gradients, until the residual is nearly zero; one penalty for all rows
    `swept_ridge`    a few sweeps of dual coordinate descent, each as expensive as one of those steps

One cannot stand for the other. Texts share their frequent words, so that their steps undo each other: sweeps
over 3,000 abstracts are still 2 % from the solution in the time in which conjugate gradients reach it. What
spelling says of a word is a guess, which three sweeps make about as good as the solution.

The columns of Y are solved in blocks that depend only on the matrix, some at a time in each thread, so the
result has the same bits for any number of threads.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Rows
from selfvec.base.compiled import kernel
from selfvec.base.threads import in_order, one_core, stop_if_cancelled

from .sparse_rows import SparseRows, add_moment

_COLUMNS = 48  # that a thread solves at a time: a row of them is three cache lines
_ROOM = 1 << 29  # bytes of a thread's columns, of which it takes fewer then, but at least 8
_TOLERANCE = 3e-5  # of the residual of a column, relative to the column; rows are about as near to theirs
_STEPPED = 1e-5  # what the steps, in which rounding errors add up, take it for when they end
_MOST = 5000  # steps; 20,000 passages need 30, and ten times as many 80
_DEPENDENT = 1e-12  # share of the largest eigenvalue below which columns are combinations of each other


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


def affine_ridge(x: AnyFloats, y: AnyFloats, ridge: float) -> Doubles:
    """The map of rows x, (n, m), to rows y, (n, d), for `affine`: (m + 1, d), of which the last row is added.

    Both are centred first, so that the ridge draws a row to the mean of y.

    >>> affine_ridge(np.array([[0.0], [2.0]]), np.array([[1.0], [5.0]]), 2.0).tolist()
    [[1.0], [2.0]]
    """
    shift, mean = (rows.sum(axis=0, dtype=np.float64) / max(len(rows), 1) for rows in (x, y))
    change = ridge_map(x - shift, y - mean, ridge).astype(np.float64)
    return np.vstack([change, mean - shift @ change])


def affine(rows: AnyFloats, change: AnyFloats) -> Floats:
    """Rows, (n, m), through a map of `affine_ridge`, (n, d).

    Each has the same bits whatever others are with it.

    >>> affine(np.array([[0.0], [3.0]]), np.array([[1.0], [2.0]])).tolist()
    [[2.0], [5.0]]
    """
    wide = change.astype(np.float64)
    with one_core():  # and in float64: sums of another order are rounded to the same float32
        made: Floats = (rows.astype(np.float64) @ wide[:-1] + wide[-1]).astype(np.float32)
    return made


def column_blocks(rows: int, columns: int, widest: int = _COLUMNS) -> list[slice]:
    """The columns of Y, (n, d), that are solved at a time, at most ``widest``."""
    share = max(8, min(widest, _ROOM // (48 * max(rows, 1))))
    return [slice(first, min(first + share, columns)) for first in range(0, columns, share)]


def solve_columns(
    solve: Callable[[slice], AnyFloats],  # some columns of W, (m, w)
    out: Rows,  # W, (m, d), written
    rows: int,  # n
    advance: Callable[[int], object] = lambda _: None,
    widest: int = _COLUMNS,
) -> Rows:
    """Solve all columns in threads; ``advance`` is called with the number of those that are done."""

    def write(part: slice) -> slice:
        out[:, part] = solve(part)
        return part

    for part in in_order(column_blocks(rows, out.shape[1], widest), write):
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
    """The system (Xᵀ X + λ I) W = B, solved by conjugate gradients for a block of columns (O'Leary, 1980).

    Each column goes along the directions of all, which takes half the steps that it would need alone, and the
    texts of a large collection are read once a step. Directions are kept orthonormal (Dubrulle, 2001), so
    that columns that depend on each other, or are solved before others, do no harm.
    """

    x: SparseRows  # (n, m)
    ridge: float  # λ

    def moment(self, rows: AnyFloats, ridge: float = 0.0) -> Any:
        """(Xᵀ X + λ I) W, (m, w), in the type of W; by default without λ."""
        out = rows * rows.dtype.type(ridge)
        add_moment(*self.x, rows, np.zeros(rows.shape[1], rows.dtype), out)
        return out

    def solve(self, right: Doubles) -> Doubles:
        """W for some columns of B, (m, w) float64, when the residual of each is nearly zero.

        The steps are in float32, which takes half the time. Rounding errors would add up, so what is left is
        computed from the solution, in float64, and solved again.
        """
        sizes = np.linalg.norm(right, axis=0)
        right = np.divide(right, sizes, out=np.zeros_like(right), where=sizes > 0)
        solution = np.zeros_like(right)
        residual, steps = right, 0
        while np.max(norms := np.linalg.norm(residual, axis=0)) > _TOLERANCE:
            if steps == _MOST:
                rule = f"after {steps:,} steps a residual of {np.max(norms):.1e} is left, not {_TOLERANCE}"
                warnings.warn(f"what words learned from the encoder is not exact: {rule}", stacklevel=2)
                break
            step, steps = self._round(residual.astype(np.float32), steps)
            solution += step
            residual = right - self.moment(solution, self.ridge)
        solution *= sizes
        return solution

    def _round(self, residual: Rows, steps: int) -> tuple[Rows, int]:
        """W for a residual, (m, w), as float32 gives it, and the number of steps in all."""
        solution = np.zeros_like(residual)
        basis, parts = _orthonormal(residual)
        direction = basis
        while steps < _MOST:
            stop_if_cancelled()
            steps += 1
            product = self.moment(direction, self.ridge)
            lengths = np.linalg.inv(np.float64(direction.T @ product))
            solution += direction @ np.float32(lengths @ parts)
            basis, turn = _orthonormal(basis - product @ np.float32(lengths))
            parts = turn @ parts
            if np.max(np.linalg.norm(parts, axis=0)) <= _STEPPED:
                break
            direction = basis + direction @ np.float32(turn.T)
        return solution, steps


def _orthonormal(columns: Rows) -> tuple[Rows, Doubles]:
    """Q, (m, e) with orthonormal columns, and C, (e, w), such that Q C are the ``columns``, (m, w).

    The eigenvectors of their products take a tenth of the time of a QR decomposition. It is as orthonormal
    as the columns are independent, which is enough here.
    """
    exact = columns.astype(np.float64)
    values, vectors = np.linalg.eigh(exact.T @ exact)
    kept = values > _DEPENDENT * max(values[-1], np.finfo(np.float64).tiny)
    scale = np.sqrt(values[kept])
    return columns @ np.float32(vectors[:, kept] / scale), scale[:, None] * vectors[:, kept].T
