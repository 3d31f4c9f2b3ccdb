"""Safe temporary files in shared folders: random names, created exclusively, never through a link.

A temporary sibling ``.NAME.partial-RANDOM`` is locked while its process lives. One that a killed process left
is not locked. The next process of the same user that reads or writes ``NAME`` deletes it (see
`selfvec.base.leftovers`).
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from .checks import check_path
from .errors import CleanupWarning, TargetError

try:
    import fcntl
except ImportError:  # Windows has no such locks: leftovers stay
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "LEFTOVER",
    "NO_LINK",
    "Kind",
    "check_target",
    "discard",
    "is_ours",
    "keep_modes",
    "lock",
    "lock_file",
    "locked",
    "locked_sibling",
    "mode_of",
    "open_exclusively",
    "open_to_lock",
    "own_folder",
    "refuse_special",
    "remove_leftovers",
    "remove_leftovers_in",
    "remove_own",
    "same_file",
    "sibling",
]

NO_LINK = getattr(os, "O_NOFOLLOW", 0)
"""The flag of `os.open` that refuses links, where the system has it."""

_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_OTHER_KIND = "choose another name, it is not replaced even with --overwrite"


_TRIES = 9  # another process may take a new file for a leftover before it is locked
LEFTOVER = re.compile(r"\..+\.partial-[0-9a-f]{8}")
"""The name of a temporary file or folder."""


def sibling(target: Path) -> Path:
    """A new name for a temporary file or folder next to ``target``."""
    return target.with_name(f".{target.name}.partial-{secrets.token_hex(4)}")


def is_ours(path: Path) -> bool:
    """Whether a path belongs to the user of this process. Links are not followed."""
    try:
        owner = path.lstat().st_uid
    except OSError:
        return False
    return not hasattr(os, "geteuid") or owner == os.geteuid()


def mode_of(path: Path) -> int | None:
    """The permissions of a file or folder; None if it does not exist."""
    try:
        return stat.S_IMODE(path.lstat().st_mode)
    except FileNotFoundError:
        return None


class Kind(NamedTuple):
    """A kind of folder, such as a run folder. A folder replaces only folders of its kind."""

    name: str  # with its article
    matches: Callable[[Path], bool]  # whether an existing folder is one


def check_target(
    target: str | os.PathLike[str],
    *,
    overwrite: bool,
    folder: bool | None = None,
    kind: Kind | None = None,
) -> None:
    """Raise `TargetError` if ``target`` exists and must not be replaced. Nothing is changed.

    All outputs are checked here: a command calls it before its work begins, and the writers of
    `selfvec.base.files` call it again. With ``overwrite``, a file replaces a file, and a folder replaces a
    folder of its kind. Without it nothing is replaced.

    Parameters
    ----------
    target : path
    overwrite : bool
    folder : bool, optional
        Whether a folder or a file will be written, if that is known.
    kind : Kind, optional
        The kind of the folder that will be written, if it can be recognised.
    """
    check_path("output", target, "a path")
    target = Path(target)
    if not target.name:
        raise TargetError("has no name", path=target, remedy="name a new file or folder")
    if not os.path.lexists(target):
        return
    if folder is not None:
        refuse_special(target, folder=folder)
    if kind is not None and not kind.matches(target):
        rule = f"exists already and is not {kind.name}; it is not replaced even with --overwrite"
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


def open_exclusively(path: Path) -> int:
    """Make a new file; `FileExistsError` if the name exists, even as a dead link."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_LINK, 0o666)


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

    `TargetError` if another process holds the lock and writes ``target``, or if others can write to the
    folder.
    """
    for _ in range(_TRIES):
        own_folder(path.parent)
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


def same_file(path: Path, descriptor: int) -> bool:
    """Whether a path still names the file or folder that is open."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except OSError:
        return False


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
    if fcntl is None or path.is_symlink() or not is_ours(path):
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


def open_to_lock(path: Path) -> int | None:
    """A descriptor to lock; None if the path cannot be opened or is not a plain file or folder."""
    try:
        return os.open(path, os.O_RDONLY | NO_LINK | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None


def keep_modes(new: Path, old: Path) -> None:
    """Give a new folder and its files the permissions of the old ones.

    A file with a new name gets no permission that none of the old files had.
    """
    before = {path.relative_to(old): mode_of(path) or 0 for path in old.rglob("*") if not path.is_symlink()}
    files = [mode for path, mode in before.items() if (old / path).is_file()]
    most = 0
    for mode in files:
        most |= mode
    for path in new.rglob("*"):
        own = mode_of(path) or 0
        known = before.get(path.relative_to(new))
        mode = known if known is not None else own & most if files and path.is_file() else own
        if mode != own:
            path.chmod(mode)
    new.chmod(mode_of(old) or 0o700)
