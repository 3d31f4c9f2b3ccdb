"""Running a refinement to its end, with progress, Ctrl-C and the saved state for ``--resume``."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from threading import Lock

import numpy as np

from selfvec.base.arrays import Ids
from selfvec.base.errors import Interrupted
from selfvec.base.interruption import Interruption, interruptible
from selfvec.base.memory import release
from selfvec.base.progress import Progress
from selfvec.base.threads import ROW_BLOCK
from selfvec.base.timings import Timings
from selfvec.storage.workspace import Workspace

from .methods.refinement import Refinement
from .plan import Plan

__all__ = ["Execution", "run_to_end"]

_CHECKPOINT_SECONDS = float(os.environ.get("SELFVEC_CHECKPOINT_SECONDS", "30"))


@dataclass
class Execution:
    """Options of execution that do not change the result."""

    workspace: Workspace | None = None  # holds the state of interrupted work
    progress: Progress = field(default_factory=Progress)
    jobs: int | None = None  # threads; all cores if None
    timings: Timings = field(default_factory=Timings)  # seconds by stage

    def token_ids(self, size: int) -> Ids | None:
        """Room for the ids of the run's tokens, see `Workspace.token_ids`; None without a workspace."""
        return None if self.workspace is None else self.workspace.token_ids(size)


def run_to_end(refinement: Refinement, plan: Plan, execution: Execution) -> None:
    """Advance a refinement until it is done, starting from a saved state if the workspace has one.

    On Ctrl-C the state is saved and `Interrupted` is raised. A step whose beginning is saved, or that is the
    first one, is given up.
    """
    workspace = execution.workspace
    fingerprint = cache(lambda: _fingerprint(plan))
    if workspace is not None and workspace.has_state:
        refinement.restore(workspace.load_state(fingerprint()))
    done = refinement.progress
    total = len(plan.inputs.batch) * plan.passes
    with execution.progress.stage("Refining", total, "tokens") as advance, interruptible() as interruption:
        advance(done)
        saved = time.monotonic()
        begun = done  # where a step that is given up is begun again with --resume
        while not refinement.done:
            step = _Step(advance, interruption if workspace is None or begun == done else Interruption())
            try:
                read = refinement.advance(step.tick)
            except _GivenUp:
                raise _interrupted(workspace, done, total) from None
            step.end(read)
            done += read
            due = time.monotonic() - saved > _CHECKPOINT_SECONDS
            if workspace is not None and not refinement.done and (due or interruption.requested):
                workspace.save_state(refinement.state, fingerprint())
                saved = time.monotonic()
                begun = done
            if interruption.requested and not refinement.done:
                raise _interrupted(workspace, done, total)


class _GivenUp(Exception):
    """The user asked to stop in the middle of a step."""


class _Step:
    """Shows the progress within a step, and gives it up on an interruption."""

    def __init__(self, advance: Callable[[int], None], interruption: Interruption) -> None:
        self._advance = advance
        self._interruption = interruption
        self._lock = Lock()
        self._read = 0.0
        self._shown = 0

    def tick(self, tokens: float) -> None:
        """Count tokens; called in threads."""
        if self._interruption.requested:
            raise _GivenUp
        with self._lock:
            self._read += tokens
            self._show(int(self._read))

    def end(self, tokens: int) -> None:
        """Show the end of a step that has read so many tokens."""
        self._show(tokens)

    def _show(self, tokens: int) -> None:
        self._advance(tokens - self._shown)
        self._shown = tokens


def _interrupted(workspace: Workspace | None, done: int, total: int) -> Interrupted:
    rule = f"interrupted after {done:,} of {total:,} tokens"
    if workspace is None or not (workspace.has_state or workspace.has_inputs):
        return Interrupted(rule)
    return Interrupted(rule, path=workspace.target, remedy="go on with the same command and --resume")


def _fingerprint(plan: Plan) -> str:
    """A digest that is equal for plans with the same result. Reads the whole corpus and all vectors."""
    digest = hashlib.sha256()
    for array in (plan.inputs.batch.ids, plan.inputs.batch.offsets, plan.inputs.original.vectors):
        for start in range(0, len(array), ROW_BLOCK):
            block = array[start : start + ROW_BLOCK]
            digest.update(np.ascontiguousarray(block).data)
            release(block)
    options = plan.settings.as_dict() | {"method": plan.method, "window": plan.window}
    digest.update(repr((sorted(options.items()), list(plan.inputs.batch.types))).encode())
    return digest.hexdigest()
