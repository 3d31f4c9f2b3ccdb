"""Rows of numbers in fewer bits: float16, int8, signs, and product quantisation.

`encode` turns a (V, d) matrix into a few small arrays, and `decode` turns them back into rows. The arrays in
`PER_ROW` have a row for each word; the others are shared by all words.

    float16  half        two bytes a number
    int8     int8        a byte a number; scales: the step of each row
    binary   signs       a bit a number; scales: the mean size of each column
    pq       codes       a byte for each of m groups of columns; codebooks: the 256 sub-vectors they number

Product quantisation: H. Jégou, M. Douze and C. Schmid (2011), *Product Quantization for Nearest Neighbor
Search*. The columns are divided into m groups. In each group k-means finds 256 sub-vectors, and each row is
stored as the number of its nearest one.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from selfvec.base.arrays import Array, Floats, Int8s, Rows
from selfvec.base.threads import each_block, finish, in_order, one_core

from .kmeans import lloyd

CODINGS = ("float16", "int8", "binary", "pq")
PER_ROW = ("half", "int8", "signs", "codes")
"""The names of the arrays with a row for each word. Each method has one of them."""

CODES = 256  # sub-vectors in a codebook, so that a code is a byte
_SAMPLE = 8192  # rows that k-means learns a codebook from
_ROUNDS = 12  # of k-means
_BLOCK = 1 << 14

Codes = Mapping[str, Array]


def encode(rows: Rows, method: str, groups: int = 1, seed: int = 0) -> dict[str, Array]:
    """The arrays of a matrix, (V, d) float32, by one of `CODINGS`. ``groups`` and ``seed`` are for pq.

    Signs and codes cannot represent a row of zeros. ``empty`` holds the numbers of such rows.

    >>> rows = np.array([[0.5, -1.0], [0.0, 0.0]], np.float32)
    >>> decode(encode(rows, "int8")).round(2).tolist()
    [[0.5, -1.0], [0.0, 0.0]]
    >>> {name: array.shape for name, array in encode(rows, "binary").items()}
    {'signs': (2, 1), 'scales': (2,), 'empty': (1,)}
    """
    if method == "float16":
        return {"half": rows.astype(np.float16)}
    if method == "int8":
        codes, scales = quantised(rows)
        return {"int8": codes, "scales": scales}
    empty = np.flatnonzero(~rows.any(axis=1)).astype(np.int32)
    if method == "binary":
        sizes = np.abs(rows).sum(axis=0, dtype=np.float64) / max(len(rows) - len(empty), 1)
        signs = np.packbits(rows >= 0, axis=1)
        arrays: dict[str, Array] = {"signs": signs, "scales": sizes.astype(np.float32)}
    else:
        arrays = _product(rows, groups, seed)
    return arrays | ({"empty": empty} if len(empty) else {})


def quantised(rows: Rows) -> tuple[Int8s, Floats]:
    """Rows as whole numbers from -127 to 127, (V, d), and the scale that each row is multiplied by, (V,).

    >>> quantised(np.array([[127, -254], [0, 0]], np.float32))
    (array([[  64, -127],
           [   0,    0]], dtype=int8), array([2., 0.], dtype=float32))
    """
    codes = np.empty(rows.shape, np.int8)
    scales = np.empty(len(rows), np.float32)

    def quantise(part: slice) -> None:
        steps = np.abs(rows[part]).max(axis=1, initial=0) / np.float32(127)
        codes[part] = np.rint(rows[part] / np.where(steps > 0, steps, np.float32(1))[:, None])
        scales[part] = steps

    each_block(len(rows), quantise)
    return codes, scales


def decode(arrays: Codes) -> Rows:
    """The rows that `encode` stored, (V, d) float32."""
    if "half" in arrays:
        return np.asarray(arrays["half"], np.float32)
    if "int8" in arrays:
        return np.asarray(arrays["int8"], np.float32) * arrays["scales"][:, None]
    if "signs" in arrays:
        scales = np.asarray(arrays["scales"], np.float32)
        out = np.unpackbits(np.asarray(arrays["signs"]), axis=1, count=len(scales)).astype(np.float32)
        out *= 2 * scales
        out -= scales
    else:
        codes = arrays["codes"]
        books = np.asarray(arrays["codebooks"], np.float32)
        out = np.empty((len(codes), books.shape[1]), np.float32)
        for number, part in enumerate(groups_of(books.shape[1], codes.shape[1])):
            out[:, part] = books[:, part][codes[:, number]]
    if "empty" in arrays:
        out[arrays["empty"]] = 0
    return out


def groups_of(width: int, number: int) -> list[slice]:
    """The columns of each group. Widths differ by at most 1, the wider groups first.

    >>> [(part.start, part.stop) for part in groups_of(5, 2)]
    [(0, 3), (3, 5)]
    """
    edges = np.cumsum([0, *map(len, np.array_split(np.arange(width), number))]).tolist()
    return [slice(first, last) for first, last in pairwise(edges)]


def _product(rows: Rows, groups: int, seed: int) -> dict[str, Array]:
    """Codebooks by k-means on a sample of the rows, and the nearest code of every row."""
    rng = np.random.default_rng(seed)
    sample = rows[np.sort(rng.permutation(len(rows))[:_SAMPLE])]
    books = np.zeros((CODES, rows.shape[1]), np.float32)
    codes = np.empty((len(rows), groups), np.uint8)

    def learn(group: tuple[int, slice]) -> None:
        number, part = group
        points = np.ascontiguousarray(sample[:, part])
        centres = np.unique(points, axis=0)
        if len(centres) > CODES:
            first = np.random.default_rng((seed, number)).permutation(len(centres))[:CODES]
            centres = lloyd(points, centres[first], rounds=_ROUNDS)[1]
        centres = centres.astype(np.float16).astype(np.float32)  # as they are stored
        books[: len(centres), part] = centres
        half = np.square(centres).sum(axis=1) / 2
        for start in range(0, len(rows), _BLOCK):
            block = slice(start, start + _BLOCK)
            codes[block, number] = (half - rows[block, part] @ centres.T).argmin(axis=1)

    with one_core():
        finish(in_order(enumerate(groups_of(rows.shape[1], groups)), learn))
    return {"codes": codes, "codebooks": books.astype(np.float16)}
