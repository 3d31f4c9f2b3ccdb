"""The folder swap: a new folder replaces an old one in one step, and readers see one of the two, whole.

Where the system cannot exchange two folders in one step, the old one is named ``.NAME.old`` in between.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .atomic_rename import exchange
from .durable import sync_names, sync_tree
from .errors import FormatError, InputError, TargetError
from .ownership import is_ours, keep_modes, remove_own
from .targets import refuse_special, writing

__all__ = ["exchange_folders", "replace_folder", "restore_folder", "unchanged"]

T = TypeVar("T")
_TRIES = 20  # to read a folder that other processes replace


def replace_folder(source: Path, target: Path, *, keep: bool = False) -> None:
    """Move ``source`` to ``target``; an existing folder is deleted, or with ``keep`` moved to ``source``.

    Where the system supports it, the two are exchanged in one step, so that a complete folder exists at any
    time. All data are on the disk before the exchange, and the exchange is before the old folder is deleted.
    """
    refuse_special(target, folder=True)
    if target.exists():
        if not is_ours(target):
            raise TargetError("belongs to another user", path=target, remedy="choose another path")
        keep_modes(source, target)
    sync_tree(source)
    if not target.exists():
        source.replace(target)
        sync_names(target.parent)
        return
    exchange_folders(source, target)
    sync_names(target.parent)
    if not keep:
        remove_own(source)


def exchange_folders(one: Path, other: Path) -> None:
    """Give two existing folders each other's name: in one step on Linux, elsewhere in three."""
    if exchange(one, other):
        return
    between = _between(other)
    remove_own(between)
    other.replace(between)
    try:
        one.replace(other)
    except OSError:
        between.replace(other)
        raise
    between.replace(one)


def restore_folder(folder: Path) -> None:
    """Give a folder its name again if an exchange in three steps was interrupted before the second."""
    between = _between(folder)
    if not os.path.lexists(folder) and between.is_dir() and not between.is_symlink() and is_ours(between):
        with writing(folder):
            between.replace(folder)


def _between(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def unchanged(folder: Path, read: Callable[[], T]) -> T:
    """What ``read`` returns. It is called again if the folder was replaced meanwhile."""
    for _ in range(_TRIES):
        before = _identity(folder)
        try:
            found = read()
        except (FormatError, InputError, FileNotFoundError):
            if _identity(folder) == before:
                raise
        else:
            if _identity(folder) == before:
                return found
    raise FormatError("is replaced again and again while it is read", path=folder, remedy="try again")


def _identity(folder: Path) -> tuple[int, int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns
