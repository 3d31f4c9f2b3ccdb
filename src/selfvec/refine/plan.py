"""`Plan`: every decision about a refinement that is made before a vector changes.

These are the method (``auto`` measures the candidates on held-out text), the window, the learning rate, the
anchor, the neighbour weights and the recorded states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from selfvec.base.progress import Progress
from selfvec.cooccurrence import Counts, operator
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

from .decorrelated import ANCHOR, GAMMA, WINDOW, DecorrelatedRefinement
from .recorder import HistoryPlan, Recorder, parse_history
from .selection import ENOUGH, ORIGINAL, Choice, choose, draw_documents
from .sequential import BASE_PULL, LEARNING_RATES, OnlineRefinement, PaperRefinement

__all__ = ["NoRefinement", "Plan", "Refinement", "make_plan", "window_of"]


class Refinement(Protocol):
    """A refinement method on a corpus, which can be stopped between two steps and continued."""

    recorder: Recorder
    dimensions: int

    @property
    def done(self) -> bool: ...
    @property
    def progress(self) -> int:
        """Tokens read so far, in all passes."""

    @property
    def table(self) -> NDArray[np.float32]:
        """The current vectors, (V, d) float32."""

    @property
    def sources(self) -> NDArray[np.uint8]:
        """The source of each word's vector, a `Source` each, (V,) uint8."""

    @property
    def counts(self) -> Counts | None:
        """The co-occurrence counts, if the method made them; else None."""

    def advance(self) -> int:
        """Take a step; return the number of tokens it read."""

    @property
    def state(self) -> Mapping[str, NDArray[Any]]:
        """What `restore` needs to continue from here."""

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None: ...


@dataclass(frozen=True)
class Plan:
    """The settings of a refinement, resolved for a corpus."""

    settings: Settings  # as given
    batch: TokenBatch  # types by falling frequency
    original: Vectors  # the starting vector of each type
    method: str  # never "auto"
    window: int  # tokens, the word itself included
    decision: Choice | None = None
    jobs: int | None = None

    @property
    def rounds(self) -> int:
        """Number of passes over the corpus."""
        by_method = {"decorrelated": self.settings.passes, "original": 0}
        return by_method.get(self.method, self.settings.epochs)

    @property
    def learning_rate(self) -> float | None:
        """α; None for a method without a learning rate."""
        asked = self.settings.learning_rate
        default = LEARNING_RATES.get(self.method)
        return default if default is None or asked is None else float(asked)

    @property
    def history(self) -> HistoryPlan:
        """Which states are recorded."""
        return parse_history(self.settings.history_texts)

    def start(self) -> Refinement:
        """Create the refinement, before its first step."""
        if self.method == "original":
            return NoRefinement(self.batch, self.original)
        if self.method == "decorrelated":
            return self._start_decorrelated()
        common: dict[str, Any] = {
            "window": self.window,
            "learning_rate": self.learning_rate,
            "epochs": self.settings.epochs,
            "history": self.history,
        }
        if self.method == "paper":
            return PaperRefinement(self.batch, self.original, **common)
        anchor = BASE_PULL if self.settings.anchor is None else self.settings.anchor
        return OnlineRefinement(self.batch, self.original, anchor=anchor, **common)

    def _start_decorrelated(self) -> Refinement:
        settings = self.settings
        return DecorrelatedRefinement(
            self.batch,
            self.original,
            window=self.window,
            passes=settings.passes,
            anchor=ANCHOR if settings.anchor is None else settings.anchor,
            history=self.history,
            operator=operator(
                settings.operator,
                self.batch,
                self.window,
                gamma=GAMMA,
                weighting=settings.distance_weights,
                jobs=self.jobs,
            ),
            jobs=self.jobs,
        )

    def refined_table(self, advance: Callable[[int], None] = lambda _: None) -> NDArray[np.float32]:
        """The refined vectors, (V, d) float32; ``advance`` is called with the tokens read in each step."""
        refinement = self.start()
        while not refinement.done:
            advance(refinement.advance())
        return refinement.table


def make_plan(
    settings: Settings,
    batch: TokenBatch,  # types by falling frequency
    original: Vectors,  # the batch's types in their order, with their sources
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Resolve ``settings`` for a corpus; the method ``auto`` tries the methods to choose one."""
    plan = Plan(settings, batch, original, settings.method, window_of(batch, settings), jobs=jobs)
    if settings.method != "auto":
        return plan
    decision = _choose_method(plan, progress or Progress())
    return replace(
        plan,
        method=decision.chosen,
        window=window_of(batch, settings, decision.chosen),
        decision=decision,
    )


def window_of(batch: TokenBatch, settings: Settings, method: str | None = None) -> int:
    """Tokens per window, the word itself included; ``method`` defaults to that of the settings."""
    from selfvec.text import auto_window

    if settings.window != "auto":
        return int(settings.window)
    return WINDOW if (method or settings.method) in ("online", "decorrelated") else auto_window(batch)


def _choose_method(plan: Plan, progress: Progress) -> Choice:
    """Refine a sample with every method and test each on held-out text."""
    sample = _sample(replace(plan, settings=replace(plan.settings, history="none")))
    plans = {
        name: replace(sample, method=name, window=window_of(plan.batch, plan.settings, name))
        for name in ("paper", "online", "decorrelated")
    }
    total = len(sample.batch) * sum(candidate.rounds for candidate in plans.values())
    with progress.stage("Choosing", total, "tokens") as advance:

        def refined_on(name: str, training: TokenBatch) -> NDArray[np.float32]:
            return replace(plans[name], batch=training).refined_table(advance)

        candidates = {name: partial(refined_on, name) for name in plans}
        unchanged = {ORIGINAL: lambda _: sample.original.unit}
        return choose(sample.batch, unchanged | candidates, plan.settings.seed)


def _sample(plan: Plan) -> Plan:
    """A random part of a long text, with its own words only; a short text unchanged."""
    batch, original = (
        draw_documents(plan.batch, ENOUGH, np.random.default_rng(plan.settings.seed)),
        plan.original,
    )
    if batch is plan.batch:
        return plan
    words = np.argsort(-batch.counts, kind="stable")[: np.count_nonzero(batch.counts)]
    new = np.empty(len(batch.types), np.int32)
    new[words] = np.arange(len(words), dtype=np.int32)
    types = [batch.types[i] for i in words.tolist()]
    rows = Vectors(types, original.unit[words], sources=original.sources[words], normalized=True)
    return replace(plan, batch=TokenBatch(new[batch.ids], batch.offsets, types), original=rows)


class NoRefinement:
    """The method ``original``: the vectors do not change."""

    done = True
    progress = 0
    counts = None

    def __init__(self, batch: TokenBatch, original: Vectors) -> None:
        self.dimensions = original.vector_size
        self.table: NDArray[np.float32] = original.unit
        self.sources = original.sources
        periods = HistoryPlan(every=0).resolve(batch.counts, batch.types, 0, self.dimensions)
        self.recorder = Recorder(periods, self.dimensions)

    def advance(self) -> int:
        """Do nothing."""
        return 0

    @property
    def state(self) -> Mapping[str, NDArray[Any]]:
        """Empty."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Do nothing."""
