"""Files that killed processes leave next to a file or folder. The next command completes or removes them.

.NAME.partial-RANDOM    an unfinished file or folder; locked while its process lives
.NAME.ready             files that replace NAME and its companions together
.NAME.old               a folder between the steps of an exchange, where the system has no single step
.NAME.partial           the working folder of a run (see `selfvec.storage.workspace`), with

    lock                    locked while its process lives
    state.safetensors       what ``--resume`` continues from
    inputs/                 a long text that was read, so that ``--resume`` need not read it again
    cluster/                what ``--resume`` continues from on a cluster
    replacing.json          written just before the new run gets its name
    run/                    the new run; after the exchange, the replaced one
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from selfvec.base.atomic_files import complete_replacement
from selfvec.base.durable import sync_file, sync_names
from selfvec.base.file_locks import lock, open_to_lock, same_file
from selfvec.base.folder_swap import restore_folder
from selfvec.base.ownership import discard, is_ours, remove_own
from selfvec.base.temporary_files import LEFTOVER, remove_leftovers, remove_leftovers_in, sibling

__all__ = [
    "FRESH",
    "INPUTS",
    "LOCK",
    "SHARED",
    "STATE",
    "clean",
    "forget",
    "keep_replaced",
    "mark",
    "previous_of",
    "resumable",
    "settle",
    "tidy",
    "workspace_of",
]

LOCK = "lock"  # names in the working folder
STATE = "state.safetensors"
INPUTS = "inputs"
SHARED = "cluster"
FRESH = "run"
_MARK = "replacing.json"
_OLDER = "older"


def workspace_of(target: Path) -> Path:
    """The working folder of a run."""
    return target.with_name(f".{target.name}.partial")


def previous_of(target: Path) -> Path:
    """Where an update in place keeps the previous run."""
    return target.with_name(f"{target.name}.previous")


def tidy(target: str | os.PathLike[str]) -> None:
    """Complete and remove what killed processes left next to a file or folder and in it.

    Files that a process is still writing stay, and so does the state for ``--resume``. No error is raised: a
    folder that cannot be written stays as it is.
    """
    target = Path(os.path.realpath(target))
    remove_leftovers(target)
    with suppress(OSError):
        if target.is_dir():
            for folder in (target, *(path for path in target.iterdir() if path.is_dir())):
                remove_leftovers_in(folder)
        _tidy_workspace(target)


def clean(target: str | os.PathLike[str]) -> tuple[list[str], list[str]]:
    """`tidy` in all folders of a target and next to it; returns the removed names and the remaining ones.

    `TargetError` if a replacement has to be completed and the folder cannot be written.
    """
    target = Path(os.path.realpath(target))
    before = [str(path) for path in _left(target)]
    restore_folder(target)
    complete_replacement(target)
    tidy(target)
    for path in _left(target):
        remove_leftovers_in(path.parent)
    after = {str(path) for path in _left(target)}
    return [name for name in before if name not in after], sorted(after)


def _left(target: Path) -> Iterator[Path]:
    """Names of temporary files and folders next to a target and in it."""
    name = re.escape(target.name)
    beside = re.compile(rf"\.{name}\.(partial(-[0-9a-f]{{8}})?|ready|old|migrate)")
    yield from (path for path in sorted(target.parent.glob(".*")) if beside.fullmatch(path.name))
    yield from (path for path in sorted(target.rglob(".*")) if LEFTOVER.fullmatch(path.name))


def _tidy_workspace(target: Path) -> None:
    folder = workspace_of(target)
    if not folder.is_dir() or folder.is_symlink() or not is_ours(folder):
        return
    descriptor = open_to_lock(folder / LOCK)
    if descriptor is None:
        folder.rmdir()  # if it is empty; otherwise it is not a working folder
        return
    try:
        if not lock(descriptor) or not same_file(folder / LOCK, descriptor):
            return
        settle(target)
        if not resumable(folder):
            left = sibling(target)
            folder.rename(left)  # so that no process waits for the lock while it is deleted
            remove_leftovers(target)
    finally:
        os.close(descriptor)
    remove_leftovers(target)


def mark(target: Path, *, keep: bool) -> None:
    """Write down which folder is about to become ``target``, and whether the replaced one is kept."""
    folder = workspace_of(target)
    note = folder / _MARK
    note.write_text(json.dumps({"folder": _identity(folder / FRESH), "keep": keep}), encoding="utf-8")
    sync_file(note)
    sync_names(folder)


def settle(target: Path) -> None:
    """Complete a replacement whose process was killed after the new run was renamed."""
    folder = workspace_of(target)
    try:
        note: Any = json.loads((folder / _MARK).read_text(encoding="utf-8"))
        done = note["folder"] == _identity(target)
        keep = note["keep"]
    except (OSError, ValueError, TypeError, KeyError):
        return
    if done:
        if keep and (folder / FRESH).is_dir():
            keep_replaced(target)
        forget(folder)
    discard(folder / _MARK)


def keep_replaced(target: Path) -> None:
    """Rename the replaced run to `previous_of`, in place of an older one."""
    folder = workspace_of(target)
    kept = previous_of(target)
    remove_own(folder / _OLDER)
    if kept.exists():
        kept.replace(folder / _OLDER)
    (folder / FRESH).replace(kept)
    sync_names(target.parent)


def resumable(folder: Path) -> bool:
    """Whether a working folder holds what ``--resume`` would continue from."""
    return any((folder / name).exists() for name in (STATE, INPUTS, SHARED))


def forget(folder: Path) -> None:
    """Delete what ``--resume`` would continue from."""
    if (folder / STATE).exists():
        discard(folder / STATE)
    for name in (INPUTS, SHARED):
        remove_own(folder / name)


def _identity(folder: Path) -> list[int]:
    found = folder.stat()
    return [found.st_dev, found.st_ino]
