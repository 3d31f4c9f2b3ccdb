"""SHA-256 checksums of files. Those of a folder are kept in the JSON file that describes it.

The description of a folder ends with ``files``, the size and SHA-256 of every other file, and ``sha256``,
its seal: that of its own bytes with these 64 digits written as zeros. Where the seal, all sizes and the
smaller files are as they were written, the folder is whole. That does not say that its author means well:
files are regular ones of the folder, and what reads them checks what they hold. The checksums of large files
are compared on request.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from selfvec.base.declarations import Kind
from selfvec.base.errors import FormatError, InputError

from .file_system import sync_file, sync_names
from .text_files import check, misfit, read_json

Checksums = dict[str, dict[str, Any]]
"""``bytes`` and ``sha256`` by path below the folder."""

T = TypeVar("T")
CHANGED = "has changed since it was written: its SHA-256 differs"
_COMPARED = 1 << 23  # bytes: hashing as many takes 7 ms; all of a run would be most of the time to open it
_TRIES = 20  # to read a folder that other processes change
_FEW = 1 << 20  # bytes: hashing as many takes no longer than starting threads does
_THREADS = 4  # hashing releases the GIL; with more of them they wait for the disk
_NONE = "0" * 64  # as long as a checksum, so that filling it in moves no byte
_ENTRY = {...: ("bytes", "sha256"), "bytes": Kind("Natural").fault, "sha256": Kind("str").fault}


def file_state(path: Path) -> list[Any]:
    """What tells without reading whether a file is unchanged: its path, its size and its time of change."""
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]


def sha256(path: str | os.PathLike[str]) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(folder: Path, names: Iterable[str]) -> Checksums:
    """Size and SHA-256 of these files of a folder, and of all in its folders; all are synced to the disk."""

    def checksum(path: Path) -> dict[str, Any]:
        entry = {"bytes": path.stat().st_size, "sha256": sha256(path)}
        sync_file(path)
        return entry

    places = [folder / name for name in names]
    within = [path for place in places for path in (place, *place.rglob("*"))]
    for path in within:
        if path.is_dir():
            sync_names(path)
    files = {path.relative_to(folder).as_posix(): path for path in sorted(within) if path.is_file()}
    with _threads(sum(path.stat().st_size for path in files.values())) as each:
        return dict(zip(files, each(checksum, files.values()), strict=True))


@contextmanager
def _threads(size: int) -> Iterator[Any]:
    """A `map` over files of so many bytes, in threads unless they are few."""
    if size <= _FEW:
        yield map
    else:
        with ThreadPoolExecutor(_THREADS) as pool:
            yield pool.map


def seal(data: Mapping[str, Any], indent: int | None = None) -> bytes:
    """A JSON object as UTF-8 with a last key ``sha256``, the checksum of these bytes.

    >>> is_sealed(seal({"p": 0.5})), is_sealed(seal({"p": 0.5}).replace(b"5", b"7", 1))
    (True, False)
    """
    fields = {**data, "sha256": _NONE}
    text = json.dumps(fields, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"
    before, zeros, after = text.encode().rpartition(_NONE.encode())  # the last: a value may be zeros, too
    return before + hashlib.sha256(before + zeros + after).hexdigest().encode() + after


def is_sealed(content: bytes) -> bool:
    """Whether the bytes of a JSON object are those that `seal` wrote."""
    before, key, rest = content.rpartition(b'"sha256": "')
    digits = rest[:64]
    after = rest[64:]
    return bool(key) and digits == hashlib.sha256(before + key + _NONE.encode() + after).hexdigest().encode()


def write_sealed(path: Path, data: Mapping[str, Any]) -> None:
    """Write the description of a folder: ``data``, the checksums of all other files, and its own."""
    files = checksums(path.parent, (entry.name for entry in path.parent.iterdir() if entry != path))
    path.write_bytes(seal({**data, "files": files}, indent=1))


def read_description(path: Path, remedy: str, compared: int | None = None) -> dict[str, Any]:
    """The sealed description of a folder whose files are as they were written.

    `FormatError` if its seal is broken, a file is missing or has another size or, with up to ``compared``
    bytes (by default 8 MiB), another checksum.
    """
    check_seal(path, remedy)
    description = read_json(path, remedy)
    check(description, {"files": {str: _ENTRY}}, path, remedy)
    for file, rule in damaged_files(path.parent, description, compared or _COMPARED):
        if file.is_file() and not os.access(file, os.R_OK):
            continue  # not every command reads it, and one that does is told by the system why it may not
        raise FormatError(rule, path=file, remedy=remedy)
    return description


def check_seal(description: Path, remedy: str) -> None:
    if not is_sealed(description.read_bytes()):
        raise FormatError(CHANGED, path=description, remedy=f"undo the change, or {remedy}")


def damaged_files(
    folder: Path, description: Mapping[str, Any], compared: float = math.inf
) -> Iterator[tuple[Path, str]]:
    """The missing and changed files of a folder, each with its fault.

    Of files of more than ``compared`` bytes only the size is looked at.
    """

    def fault(item: tuple[str, dict[str, Any]]) -> str | None:
        name, entry = item
        path = folder / name
        parts = Path(name).parts
        if Path(name).is_absolute() or ".." in parts or not parts:
            return "is not a file of this folder"
        try:
            status = path.lstat()
            if any(folder.joinpath(*parts[: n + 1]).is_symlink() for n in range(len(parts))):
                return "is a link, or in one"
            if not stat.S_ISREG(status.st_mode):
                return "is not a file"
            if status.st_size != entry["bytes"]:
                return f"has {status.st_size:,} bytes, {entry['bytes']:,} were written"
            changed = status.st_size <= compared and sha256(path) != entry["sha256"]
        except (FileNotFoundError, NotADirectoryError):
            return "is missing"
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        return CHANGED if changed else None

    entries = list(_files(description))
    with _threads(sum(entry["bytes"] for _, entry in entries)) as each:
        for (name, _), rule in zip(entries, each(fault, entries), strict=True):
            if rule is not None:
                yield folder / name, rule


def unchanged(description: Path, read: Callable[[], T]) -> T:
    """What ``read`` returns. It is called again if the description of a folder was replaced meanwhile."""
    for _ in range(_TRIES):
        before = identity(description)
        try:
            return read()
        except (FormatError, InputError, FileNotFoundError):
            if identity(description) == before:  # otherwise a writer has swept files that were being read
                raise
    rule = "is replaced again and again while it is read"
    raise FormatError(rule, path=description.parent, remedy="try again")


def identity(file: Path) -> tuple[int, ...] | None:
    """What differs once a file has been replaced or changed; None if it is not there."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _files(description: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The valid entries."""
    files = description.get("files")
    for name, entry in files.items() if isinstance(files, dict) else ():
        if misfit(entry, _ENTRY) is None:
            yield name, entry
