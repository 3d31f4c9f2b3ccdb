"""Meta-embeddings: tables of several sources, of any dimensions, joined into one.

Concatenation lays unit rows side by side, so that a cosine is the mean of the tables' cosines (Yin and
Schütze, 2016, *Learning word meta-embeddings*). The average of rows is nearly as good in fewer dimensions
(Coates and Bollegala, 2018, *Frustratingly easy meta-embedding*), here after each table is rotated onto the
widest. Generalised canonical correlation analysis finds the directions in which the tables agree: with rows
X_j whitened to Y_j = X_j C_j^(-1/2), the principal axes of [Y_1 Y_2 ...] (Rastogi, Van Durme and Arora, 2015,
*Multiview LSA*). A table may hold anything that has words as names: vectors of images, of the nodes of a
graph, of a caption's grounded space.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.alignment.tables import fit_rotation
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import axes_of_moment, covariance, whitening_matrix
from selfvec.storage.formats import load

from .method import Transform

__all__ = ["Join"]

_RIDGE = 1e-2  # of the largest variance of a table, under which no direction is stretched further
_NOWHERE = np.zeros(1, np.float32)

Table = NDArray[np.float32]
Known = NDArray[np.bool_]
Map = tuple[Table, Table]
"""What is subtracted from a table's unit rows, (d,), and the matrix they are then multiplied by, (d, D)."""


class Join(Transform):
    """The table and ``others`` joined into one.

    Parameters
    ----------
    others : sequence of Vectors or path
        The tables to join with. One that composes words does so for the words of all.
    how : "average", "concatenate" or "gcca"
        Rows rotated onto each other and averaged, side by side, or by generalised canonical correlation.
    words : "union" or "intersection"
        All words, or those that every table knows. In a union a table counts nothing for a word that it does
        not know.
    dimensions : int, optional
        Of gcca: how many; by default those of the widest table.
    """

    def __init__(
        self,
        others: Sequence[Vectors | str | os.PathLike[str]] = (),
        how: str = "average",
        words: str = "union",
        dimensions: int | None = None,
    ) -> None:
        for name, value, known in (
            ("method", how, tuple(_WAYS)),
            ("vocabulary", words, ("union", "intersection")),
        ):
            if value not in known:
                raise OptionError.one_of(value, known, field=name)
        if dimensions is not None and how != "gcca":
            raise OptionError(f"{how} has no choice of dimensions", field="dimensions", remedy="leave it out")
        if not others:
            raise OptionError("join needs another table", field="with")
        self.others, self.how, self.words, self.dimensions = others, how, words, dimensions

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """The joined table, of unit rows; first the words of the given table, then those of the others."""
        others = [other if isinstance(other, Vectors) else load(other) for other in self.others]
        tables = [vectors, *others]
        words = list(dict.fromkeys(word for table in tables for word in table))
        parts = [unit_rows(table.lookup(words)[0]) for table in tables]
        known: Known = np.stack([np.any(part != 0, axis=1) for part in parts])
        kept = (np.all if self.words == "intersection" else np.any)(known, axis=0)
        shared = int(np.all(known, axis=0).sum())
        if not shared:
            raise InputError(
                "the tables share no word that has a vector in all",
                remedy="check that they are of one language and casing",
            )
        maps = _WAYS[self.how](parts, known, self.dimensions)
        self.report_ = {"shared": shared, "known": [int(each.sum()) for each in known]}
        composer = None
        if self.words == "union" and any(table.composer is not None for table in tables):
            composer = partial(_joined, tables, maps)
        words = [word for word, one in zip(words, kept.tolist(), strict=True) if one]
        return Vectors(words, _joined(tables, maps, words), composer=composer, normalized=True)


def _identity(parts: list[Table], known: Known, dimensions: int | None) -> list[Map]:
    """Each table in columns of its own, (d, sum of d)."""
    del known, dimensions
    ends = np.cumsum([part.shape[1] for part in parts])
    whole = np.eye(ends[-1], dtype=np.float32)
    return [(_NOWHERE, whole[end - part.shape[1] : end]) for part, end in zip(parts, ends, strict=True)]


def _rotations(parts: list[Table], known: Known, dimensions: int | None) -> list[Map]:
    """Each table onto the widest, (d, widest), by the words that both know."""
    del dimensions
    widest = max(range(len(parts)), key=lambda i: parts[i].shape[1])
    maps = []
    for part, there in zip(parts, known, strict=True):
        both = known[widest] & there
        rotation = fit_rotation(parts[widest][both], part[both], np.ones(int(both.sum())), trim=0)
        maps.append((_NOWHERE, rotation.matrix.astype(np.float32)))
    return maps


def _canonical(parts: list[Table], known: Known, dimensions: int | None) -> list[Map]:
    """Each table onto the directions in which all agree, (d, dimensions)."""
    shared: Known = np.all(known, axis=0)
    white: list[Map] = []
    for part in parts:
        mean, spread = covariance(part, shared)
        largest = float(axes_of_moment(spread)[0][0])
        white.append((mean.astype(np.float32), whitening_matrix(spread, 0.5, least=_RIDGE * largest)))
    among = np.concatenate(
        [(part[shared] - mean) @ turn for part, (mean, turn) in zip(parts, white, strict=True)], axis=1
    )
    width = max(part.shape[1] for part in parts) if dimensions is None else dimensions
    if not 1 <= width <= among.shape[1]:
        rule = f"the tables have {among.shape[1]} dimensions together, not {width}"
        raise OptionError(rule, field="dimensions", remedy=f"choose 1 to {among.shape[1]}")
    axes = axes_of_moment(among.T.astype(np.float64) @ among)[1][:, :width].astype(np.float32)
    ends = np.cumsum([len(mean) for mean, _ in white])
    return [(mean, turn @ axes[end - len(mean) : end]) for (mean, turn), end in zip(white, ends, strict=True)]


def _joined(tables: list[Vectors], maps: list[Map], words: Sequence[str]) -> Table:
    """Unit rows of words: the sum over the tables that know a word, each in the common space."""
    total = np.zeros((len(words), maps[0][1].shape[1]), np.float32)
    for table, (shift, turn) in zip(tables, maps, strict=True):
        part = unit_rows(table.lookup(words)[0])
        there = np.any(part != 0, axis=1)
        total[there] += (part[there] - shift) @ turn
    return unit_rows(total)


_WAYS: dict[str, Callable[[list[Table], Known, int | None], list[Map]]] = {
    "average": _rotations,
    "concatenate": _identity,
    "gcca": _canonical,
}
