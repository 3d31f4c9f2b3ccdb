"""Exporting: where it goes, and that it gets there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfvec.base.errors import OptionError, TargetError
from selfvec.base.files import replace_folder, writing
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.storage.run_folder import is_run

from .targets import SUFFIXES, TARGETS, Wanted

__all__ = ["export"]

_ANOTHER = "choose another -o"


def export(
    run: Run,
    to: str,
    target: str | os.PathLike[str] | None = None,
    *,
    corpus: Sequence[str] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write a run in the form that another tool takes.

    Parameters
    ----------
    run : Run
    to : str
        A name in `TARGETS`.
    target : path, optional
        The file or folder to write; ``RUN-TO`` beside the run where not given.
    corpus : sequence of paths, optional
        Documents, for targets that hold some; otherwise the run's own.
    overwrite : bool
        Whether an earlier export standing there is replaced: a file, or a folder that holds nothing but what
        is written now.
    progress : Progress, optional

    Returns
    -------
    dict
        ``to``, ``target``, and what the target says of itself; JSON-serialisable.

    Raises
    ------
    OptionError
        If there is no such target, or it cannot hold this run.
    TargetError
        If the target exists, or cannot be written. It is left as it was.
    """
    if to not in TARGETS:
        raise OptionError(f"is one of {', '.join(sorted(TARGETS))}, not {to!r}", field="to")
    path = _default(run, to) if target is None else Path(target)
    if not path.name:
        raise TargetError("is no name to write to", path=path, remedy="name a new file or folder")
    _refuse(path, overwrite)
    write, _ = TARGETS[to]
    room = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with writing(path):
        try:
            room.mkdir()
            details = write(Wanted(run, corpus, progress or Progress()), room / path.name)
            _move(room, path, overwrite)
        finally:
            shutil.rmtree(room, ignore_errors=True)
    return {"to": to, "target": str(path), **details}


def _default(run: Run, to: str) -> Path:
    if run.folder is None:
        raise OptionError("this run is in memory, there is no folder beside it", field="target")
    folder = run.folder.resolve() if not run.folder.name else run.folder
    return folder.with_name(f"{folder.name}-{to}{SUFFIXES.get(to, '')}")


def _refuse(path: Path, overwrite: bool) -> None:
    if os.path.lexists(path) and not overwrite:
        remedy = "choose another -o, or replace it with --overwrite"
        raise TargetError("exists already", path=path, remedy=remedy)
    if is_run(path):
        raise TargetError("is a run, it is not replaced", path=path, remedy=_ANOTHER)


def _move(room: Path, path: Path, overwrite: bool) -> None:
    """Put everything written into its place, once all of it may go there."""
    moves = [(source, path.with_name(source.name)) for source in sorted(room.iterdir())]
    for source, place in moves:
        _refuse(place, overwrite)
        if place.is_dir():
            written = {entry.name for entry in source.iterdir()} if source.is_dir() else set()
            others = sorted(entry.name for entry in place.iterdir() if entry.name not in written)
            if not source.is_dir():
                raise TargetError("is a folder, a file is to be written", path=place, remedy=_ANOTHER)
            if others:
                raise TargetError(f"holds {others[0]!r}, which would be lost", path=place, remedy=_ANOTHER)
        elif source.is_dir() and os.path.lexists(place):
            raise TargetError("is a file, a folder is to be written", path=place, remedy=_ANOTHER)
    for source, place in moves:
        if source.is_dir():
            replace_folder(source, place)
        else:
            source.replace(place)
