"""`update`: a run takes in new documents, new versions of its documents, and gives back withdrawn ones.

    update(refine(A), B) == refine(A + B)

for documents B that A does not have. Little text is added to the sums of a large run (`quick_update`).
Otherwise the token ids are joined, stemmed and counted together, and refined again, as in `merge`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.base.progress import Progress, as_progress
from selfvec.base.threads import one_core
from selfvec.base.versions import environment
from selfvec.corpus.fingerprints import Seen
from selfvec.corpus.known_documents import Intake, KnownDocuments, known_documents
from selfvec.data.coverage import coverage
from selfvec.data.run import Run, RunPart
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.refinement.execution import Execution
from selfvec.refinement.health import check_health
from selfvec.refinement.input_reading import read_unstemmed
from selfvec.refinement.pipeline import refine_inputs, sources_by_name
from selfvec.text.encoding import dropped_in_all
from selfvec.text.repeats import Repeats, repeats_of, without
from selfvec.text.unstemmed import UnstemmedTokens, unstemmed_tokens

from .joined_corpora import joined, joined_corpora
from .merge import files_read, joined_inputs
from .quick_update import add_to_sums, sums_for
from .source_runs import (
    MovedVectors,
    SourceRun,
    leaves_out_rare,
    refuse_changed_files,
    source_run,
    source_vectors,
)

if TYPE_CHECKING:
    from selfvec.corpus import Corpus
    from selfvec.storage.workspace import Workspace
    from selfvec.text import Encoding

__all__ = ["Change", "fields_of", "preview", "update"]


@dataclass
class Change:
    """The changes that an update makes to the documents of a run."""

    added: int = 0  # documents whose text is new, new versions included
    changed: int = 0  # documents replaced by a new version: same file and id, another text
    withdrawn: int = 0  # documents removed on request
    skipped: int = 0  # documents left out because the run has their text
    files: list[dict[str, Any]] = field(default_factory=list)  # path, documents added and skipped
    out: Mask = field(default_factory=lambda: np.zeros(0, bool))  # of the run's documents, (D,)

    @property
    def nothing(self) -> bool:
        """Whether the run stays unchanged."""
        return not self.added and not self.out.any()

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return {of.name: getattr(self, of.name) for of in fields(self) if of.name != "out"}


@dataclass(frozen=True)
class _NewDocuments:
    """The documents that an update reads and adds."""

    batch: TokenBatch  # before stemming and `min_count`
    encoding: Encoding
    corpus: Mapping[str, Any]  # from `selfvec.corpus.Summary.as_dict`


@one_core()
def update(
    run: Run | str | os.PathLike[str],
    corpus: Corpus | str | os.PathLike[str] | Iterable[str] | None = None,
    vectors: MovedVectors = None,
    *,
    withdraw: Sequence[str | Path] = (),
    allow_duplicates: bool = False,
    exact: bool = False,
    half_life: float | None = None,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Bring a run up to date. The result is the same as that of one run on all of the text, or close to it.

    It is the same bit for bit if the run has less than a million tokens, if more than a twentieth of the text
    is new, if documents are removed, and with ``exact``. Otherwise new text is added to the sums that the
    decorrelated update kept, and the rows of words that do not occur in the new text stay unchanged.

    Documents whose text is already in the run are skipped. A document with the id and file of a document in
    the run and with another text replaces it.

    Parameters
    ----------
    run : Run or path
        Not changed; save the result over it to replace it.
    corpus : `Corpus`, path, data frame or iterable, optional
        New documents, see `selfvec.corpus.as_corpus`. A path is read with the same fields as the run's
        corpus.
    vectors : `Vectors` or path, optional
        The initial vectors, if their file has moved or they were given in memory.
    withdraw : sequence of str or Path
        Documents to remove from the run: ids (str), or files that they came from (`pathlib.Path`).
    allow_duplicates : bool
        Add all documents, including those already in the run.
    exact : bool
        Always refine all of the text again.
    half_life : float, optional
        Days after which a document counts half, from now on; all of the text is refined again. A method
        chosen by ``auto`` is fixed.
    workspace : Workspace, optional
        Holds the state of interrupted work.
    progress : Progress, optional
        Receives the progress of each stage.
    jobs : int, optional
        Threads; all cores if None. The result is the same.

    Returns
    -------
    Run
        ``run`` itself if nothing is new. ``provenance["grown"]`` lists the changes.

    Raises
    ------
    InputError
        If the run did not keep its tokens, or its vectors are not found.
    FormatError
        If the vectors are not the initial vectors of the run, or files of the run are damaged.
    OptionError
        If an option of the run depends on the whole text at once, or no document has a given id or file.
    CorpusError
        If the text cannot be read.
    Interrupted
        On Ctrl-C; the state is in the workspace.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "wind broke a tree", "hail fell on a tree"]
    >>> updated = update(selfvec.Refiner("decorrelated").fit(texts[:2], "none").run_, texts[1:])
    >>> whole = selfvec.Refiner("decorrelated").fit(texts, "none").run_
    >>> bool((updated.vectors.vectors == whole.vectors.vectors).all())
    True
    """
    execution = Execution(workspace, as_progress(progress), jobs)
    with execution.timings.stage("load"):
        old = source_run(run, forgotten=True)
        reweighted = half_life is not None and half_life != old.settings.half_life
        if half_life is not None:
            old = replace(old, settings=_with_half_life(old.run, half_life))
        refuse_changed_files(old)
        opened = None if corpus is None else _opened(old.run, corpus)
        known = known_documents(old.run)
        assert known is not None
        withdrawn = known.find(withdraw)
        initial = source_vectors(old, vectors)
    intake = Intake(None if allow_duplicates else known)
    seen = Seen(known.texts) if allow_duplicates else None
    new = None if opened is None else _read(opened, initial, old.settings, execution, intake, seen)
    change = change_of(intake, withdrawn)
    if change.nothing and not reweighted:
        return old.run
    documents = KnownDocuments.joined([known.part(~change.out), intake.documents])
    step = {"by": "update", **change.as_dict(), "files": [] if new is None else files_read(new.corpus)}
    if new is not None and not (exact or reweighted or change.out.any()):
        updated = _updated_quickly(old, new, initial, documents, step, execution)
        if updated is not None:
            return updated
    return _refined_again(old, new, change, initial, documents, step, execution)


