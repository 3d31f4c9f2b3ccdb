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
from selfvec.base.progress import Progress, as_progress
from selfvec.base.threads import one_core
from selfvec.base.versions import environment
from selfvec.data.methods import METHODS
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run, RunPart
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors, coverage
from selfvec.encoders.encoded_texts import encoded_texts_of
from selfvec.encoders.given import GivenSentenceEncoder
from selfvec.storage.run_writer import RunWriter

from .choices import choose_vectors, make_plan, with_encoded_words
from .health import check_health
from .input_reading import Start, check_packages, read_inputs, starts
from .inputs import Execution, Inputs, Plan, initial_vectors, joined_vectors
from .methods import Refinement, found_sources, refined_rows, run_to_end, start
from .selection import Choice
from .teacher import Teacher

if TYPE_CHECKING:
    from selfvec.corpus import Corpus


@one_core()
def refine(
    corpus: Corpus,
    vectors: Start | Sequence[Start],
    settings: Settings,
    *,
    encoder: GivenSentenceEncoder | None = None,
    embeddings: Any = None,
    writer: RunWriter | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Refine vectors on a corpus.

    If ``vectors`` is "none" or None, the initial vectors are random directions. For other names in
    `training.FROM_TEXT` they are trained on the corpus itself. From a list, those that score best on
    held-out text are taken. ``encoder`` is a sentence encoder; ``embeddings`` are vectors of the documents.
    ``writer`` is that of the run folder. ``jobs`` is the number of threads and does not change the result.
    Lists of tokens are taken as they are.
    """
    if corpus.tokenized and settings.tokenizer == "words":
        settings = replace(settings, tokenizer="whitespace")
    candidates = starts(vectors)
    check_packages(candidates, settings)
    teacher = Teacher.of(encoder, embeddings, settings)
    execution = Execution(writer, as_progress(progress), jobs)
    inputs = _read(corpus, candidates, settings, execution)
    if teacher is not None and inputs.text is not None:
        teacher = teacher.with_documents(embeddings, inputs.text)
    return refine_inputs(inputs, settings, execution, teacher)


def _read(corpus: Corpus, candidates: Sequence[Start], settings: Settings, execution: Execution) -> Inputs:
    """Read a corpus, with those of the initial vectors that score best on it."""
    if len(candidates) == 1:
        return read_inputs(corpus, candidates[0], settings, execution)
    with execution.timings.stage("tables"):
        chosen, decision = choose_vectors(corpus, candidates, settings, execution)
    inputs = read_inputs(corpus, candidates[chosen], settings, execution)
    return replace(inputs, provenance=inputs.provenance.replace(vectors_decision=decision))


def refine_inputs(
    inputs: Inputs, settings: Settings, execution: Execution, teacher: Teacher | None = None
) -> Run:
    """Plan, refine and check the result; before, encode the texts with ``teacher``."""
    timings = execution.timings
    decision = None
    # Before a method is chosen: an encoder's words may join the initial vectors, which are tested and kept.
    if teacher is not None:
        inputs, decision = _encoded(inputs, settings, execution, teacher)
    writer = execution.writer
    choosing = timings.stage("select") if settings.method == "auto" else nullcontext()
    with ThreadPoolExecutor(1) as pool:
        # Choosing a method reads few rows, so all rows are written at the same time.
        kept = None if writer is None else pool.submit(writer.keep, inputs.original)
        with choosing:
            plan = make_plan(
                settings, inputs, decision=decision, jobs=execution.jobs, progress=execution.progress
            )
        with timings.stage("keep"):
            if kept is not None:
                kept.result()
    # From here on the initial vectors are a map of the file, so that refining has their memory.
    if writer is not None:
        writer.map_kept(inputs.original)
    with timings.stage("refine"):
        refinement = start(plan, execution.jobs)
        run_to_end(refinement, execution.progress)
    run = run_of(plan, refinement, execution)
    if teacher is not None:
        teacher.hand_to(run)
    return run


def _encoded(
    inputs: Inputs, settings: Settings, execution: Execution, teacher: Teacher
) -> tuple[Inputs, Choice | None]:
    """The inputs with an encoder's vectors of the texts, and the choice of ``auto`` if it is made."""
    words = inputs.batch.types
    encoded, described = teacher.encode(inputs.text, words, inputs.general, settings.encode, execution)
    with execution.timings.stage("join"):
        inputs, decision, used = with_encoded_words(replace(inputs, encoded=encoded), settings, execution)
    provenance = inputs.provenance.replace(encoder=described | used)
    return replace(inputs, provenance=provenance), decision


def run_of(
    plan: Plan,
    refinement: Refinement,
    execution: Execution,
) -> Run:
    """The run of a finished refinement, with its health report and its provenance."""
    inputs = plan.inputs
    batch = inputs.batch
    original = inputs.original
    history = refinement.recorder.history()
    sources = found_sources(original, refinement.sources, refinement.table)
    refined = Vectors(original, refinement.table, sources=sources, counts=batch.counts, normalized=True)
    with execution.timings.stage("health"):
        made = inputs.provenance
        language = made.text.get("language")
        health = check_health(
            original, refined, history, method=plan.method, repeats=made.repeats, language=language
        )
    parts: dict[str, RunPart] = {} if refinement.counts is None else {"counts": refinement.counts}
    if inputs.repeats is not None and len(inputs.repeats.passages):
        parts["repeats"] = inputs.repeats
    if inputs.encoded is not None and plan.settings.keeps_tokens:
        parts["encoded"] = inputs.encoded
    return Run(
        refined,
        original,
        history,
        _provenance(plan, refinement, sources, execution),
        {"health": health.as_dict()},
        tokens=batch if plan.settings.keeps_tokens and len(batch) else None,
        text=inputs.text,
        parts=parts,
    )


def _provenance(
    plan: Plan,
    refinement: Refinement,
    sources: Bytes,
    execution: Execution,
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
    )


def sources_by_name(sources: Bytes) -> dict[str, int]:
    """The number of words with each source of their vector."""
    return {source.name.lower(): int(np.sum(sources == source)) for source in Source}


def refine_again(run: Run, batch: TokenBatch, seed: int) -> Vectors:
    """Refine the words of a run again with its method and options; ``auto`` chooses again.

    ``batch`` is the corpus of the run or a part of it. With the whole corpus and the run's seed, the result
    is the same as the run's.
    """
    settings = replace(run.settings, history="none", seed=seed)
    original = run.original
    if np.any(original.sources == Source.RANDOM):
        # Vectors made from the text depend on which text, so a part of it needs its own.
        original = initial_vectors(batch, None, settings, name=run.provenance.vectors["name"])
        encoded = encoded_texts_of(run)
        if encoded is not None and (run.provenance.encoder or {}).get("initial"):
            original = joined_vectors(original, encoded)
    plan = make_plan(settings, Inputs(batch, original))
    provenance = {"method": plan.method}
    rows = refined_rows(plan)
    return Vectors(batch.types, rows, counts=batch.counts, provenance=provenance, normalized=True)
