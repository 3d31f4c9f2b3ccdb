"""Tensor files in a folder that all workers share: local, or remote through fsspec (``s3://…``).

Every file appears whole or not at all, so a file that exists is complete. Its header holds checksums of
blocks of `ROWS` rows, so some rows of a tensor can be read and checked without the rest of the file: by range
requests if it is an object in a store. They are CRC-32, which takes less than half the time of SHA-256.
"""

from __future__ import annotations

import json
import math
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Array
from selfvec.base.atomic_files import atomic_file
from selfvec.base.errors import FormatError, InputError, MissingExtra
from selfvec.base.tensors import DTYPES, write_tensors
from selfvec.base.untrusted import decoding

__all__ = [
    "BROKEN",
    "ROWS",
    "SUFFIX",
    "Tensors",
    "exists",
    "filesystem",
    "is_remote",
    "load",
    "load_or_make",
    "make_folder",
    "packed_words",
    "remove",
    "save",
    "unpacked_words",
]

SUFFIX = ".safetensors"
BROKEN = (FormatError, FileNotFoundError)
"""The errors that `load` raises for a damaged or missing file, which must be written again."""

ROWS = 1 << 16
"""Rows of a tensor with a checksum of their own; parts of tensors begin at multiples of it."""

_MOST = 1 << 27  # bytes of a header
_HEAD = 1 << 16  # bytes of the first request: the header of most files
_CHECKSUMS = "crc32"

Tensors = dict[str, Array]


def is_remote(url: str) -> bool:
    """Whether a path is on a remote file system, such as ``s3://bucket/corpus``."""
    return "://" in url


def filesystem(url: str) -> tuple[Any, str]:
    """The file system of a path or URL, and the path in it.

    Listings are not cached, because other machines write files.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise MissingExtra("fsspec", "dask", "work on a cluster") from None
    try:
        return url_to_fs(url, use_listings_cache=False)  # type: ignore[no-any-return]
    except ImportError:
        extra = "s3" if url.startswith("s3:") else "dask"
        raise MissingExtra(f"fsspec for {url.split(':')[0]}", extra, f"reading {url}") from None
    except ValueError as error:
        raise InputError(f"cannot be opened: {error}", path=url, remedy="check the address") from None


def exists(url: str) -> bool:
    """Whether a file exists; a file that exists is complete."""
    files, path = filesystem(url)
    return bool(files.exists(path))


def make_folder(folder: str) -> None:
    """Make a new folder; stores of objects need none."""
    if not is_remote(folder):
        Path(folder).mkdir(parents=True)


def remove(url: str) -> None:
    """Delete a file or folder if it exists."""
    files, path = filesystem(url)
    if files.exists(path):
        files.rm(path, recursive=True)


def save(url: str, tensors: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors with checksums, and texts by name. The file appears when it is complete."""
    texts = dict(metadata or {})
    described = {**texts, _CHECKSUMS: json.dumps(_checksums(tensors, texts))}
    if not is_remote(url):
        # Not the folder above, which is that of the job: a late task must not make it again.
        Path(url).parent.mkdir(exist_ok=True)
        # Waiting for the disk would take longer than much of the work.
        with atomic_file(url, overwrite=True, durable=False) as path:
            write_tensors(path, tensors, described)
        return
    files, target = filesystem(url)
    with tempfile.TemporaryDirectory(prefix="selfvec-") as folder:
        local = Path(folder, "file")
        write_tensors(local, tensors, described)
        files.put_file(str(local), target)  # object stores show an object only once its upload is complete


