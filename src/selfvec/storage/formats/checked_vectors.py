"""`Vectors` from what a file holds, after checks of its words, matrix and columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats, Array
from selfvec.base.errors import InputError
from selfvec.base.tensors import first_not_finite
from selfvec.data.vectors import Source, Vectors

from .input_file import Input
from .words import LENIENT

_COLUMNS = {"sources": (np.dtype("u1"), max(Source)), "counts": (np.dtype("<i8"), 1 << 62)}
"""The dtype and the largest value of what a file may hold for each word."""


def checked_vectors(
    words: Sequence[str],
    matrix: AnyFloats,
    source: Input,
    *,
    first_line: int | None = None,
    notes: Sequence[str] = (),
    **columns: Any,
) -> Vectors:
    """`Vectors` of a (V, d) matrix, after checking that words are unique and numbers are finite.

    Text formats give the line of the first row, so that errors name lines instead of rows. ``columns`` are
    arguments of `Vectors`. If the source is not read strictly, the first row of a repeated word is kept, and
    a note is added.
    """
    if 0 in matrix.shape:
        raise source.error("holds no vectors")
    if len(words) != len(matrix):
        raise source.error(
            f"every row needs a word, but there are {len(words)} words for {len(matrix)} rows",
            remedy="put the right vocabulary with the matrix",
        )
    if source.limit is not None:
        words = words[: source.limit]
        matrix = matrix[: source.limit]
        columns = _rows(columns, slice(source.limit))

    def place(row: int) -> str:
        return f"row {row + 1}" if first_line is None else f"line {row + first_line}"

    bad = first_not_finite(matrix)
    if bad is not None:
        where = "" if first_line is not None else f" ({place(bad)})"
        rule = f"vectors hold finite numbers, the one of {words[bad][:40]!r}{where} holds NaN or inf"
        line = None if first_line is None else bad + first_line
        raise source.error(rule, line=line, remedy="remove the row or mend the number")
    provenance = {"notes": list(notes)}
    try:
        return Vectors(words, matrix, provenance=provenance, **columns)
    except InputError:  # a word occurs twice
        first: dict[str, int] = {}
        twice = [row for row, word in enumerate(words) if first.setdefault(word, row) != row]
    word = words[twice[0]]
    where = f"{word[:40]!r} in {place(first[word])} and again in {place(twice[0])}"
    if source.errors == "strict":
        remedy = f"remove one of them or {LENIENT}, which keeps the first"
        line = None if first_line is None else twice[0] + first_line
        raise source.error(f"words are unique, this file holds {where}", line=line, remedy=remedy)
    provenance["notes"].append(f"{len(twice)} rows left out because their word occurs earlier: {where}")
    keep = np.fromiter(first.values(), np.int64, len(first))
    return Vectors(list(first), matrix[keep], provenance=provenance, **_rows(columns, keep))


def _rows(columns: dict[str, Any], rows: Any) -> dict[str, Any]:
    return {name: value[rows] if name in _COLUMNS else value for name, value in columns.items()}


def checked_columns(tensors: dict[str, Array], source: Input, rows: int) -> dict[str, Any]:
    """``sources`` and ``counts``, each (rows,), if the file has them."""
    found = {name: tensors[name] for name in _COLUMNS if name in tensors}
    for name, column in found.items():
        dtype, most = _COLUMNS[name]
        fits = column.shape == (rows,) and column.dtype == dtype and rows
        if not fits or not 0 <= column.min() <= column.max() <= most:
            raise source.error(f"{name} are not {rows} numbers from 0 to {most} as {dtype}")
    return found


def checked_matrix(array: Array, source: Input) -> AnyFloats:
    """A 2-D numeric array as a C-ordered (V, d) float32 or float16 matrix, without a copy if possible."""
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise source.error(
            f"vectors are a matrix of numbers, but this is {array.dtype} of shape {array.shape}",
            remedy="save the right array",
        )
    kept = array.dtype.kind == "f" and array.dtype.itemsize <= 4
    dtype = array.dtype.newbyteorder("=") if kept else np.dtype(np.float32)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(np.require(array, dtype, "A"))
