"""The methods of refining. `selfvec.data.methods` has the table of their options and defaults.

A method is a subclass of `Refinement`. Those that update a word at each token are in `sequential`. A
module is imported when its method is used.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from threading import Lock

from selfvec.base.arrays import Rows
from selfvec.base.errors import Interrupted
from selfvec.base.progress import Progress
from selfvec.refinement.plan import Plan

from .refinement import Refinement

__all__ = ["refined_rows", "run_to_end", "start"]

# Module and class of each method.
_HOMES = {
    "original": "refinement.Refinement",
    "paper": "sequential.PaperRefinement",
    "online": "sequential.OnlineRefinement",
    "decorrelated": "decorrelated.DecorrelatedRefinement",
}


def start(plan: Plan, jobs: int | None = None) -> Refinement:
    """Create the refinement of a plan, before its first step.

    ``jobs`` is the number of threads, all cores if None; the result is the same.
    """
    module, _, name = _HOMES[plan.method].partition(".")
    method: type[Refinement] = getattr(import_module(f"{__name__}.{module}"), name)
    return method.of_plan(plan, jobs)


def refined_rows(
    plan: Plan, jobs: int | None = None, advance: Callable[[int], None] = lambda _: None
) -> Rows:
    """The refined vectors, (V, d) float32; ``advance`` is called with the tokens read in each step."""
    refinement = start(plan, jobs)
    while not refinement.done:
        advance(refinement.advance())
    return refinement.table


def run_to_end(refinement: Refinement, progress: Progress) -> None:
    """Advance a refinement until it is done; `Interrupted` on Ctrl-C, also in the middle of a step."""
    total = int(refinement.batch.counts.sum()) * refinement.rounds
    done = 0
    with progress.stage("Refining", total, "tokens") as advance:
        try:
            while not refinement.done:
                step = _Step(advance)
                read = refinement.advance(step.tick)
                step.end(read)
                done += read
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted after {done:,} of {total:,} tokens") from None


class _Step:
    """Shows the progress within a step."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance
        self._lock = Lock()
        self._read = 0.0
        self._shown = 0

    def tick(self, tokens: float) -> None:
        """Count tokens; called in threads."""
        with self._lock:
            self._read += tokens
            self.end(int(self._read))

    def end(self, tokens: int) -> None:
        """Show that the step has read so many tokens."""
        self._advance(tokens - self._shown)
        self._shown = tokens
