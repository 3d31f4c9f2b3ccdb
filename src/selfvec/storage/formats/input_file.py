"""Vectors files from unknown sources: mapped, or unpacked within limits; and what they hold, checked.

A vectors file can be much larger than memory, so it is mapped. A compressed file is unpacked to a temporary
file and then mapped. It holds words (UTF-8, one per line, in it or next to it), a matrix and columns.
"""

from __future__ import annotations

import mmap
import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike

from selfvec.base.arrays import AnyFloats, Array
from selfvec.base.errors import FormatError, InputError, OptionError, SelfvecError
from selfvec.data.vectors import Source, Vectors
from selfvec.files.compressed_files import Readable, decompressed, is_compressed
from selfvec.files.tensors import first_not_finite
from selfvec.files.untrusted import DAMAGED, decoding, refuse_pointer
from selfvec.storage.folder_kinds import similar_paths
from selfvec.storage.public_vectors import PUBLIC_VECTORS

_CHUNK = 1 << 24  # bytes that are read at a time
_SMALL = 1 << 26  # bytes; up to this size a file may be compressed at any ratio
_HIGHEST_RATIO = 100  # text vectors compress to about a third, a decompression bomb to a thousandth
TOO_LARGE = f"unpacks to more than {_HIGHEST_RATIO} times its size, as no vectors do"


@dataclass(frozen=True)
class Input:
    """A vectors file or folder, opened for the readers."""

    path: Path
    data: bytes | mmap.mmap = b""  # the file's bytes, unpacked; empty for a folder
    unpacked: bool = False  # whether the file is compressed, so that ``data`` are not its own bytes
    errors: str = "strict"  # or "replace", "ignore": words not UTF-8 or repeated, see `selfvec.load`
    limit: int | None = None  # read the first so many rows only

    def array(self, dtype: DTypeLike, count: int, offset: int) -> Array:
        """``count`` items from byte ``offset`` on, as a read-only view of the file. (count,)"""
        return np.frombuffer(self.data, dtype, count, offset)

    def error(self, rule: str, *, remedy: str = DAMAGED, line: int | None = None) -> FormatError:
        return FormatError(rule, path=self.path, line=line, remedy=remedy)

    def rows(self, announced: int) -> int:
        return announced if self.limit is None else min(announced, self.limit)

    def siblings(self, *names: str) -> list[Path]:
        """The named files that exist in the same folder (``{}``: this file's name without suffix)."""
        stem = Path(self.path.stem).stem if self.unpacked else self.path.stem
        paths = [self.path.parent / name.format(stem) for name in names]
        return [path for path in paths if path.is_file()]

    def open(self, path: Path) -> Input:
        """Another file that belongs to this one, read with the same options."""
        return replace(open_input(path), errors=self.errors, limit=self.limit)


def open_input(path: Path) -> Input:
    """Map a file (unpacking .gz and .zst by their content), or name a folder."""
    try:
        if path.is_dir():
            next(path.iterdir(), None)  # raises if it may not be listed
            return Input(path)
        if path.exists() and not path.is_file():
            raise FormatError("is not a regular file", path=path, remedy="save the vectors to a file first")
        refuse_pointer(path)
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if not start:
                raise FormatError("is empty", path=path, remedy=DAMAGED)
            if is_compressed(start):
                data = unpack(decompressed(file, start), largest_unpacked(path.stat().st_size), path)
                return Input(path, data, unpacked=True)
            return Input(path, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        names = PUBLIC_VECTORS if path.name == str(path) else ()  # it may be the name of public vectors
        remedy = similar_paths(path, names) or "check the path"
        raise FormatError("does not exist", path=path, remedy=remedy) from None
    except (OSError, ValueError) as error:
        if isinstance(error, SelfvecError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise FormatError(f"cannot be read: {reason}", path=path, remedy="check the path") from error


def largest_unpacked(packed: int) -> int:
    """The most bytes that ``packed`` bytes on disk may unpack to."""
    return max(_SMALL, _HIGHEST_RATIO * packed)


def unpack(stream: Readable, most: int, path: Path) -> mmap.mmap:
    """All bytes of a decompressing stream, unless they are more than ``most``.

    They are written to an unnamed temporary file and mapped, since they may not fit into memory.
    """
    with tempfile.TemporaryFile() as file:
        copy_unpacked(stream, file, most, path)
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def copy_unpacked(stream: Readable, file: IO[bytes], most: int, path: Path) -> None:
    """Write all bytes of a decompressing stream; `FormatError` if there are none or more than ``most``."""
    size = 0
    while chunk := _read(stream, path):
        size += file.write(chunk)
        if size > most:
            remedy = "unpack it yourself if you trust it"
            raise FormatError(TOO_LARGE, path=path, remedy=remedy)
    if not size:
        raise FormatError("is empty once unpacked", path=path, remedy=DAMAGED)


def _read(stream: Readable, path: Path) -> bytes:
    with decoding(path, "compressed file"):
        return stream.read(_CHUNK)


# Words, matrices and columns

_BOM = "\ufeff".encode()


def lenient(source: Input) -> str:
    """The remedy for words that are not UTF-8 or occur twice: a command, since not all have such a flag."""
    command = shlex.join(["selfvec", "vectors", "convert", str(source.path), "-o", "repaired.safetensors"])
    return f"convert it: {command} --vectors-errors replace (in Python, errors='replace')"


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
            rule = f"this format cannot hold the word {word[:40]!r}: it contains {character!r}"
            remedy = "rename the word or choose another format (safetensors refuses line breaks only)"
            raise OptionError(rule, remedy=remedy)
    try:
        return (text + "\n").encode()
    except UnicodeEncodeError as error:
        rule = f"words are Unicode text, one holds the lone surrogate {text[error.start]!r}"
        raise OptionError(rule, remedy="rename the word") from None


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
    names = ("{}.vocabulary.txt", "{}.vocab.txt", "vocabulary.txt", "vocab.txt")
    paths = source.siblings(*names)
    if not paths:
        stem = Path(source.path.name).stem
        rule = "holds a matrix without words"
        remedy = f"put the words, one per line, into {names[0].format(stem)} next to it"
        raise source.error(rule, remedy=remedy)
    return paths[0]


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
        rule = f"every row needs a word, but there are {len(words)} words for {len(matrix)} rows"
        remedy = "put the right vocabulary with the matrix"
        raise source.error(rule, remedy=remedy)
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
        raise source.error(rule, line=line, remedy="remove the row or correct the number")
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
    columns = {name: tensors[name] for name in _COLUMNS if name in tensors}
    for name, column in columns.items():
        dtype, most = _COLUMNS[name]
        fits = column.shape == (rows,) and column.dtype == dtype and rows
        if not fits or not 0 <= column.min() <= column.max() <= most:
            raise source.error(f"{name} are not {rows} numbers from 0 to {most} as {dtype}")
    return columns


def native_floats(array: Array) -> AnyFloats:
    """Numbers as a C-ordered array of float32, or float16 if they are; without a copy if possible."""
    narrow = array.dtype.kind == "f" and array.dtype.itemsize <= 4  # wider ones are rounded
    dtype = array.dtype.newbyteorder("=") if narrow else np.dtype(np.float32)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(np.require(array, dtype, "A"))


def checked_matrix(array: Array, source: Input) -> AnyFloats:
    """A 2-D numeric array as a C-ordered (V, d) float32 or float16 matrix, without a copy if possible."""
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        rule = f"vectors are a matrix of numbers, but this is {array.dtype} of shape {array.shape}"
        raise source.error(rule, remedy="save the right array")
    return native_floats(array)
