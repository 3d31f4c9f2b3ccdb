"""`Store`: the base class of vector stores. A store is written once and then belongs to its library."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import ClassVar

from selfvec.base.errors import FormatError, require
from selfvec.files.atomic_files import writing_by_polars
from selfvec.files.untrusted import decoding

from .store_rows import StoreRows

_HARDLY_ANY = 1 << 20  # bytes free on a disk: if a library fails without a reason, this is it


class Store(ABC):
    """A kind of store."""

    name: ClassVar[str]
    module: ClassVar[str] = ""  # the library to import, if any
    extra: ClassVar[str] = ""  # extra of Selfvec with the library
    suffix: ClassVar[str] = ""  # of a store that is a file; others are folders
    opened_by: ClassVar[str] = ""  # Python that opens a store, with {} for its path

    @abstractmethod
    def write(self, rows: StoreRows, path: Path) -> None:
        """Write rows into an empty folder, or to a new file."""

    def require(self) -> None:
        if self.module:
            require(self.module, self.extra, f"the store {self.name}")

    def put(self, rows: StoreRows, path: Path) -> None:
        if not self.suffix:
            path.mkdir()
        with library_errors(path):
            self.write(rows, path)


@contextmanager
def library_errors(path: Path) -> Iterator[None]:
    """Convert the write errors of libraries at a path to `OSError`."""
    try:
        with writing_by_polars():
            yield
    except (RuntimeError, sqlite3.Error) as error:
        full = shutil.disk_usage(path.parent).free < _HARDLY_ANY
        usual = errno.ENOSPC if full else errno.EIO
        raise OSError(_number(error) or usual, str(error)[:200]) from error
    except FormatError as error:  # of `reading`: a database that cannot be opened, as the disk is full
        number = _number(error.__cause__)
        if number is None:
            raise
        raise OSError(number, os.strerror(number)) from error


def _number(error: BaseException | None) -> int | None:
    """The number of the system's error that a library met while writing; None if it is not known."""
    message = str(error)
    if "database or disk is full" in message:  # SQLite's words
        return errno.ENOSPC
    numbers = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return next((number for number in numbers if os.strerror(number) in message), None)


def reading(path: Path) -> AbstractContextManager[None]:
    """Convert any error of a library at a damaged database to `FormatError`."""
    return decoding(path, "database", "export again with --overwrite")
