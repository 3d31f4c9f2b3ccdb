"""Files and folders are written completely or not at all; JSON and vocabulary files.

Every file and folder goes to a temporary sibling first and is renamed when complete. So a full disk, a crash
or Ctrl-C never leaves half a result.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import FormatError, InputError, TargetError

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

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of renameat2(2)

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_ESCAPED = re.compile(r"\\[\\nr]")
_PLAIN = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turn operating-system errors raised while writing ``target`` into one clear `TargetError`."""
    try:
        yield
    except TargetError:
        raise
    except OSError as error:
        rule, remedy = _REMEDIES.get(
            error.errno or 0, (error.strerror or str(error), "choose another target")
        )
        raise TargetError(f"cannot write: {rule}", path=target, remedy=remedy) from error


@contextmanager
def atomic_file(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary sibling of ``target``; rename it into place on success, delete it on failure.

    `TargetError` if the target cannot be written; it is left as it was.
    """
    target = Path(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
    with writing(target):
        if target.is_dir():
            raise TargetError(
                "is a folder, a file is to be written", path=target, remedy="choose another path"
            )
        try:
            yield temporary
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(target: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a new temporary sibling folder of ``target``; rename it into place on success.

    `TargetError` if the target exists and ``overwrite`` is false, or cannot be written; it is left as it was.
    """
    target = Path(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
    with writing(target):
        if target.exists() and not overwrite:
            raise TargetError("exists already", path=target, remedy="choose another path or remove it first")
        try:
            temporary.mkdir()
            yield temporary
            replace_folder(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def replace_folder(source: Path, target: Path, keep: Path | None = None) -> None:
    """Move ``source`` to ``target``; an existing folder goes to ``keep``, or is deleted.

    The two are exchanged in one step where the system can, so that there is a whole folder at any time.
    """
    if not target.exists():
        source.replace(target)
        return
    exchange_folders(source, target)
    if keep is None:
        shutil.rmtree(source, ignore_errors=True)
        return
    older = keep.with_name(f".{keep.name}.{os.getpid()}.old")
    if keep.exists():
        keep.replace(older)
    source.replace(keep)
    shutil.rmtree(older, ignore_errors=True)


def exchange_folders(one: Path, other: Path) -> None:
    """Give two existing folders each other's name: in one step on Linux, elsewhere in three."""
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
        if not exchange(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
            return
    except (AttributeError, OSError, TypeError):  # another system or an older C library
        pass
    between = other.with_name(f".{other.name}.{os.getpid()}.old")
    other.replace(between)
    try:
        one.replace(other)
    except OSError:
        between.replace(other)
        raise
    between.replace(one)


def sha256(path: str | os.PathLike[str]) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path, remedy: str) -> dict[str, Any]:
    """The JSON object in a file; `FormatError` with this remedy if it holds none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is not JSON: {error}", path=path, remedy=remedy) from None
    if not isinstance(data, dict):
        raise FormatError("is not a JSON object", path=path, remedy=remedy)
    return data


def read_text(path: Path) -> str:
    """The content of a UTF-8 file, without a byte order mark; `InputError` names a line that is not UTF-8."""
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


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file that hold more than white space, with their numbers from 1."""
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if text and not text.isspace():
            yield line, text.removesuffix("\r")


def write_vocabulary(path: Path, words: Sequence[str]) -> None:
    """Write a word per line, UTF-8; line breaks inside a word are escaped."""
    text = "".join(f"{word}\n" for word in words)
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
