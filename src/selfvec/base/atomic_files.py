"""Files and folders that are written whole or not at all.

Each is written to a temporary sibling, ``.NAME.partial-RANDOM``, and renamed when it is complete and on the
disk. So a full disk, a crash, a power cut or Ctrl-C never leaves a partial result. Siblings have random names
and are made exclusively, never through a link. They are locked while their process lives; the next command
that writes ``NAME`` deletes those of killed processes.
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
from .file_system import (
    HAS_LOCKS,
    discard,
    exchange,
    is_ours,
    lock,
    mode_of,
    open_to_lock,
    remove_own,
    rename_new,
    same_file,
    sync_file,
    sync_names,
    sync_tree,
)
from .targets import FolderKind, check_target, refuse_special, writing

_TRIES = 9  # another process may take a new file for a leftover before it is locked


@contextmanager
def atomic_file(target: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary sibling of ``target``; rename it into place on success, delete it on failure.

    An existing file keeps its permissions. `TargetError` if the target exists and ``overwrite`` is false, if
    it is not a plain file, or if it cannot be written; the target is unchanged then.
    """
    target = Path(target)
    with writing(target):
        check_target(target, overwrite=overwrite, folder=False)
        with locked_sibling(target, folder=False) as (temporary, mode):
            yield temporary
            sync_file(temporary)
            temporary.chmod(mode)
            _rename_file(temporary, target, overwrite)
            sync_names(target.parent)


@contextmanager
def atomic_files(target: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a path in an empty folder; all files written there are moved next to ``target`` in the end.

    The result may be a file, a folder, or files that belong together. Of these the target is moved last, and
    an old one is moved away first, so that it is never there with other companions. `TargetError` if any of
    them exists and ``overwrite`` is false, if a folder holds files that would be lost, or if they cannot be
    written.
    """
    target = Path(target)
    with writing(target):
        check_target(target, overwrite=overwrite)
        with locked_sibling(target, folder=True) as (folder, _):
            yield folder / target.name
            moves = [(source, target.with_name(source.name)) for source in folder.iterdir()]
            moves.sort(key=lambda move: move[1] == target)
            for source, place in moves:
                _check_place(source, place, overwrite)
                mode = mode_of(place)
                if mode is not None:
                    source.chmod(mode)
            sync_tree(folder)
            if len(moves) > 1 and target.is_file():
                target.replace(folder / f"{target.name}.old")
            for source, place in moves:
                if source.is_dir():
                    replace_folder(source, place)
                else:
                    _rename_file(source, place, overwrite)
            sync_names(target.parent)


@contextmanager
def atomic_folder(
    target: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    kind: FolderKind | None = None,
) -> Iterator[Path]:
    """Yield a new temporary sibling folder of ``target``; rename it into place on success.

    An existing folder keeps its permissions. `TargetError` if the target exists and ``overwrite`` is false,
    if it is not a folder, or if it cannot be written; the target is unchanged then. With ``overwrite`` a
    folder of the same ``kind`` is replaced. Without a kind, a folder is replaced if every file in it is
    written anew.
    """
    target = Path(target)
    with writing(target):
        check_target(target, overwrite=overwrite, folder=True, kind=kind)
        with locked_sibling(target, folder=True) as (temporary, mode):
            yield temporary
            temporary.chmod(mode)
            if kind is None:
                _check_place(temporary, target, overwrite)
            replace_folder(temporary, target)


def replace_folder(source: Path, target: Path) -> None:
    """Move a folder to ``target``, in place of an existing folder, which is deleted.

    On Linux the two are exchanged in one step, so that a complete folder exists at any time. Elsewhere the
    old one has another name in between. All data are on the disk before.
    """
    refuse_special(target, folder=True)
    if target.exists() and not is_ours(target):
        raise TargetError("belongs to another user", path=target, remedy="choose another path")
    mode = mode_of(target)
    if mode is not None:
        source.chmod(mode)
    sync_tree(source)
    if mode is None:
        source.replace(target)
    elif not exchange(source, target):
        old = _sibling(target)
        target.replace(old)
        source.replace(target)
        source = old
    sync_names(target.parent)
    if mode is not None:
        remove_own(source)


def remove_folder(folder: Path) -> None:
    """Delete a folder of this user, or a link in its place; nothing if there is neither.

    The folder gets another name first, so that no part of it is found if the process is killed.
    """
    if folder.is_symlink():
        discard(folder)
    elif folder.is_dir() and is_ours(folder):
        left = _sibling(folder)
        folder.replace(left)
        discard(left)


@contextmanager
def locked_sibling(target: Path, *, folder: bool) -> Iterator[tuple[Path, int]]:
    """Make a temporary file or folder next to ``target`` that only this user can read; delete it in the end.

    Also yields its final permissions: those of ``target``, or of a new file.
    """
    remove_leftovers(target.parent, re.escape(target.name))
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


def _check_place(source: Path, place: Path, overwrite: bool) -> None:
    """`TargetError` if ``source`` may not go to ``place``, or would replace a folder that holds more."""
    check_target(place, overwrite=overwrite, folder=source.is_dir())
    if place.is_dir():
        lost = sorted({entry.name for entry in place.iterdir()} - {entry.name for entry in source.iterdir()})
        if lost:
            rule = f"holds {lost[0]!r}, which would be lost; the folder is not replaced even with --overwrite"
            raise TargetError(rule, path=place, remedy="choose another name")


def _rename_file(source: Path, target: Path, overwrite: bool) -> None:
    """Rename a file. Without ``overwrite`` nothing is replaced, not even a file that has just been made."""
    if overwrite or not rename_new(source, target):
        check_target(target, overwrite=overwrite, folder=False)
        source.replace(target)


def _sibling(target: Path) -> Path:
    return target.with_name(f".{target.name}.partial-{secrets.token_hex(4)}")


def _locked_new(target: Path, folder: bool) -> tuple[Path, int | None]:
    """A new file or folder and, where possible, a descriptor that locks it.

    Another process may take it for a leftover and remove it before it is locked. Then a new one is made.
    """
    for _ in range(_TRIES):
        path = _sibling(target)
        if folder:
            path.mkdir()
        else:
            path.touch(exist_ok=False)  # not through a link either
        descriptor = open_to_lock(path)
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


def remove_leftovers(folder: Path, name: str = ".+") -> None:
    """Delete temporary files in a folder that killed processes of this user left.

    ``name`` is a pattern of the names that they would have got.
    """
    left = re.compile(rf"\.{name}\.partial-[0-9a-f]{{8}}")
    with suppress(OSError), os.scandir(folder) as entries:
        for path in [Path(entry.path) for entry in entries if left.fullmatch(entry.name)]:
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
