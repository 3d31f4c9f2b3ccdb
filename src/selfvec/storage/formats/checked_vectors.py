"""What a vectors file holds, checked: words (UTF-8, one per line, in it or next to it), matrix, columns."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats, Array
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.data.vectors import Source, Vectors
from selfvec.files.tensors import first_not_finite

from .input_file import Input

_BOM = "\ufeff".encode()


def lenient(source: Input) -> str:
    """The remedy for words that are not UTF-8 or occur twice: a command, since not all have such a flag."""
    mended = shlex.join(["selfvec", "vectors", "convert", str(source.path), "-o", "mended.safetensors"])
    return f"mend it by: {mended} --vectors-errors replace (in Python, errors='replace')"


def decode_words(data: bytes, source: Input, *, first_line: int | None = None) -> list[str]:
    """Words from UTF-8 bytes with a newline after each (optional after the last)."""
    data = data.removesuffix(b"\n")
    try:
        return data.decode(errors=source.errors).split("\n")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start)
        which = f"word {row + 1}" if first_line is None else "the one of this line"
        raise source.error(
            f"words are UTF-8, but {which} is not",
            line=None if first_line is None else row + first_line,
            remedy=f"re-encode the file, or {lenient(source)}, which puts U+FFFD there",
        ) from None


def encode_words(words: Sequence[str], forbidden: str = "\n\r") -> bytes:
    """Words as UTF-8, each with a newline after it."""
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


def read_vocabulary(path: Path, rows: int, source: Input) -> list[str]:
    """The words of a text file with one per line, as many as the matrix of ``source`` has ``rows``.

    A byte order mark and carriage returns at the ends of lines, which editors write, belong to no word.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", path=path, remedy="check the path") from error
    data = data.removeprefix(_BOM).replace(b"\r\n", b"\n").removesuffix(b"\r")
    words = decode_words(data, Input(path, errors=source.errors), first_line=1) if data else []
    if len(words) != rows:
        raise FormatError(
            f"a vocabulary has a word for every row of its matrix, but this one has {len(words)} for {rows}",
            path=path,
            remedy="put the right vocabulary next to the matrix",
        )
    return words


def vocabulary_beside(source: Input) -> Path:
    """The text file with the words of a matrix file."""
    names = ("{}.vocabulary.txt", "{}.vocab.txt", "vocabulary.txt", "vocab.txt")
    found = source.siblings(*names)
    if not found:
        stem = Path(source.path.name).stem
        raise source.error(
            "holds a matrix without words",
            remedy=f"put the words, one per line, into {names[0].format(stem)} next to it",
        )
    return found[0]


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
        remedy = f"remove one of them, or {lenient(source)}, which keeps the first"
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
