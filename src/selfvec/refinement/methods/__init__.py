"""The methods of refining. `selfvec.data.settings` has the table of their options and defaults.

A method is a subclass of `Refinement`, which itself has no rounds: it is the method ``original``. Those that
update a word at each token are in `sequential`. A module is imported when its method is used.
"""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name
from threading import Lock

import numpy as np

from selfvec.base.arrays import Bytes, Rows
from selfvec.base.errors import Interrupted
from selfvec.base.progress import stage
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import filled_rows
from selfvec.refinement.history import HistoryPlan, Recorder
from selfvec.refinement.inputs import Plan


class Refinement:
    """A refinement in rounds over a corpus. A method overrides `of_plan` and `advance`."""

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,  # the batch's types in their order, with sources
        rounds: int = 0,
        history: HistoryPlan | None = None,
    ) -> None:
        self.batch = batch
        self.rounds = rounds
        self.sources = original.sources  # the `Source` of each word's vector, (V,) uint8
        self.dimensions = original.vector_size
        plan = history or HistoryPlan()
        self.recorder = Recorder(plan, batch.counts, batch.types, rounds, self.dimensions)
        self.finished = 0  # rounds
        self._table: Rows = original.unit

    @classmethod
    def of_plan(cls, plan: Plan) -> Refinement:
        """The refinement of a plan, before its first step; without rounds the vectors stay as they are."""
        return cls(plan.inputs.batch, plan.inputs.original, history=HistoryPlan(every=0))

    @property
    def table(self) -> Rows:
        """The current vectors, (V, d) float32; may be a view."""
        return self._table

    @property
    def done(self) -> bool:
        """Whether all rounds are finished."""
        return self.finished >= self.rounds

    def advance(self, tick: Callable[[float], None] = lambda _: None) -> int:
        """Perform a step; return the number of tokens read.

        A long step calls ``tick``, in any thread, with the tokens it has read since the last call. If that
        raises an error, the refinement cannot be continued.
        """
        del tick
        return 0

    def _end_round(self) -> None:
        """Count a round, and record every word if the plan asks for it."""
        self.finished += 1
        if self.recorder.plan.pass_ends:
            every_word = np.arange(len(self.batch.types), dtype=np.int32)
            self.recorder.add(every_word, self.batch.counts * self.finished, self.table)


def found_sources(original: Vectors, after: Bytes, rows: Rows) -> Bytes:
    """The sources of refined vectors, (V,) uint8: `Source.CONTEXT` for rows that only the context gave.

    ``after`` are the sources that the method records, (V,); ``rows`` the refined vectors, (V, d).
    """
    only_context = (original.sources == Source.NONE) & filled_rows(rows) & (after == Source.NONE)
    return np.where(only_context, Source.CONTEXT, after).astype(np.uint8)


__all__ = ["refined_rows", "run_to_end", "start"]

# Module and class of each method; imported when it is used, because some compile kernels.
_HOMES = {
    "paper": "sequential.PaperRefinement",
    "online": "sequential.OnlineRefinement",
    "decorrelated": "decorrelated.DecorrelatedRefinement",
}
MODULES = tuple(f"{__name__}.{home.partition('.')[0]}" for home in _HOMES.values())


def start(plan: Plan) -> Refinement:
    """Create the refinement of a plan, before its first step."""
    method = Refinement
    if plan.method != "original":
        method = resolve_name(f"{__name__}.{_HOMES[plan.method]}")
    return method.of_plan(plan)


def refined_rows(plan: Plan, advance: Callable[[int], None] = lambda _: None) -> Rows:
    """The refined vectors, (V, d) float32; ``advance`` is called with the tokens read in each step."""
    refinement = start(plan)
    while not refinement.done:
        advance(refinement.advance())
    return refinement.table


def run_to_end(refinement: Refinement) -> None:
    """Advance a refinement until it is done; `Interrupted` on Ctrl-C, also in the middle of a step."""
    total = int(refinement.batch.counts.sum()) * refinement.rounds
    done = shown = 0
    within = 0.0  # tokens of the step, counted in its threads
    lock = Lock()
    with stage("Refining", total, "tokens") as advance:

        def show(tokens: int) -> None:
            nonlocal shown
            advance(tokens - shown)
            shown = tokens

        def tick(tokens: float) -> None:
            nonlocal within
            with lock:
                within += tokens
                show(done + int(within))

        try:
            while not refinement.done:
                done, within = done + refinement.advance(tick), 0.0
                show(done)
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted after {done:,} of {total:,} tokens") from None
