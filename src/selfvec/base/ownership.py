"""Files and folders of this user: who owns them, their permissions, and deleting them safely.

In a shared folder another user may have made a link or a folder of an expected name. Nothing that belongs to
another user is used or deleted.
"""

from __future__ import annotations

import os
import shutil
import stat
import warnings
from pathlib import Path

from .errors import CleanupWarning, TargetError

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


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
        found = folder.lstat()
    closed = not hasattr(os, "geteuid") or not found.st_mode & _OTHERS
    if not stat.S_ISDIR(found.st_mode) or not is_ours(folder) or not closed:
        rule = "is in the way: it is a link, belongs to another user, or others can write into it"
        raise TargetError(rule, path=folder, remedy="remove it or choose another -o")


def remove_own(folder: Path) -> None:
    """Delete a folder if it belongs to this user and is not a link; anything else stays."""
    if folder.is_dir() and not folder.is_symlink() and is_ours(folder):
        discard(folder)


def discard(path: Path) -> None:
    """Delete a temporary file or folder. A failure is a `CleanupWarning`, because the result is complete."""
    failed: OSError | None = None
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        failed = error
        shutil.rmtree(path, ignore_errors=True)  # delete as much as possible
    if failed is not None and os.path.lexists(path):
        rule = f"{path}: could not be removed ({failed.strerror}); the result is complete"
        warnings.warn(rule, CleanupWarning, stacklevel=3)


def mode_of(path: Path) -> int | None:
    """The permissions of a file or folder; None if it does not exist."""
    try:
        return stat.S_IMODE(path.lstat().st_mode)
    except FileNotFoundError:
        return None
