"""Whitening that keeps the orientation: what stops a space from collapsing into its strongest direction."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from selfvec.base.threads import by_blocks, one_core

__all__ = ["spectrum", "whitening", "zca"]

Table = NDArray[np.float32]


def zca(
    table: Table, power: float, rows: NDArray[np.bool_] | None = None, *, out: Table | None = None
) -> Table:
    """Whiten and turn back: (M - μ) U Λ^(-p) Uᵀ, from the eigenvectors of the d × d covariance.

    Unlike whitening by principal components it keeps the orientation, so a word stays comparable with what
    it was.

    Parameters
    ----------
    table : (V, d) float32
    power : float
        p: 0.5 is full whitening, 0.35 to 0.5 works well, below 0.25 the collapse begins to show.
    rows : (V,) bool, optional
        Which rows mean and covariance are taken from; all where not given.
    out : (V, d) float32, optional
        Where the result goes; ``table`` itself will do.

    Returns
    -------
    (V, d) float32, not normalised
    """
    shift, turn = whitening(table, power, rows)
    result = np.empty_like(table) if out is None else out

    def whiten(part: slice) -> None:
        result[part] = (table[part] - shift) @ turn

    deque(by_blocks(len(table), whiten), maxlen=0)
    return result


def whitening(
    table: Table, power: float, rows: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What `zca` takes off a row, (d,), and what it then multiplies it with, (d, d)."""
    mean, values, vectors = spectrum(table, rows)
    floor = max(float(values[-1]), 1e-300) * 1e-6  # directions without variance are noise, not to be blown up
    scales = np.where(values > floor, np.maximum(values, floor) ** -power, 0.0)
    return mean.astype(np.float32), ((vectors * scales) @ vectors.T).astype(np.float32)


def spectrum(table: Table, rows: NDArray[np.bool_] | None = None) -> tuple[NDArray[np.float64], ...]:
    """Mean of some rows, eigenvalues, rising, and eigenvectors (columns) of their covariance, all float64.

    One look at the table: in float64 the mean's square may be taken off at the end.
    """
    width, number = table.shape[1], 0
    total, moment = np.zeros(width), np.zeros((width, width))

    def sums(part: slice) -> tuple[int, NDArray[np.float64], NDArray[np.float64]]:
        block = (table[part] if rows is None else table[part][rows[part]]).astype(np.float64)
        return len(block), np.ones(len(block)) @ block, block.T @ block

    for size, added, product in by_blocks(len(table), sums):
        number += size
        total += added
        moment += product
    mean = total / max(number, 1)
    with one_core():
        values, vectors = np.linalg.eigh(moment / max(number, 1) - np.outer(mean, mean))
    return mean, np.clip(values, 0, None), vectors
