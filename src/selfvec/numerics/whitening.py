"""Principal axes, and whitening, so that no direction dominates a space.

Whitening is (M - μ) U Λ^(-p) Uᵀ, from the eigenvectors of the d × d covariance. Unlike whitening by principal
components it rotates back, so a word can still be compared with its previous vector. The whitening exponent p
is 0.5 for full whitening. 0.35 to 0.5 works well; below 0.25 the largest directions begin to dominate again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Doubles, Floats, Mask, Rows
from selfvec.base.memory import release
from selfvec.base.threads import ROW_BLOCK, by_blocks, one_core, sum_of_blocks

from .rows import unit_rows


def whitened(
    matrix: Rows,
    occurs: Mask,  # (V,): words with neighbours; the others would only get the shift
    shift: Floats,
    factor: Floats,
    out: Rows | None = None,  # may be ``matrix``
    jobs: int | None = None,
) -> Rows:
    """Unit rows of (M - shift) · factor, (V, d), in threads; zeros for words that do not occur."""
    result = np.empty_like(matrix) if out is None else out

    def whiten(part: slice) -> None:
        rows = unit_rows((matrix[part] - shift) @ factor)
        rows[~occurs[part]] = 0
        result[part] = rows

    deque(by_blocks(len(matrix), whiten, jobs), maxlen=0)
    return result


def whitening(matrix: Rows, exponent: float, rows: Mask | None = None) -> tuple[Floats, Floats]:
    """The shift μ, (d,), that is subtracted from a row, and the matrix it is then multiplied by, (d, d).

    ``rows``, (V,), selects the rows that mean and covariance are computed from.
    """
    mean, spread = covariance(matrix, rows)
    return mean.astype(np.float32), whitening_matrix(spread, exponent)


def whitening_matrix(spread: Doubles, exponent: float, least: float | None = None) -> Floats:
    """U Λ^(-p) Uᵀ of a covariance U Λ Uᵀ, (d, d).

    Variances below ``least`` are raised to ``least``. By default, directions with less than a millionth of
    the largest variance are removed as noise.
    """
    with one_core():
        values, vectors = np.linalg.eigh(spread)
        values = np.clip(values, 0, None)
        floor = max(float(values[-1]), 1e-300) * 1e-6 if least is None else least
        scales = np.maximum(values, floor) ** -exponent
        if least is None:
            scales[values <= floor] = 0.0
        factor: Floats = ((vectors * scales) @ vectors.T).astype(np.float32)
    return factor


def covariance(matrix: Array, rows: Mask | None = None) -> tuple[Doubles, Doubles]:
    """Mean, (d,), and covariance, (d, d), of some rows, in one pass.

    The mean of the first block is subtracted from all blocks. They are multiplied in the precision of the
    matrix (at least float32) and added in float64.
    """

    def block(part: slice) -> AnyFloats:
        return matrix[part] if rows is None else matrix[part][rows[part]]

    width = matrix.shape[1]
    number = 0
    total = np.zeros(width)
    moment = np.zeros((width, width))
    first = block(slice(0, ROW_BLOCK))
    near = first.sum(axis=0, dtype=np.result_type(matrix, np.float32)) / max(len(first), 1)

    def sums(part: slice) -> tuple[int, AnyFloats, AnyFloats]:
        centred = block(part) - near
        release(matrix[part])
        return len(centred), centred.sum(axis=0), centred.T @ centred

    for size, added, product in by_blocks(len(matrix), sums):
        number += size
        total += added
        moment += product
    mean = total / max(number, 1)
    return near + mean, moment / max(number, 1) - np.outer(mean, mean)


def principal_axes(matrix: AnyFloats) -> Floats:
    """Principal axes of (V, d) rows at length 1, not centred. (d, d) float32, an axis per column."""
    _, axes = axes_of_moment(second_moment(matrix.shape, lambda part: unit_rows(matrix[part])))
    return np.ascontiguousarray(axes, np.float32)


def second_moment(shape: tuple[int, ...], block: Callable[[slice], AnyFloats]) -> Doubles:
    """Sum of the outer products of all rows of a (V, d) matrix, (d, d).

    ``block`` returns the rows of a slice; it is called in several threads.
    """

    def product(part: slice) -> AnyFloats:
        matrix = block(part)
        squared = matrix.T @ matrix
        release(matrix)
        return squared

    return sum_of_blocks((shape[1], shape[1]), shape[0], product)


def axes_of_moment(moment: Doubles) -> tuple[Doubles, Doubles]:
    """Eigenvalues of a symmetric (d, d) matrix, largest first, (d,), and its eigenvectors, (d, d) columns."""
    with one_core():
        values, axes = np.linalg.eigh(moment)
    return values[::-1], axes[:, ::-1]


def axes_of_points(centred: Doubles) -> tuple[Doubles, Doubles]:
    """Squared extents of (n, d) points along r axes, largest first, (r,), and the axes, columns of (d, r)."""
    if len(centred) < centred.shape[1]:  # a few points span fewer dimensions than d
        _, strengths, rows = np.linalg.svd(centred, full_matrices=False)
        return strengths**2, rows.T
    with one_core():
        return axes_of_moment(centred.T @ centred)


def orthogonal_factor(moment: AnyFloats) -> Doubles:
    """U Vᵀ of a (d', d) matrix U S Vᵀ. For the matrix bᵀ a it is the rotation that brings b closest to a."""
    with one_core():
        u, _, v = np.linalg.svd(np.asarray(moment, np.float64), full_matrices=False)
        found: Doubles = u @ v
    return found
