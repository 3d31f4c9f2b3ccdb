"""Public vectors that have been fetched: a folder for each, with the vectors and ``table.json``.

``table.json`` holds licence, source and SHA-256 checksums.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from selfvec.base.checksums import sha256
from selfvec.base.errors import FormatError
from selfvec.base.text_files import read_json
from selfvec.base.user_folders import user_folder

from .public_vectors import PUBLIC_VECTORS

__all__ = ["RECORD", "all_fetched", "damaged", "data_folder", "fetched", "locate"]

RECORD = "table.json"


def data_folder() -> Path:
    """The folder of fetched vectors: ``SELFVEC_DATA``, or the user's folder for data of programs."""
    return user_folder("data", "vectors")


def fetched(folder: Path) -> dict[str, Any] | None:
    """The record of fetched vectors, with their ``path``; None if the folder has no record."""
    path = folder / RECORD
    if not path.is_file():
        return None
    record = read_json(path, "remove the folder and fetch the vectors again")
    try:
        for entry in (*record["files"].values(), record["download"]):
            entry["bytes"], entry["sha256"]
        record["name"], record["words"], record["dimensions"]
        names = list(record["files"])
    except (LookupError, TypeError, AttributeError):
        rule = "is not a record of fetched vectors"
        raise FormatError(rule, path=path, remedy="remove the folder and fetch the vectors again") from None
    return record | {"path": str(folder / names[0] if len(names) == 1 else folder)}


def all_fetched() -> list[dict[str, Any]]:
    """The records of all vectors in `data_folder`, by name."""
    folder = data_folder()
    found = map(fetched, sorted(folder.iterdir())) if folder.is_dir() else ()
    return [record for record in found if record is not None]


def damaged(folder: Path, record: dict[str, Any]) -> str | None:
    """The first file of fetched vectors that has changed since, or None."""
    for name, entry in record["files"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != entry["bytes"] or sha256(path) != entry["sha256"]:
            return str(name)
    return None


def locate(path: str | os.PathLike[str]) -> Path:
    """The path of vectors: a path unchanged, the name of public vectors as the path of the fetched file.

    `FormatError` if the public vectors have not been fetched, or have changed since.
    """
    name = os.fspath(path)
    if name not in PUBLIC_VECTORS or Path(name).exists():
        return Path(name)
    folder = data_folder() / name
    remedy = f"run: selfvec vectors fetch {name}"
    record = fetched(folder)
    if record is None:
        raise FormatError("names public vectors that have not been fetched", path=name, remedy=remedy)
    if file := damaged(folder, record):
        raise FormatError("has changed since it was fetched", path=folder / file, remedy=remedy)
    return Path(record["path"])
