"""Our own rules as peers: the same tokens, the same start, default options, and no history."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.refine.preparation import window_of
from selfvec.refine.recorder import HistoryPlan, parse_history

__all__ = ["decorrelated", "online", "paper"]

Table = NDArray[np.float32]


class _Job(Protocol):
    @property
    def done(self) -> bool: ...
    @property
    def table(self) -> Table: ...
    def advance(self) -> int: ...


def paper(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Table:
    """The paper's sequential rule; deterministic, one thread."""
    del seed, jobs
    from selfvec.refine.paper import PaperRun

    settings = Settings(method="paper")
    rate = float(settings.learning_rate or 0)
    window = window_of(batch, settings)
    return _finished(PaperRun(batch, original.unit, window=window, learning_rate=rate, history=_none()))


def online(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Table:
    """The stable sequential rule; deterministic, one thread."""
    del seed, jobs
    from selfvec.refine.online import ANCHOR, OnlineRun

    settings = Settings(method="online")
    rate = float(settings.learning_rate or 0)
    window = window_of(batch, settings)
    job = OnlineRun(batch, original, window=window, learning_rate=rate, anchor=ANCHOR, history=_none())
    return _finished(job)


def decorrelated(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Table:
    """The decorrelated update; the same bits for any number of threads."""
    del seed
    from selfvec.refine.decorrelated import DecorrelatedRun

    return _finished(DecorrelatedRun(batch, original, history=_none(), jobs=jobs))


def _none() -> HistoryPlan:
    return parse_history(["none"])


def _finished(job: _Job) -> Table:
    while not job.done:
        job.advance()
    return job.table
