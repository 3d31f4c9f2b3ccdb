"""`Qdrant`: a collection of passages in the folder of a client's local mode."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from selfvec.base.errors import FormatError, InputError, TargetError
from selfvec.files.atomic_files import locked_sibling, replace_folder
from selfvec.files.file_system import NO_LINK, lock
from selfvec.files.targets import needing
from selfvec.files.text_files import read_json

from .store import TABLE, Database, DatabaseContent, library_errors, reading
from .store_rows import StoreRows


class Qdrant(Database):
    """A folder for the local mode of its client, from which a server's collection can be filled.

    Points are numbered from 0, because Qdrant accepts only numbers and UUIDs as ids. Rows are their payload.
    """

    name = "qdrant"
    title = "Qdrant"
    opened_by = "qdrant_client.QdrantClient(path={})"
    module = "qdrant_client"
    extra = "qdrant"

    def write(self, rows: StoreRows, path: Path) -> None:
        """Write a collection called ``rows.name``, with cosine distance."""
        with self._open(path) as client:
            self._create(client, rows.name, rows.vectors.shape[1], rows.about)
        with self._open(path) as client:
            payloads = map(self.kept, rows.table.iter_rows(named=True))
            client.upload_collection(rows.name, rows.vectors, payload=payloads, ids=range(len(rows)))

    def recognises(self, path: Path) -> bool:
        """Whether the folder has the file that describes its collections."""
        return (path / "meta.json").is_file()

    def about(self, path: Path) -> dict[str, str]:
        """The metadata of the collection. The file is read, because the client would lock the folder."""
        collections = _collections(path) if self.recognises(path) else {}
        if TABLE not in collections:
            raise self.not_found(path)
        with reading(path / "meta.json"):
            found = collections[TABLE].get("metadata") or {}
            return {name: str(value) for name, value in found.items() if name.startswith("selfvec.")}

    def rows_by_id(self, rows: StoreRows, path: Path) -> dict[str, dict[str, Any]] | None:
        """The payloads of the collection."""
        content = self.read(path).content
        found = {str(payload.get("id")): payload for _, payload in content}
        columns = {name for _, payload in content for name in payload}
        return found if len(found) == len(content) and columns == set(rows.table.columns) else None

    def change(self, rows: StoreRows, path: Path, numbers: Sequence[int], gone: Sequence[str]) -> None:
        """Change a copy of the folder, which then replaces it, because the client has no transactions."""
        if not numbers and not gone:
            return
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        with _locked(path), locked_sibling(path) as folder, needing(size):
            copy = folder / path.name
            shutil.copytree(path, copy, ignore=shutil.ignore_patterns(".lock"))
            with library_errors(copy):
                self._change(rows, copy, numbers, gone)
            replace_folder(copy, path)

    def _change(self, rows: StoreRows, path: Path, numbers: Sequence[int], gone: Sequence[str]) -> None:
        """Upsert points, new ones with new numbers, and delete others."""
        points = {str(payload.get("id")): point for point, payload in self.read(path).content}
        free = count(1 + max((point for point in points.values() if isinstance(point, int)), default=-1))
        payloads = [self.kept(row) for row in rows.table[list(numbers)].iter_rows(named=True)]
        ids = [points[own["id"]] if own["id"] in points else next(free) for own in payloads]
        with self._open(path) as client:
            if ids:
                client.upload_collection(TABLE, rows.vectors[list(numbers)], payload=payloads, ids=ids)
            if gone:
                client.delete(TABLE, [points[name] for name in gone])

    def read(self, path: Path) -> DatabaseContent:
        """All numbers and payloads. The folder is locked for as long as this takes."""
        with self._open(path) as client, reading(path):
            number = client.count(TABLE).count
            points = client.scroll(TABLE, limit=max(number, 1), with_payload=True)[0]
            named = isinstance(client.get_collection(TABLE).config.params.vectors, dict)
        if named:
            raise InputError("has one vector for each point, without a name", path=path, field=TABLE)
        content = [(point.id, point.payload or {}) for point in points]
        texts = [str(payload.get("text") or "") for _, payload in content]
        return DatabaseContent(texts, content, _stamp(path))

    def switch(self, new: DatabaseContent, path: Path, folder: Path) -> bool:
        """Replace the folder by a copy, while no client has it open. Other collections are not changed."""
        copy = folder / "store"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(path, copy, ignore=shutil.ignore_patterns(".lock"))
        with self._open(copy) as client:
            client.delete_collection(TABLE)
            self._create(client, TABLE, new.vectors.shape[1], new.about)
        with self._open(copy) as client:
            ids = [point for point, _ in new.content]
            client.upload_collection(TABLE, new.vectors, payload=[row for _, row in new.content], ids=ids)
        with _locked(path):
            unchanged = _stamp(path) == new.stamp
            if unchanged:
                replace_folder(copy, path)
        return unchanged

    @staticmethod
    @contextmanager
    def _open(path: Path) -> Iterator[Any]:
        """The folder's client. It syncs to disk once, not after every point.

        The client unpickles the content of a folder, so it is checked before.
        """
        from qdrant_client import QdrantClient

        _check_pickles(path)
        try:
            with reading(path), warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # it warns of more than 20,000 points
                client: Any = QdrantClient(path=str(path))
        except FormatError as error:
            if "already accessed" not in str(error.__cause__):
                raise
            raise _open_elsewhere(path) from None
        try:
            with suppress(AttributeError):
                for collection in client._client.collections.values():
                    collection.storage.storage.execute("PRAGMA synchronous = OFF")
            with warnings.catch_warnings():  # it warns of more than 20,000 points
                warnings.simplefilter("ignore", UserWarning)
                yield client
        finally:
            client.close()

    @staticmethod
    def _create(client: Any, name: str, dimensions: int, about: Mapping[str, str]) -> None:
        from qdrant_client import models

        size = models.VectorParams(size=dimensions, distance=models.Distance.COSINE)
        metadata = {"metadata": dict(about)} if about else {}
        client.create_collection(name, vectors_config=size, **metadata)

    @staticmethod
    def kept(row: dict[str, Any]) -> dict[str, Any]:
        """A row as JSON values."""
        return {name: v.isoformat() if name == "date" and v else v for name, v in row.items()}


# The classes of Qdrant's points; anything else in a pickle could run code.
_PLAIN = {
    "qdrant_client.http.models.models": ("PointStruct", "SparseVector"),
    "datetime": ("date", "datetime", "timedelta", "timezone"),
    "uuid": ("UUID",),
}


class _Points(pickle.Unpickler):
    """Reads points, and refuses all other content of pickles."""

    def find_class(self, module: str, name: str) -> Any:
        """A class of points or of their values."""
        if name not in _PLAIN.get(module, ()):
            raise pickle.UnpicklingError(f"a point holds {module}.{name}, which could run code")
        return super().find_class(module, name)


def _check_pickles(path: Path) -> None:
    """Raise `FormatError` if a folder is damaged, or a point in it is not made of plain values."""
    if not (path / "meta.json").is_file():
        return
    for name in _collections(path):
        file = path / "collection" / name / "storage.sqlite"
        if not name or name != Path(name).name or file.resolve() != path.resolve() / file.relative_to(path):
            rule = f"names a collection {name[:40]!r} that is not in the folder"
            raise FormatError(rule, path=path / "meta.json", remedy="do not open this folder")
        if not file.exists():
            continue
        with reading(file), closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as rows:
            for (point,) in rows.execute("SELECT point FROM points"):
                _Points(io.BytesIO(point)).load()


def _collections(path: Path) -> dict[str, Any]:
    """The collections of a folder by name, from its meta.json."""
    found = read_json(path / "meta.json", "export again with --overwrite").get("collections", {})
    if not isinstance(found, dict):
        rule = "the collections are an object by name"
        raise FormatError(rule, path=path / "meta.json", remedy="export again with --overwrite")
    return found


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep clients out of a folder, with the lock that they use."""
    descriptor = os.open(path / ".lock", os.O_RDWR | os.O_CREAT | NO_LINK, 0o666)
    try:
        if not lock(descriptor):
            raise _open_elsewhere(path)
        yield
    finally:
        os.close(descriptor)


def _open_elsewhere(path: Path) -> TargetError:
    remedy = "close it there and repeat the command; finished work is kept"
    return TargetError("is open in another program", path=path, remedy=remedy)


def _stamp(path: Path) -> str:
    """Sizes and times of the files of a Qdrant folder."""
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.name != ".lock")
    states = [(str(file.relative_to(path)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return json.dumps(states)
