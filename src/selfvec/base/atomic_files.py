"""Files and folders that are written whole or not at all.

Every file and folder is written to a temporary sibling and renamed when it is complete and on the disk. So a
full disk, a crash, a power cut or Ctrl-C never leaves a partial result.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .atomic_rename import rename_new
from .durable import sync_file, sync_names, sync_tree
from .errors import TargetError
from .folder_swap import replace_folder
from .ownership import discard, is_ours, mode_of
from .targets import Kind, check_target, writing
from .temporary_files import locked_sibling, sibling

__all__ = ["atomic_file", "atomic_files", "atomic_folder", "complete_replacement"]


@contextmanager
def atomic_file(
    target: str | os.PathLike[str], *, overwrite: bool = False, durable: bool = True
) -> Iterator[Path]:
    """Yield a temporary sibling of ``target``; rename it into place on success, delete it on failure.

    Without ``durable`` a power cut may damage it: for files with a checksum that can be made again. An
    existing file keeps its permissions. `TargetError` if the target exists and ``overwrite`` is false, if
    it is not a plain file, or if it cannot be written; the target is unchanged then.
    """
    target = Path(target)
    with writing(target):
        check_target(target, overwrite=overwrite, folder=False)
        with locked_sibling(target, folder=False) as (temporary, mode):
            yield temporary
            if durable:
                sync_file(temporary)
            temporary.chmod(mode)
            _rename_file(temporary, target, overwrite)
            if durable:
                sync_names(target.parent)


@contextmanager
def atomic_files(target: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a path in an empty folder; all files written there are moved next to ``target`` in the end.

    The result may be a file, a folder, or files that belong together. After a crash some of them may still be
    in ``.NAME.ready``; `complete_replacement` moves them. `TargetError` if any of them exists and
    ``overwrite`` is false, if a folder holds files that would be lost, or if they cannot be written.
    """
    target = Path(target)
    with writing(target):
        complete_replacement(target)
        check_target(target, overwrite=overwrite)
        with locked_sibling(target, folder=True) as (folder, _):
            yield folder / target.name
            for source in sorted(folder.iterdir()):
                _check_place(source, target.with_name(source.name), overwrite)
            for source in [path for path in folder.iterdir() if path.is_dir()]:
                replace_folder(source, target.with_name(source.name))
                if source.exists():  # the replaced target, which could not be removed
                    source.replace(sibling(target))
            _replace_files(folder, target, overwrite)


@contextmanager
def atomic_folder(
    target: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    kind: Kind | None = None,
) -> Iterator[Path]:
    """Yield a new temporary sibling folder of ``target``; rename it into place on success.

    An existing folder and its files keep their permissions. `TargetError` if the target exists and
    ``overwrite`` is false, if it is not a folder, or if it cannot be written; the target is unchanged then.
    With ``overwrite`` a folder of the same ``kind`` is replaced. Without a kind, a folder is replaced if
    every file in it is written anew.
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


def _replace_files(folder: Path, target: Path, overwrite: bool) -> None:
    """Move all files of ``folder`` next to ``target``."""
    complete_replacement(target)  # that a killed process began
    moves = [(source, target.with_name(source.name)) for source in folder.iterdir()]
    for source, place in moves:
        mode = mode_of(place)
        if mode is not None:
            source.chmod(mode)
    sync_tree(folder)
    if len(moves) < 2:
        for source, place in moves:
            _rename_file(source, place, overwrite)
        sync_names(target.parent)
        return
    ready = _ready(target)
    folder.replace(ready)  # from here on the new files are valid
    sync_names(target.parent)
    complete_replacement(target)


def complete_replacement(target: Path) -> None:
    """Move the files of an interrupted `atomic_files` to their places.

    `TargetError` if another user began the replacement, or if the folder cannot be written.
    """
    ready = _ready(target)
    if not os.path.lexists(ready):
        return
    if ready.is_symlink() or not is_ours(ready):
        rule = "another user began to replace it and was interrupted"
        raise TargetError(rule, path=target, remedy=f"let its owner open it once, or remove {ready}")
    with writing(target):
        for source in ready.iterdir():
            with suppress(FileNotFoundError):  # another process does the same
                source.replace(target.with_name(source.name))
        discard(ready)
        sync_names(target.parent)


def _ready(target: Path) -> Path:
    return target.with_name(f".{target.name}.ready")
