"""What the system does for files: where they belong, who owns them, locks that end with a process, the disk.

In a shared folder another user may have made a link or a folder of an expected name. Nothing that belongs to
another user is used or deleted.

A rename may reach the disk before the data of the renamed file. So everything below a folder is synced first,
then the folder is renamed, then its parent folder is synced (see ``man 2 fsync``).

Python does not offer to exchange two names. That is ``renameat2(2)`` of Linux, which other systems, older C
libraries and some file systems lack.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import shutil
import stat
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal

from selfvec.base.checks import seconds_to_wait
from selfvec.base.errors import Busy, CleanupWarning, TargetError
from selfvec.base.progress import say

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

HAS_LOCKS = fcntl is not None
"""Whether the system has locks. Without them leftovers stay, because they may still be in use."""

NO_LINK = getattr(os, "O_NOFOLLOW", 0)
"""The flag of `os.open` that refuses links, where the system has it."""

WAIT = 60.0
"""Seconds for which writers wait for another process that writes the same; ``SELFVEC_WAIT`` names others."""

_PAUSE = 0.02  # seconds between two tries
_MOMENT = 0.2  # seconds for which a process holds a lock that only looks for leftovers: nothing is said of it
_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_THREADS = 8  # they wait for the disk, which serves several requests at once
_UNABLE = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES)
_AT_FDCWD = -100  # paths are relative to the current folder
_RENAME_EXCHANGE = 2


# Owners and permissions


def is_ours(path: Path) -> bool:
    """Whether a path belongs to the user of this process. Links are not followed."""
    try:
        owner = path.lstat().st_uid
    except OSError:
        return False
    return not hasattr(os, "geteuid") or owner == os.geteuid()


def own_folder(folder: Path) -> None:
    """Make a folder that only this user can write to, or use an existing one.

    `TargetError` if it is a link, belongs to another user, or others can write into it.
    """
    try:
        folder.mkdir(mode=0o700)
        return
    except FileExistsError:
        status = folder.lstat()
    is_private = stat.S_ISDIR(status.st_mode) and is_ours(folder)
    if not is_private or (hasattr(os, "geteuid") and status.st_mode & _OTHERS):
        rule = "is in the way: it is a link, belongs to another user, or others can write into it"
        raise TargetError(rule, path=folder, remedy="remove it or write elsewhere")


def discard(path: Path) -> None:
    """Delete a temporary file or folder. A failure is a `CleanupWarning`, because the result is complete."""
    with completing(f"{path}: could not be removed"):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError:
            shutil.rmtree(path, ignore_errors=True)  # delete as much as possible
            if os.path.lexists(path):
                raise


@contextmanager
def completing(rule: str) -> Iterator[None]:
    """What fails now is a `CleanupWarning`: an error would say that nothing has changed."""
    try:
        yield
    except OSError as error:
        warnings.warn(f"{rule} ({error.strerror}); the result is complete", CleanupWarning, stacklevel=4)


def sibling(target: Path) -> Path:
    """A path beside a target for what is temporary."""
    return target.with_name(f".{target.name}.partial-{secrets.token_hex(4)}")


def remove_folder(folder: Path) -> None:
    """Delete a folder of this user, or a link in its place; nothing if there is neither.

    The folder gets another name first, so that no part of it is found if the process is killed.
    """
    if folder.is_symlink():
        discard(folder)
    elif folder.is_dir() and is_ours(folder):
        left = sibling(folder)
        folder.replace(left)
        discard(left)


def mode_of(path: Path) -> int | None:
    """The permissions of a file or folder; None if it does not exist."""
    try:
        return stat.S_IMODE(path.lstat().st_mode)
    except FileNotFoundError:
        return None


# Locks


def open_to_lock(path: Path) -> int | None:
    """A descriptor to lock; None if the path cannot be opened or is not a plain file or folder."""
    try:
        return os.open(path, os.O_RDONLY | NO_LINK | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None


def same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except OSError:
        return False


def lock(descriptor: int) -> bool:
    """Lock an open file or folder until it is closed; False if another process holds the lock.

    `OSError` where the file system has no locks.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_file(path: Path, target: Path) -> BinaryIO:
    """Lock a file until it is closed; its folder is made if it is missing.

    If another process holds the lock and writes ``target``, that is said, and `WAIT` seconds are waited for
    it; then it is `Busy`.
    """
    began, said = time.monotonic(), False
    while True:
        path.parent.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # the folder was removed as a leftover
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | NO_LINK, 0o600), "r+b")
            if lock(file.fileno()) and same_file(path, file.fileno()):
                return file
            file.close()
        waited = time.monotonic() - began
        if waited > seconds_to_wait(WAIT):
            busy = Busy(
                f"another process is writing this, also after {waited:.0f} s",
                path=target,
                remedy="try again later, or wait longer: SELFVEC_WAIT=SECONDS",
            )
            busy.waited = waited
            raise busy
        if not said and waited > _MOMENT:
            say(f"waiting for another process that writes {target}")
            said = True
        time.sleep(_PAUSE)


@contextmanager
def locked(folder: Path, waiting: str) -> Iterator[None]:
    """Hold the lock of an existing folder; if another process holds it, say so and wait.

    Where folders cannot be locked, there is no wait.
    """
    descriptor = open_to_lock(folder)
    try:
        if descriptor is not None:
            with suppress(OSError):
                if not lock(descriptor):
                    say(waiting)
                    while not lock(descriptor):  # in short steps, which Ctrl-C can end
                        time.sleep(0.1)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


# Data that survive a power cut


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


def exchange(first: Path, second: Path) -> bool:
    """Give two files or folders each other's name in one step; whether the system did it."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
        return not rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE)
    except (AttributeError, OSError, TypeError):
        return False


# The folders in which a user's programs keep data and caches

_ELSEWHERE = {"data": ("XDG_DATA_HOME", ".local/share"), "cache": ("XDG_CACHE_HOME", ".cache")}
_MACOS = {"data": "Application Support", "cache": "Caches"}


def user_folder(kind: Literal["data", "cache"], name: str) -> Path:
    """The folder ``name`` in ``SELFVEC_DATA`` or ``SELFVEC_CACHE``, or else in the user's own folder."""
    if given := os.environ.get(f"SELFVEC_{kind.upper()}"):
        return Path(given, name)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / _MACOS[kind]
    else:
        variable, usual = _ELSEWHERE[kind]
        base = Path(os.environ.get(variable) or Path.home() / usual)
    return base / "selfvec" / name
