"""Turning one table upon another: orthogonal Procrustes on shared words, those that moved most left out.

    R = argmin Σ_w g_w · |b_w R - a_w|²  over R with orthonormal rows  =  U Vᵀ,   U S Vᵀ = Bᵀ G A

(Schönemann, 1966, *A generalized solution of the orthogonal Procrustes problem*). A turn changes no cosine
within a table: that is why it is a fair way to bring two together. A table of fewer dimensions is laid into
the space of the wider one, with nothing lost; the other way round would lose some, and is refused.

Least squares let the words that changed pull at the rest. So the fit is trimmed: a share of the words, those
that lie farthest off, is left out and the rest fitted again, until the same words stay out (least trimmed
squares: Rousseeuw, 1984; the concentration steps of Rousseeuw and Van Driessen, 2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

from .shared_words import Shared

__all__ = ["TRIM", "Turn", "fit_turn", "rotation", "turn_onto"]

TRIM = 0.1  # share of the shared words that do not take part in the fit
_ROUNDS = 50  # of leaving out and fitting again; a handful is usual
_BLOCK = 8192  # rows turned at a time

Float = NDArray[np.floating[Any]]
Table = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Turn:
    """From the space of one table into that of another.

    Parameters
    ----------
    matrix : (d', d) float64
        Orthonormal rows, d' ≤ d.
    kept : (n,) bool
        Which of the shared words took part.
    origin, target : (d',) and (d,) float64, optional
        Where rows are centred before, and moved to after; nowhere where not given.
    """

    matrix: NDArray[np.float64]
    kept: NDArray[np.bool_]
    origin: NDArray[np.float64] | None = None
    target: NDArray[np.float64] | None = None

    def apply(self, rows: Float) -> Table:
        """Turned rows, (m, d') -> (m, d) float32; zeros stay zeros."""
        out = np.zeros((len(rows), self.matrix.shape[1]), np.float32)
        for start in range(0, len(rows), _BLOCK):
            block = np.asarray(rows[start : start + _BLOCK])
            if self.origin is None or self.target is None:
                out[start : start + _BLOCK] = block.astype(np.float64) @ self.matrix
                continue
            moved = (block - self.origin) @ self.matrix + self.target
            out[start : start + _BLOCK] = np.where(np.any(block != 0, axis=1, keepdims=True), moved, 0)
        return out


def rotation(a: Float, b: Float, weights: Float | None = None) -> NDArray[np.float64]:
    """The orthogonal map that brings b nearest to a in weighted least squares.

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
    >>> rotation(a, a @ quarter).round(6).tolist() == quarter.T.tolist()
    True
    """
    one = np.asarray(a, np.float64)
    u, _, v = np.linalg.svd(
        (b if weights is None else b * weights[:, None]).T.astype(np.float64) @ one, False
    )
    found: NDArray[np.float64] = u @ v
    return found


def fit_turn(
    a: Table, b: Table, weights: NDArray[np.float64], *, trim: float = TRIM, centre: bool = False
) -> Turn:
    """The trimmed fit of b's rows upon a's, of the same n words.

    Parameters
    ----------
    a, b : (n, d) and (n, d') float
        Directions are fitted, whatever the rows' lengths; with ``centre`` the rows as they are, since an
        origin can only be moved where lengths mean something.
    weights : (n,) float64
    trim : float
        Share of the words left out.
    centre : bool
        Whether the two clouds' centres are laid upon one another first. That moves b's origin, and with it
        every cosine within b: it is for a table whose words share a direction that the other table lacks.

    Raises
    ------
    OptionError
        If the share is not from 0 up to a half.
    InputError
        If b has more dimensions than a, or there are fewer words than b has dimensions.
    """
    if not 0 <= trim < 0.5:
        raise OptionError(f"is a share from 0 up to a half, not {trim}", field="trim")
    _check_sizes(a, b, trim)
    if not centre:
        a, b = unit_rows(a), unit_rows(b)
    size = len(a) - int(trim * len(a))
    kept = np.ones(len(a), bool)
    for _ in range(_ROUNDS):
        turn = _fit(a, b, weights, kept, centre)
        away = np.square(turn.apply(b) - a).sum(axis=1)
        closest = np.zeros(len(a), bool)
        closest[np.argsort(away, kind="stable")[:size]] = True
        if np.array_equal(closest, kept):
            break
        kept = closest
    return turn


def _check_sizes(a: Table, b: Table, trim: float) -> None:
    if b.shape[1] > a.shape[1]:
        raise InputError(
            f"a table is turned into a space of at least its own dimensions, this one has {b.shape[1]} and "
            f"the other {a.shape[1]}",
            remedy="change their order, or choose the method relative",
        )
    fitted = len(a) - int(trim * len(a))
    if fitted < b.shape[1]:
        raise InputError(
            f"turning {b.shape[1]} dimensions takes as many shared words, here are {fitted} to fit",
            remedy="choose the method relative, a smaller least count, or a table of fewer dimensions",
        )


def _fit(a: Table, b: Table, weights: NDArray[np.float64], kept: NDArray[np.bool_], centre: bool) -> Turn:
    one, other, shares = a[kept], b[kept], weights[kept]
    if not centre:
        return Turn(rotation(one, other, shares), kept)
    target, origin = ((shares @ rows) / shares.sum() for rows in (one, other))
    return Turn(rotation(one - target, other - origin, shares), kept, origin, target)


def turn_onto(
    a: Vectors, b: Vectors, shared: Shared, *, trim: float = TRIM, centre: bool = False
) -> tuple[Vectors, Turn]:
    """All of b's words in a's space, and how they came there."""
    turn = fit_turn(
        a.vectors[shared.rows_a], b.vectors[shared.rows_b], shared.weights, trim=trim, centre=centre
    )
    return Vectors(b.index_to_key, turn.apply(b.vectors), sources=b.sources, counts=b.counts), turn
