"""The kinds of folders that Selfvec writes: a row for each. A JSON file in the folder tells its kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FolderKind:
    """A kind of folder."""

    file: str  # that describes the folder; only folders of this kind hold it
    name: str  # in JSON
    described: str  # with its article
    sealed: bool = True  # whether the file holds a checksum of itself


FOLDER_KINDS = (
    FolderKind("run.json", "run", "a run folder"),
    FolderKind("index.json", "index", "a search index"),
    FolderKind("encoder.json", "encoder", "an encoder"),
    FolderKind("result.json", "result", "a result kept for a run"),
    FolderKind("table.json", "table", "fetched vectors", sealed=False),
)


def folder_kind(folder: Path) -> FolderKind | None:
    """The kind of a folder; None if it is of no kind."""
    return next((kind for kind in FOLDER_KINDS if (folder / kind.file).is_file()), None)
