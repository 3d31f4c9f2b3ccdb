"""Files from unknown sources: any exception of a decoder becomes a `FormatError` that names the file."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from selfvec.base.errors import FormatError, SelfvecError

DAMAGED = "the file may be cut off or damaged: get it again"

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""The first bytes of what stands for a large file in a clone without Git LFS."""
LFS_REMEDY = "fetch what it points to: git lfs pull"

_PASSED_ON = (SelfvecError, KeyboardInterrupt, SystemExit, GeneratorExit)
_BUGS = (AssertionError, ImportError, NameError)  # bugs of ours, never caused by the content of a file
_SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)
_LONGEST = 40  # digits of a whole number
_AT_ONCE = 4  # files that a decoder may open; it may have closed some when its error is looked into
_HOLDER = threading.Lock()


@contextmanager
def decoding(path: str | os.PathLike[str], what: str, remedy: str = DAMAGED) -> Iterator[None]:
    """Turn any exception of a decoder into one `FormatError`: ``path: is not a readable {what}``.

    Only the reading of a foreign file belongs in the block. Rust libraries report a panic as a
    ``BaseException``, so everything is caught. The exception remains the error's cause.
    """
    try:
        yield
    except (*_PASSED_ON, *_BUGS):
        raise
    except BaseException as error:
        _check_opens(getattr(error, "filename", None) or path)  # of several files, the one that it is about
        refuse_pointer(path)
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise FormatError(f"is not a readable {what} ({reason})", path=path, remedy=remedy) from error


def _check_opens(path: str | os.PathLike[str]) -> None:
    """Raise `FormatError` for a file that cannot be opened: it may be sound."""
    try:
        with ExitStack() as opened:
            for _ in range(_AT_ONCE):
                opened.enter_context(Path(os.devnull).open("rb"))
        if not Path(path).is_dir():
            Path(path).open("rb").close()
    except FileNotFoundError:
        return
    except OSError as error:
        full = error.errno in (errno.EMFILE, errno.ENFILE)
        remedy = (
            "raise the limit: ulimit -n 1024" if full else "check its permissions, and those of its folder"
        )
        raise FormatError(f"cannot be read: {error.strerror or error}", path=path, remedy=remedy) from None


def refuse_pointer(path: str | os.PathLike[str]) -> None:
    with suppress(OSError), Path(path).open("rb") as file:
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise FormatError("is a pointer of Git LFS, not the file itself", path=path, remedy=LFS_REMEDY)


@contextmanager
def panics_held_back() -> Iterator[None]:
    """Do not print the message of a Rust library that panics; `decoding` reports the panic.

    The library writes the message to the file descriptor of standard error before it raises. So everything
    written there during the block is kept, and printed after it if there was no panic. Only one thread at a
    time holds messages back.
    """
    if not _HOLDER.acquire(blocking=False):
        yield
        return
    try:
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()
        try:
            printed = os.dup(2)
        except OSError:  # standard error is closed
            yield
            return
        with tempfile.TemporaryFile() as held, os.fdopen(printed, "wb") as shown:
            os.dup2(held.fileno(), 2)
            panicked = False
            try:
                yield
            except BaseException as error:
                panicked = type(error).__name__ == "PanicException"
                raise
            finally:
                with suppress(OSError, ValueError, AttributeError):
                    sys.stderr.flush()
                os.dup2(shown.fileno(), 2)
                if not panicked:
                    held.seek(0)
                    shutil.copyfileobj(held, shown)
    finally:
        _HOLDER.release()


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text, which can be written as JSON again; `ValueError` if it is malformed.

    NaN and infinity are not valid JSON. Lone surrogates, which no file or terminal accepts, very long whole
    numbers and deep nesting are refused.

    >>> parse_json('{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    """
    text = text.decode() if isinstance(text, bytes) else text
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite, parse_int=_short)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if _SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("it contains half of a surrogate pair, which is not valid Unicode") from None
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits[:_LONGEST])


def _short(digits: str) -> int:
    return int(digits) if len(digits) <= _LONGEST else _no_number(f"{digits[:_LONGEST]}...")
