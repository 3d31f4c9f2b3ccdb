"""`RunWriter`: a new state of a run, written next to the present one.

    run.json         the present state: what it is, and its files with their checksums
    previous.json    the state before it
    lock             locked while a process writes

A state's files have names of their own, ``text.parquet`` or ``text-2.parquet``, and are never changed. A new
state becomes the run when ``run.json`` is replaced, in one step, after all its files are on the disk. So a
killed process leaves the run as it was, and readers need no lock. Files that neither ``run.json`` nor
``previous.json`` names are deleted by the next writer.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base import scratch
from selfvec.base.arrays import Array, Ids, Rows
from selfvec.base.atomic_files import atomic_file
from selfvec.base.atomic_rename import exchange
from selfvec.base.checks import check_path
from selfvec.base.checksums import checksums, seal
from selfvec.base.durable import sync_names
from selfvec.base.errors import FormatError, OptionError, TargetError
from selfvec.base.file_locks import lock_file
from selfvec.base.ownership import discard
from selfvec.base.targets import check_target, writing
from selfvec.base.tensors import Blocks, map_tensors, reserve_tensor, write_tensors
from selfvec.base.text_files import read_json, write_vocabulary
from selfvec.base.versions import RUN_FORMAT
from selfvec.data.run import Run, state_name
from selfvec.data.vectors import Vectors

from .run_folder import (
    HISTORY,
    LOCK,
    ORIGINAL,
    PARTS,
    PREVIOUS,
    REFINED,
    REPORT,
    RUN,
    TEXT,
    VOCABULARY,
    is_run,
    state_of,
    write_report,
    write_vectors,
)
from .text_file import save_text
from .tokens_file import TOKENS, complete_tokens, write_tokens

__all__ = ["NEW", "SHARED", "RunWriter", "save_run"]

PRESENT = "run.json"
CACHE = "cache"
NEW = "new.parquet"
"""New documents, while an update reads them."""
SHARED = "shared"
"""What the workers of a cluster share while they make a run."""
_FILES = (ORIGINAL, REFINED, VOCABULARY, TOKENS, TEXT, HISTORY, REPORT, *PARTS)  # of a state
_OWNED = (*_FILES, NEW, SHARED)
_OURS = re.compile(
    "|".join(rf"{re.escape(Path(n).stem)}(-\d+)?{re.escape(Path(n).suffix)}(\.\w+)?" for n in _OWNED)
    + r"|\.(run|previous)\.json\.partial-[0-9a-f]{8}"
)
"""Names of files and folders that writers make, also those of a text that is still being written."""


class RunWriter:
    """Writes a run, or a new state of one; `TargetError` if another process writes it.

    With ``overwrite`` an existing run gets a new state. Other files and folders are never replaced. If the
    block ends before `finish`, nothing has changed.
    """

    def __init__(self, target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        self.target = Path(target)
        self._mapped: dict[str, Vectors] = {}  # vectors in their files, by name
        self._ids: Ids | None = None  # of the run's tokens, if they are made in their file
        self._refuse_existing(overwrite)
        with writing(self.target):
            self._lock = lock_file(self.target / LOCK, self.target)
        try:
            self._refuse_existing(overwrite)  # another process may have made it meanwhile
            states = [state_of(self.target / name) for name in (PRESENT, PREVIOUS)]
            self.state = 1 + max(states)
            self._sweep()
        except BaseException:
            self.close()
            raise

    def _refuse_existing(self, overwrite: bool) -> None:
        if not _is_unfinished(self.target):
            check_target(self.target, overwrite=overwrite, folder=True, kind=RUN)

    def path(self, name: str) -> Path:
        """A file or folder of the new state, which does not exist yet."""
        path = self.target / state_name(name, self.state)
        discard(path)
        return path

    def keep(self, vectors: Vectors, name: str = ORIGINAL) -> None:
        """Write vectors of the run now; ``name`` is `ORIGINAL` or `REFINED`."""
        if self._mapped.get(name) is vectors:
            return
        with writing(self.target):
            write_vectors(self.path(name), vectors, counts=name == REFINED)

    def keep_tensors(self, name: str, tensors: Mapping[str, Array | Blocks]) -> Rows:
        """Write tensors, as `keep` does; return the matrix of vectors, mapped from the file."""
        path = self.path(name)
        with writing(self.target):
            write_tensors(path, tensors)
        rows: Rows = map_tensors(path)["vectors"]
        return rows

    def map_kept(self, vectors: Vectors, name: str = ORIGINAL) -> None:
        """Map the matrix that was written, so that it needs no memory."""
        vectors.replace_matrix(map_tensors(self.target / state_name(name, self.state))["vectors"])
        self._mapped[name] = vectors

    def token_ids(self, size: int) -> Ids | None:
        """Room for the ids of a run's tokens, (size,) int32, in their file; None for a short text."""
        if size * 4 <= scratch.IN_MEMORY:
            return None
        with writing(self.target):
            self._ids = reserve_tensor(self.path(TOKENS), size, np.int32)
        return self._ids

    def finish(self, run: Run, *, undo: bool = True) -> None:
        """Write what is not written yet, and make it the run.

        Without ``undo`` the state before, and all that was derived from it, is deleted.
        """
        started = time.perf_counter()
        with writing(self.target):
            self._write(run)
            timings = {**run.provenance.timings, "save": time.perf_counter() - started}
            run.provenance = run.provenance.replace(timings=timings)
            names = [name for name in self._names() if self._is_new(name)]
            described = {"format": RUN_FORMAT, **run.provenance, "state": self.state}
            content = seal({**described, "files": checksums(self.target, names)}, indent=1)
            present = self.target / PRESENT
            if undo and present.is_file():
                _replace(self.target / PREVIOUS, present.read_bytes())
            _replace(present, content)
            if not undo:
                discard(self.target / PREVIOUS)
                discard(self.target / CACHE)
            self._sweep()

    def _write(self, run: Run) -> None:
        words, history = run.vectors.index_to_key, run.history
        jobs: list[Callable[[], Any]] = [
            partial(self.keep, run.vectors, REFINED),
            partial(self.keep, run.original, ORIGINAL),
            partial(write_vocabulary, self.path(VOCABULARY), words),
            partial(write_report, self.path(REPORT), run.report),
            partial(self._write_tokens, run),
            partial(self._write_text, run),
            *(partial(self._write_part, run, name) for name in PARTS),
        ]
        if history is not None and len(history):
            jobs.append(partial(write_tensors, self.path(HISTORY), vars(history)))
        with ThreadPoolExecutor() as pool:
            for one in [pool.submit(job) for job in jobs]:
                one.result()  # raises what the thread raised

    def _write_tokens(self, run: Run) -> None:
        tokens = run.tokens
        if tokens is None:
            return
        if tokens.ids is self._ids:
            tokens.ids.flags.writeable = False
            if complete_tokens(self.target / state_name(TOKENS, self.state), tokens):
                return
        write_tokens(self.path(TOKENS), tokens)

    def _write_text(self, run: Run) -> None:
        if run.text is not None and run.text.source != self.target / state_name(TEXT, self.state):
            save_text(run.text, self.path(TEXT))

    def _write_part(self, run: Run, name: str) -> None:
        if name in run.parts:
            run.parts[name].save(self.path(name))
        elif (kept := run.part(name)) is not None:
            shutil.copytree(kept, self.path(name))

    def undo(self) -> None:
        """Exchange the run and the state before; `TargetError` if there is none."""
        present, previous = (self.target / name for name in (PRESENT, PREVIOUS))
        if not previous.is_file():
            rule = "the run has no state before this one"
            raise TargetError(rule, path=self.target, remedy="an update in place keeps the state before")
        with writing(self.target):
            if not exchange(present, previous):
                now, before = present.read_bytes(), previous.read_bytes()
                _replace(previous, now)
                _replace(present, before)
            sync_names(self.target)

    def _is_new(self, name: str) -> bool:
        """Whether a name is of the state that is being written."""
        return any(name == state_name(one, self.state) for one in _FILES)

    def _names(self) -> list[str]:
        return [path.name for path in self.target.iterdir()]

    def _sweep(self) -> None:
        """Delete the files of states that are no longer named."""
        named = {LOCK, PRESENT, PREVIOUS}
        for name in (PRESENT, PREVIOUS):
            with suppress(FormatError, OSError):
                described = read_json(self.target / name, "")
                named |= {Path(file).parts[0] for file in described.get("files", ())}
        for name in self._names():
            if name not in named and _OURS.fullmatch(name):
                discard(self.target / name)

    def close(self) -> None:
        """Release the lock; delete what was written unless it became the run."""
        with suppress(OSError):
            self._sweep()
        if not is_run(self.target):
            discard(self.target / LOCK)
            with suppress(OSError):
                self.target.rmdir()  # if it is empty
        self._lock.close()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def save_run(run: Run, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a run folder, or with ``overwrite`` a new state of an existing one.

    `TargetError` if ``path`` exists. With ``overwrite`` a run is replaced, but nothing else.
    """
    if not isinstance(run, Run):
        raise OptionError(f"is a Run, not {type(run).__name__}", field="run")
    check_path("path", path, "the path of a run folder")
    with RunWriter(path, overwrite=overwrite) as writer:
        writer.finish(run)


def _replace(path: Path, content: bytes) -> None:
    with atomic_file(path, overwrite=True) as temporary:
        temporary.write_bytes(content)


def _is_unfinished(folder: Path) -> bool:
    """Whether a folder holds nothing but what a killed process wrote of its first state."""
    if is_run(folder) or not (folder / LOCK).is_file():
        return False
    return all(path.name == LOCK or _OURS.fullmatch(path.name) for path in folder.iterdir())
