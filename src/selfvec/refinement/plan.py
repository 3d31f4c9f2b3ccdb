"""`Plan`: every decision about a refinement that is made before a vector changes.

These are the method (``auto`` tests the candidates on held-out text), the window, the learning rate, the
anchor, the neighbour weights and the recorded states.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from selfvec.base.arrays import Doubles, Floats
from selfvec.base.errors import CorpusError
from selfvec.base.memory import release
from selfvec.base.progress import Progress
from selfvec.cooccurrence import Operator, operator
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

from .decorrelated import ANCHOR, GAMMA, WINDOW, DecorrelatedRefinement
from .refinement import HistoryPlan, Refinement, parse_history
from .selection import ENOUGH, ORIGINAL, Choice, choose, draw_documents
from .sequential import BASE_PULL, LEARNING_RATES, OnlineRefinement, PaperRefinement

__all__ = ["Plan", "make_plan", "try_methods"]

METHODS = ("paper", "online", "decorrelated")


@dataclass(frozen=True)
class Plan:
    """The settings of a refinement, resolved for a corpus."""

    settings: Settings  # as given
    batch: TokenBatch  # types by falling frequency
    original: Vectors  # the initial vector of each type
    method: str  # never "auto"
    window: int  # tokens, the word itself included
    decision: Choice | None = None
    jobs: int | None = None
    operator: Operator | None = (
        None  # for the decorrelated method, in place of the one that the settings name
    )

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

    def start(self) -> Refinement:
        """Create the refinement, before its first step."""
        settings = self.settings
        if self.method == "original":
            return Refinement(self.batch, self.original, history=HistoryPlan(every=0))
        common: dict[str, Any] = {"window": self.window, "history": parse_history(settings.history_texts)}
        if self.method == "decorrelated":
            common |= {"passes": settings.passes, "jobs": self.jobs, "operator": self._operator()}
            anchor = ANCHOR if settings.anchor is None else settings.anchor
            return DecorrelatedRefinement(self.batch, self.original, anchor=anchor, **common)
        common |= {"learning_rate": self.learning_rate, "passes": settings.epochs}
        if self.method == "paper":
            return PaperRefinement(self.batch, self.original, **common)
        anchor = BASE_PULL if settings.anchor is None else settings.anchor
        return OnlineRefinement(self.batch, self.original, anchor=anchor, **common)

    def _operator(self) -> Operator:
        if self.operator is not None:
            return self.operator
        if self.settings.half_life is not None:
            weights = half_life_weights(self.batch, self.settings.half_life)
            return ScanOperator(self.batch, self.window, GAMMA, self.jobs, weights)
        name, weighting = self.settings.operator, self.settings.distance_weights
        return operator(name, self.batch, self.window, gamma=GAMMA, weighting=weighting, jobs=self.jobs)

    def refined_table(self, advance: Callable[[int], None] = lambda _: None) -> Floats:
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
    plan = Plan(settings, batch, original, settings.method, _window(batch, settings), jobs=jobs)
    if settings.method != "auto":
        return plan
    decision = try_methods(plan, METHODS, progress or Progress())
    return replace(
        plan,
        method=decision.chosen,
        window=_window(batch, settings, decision.chosen),
        decision=decision,
    )


def half_life_weights(batch: TokenBatch, half_life: float) -> Doubles:
    """The weight of each document, (D,): 1 for the newest, halved for each ``half_life`` days of age.

    Ages are rounded down to eighths of a half-life and limited to 20 half-lives. Documents without a date
    have the weight 1.
    """
    if batch.dates is None or np.all(np.isnat(batch.dates)):
        raise CorpusError(
            "there are no dates to weight documents by --half-life",
            remedy="give --date-field FIELD when the run is made, or leave out --half-life",
        )
    days = batch.dates.astype("datetime64[D]")
    ages = (np.nanmax(days) - days).astype(np.float64)
    ages[np.isnat(days)] = 0
    return np.asarray(2.0 ** (-np.minimum(np.floor(8 * ages / half_life), 160) / 8))


def _window(batch: TokenBatch, settings: Settings, method: str | None = None) -> int:
    """Tokens per window, the word itself included; ``method`` defaults to that of the settings."""
    from selfvec.text import auto_window

    if settings.window != "auto":
        return int(settings.window)
    return WINDOW if (method or settings.method) in ("online", "decorrelated") else auto_window(batch)


def try_methods(plan: Plan, methods: Sequence[str], progress: Progress) -> Choice:
    """Refine a sample with every method and test each, and the original, on held-out text."""
    sample = _sample(replace(plan, settings=replace(plan.settings, history="none")))
    plans = {
        name: replace(sample, method=name, window=_window(plan.batch, plan.settings, name))
        for name in methods
    }
    total = len(sample.batch) * sum(candidate.rounds for candidate in plans.values())
    with progress.stage("Choosing", total, "tokens") as advance:

        def refined_on(name: str, training: TokenBatch) -> Floats:
            return replace(plans[name], batch=training).refined_table(advance)

        candidates = {name: partial(refined_on, name) for name in plans}
        unchanged = {ORIGINAL: lambda _: sample.original.unit}
        return choose(sample.batch, unchanged | candidates, plan.settings.seed, plan.jobs)


def _sample(plan: Plan) -> Plan:
    """A random part of a long text, with only the words of this part; a short text unchanged."""
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
    pieces = None if original.pieces is None else original.pieces[words]
    rows = Vectors(
        types, original.unit[words], sources=original.sources[words], normalized=True, pieces=pieces
    )
    release(original.unit)
    return replace(plan, batch=TokenBatch(new[batch.ids], batch.offsets, types), original=rows)
