"""From text and vectors to a `Run`, for Python and for the command line.

corpus, vectors ──▶ inputs ──▶ plan ──▶ refinement ──▶ Run
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from selfvec.base.progress import Progress
from selfvec.data.run import Part, Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.storage.workspace import Workspace

from .health import check_health
from .inputs import Inputs, read_inputs
from .plan import make_plan
from .provenance import run_provenance, settings_of
from .resume import Execution, run_to_end
from .unknown_words import starting_vectors

if TYPE_CHECKING:
    from selfvec.corpus import Corpus

__all__ = ["refine", "refine_again", "refine_inputs"]


def refine(
    corpus: Corpus,
    vectors: Vectors | str | os.PathLike[str] | None,
    settings: Settings,
    *,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Refine vectors on a corpus; ``vectors`` of "none" or None start from random directions.

    ``workspace`` holds the state of interrupted work. ``jobs`` are threads and do not change the result.
    """
    execution = Execution(workspace, progress or Progress(), jobs)
    return refine_inputs(read_inputs(corpus, vectors, settings, execution), settings, execution)


def refine_inputs(inputs: Inputs, settings: Settings, execution: Execution) -> Run:
    """Plan, refine, check the result and record the provenance."""
    batch, original, timings = inputs.batch, inputs.original, execution.timings
    with timings.stage("select") if settings.method == "auto" else nullcontext():
        plan = make_plan(settings, batch, original, jobs=execution.jobs, progress=execution.progress)
    with timings.stage("refine"):
        refinement = plan.start()
        run_to_end(refinement, plan, execution)
        history, table = refinement.recorder.history(), refinement.table
    found = (original.sources == Source.NONE) & table.any(axis=1) & (refinement.sources == Source.NONE)
    sources = np.where(found, Source.CONTEXT, refinement.sources).astype(np.uint8)
    refined = Vectors(original.index_to_key, table, sources=sources, counts=batch.counts, normalized=True)
    with timings.stage("health"):
        health = check_health(original, refined, history, hovers=plan.method == "online")
    parts: dict[str, Part] = {}
    if refinement.counts is not None:
        parts["counts"] = refinement.counts
    if inputs.unstemmed is not None:
        parts["unstemmed"] = inputs.unstemmed
    provenance = run_provenance(plan, inputs.described, refinement, sources, timings)
    report = {"health": health.as_dict()}
    return Run(refined, original, history, provenance, report, batch if settings.keep_tokens else None, parts)


def refine_again(run: Run, batch: TokenBatch, seed: int, jobs: int | None = None) -> Vectors:
    """The words of a run, refined again with its method and options; ``auto`` chooses again.

    ``batch`` is the corpus of the run or a part of it. With the whole corpus and the run's seed, the result
    is the same as the run's.
    """
    settings = replace(settings_of(run), history="none", seed=seed)
    original = run.original
    if np.any(original.sources == Source.RANDOM):
        original = starting_vectors(batch, None, settings)
    plan = make_plan(settings, batch, original, jobs=jobs)
    provenance = {"method": plan.method}
    table = plan.refined_table()
    return Vectors(batch.types, table, counts=batch.counts, provenance=provenance, normalized=True)
