"""The locked folder in which a run is made before it is complete.

A run folder ``RUN`` is made in its sibling ``.RUN.partial``. Only the process that holds the lock in it may
write. The operating system releases the lock when the process ends. Ctrl-C saves the state of the work there,
as does a timer every half minute, and ``--resume`` continues from it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from selfvec.base import scratch
from selfvec.base.arrays import Array, Ids, Rows
from selfvec.base.durable import sync_file, sync_names
from selfvec.base.errors import OptionError, TargetError
from selfvec.base.file_locks import lock_file
from selfvec.base.folder_swap import exchange_folders, replace_folder, restore_folder
from selfvec.base.ownership import discard, remove_own
from selfvec.base.targets import check_target, writing
from selfvec.base.temporary_files import remove_leftovers, sibling
from selfvec.base.tensors import Blocks, map_tensors, read_metadata, reserve_tensor, write_tensors
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.storage.leftovers import (
    FRESH,
    LOCK,
    SHARED,
    STATE,
    forget,
    mark,
    previous_of,
    settle,
    workspace_of,
)
from selfvec.storage.run_folder import ORIGINAL, REFINED, RUN, is_run, write_run, write_vectors
from selfvec.storage.tokens_file import TOKENS, complete_tokens

__all__ = ["Workspace"]


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
                if complete_tokens(self.folder / TOKENS, tokens):
                    written[TOKENS] = self.folder / TOKENS
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
        """Release the lock; delete the folder unless it holds a saved state."""
        for name in (ORIGINAL, REFINED, TOKENS):
            discard(self.folder / name)
        if not self.has_state and not self.shared.exists():
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
