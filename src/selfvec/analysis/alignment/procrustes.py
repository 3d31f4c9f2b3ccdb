"""Orthogonal Procrustes: rotating one table onto another by their shared words, without the outliers.

    R = argmin Σ_w g_w · |b_w R - a_w|²  over R with orthonormal rows  =  U Vᵀ,   U S Vᵀ = Bᵀ G A

(Schönemann, 1966, *A generalized solution of the orthogonal Procrustes problem*). A rotation changes no
cosine within a table. A table of fewer dimensions is embedded in the space of the wider one without loss;
the opposite direction would lose some, and is an error.

In least squares the words that changed affect all others. So the fit is trimmed: the share of words that is
farthest off is left out and the rest is fitted again, until the same words are left out (least trimmed
squares: Rousseeuw, 1984; concentration steps: Rousseeuw and Van Driessen, 2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

from .shared_words import SharedWords

__all__ = ["TRIM", "Rotation", "fit_rotation", "procrustes", "rotate_onto"]

TRIM = 0.1  # share of the shared words that is left out of the fit
_ROUNDS = 50  # of leaving out and fitting again; a handful is usual
_BLOCK = 8192  # rows rotated at a time

Float = NDArray[np.floating[Any]]
Table = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Rotation:
    """Map from the space of one table into that of another.

    Parameters
    ----------
    matrix : (d', d) float64
        Orthonormal rows, d' ≤ d.
    kept : (n,) bool
        Which of the shared words took part in the fit.
    origin, target : (d',) and (d,) float64, optional
        Subtracted before and added after the rotation.
    """

    matrix: NDArray[np.float64]
    kept: NDArray[np.bool_]
    origin: NDArray[np.float64] | None = None
    target: NDArray[np.float64] | None = None

    def apply(self, rows: Float) -> Table:
        """Rotate rows, (m, d') -> (m, d) float32; rows of zeros stay zero."""
        out = np.zeros((len(rows), self.matrix.shape[1]), np.float32)
        for start in range(0, len(rows), _BLOCK):
            block = np.asarray(rows[start : start + _BLOCK])
            if self.origin is None or self.target is None:
                out[start : start + _BLOCK] = block.astype(np.float64) @ self.matrix
                continue
            moved = (block - self.origin) @ self.matrix + self.target
            out[start : start + _BLOCK] = np.where(np.any(block != 0, axis=1, keepdims=True), moved, 0)
        return out


def procrustes(a: Float, b: Float, weights: Float | None = None) -> NDArray[np.float64]:
    """The orthogonal map from b to a with the least weighted squared error.

    Parameters
    ----------
    a : (n, d) float
    b : (n, d') float
        d' ≤ d.
    weights : (n,) float, optional

    Returns
    -------
    (d', d) float64

    Examples
    --------
    >>> a = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> procrustes(a, a @ quarter).round(6).tolist() == quarter.T.tolist()
    True
    """
    one = np.asarray(a, np.float64)
    u, _, v = np.linalg.svd(
        (b if weights is None else b * weights[:, None]).T.astype(np.float64) @ one, False
    )
    found: NDArray[np.float64] = u @ v
    return found


def fit_rotation(
    a: Table, b: Table, weights: NDArray[np.float64], *, trim: float = TRIM, centre: bool = False
) -> Rotation:
    """Trimmed fit of b's rows to a's, of the same n words.

    Parameters
    ----------
    a, b : (n, d) and (n, d') float
        Unit vectors are fitted; with ``centre`` the rows as they are, since moving the origin is meaningful
        only together with lengths.
    weights : (n,) float64
    trim : float
        Share of the words left out.
    centre : bool
        Whether to align the means of the two tables first. This changes cosines within b. Use it if the
        words of one table share a direction that the other table lacks.

    Raises
    ------
    OptionError
        If ``trim`` is not from 0 up to a half.
    InputError
        If b has more dimensions than a, or fewer words than dimensions are left to fit.
    """
    if not 0 <= trim < 0.5:
        raise OptionError(f"is a share from 0 up to a half, not {trim}", field="trim")
    _check_sizes(a, b, trim)
    if not centre:
        a, b = unit_rows(a), unit_rows(b)
    size = len(a) - int(trim * len(a))
    kept = np.ones(len(a), bool)
    for _ in range(_ROUNDS):
        rotation = _fit(a, b, weights, kept, centre)
        away = np.square(rotation.apply(b) - a).sum(axis=1)
        closest = np.zeros(len(a), bool)
        closest[np.argsort(away, kind="stable")[:size]] = True
        if np.array_equal(closest, kept):
            break
        kept = closest
    return rotation


def _check_sizes(a: Table, b: Table, trim: float) -> None:
    if b.shape[1] > a.shape[1]:
        raise InputError(
            f"a table cannot be rotated into fewer dimensions: this one has {b.shape[1]} and the other "
            f"{a.shape[1]}",
            remedy="swap them, or choose the method relative",
        )
    fitted = len(a) - int(trim * len(a))
    if fitted < b.shape[1]:
        raise InputError(
            f"rotating {b.shape[1]} dimensions takes as many shared words, and only {fitted} are left to fit",
            remedy="choose the method relative, a smaller --min-count, or a table of fewer dimensions",
        )


def _fit(a: Table, b: Table, weights: NDArray[np.float64], kept: NDArray[np.bool_], centre: bool) -> Rotation:
    one, other, shares = a[kept], b[kept], weights[kept]
    if not centre:
        return Rotation(procrustes(one, other, shares), kept)
    target, origin = ((shares @ rows) / shares.sum() for rows in (one, other))
    return Rotation(procrustes(one - target, other - origin, shares), kept, origin, target)


def rotate_onto(
    a: Vectors, b: Vectors, shared: SharedWords, *, trim: float = TRIM, centre: bool = False
) -> tuple[Vectors, Rotation]:
    """All words of b in the space of a, and the rotation."""
    rows_a, rows_b = a.vectors[shared.rows_a], b.vectors[shared.rows_b]
    rotation = fit_rotation(rows_a, rows_b, shared.weights, trim=trim, centre=centre)
    return Vectors(b.index_to_key, rotation.apply(b.vectors), sources=b.sources, counts=b.counts), rotation
