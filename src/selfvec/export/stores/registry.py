"""The stores: adding one is writing a module with ``write``, and adding a row here."""

from __future__ import annotations

import errno
import importlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from selfvec.base.errors import MissingExtra, OptionError, TargetError
from selfvec.base.files import atomic_file, atomic_folder

from . import faiss, lancedb, parquet, qdrant, usearch
from .rows import Rows

__all__ = ["STORES", "Store", "write"]


@dataclass(frozen=True)
class Store:
    """One store.

    Parameters
    ----------
    name, description : str
    write : callable
        Writes `Rows` into an empty folder, or to a new file.
    module, package, extra : str, optional
        What it imports, the package that has it, and the extra of Selfvec that installs it.
    folder : bool
        Whether it is a folder of files.
    """

    name: str
    description: str
    write: Callable[[Rows, Path], None]
    module: str | None = None
    package: str = ""
    extra: str = ""
    folder: bool = True

    def require(self) -> None:
        """Refuse before any work is done.

        Raises
        ------
        MissingExtra
            If its library is not installed.
        """
        if self.module is None:
            return
        try:
            importlib.import_module(self.module)
        except ImportError:
            raise MissingExtra(self.package, self.extra, f"the store {self.name}") from None

    def put(self, rows: Rows, path: Path) -> None:
        """Write rows to a path that nobody looks at yet.

        Raises
        ------
        OSError
            If they cannot be written, whatever the library calls that.
        """
        if self.folder:
            path.mkdir(exist_ok=True)
        try:
            self.write(rows, path)
        except (RuntimeError, sqlite3.Error) as error:
            told = str(error)
            number = next((n for n in (errno.ENOSPC, errno.EFBIG) if os.strerror(n) in told), errno.EIO)
            raise OSError(number, told[:200]) from error


STORES = {
    store.name: store
    for store in (
        Store(
            "lancedb",
            "LanceDB folder with a full-text index",
            lancedb.write,
            "lancedb",
            "lancedb",
            "lancedb",
        ),
        Store("parquet-documents", "Parquet, vectors as fixed-size lists", parquet.write, folder=False),
        Store("faiss", "FAISS index and rows.parquet", faiss.write, "faiss", "faiss-cpu", "faiss"),
        Store(
            "usearch", "USearch index and rows.parquet", usearch.write, "usearch.index", "usearch", "usearch"
        ),
        Store(
            "qdrant",
            "Qdrant folder, for its local mode",
            qdrant.write,
            "qdrant_client",
            "qdrant-client",
            "qdrant",
        ),
    )
}
"""All stores by name."""


def write(rows: Rows, name: str, target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a store, whole or not at all.

    Parameters
    ----------
    rows : Rows
    name : str
        One of `STORES`.
    target : path
        The folder or file to be made.
    overwrite : bool
        Whether one standing there is replaced.

    Raises
    ------
    OptionError
        If there is no such store.
    MissingExtra
        If its library is not installed.
    TargetError
        If the target exists and is not to be replaced, or cannot be written. It is left as it was.
    """
    if name not in STORES:
        raise OptionError(f"is one of {', '.join(STORES)}, not {name!r}", field="name")
    store, path = STORES[name], Path(target)
    store.require()
    fresh: AbstractContextManager[Path]
    if store.folder:
        fresh = atomic_folder(path, overwrite=overwrite)
    elif path.exists() and not overwrite:
        raise TargetError("exists already", path=path, remedy="choose another path or remove it first")
    else:
        fresh = atomic_file(path)
    with fresh as temporary:
        store.put(rows, temporary)
