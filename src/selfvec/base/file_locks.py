"""Locks of files and folders, which the system releases when their process ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import TargetError

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

HAS_LOCKS = fcntl is not None
"""Whether the system has locks. Without them leftovers stay, because they may still be in use."""

NO_LINK = getattr(os, "O_NOFOLLOW", 0)
"""The flag of `os.open` that refuses links, where the system has it."""

_TRIES = 9  # another process may remove the folder of a lock as a leftover, or hold it for a moment


def open_to_lock(path: Path) -> int | None:
    """A descriptor to lock; None if the path cannot be opened or is not a plain file or folder."""
    try:
        return os.open(path, os.O_RDONLY | NO_LINK | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None


def same_file(path: Path, descriptor: int) -> bool:
    """Whether a path still names the file or folder that is open."""
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

    `TargetError` if another process holds the lock and writes ``target``.
    """
    for _ in range(_TRIES):
        path.parent.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # the folder was removed as a leftover
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | NO_LINK, 0o600), "r+b")
            if lock(file.fileno()) and same_file(path, file.fileno()):
                return file
            file.close()
            time.sleep(0.02)  # a process that only looks for leftovers releases the lock meanwhile
    remedy = "wait for it or choose another -o"
    raise TargetError("another process is writing this", path=target, remedy=remedy)


@contextmanager
def locked(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of an existing folder; if another process holds it, call ``waiting`` and wait.

    Where folders cannot be locked, there is no wait.
    """
    descriptor = open_to_lock(folder)
    try:
        if descriptor is not None:
            with suppress(OSError):
                if not lock(descriptor):
                    waiting()
                    while not lock(descriptor):  # in short steps, which Ctrl-C can end
                        time.sleep(0.1)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
