"""From text and vectors to a `Run`: the one way through the house, for Python and for the command line.

corpus ──▶ tokens ──▶ TokenBatch ──▶ refine ──▶ Run
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import Interrupted
from selfvec.base.progress import Progress
from selfvec.base.provenance import Timings, environment
from selfvec.data.run import Part, Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.storage.workspace import Workspace, interruptible

from .preparation import Prepared, prepare, starting_vectors, window_of
from .recorder import Recorder, parse_history

if TYPE_CHECKING:
    from selfvec.corpus import Corpus

__all__ = ["job_of", "refine", "refine_again", "refine_prepared"]

_CHECKPOINT_SECONDS = float(os.environ.get("SELFVEC_CHECKPOINT_SECONDS", "30"))


def refine(
    corpus: Corpus,
    vectors: Vectors | str | os.PathLike[str] | None,
    settings: Settings,
    *,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Refine vectors on a corpus.

    Parameters
    ----------
    corpus : Corpus
    vectors : `Vectors`, path, "default", "none" or None
        The last two start from random directions.
    settings : Settings
    workspace : Workspace, optional
        Where interrupted work is kept, and looked for.
    progress : Progress, optional
    jobs : int, optional
        Threads; all cores where not given. The result is the same.

    Raises
    ------
    CorpusError, InputError
        If the text or the vectors cannot be used.
    Interrupted
        On Ctrl-C; the state is in the workspace.
    """
    progress, timings = progress or Progress(), Timings()
    prepared = prepare(corpus, vectors, settings, timings, progress, jobs)
    return refine_prepared(prepared, settings, timings, workspace=workspace, progress=progress, jobs=jobs)


