"""`run_index`: the index of a run's documents, which is kept in the run folder.

An index has a stamp of the run and the documents that it was made for. If either has changed, for example
because `update` withdrew documents, the stamp differs and the index is built again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from selfvec.base.errors import TargetError
from selfvec.base.file_locks import locked
from selfvec.base.progress import Progress, as_progress
from selfvec.base.targets import writing
from selfvec.data.run import Run
from selfvec.storage.opened import GivenRun, as_run

from .dense_space import TABLES
from .documents import gather
from .index import Index
from .index_folder import is_index, read_stamp
from .passages import CUT, Cut, check_cut

__all__ = ["run_index"]

FOLDER = "search"  # of a run folder, where its indexes are kept


def run_index(
    run: GivenRun,
    progress: Progress | None = None,
    *,
    tables: Sequence[str] = TABLES,
    cut: Cut = CUT,
) -> Index:
    """The index of a run's documents, or of others.

    It is kept in the run folder, and built again if the run, the documents or the version have changed. If
    several processes need it, one builds it and the others wait. The index of a run made with
    ``--forget-tokens`` is not kept.

    Parameters
    ----------
    run : Run or path
    progress : Progress, optional
    tables : sequence of str
        Vectors of the run to use.
    cut : tuple of int
        Words of a passage, and how many of them are repeated from the passage before.

    Raises
    ------
    InputError
        If the documents cannot be read. `FormatError` if there is an index and it is damaged.
    """
    run = as_run(run)
    progress = as_progress(progress)
    folder = _folder(run, tables, check_cut(cut))
    if folder is None:
        if run.folder is not None and not keeps_text(run):
            progress.say("the run keeps no text (--forget-tokens): its index is made for this command only")
        found = replace(gather(run, progress), cut=cut)
        return Index.memory(run, found, tables=tables, progress=progress)
    kept = _kept(folder, _stamp(run))
    if kept is not None:
        return kept
    assert run.folder is not None
    with locked(run.folder, lambda: progress.say("waiting for another process that makes the index")):
        stamp = _stamp(run)
        kept = _kept(folder, stamp)  # another process may have made it meanwhile
        if kept is not None:
            return kept
        if is_index(folder):
            progress.say("the index is of another run, other documents or another version: it is made again")
        found = replace(gather(run, progress), cut=cut)
        index = replace(Index.memory(run, found, tables=tables, progress=progress), stamp=stamp)
        try:
            with writing(folder):
                folder.parent.mkdir(exist_ok=True)
            return index.saved(folder, overwrite=True)
        except TargetError as error:
            progress.say(f"the index is not kept: {error}")
            return index


def keeps_text(run: Run) -> bool:
    """Whether texts may be written into the run folder; not after ``--forget-tokens``."""
    return run.text is not None


def _kept(folder: Path, stamp: str) -> Index | None:
    """The index in a folder, if it is of this run, these documents and this version."""
    return Index.open(folder) if is_index(folder) and read_stamp(folder) == stamp else None


def _folder(run: Run, tables: Sequence[str], cut: Cut) -> Path | None:
    """Where an index is kept; None for a run or documents in memory, a run without text, and a pipe."""
    if run.folder is None or not keeps_text(run):
        return None
    suffix = "" if tuple(tables) == TABLES else f"-{'-'.join(tables)}"
    suffix += "" if tuple(cut) == CUT else f"-{cut[0]}-{cut[1]}"
    return run.folder / FOLDER / f"own{suffix}"


def _stamp(run: Run) -> str:
    """The run and the documents of an index: its provenance, and sizes and times of other files."""
    return _digest(dict(run.provenance))


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