def _read(
    corpus: Corpus,
    initial: Vectors | None,
    settings: Settings,
    execution: Execution,
    intake: Intake,
    seen: Seen | None,
) -> _NewDocuments:
    """Read the documents that ``intake`` takes."""
    batch, encoding = read_unstemmed(corpus, initial, settings, execution, seen=seen, intake=intake)
    return _NewDocuments(batch, encoding, corpus.summary.as_dict())


def _refined_again(
    old: SourceRun,
    new: _NewDocuments | None,
    change: Change,
    initial: Vectors | None,
    documents: KnownDocuments,
    step: dict[str, Any],
    execution: Execution,
) -> Run:
    """The run of all of the text, refined again."""
    if old.run.tokens is None:
        raise old.without_tokens
    recorded = old.run.provenance
    with execution.timings.stage("count"):
        batches = [old.unstemmed.part(~change.out) if change.out.any() else old.unstemmed]
        corpora = [recorded.corpus]
        texts = [recorded.text]
        if new is not None:
            batches.append(new.batch)
            corpora.append(new.corpus)
            texts.append(new.encoding.as_dict())
        corpus = joined_corpora(corpora, left_out=int(change.out.sum()))
        inputs = joined_inputs([old], batches, corpus, texts, initial, execution)
    batch = inputs.batch
    before = old.counted
    counted = {"documents": batch.documents, "tokens": len(batch), "types": len(batch.types)}
    step |= {name: number - before[name] for name, number in counted.items()}
    provenance = inputs.provenance.replace(steps=[*old.steps, step])
    inputs = replace(inputs, provenance=provenance, documents=documents)
    return refine_inputs(inputs, old.settings, execution)


def _updated_quickly(
    old: SourceRun,
    new: _NewDocuments,
    initial: Vectors | None,
    documents: KnownDocuments,
    step: dict[str, Any],
    execution: Execution,
) -> Run | None:
    """The run with new text added to its sums; None if all of the text must be refined again."""
    fresh, repeats = counted_addition(old.run, old.settings, new.batch, execution.jobs)
    sums = sums_for(old, fresh)
    if sums is None:
        return None
    found = add_to_sums(old, sums, fresh, initial, execution)
    with execution.timings.stage("health"):
        health = check_health(found.original, found.refined)
    parts: dict[str, RunPart] = {"sums": found.sums, "documents": documents}
    if len(repeats.passages):
        parts["repeats"] = repeats
    keeps_tokens = old.settings.keep_tokens
    counted_before = old.run.tokens
    kept = unstemmed_tokens(old.run)
    if keeps_tokens and counted_before is not None and (kept is not None or new.batch is not fresh):
        if kept is None or kept.left_out is None:
            kept = UnstemmedTokens.of(old.unstemmed, counted_before)
        parts["unstemmed"] = kept.joined(UnstemmedTokens.of(new.batch, fresh))
    repeated = repeats.tokens - repeats_of(old.run).tokens if repeats.once(old.settings) else 0
    encoding = new.encoding.of_counted(fresh, repeated)
    text = _added_texts(old.run.provenance.text, encoding.as_dict(), types=len(found.refined))
    counts = found.refined.counts
    sources = found.refined.sources
    assert counts is not None
    counted = {"tokens": int(counts.sum()), "types": len(found.refined)}
    step |= {name: counted[name] - old.counted[name] for name in counted}
    step |= {"documents": new.batch.documents, "quick": True}
    provenance = old.run.provenance.replace(
        **counted,
        documents=text["documents"],
        corpus=joined_corpora([old.run.provenance.corpus, new.corpus]),
        text=text,
        coverage=coverage(found.original, counts),
        sources=sources_by_name(sources),
        history={**old.run.provenance.history, "records": 0, "bytes": 0},
        environment=environment(),
        timings=execution.timings,
        repeats=repeats.as_dict(old.settings),
        steps=[*old.steps, step],
    )
    report = {"health": health.as_dict()}
    tokens = found.tokens if keeps_tokens else None
    return Run(found.refined, found.original, None, provenance, report, tokens, parts)


