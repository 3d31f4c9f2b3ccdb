"""Temporary files in shared folders: random names, created exclusively, never through a link.

A temporary sibling ``.NAME.partial-RANDOM`` is locked while its process lives. One that a killed process left
is not locked. The next process of the same user that reads or writes ``NAME`` deletes it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import TargetError
from .file_locks import HAS_LOCKS, lock, open_exclusively, open_to_lock, same_file
from .ownership import discard, is_ours, mode_of, remove_own

__all__ = ["LEFTOVER", "locked_sibling", "remove_leftovers", "remove_leftovers_in", "sibling"]

LEFTOVER = re.compile(r"\..+\.partial-[0-9a-f]{8}")
"""The name of a temporary file or folder."""

_TRIES = 9  # another process may take a new file for a leftover before it is locked


def sibling(target: Path) -> Path:
    """A new name for a temporary file or folder next to ``target``."""
    return target.with_name(f".{target.name}.partial-{secrets.token_hex(4)}")


@contextmanager
def locked_sibling(target: Path, *, folder: bool) -> Iterator[tuple[Path, int]]:
    """Make a temporary file or folder next to ``target`` that only this user can read; delete it in the end.

    Also yields its final permissions: those of ``target``, or of a new file.
    """
    remove_leftovers(target)
    path, descriptor = _locked_new(target, folder)
    try:
        mode = mode_of(target)
        mode = (mode_of(path) or 0o600) if mode is None else mode
        path.chmod(0o700 if folder else 0o600)
        yield path, mode
    finally:
        if descriptor is not None:
            os.close(descriptor)
        if folder:
            remove_own(path)
        else:
            discard(path)


def _locked_new(target: Path, folder: bool) -> tuple[Path, int | None]:
    """A new file or folder and, where possible, a descriptor that locks it.

    Another process may take it for a leftover and remove it before it is locked. Then a new one is made.
    """
    for _ in range(_TRIES):
        path = sibling(target)
        if folder:
            path.mkdir()
        descriptor = open_to_lock(path) if folder else open_exclusively(path)
        if descriptor is None and path.exists():
            return path, None
        if descriptor is not None:
            with suppress(OSError):
                if not lock(descriptor):
                    os.close(descriptor)
                    continue
            if same_file(path, descriptor):
                return path, descriptor
            os.close(descriptor)
    raise TargetError("was removed by another process while it was written", path=target, remedy="try again")


def remove_leftovers(target: Path) -> None:
    """Delete temporary files next to ``target`` that killed processes of this user left."""
    _remove_named(target.parent, re.compile(rf"\.{re.escape(target.name)}\.partial-[0-9a-f]{{8}}"))


def remove_leftovers_in(folder: Path) -> None:
    """Delete all temporary files that killed processes of this user left in a folder."""
    _remove_named(folder, LEFTOVER)


def _remove_named(folder: Path, name: re.Pattern[str]) -> None:
    with suppress(OSError), os.scandir(folder) as entries:
        for path in [Path(entry.path) for entry in entries if name.fullmatch(entry.name)]:
            _remove_if_left(path)


def _remove_if_left(path: Path) -> None:
    if not HAS_LOCKS or path.is_symlink() or not is_ours(path):
        return
    descriptor = open_to_lock(path)
    if descriptor is None:
        return
    try:
        if lock(descriptor):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    except OSError:
        pass  # without locks it may still be in use
    finally:
        os.close(descriptor)
