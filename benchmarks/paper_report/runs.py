"""One refinement of a prepared corpus, and the two things an experiment varies that the product does not.

Those are the order of the documents, and words whose vector is hidden to see whether it is found again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from selfvec.history.record import parse_history
from selfvec.history.store import History
from selfvec.refine.health import check_health
from selfvec.refine.paper import PaperRun
from selfvec.run import Run
from selfvec.tokens import TokenBatch
from selfvec.vectors import Source, Vectors

from .corpora import Prepared

__all__ = ["by_epoch", "hidden", "refined", "shuffled"]


def refined(prepared: Prepared, window: int, rate: float, epochs: int = 1, history: str = "none") -> Run:
    """Refine from the start to the end, with history and health."""
    job = _job(prepared, window, rate, epochs, history)
    while not job.done:
        job.advance()
    table = _vectors(prepared, job)
    recorded = History.from_recorder(job.recorder)
    health = check_health(prepared.original, table, recorded)
    return Run(table, prepared.original, recorded, {"epochs": epochs}, {"health": health.as_dict()})


def by_epoch(
    prepared: Prepared, window: int, rate: float, epochs: int, history: str = "none"
) -> Iterator[tuple[int, Vectors]]:
    """The table at the end of each epoch of one run, with the epoch's number from 1."""
    job = _job(prepared, window, rate, epochs, history)
    while not job.done:
        before = job.epoch
        job.advance()
        if job.epoch > before:
            yield job.epoch, _vectors(prepared, job)


def shuffled(prepared: Prepared, seed: int) -> Prepared:
    """The same documents in another order."""
    batch = prepared.batch
    order = np.random.default_rng(seed).permutation(batch.documents)
    lengths = np.diff(batch.offsets)[order]
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    # Token i of the new order stands as far from its document's new start as from its old one.
    places = np.arange(len(batch)) + np.repeat(batch.offsets[:-1][order] - offsets[:-1], lengths)
    return replace(prepared, batch=TokenBatch(batch.ids[places], offsets, batch.types))


def hidden(prepared: Prepared, words: NDArray[np.int64]) -> Prepared:
    """The same corpus, the words of these rows starting from zero as if they had no vector."""
    rows, sources = prepared.original.unit.copy(), prepared.original.sources.copy()
    rows[words], sources[words] = 0, Source.NONE
    original = Vectors(prepared.batch.types, rows, sources=sources, normalized=True)
    return replace(prepared, original=original)


def _job(prepared: Prepared, window: int, rate: float, epochs: int, history: str) -> PaperRun:
    plan = parse_history([history])
    start = prepared.original.unit
    return PaperRun(prepared.batch, start, window=window, learning_rate=rate, epochs=epochs, history=plan)


def _vectors(prepared: Prepared, job: PaperRun) -> Vectors:
    rows = np.array(job.table)
    counts, sources = prepared.batch.counts, prepared.original.sources
    return Vectors(prepared.batch.types, rows, sources=sources, counts=counts, normalized=True)
