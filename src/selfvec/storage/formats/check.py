"""What a table must satisfy to become `Vectors`, and what a writer must check first.

All formats share these rules: what counts as broken, what ``errors="replace"`` mends, and how errors read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.data.vectors import Composer, Float, Source, Vectors

from .source import Input

__all__ = [
    "as_table",
    "columns",
    "decode_words",
    "encode_words",
    "finish",
    "first_not_finite",
    "read_vocabulary",
    "writing_by_polars",
]

_COLUMNS = {"sources": (np.dtype("u1"), max(Source)), "counts": (np.dtype("<i8"), 1 << 62)}
_BLOCK = 1 << 22  # numbers checked at a time
_LENIENT = "use --vectors-errors replace (in Python, errors='replace')"


def finish(
    words: Sequence[str],
    matrix: Float,
    source: Input,
    *,
    first_line: int | None = None,
    notes: Sequence[str] = (),
    composer: Composer | None = None,
    **columns: Any,
) -> Vectors:
    """Check a table and make `Vectors` of it.

    Parameters
    ----------
    words : sequence of V str
    matrix : (V, d) float32 or float16
    source : Input
        Decides whether a repeated word is an error, or its first row is kept and a note made, and how many
        rows are kept.
    first_line : int, optional
        The line of the first row, in text formats; errors then name lines instead of rows.
    notes, composer, columns
        Passed to `Vectors`: the notes in its provenance, the columns as ``sources`` and ``counts``.

    Raises
    ------
    FormatError
        If the table is empty, a number is not finite, or (strict) a word occurs twice.
    """
    if 0 in matrix.shape:
        raise source.error("holds no vectors")
    if len(words) != len(matrix):
        raise source.error(
            f"every row has a word, there are {len(words)} words for {len(matrix)} rows",
            remedy="put the right vocabulary with the matrix",
        )
    if source.limit is not None:
        words, matrix = words[: source.limit], matrix[: source.limit]
        columns = {name: column[: source.limit] for name, column in columns.items()}

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
        return Vectors(words, matrix, composer=composer, provenance=provenance, **columns)
    except InputError:  # a word occurs twice
        first: dict[str, int] = {}
        twice = [row for row, word in enumerate(words) if first.setdefault(word, row) != row]
    word = words[twice[0]]
    where = f"{word[:40]!r} in {place(first[word])} and again in {place(twice[0])}"
    if source.errors == "strict":
        remedy = f"remove one of them or {_LENIENT}, which keeps the first"
        line = None if first_line is None else twice[0] + first_line
        raise source.error(f"words are unique, this file holds {where}", line=line, remedy=remedy)
    provenance["notes"].append(f"{len(twice)} rows left out because their word occurs earlier: {where}")
    keep = np.fromiter(first.values(), np.int64, len(first))
    columns = {name: column[keep] for name, column in columns.items()}
    return Vectors(list(first), matrix[keep], composer=composer, provenance=provenance, **columns)


def columns(tensors: dict[str, NDArray[Any]], source: Input, rows: int) -> dict[str, Any]:
    """``sources`` and ``counts``, each (rows,), if the file has them."""
    found = {name: tensors[name] for name in _COLUMNS if name in tensors}
    for name, column in found.items():
        dtype, most = _COLUMNS[name]
        fits = column.shape == (rows,) and column.dtype == dtype and rows
        if not fits or not 0 <= column.min() <= column.max() <= most:
            raise source.error(f"{name} are {rows} numbers from 0 to {most} as {dtype}, these are not")
    return found


def first_not_finite(matrix: Float) -> int | None:
    """The first row of a (V, d) matrix that holds NaN or infinity, or None."""
    step = max(1, _BLOCK // max(1, matrix.shape[1]))
    for start in range(0, len(matrix), step):
        finite = np.isfinite(matrix[start : start + step])
        if not finite.all():
            return start + int(np.argmin(finite.all(axis=1)))
    return None


def as_table(array: NDArray[Any], source: Input) -> Float:
    """A 2-D numeric array as a C-ordered (V, d) float32 or float16 matrix; a view if it is one already."""
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise source.error(
            f"a table is two-dimensional and numeric, this one is {array.dtype} of shape {array.shape}",
            remedy="save the right array",
        )
    kept = array.dtype.kind == "f" and array.dtype.itemsize <= 4
    dtype = array.dtype.newbyteorder("=") if kept else np.dtype(np.float32)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(np.require(array, dtype, "A"))


def decode_words(data: bytes, source: Input, *, first_line: int | None = None) -> list[str]:
    """Words from UTF-8 bytes with a newline behind each (optional behind the last).

    Raises
    ------
    FormatError
        If the bytes are not UTF-8 and the source is read strictly.
    """
    data = data.removesuffix(b"\n")
    try:
        return data.decode(errors=source.errors).split("\n")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start)
        which = f"word {row + 1}" if first_line is None else "the one of this line"
        raise source.error(
            f"words are UTF-8, {which} is not",
            line=None if first_line is None else row + first_line,
            remedy=f"re-encode the file or {_LENIENT}, which puts U+FFFD there",
        ) from None


def read_vocabulary(path: Path, rows: int, source: Input) -> list[str]:
    """The words of a text file with one per line, as many as the matrix of ``source`` has ``rows``."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", path=path, remedy="check the path") from error
    if data.count(b"\r\n") == data.count(b"\n"):
        data = data.replace(b"\r\n", b"\n")
    words = decode_words(data, Input(path, errors=source.errors), first_line=1) if data else []
    if len(words) != rows:
        raise FormatError(
            f"a vocabulary has a word for every row of its matrix, this one has {len(words)} for {rows}",
            path=path,
            remedy="put the right vocabulary beside the matrix",
        )
    return words


@contextmanager
def writing_by_polars() -> Iterator[None]:
    """Restore the operating system's error number, which Polars wraps in an error of its own."""
    try:
        yield
    except Exception as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from error


def encode_words(words: Sequence[str], forbidden: str = "\n\r") -> bytes:
    """Words as UTF-8, each with a newline behind it.

    Raises
    ------
    OptionError
        If a word holds a ``forbidden`` character or is not valid Unicode.
    """
    text = "\n".join(words)
    for character in forbidden:
        if text.count(character) > (len(words) - 1 if character == "\n" else 0):
            word = next(word for word in words if character in word)
            raise OptionError(
                f"this format cannot hold the word {word[:40]!r}: it contains {character!r}",
                remedy="rename the word or choose another format (safetensors refuses line breaks only)",
            )
    try:
        return (text + "\n").encode()
    except UnicodeEncodeError as error:
        raise OptionError(
            f"words are Unicode text, one holds the lone surrogate {text[error.start]!r}",
            remedy="rename the word",
        ) from None
