"""From text and vectors to a `Run`, for Python and for the command line.

corpus, vectors ──▶ inputs ──▶ plan ──▶ refinement ──▶ Run
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Bytes
from selfvec.base.progress import Progress, as_progress
from selfvec.base.threads import one_core
from selfvec.base.versions import environment
from selfvec.data.coverage import coverage
from selfvec.data.methods import METHODS
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run, RunPart
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.storage.workspace import Workspace

from .execution import Execution, run_to_end
from .health import check_health
from .initial_vectors import initial_vectors
from .input_reading import Start, read_inputs, starts
from .inputs import Inputs
from .kept_inputs import keep_inputs, kept_inputs, stamp_of
from .kept_sums import worth_keeping
from .method_choice import make_plan
from .methods import refined_rows, start
from .methods.refinement import Refinement, found_sources
from .plan import Plan
from .vectors_choice import choose_vectors

if TYPE_CHECKING:
    from selfvec.corpus import Corpus

__all__ = ["refine", "refine_again", "refine_inputs", "run_of", "sources_by_name"]


@one_core()
def refine(
    corpus: Corpus,
    vectors: Start | Sequence[Start],
    settings: Settings,
    *,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Refine vectors on a corpus.

    If ``vectors`` is "none" or None, the initial vectors are random directions. For other names in
    `selfvec.training.FROM_TEXT` they are trained on the corpus itself. From a list, those that score best on
    held-out text are taken. ``workspace`` holds the state of interrupted work. ``jobs`` is the number of
    threads and does not change the result.
    """
    execution = Execution(workspace, as_progress(progress), jobs)
    candidates = starts(vectors)
    stamp = None if workspace is None else stamp_of(corpus, candidates, settings)
    inputs = None if stamp is None else kept_inputs(stamp, execution)
    if inputs is None:
        inputs = _read(corpus, candidates, settings, execution)
    return refine_inputs(inputs, settings, execution, stamp)


def _read(corpus: Corpus, candidates: Sequence[Start], settings: Settings, execution: Execution) -> Inputs:
    """Read a corpus, with those of the initial vectors that score best on it."""
    if len(candidates) == 1:
        return read_inputs(corpus, candidates[0], settings, execution)
    with execution.timings.stage("tables"):
        chosen, decision = choose_vectors(corpus, candidates, settings, execution)
    inputs = read_inputs(corpus, candidates[chosen], settings, execution)
    return replace(inputs, provenance=inputs.provenance.replace(vectors_decision=decision))


def refine_inputs(inputs: Inputs, settings: Settings, execution: Execution, stamp: str | None = None) -> Run:
    """Plan, refine and check the result. Inputs with a stamp are kept for ``--resume``."""
    timings = execution.timings
    workspace = execution.workspace
    choosing = timings.stage("select") if settings.method == "auto" else nullcontext()
    with ThreadPoolExecutor(1) as pool:
        # Choosing a method reads few rows, so all rows are written at the same time.
        kept = pool.submit(_keep, workspace, inputs, stamp, execution) if workspace is not None else None
        with choosing:
            plan = make_plan(settings, inputs, jobs=execution.jobs, progress=execution.progress)
        with timings.stage("keep"):
            if kept is not None:
                kept.result()
    if workspace is not None:
        workspace.map_kept(inputs.original)
    with timings.stage("refine"):
        refinement = start(plan, execution.jobs)
        if worth_keeping(inputs.batch, settings):
            refinement.keep_sums()
        run_to_end(refinement, plan, execution)
    return run_of(plan, refinement, execution)


def _keep(workspace: Workspace, inputs: Inputs, stamp: str | None, execution: Execution) -> None:
    """Write the original vectors, and what ``--resume`` needs of a long text."""
    workspace.keep(inputs.original)
    if stamp is not None:
        keep_inputs(workspace, inputs, stamp, execution)


def run_of(
    plan: Plan,
    refinement: Refinement,
    execution: Execution,
    *,
    cluster: Mapping[str, Any] | None = None,  # shards and workers, for the provenance
) -> Run:
    """The run of a finished refinement, with its health report and its provenance."""
    inputs = plan.inputs
    batch = inputs.batch
    original = inputs.original
    history = refinement.recorder.history()
    sources = found_sources(original, refinement.sources, refinement.table)
    refined = Vectors(original, refinement.table, sources=sources, counts=batch.counts, normalized=True)
    with execution.timings.stage("health"):
        repeats = inputs.provenance.repeats
        health = check_health(original, refined, history, method=plan.method, repeats=repeats)
    kept = plan.settings.keep_tokens
    learned: dict[str, RunPart | None] = {"counts": refinement.counts, "sums": refinement.sums}
    return Run(
        refined,
        original,
        history,
        _provenance(plan, refinement, sources, execution, cluster),
        {"health": health.as_dict()},
        tokens=batch if kept else None,
        parts=inputs.parts | {name: part for name, part in learned.items() if part is not None},
    )


def _provenance(
    plan: Plan,
    refinement: Refinement,
    sources: Bytes,
    execution: Execution,
    cluster: Mapping[str, Any] | None,
) -> Provenance:
    """What `read_inputs` recorded, and how the vectors were refined."""
    inputs = plan.inputs
    settings = plan.settings
    learning_rate = plan.learning_rate if METHODS[plan.method].learning_rate else None
    options = settings.as_dict()
    if learning_rate is not None and plan.decision is None:
        options["learning_rate"] = learning_rate
    return inputs.provenance.replace(
        method=plan.method,
        tokens=int(inputs.batch.counts.sum()),
        types=len(inputs.batch.types),
        documents=inputs.provenance.text.get("documents", inputs.batch.documents),
        window=plan.window,
        passes=plan.passes,
        learning_rate=learning_rate,
        seed=settings.seed,
        dimensions=inputs.original.vector_size,
        options=options,
        coverage=coverage(inputs.original, inputs.batch.counts),
        sources=sources_by_name(sources),
        history=refinement.recorder.as_dict(),
        environment=environment(),
        timings=execution.timings,
        decision=None if plan.decision is None else plan.decision.as_dict(),
        cluster=cluster,
    )


def sources_by_name(sources: Bytes) -> dict[str, int]:
    """The number of words with each source of their vector."""
    return {source.name.lower(): int(np.sum(sources == source)) for source in Source}


def refine_again(run: Run, batch: TokenBatch, seed: int, jobs: int | None = None) -> Vectors:
    """Refine the words of a run again with its method and options; ``auto`` chooses again.

    ``batch`` is the corpus of the run or a part of it. With the whole corpus and the run's seed, the result
    is the same as the run's.
    """
    settings = replace(run.settings, history="none", seed=seed)
    original = run.original
    if np.any(original.sources == Source.RANDOM):
        original = initial_vectors(batch, None, settings, name=run.provenance.vectors["name"])
    plan = make_plan(settings, Inputs(batch, original), jobs=jobs)
    provenance = {"method": plan.method}
    rows = refined_rows(plan, jobs)
    return Vectors(batch.types, rows, counts=batch.counts, provenance=provenance, normalized=True)
