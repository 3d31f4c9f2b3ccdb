"""Renames that Python does not offer: one that replaces nothing, and one that exchanges two names.

Both are ``renameat2(2)`` of Linux. Other systems, older C libraries and some file systems lack it.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

__all__ = ["exchange", "rename_new"]

_AT_FDCWD = -100  # paths are relative to the current folder
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2


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
