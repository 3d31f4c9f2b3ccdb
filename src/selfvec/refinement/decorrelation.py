"""The base of the vectors, and one pass of the decorrelated update: E ← unit(zca(A·E)).

The base is the original vectors without the direction that all of them share: `online` pulls words back to
it, `decorrelated` starts from it and anchors words to it. A·E is the weighted sum of each word's neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Ints, Mask, Rows
from selfvec.base.threads import by_blocks, each_block, one_core
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.files.memory import release
from selfvec.numerics.rows import anisotropy, unit_in_place, unit_rows
from selfvec.numerics.whitening import spectrum, whitened, whitening

# Chosen on development data (word similarity after PubMed, two sets of vectors); see docs/results/gains.md.
# With γ near 0 *the* and *of* would decide a sum. Below an exponent of .25 the collapse begins to show.
GAMMA = 0.4  # a neighbour of frequency r counts r^-γ
POWER = 0.4  # of the whitening; 0.5 is full whitening
# GoogleNews gains by it. The built-in vectors, whose words share no direction, are better as they are.
_TOP_DIRECTIONS = 2  # removed from a base with a shared direction: they carry frequency, not meaning
_SHARED = 0.03  # mean cosine of two words from which vectors have a shared direction


@dataclass(frozen=True, eq=False)
class Base:
    """Unit rows of the original vectors without their shared direction, computed when they are read.

    If two random words have a mean cosine of `_SHARED` or more, the rows are centred and their two strongest
    directions are removed (all-but-the-top, Mu & Viswanath, 2018). ``base[part]`` returns the rows of a slice
    or of an array of row numbers. No second matrix of all rows is kept in memory.
    """

    rows: AnyFloats  # (V, d), unit rows, zeros for words without a vector
    filled: Mask  # (V,): rows that hold a vector
    projection: tuple[Floats, Rows] | None  # what is removed: the mean, (d,), and a matrix, (d, d)

    @classmethod
    def of(
        cls,
        rows: AnyFloats,  # (V, d)
        filled: Mask,  # (V,): rows that hold a vector; the others become zero
    ) -> Base:
        """Find out whether the rows share a direction."""
        unit = _unit_filled(rows, filled)
        return cls(unit, filled, _shared_directions(unit, filled))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """(V, d)."""
        return self.rows.shape

    def __getitem__(self, part: slice | Ints) -> Rows:
        rows: Rows = self.rows[part]
        if self.projection is None:
            return rows
        shift, remover = self.projection
        with one_core():
            projected = unit_rows((rows - shift) @ remover)
        release(rows)
        projected[~self.filled[part]] = 0
        return projected

    def copy_to(self, out: Rows, where: Mask) -> None:
        """Write the rows where ``where``, (V,) bool, is true into ``out``, (V, d), in threads."""

        def copy(part: slice) -> None:
            if where[part].any():
                own = self[part]
                np.copyto(out[part], own, where=where[part, None])
                release(own)

        each_block(len(out), copy)


def _shared_directions(rows: Rows, filled: Mask) -> tuple[Floats, Rows] | None:
    """What `Base` removes: the mean, (d,), and a matrix, (d, d); None if the rows share no direction."""
    leaving = min(_TOP_DIRECTIONS, rows.shape[1] // 16)  # with few dimensions each one carries meaning
    if not (leaving and np.count_nonzero(filled) > leaving and anisotropy(rows) >= _SHARED):
        return None
    mean, _, top = spectrum(rows, filled, leaving)
    with one_core():
        remover = (np.eye(rows.shape[1]) - top @ top.T).astype(np.float32)
    return mean.astype(np.float32), remover


def base_vectors(rows: AnyFloats, filled: Mask) -> Rows:
    """All rows of `Base`, (V, d) float32; a read-only view of ``rows`` if nothing changes."""
    base = Base.of(rows, filled)
    if base.projection is None:
        return base.rows
    out = np.empty_like(base.rows)
    base.copy_to(out, np.ones(len(out), bool))
    return out


def _unit_filled(rows: AnyFloats, filled: Mask) -> Rows:
    """Unit rows where filled, zeros elsewhere; a read-only view if the rows have this form."""
    if rows.dtype == np.float32 and all(by_blocks(len(rows), partial(_is_unit, rows, filled))):
        same = rows.view()
        same.flags.writeable = False
        return same
    out = unit_rows(rows)
    out[~filled] = 0
    return out


def _is_unit(rows: AnyFloats, filled: Mask, part: slice) -> bool:
    squares = np.einsum("ij,ij->i", rows[part], rows[part])
    release(rows[part])
    return bool(np.all(np.abs(squares - filled[part]) <= 1e-6 * filled[part]))


def start_from_neighbours(base: Rows, filled: Mask, operator: ScanOperator) -> Rows:
    """Initial vectors, (V, d) float32: the base, or the unit sum of the neighbours for words without one."""
    if filled.all():
        return base
    out = unit_in_place(operator.apply(base))
    np.copyto(out, base, where=filled[:, None])
    return out


def decorrelate(
    rows: Rows,
    operator: ScanOperator,
    out: Rows | None = None,
) -> Rows:
    """One pass, (V, d) float32: the whitened, weighted sum of each word's neighbours, unit or zero rows.

    The result is written to ``out`` if given, which may be ``rows`` itself.
    """
    summed = operator.apply(rows, out)
    # Words without neighbours have rows of zeros, which would pull the mean and shrink the covariance.
    occurring = operator.degrees > 0
    shift, whitener = whitening(summed, POWER, occurring)
    return whitened(summed, occurring, shift, whitener, summed)
