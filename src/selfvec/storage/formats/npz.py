"""NumPy's .npz: an archive of a matrix and its words. Archives with pickled Python objects are refused."""

from __future__ import annotations

import mmap
import zipfile
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Array
from selfvec.base.untrusted import decoding
from selfvec.data.vectors import Vectors

from .checked_vectors import checked_matrix, checked_vectors
from .input_file import Input, largest_unpacked, unpack
from .npy import npy_array
from .words import decode_words, encode_words

__all__ = ["read", "sniff", "write"]

_LONGEST_DIRECTORY = 1 << 20  # bytes, of a zip archive
_MOST_MEMBERS = 100


def sniff(source: Input) -> bool:
    """A zip archive of .npy files."""
    length = int.from_bytes(source.data[26:28], "little")
    return source.data[:4] == b"PK\x03\x04" and source.data[30 : 30 + length].endswith(b".npy")


def read(source: Input) -> Vectors:
    """Read an .npz: one matrix, and the words as an array of strings or (as written here) of UTF-8 bytes."""
    arrays = _members(source)
    matrices = [name for name, array in arrays.items() if array.ndim == 2]
    if len(matrices) != 1:
        raise source.error(
            f"an .npz holds one matrix, this one holds {len(matrices)} (of {', '.join(arrays) or 'nothing'})",
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
    return checked_vectors(words, checked_matrix(arrays[matrices[0]], source), source)


def _members(source: Input) -> dict[str, Array]:
    """The arrays of an archive, unpacked within a common limit."""
    arrays: dict[str, Array] = {}
    room = largest_unpacked(len(source.data))
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
        self.data = data
        self.place = 0
        self.most = _LONGEST_DIRECTORY

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


def write(vectors: Vectors, path: Path) -> None:
    """Write ``vectors`` and ``vocabulary`` (UTF-8 bytes, a newline after every word)."""
    vocabulary = np.frombuffer(encode_words(vectors.index_to_key), np.uint8)
    with path.open("wb") as file:
        np.savez(file, vectors=vectors.vectors, vocabulary=vocabulary, allow_pickle=False)
