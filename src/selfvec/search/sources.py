"""Which documents are searched, and where their index lies.

A run's own documents are read again from the files that its provenance names, and held against their hashes.
The index is made at the first search, inside the run folder, and opened at the next.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, TargetError
from ..files import writing
from ..progress import Progress
from ..run import Run

if TYPE_CHECKING:
    from ..corpus import Corpus
    from .index import Index

__all__ = ["own_corpus", "run_index", "verified"]

FOLDER = "search"
_PYTHON = "documentation of Python"
_REMEDY = "name the documents with --corpus"


def run_index(
    run: Run, corpus: Sequence[str | os.PathLike[str]] | None = None, progress: Progress | None = None
) -> Index:
    """The index of a run's documents, or of others; made where there is none, or files have changed.

    Parameters
    ----------
    run : Run
    corpus : sequence of paths, optional
        Files and folders; the run's own documents where not given.
    progress : Progress, optional

    Raises
    ------
    InputError
        If the documents cannot be read.
    FormatError
        If there is an index and it is damaged.
    """
    from ..corpus import Corpus
    from .index import Index
    from .store import is_index

    progress = progress or Progress()
    place = _place(run, corpus)
    stamp = None if corpus is None else _stamp(corpus)
    if place is not None and is_index(place):
        index = Index.open(place)
        if index.about.get("stamp") == stamp:
            return index
        progress.say("the documents have changed: their index is made again")

    opened = None if corpus is None else Corpus.open(corpus, keep_fields=True)
    index = Index.create(None, run, opened, progress=progress, stamp=stamp)
    if place is None:
        return index
    try:
        with writing(place):
            place.parent.mkdir(exist_ok=True)
        return index.saved(place, overwrite=True)
    except TargetError as error:
        progress.say(f"the index is not kept: {error}")
        return index


def own_corpus(run: Run) -> Corpus:
    """The corpus a run was made of, yet to be read.

    Raises
    ------
    InputError
        If the run was made of a pipe or of memory, or a file is not there.
    """
    from ..corpus import Corpus

    told = _told(run)
    files = told["files"]
    if len(files) == 1 and str(files[0].get("path", "")).startswith(_PYTHON):
        from ..corpus.python_docs import python_documentation

        return python_documentation()
    return Corpus.open(
        [_found(run, file) for file in files],
        text_fields=list(told["text_fields"]) if told.get("text_given") else None,
        date_field=told.get("date_field") if told.get("date_given") else None,
        skip_bad_rows=bool(told.get("bad_rows")),
        keep_fields=True,
    )


def verified(run: Run, corpus: Corpus) -> None:
    """Refuse documents, read to their end, that are not those a run was made of any more.

    Raises
    ------
    InputError
    """
    for before, now in zip(_told(run)["files"], corpus.summary.files, strict=False):
        if before.get("sha256") != now.sha256:
            raise InputError(
                "is not the file that the run was made of any more",
                path=now.path,
                remedy=f"refine again, or {_REMEDY}",
            )


def _told(run: Run) -> dict[str, Any]:
    told = run.provenance.get("corpus")
    if not isinstance(told, dict) or not told.get("files"):
        raise InputError("this run does not say where its documents are", path=run.folder, remedy=_REMEDY)
    return told


def _found(run: Run, file: dict[str, Any]) -> Path:
    """Where a file lies: as it was named, or beside the run."""
    named = Path(str(file.get("path")))
    for path in (named, *([run.folder.parent / named] if run.folder is not None else [])):
        if file.get("kind") != "memory" and (
            path.is_dir() if file.get("kind") == "folder" else path.is_file()
        ):
            return path
    rule = "the run was made of documents that are not there any more"
    raise InputError(rule, path=named, remedy=_REMEDY)


def _place(run: Run, corpus: Sequence[str | os.PathLike[str]] | None) -> Path | None:
    """Where the index lies; None where it is not kept: of a run in memory, of a pipe."""
    if run.folder is None:
        return None
    if corpus is None:
        return run.folder / FOLDER / "own"
    paths = [Path(path) for path in corpus]
    if not all(path.is_file() or path.is_dir() for path in paths):
        return None
    names = json.dumps([str(path.resolve()) for path in paths])
    return run.folder / FOLDER / f"of-{hashlib.sha256(names.encode()).hexdigest()[:16]}"


def _stamp(corpus: Sequence[str | os.PathLike[str]]) -> str:
    """Sizes and times of all files: another stamp, other documents."""
    files = [
        file
        for path in map(Path, corpus)
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if file.is_file()
    ]
    told = [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
