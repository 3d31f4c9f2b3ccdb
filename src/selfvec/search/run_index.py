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

from selfvec.base.errors import TargetError
from selfvec.base.files import writing
from selfvec.base.progress import Progress
from selfvec.corpus import Corpus
from selfvec.data.run import Run

from .index import Index
from .index_folder import is_index

__all__ = ["run_index"]

FOLDER = "search"


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
