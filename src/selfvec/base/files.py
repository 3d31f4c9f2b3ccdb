"""Atomic files and folders; JSON and vocabulary files.

Every file and folder is written to a temporary sibling and renamed when it is complete and on the disk. So a
full disk, a crash, a power cut or Ctrl-C never leaves a partial result.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from .durable import sync_file, sync_names, sync_tree
from .errors import FormatError, InputError, TargetError
from .ownership import (
    Kind,
    check_target,
    discard,
    is_ours,
    keep_modes,
    locked_sibling,
    mode_of,
    refuse_special,
    remove_own,
    sibling,
)
from .untrusted import parse_json

_REMEDIES = {
    errno.ENOSPC: ("the disk is full", "free some space or write elsewhere"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or write elsewhere"),
    errno.EROFS: ("the file system is read-only", "write elsewhere"),
    errno.EACCES: ("no permission to write here", "write elsewhere or change the permissions"),
    errno.EPERM: ("no permission to write here", "write elsewhere or change the permissions"),
    errno.ENOENT: ("the folder it should go into does not exist", "create it first"),
    errno.ENOTDIR: ("a part of the path is not a folder", "choose another path"),
    errno.EFBIG: ("the file is larger than the file system allows", "write elsewhere"),
}

T = TypeVar("T")
_TRIES = 20  # to read a folder that other processes replace

_HERE, _NEW, _EXCHANGE = -100, 1, 2  # AT_FDCWD, RENAME_NOREPLACE, RENAME_EXCHANGE of renameat2(2)

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_ESCAPED = re.compile(r"\\[\\nr]")
_PLAIN = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


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
        rule, remedy = _REMEDIES.get(error.errno or 0, (text, "choose another target"))
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
            _rename(temporary, target, overwrite)
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


def _rename(source: Path, target: Path, overwrite: bool) -> None:
    """Rename a file. Without ``overwrite`` nothing is replaced, not even a file that has just been made."""
    if overwrite or not _renamed(source, target, _NEW):
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
            _rename(source, place, overwrite)
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
    if _renamed(one, other, _EXCHANGE):
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


def _renamed(one: Path, other: Path, how: int) -> bool:
    """Whether ``renameat2`` succeeded. Other systems, older C libraries and some file systems lack it."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
        return not rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), how)
    except (AttributeError, OSError, TypeError):
        return False


def restore_folder(folder: Path) -> None:
    """Give a folder its name again if an exchange in three steps was interrupted before the second."""
    between = _between(folder)
    if not os.path.lexists(folder) and between.is_dir() and not between.is_symlink() and is_ours(between):
        with writing(folder):
            between.replace(folder)


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


def _between(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def sha256(path: str | os.PathLike[str]) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path, remedy: str) -> dict[str, Any]:
    """The JSON object in a file; `FormatError` with this remedy if it holds anything else."""
    try:
        data = parse_json(path.read_bytes())
    except ValueError as error:
        raise FormatError(f"is not JSON: {error}", path=path, remedy=remedy) from None
    if not isinstance(data, dict):
        raise FormatError("is not a JSON object", path=path, remedy=remedy)
    return data


def read_text(path: Path) -> str:
    """The text of a UTF-8 file without a byte order mark; `InputError` names a line that is not UTF-8."""
    try:
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        rule = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise InputError(f"cannot be read: {rule}", path=path, remedy="check the path") from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError("is not UTF-8", path=path, line=line, remedy="save it as UTF-8") from None


def read_toml_or_json(path: Path) -> Any:
    """The content of a .toml or .json file; `InputError` if it is neither."""
    parse = {".toml": tomllib.loads, ".json": json.loads}.get(path.suffix.lower())
    if parse is None:
        rule = f"is .toml or .json, not {path.suffix or 'without a suffix'}"
        raise InputError(rule, path=path, remedy="rename the file")
    text = read_text(path)
    try:
        return parse(text)
    except (ValueError, RecursionError) as error:
        name = path.suffix[1:].upper()
        raise InputError(f"is not {name}: {error}", path=path, remedy="correct the file") from None


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file that hold more than white space, with their numbers from 1."""
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if text and not text.isspace():
            yield line, text.removesuffix("\r")


def write_vocabulary(path: Path, words: Sequence[str]) -> None:
    """Write a word per line, UTF-8; line breaks inside a word are escaped."""
    text = "\n".join([*words, ""])
    if "\\" in text or "\r" in text or text.count("\n") > len(words):
        text = "".join(f"{word.translate(_ESCAPES)}\n" for word in words)
    path.write_text(text, encoding="utf-8", newline="\n")


def read_vocabulary(path: Path) -> list[str]:
    """Read what `write_vocabulary` wrote; `FormatError` if it is not UTF-8."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"a vocabulary is UTF-8 text: {error.reason}", path=path) from None
    words = text.removesuffix("\n").split("\n") if text else []
    return [_ESCAPED.sub(lambda found: _PLAIN[found[0]], word) for word in words] if "\\" in text else words
