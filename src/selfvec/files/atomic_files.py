"""Outputs: files and folders that are written whole or not at all, what may be replaced, and what cannot be.

Each is written in a temporary folder beside, ``.NAME.partial-RANDOM``, and renamed when it is complete and on
the disk. So a full disk, a crash, a power cut or Ctrl-C never leaves a partial result. These folders have
random names and are made exclusively, never through a link. They are locked while their process lives; the
next command that writes ``NAME`` deletes those of killed processes.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from selfvec.base.checks import StrPath
from selfvec.base.errors import OF_THE_SYSTEM, TargetError
from selfvec.base.forks import check_polars

from .file_system import (
    HAS_LOCKS,
    completing,
    discard,
    exchange,
    is_ours,
    lock,
    mode_of,
    open_to_lock,
    same_file,
    sibling,
    sync_names,
    sync_tree,
)

# What may be replaced

_OTHER_KIND = "choose another name, it is not replaced even with --overwrite"

_NO_FOLDER = ("the folder it should go into does not exist", "create it first")


@dataclass(frozen=True)
class FolderKind:
    """A kind of folder, such as a run folder. A folder replaces only folders of its kind."""

    file: str  # that describes the folder; only folders of this kind hold it
    name: str  # in JSON
    described: str  # with its article
    sealed: bool = True  # whether the file holds a checksum of itself


def check_target(
    target: StrPath,
    *,
    overwrite: bool,
    folder: bool | None = None,  # whether a folder or a file will be written, if that is known
    kind: FolderKind | None = None,  # of the folder that will be written, if it can be recognised
) -> None:
    """Raise `TargetError` if ``target`` exists and must not be replaced. Nothing is changed.

    All outputs are checked here: a command calls it before its work begins, and the writers below call it
    again. With ``overwrite``, a file replaces a file, and a folder
    replaces a folder of its kind. Without it nothing is replaced, and never what belongs to another user.
    """
    target = Path(target)
    if not target.name:
        raise TargetError("has no name", path=target, remedy="name a new file or folder")
    if not os.path.lexists(target):
        return
    if folder is not None:
        refuse_special(target, folder=folder)
    if not is_ours(target):  # its successor would be ours, with other rights
        rule = "belongs to another user, so it is not replaced even with --overwrite"
        raise TargetError(rule, path=target, remedy="choose another name, or run this as its owner")
    if kind is not None and not (target / kind.file).is_file():
        rule = f"exists already and is not {kind.described}; it is not replaced even with --overwrite"
        raise TargetError(rule, path=target, remedy="choose another name")
    if not overwrite:
        remedy = "choose another name, or replace it with --overwrite"
        raise TargetError("exists already", path=target, remedy=remedy)


def refuse_special(target: Path, *, folder: bool) -> None:
    """Raise `TargetError` unless ``target`` is absent or of the type to be written: a file or a folder.

    Links, pipes and devices are never replaced.
    """
    try:
        kind = target.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(kind):
        place = target.parent / target.readlink()
        raise TargetError("is a link, which is not replaced", path=target, remedy=f"name {place} instead")
    if folder and not stat.S_ISDIR(kind):
        raise TargetError("is a file, but a folder will be written", path=target, remedy=_OTHER_KIND)
    if not folder and stat.S_ISDIR(kind):
        raise TargetError("is a folder, but a file will be written", path=target, remedy=_OTHER_KIND)
    if not folder and not stat.S_ISREG(kind):
        rule = "is a pipe or a device, which is not replaced"
        raise TargetError(rule, path=target, remedy="name a file")


# One clear error for what cannot be written


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turn operating-system errors raised while writing ``target`` into one clear `TargetError`.

    An error that names a temporary file of ``target`` names ``target`` instead.
    """
    try:
        yield
    except TargetError as error:
        if error.path is not None and _is_temporary(Path(error.path), target):
            error.path = os.fspath(target)
        raise
    except OSError as error:
        text = error.strerror or str(error)
        rules = {errno.ENOENT: _NO_FOLDER, **OF_THE_SYSTEM}
        rule, remedy = rules.get(error.errno or 0, (text, "choose another target"))
        if isinstance(error, _Full):
            rule += f"; {text}"
        raise TargetError(f"cannot write: {rule}", path=target, remedy=remedy) from error


def _is_temporary(path: Path, target: Path) -> bool:
    name = f".{target.name}.partial"
    return any(part == name or part.startswith(f"{name}-") for part in path.parts)


class _Full(OSError):
    """A full disk or quota, with the space that is needed."""


@contextmanager
def needing(size: int) -> Iterator[None]:
    """Add to the error of a full disk that ``size`` bytes are needed."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _Full(error.errno, f"{size / 1e6:,.1f} MB are needed") from error


@contextmanager
def writing_by_polars() -> Iterator[None]:
    """Restore the operating system's error number, which Polars wraps in an error of its own."""
    check_polars()
    try:
        yield
    except Exception as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from error


