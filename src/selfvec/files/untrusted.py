"""Files from unknown sources: what they are by their first bytes, and why they cannot be read.

Any exception of a decoder becomes a `FormatError` that names the file.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from selfvec.base.checks import StrPath
from selfvec.base.errors import FormatError, SelfvecError

DAMAGED = "the file may be cut off or damaged: get it again"

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""The first bytes of what stands for a large file in a clone without Git LFS."""
LFS_REMEDY = "fetch what it points to: git lfs pull"

_ODF = b"PK\x03\x04.{26}mimetypeapplication/"
_MEMBER = b"(?:PK\x03\x04.*)?PK\x03\x04.{26}"  # of an archive, up to its name
_PICKLE = rb"\x80[\0-\x05]|\([dl]p\d|ccopy_reg\n|cnumpy|PK\x03\x04.*data\.pkl"
_OFFICE = "save a text as .docx, each sheet of a table as .csv, slides as .pdf"
_TABLE = "export its table as .parquet"
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (  # of the longer signs first
    (_ODF + b"epub", "an EPUB", "convert it: pandoc -t plain, or unpack its pages"),
    (_ODF + b"vnd.oasis", "an OpenDocument file", _OFFICE),
    (_MEMBER + b"xl/", "an Excel file", "save each sheet as .csv (UTF-8)"),
    (_MEMBER + b"(?:ppt|word)/", "an Office file", _OFFICE),
    (_PICKLE, "a Python or PyTorch pickle, which could run code",
     "save word2vec or safetensors in the program that made it (gensim: save_word2vec_format)"),
    (b"PK\x03\x04", "a zip archive", "unpack it"),
    (b"\xd0\xcf\x11\xe0", "an Office file from before 2007, or one with a password", _OFFICE),
    (b"BZh|\xfd7zXZ", "bzip2 or xz", "unpack it, or compress it as .gz or .zst"),
    (b"%PDF", "PDF", "extract its text first, or name it .pdf"),
    (re.escape(LFS_POINTER), "a pointer of Git LFS, not the file itself", LFS_REMEDY),
    (rb"\{\\rtf", "RTF", "save it as .docx or .txt"),
    (rb"\x7fELF|MZ.{0,64}\0", "a program", "name another file"),
    (rb"\x89HDF", "an HDF5 file", _TABLE),
    (b"SQLite format 3\0", "an SQLite database", _TABLE),
    (b"ARROW1\0", "an Arrow file", "save it as Parquet"),
    (b"GGUF.{,3}\0", "a GGUF model", "save its token table as safetensors"),
    (b"FiFu.{,3}\0", "a finalfusion file", "convert it to word2vec text first"),
)  # fmt: skip

_PASSED_ON = (SelfvecError, KeyboardInterrupt, SystemExit, GeneratorExit)
_BUGS = (AssertionError, ImportError, NameError)  # bugs of ours, never caused by the content of a file
_SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)
_LONGEST = 40  # digits of a whole number
_AT_ONCE = 4  # files that a decoder may open; it may have closed some when its error is looked into


@contextmanager
def decoding(path: StrPath, what: str, remedy: str = DAMAGED) -> Iterator[None]:
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


def _check_opens(path: StrPath) -> None:
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


def foreign(head: bytes) -> tuple[str, str] | None:
    """What a file is that begins with ``head`` and holds neither text nor vectors, and a remedy.

    >>> foreign(b"%PDF-1.7")
    ('PDF', 'extract its text first, or name it .pdf')
    """
    signs = ((what, remedy) for sign, what, remedy in _SIGNATURES if re.match(sign, head, re.DOTALL))
    return next(signs, None)


def refuse_pointer(path: StrPath) -> None:
    with suppress(OSError), Path(path).open("rb") as file:
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise FormatError("is a pointer of Git LFS, not the file itself", path=path, remedy=LFS_REMEDY)


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
