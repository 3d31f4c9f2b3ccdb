"""Refining for benchmarks: whole runs, tables of one method, states after each epoch, shuffled documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import open_corpus
from selfvec.apps.run import Run
from selfvec.corpus import Corpus
from selfvec.data.run import Run as State
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.data.word_lookup import find_rows
from selfvec.refinement import methods
from selfvec.refinement.health import check_health
from selfvec.refinement.inputs import Inputs
from selfvec.refinement.pipeline import make_plan, refine

Table = NDArray[np.float32]


def listed(vectors: Vectors, words: Sequence[str]) -> NDArray[np.bool_]:
    """Which words are in the vocabulary in some form, with or without a vector, (n,) bool."""
    return find_rows(Vectors(vectors.index_to_key, np.ones((len(vectors), 1))), words) >= 0


def refined(source: str | Sequence[str] | Corpus, vectors: str = "default", **options: Any) -> Run:
    """A run of a collection (by name), of texts, or of a corpus; decorrelated by default."""
    if isinstance(source, str):
        source = open_corpus(source)
    elif not isinstance(source, Corpus):
        source = Corpus.from_texts(source)
    return Run(refine(source, vectors, Settings(**{"method": "decorrelated"} | options)))


def finish(job: Any) -> Any:
    """Run a job to its end."""
    while not job.done:
        job.advance()
    return job


def refined_rows(batch: TokenBatch, original: Vectors, settings: Settings) -> Table:
    """The table that a method makes of a batch, (V, d)."""
    return methods.refined_rows(make_plan(settings, Inputs(batch, original)))


def refine_batch(batch: TokenBatch, original: Vectors, settings: Settings) -> State:
    """A run of a batch, with history and health."""
    plan = make_plan(settings, Inputs(batch, original))
    job = finish(methods.start(plan))
    table, history = _vectors(batch, original, job), job.recorder.history()
    report = {"health": check_health(original, table, history, method=settings.method).as_dict()}
    return State(table, original, history, {"epochs": plan.passes}, report)


def by_epoch(batch: TokenBatch, original: Vectors, settings: Settings) -> Iterator[tuple[int, Vectors]]:
    """The table at the end of each epoch (or pass) of one run, with its number from 1."""
    job = methods.start(make_plan(settings, Inputs(batch, original)))
    done = 0
    while not job.done:
        before = done // len(batch)
        done += job.advance()
        if done // len(batch) > before or job.done:
            yield done // len(batch), _vectors(batch, original, job)


def _vectors(batch: TokenBatch, original: Vectors, job: Any) -> Vectors:
    rows = np.array(job.table)
    return Vectors(batch.types, rows, sources=original.sources, counts=batch.counts, normalized=True)


def shuffled(batch: TokenBatch, seed: int) -> TokenBatch:
    """The same documents in another order, without dates."""
    return replace(batch, dates=None).part(np.random.default_rng(seed).permutation(batch.documents))
