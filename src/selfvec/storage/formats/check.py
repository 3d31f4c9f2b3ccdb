"""What every table must satisfy before it becomes `Vectors`, and what every writer must establish first.

Kept in one place so that all formats agree: what counts as broken, what ``errors="replace"`` mends, and how
the error reads.
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
_BLOCK = 1 << 22  # numbers looked at in one go
_LENIENT = "use --vectors-errors replace (in Python, errors='replace')"


def finish(
    words: Sequence[str],
    matrix: Float,
    source: Input,
    errors: str,
    *,
    first_line: int | None = None,
    notes: Sequence[str] = (),
    composer: Composer | None = None,
    sources: NDArray[np.uint8] | None = None,
    counts: NDArray[np.int64] | None = None,
) -> Vectors:
    """Check a table and make `Vectors` of it.

    Parameters
    ----------
    words : sequence of V str
    matrix : (V, d) float32 or float16
    errors : {"strict", "replace"}
        Whether a word standing twice is an error, or its first row is kept and a note made.
    first_line : int, optional
        The line the first row stands on, in text formats; errors then name lines instead of rows.
    notes, composer, sources, counts : optional
        Handed to `Vectors`, the notes in its provenance.

    Raises
    ------
    FormatError
        If the table is empty, a number is not finite, or (strict) a word stands twice.
    """
    if 0 in matrix.shape:
        raise source.error("holds no vectors", remedy="get the file again")
    if len(words) != len(matrix):
        raise source.error(
            f"every row has a word, there are {len(words)} words for {len(matrix)} rows",
            remedy="put the right vocabulary with the matrix",
        )

    def place(row: int) -> str:
        return f"row {row + 1}" if first_line is None else f"line {row + first_line}"

    bad = first_not_finite(matrix)
    if bad is not None:
        where = "" if first_line is not None else f" ({place(bad)})"
        rule = f"vectors hold finite numbers, the one of {words[bad][:40]!r}{where} holds NaN or inf"
        line = None if first_line is None else bad + first_line
        raise source.error(rule, line=line, remedy="remove the row or mend the number")
    said = {"notes": list(notes)}
    try:
        return Vectors(words, matrix, sources=sources, counts=counts, composer=composer, provenance=said)
    except InputError:  # a word stands twice
        first: dict[str, int] = {}
        twice = [row for row, word in enumerate(words) if first.setdefault(word, row) != row]
    word = words[twice[0]]
    where = f"{word[:40]!r} in {place(first[word])} and again in {place(twice[0])}"
    if errors == "strict":
        remedy = f"remove one of them or {_LENIENT}, which keeps the first"
        line = None if first_line is None else twice[0] + first_line
        raise source.error(f"words are unique, this file holds {where}", line=line, remedy=remedy)
    said["notes"].append(f"{len(twice)} rows left out because their word stands further up: {where}")
    keep = np.fromiter(first.values(), np.int64, len(first))
    return Vectors(
        list(first),
        matrix[keep],
        sources=None if sources is None else sources[keep],
        counts=None if counts is None else counts[keep],
        composer=composer,
        provenance=said,
    )


def columns(tensors: dict[str, NDArray[Any]], source: Input, rows: int) -> dict[str, Any]:
    """Those of ``sources`` and ``counts`` that are there, each (rows,)."""
    found = {name: tensors[name] for name in _COLUMNS if name in tensors}
    for name, column in found.items():
        dtype, most = _COLUMNS[name]
        fits = column.shape == (rows,) and column.dtype == dtype and rows
        if not fits or not 0 <= column.min() <= column.max() <= most:
            raise source.error(
                f"{name} are {rows} numbers from 0 to {most} as {dtype}, these are not",
                remedy="the file may be damaged: get it again",
            )
    return found


def first_not_finite(matrix: Float) -> int | None:
    """The first row of a (V, d) matrix with NaN or infinity in it, or None."""
    step = max(1, _BLOCK // max(1, matrix.shape[1]))
    for start in range(0, len(matrix), step):
        finite = np.isfinite(matrix[start : start + step])
        if not finite.all():
            return start + int(np.argmin(finite.all(axis=1)))
    return None


def as_table(array: NDArray[Any], source: Input) -> Float:
    """A 2-D numeric array as a C-ordered (V, d) float32 or float16 matrix; a view where it is one already."""
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise source.error(
            f"a table is two-dimensional and numeric, this one is {array.dtype} of shape {array.shape}",
            remedy="save the right array",
        )
    kept = array.dtype.kind == "f" and array.dtype.itemsize <= 4
    dtype = array.dtype.newbyteorder("=") if kept else np.dtype(np.float32)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(np.require(array, dtype, "A"))


def decode_words(data: bytes, source: Input, errors: str, *, first_line: int | None = None) -> list[str]:
    """Words from UTF-8 bytes in which each ends with a newline (the last one may do without).

    Raises
    ------
    FormatError
        If the bytes are not UTF-8 and ``errors`` is strict.
    """
    data = data.removesuffix(b"\n")
    try:
        return data.decode().split("\n")
    except UnicodeDecodeError as error:
        if errors == "replace":
            return data.decode(errors="replace").split("\n")
        row = data.count(b"\n", 0, error.start)
        which = f"word {row + 1}" if first_line is None else "the one of this line"
        raise source.error(
            f"words are UTF-8, {which} is not",
            line=None if first_line is None else row + first_line,
            remedy=f"re-encode the file or {_LENIENT}, which puts U+FFFD there",
        ) from None


def read_vocabulary(path: Path, rows: int, errors: str) -> list[str]:
    """The words of a text file with one a line, as many as the matrix has ``rows``."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", path=path, remedy="check the path") from error
    if data.count(b"\r\n") == data.count(b"\n"):
        data = data.replace(b"\r\n", b"\n")
    words = decode_words(data, Input(path, b""), errors, first_line=1) if data else []
    if len(words) != rows:
        raise FormatError(
            f"a vocabulary has a word for every row of its matrix, this one has {len(words)} for {rows}",
            path=path,
            remedy="put the right vocabulary beside the matrix",
        )
    return words


@contextmanager
def writing_by_polars() -> Iterator[None]:
    """Give the operating system's errors, which Polars puts into its own, their numbers back."""
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
