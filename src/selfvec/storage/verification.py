"""`verify`: compare the files of a run, an index, an encoder or fetched vectors with their checksums."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from selfvec.base.declarations import checked
from selfvec.base.errors import FormatError, InputError
from selfvec.base.result_table import RecordTable, short_repr
from selfvec.base.versions import RUN_FORMAT
from selfvec.files.checksums import damaged_files, is_sealed, unchanged
from selfvec.files.targets import FolderKind
from selfvec.files.text_files import read_json

from .folder_kinds import RUN, folder_kind
from .run_folder import LOCK, PREVIOUS, open_run

_CHANGED = "has changed since it was written: its own checksum differs"


@dataclass(frozen=True)
class Damage:
    """A file that has changed since it was written, or is missing."""

    file: str
    rule: str


@dataclass(frozen=True, repr=False)
class Verified(RecordTable[Damage]):
    """What `verify` found; a row for each damaged file."""

    listed = "damaged"
    path: str
    kind: str  # the name of a row of `selfvec.storage.folder_kinds.FOLDER_KINDS`
    files: int  # compared
    bytes: int
    damaged: list[Damage]
    unchecked: list[str]  # files without a known checksum

    def __repr__(self) -> str:
        title = f"Verified: {self.kind}, {self.files} files, {len(self.damaged)} damaged"
        return short_repr(title, [one.file for one in self.damaged], self.path)


@checked
def verify(path: str | os.PathLike[str]) -> Verified:
    """Compare every file with its checksum and name damaged ones.

    The checksums were kept when the files were written.

    Folders inside are compared, too, such as the search indexes of a run.

    Parameters
    ----------
    path : path
        A run, an index, an encoder or fetched vectors.

    Returns
    -------
    Verified

    Raises
    ------
    InputError
        If the folder is not a run, index, encoder or fetched vectors, or was made before checksums existed.

    Examples
    --------
    >>> _ = selfvec.refine(["hail broke the roof"], "none", "decorrelated", output="run")
    >>> selfvec.verify("run").damaged
    []
    """
    folder = Path(path)
    kind = folder_kind(folder)
    if kind is None:
        rule = "is not a run folder, an index, an encoder or a folder of fetched vectors"
        raise InputError(rule, path=folder, remedy="name the folder that holds one")
    return unchanged(folder / kind.file, lambda: _verified(folder, kind))


def _verified(folder: Path, own: FolderKind) -> Verified:
    damaged: list[Damage] = []
    checked: set[Path] = set()
    within = sorted(folder.rglob("*"))
    for place in [folder, *within]:
        if any(part.startswith(".") for part in place.relative_to(folder).parts):
            continue  # what a killed process left
        kind = folder_kind(place)
        if kind is not None:
            damaged += _compared(place, kind, checked)
    if (folder / PREVIOUS).is_file():
        damaged += _compared(folder, replace(RUN, file=PREVIOUS), checked)
    present = [file for file in within if file.is_file() and file.name != LOCK]
    return Verified(
        path=str(folder),
        kind=own.name,
        files=len(checked),
        bytes=sum(file.stat().st_size for file in checked if file.is_file()),
        damaged=damaged,
        unchecked=[str(file) for file in present if file not in checked],
    )


def _compared(folder: Path, kind: FolderKind, checked: set[Path]) -> Iterator[Damage]:
    """The damaged files of one folder; all that were compared are added to ``checked``."""
    description = folder / kind.file
    checked.add(description)
    intact = not kind.sealed or is_sealed(description.read_bytes())
    try:
        described = read_json(description, "")
    except FormatError as error:
        yield Damage(str(description), error.rule)
        return
    if "files" not in described and "sha256" not in described:
        rule = "has no checksums, it was made by an earlier version"
        raise InputError(rule, path=folder, remedy="make it again")
    if not intact:
        yield Damage(str(description), _CHANGED)
    files = described.get("files")
    if isinstance(files, dict):
        checked.update(folder / str(name) for name in files)
    damaged = [Damage(str(file), rule) for file, rule in damaged_files(folder, described)]
    yield from damaged
    if not damaged and intact and kind.file == "run.json" and described.get("format") == RUN_FORMAT:
        yield from _impossible(folder)


def _impossible(folder: Path) -> Iterator[Damage]:
    """Invalid values of a run that its checksums do not show: a wrong type or range, NaN."""
    try:
        run = open_run(folder)
        for vectors in (run.vectors, run.original):
            _ = vectors.unit  # checks all rows
        _ = run.tokens
    except FormatError as error:
        yield Damage(error.path or str(folder), error.rule)
