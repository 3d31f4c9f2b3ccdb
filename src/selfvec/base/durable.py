"""Data that survive a power cut: files and folders are synced to the disk before they are renamed.

A rename may reach the disk before the data of the renamed file. So everything below a folder is synced first,
then the folder is renamed, then its parent folder is synced (see ``man 2 fsync``).

Python does not offer a rename that replaces nothing, or one that exchanges two names. Both are
``renameat2(2)`` of Linux. Other systems, older C libraries and some file systems lack it.
"""

from __future__ import annotations

import ctypes
import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_THREADS = 8  # they wait for the disk, which serves several requests at once
_UNABLE = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES)
_AT_FDCWD = -100  # paths are relative to the current folder
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2


def sync_file(path: Path) -> None:
    """Wait until the content of a file is on the disk; `OSError` if it cannot be written."""
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_names(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system supports it."""
    if os.name == "nt":
        return
    try:
        sync_file(folder)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise


def sync_tree(folder: Path) -> None:
    """Wait until all files and folders below a folder are on the disk."""
    folders = [folder]
    files = []
    for place, below, names in os.walk(folder):
        folders += [Path(place, name) for name in below]
        files += [path for name in names if not (path := Path(place, name)).is_symlink()]
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(sync_file, files))
        list(pool.map(sync_names, folders))


def rename_new(source: Path, target: Path) -> bool:
    """Rename ``source`` unless ``target`` exists; whether it was renamed."""
    return _renameat2(source, target, _RENAME_NOREPLACE)


def exchange(one: Path, other: Path) -> bool:
    """Give two files or folders each other's name in one step; whether the system did it."""
    return _renameat2(one, other, _RENAME_EXCHANGE)


def _renameat2(one: Path, other: Path, flag: int) -> bool:
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
        return not rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), flag)
    except (AttributeError, OSError, TypeError):
        return False
