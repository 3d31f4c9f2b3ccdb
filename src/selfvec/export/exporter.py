"""`export`: write a run, or rows of a store, in the form of another tool; whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selfvec.base.errors import OptionError, TargetError
from selfvec.base.files import replace_folder, writing
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.storage.run_folder import is_run

from .rows import Rows
from .stores import STORES
from .targets import TARGETS, Export

__all__ = ["export", "write_rows"]

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
    """Write a run in the form of another tool.

    Parameters
    ----------
    run : Run
    to : str
        A name in `TARGETS`.
    target : path, optional
        The file or folder to write; by default ``RUN-TO`` beside the run.
    corpus : sequence of paths, optional
        Documents, for targets that hold documents; the run's own by default.
    overwrite : bool
        Whether to replace an earlier export: a file, or a folder that holds nothing but what is written now.
    progress : Progress, optional

    Returns
    -------
    dict
        ``to``, ``target`` and a description by the target; JSON-serialisable.

    Raises
    ------
    OptionError
        If the target is unknown, or cannot hold this run.
    TargetError
        If the target exists, or cannot be written. It is left as it was.
    """
    if to not in TARGETS:
        raise OptionError(f"is one of {', '.join(sorted(TARGETS))}, not {to!r}", field="to")
    path = _default(run, to) if target is None else Path(target)
    with _replaced(path, overwrite) as fresh:
        details = TARGETS[to].write(Export(run, to, corpus, progress or Progress()), fresh)
    return {"to": to, "target": str(path), **details}


def write_rows(rows: Rows, to: str, target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write rows into a store.

    Parameters
    ----------
    rows : Rows
        See `passage_rows` and `word_rows`.
    to : str
        The name of a store.
    target : path
        The folder or file to write.
    overwrite : bool
        Whether to replace an earlier store.

    Raises
    ------
    OptionError
        If there is no such store.
    MissingExtra
        If its library is not installed.
    TargetError
        If the target exists, or cannot be written. It is left as it was.
    """
    if to not in STORES:
        raise OptionError(f"is one of {', '.join(STORES)}, not {to!r}", field="to")
    STORES[to].require()
    with _replaced(Path(target), overwrite) as fresh:
        STORES[to].put(rows, fresh)


@contextmanager
def _replaced(path: Path, overwrite: bool) -> Iterator[Path]:
    """A path to write to, in an empty folder; all that was written is moved to ``path`` and beside it."""
    if not path.name:
        raise TargetError("has no name", path=path, remedy="name a new file or folder")
    _refuse(path, overwrite)
    folder = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with writing(path):
        try:
            folder.mkdir()
            yield folder / path.name
            _move(folder, path, overwrite)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _default(run: Run, to: str) -> Path:
    if run.folder is None:
        raise OptionError("this run is in memory and has no folder to write beside", field="target")
    folder = run.folder.resolve() if not run.folder.name else run.folder
    return folder.with_name(f"{folder.name}-{to}{TARGETS[to].suffix}")


def _refuse(path: Path, overwrite: bool) -> None:
    if os.path.lexists(path) and not overwrite:
        remedy = "choose another -o, or replace it with --overwrite"
        raise TargetError("exists already", path=path, remedy=remedy)
    if is_run(path):
        raise TargetError("is a run, it is not replaced", path=path, remedy=_ANOTHER)


def _move(folder: Path, path: Path, overwrite: bool) -> None:
    """Move everything that was written to its place, once all of it may go there."""
    moves = [(source, path.with_name(source.name)) for source in sorted(folder.iterdir())]
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
