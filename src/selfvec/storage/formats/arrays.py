"""NumPy's own files: .npy with the words in a text file beside it, and .npz with both inside.

Pickled Python objects, which NumPy could put into its files, are refused: reading them runs code. An .npy
matrix is mapped.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from selfvec.base.files import atomic_file
from selfvec.data.vectors import Vectors

from .check import as_table, decode_words, encode_words, finish, read_vocabulary
from .source import Input, decoding, unpack

__all__ = ["read_npy", "read_npz", "sniff_npy", "sniff_npz", "vocabulary_beside", "write_npy", "write_npz"]

_LONGEST_HEADER = 10_000  # bytes, as in NumPy


def sniff_npy(source: Input) -> bool:
    """NumPy's magic string."""
    return source.data[:6] == b"\x93NUMPY"


def read_npy(source: Input) -> Vectors:
    """Read an .npy matrix and the vocabulary beside it."""
    matrix = as_table(_array(source), source)
    return finish(read_vocabulary(vocabulary_beside(source), len(matrix), source), matrix, source)


def vocabulary_beside(source: Input) -> Path:
    """The text file with the words of a matrix file."""
    names = ("{}.vocabulary.txt", "{}.vocab.txt", "vocabulary.txt", "vocab.txt")
    found = source.siblings(*names)
    if not found:
        stem = Path(source.path.name).stem
        raise source.error(
            "holds a matrix without words",
            remedy=f"put the words, one per line, into {names[0].format(stem)} beside it",
        )
    return found[0]


def _array(source: Input) -> NDArray[Any]:
    """The array of an .npy file as a read-only view; its size is checked against the file's first."""
    with decoding(source.path, "NumPy array"):
        head = io.BytesIO(source.data[: _LONGEST_HEADER + 16])
        version = npy.read_magic(head)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read_header(head, max_header_size=_LONGEST_HEADER)
        if min(shape, default=0) < 0:
            raise ValueError(f"the shape is {shape}")
    if dtype.hasobject:
        raise source.error(
            "holds pickled Python objects, which could run code when read",
            remedy="save a plain float32 matrix with numpy.save",
        )
    count = 1
    for length in shape:
        count *= length
    if count * dtype.itemsize > len(source.data) - head.tell():
        raise source.error(
            f"the header says {dtype} of shape {shape}, the file is {len(source.data)} bytes long"
        )
    if count * dtype.itemsize == 0:
        raise source.error("holds an empty array")
    with decoding(source.path, "NumPy array"):
        flat = source.array(dtype, count, head.tell())
        return flat.reshape(shape, order="F" if fortran else "C")


def write_npy(vectors: Vectors, path: Path) -> None:
    """Write the matrix to ``path`` and the words to a .vocabulary.txt beside it."""
    words = encode_words(vectors.index_to_key)
    beside = path.with_name(f"{path.stem}.vocabulary.txt")
    with atomic_file(beside) as vocabulary, atomic_file(path) as matrix:
        vocabulary.write_bytes(words)
        with matrix.open("wb") as file:
            rows = np.ascontiguousarray(vectors.vectors)
            npy.write_array_header_1_0(file, npy.header_data_from_array_1_0(rows))
            file.write(rows.data)  # unlike numpy.save, keeps the error's number when the disk is full


def sniff_npz(source: Input) -> bool:
    """A zip archive of .npy files."""
    length = int.from_bytes(source.data[26:28], "little")
    return source.data[:4] == b"PK\x03\x04" and source.data[30 : 30 + length].endswith(b".npy")


def read_npz(source: Input) -> Vectors:
    """Read an .npz: one matrix, and the words as an array of strings or (as written here) of UTF-8 bytes."""
    arrays = _members(source)
    tables = [name for name, array in arrays.items() if array.ndim == 2]
    if len(tables) != 1:
        raise source.error(
            f"an .npz holds one matrix, this one has {len(tables)} (of {', '.join(arrays) or 'nothing'})",
            remedy="save vectors and vocabulary only",
        )
    texts = [array for array in arrays.values() if array.ndim == 1 and array.dtype.kind in "US"]
    if "vocabulary" in arrays and arrays["vocabulary"].dtype == np.uint8:
        words = decode_words(arrays["vocabulary"].tobytes(), source)
    elif len(texts) != 1:
        raise source.error(
            "holds a matrix without words", remedy="save the words with it: an array of strings named 'words'"
        )
    elif texts[0].dtype.kind == "U":
        with decoding(source.path, "array of words"):
            words = texts[0].tolist()
    else:
        words = decode_words(b"\n".join(texts[0].tolist()) + b"\n", source)
    return finish(words, as_table(arrays[tables[0]], source), source)


def _members(source: Input) -> dict[str, NDArray[Any]]:
    """The arrays of an archive, each unpacked within limits."""
    arrays = {}
    file = io.BytesIO(source.data[:]) if source.unpacked else source.path
    with decoding(source.path, "NumPy archive"), zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.filename.endswith(".npy"):
                with archive.open(info) as member:
                    data = unpack(member, info.compress_size, source.path)
                arrays[info.filename.removesuffix(".npy")] = _array(Input(source.path, data))
    return arrays


def write_npz(vectors: Vectors, path: Path) -> None:
    """Write ``vectors`` and ``vocabulary`` (UTF-8 bytes, a newline behind every word)."""
    vocabulary = np.frombuffer(encode_words(vectors.index_to_key), np.uint8)
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, vectors=vectors.vectors, vocabulary=vocabulary, allow_pickle=False)
