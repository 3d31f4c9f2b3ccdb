"""The locked folder in which a run is made before it is complete.

A run folder ``RUN`` is made in its sibling ``.RUN.partial``. Only the process that holds the lock in it may
write. The operating system releases the lock when the process ends. Ctrl-C saves the state of the work there,
as does a timer every half minute, and ``--resume`` continues from it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from selfvec.base import scratch
from selfvec.base.arrays import Array, Ids, Rows
from selfvec.base.durable import sync_file, sync_names
from selfvec.base.errors import FormatError, OptionError, TargetError
from selfvec.base.file_locks import lock_file
from selfvec.base.folder_swap import exchange_folders, replace_folder, restore_folder
from selfvec.base.ownership import discard, remove_own
from selfvec.base.targets import check_target, writing
from selfvec.base.temporary_files import remove_leftovers, sibling
from selfvec.base.tensors import Blocks, map_tensors, read_metadata, reserve_tensor, write_tensors
from selfvec.base.text_files import read_json, write_vocabulary
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.storage.leftovers import (
    FRESH,
    INPUTS,
    LOCK,
    SHARED,
    STATE,
    forget,
    mark,
    previous_of,
    resumable,
    settle,
    workspace_of,
)
from selfvec.storage.run_folder import (
    ORIGINAL,
    REFINED,
    RUN,
    VOCABULARY,
    is_run,
    link,
    open_unrefined,
    write_run,
    write_vectors,
)
from selfvec.storage.tokens_file import TOKENS, complete_tokens

__all__ = ["Workspace"]

_INPUTS = "inputs.json"


class Workspace:
    """Reserves ``.TARGET.partial`` for one writer; `TargetError` if another process writes it.

    With ``overwrite`` an existing run is replaced when the new one is complete. Other files and folders are
    never replaced. With ``resume`` a saved state is kept for `load_state`; otherwise it is deleted.
    """

    def __init__(
        self, target: str | os.PathLike[str], *, overwrite: bool = False, resume: bool = False
    ) -> None:
        self.target = Path(target)
        self.overwrite = overwrite
        self._mapped: dict[str, Vectors] = {}  # vectors kept in files, by the name of the file
        self._ids: Ids | None = None  # of the run's tokens, if they are made in their file
        self._tokens: Path | None = None  # that file, when it is complete
        if self.target.name:
            restore_folder(self.target)
            remove_leftovers(self.target)
        self._refuse_existing()
        self.folder = workspace_of(self.target)
        with writing(self.target):
            self._lock = lock_file(self.folder / LOCK, self.target)
            settle(self.target)
        if not resume:
            forget(self.folder)

    def _refuse_existing(self) -> None:
        check_target(self.target, overwrite=self.overwrite, folder=True, kind=RUN)

    @property
    def _state(self) -> Path:
        return self.folder / STATE

    @property
    def shared(self) -> Path:
        """The folder for results of the workers of a cluster; kept like a state."""
        return self.folder / SHARED

    @property
    def has_state(self) -> bool:
        """Whether there is a saved state to continue from."""
        return self._state.exists()

    @property
    def has_inputs(self) -> bool:
        """Whether a text that was read is kept."""
        return (self.folder / INPUTS).is_dir()

    def keep_inputs(self, run: Run, stamp: str) -> None:
        """Keep the words, tokens, original vectors and parts of a run, if it is made of a long text.

        `load_inputs` finds them by the stamp. The original vectors have been written by `keep`.
        """
        if run.tokens is None or run.tokens.ids is not self._ids or self.has_inputs:
            return
        with writing(self.target):
            tokens = self._complete(run.tokens)
            if tokens is None:
                return
            fresh = self.folder / f"{INPUTS}.new"
            remove_own(fresh)
            fresh.mkdir()
            for source in (tokens, self.folder / ORIGINAL):
                link(source, fresh / source.name)
            write_vocabulary(fresh / VOCABULARY, run.tokens.types)
            for name, part in run.parts.items():
                part.save(fresh / name)
            described = json.dumps({"stamp": stamp, **run.provenance}, ensure_ascii=False)
            (fresh / _INPUTS).write_text(described, encoding="utf-8")
            fresh.rename(self.folder / INPUTS)

    def load_inputs(self, stamp: str) -> Run | None:
        """What `keep_inputs` kept under the same stamp, as a run that is not refined; otherwise None."""
        folder = self.folder / INPUTS
        run = None
        with suppress(FormatError, OSError):
            described = read_json(folder / _INPUTS, "")
            if described.pop("stamp", None) == stamp:
                run = open_unrefined(folder, described)
        if run is None or run.tokens is None:
            remove_own(folder)
            return None
        self._ids = run.tokens.ids
        self._tokens = folder / TOKENS
        discard(self.folder / ORIGINAL)
        link(folder / ORIGINAL, self.folder / ORIGINAL)
        self._mapped[ORIGINAL] = run.original
        return run

    def _complete(self, tokens: TokenBatch) -> Path | None:
        """The file of tokens whose ids were made in it; None if it has too little room for its header."""
        if self._tokens is None:
            self._tokens = self.folder / TOKENS if complete_tokens(self.folder / TOKENS, tokens) else None
        return self._tokens

    def save_state(self, state: Mapping[str, Array], fingerprint: str) -> None:
        """Save a state; the previous one is kept until the new one is written."""
        with writing(self.target):
            fresh = self._state.with_suffix(".new")
            write_tensors(fresh, state, {"fingerprint": fingerprint})
            sync_file(fresh)
            fresh.replace(self._state)
            sync_names(self.folder)

    def load_state(self, fingerprint: str) -> dict[str, Array]:
        """The last saved state; `OptionError` if it belongs to another corpus, vectors or options."""
        if read_metadata(self._state).get("fingerprint") != fingerprint:
            raise OptionError(
                "the interrupted run had another corpus, other vectors or other options",
                path=self.target,
                remedy="repeat its command with --resume, or start over without --resume",
            )
        return map_tensors(self._state)

    def keep(self, vectors: Vectors, name: str = ORIGINAL) -> None:
        """Write vectors of a run where `finish` finds them; ``name`` is `ORIGINAL` or `REFINED`."""
        if self._mapped.get(name) is vectors:
            return
        with writing(self.target):
            write_vectors(self.folder / name, vectors)

    def keep_tensors(self, name: str, tensors: Mapping[str, Array | Blocks]) -> Rows:
        """Write tensors, as `keep` does; return the matrix of vectors, mapped from the file."""
        with writing(self.target):
            write_tensors(self.folder / name, tensors)
        rows: Rows = map_tensors(self.folder / name)["vectors"]
        return rows

    def map_kept(self, vectors: Vectors, name: str = ORIGINAL) -> None:
        """Map the matrix that was written, so that it needs no memory."""
        vectors.replace_matrix(map_tensors(self.folder / name)["vectors"])
        self._mapped[name] = vectors

    def token_ids(self, size: int) -> Ids | None:
        """Room for the ids of a run's tokens, (size,) int32, in their file; None for a short text."""
        if size * 4 <= scratch.IN_MEMORY:
            return None
        discard(self.folder / TOKENS)
        with writing(self.target):
            self._ids = reserve_tensor(self.folder / TOKENS, size, np.int32)
        return self._ids

    def finish(self, run: Run, *, previous: bool = False) -> None:
        """Write the run and move it to its target; ``previous`` keeps the replaced run, see `previous_of`."""
        with writing(self.target):
            fresh = self.folder / FRESH
            remove_own(fresh)
            fresh.mkdir()
            written = {
                name: self.folder / name
                for name, vectors in ((ORIGINAL, run.original), (REFINED, run.vectors))
                if self._mapped.get(name) is vectors
            }
            tokens = run.tokens
            if tokens is not None and tokens.ids is self._ids:
                tokens.ids.flags.writeable = False
                if file := self._complete(tokens):
                    written[TOKENS] = file
            write_run(run, fresh, written)
            self._refuse_existing()
            keep = previous and self.target.exists()
            if keep:
                self._refuse_other_previous()
            mark(self.target, keep=keep)
            replace_folder(fresh, self.target, keep=True)
            settle(self.target)

    def undo(self) -> Path:
        """Exchange the run and the previous one; returns the new path of the newer one."""
        self._refuse_other_previous()
        kept = previous_of(self.target)
        if not kept.is_dir():
            raise TargetError(
                "there is no previous run", path=kept, remedy="an update in place keeps the previous run here"
            )
        with writing(self.target):
            exchange_folders(kept, self.target)
            sync_names(self.target.parent)
        return kept

    def _refuse_other_previous(self) -> None:
        kept = previous_of(self.target)
        if kept.exists() and not is_run(kept):
            raise TargetError(
                "is not a run folder, but the previous run is kept here", path=kept, remedy="rename it"
            )

    def close(self) -> None:
        """Release the lock; delete the folder unless it holds what ``--resume`` continues from."""
        for name in (ORIGINAL, REFINED, TOKENS):
            discard(self.folder / name)
        if not resumable(self.folder):
            left = sibling(self.target)  # after a kill the next command removes the rest
            try:
                self.folder.rename(left)
            except OSError:
                left = self.folder
            remove_own(left)
        self._lock.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
