"""Principal axes, and whitening, so that no direction dominates a space.

Axes come from the d × d covariance of n rows or, if there are fewer rows than dimensions, from their n × n
inner products: vectors of language models have thousands of dimensions, and a short text few hundred words.

Whitening is (M - μ) U Λ^(-p) Uᵀ, from the eigenvectors of the covariance. Unlike whitening by principal
components it rotates back, so a word can still be compared with its previous vector. The whitening exponent p
is 0.5 for full whitening. 0.35 to 0.5 works well; below 0.25 the largest directions begin to dominate again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Doubles, Floats, Mask, Rows
from selfvec.base.threads import ROW_BLOCK, by_blocks, each_block, one_core, sum_of_blocks
from selfvec.files.memory import release

from .rows import unit_rows


def whitened(
    matrix: Rows,
    occurs: Mask,  # (V,): words with neighbours; the others would only get the shift
    shift: Floats,
    factor: Floats,
    out: Rows | None = None,  # may be ``matrix``
) -> Rows:
    """Unit rows of (M - shift) · factor, (V, d), in threads; zeros for words that do not occur."""
    result = np.empty_like(matrix) if out is None else out

    def whiten(part: slice) -> None:
        rows = unit_rows((matrix[part] - shift) @ factor)
        rows[~occurs[part]] = 0
        result[part] = rows

    each_block(len(matrix), whiten)
    return result


def whitening(matrix: Rows, exponent: float, rows: Mask | None = None) -> tuple[Floats, Floats]:
    """The shift μ, (d,), that is subtracted from a row, and the matrix it is then multiplied by, (d, d).

    ``rows``, (V,), selects the rows that mean and covariance are computed from.
    """
    axes = spectrum(matrix, rows)
    return axes.mean.astype(np.float32), axes.power(exponent)


class Spectrum(NamedTuple):
    """Principal axes of rows, and their variance along each."""

    mean: Doubles  # (d,), that was subtracted
    values: Doubles  # (r,), variances, largest first; all others are 0
    axes: Doubles  # (d, r), an axis per column

    def scaled(self, exponent: float) -> Doubles:
        """U Λ^(-p) of the covariance U Λ Uᵀ, (d, r).

        Directions with less than a millionth of the largest variance are removed as noise.
        """
        values = np.clip(self.values, 0, None)
        floor = max(float(values[0]), 1e-300) * 1e-6
        scales = np.maximum(values, floor) ** -exponent
        scales[values <= floor] = 0.0
        return self.axes * scales

    def power(self, exponent: float) -> Floats:
        """U Λ^(-p) Uᵀ, (d, d)."""
        scaled = self.scaled(exponent)
        with one_core():
            return np.asarray(scaled @ self.axes.T, np.float32)


def spectrum(matrix: Array, rows: Mask | None = None, number: int | None = None) -> Spectrum:
    """Mean and principal axes of rows of a (V, d) matrix; ``rows``, (V,), selects them.

    There are ``number`` axes, at most d, and by default those of `axes_of_points`.
    """
    if (len(matrix) if rows is None else np.count_nonzero(rows)) >= matrix.shape[1]:
        mean, spread = covariance(matrix, rows)
        values, axes = axes_of_moment(spread)
        return Spectrum(mean, values[:number], axes[:, :number])
    points = np.asarray(matrix if rows is None else matrix[rows], np.float64)
    mean = points.sum(axis=0) / max(len(points), 1)
    values, axes = axes_of_points(points - mean, number)
    return Spectrum(mean, values / max(len(points), 1), axes)


def whitening_matrix(spread: Doubles, exponent: float) -> Floats:
    """U Λ^(-p) Uᵀ of a covariance U Λ Uᵀ, (d, d), without its noise; see `Spectrum.power`."""
    return Spectrum(np.zeros(len(spread)), *axes_of_moment(spread)).power(exponent)


def covariance(matrix: Array, rows: Mask | None = None) -> tuple[Doubles, Doubles]:
    """Mean, (d,), and covariance, (d, d), of some rows, in one pass.

    The mean of the first block is subtracted from all blocks. They are multiplied in the precision of the
    matrix (at least float32) and added in float64.
    """

    def block(part: slice) -> AnyFloats:
        return matrix[part] if rows is None else matrix[part][rows[part]]

    # A mean that is nearly right is subtracted before squaring: otherwise the squares of a large mean cancel
    # out at the end, and float32 products keep nothing of a small covariance.
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


def principal_axes(matrix: AnyFloats, number: int) -> Floats:
    """The first axes of (V, d) rows at length 1, not centred. (d, number) float32, an axis per column."""
    axes = axes_of_rows(matrix.shape, lambda part: unit_rows(matrix[part]), number)[1]
    return np.ascontiguousarray(axes, np.float32)


def axes_of_rows(
    shape: tuple[int, ...], block: Callable[[slice], AnyFloats], number: int | None = None
) -> tuple[Doubles, Doubles]:
    """`axes_of_points` of a (V, d) matrix, of which ``block`` returns the rows of a slice; not centred."""
    if shape[0] < shape[1]:
        return axes_of_points(block(slice(0, shape[0])).astype(np.float64), number)
    values, axes = axes_of_moment(second_moment(shape, block))
    return values[:number], axes[:, :number]


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


def axes_of_points(points: Doubles, number: int | None = None) -> tuple[Doubles, Doubles]:
    """Squared extents of (n, d) points along r axes, largest first, (r,), and the axes, columns of (d, r).

    r is ``number``, at most d, and by default d or, if there are fewer points, the dimensions that they span.
    If ``number`` is more than these, the last axes are any others.
    """
    with one_core():
        if len(points) >= points.shape[1]:
            values, axes = axes_of_moment(points.T @ points)
            return values[:number], axes[:, :number]
        values, sides = axes_of_moment(points @ points.T)
        spanned = np.count_nonzero(values > 1e-12 * values.max(initial=0))
        values = values[:spanned][:number]
        axes = points.T @ (sides[:, : len(values)] / np.sqrt(values))
        missing = (number or 1) - len(values)
        if missing > 0:
            others = np.random.default_rng(0).standard_normal((len(axes), missing))
            axes = np.hstack([axes, np.linalg.qr(np.hstack([axes, others]))[0][:, len(values) :]])
            values = np.append(values, np.zeros(missing))
        return values, axes


def orthogonal_factor(moment: AnyFloats) -> Doubles:
    """U Vᵀ of a (d', d) matrix U S Vᵀ. For the matrix bᵀ a it is the rotation that brings b closest to a."""
    with one_core():
        u, _, v = np.linalg.svd(np.asarray(moment, np.float64), full_matrices=False)
        rotation: Doubles = u @ v
    return rotation