# Written whole or not at all

_TRIES = 9  # another process may take a new file for a leftover before it is locked


@contextmanager
def atomic_files(
    target: StrPath,
    *,
    overwrite: bool = False,
    folder: bool | None = None,  # whether a folder or a file will be written, if that is known
    kind: FolderKind | None = None,  # of the folder that will be written, if it can be recognised
) -> Iterator[Path]:
    """Yield a path in an empty folder; all files written there are moved next to ``target`` in the end.

    The result may be a file, a folder, or files that belong together. Of these the target is moved last, and
    an old one is moved away first, so that it is never there with other companions. What is replaced keeps
    its permissions. `TargetError` if any of them exists and ``overwrite`` is false, or if they cannot be
    written; the target is unchanged then. With ``overwrite`` a folder of the same ``kind`` is replaced.
    Without a kind, a folder is replaced if every file in it is written anew.
    """
    target = Path(target)
    with writing(target):
        check_target(target, overwrite=overwrite, folder=folder, kind=kind)
        with locked_sibling(target) as fresh:
            yield fresh / target.name
            moves = [(source, target.with_name(source.name)) for source in fresh.iterdir()]
            moves.sort(key=lambda move: move[1] == target)
            for source, place in moves:
                if kind is None:
                    _check_place(source, place, overwrite)
                mode = mode_of(place)
                if mode is not None:
                    source.chmod(mode)
            sync_tree(fresh)
            if len(moves) > 1 and target.is_file():
                target.replace(fresh / f"{target.name}.old")
            for source, place in moves:
                if source.is_dir():
                    _replace_folder(source, place)
                else:
                    _rename_file(source, place, overwrite)
            with completing(f"{target}: may not outlast a power cut"):
                sync_names(target.parent)


def atomic_file(target: StrPath, *, overwrite: bool = False) -> AbstractContextManager[Path]:
    """`atomic_files` for one file."""
    return atomic_files(target, overwrite=overwrite, folder=False)


@contextmanager
def atomic_folder(
    target: StrPath, *, overwrite: bool = False, kind: FolderKind | None = None
) -> Iterator[Path]:
    """`atomic_files` for a folder, which is made."""
    with atomic_files(target, overwrite=overwrite, folder=True, kind=kind) as fresh:
        fresh.mkdir()
        yield fresh


def _replace_folder(source: Path, target: Path) -> None:
    """Move a folder to ``target``; an existing folder takes its place, and is deleted with what is there.

    On Linux the two are exchanged in one step, so that a complete folder exists at any time. Elsewhere the
    old one has another name in between. All data are on the disk before.
    """
    refuse_special(target, folder=True)
    if not target.exists():
        source.replace(target)
    elif not is_ours(target):
        raise TargetError("belongs to another user", path=target, remedy="choose another path")
    elif not exchange(source, target):
        old = sibling(target)
        target.replace(old)
        source.replace(target)
        old.replace(source)


@contextmanager
def locked_sibling(target: Path) -> Iterator[Path]:
    """Make a temporary folder next to ``target`` that only this user can read; delete it in the end."""
    remove_leftovers(target.parent, re.escape(target.name))
    path, descriptor = _locked_new(target)
    try:
        yield path
    finally:
        if descriptor is not None:
            os.close(descriptor)
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
    """Move a file. Without ``overwrite`` nothing is replaced, not even a file that has just been made."""
    if not overwrite:
        with suppress(OSError):  # it is there, or the file system has no hard links
            os.link(source, target)
            return  # the first name goes with the temporary folder
        check_target(target, overwrite=False, folder=False)
    source.replace(target)


def _locked_new(target: Path) -> tuple[Path, int | None]:
    """A new folder and, where possible, a descriptor that locks it.

    Another process may take it for a leftover and remove it before it is locked. Then a new one is made.
    """
    for _ in range(_TRIES):
        path = sibling(target)
        path.mkdir(0o700)  # not through a link either
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
    """Delete temporary folders in a folder that killed processes of this user left.

    ``name`` is a pattern of the names of what they wrote.
    """
    left = re.compile(rf"\.{name}\.partial-[0-9a-f]{{8}}")
    with suppress(OSError), os.scandir(folder) as entries:
        for path in [Path(entry.path) for entry in entries if left.fullmatch(entry.name)]:
            _remove_if_left(path)


def _remove_if_left(path: Path) -> None:
    descriptor = open_to_lock(path) if HAS_LOCKS and is_ours(path) and path.is_dir() else None
    if descriptor is None:
        return
    try:
        with suppress(OSError):  # without locks it may still be in use
            if lock(descriptor):
                shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)