def refine_prepared(
    prepared: Prepared,
    settings: Settings,
    timings: Timings,
    *,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """The same for a corpus that is ids already; ``timings`` go on."""
    from .health import check_health

    progress = progress or Progress()
    if settings.method == "auto":
        with timings.stage("select"):
            settings = _select(prepared, settings, progress, jobs)
    with timings.stage("refine"):
        job = job_of(prepared, settings, jobs)
        _drive(job, prepared, settings, workspace, progress)
        history = job.recorder.history()
    original, batch = prepared.original, prepared.batch
    table = job.table
    sources = _sources(job, original, table)
    refined = Vectors(original.index_to_key, table, sources=sources, counts=batch.counts, normalized=True)
    with timings.stage("health"):
        health = check_health(original, refined, history, hovers=settings.method == "online")
    provenance = prepared.provenance | {
        "sources": {s.name.lower(): int(np.sum(sources == s)) for s in Source},
        "history": job.recorder.periods.as_dict(job.dimensions),
        "environment": environment(),
        "timings": timings,
    }
    kept = batch if settings.keep_tokens else None
    report = {"health": health.as_dict()}
    counts = getattr(job, "counts", None)
    parts: dict[str, Part] = {}
    if counts is not None:
        parts["counts"] = counts
    if prepared.forms is not None:
        parts["unstemmed"] = prepared.forms
    return Run(refined, original, history, provenance, report, kept, parts)


def _sources(job: _Job, original: Vectors, table: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Where each vector came from: as the method says, or from context where a word had none."""
    induced = (original.sources == Source.NONE) & table.any(axis=1)
    told: NDArray[np.uint8] = getattr(job, "sources", original.sources)
    return np.where(induced & (told == Source.NONE), Source.CONTEXT, told).astype(np.uint8)


def refine_again(run: Run, batch: TokenBatch, seed: int, jobs: int | None = None) -> Vectors:
    """A run's words refined again, with its method and options.

    Parameters
    ----------
    run : Run
    batch : TokenBatch
        A text over the run's words: its corpus (`Run.tokens`), or a part of that.
    seed : int
        With the run's own, and its whole corpus, the result is the run's.
    jobs : int, optional
        Threads.

    Returns
    -------
    Vectors
        ``provenance`` names the method, which ``auto`` chooses again.
    """
    options = {k: v for k, v in run.provenance["options"].items() if k in Settings.__dataclass_fields__}
    settings = Settings(**options | {"history": "none", "seed": seed})
    original = run.original
    if np.any(original.sources == Source.RANDOM):
        original = starting_vectors(batch, None, settings)
    prepared = Prepared(batch, original, window_of(batch, settings), {})
    if settings.method == "auto":
        settings = _select(prepared, settings, Progress(), jobs)
    job = job_of(prepared, settings, jobs)
    while not job.done:
        job.advance()
    provenance = {"method": settings.method}
    return Vectors(batch.types, job.table, counts=batch.counts, provenance=provenance, normalized=True)


class _Job(Protocol):
    """A refinement that can be stopped between two steps."""

    recorder: Recorder
    dimensions: int

    @property
    def done(self) -> bool: ...
    @property
    def progress(self) -> int: ...
    @property
    def table(self) -> NDArray[np.float32]: ...
    @property
    def state(self) -> Mapping[str, NDArray[Any]]: ...
    def advance(self) -> int: ...
    def restore(self, state: Mapping[str, NDArray[Any]]) -> None: ...


def job_of(prepared: Prepared, settings: Settings, jobs: int | None) -> _Job:
    """The method asked for, on this corpus, not yet begun."""
    plan = parse_history(settings.history_texts)
    if settings.method == "original":
        from .no_refinement import KeptRun

        return KeptRun(prepared.batch, prepared.original)
    if settings.method == "paper":
        from .paper import PaperRun

        return PaperRun(
            prepared.batch,
            prepared.original.unit,
            window=prepared.window,
            learning_rate=float(settings.learning_rate or 0),
            epochs=settings.epochs,
            history=plan,
        )
    if settings.method == "online":
        from .online import ANCHOR as HOLD
        from .online import OnlineRun

        return OnlineRun(
            prepared.batch,
            prepared.original,
            window=prepared.window,
            learning_rate=float(settings.learning_rate or 0),
            anchor=HOLD if settings.anchor is None else settings.anchor,
            epochs=settings.epochs,
            history=plan,
        )
    from selfvec.cooccurrence import operator

    from .decorrelated import ANCHOR, GAMMA, DecorrelatedRun

    return DecorrelatedRun(
        prepared.batch,
        prepared.original,
        window=prepared.window,
        passes=settings.passes,
        anchor=ANCHOR if settings.anchor is None else settings.anchor,
        history=plan,
        operator=operator(
            settings.operator,
            prepared.batch,
            prepared.window,
            gamma=GAMMA,
            weighting=settings.distance_weights,
            jobs=jobs,
        ),
        jobs=jobs,
    )


def _select(prepared: Prepared, settings: Settings, progress: Progress, jobs: int | None) -> Settings:
    """Let held-out text decide; the settings of the method chosen, the decision in the provenance."""
    from .selection import ORIGINAL, choose

    part = _sample(prepared, settings.seed)

    def refined_on(method: str, training: TokenBatch) -> NDArray[np.float32]:
        chosen = replace(settings, method=method, history="none")
        own = replace(part, batch=training, window=window_of(prepared.batch, chosen))
        job = job_of(own, chosen, jobs)
        while not job.done:
            advance(job.advance())
        return job.table

    methods = ("paper", "online", "decorrelated")
    candidates = {name: partial(refined_on, name) for name in methods}
    total = len(part.batch) * sum(replace(settings, method=name).rounds for name in methods)
    with progress.stage("Choosing", total, "tokens") as advance:
        choice = choose(part.batch, {ORIGINAL: lambda _: part.original.unit, **candidates}, settings.seed)
    chosen = replace(settings, method=choice.chosen)
    prepared.window = window_of(prepared.batch, chosen)
    prepared.provenance |= {
        "method": choice.chosen,
        "window": prepared.window,
        "epochs": chosen.rounds,
        "learning_rate": chosen.learning_rate,
        "decision": choice.as_dict(),
    }
    return chosen


def _sample(prepared: Prepared, seed: int) -> Prepared:
    """Enough documents of a long text to choose by, with their words only; a shorter text as it is."""
    from .selection import ENOUGH, drawn

    batch, original = drawn(prepared.batch, ENOUGH, np.random.default_rng(seed)), prepared.original
    if batch is prepared.batch:
        return prepared
    words = np.argsort(-batch.counts, kind="stable")[: np.count_nonzero(batch.counts)]
    new = np.empty(len(batch.types), np.int32)
    new[words] = np.arange(len(words), dtype=np.int32)
    types = [batch.types[i] for i in words.tolist()]
    rows = Vectors(types, original.unit[words], sources=original.sources[words], normalized=True)
    return replace(prepared, batch=TokenBatch(new[batch.ids], batch.offsets, types), original=rows)


def _drive(
    job: _Job,
    prepared: Prepared,
    settings: Settings,
    workspace: Workspace | None,
    progress: Progress,
) -> None:
    """Run a job to its end, keeping its state where it can be resumed."""
    total = len(prepared.batch) * settings.rounds
    if workspace is not None and workspace.has_state:
        job.restore(workspace.load_state(_fingerprint(prepared, settings)))
    done = job.progress
    with progress.stage("Refining", total, "tokens") as advance, interruptible() as interruption:
        advance(done)
        saved = time.monotonic()
        while not job.done:
            done_now = job.advance()
            done += done_now
            advance(done_now)
            due = time.monotonic() - saved > _CHECKPOINT_SECONDS
            if workspace is not None and not job.done and (due or interruption.requested):
                workspace.save_state(job.state, _fingerprint(prepared, settings))
                saved = time.monotonic()
            if interruption.requested and not job.done:
                raise _interrupted(workspace, done, total)


def _interrupted(workspace: Workspace | None, done: int, total: int) -> Interrupted:
    where = f"interrupted after {done:,} of {total:,} tokens"
    if workspace is None:
        return Interrupted(where)
    return Interrupted(where, path=workspace.target, remedy="go on with the same command and --resume")


def _fingerprint(prepared: Prepared, settings: Settings) -> str:
    """Equal for two jobs that compute the same thing."""
    digest = hashlib.sha256()
    for array in (prepared.batch.ids, prepared.batch.offsets, prepared.original.vectors):
        digest.update(np.ascontiguousarray(array).data)
    options = settings.as_dict() | {"window": prepared.window}
    digest.update(repr((sorted(options.items()), list(prepared.batch.types))).encode())
    return digest.hexdigest()
