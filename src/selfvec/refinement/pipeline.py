"""From text and vectors to a `Run`, for Python and for the command line.

corpus, vectors ──▶ inputs ──▶ plan ──▶ refinement ──▶ Run
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Bytes, Rows
from selfvec.base.errors import OptionError
from selfvec.base.installed import environment
from selfvec.base.progress import stage
from selfvec.base.threads import one_core
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run, RunPart
from selfvec.data.settings import METHODS, Settings
from selfvec.data.token_batch import TokenBatch, frequency_order
from selfvec.data.vectors import Source, Vectors, coverage
from selfvec.files.memory import release
from selfvec.storage.run_writer import RunWriter

from .health import check_health
from .history import parse_history
from .inputs import (
    FROM_TEXT,
    Execution,
    Inputs,
    Plan,
    Start,
    checked_starts,
    initial_vectors,
    inputs_to_compare,
    joined_vectors,
    read_inputs,
)
from .methods import Refinement, found_sources, refined_rows, run_to_end, start
from .selection import ENOUGH, ORIGINAL, SURE, Choice, choose, draw_documents

if TYPE_CHECKING:
    from selfvec.corpus import Corpus
    from selfvec.encoders.given import GivenSentenceEncoder

    from .teacher import Teacher


@one_core()
def refine(
    corpus: Corpus,
    vectors: Start | Sequence[Start],
    settings: Settings,
    *,
    encoder: GivenSentenceEncoder | None = None,
    embeddings: Any = None,
    writer: RunWriter | None = None,
) -> Run:
    """Refine vectors on a corpus.

    If ``vectors`` is "none" or None, the initial vectors are random directions. For other names in
    `inputs.FROM_TEXT` they are trained on the corpus itself. From a list, those that score best on
    held-out text are taken. ``encoder`` is a sentence encoder; ``embeddings`` are vectors of the documents.
    ``writer`` is that of the run folder. Lists of tokens are taken as they
    are.
    """
    if corpus.tokenized and settings.tokenizer == "words":
        settings = replace(settings, tokenizer="whitespace")
    candidates = checked_starts(vectors, settings)
    parse_history(settings.history_texts)
    teacher = None
    if any(given is not None for given in (encoder, embeddings, settings.encode)):
        from .teacher import Teacher  # what reads encoders is loaded with one

        teacher = Teacher.of(encoder, embeddings, settings)
    execution = Execution(writer)
    inputs = _read(corpus, candidates, settings, execution)
    if teacher is not None and inputs.text is not None:
        teacher = teacher.with_documents(embeddings, inputs.text)
    return refine_inputs(inputs, settings, execution, teacher)


def _read(corpus: Corpus, candidates: Sequence[Start], settings: Settings, execution: Execution) -> Inputs:
    """Read a corpus, with those of the initial vectors that score best on it."""
    if len(candidates) == 1:
        return read_inputs(corpus, candidates[0], settings, execution)
    with execution.timings.stage("tables"):
        chosen, decision = choose_vectors(corpus, candidates, settings)
    inputs = read_inputs(corpus, candidates[chosen], settings, execution)
    return replace(inputs, provenance=inputs.provenance.replace(table_decision=decision))


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
            plan = make_plan(settings, inputs, decision)
        with timings.stage("keep"):
            if kept is not None:
                kept.result()
    # From here on the initial vectors are a map of the file, so that refining has their memory.
    if writer is not None:
        writer.map_kept(inputs.original)
    with timings.stage("refine"):
        refinement = start(plan)
        run_to_end(refinement)
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
        inputs, decision, used = with_encoded_words(replace(inputs, encoded=encoded), settings)
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
            original,
            refined,
            history,
            method=plan.method,
            repeats=made.repeats,
            language=language,
            batch=batch if plan.settings.keeps_tokens else None,  # a cluster has it only then
            text=inputs.text,
        )
    parts: dict[str, RunPart] = {}
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
        epochs=plan.passes,
        learning_rate=learning_rate,
        seed=settings.seed,
        dimensions=inputs.original.vector_size,
        options=options,
        coverage=coverage(inputs.original, inputs.batch.counts),
        sources={source.name.lower(): int(np.sum(sources == source)) for source in Source},
        history=refinement.recorder.as_dict(),
        environment=environment(),
        timings=execution.timings,
        decision=None if plan.decision is None else plan.decision.as_dict(),
    )


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
        if (run.provenance.encoder or {}).get("initial"):
            from selfvec.encoders.encoded_texts import encoded_texts_of

            encoded = encoded_texts_of(run)
            assert encoded is not None
            original = joined_vectors(original, encoded)
    plan = make_plan(settings, Inputs(batch, original))
    provenance = {"method": plan.method}
    rows = refined_rows(plan)
    return Vectors(batch.types, rows, counts=batch.counts, provenance=provenance, normalized=True)


# ---- What is chosen by held-out text: the method of ``--method auto``, and one of several ``--vectors``
#
# For ``--vectors A --vectors B`` the text is read once, independently of the vectors, so that all
# candidates take the tests on the same tokens; a word without a vector counts as a zero vector. Each
# candidate is tested with the method that would be chosen for it. The run is then made from the chosen
# vectors, as if only these had been named.

CANDIDATES = tuple(method.name for method in METHODS.values() if method.passes)
"""The methods that ``auto`` tries. Of those that cannot be told apart, the last one is chosen."""


def make_plan(
    settings: Settings,
    inputs: Inputs,
    decision: Choice | None = None,  # of ``auto``, if it is there already
) -> Plan:
    """Resolve ``settings`` for a corpus; the method ``auto`` tries the methods to choose one."""
    method: str = settings.method
    if method == "auto":
        decision = decision or try_methods(settings, inputs, CANDIDATES)
        method = decision.chosen
    return Plan.of(settings, inputs, method, decision)


def try_methods(settings: Settings, inputs: Inputs, methods: Sequence[str]) -> Choice:
    """Refine a sample with every method and test each, and the original, on held-out text."""
    sample = _sample(inputs, settings.seed)
    unrecorded = replace(settings, history="none")
    # The default window of the paper's method is the mean sentence length of the whole text.
    plans = {name: replace(Plan.of(unrecorded, inputs, name), inputs=sample) for name in methods}
    total = len(sample.batch) * sum(plan.passes for plan in plans.values())
    with stage("Choosing", total, "tokens") as advance:

        def refined_on(name: str, training: TokenBatch) -> Rows:
            plan = replace(plans[name], inputs=replace(sample, batch=training))
            return refined_rows(plan, advance)

        candidates = {name: partial(refined_on, name) for name in plans}
        unchanged = {ORIGINAL: lambda _: sample.original.unit}
        return choose(sample.batch, unchanged | candidates, settings.seed)


def _sample(inputs: Inputs, seed: int) -> Inputs:
    """A random part of a long text, with only the words of this part; a short text unchanged."""
    batch = draw_documents(inputs.batch, ENOUGH, np.random.default_rng(seed))
    if batch is inputs.batch:
        return inputs
    original = inputs.original
    order, rank = frequency_order(batch.counts)
    words = order[: np.count_nonzero(batch.counts)]
    types = [batch.types[i] for i in words.tolist()]
    pieces = None if original.pieces is None else original.pieces[words]
    rows = Vectors(
        types, original.unit[words], sources=original.sources[words], normalized=True, pieces=pieces
    )
    release(original.unit)
    return Inputs(TokenBatch(rank[batch.ids], batch.offsets, types), rows)


# The initial vectors


def choose_vectors(
    corpus: Corpus, candidates: Sequence[Start], settings: Settings
) -> tuple[int, dict[str, Any]]:
    """The number of the chosen vectors, and the decision for ``run.json``.

    Vectors replace the first ones if they are significantly better in self-retrieval and not significantly
    worse in the context test. Of several such vectors those with the best self-retrieval are chosen.
    """
    names = [_name(vectors, number) for number, vectors in enumerate(candidates)]
    if len(set(names)) < len(names):
        remedy = "name each file once; labels are not used"
        raise OptionError("name the same vectors twice", field="vectors", remedy=remedy)
    if trained := set(names) & set(FROM_TEXT) - {"none"}:
        rule = f"{min(trained)} is trained on the whole text, so held-out parts of the text cannot test it"
        raise OptionError(rule, field="vectors", remedy="refine twice, and compare with selfvec evaluate")
    batch, originals = inputs_to_compare(corpus, candidates, settings)
    chosen, reason, rows, choices = _compared(batch, originals, settings)
    decision = {
        "chosen": names[chosen],
        "reason": reason,
        "tables": [{"name": name, **row} for name, row in zip(names, rows, strict=True)],
        "held_out_tokens": choices[-1].held_out,
    }
    return chosen, decision


def _compared(
    batch: TokenBatch, originals: Iterable[Vectors], settings: Settings
) -> tuple[int, str, list[dict[str, Any]], list[Choice]]:
    """The number of the best initial vectors by held-out text, and why; of each its figures and tests."""
    asked = settings.method
    methods = CANDIDATES if asked == "auto" else tuple({asked} - {"original"})
    rows: list[dict[str, Any]] = []
    choices = []
    measured = []
    for original in originals:
        choice = try_methods(settings, Inputs(batch, original), methods)
        choices.append(choice)
        method = choice.chosen if asked == "auto" else asked
        share = coverage(original, batch.counts)["tokens"]["known"] / len(batch)
        rows.append({"method": method, "known_tokens": share})
        if choice.measured:
            measured.append(choice.measured[method])
            rows[-1] |= measured[-1].figures(measured[0])
    chosen, reason = _best(rows) if measured else (0, "too little text to compare vectors")
    return chosen, reason, rows, choices


def with_encoded_words(inputs: Inputs, settings: Settings) -> tuple[Inputs, Choice | None, dict[str, Any]]:
    """The inputs, with the encoder's words joined to the initial vectors if held-out text is for it.

    Returns also what ``auto`` has chosen for these inputs, and what ``run.json`` says about it.
    """
    encoded = inputs.encoded
    from selfvec.encoders.encoded_texts import text_hashes
    from selfvec.encoders.run_encoder import word_text

    if encoded is None or not encoded.has(text_hashes([word_text(inputs.batch.types[0])])).all():
        return inputs, None, {"initial": False, "reason": "there are no vectors of words"}
    joined = joined_vectors(inputs.original, encoded)
    originals = inputs.original, joined
    chosen, reason, rows, choices = _compared(inputs.batch, originals, settings)
    described: dict[str, Any] = {"initial": bool(chosen), "reason": reason}
    if all("self_retrieval" in row for row in rows):
        described["scores"] = {"usual": rows[0]["self_retrieval"], "joined": rows[1]["self_retrieval"]}
    decision = choices[chosen] if settings.method == "auto" else None
    return replace(inputs, original=originals[chosen]), decision, described


def _name(vectors: Start, number: int) -> str:
    if isinstance(vectors, Vectors):
        return f"memory {number + 1}"
    return "none" if vectors is None else os.fspath(vectors)


def _best(rows: Sequence[dict[str, Any]]) -> tuple[int, str]:
    """The number of the chosen vectors, and the reason."""
    better = [
        number
        for number, row in enumerate(rows)
        if row["sure"]["self_retrieval"] >= SURE and row["sure"].get("context", 1.0) > 1 - SURE
    ]
    if not better:
        return 0, "no other vectors are significantly better than the first ones"
    best = max(better, key=lambda number: float(rows[number]["self_retrieval"]))
    return best, "it scored best on held-out text"
