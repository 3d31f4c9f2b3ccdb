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

from .source import Input, decode_words, encode_words, finish, plausible, unpack

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
        text = unpack(decompressed(io.BytesIO(packed), packed), plausible(len(packed)), source.path)
        words = decode_words(text[:], source)
        provenance = json.loads(read_metadata(source.path).get("provenance", "{}"))
    with np.errstate(over="ignore", invalid="ignore"):
        matrix = decode({name: tensors[name] for name in tensors if name not in ("mapped", "vocabulary")})
    if "mapped" in tensors:
        matrix = np.concatenate([matrix, matrix[tensors["mapped"]]])
    sources = np.where(matrix.any(axis=1), Source.KNOWN, Source.NONE).astype(np.uint8)
    found = finish(words, matrix, source, sources=sources)
    found.provenance |= provenance if isinstance(provenance, dict) else {}
    return found


def _check(tensors: Tensors, source: Input) -> None:
    """Raise a `FormatError` if an array does not fit the others, or the rows would be too large."""
    own = next((name for name in PER_ROW if name in tensors), "codes")
    codes = tensors.get(own, np.zeros(0))
    count, wide = codes.shape if codes.ndim == 2 else (0, 0)
    width: int = wide
    if own in ("signs", "codes"):
        width = _size(tensors, "scales") if own == "signs" else _size(tensors, "codebooks") // CODES
    shapes: dict[str, dict[str, tuple[int, ...]]] = {
        "signs": {"scales": (width,)},
        "codes": {"codebooks": (CODES, width)},
        "int8": {"scales": (count,)},
    }
    needed = {own: (count, wide), "vocabulary": (_size(tensors, "vocabulary"),), **shapes.get(own, {})}
    lists = {name: (_size(tensors, name),) for name in ("empty", "mapped") if name in tensors}
    known = PER_ROW | _SHARED
    fits = {name: array.shape for name, array in tensors.items()} == needed | lists
    fits = fits and all(array.dtype == np.dtype(known[name]) for name, array in tensors.items())
    fits = (
        fits
        and min(count, wide, width) > 0
        and (wide == (width + 7) // 8 if own == "signs" else wide <= width)
    )
    if not fits or any(_beyond(tensors[name], count) for name in lists):
        shown = ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in tensors.items())[:160]
        raise source.error(f"the arrays do not fit each other: {shown}")
    size = 4 * (count + _size(tensors, "mapped")) * width
    if size > max(_SMALL, _HIGHEST_RATIO * source.path.stat().st_size):
        raise source.error(
            f"unpacks to more than {_HIGHEST_RATIO} times its size, as no file written here does"
        )


def _size(tensors: Tensors, name: str) -> int:
    return tensors[name].size if name in tensors else 0


def _beyond(numbers: Array, count: int) -> bool:
    """Whether a number is not one of ``count`` rows."""
    return bool(numbers.size) and not 0 <= int(numbers.min()) <= int(numbers.max()) < count
