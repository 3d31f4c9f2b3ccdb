"""`Plan`: everything about a refinement that is decided before a vector moves.

The method (``auto`` measures the candidates on held-out text), the window, the learning rate, how strongly
words are held, how neighbours are averaged, which states are recorded.
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
    """A method at work on a corpus: it can be stopped between two steps, and continued."""

    recorder: Recorder
    dimensions: int

    @property
    def done(self) -> bool: ...
    @property
    def progress(self) -> int:
        """Tokens read so far, in all passes."""

    @property
    def table(self) -> NDArray[np.float32]:
        """The current vectors, (V, d)."""

    @property
    def sources(self) -> NDArray[np.uint8]:
        """Where each word's vector came from, as `Source`, (V,)."""

    @property
    def counts(self) -> Counts | None:
        """The co-occurrence counts, if the method made them."""

    def advance(self) -> int:
        """Take a step; the number of tokens it read."""

    @property
    def state(self) -> Mapping[str, NDArray[Any]]:
        """What `restore` needs to continue from here."""

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None: ...


@dataclass(frozen=True)
class Plan:
    """What a refinement will do.

    Parameters
    ----------
    settings : Settings
        As asked for.
    batch : TokenBatch
        Types by falling frequency.
    original : Vectors
        Where each word of the batch starts.
    method : str
        Never "auto".
    window : int
        Tokens per window, the word itself included.
    decision : Choice, optional
        What ``auto`` measured.
    jobs : int, optional
        Threads.
    """

    settings: Settings
    batch: TokenBatch
    original: Vectors
    method: str
    window: int
    decision: Choice | None = None
    jobs: int | None = None

    @property
    def rounds(self) -> int:
        """How often the corpus is read."""
        by_method = {"decorrelated": self.settings.passes, "original": 0}
        return by_method.get(self.method, self.settings.epochs)

    @property
    def learning_rate(self) -> float | None:
        """α; None for a method without one."""
        asked = self.settings.learning_rate
        default = LEARNING_RATES.get(self.method)
        return default if default is None or asked is None else float(asked)

    @property
    def history(self) -> HistoryPlan:
        """Which states are recorded."""
        return parse_history(self.settings.history_texts)

    def start(self) -> Refinement:
        """The refinement, before its first step."""
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
        """The refined vectors, (V, d); ``advance`` gets the tokens read in each step."""
        refinement = self.start()
        while not refinement.done:
            advance(refinement.advance())
        return refinement.table


def make_plan(
    settings: Settings,
    batch: TokenBatch,
    original: Vectors,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Decide what ``settings`` mean for a corpus; with the method ``auto`` this tries the methods.

    Parameters
    ----------
    settings : Settings
    batch : TokenBatch
        Types by falling frequency.
    original : Vectors
        The batch's types in their order, with their sources.
    jobs : int, optional
        Threads; all cores if None.
    progress : Progress, optional
    """
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
    """Tokens per window, the word itself included, for ``method`` (that of the settings if None)."""
    from selfvec.text import auto_window

    if settings.window != "auto":
        return int(settings.window)
    return WINDOW if (method or settings.method) in ("online", "decorrelated") else auto_window(batch)


def _choose_method(plan: Plan, progress: Progress) -> Choice:
    """Refine a sample with every method and measure each on text that it has not seen."""
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
    """Enough documents of a long text to choose by, with their words only; a shorter text as it is."""
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
    """The method ``original``: the vectors stay as they are."""

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
        """Nothing to do."""
        return 0

    @property
    def state(self) -> Mapping[str, NDArray[Any]]:
        """Nothing to save."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Nothing to continue."""
