"""NumPy's .npy: a plain matrix, which is mapped, with the words in a text file next to it.

Pickled Python objects, which NumPy could put into its files, are refused, because reading them runs code.
"""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from selfvec.data.vectors import Vectors
from selfvec.files.untrusted import decoding

from .input_file import (
    Input,
    checked_matrix,
    checked_vectors,
    encode_words,
    read_vocabulary,
    vocabulary_beside,
)

_LONGEST_HEADER = 10_000  # bytes, as in NumPy


def sniff(source: Input) -> bool:
    return source.data[:6] == b"\x93NUMPY"


def read(source: Input) -> Vectors:
    """A read-only view of the matrix; its size is first checked against the file."""
    with decoding(source.path, "NumPy array"):
        head = io.BytesIO(source.data[: _LONGEST_HEADER + 16])
        version = npy.read_magic(head)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read_header(head, max_header_size=_LONGEST_HEADER)
        if min(shape, default=0) < 0:
            raise ValueError(f"the shape is {shape}")
    if dtype.hasobject:
        rule = "holds pickled Python objects, which could run code when read"
        remedy = "save a plain float32 matrix with numpy.save"
        raise source.error(rule, remedy=remedy)
    count = math.prod(shape)
    if count * dtype.itemsize > len(source.data) - head.tell():
        raise source.error(
            f"the header says {dtype} of shape {shape}, the file is {len(source.data)} bytes long"
        )
    if count * dtype.itemsize == 0:
        raise source.error("holds an empty array")
    with decoding(source.path, "NumPy array"):
        array = source.array(dtype, count, head.tell()).reshape(shape, order="F" if fortran else "C")
    matrix = checked_matrix(array, source)
    return checked_vectors(read_vocabulary(vocabulary_beside(source), len(matrix), source), matrix, source)


def write(vectors: Vectors, path: Path) -> None:
    """Write the matrix to ``path`` and the words to a .vocabulary.txt next to it."""
    words = encode_words(vectors.index_to_key)
    path.with_name(f"{path.stem}.vocabulary.txt").write_bytes(words)
    with path.open("wb") as file:
        rows = np.ascontiguousarray(vectors.vectors)
        npy.write_array_header_1_0(file, npy.header_data_from_array_1_0(rows))
        file.write(rows.data)  # unlike numpy.save, this keeps the error number of a full disk
