"""From text and vectors to a `Run`, for Python and for the command line.

corpus, vectors ──▶ inputs ──▶ plan ──▶ refinement ──▶ Run
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Bytes
from selfvec.base.errors import FormatError, OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.provenance import Timings, environment
from selfvec.base.threads import one_core
from selfvec.data.coverage import coverage
from selfvec.data.run import Run, RunPart
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.storage.workspace import Workspace

from .health import check_health
from .inputs import InputProvenance, Inputs, Start, read_inputs, starts
from .kept_sums import LEAST
from .plan import Plan, make_plan
from .refinement import Refinement
from .resume import Execution, run_to_end
from .unknown_words import initial_vectors
from .vectors_choice import choose_vectors

if TYPE_CHECKING:
    from selfvec.corpus import Corpus

__all__ = ["refine", "refine_again", "refine_inputs", "run_of", "settings_of"]


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
    `selfvec.training.NO_TABLE` they are trained on the corpus itself. From a list, those that score best on
    held-out text are taken. ``workspace`` holds the state of interrupted work. ``jobs`` is the number of
    threads and does not change the result.
    """
    execution = Execution(workspace, as_progress(progress), jobs)
    named, chosen, decision = starts(vectors), 0, None
    if len(named) > 1:
        with execution.timings.stage("tables"):
            chosen, decision = choose_vectors(corpus, named, settings, execution)
    run = refine_inputs(read_inputs(corpus, named[chosen], settings, execution), settings, execution)
    if decision:
        run.provenance["table_decision"] = decision
    return run


def refine_inputs(inputs: Inputs, settings: Settings, execution: Execution) -> Run:
    """Plan, refine, check the result and record the provenance."""
    timings, workspace, original = execution.timings, execution.workspace, inputs.original
    choosing = timings.stage("select") if settings.method == "auto" else nullcontext()
    with ThreadPoolExecutor(1) as pool:
        # Choosing a method reads few rows, so all rows are written at the same time.
        kept = pool.submit(workspace.keep, original) if workspace is not None else None
        with choosing:
            plan = make_plan(
                settings, inputs.batch, original, jobs=execution.jobs, progress=execution.progress
            )
        with timings.stage("keep"):
            if kept is not None:
                kept.result()
    if workspace is not None:
        workspace.map_kept(original)
    with timings.stage("refine"):
        refinement = plan.start()
        if settings.half_life is None and (len(inputs.batch) >= LEAST or not settings.keep_tokens):
            refinement.keep_sums()
        run_to_end(refinement, plan, execution)
    return run_of(plan, refinement, inputs, timings)


def run_of(plan: Plan, refinement: Refinement, inputs: Inputs, timings: Timings) -> Run:
    """The run of a finished refinement, with its health report and its provenance."""
    batch, original, settings = inputs.batch, inputs.original, plan.settings
    history, table = refinement.recorder.history(), refinement.table
    found = (original.sources == Source.NONE) & table.any(axis=1) & (refinement.sources == Source.NONE)
    sources = np.where(found, Source.CONTEXT, refinement.sources).astype(np.uint8)
    refined = Vectors(original.index_to_key, table, sources=sources, counts=batch.counts, normalized=True)
    with timings.stage("health"):
        repeats = inputs.described.repeats
        health = check_health(original, refined, history, method=plan.method, repeats=repeats)
    parts: dict[str, RunPart] = {}
    if refinement.counts is not None:
        parts["counts"] = refinement.counts
    if inputs.unstemmed is not None:
        parts["unstemmed"] = inputs.unstemmed
    if inputs.repeats is not None and len(inputs.repeats.passages):
        parts["repeats"] = inputs.repeats
    if refinement.sums is not None:
        parts["sums"] = refinement.sums
    if inputs.documents is not None:
        parts["documents"] = inputs.documents
    provenance = _run_provenance(plan, inputs.described, refinement, sources, timings)
    report = {"health": health.as_dict()}
    return Run(refined, original, history, provenance, report, batch if settings.keep_tokens else None, parts)


def refine_again(run: Run, batch: TokenBatch, seed: int, jobs: int | None = None) -> Vectors:
    """Refine the words of a run again with its method and options; ``auto`` chooses again.

    ``batch`` is the corpus of the run or a part of it. With the whole corpus and the run's seed, the result
    is the same as the run's.
    """
    settings = replace(settings_of(run), history="none", seed=seed)
    original = run.original
    if np.any(original.sources == Source.RANDOM):
        original = initial_vectors(batch, None, settings, name=run.provenance["vectors"]["name"])
    plan = make_plan(settings, batch, original, jobs=jobs)
    provenance = {"method": plan.method}
    table = plan.refined_table()
    return Vectors(batch.types, table, counts=batch.counts, provenance=provenance, normalized=True)


def _run_provenance(
    plan: Plan,
    described: InputProvenance,
    refinement: Refinement,
    sources: Bytes,
    timings: Timings,
) -> dict[str, Any]:
    """The contents of ``run.json``."""
    batch, options = plan.batch, plan.settings.as_dict()
    if plan.learning_rate is not None and plan.decision is None:
        options["learning_rate"] = plan.learning_rate
    contents: dict[str, Any] = {
        "method": plan.method,
        "tokens": len(batch),
        "types": len(batch.types),
        "documents": batch.documents,
        "window": plan.window,
        "epochs": plan.rounds,
        "learning_rate": plan.learning_rate,
        "seed": plan.settings.seed,
        "dimensions": plan.original.vector_size,
        "options": options,
        "corpus": described.corpus,
        "text": described.text.as_dict(),
        "vectors": described.vectors,
        "option_files": described.option_files,
        "coverage": coverage(plan.original, batch.counts),
        "sources": {source.name.lower(): int(np.sum(sources == source)) for source in Source},
        "history": refinement.recorder.as_dict(),
        "environment": environment(),
        "timings": timings,
    }
    if described.repeats is not None:
        contents["repeats"] = described.repeats
    if described.phrases is not None:
        contents["phrases"] = described.phrases
    if plan.decision is not None:
        contents["decision"] = plan.decision.as_dict()
    if described.steps:
        contents["grown"] = described.steps
    return contents


def settings_of(run: Run) -> Settings:
    """The options that a run was made with, from ``run.json``."""
    try:
        return Settings(**run.provenance["options"])
    except (KeyError, TypeError, OptionError) as error:
        rule = f"the options in run.json are damaged ({error})"
        raise FormatError(rule, path=run.folder, remedy="make the run again") from None
