"""Outputs: what may be replaced, and one clear error for what cannot be written."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selfvec.base.checks import check_path
from selfvec.base.errors import OF_THE_SYSTEM, TargetError
from selfvec.base.forks import check_polars

from .file_system import is_ours

_OTHER_KIND = "choose another name, it is not replaced even with --overwrite"

_NO_FOLDER = ("the folder it should go into does not exist", "create it first")


@dataclass(frozen=True)
class FolderKind:
    """A kind of folder, such as a run folder. A folder replaces only folders of its kind."""

    file: str  # that describes the folder; only folders of this kind hold it
    name: str  # in JSON
    described: str  # with its article
    sealed: bool = True  # whether the file holds a checksum of itself

    def matches(self, folder: Path) -> bool:
        """Whether an existing folder is one."""
        return (folder / self.file).is_file()


def check_target(
    target: str | os.PathLike[str],
    *,
    overwrite: bool,
    folder: bool | None = None,  # whether a folder or a file will be written, if that is known
    kind: FolderKind | None = None,  # of the folder that will be written, if it can be recognised
) -> None:
    """Raise `TargetError` if ``target`` exists and must not be replaced. Nothing is changed.

    All outputs are checked here: a command calls it before its work begins, and the writers of
    `selfvec.files.atomic_files` call it again. With ``overwrite``, a file replaces a file, and a folder
    replaces a folder of its kind. Without it nothing is replaced, and never what belongs to another user.
    """
    check_path("output", target, "a path")
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
    if kind is not None and not kind.matches(target):
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
        known = {errno.ENOENT: _NO_FOLDER, **OF_THE_SYSTEM}
        rule, remedy = known.get(error.errno or 0, (text, "choose another target"))
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
