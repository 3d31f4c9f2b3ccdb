"""Running a refinement to its end, with progress, Ctrl-C and the saved state for ``--resume``."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from selfvec.base.errors import Interrupted
from selfvec.base.interruption import interruptible
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


def run_to_end(refinement: Refinement, plan: Plan, execution: Execution) -> None:
    """Advance a refinement until it is done, starting from a saved state if the workspace has one.

    On Ctrl-C the state is saved and `Interrupted` is raised.
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
        while not refinement.done:
            step = refinement.advance()
            done += step
            advance(step)
            due = time.monotonic() - saved > _CHECKPOINT_SECONDS
            if workspace is not None and not refinement.done and (due or interruption.requested):
                workspace.save_state(refinement.state, fingerprint())
                saved = time.monotonic()
            if interruption.requested and not refinement.done:
                raise _interrupted(workspace, done, total)


def _interrupted(workspace: Workspace | None, done: int, total: int) -> Interrupted:
    rule = f"interrupted after {done:,} of {total:,} tokens"
    if workspace is None:
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
