"""Candidates for compressed vectors: a method for the rows, and the number of words with their own row.

The first words, which are the most frequent, keep rows; each of the others shares the row of the nearest
word kept. So a file of fewer rows or, in principal axes, of fewer dimensions is a prefix of a larger
one, in two dimensions (after Kusupati et al., 2022, *Matryoshka Representation Learning*, which trains this).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Bytes
from selfvec.data.vectors import Vectors
from selfvec.numerics.nearest import nearest_rows
from selfvec.numerics.quantization import CODES, decode, encode
from selfvec.transforms.principal_axes import PrincipalAxes

SHARES = (1.0, 0.5, 0.25, 0.125)  # of the words that keep a row
_CUTS = (1, 2, 4)  # parts of the dimensions that int8 keeps
_GROUPS = (4, 5, 8, 10, 15, 20, 30)  # columns of a code of product quantisation
_HEADER = 1024  # bytes, at most


@dataclass(frozen=True)
class Candidate:
    """A way to write vectors."""

    method: str  # of `selfvec.numerics.quantization`
    rows: int  # words with a row of their own
    dimensions: int
    groups: int = 1  # codes of a row; pq only

    def bytes(self, words: int, vocabulary: int) -> int:
        """The largest size of its file, for a number of words whose names take ``vocabulary`` bytes."""
        row = {"float16": 2 * self.dimensions, "int8": self.dimensions + 4, "pq": self.groups}
        row["binary"] = -(-self.dimensions // 8)
        shared = {"pq": 2 * CODES * self.dimensions, "binary": 4 * self.dimensions}.get(self.method, 0)
        return self.rows * row[self.method] + shared + 4 * (words - self.rows) + vocabulary + _HEADER


def candidates(words: int, width: int, vocabulary: int, below: int | None) -> list[Candidate]:
    """All candidates that fit, the smallest first.

    With a size limit, product quantisation has as many codes per row as fit. Other methods are tried only
    with the most rows that fit, because fewer rows are not better.
    """
    shares = [max(1, round(words * share)) for share in SHARES]
    plain = [
        ("float16", width),
        ("binary", width),
        *(("int8", width // cut) for cut in _CUTS if width >= cut),
    ]
    groups = {-(-width // size) for size in _GROUPS}
    found = [[Candidate(method, rows, size) for rows in shares] for method, size in plain]
    found += [[Candidate("pq", rows, width, number) for number in groups] for rows in shares]

    def size(one: Candidate) -> int:
        return one.bytes(words, vocabulary)

    if below is None:
        return sorted((one for kind in found for one in kind), key=size)
    fitting = [max(fits, key=size) for kind in found if (fits := [one for one in kind if size(one) <= below])]
    return sorted(set(fitting), key=size)


class Packed:
    """A candidate's file before it is written.

    Attributes
    ----------
    arrays : dict of arrays
        The encoded unit rows.
    fidelity : float
        Mean cosine of the rows and the decoded rows.
    """

    def __init__(self, vectors: Vectors, one: Candidate, vocabulary: Bytes, seed: int) -> None:
        rows = vectors.unit
        self._words = vectors.index_to_key
        if one.dimensions < rows.shape[1]:
            rows = PrincipalAxes(one.dimensions).fit_transform(vectors).vectors
        self.arrays = encode(rows[: one.rows], one.method, one.groups, seed) | {"vocabulary": vocabulary}
        if one.rows < len(rows):
            none = np.full(len(rows) - one.rows, -1)
            near, _ = nearest_rows(vectors.unit[one.rows :], vectors.unit[: one.rows], none, 1)
            self.arrays["mapped"] = np.maximum(near[:, 0], 0).astype(np.uint32)
        known = rows.any(axis=1)
        cosines = np.einsum("ij,ij->i", rows, self.decoded().unit)  # truncated rows are shorter than 1
        self.fidelity = float(cosines[known].mean())

    @property
    def bytes(self) -> int:
        """The size of the arrays."""
        return sum(array.nbytes for array in self.arrays.values())

    def decoded(self) -> Vectors:
        """The vectors as `selfvec.load` reads them."""
        rows = decode(
            {name: self.arrays[name] for name in self.arrays if name not in ("mapped", "vocabulary")}
        )
        if "mapped" in self.arrays:
            rows = np.concatenate([rows, rows[self.arrays["mapped"]]])
        return Vectors(self._words, rows)
