"""Compressed vectors: a safetensors file with codes, where several words may share a row.

A file holds the arrays of `selfvec.numerics.quantization` for R rows, and

    vocabulary   UTF-8 bytes, a newline after every word, compressed with Zstandard
    mapped       the row that each of the last V - R words shares with one of the first R; absent if R is V

Its metadata are ``format``, ``method``, and ``provenance`` as JSON, which records how texts are tokenised.
The rows are unpacked to float32 when the file is read, at most to 256 times its size.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Array, Bytes
from selfvec.base.compressed_files import decompressed, zstd
from selfvec.base.tensors import map_tensors, read_metadata, write_tensors
from selfvec.base.untrusted import decoding
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.quantization import CODES, PER_ROW, decode, encode

from .checked_vectors import checked_vectors
from .input_file import Input, largest_unpacked, unpack
from .words import decode_words, encode_words

__all__ = ["packed_words", "read", "sniff", "write", "write_as"]

FORMAT = "selfvec compressed 1"
_LEVEL = 19  # of Zstandard
_SMALL = 1 << 26  # bytes; up to this size rows may be unpacked from a file of any size
_HIGHEST_RATIO = 256
_SHARED = {"scales": "<f4", "codebooks": "<f2", "empty": "<i4", "mapped": "<u4", "vocabulary": "u1"}

Tensors = Mapping[str, Array]


def packed_words(vectors: Vectors) -> Bytes:
    """The words as they are written."""
    return np.frombuffer(zstd.compress(encode_words(vectors.index_to_key), _LEVEL), np.uint8)


def write(path: Path, tensors: Tensors, method: str, provenance: Mapping[str, Any] | None = None) -> None:
    """Write arrays, including ``vocabulary``, to a new file."""
    metadata = {"format": FORMAT, "method": method, "provenance": json.dumps(provenance or {})}
    widest_first = sorted(tensors.items(), key=lambda item: -item[1].itemsize)  # so that all are aligned
    write_tensors(path, dict(widest_first), metadata)


def write_as(vectors: Vectors, path: Path, method: str) -> None:
    """Write vectors by a method of `selfvec.numerics.quantization`."""
    rows = np.asarray(vectors.vectors, np.float32)
    write(path, {**encode(rows, method), "vocabulary": packed_words(vectors)}, method)


def sniff(source: Input) -> bool:
    """The header of a safetensors file that names this format."""
    length = int.from_bytes(source.data[:8], "little")
    head = source.data[8 : 8 + min(length, 1 << 16)]
    return head[:1] == b"{" and json.dumps(FORMAT).encode() in head


def read(source: Input) -> Vectors:
    """Read and unpack compressed vectors."""
    if source.unpacked:
        raise source.error("is compressed twice", remedy="unpack the outer file first")
    tensors = map_tensors(source.path)
    _check(tensors, source)
    packed = tensors["vocabulary"].tobytes()
    with decoding(source.path, "compressed vocabulary"):
        text = unpack(decompressed(io.BytesIO(packed), packed), largest_unpacked(len(packed)), source.path)
        words = decode_words(text[:], source)
        provenance = json.loads(read_metadata(source.path).get("provenance", "{}"))
    with np.errstate(over="ignore", invalid="ignore"):  # numbers of a damaged file are checked below
        matrix = decode({name: tensors[name] for name in tensors if name not in ("mapped", "vocabulary")})
        if "mapped" in tensors:
            matrix = np.concatenate([matrix, matrix[tensors["mapped"]]])
        sources = np.where(matrix.any(axis=1), Source.KNOWN, Source.NONE).astype(np.uint8)
    found = checked_vectors(words, matrix, source, sources=sources)
    found.provenance |= provenance if isinstance(provenance, dict) else {}
    return found


def _check(tensors: Tensors, source: Input) -> None:
    """Raise a `FormatError` if an array does not fit the others, or the rows would be too large."""
    own = next((name for name in PER_ROW if name in tensors), "codes")
    codes = tensors.get(own, np.zeros(0))
    rows, columns = codes.shape if codes.ndim == 2 else (0, 0)
    width = _width(tensors, own, columns)
    right_width = columns == (width + 7) // 8 if own == "signs" else columns <= width
    fits = (
        {name: array.shape for name, array in tensors.items()} == _shapes(tensors, own, rows, columns)
        and all(array.dtype == np.dtype((PER_ROW | _SHARED)[name]) for name, array in tensors.items())
        and min(rows, columns, width) > 0
        and right_width
        and not any(_beyond(tensors[name], rows) for name in ("empty", "mapped") if name in tensors)
    )
    if not fits:
        shown = ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in tensors.items())[:160]
        raise source.error(f"the arrays do not fit each other: {shown}")
    size = 4 * (rows + _size(tensors, "mapped")) * width
    if size > max(_SMALL, _HIGHEST_RATIO * source.path.stat().st_size):
        raise source.error(
            f"unpacks to more than {_HIGHEST_RATIO} times its size, as no file written here does"
        )


def _width(tensors: Tensors, own: str, columns: int) -> int:
    """The number of dimensions, by the array of codes that the file has."""
    if own == "signs":
        return _size(tensors, "scales")
    if own == "codes":
        return _size(tensors, "codebooks") // CODES
    return columns


def _shapes(tensors: Tensors, own: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    """The shape that each array should have."""
    width = _width(tensors, own, columns)
    shapes: dict[str, tuple[int, ...]] = {own: (rows, columns)}
    if own == "signs":
        shapes["scales"] = (width,)
    elif own == "codes":
        shapes["codebooks"] = (CODES, width)
    elif own == "int8":
        shapes["scales"] = (rows,)
    for name in ("vocabulary", "empty", "mapped"):
        if name == "vocabulary" or name in tensors:
            shapes[name] = (_size(tensors, name),)
    return shapes


def _size(tensors: Tensors, name: str) -> int:
    return tensors[name].size if name in tensors else 0


def _beyond(numbers: Array, rows: int) -> bool:
    """Whether a number is not one of so many rows."""
    return bool(numbers.size) and not 0 <= int(numbers.min()) <= int(numbers.max()) < rows