def load(
    url: str,
    names: Sequence[str] | None = None,
    first: int = 0,
    last: int | None = None,
) -> tuple[Tensors, dict[str, str]]:
    """Tensors of a file and its texts; raises one of `BROKEN` if what is read is damaged or missing.

    Only the tensors with these ``names`` are read, or all, and of each only the rows from ``first`` to
    ``last``, which are multiples of `ROWS` or the end.
    """
    held_from = 0
    held = _read(url, 0, _HEAD)
    start = 8 + int.from_bytes(bytes(held[:8]), "little")
    if start > len(held) == _HEAD:
        held = _read(url, 0, min(start, _MOST))
    with decoding(url, "safetensors file"):
        header = json.loads(bytes(held[8:start]))
        texts = header.pop("__metadata__", {})
        sums = json.loads(texts.pop(_CHECKSUMS, "{}"))
        entries = {name: header[name] for name in names or header}
        spans = {
            name: (np.dtype(DTYPES[entry["dtype"]]), tuple(entry["shape"]), entry["data_offsets"][0])
            for name, entry in entries.items()
        }
    if sums.get("") != _checksums({}, texts)[""]:
        raise _damaged(url)
    ends = [start + offset + math.prod(shape) * dtype.itemsize for dtype, shape, offset in spans.values()]
    if not names and max(ends, default=0) > len(held):
        held_from = start
        held = _read(url, start, max(ends))

    def part(begin: int, end: int) -> memoryview:
        if begin >= held_from and end <= held_from + len(held):
            return held[begin - held_from : end - held_from]
        return _read(url, begin, end)

    tensors = {}
    for name, (dtype, shape, offset) in spans.items():
        stop = shape[0] if last is None else min(last, shape[0])
        size = math.prod(shape[1:])  # of a row
        begin, end = (start + offset + row * size * dtype.itemsize for row in (first, stop))
        data = part(begin, end)
        if len(data) < end - begin:
            raise _damaged(url)
        rows = np.frombuffer(data, dtype, size * (stop - first)).reshape(-1, *shape[1:])
        expected = sums.get(name, [])[first // ROWS : -(-stop // ROWS)]
        if list(_block_sums(name, rows, first, shape)) != expected:
            raise _damaged(url)
        tensors[name] = rows
    return tensors, texts


def _read(url: str, begin: int, end: int) -> memoryview:
    """The bytes of a file from ``begin`` to ``end``, or fewer if it ends before."""
    if not is_remote(url):  # into an array, which has large pages and can be written
        return np.fromfile(url, np.uint8, end - begin, offset=begin).data
    files, path = filesystem(url)
    return memoryview(files.cat_file(path, start=begin, end=end))


def _damaged(url: str) -> FormatError:
    return FormatError("the checksum does not match the content", path=url, remedy="delete the file")


def load_or_make(
    url: str, make: Callable[[], tuple[Tensors, Mapping[str, str]]]
) -> tuple[Tensors, Mapping[str, str]]:
    """The content of a file. If it is missing or damaged, its tensors and texts are made and saved first."""
    try:
        return load(url)
    except BROKEN:
        tensors, texts = make()
        save(url, tensors, texts)
        return tensors, texts


def _checksums(tensors: Mapping[str, Array], texts: Mapping[str, str]) -> dict[str, Any]:
    """Checksums of the blocks of each tensor by name, and under an empty name that of the texts."""
    whole = json.dumps(texts, sort_keys=True).encode()
    sums = {name: list(_block_sums(name, array, 0, array.shape)) for name, array in tensors.items()}
    return {"": zlib.crc32(whole), **sums}


def _block_sums(name: str, rows: Array, first: int, shape: tuple[int, ...]) -> Iterator[int]:
    """A checksum for every `ROWS` rows of a tensor of a ``shape``, from its row ``first`` on."""
    for start in range(0, len(rows), ROWS):
        head = zlib.crc32(f"{name} {rows.dtype} {shape} {first + start}".encode())
        yield zlib.crc32(np.ascontiguousarray(rows[start : start + ROWS]).data, head)


def packed_words(words: Sequence[str]) -> Tensors:
    """Words as tensors: their text, (bytes,) uint8, and their lengths in characters, (U,) int32.

    >>> unpacked_words(packed_words(["hail", "", "größe"]))
    ['hail', '', 'größe']
    """
    text = np.frombuffer("".join(words).encode("utf-8", "surrogatepass"), np.uint8)
    return {"text": text, "lengths": np.fromiter(map(len, words), np.int32, len(words))}


def unpacked_words(tensors: Mapping[str, Array]) -> list[str]:
    """The words of `packed_words`."""
    text = tensors["text"].tobytes().decode("utf-8", "surrogatepass")
    ends = np.cumsum(tensors["lengths"], dtype=np.int64).tolist()
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
