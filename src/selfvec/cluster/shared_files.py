"""Tensor files in a folder that all workers share: local, or remote through fsspec (``s3://…``).

Every file appears whole or not at all and holds a checksum of its tensors, so a file that exists is complete.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Array
from selfvec.base.atomic_files import atomic_file
from selfvec.base.errors import FormatError, InputError, MissingExtra
from selfvec.base.tensors import map_tensors, read_metadata, write_tensors

__all__ = [
    "BROKEN",
    "SUFFIX",
    "Tensors",
    "exists",
    "filesystem",
    "is_remote",
    "listed",
    "load",
    "load_or_make",
    "packed_words",
    "remove",
    "save",
    "unpacked_words",
]

SUFFIX = ".safetensors"
BROKEN = (FormatError, FileNotFoundError)
"""The errors that `load` raises for a damaged or missing file, which must be written again."""

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


def listed(folder: str) -> set[str]:
    """The files in a folder; the empty set if the folder does not exist."""
    files, path = filesystem(folder)
    try:
        return {f"{folder}/{name.rstrip('/').rpartition('/')[2]}" for name in files.ls(path, detail=False)}
    except FileNotFoundError:
        return set()


def remove(url: str) -> None:
    """Delete a file or folder if it exists."""
    files, path = filesystem(url)
    if files.exists(path):
        files.rm(path, recursive=True)


def save(url: str, tensors: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors with a checksum, and texts by name. The file appears when it is complete."""
    described = {**(metadata or {}), "sha256": _checksum(tensors)}
    if not is_remote(url):
        Path(url).parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(url, overwrite=True) as path:
            write_tensors(path, tensors, described)
        return
    files, target = filesystem(url)
    with tempfile.TemporaryDirectory(prefix="selfvec-") as folder:
        local = Path(folder, "file")
        write_tensors(local, tensors, described)
        files.put_file(str(local), target)  # object stores show an object only once its upload is complete


def load(url: str) -> tuple[Tensors, dict[str, str]]:
    """The memory-mapped tensors of a file and its texts; raises one of `BROKEN` if damaged or missing."""
    if not is_remote(url):
        return _checked(Path(url), url)
    files, source = filesystem(url)
    with tempfile.TemporaryDirectory(prefix="selfvec-") as folder:
        local = Path(folder, "file")
        files.get_file(source, str(local))
        return _checked(local, url)  # a mapped file stays readable after it is deleted


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


def _checked(path: Path, url: str) -> tuple[Tensors, dict[str, str]]:
    tensors = map_tensors(path)
    metadata = read_metadata(path)
    if metadata.pop("sha256", None) != _checksum(tensors):
        raise FormatError("the checksum does not match the content", path=url, remedy="delete the file")
    return tensors, metadata


def _checksum(tensors: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for name, array in tensors.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


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