def _added_texts(before: Mapping[str, Any], more: Mapping[str, Any], types: int) -> dict[str, Any]:
    """The description of the encoded text of a run with new text, which has ``types`` words."""
    text = dict(before)
    for name in ("documents", "sentences", "empty", "raw_tokens", "tokens"):
        text[name] = int(before[name]) + int(more[name])
    text |= {"types": types, "raw_types": None}  # words that were dropped from both may be the same
    text["dropped"] = dropped_in_all((before, more))
    return text


def counted_addition(
    run: Run, settings: Settings, fresh: TokenBatch, jobs: int | None = None
) -> tuple[TokenBatch, Repeats]:
    """The counted tokens of new text, for a run without stemming and without a minimum count.

    Passages that the run contains are not counted again. A passage that becomes frequent only with the new
    text is counted until all of the text is refined again. If the run has left out rare words, all words that
    it does not have are left out. Also returns the repeated passages of the whole text.
    """
    own = repeats_of(run)
    once = own.once(settings)
    before = (run.provenance.tokens or 0) + (own.tokens if once else 0)
    repeats, further = own.extended(fresh, before, jobs)
    left_out = further if once else np.zeros(len(fresh), bool)
    if leaves_out_rare(run):
        index = run.vectors.key_to_index
        left_out = left_out | np.array([word not in index for word in fresh.types])[fresh.ids]
    if not left_out.any():
        return fresh, repeats
    return joined([without(fresh, left_out)]), repeats


def preview(
    run: Run,
    corpus: Corpus | None,
    *,
    withdraw: Sequence[str | Path] = (),
    allow_duplicates: bool = False,
    progress: Progress | None = None,
) -> Change:
    """The changes that `update` would make. Only the text is read."""
    known = known_documents(source_run(run, forgotten=True).run)
    assert known is not None
    out = known.find(withdraw)
    intake = Intake(None if allow_duplicates else known)
    if corpus is not None:
        with as_progress(progress).stage("Reading", corpus.total_bytes, "bytes") as advance:
            for _ in corpus.batches(advance, select=intake):
                pass
    return change_of(intake, out)


def _with_half_life(run: Run, days: float) -> Settings:
    """The settings of a run with another half-life; `OptionError` if its method has no half-life."""
    options = run.settings.as_dict() | {"method": run.provenance.method, "half_life": days}
    return Settings(**options)


def change_of(intake: Intake, out: Mask) -> Change:
    """The changes found by reading; ``out`` marks the documents to withdraw, (D,) bool."""
    replaced = intake.replaced() if intake.known is not None else np.zeros_like(out)
    files = [{"path": path, "added": a, "skipped": b} for path, (a, b) in intake.counts.items()]
    added, skipped = (sum(numbers[k] for numbers in intake.counts.values()) for k in (0, 1))
    return Change(added, int(replaced.sum()), int(out.sum()), skipped, files, out | replaced)


def fields_of(run: Run) -> dict[str, Any]:
    """Arguments of `Corpus.open` that read a corpus like the run's."""
    recorded = run.provenance.corpus
    texts = recorded.get("text_fields")
    return {
        "text_fields": list(texts)
        if recorded.get("text_given") and isinstance(texts, list | tuple)
        else None,
        "date_field": recorded.get("date_field") if recorded.get("date_given") else None,
        "slice_field": recorded.get("slice_field"),
        "slice_by_name": bool(recorded.get("slice_by_name")),
    }


def _opened(run: Run, corpus: Corpus | str | os.PathLike[str] | Iterable[str]) -> Corpus:
    """Open new documents with the same fields as the run's corpus."""
    from selfvec.corpus import Corpus, as_corpus

    if not isinstance(corpus, str | os.PathLike):
        return as_corpus(corpus)
    return Corpus.open([corpus], **fields_of(run))
