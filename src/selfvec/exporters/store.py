"""`Store` and `Database`: the base classes of vector stores.

A store is written once and then belongs to its library. A database can also be brought up to date: rows are
upserted and deleted by id, and `selfvec.exporters.migrate` gives it the vectors of another run.
`selfvec.exporters.stores` lists all of them.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.errors import FormatError, InputError, require
from selfvec.files.atomic_files import writing_by_polars
from selfvec.files.untrusted import decoding

from .store_rows import RUN, StoreRows

TABLE = "passages"  # the table of a database that can be migrated
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
        """Raise `MissingExtra` if the library is not installed."""
        if self.module:
            require(self.module, self.extra, f"the store {self.name}")

    def put(self, rows: StoreRows, path: Path) -> None:
        """Write rows to a new path."""
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


@dataclass(frozen=True)
class DatabaseContent:
    """The n rows of a database, and their new vectors."""

    texts: Sequence[str]  # n; empty for a row without a text
    content: Any  # the rows in the form of the library, in order
    stamp: str  # differs after the database has changed
    lost: Sequence[str] = ()  # parts of the database that are not carried over
    vectors: Rows = field(default_factory=lambda: np.zeros((0, 0), np.float32))  # (n, d), of the new run
    about: Mapping[str, str] = field(default_factory=dict)  # as of `StoreRows`, of the new vectors
    language: str | None = None


class Database(Store):
    """A store whose vectors can be replaced while it is searched."""

    title: ClassVar[str]  # the name of the database, as in messages

    @abstractmethod
    def recognises(self, path: Path) -> bool:
        """Whether the files of a folder are those of this kind of database."""

    def not_found(self, path: Path) -> InputError:
        """The error for a path without such a database."""
        remedy = f"make one with: selfvec export RUN --to {self.name}"
        return InputError(f"is not a {self.title} folder with {TABLE}", path=path, remedy=remedy)

    @abstractmethod
    def about(self, path: Path) -> dict[str, str]:
        """`StoreRows.about` of a database; raises `InputError` if there is no database of this kind."""

    def source(self, path: Path) -> str | None:
        """The fingerprint of the run of the vectors; raises `InputError` if there is no such database."""
        return self.about(path).get(RUN)

    @abstractmethod
    def read(self, path: Path) -> DatabaseContent:
        """Read all rows."""

    def update(self, rows: StoreRows, path: Path) -> dict[str, int] | None:
        """Write new and changed rows, and delete rows whose id no longer occurs.

        Unchanged rows keep their vectors. None if all rows must be written: the vectors are of another
        encoder, or the columns or ids do not allow an update.
        """
        if not rows.about or {**self.about(path), "selfvec.name": ""} != {**rows.about, "selfvec.name": ""}:
            return None
        fresh = {str(row["id"]): row for row in rows.table.iter_rows(named=True)}
        stored = self.rows_by_id(rows, path)
        if stored is None or len(fresh) != len(rows):
            return None
        gone = [name for name in stored if name not in fresh]
        numbers = [i for i, (name, row) in enumerate(fresh.items()) if stored.get(name) != self.kept(row)]
        self.change(rows, path, numbers, gone)
        added = len(fresh.keys() - stored.keys())
        counts = {"added": added, "changed": len(numbers) - added, "removed": len(gone)}
        return {**counts, "unchanged": len(rows) - len(numbers)}

    @staticmethod
    def kept(row: dict[str, Any]) -> dict[str, Any]:
        """The stored form of a row."""
        return row

    @abstractmethod
    def rows_by_id(self, rows: StoreRows, path: Path) -> dict[str, dict[str, Any]] | None:
        """The stored form of each row without its vector; None if ids repeat or columns differ."""

    @abstractmethod
    def change(self, rows: StoreRows, path: Path, numbers: Sequence[int], gone: Sequence[str]) -> None:
        """Write rows by their numbers, in place of those with the same id, and delete others by id."""

    @abstractmethod
    def switch(self, new: DatabaseContent, path: Path, folder: Path) -> bool:
        """Replace all vectors at once; change nothing and return False if the database has changed.

        ``folder`` is for what is written before.
        """

    def complete(self, path: Path, language: str | None) -> None:
        """Complete a switch that was killed."""
