"""Plain matrices: .npy with the words in a second file, .npz and safetensors with both, and run folders.

Pickled Python objects, which NumPy could put into its files, are refused, because reading them runs code. An
.npy or safetensors matrix is mapped. A safetensors file written here holds ``vectors``, ``sources``,
``vocabulary`` (UTF-8 bytes, a newline after every word) and, if known, ``counts``. A safetensors file of
another program is read if it holds one matrix, with words or a tokenizer next to it. A run folder holds such
a file and its ``vocabulary.txt``.
"""

from __future__ import annotations

import io
import math
import mmap
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from selfvec.base import text_files
from selfvec.base.arrays import Array
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.base.untrusted import decoding
from selfvec.data.vectors import Vectors

from .pieces import read_pieces
from .source import (
    Input,
    as_table,
    columns,
    decode_words,
    encode_words,
    finish,
    plausible,
    read_vocabulary,
    unpack,
)

_RUN = ("run.json", "vocabulary.txt", "vectors.safetensors")
_LONGEST_HEADER = 10_000  # bytes, as in NumPy
_LONGEST_DIRECTORY = 1 << 20  # bytes, of a zip archive
_MOST_MEMBERS = 100


def sniff_npy(source: Input) -> bool:
    """NumPy's magic string."""
    return source.data[:6] == b"\x93NUMPY"


def read_npy(source: Input) -> Vectors:
    """Read an .npy matrix and the vocabulary next to it."""
    matrix = as_table(npy_array(source), source)
    return finish(read_vocabulary(_vocabulary_beside(source), len(matrix), source), matrix, source)


def _vocabulary_beside(source: Input) -> Path:
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


def npy_array(source: Input) -> Array:
    """The array of an .npy file as a read-only view; its size is first checked against the file."""
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
    count = math.prod(shape)
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
    """Write the matrix to ``path`` and the words to a .vocabulary.txt next to it."""
    words = encode_words(vectors.index_to_key)
    path.with_name(f"{path.stem}.vocabulary.txt").write_bytes(words)
    with path.open("wb") as file:
        rows = np.ascontiguousarray(vectors.vectors)
        npy.write_array_header_1_0(file, npy.header_data_from_array_1_0(rows))
        file.write(rows.data)  # unlike numpy.save, this keeps the error number of a full disk


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
            f"an .npz holds one matrix, this one holds {len(tables)} (of {', '.join(arrays) or 'nothing'})",
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


def _members(source: Input) -> dict[str, Array]:
    """The arrays of an archive, unpacked within a common limit."""
    arrays: dict[str, Array] = {}
    room = plausible(len(source.data))
    file = _Archive(source.data)
    with decoding(source.path, "NumPy archive"), zipfile.ZipFile(file) as archive:
        file.most = len(source.data)
        members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        if len(members) > _MOST_MEMBERS:
            rule = f"an .npz of vectors holds a few arrays, this one holds {len(members):,}"
            raise source.error(rule, remedy="save vectors and vocabulary only")
        for info in members:
            with archive.open(info) as member:
                data = unpack(member, room, source.path)
            room -= len(data)
            arrays[info.filename.removesuffix(".npy")] = npy_array(Input(source.path, data))
    return arrays


class _Archive:
    """The bytes of a zip archive as a file. `zipfile` reads its directory at once, so its size is limited."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self.data, self.place, self.most = data, 0, _LONGEST_DIRECTORY

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = 0) -> int:
        self.place = offset + (0, self.place, len(self.data))[whence]
        if self.place < 0:
            raise OSError("the position is before the beginning of the file")
        return self.place

    def read(self, size: int = -1) -> bytes:
        size = len(self.data) - self.place if size < 0 else size
        if size > self.most:
            raise ValueError(f"its directory takes {size:,} bytes")
        found = self.data[self.place : self.place + size]
        self.place += len(found)
        return found


def write_npz(vectors: Vectors, path: Path) -> None:
    """Write ``vectors`` and ``vocabulary`` (UTF-8 bytes, a newline after every word)."""
    vocabulary = np.frombuffer(encode_words(vectors.index_to_key), np.uint8)
    with path.open("wb") as file:
        np.savez(file, vectors=vectors.vectors, vocabulary=vocabulary, allow_pickle=False)


def sniff_safetensors(source: Input) -> bool:
    """A length that fits the file, then a JSON object."""
    length = int.from_bytes(source.data[:8], "little")
    return source.data[8:9] == b"{" and 2 <= length <= len(source.data) - 8


def read_safetensors(source: Input) -> Vectors:
    """Read a file written here, or one with a single matrix and its words next to it."""
    if source.unpacked:
        raise source.error("is compressed, so it cannot be mapped", remedy="unpack it first")
    tensors = map_tensors(source.path)
    tables = [name for name, tensor in tensors.items() if tensor.ndim == 2]
    if "vectors" in tables:
        tables = ["vectors"]
    if len(tables) != 1:
        names = ", ".join(tensors)[:80] or "nothing"
        raise source.error(
            f"vectors are one matrix, but this file holds {len(tables)} ({names})",
            remedy="export the embeddings alone",
        )
    matrix = as_table(tensors[tables[0]], source)
    if "vocabulary" in tensors:
        words = decode_words(tensors["vocabulary"].tobytes(), source)
    elif _is_run(source.path.parent):
        vocabulary = source.path.with_name("vocabulary.txt")
        with decoding(vocabulary, "vocabulary"):
            words = text_files.read_vocabulary(vocabulary)
    elif source.siblings("tokenizer.json"):
        return read_pieces(source, source.path.with_name("tokenizer.json"), tables[0])
    else:
        words = read_vocabulary(_vocabulary_beside(source), len(matrix), source)
    return finish(words, matrix, source, **columns(tensors, source, len(matrix)))


def write_safetensors(vectors: Vectors, path: Path) -> None:
    """Write matrix, words, sources and counts into one self-contained file."""
    tensors: dict[str, Array] = {} if vectors.counts is None else {"counts": vectors.counts}
    tensors |= {  # widest numbers first, so that all begin at aligned addresses
        "vectors": vectors.vectors,
        "sources": vectors.sources,
        "vocabulary": np.frombuffer(encode_words(vectors.index_to_key), np.uint8),
    }
    write_tensors(path, tensors)


def _is_run(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _RUN)


def sniff_run(source: Input) -> bool:
    """A folder with a run's three main files."""
    return _is_run(source.path)


def read_run(source: Input) -> Vectors:
    """Read the refined vectors of a run folder."""
    if not _is_run(source.path):
        raise source.error(
            f"a run folder holds {', '.join(_RUN)}, but this one does not", remedy="name the folder of a run"
        )
    return read_safetensors(source.open(source.path / "vectors.safetensors"))
