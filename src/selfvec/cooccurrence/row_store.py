"""Where the rows of a large matrix go: into memory as long as they fit, else to a temporary file.

Rows arrive in order, so that spilling is nothing but appending, and the result is the same arrays either way.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import FormatError
from selfvec.base.files import atomic_folder, sha256, writing
from selfvec.base.tensors import map_tensors, read_metadata, write_tensors
from selfvec.base.vocabulary import read_vocabulary, write_vocabulary

from .counting_kernels import is_valid

__all__ = ["ENTRY_BYTES", "RowStore", "load_rows", "room", "save_rows"]

ENTRY_BYTES = 12  # of an entry: its column (int32) and its count (int64)
_FILE = "counts.safetensors"
_VOCABULARY = "vocabulary.txt"


def room(size: int, dtype: type[np.generic], *, spill: bool) -> NDArray[Any]:
    """An array to write to, (size,), in memory or in an unnamed temporary file.

    Raises
    ------
    TargetError
        If a temporary file cannot be made.
    """
    if not spill or size == 0:
        return np.empty(size, dtype)
    with writing(Path(tempfile.gettempdir())), tempfile.TemporaryFile() as file:
        return np.memmap(file, dtype, mode="w+", shape=(size,)).view(np.ndarray)  # the map keeps the file


class _Column:
    """One array that fills up, in memory or in an unnamed file.

    Parameters
    ----------
    dtype : NumPy dtype
    room : int
        Values to reserve; the system gives memory only where something is written.
    """

    def __init__(self, dtype: type[np.generic], room: int) -> None:
        self.values: NDArray[Any] = np.empty(room, dtype)
        self.filled = 0
        self.file: IO[bytes] | None = None

    def append(self, values: NDArray[Any]) -> None:
        end = self.filled + len(values)
        if self.file is not None:
            values.tofile(self.file)
        else:
            self.values[self.filled : end] = values
        self.filled = end

    def spill(self) -> None:
        """Go on in a file, which is gone as soon as nobody uses it."""
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 closed by the owner
        self.values[: self.filled].tofile(self.file)
        self.values = np.empty(0, self.values.dtype)

    def finish(self) -> NDArray[Any]:
        if self.file is None:
            self.values.resize(self.filled, refcheck=False)  # gives the rest back, in place
            return self.values
        self.file.flush()
        return np.memmap(self.file, self.values.dtype, mode="r", shape=(self.filled,)).view(np.ndarray)


class RowStore:
    """Collects the rows of a sparse matrix in order.

    Parameters
    ----------
    sizes : (V,) int64
        The most entries each row can have.
    memory : int
        Bytes of entries that stay in memory; when there are more, all of them go to temporary files in the
        system's folder for these (``TMPDIR``).

    Raises
    ------
    TargetError
        If a temporary file cannot be written.
    """

    def __init__(self, sizes: NDArray[np.int64], memory: int) -> None:
        self.indptr = np.zeros(len(sizes) + 1, np.int64)
        self.row, self.memory = 0, memory
        room = min(int(sizes.sum()), memory // ENTRY_BYTES)
        self._columns = (_Column(np.int32, room), _Column(np.int64, room))

    def __enter__(self) -> RowStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for column in self._columns:
            if column.file is not None:
                column.file.close()

    @property
    def spilled(self) -> bool:
        """Whether the rows are in temporary files."""
        return self._columns[0].file is not None

    def append(self, lengths: NDArray[np.int64], indices: NDArray[np.int32], data: NDArray[np.int64]) -> None:
        """Add rows: (R,) lengths, and the (n,) columns and counts of all of them, which are copied."""
        end = self.row + len(lengths)
        np.cumsum(lengths, out=self.indptr[self.row + 1 : end + 1])
        self.indptr[self.row + 1 : end + 1] += self.indptr[self.row]
        self.row = end
        with writing(Path(tempfile.gettempdir())):
            if not self.spilled and int(self.indptr[end]) * ENTRY_BYTES > self.memory:
                for column in self._columns:
                    column.spill()
            self._columns[0].append(indices)
            self._columns[1].append(data)

    def finish(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """(V + 1,) indptr, (n,) indices and (n,) data, the last two memory-mapped where spilled."""
        with writing(Path(tempfile.gettempdir())):
            indices, data = (column.finish() for column in self._columns)
        return self.indptr, indices, data


def save_rows(
    folder: str | os.PathLike[str],
    arrays: dict[str, NDArray[Any]],
    types: list[str],
    metadata: dict[str, str],
    *,
    overwrite: bool = False,
) -> None:
    """Write a matrix and its vocabulary as a folder, whole or not at all."""
    with atomic_folder(folder, overwrite=overwrite) as fresh:
        write_vocabulary(fresh / _VOCABULARY, types)
        digest = {"vocabulary_sha256": sha256(fresh / _VOCABULARY)}
        write_tensors(fresh / _FILE, arrays, metadata | digest)


def load_rows(
    folder: str | os.PathLike[str],
) -> tuple[dict[str, NDArray[Any]], list[str], dict[str, str]]:
    """Memory-map what `save_rows` wrote, checked.

    Returns
    -------
    arrays : dict
        ``indptr`` (V + 1,) int64, ``indices`` (n,) int32 and ``data`` (n,) int64.
    types : list of V str
    metadata : dict of str to str

    Raises
    ------
    FormatError
        If a file is missing or damaged, or the vocabulary is not the one the counts were saved with.
    """
    path, vocabulary = Path(folder) / _FILE, Path(folder) / _VOCABULARY
    for file in (path, vocabulary):
        if not file.is_file():
            raise FormatError("a folder of counts holds this file, it is missing", path=file, remedy=_AGAIN)
    metadata = read_metadata(path)
    if metadata.get("vocabulary_sha256") != sha256(vocabulary):
        raise FormatError(
            "the vocabulary is the one the counts were saved with, this file was changed since",
            path=vocabulary,
            remedy=_AGAIN,
        )
    arrays, types = map_tensors(path), read_vocabulary(vocabulary)
    _check(path, arrays, len(types))
    return arrays, types, metadata


_AGAIN = "count the corpus again"


def _check(path: Path, arrays: dict[str, NDArray[Any]], size: int) -> None:
    for name, dtype in (("indptr", np.int64), ("indices", np.int32), ("data", np.int64)):
        array = arrays.get(name)
        if array is None or array.ndim != 1 or array.dtype != dtype:
            raise FormatError(
                f"counts have a one-dimensional tensor of {np.dtype(dtype).name}",
                path=path,
                field=name,
                remedy=_AGAIN,
            )
    if len(arrays["indptr"]) != size + 1:
        raise FormatError(
            f"counts have a row for each of the {size:,} words, this file has {len(arrays['indptr']) - 1:,}",
            path=path,
            remedy=_AGAIN,
        )
    if not is_valid(arrays["indptr"], arrays["indices"], arrays["data"]):
        raise FormatError(
            "rows follow each other, columns rise within a row, and counts are at least 1; these are damaged",
            path=path,
            remedy=_AGAIN,
        )
