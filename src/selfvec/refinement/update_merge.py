"""Adding text to a run (`update`) and merging runs (`merge`).

    update(refine(A), B) == refine(A + B)            merge([refine(A), refine(B)]) == refine(A + B)

for documents B that A does not have. An update adds new documents and removes withdrawn ones. Both commands
join the token ids of the parts, stem and count the whole and refine it again. Tokens, vocabulary, counts,
original and refined vectors are equal bit for bit. Refined vectors cannot be combined directly, because
whitening, anchors and neighbour weights depend on all of the text. Reading, tokenising and looking up words
are not repeated.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.provenance import Timings
from selfvec.base.threads import one_core
from selfvec.corpus.documents import Seen
from selfvec.corpus.known_documents import Intake, KnownDocuments, known_documents
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.text.repeats import Repeats
from selfvec.text.stems import unstemmed_tokens

from .counted_text import counted_addition, whole_text
from .inputs import InputProvenance, Inputs, inputs_from, read_unstemmed
from .joining import (
    joined,
    joined_corpora,
    joined_encodings,
    kept_documents,
    refuse_same_files,
    repeated,
    without_repeats,
)
from .pipeline import refine_inputs, settings_of
from .quick_update import quick_update, sums_for, with_provenance
from .resume import Execution
from .source_runs import (
    MovedVectors,
    SourceRun,
    gathered,
    refuse_changed_files,
    refuse_different,
    source_run,
    source_vectors,
)

if TYPE_CHECKING:
    from selfvec.corpus import Corpus
    from selfvec.storage.workspace import Workspace

__all__ = ["Change", "fields_of", "merge", "preview", "update", "with_half_life"]


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


@one_core()
def update(
    run: Run | str | os.PathLike[str],
    corpus: Corpus | str | os.PathLike[str] | Iterable[str] | None = None,
    vectors: MovedVectors = None,
    *,
    withdraw: Sequence[str | Path] = (),
    allow_duplicates: bool = False,
    exact: bool = False,
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
        refuse_changed_files(old)
        opened = None if corpus is None else _opened(old.run, corpus)
        known = known_documents(old.run)
        assert known is not None
        out = known.find(withdraw)
        initial = source_vectors(old, vectors)
    intake = Intake(None if allow_duplicates else known)
    added, batches, corpora = [], [], [old.recorded("corpus")]
    texts = [old.recorded("text")]
    if opened is not None:
        seen = Seen(known.texts) if allow_duplicates else None
        fresh, encoding = read_unstemmed(opened, initial, old.settings, execution, seen=seen, intake=intake)
        added, corpora = [fresh], [*corpora, opened.summary.as_dict()]
        texts.append(encoding.as_dict())
    change = change_of(intake, out)
    if change.nothing and "half_life" not in old.run.derived:
        return old.run
    documents = KnownDocuments.joined([known.part(~change.out), intake.documents])
    step = {"by": "update", **change.as_dict(), "files": _files(corpora[-1]) if added else []}
    if added and not exact and not change.out.any() and "half_life" not in old.run.derived:
        counting, repeats = counted_addition(old.run, old.settings, added[0], jobs)
        sums = sums_for(old, counting)
    else:
        sums = None
    if sums is not None:
        new = quick_update(old, sums, counting, initial, execution)
        _keep_repeats(new, old, (added[0], counting), repeats)
        texts[-1] = encoding.of_counted(counting, len(added[0]) - len(counting)).as_dict()
        corpus_now = joined_corpora(corpora)
        step |= {name: new.provenance[name] - old.counted[name] for name in ("tokens", "types")}
        step |= {"documents": added[0].documents, "quick": True}
        return with_provenance(new, corpus_now, texts, documents, [*old.steps, step], execution)
    if old.run.tokens is None:
        raise old.without_tokens
    with execution.timings.stage("count"):
        batches = [old.unstemmed.part(~change.out) if change.out.any() else old.unstemmed, *added]
        corpus_now = joined_corpora(corpora, left_out=int(change.out.sum()))
        inputs = _inputs([old], batches, corpus_now, texts, initial, jobs)
    more = {name: number - old.counted[name] for name, number in _counted(inputs.batch).items()}
    inputs = replace(inputs.with_steps([*old.steps, step | more]), documents=documents)
    return refine_inputs(inputs, old.settings, execution)


def _keep_repeats(new: Run, old: SourceRun, fresh: tuple[TokenBatch, TokenBatch], repeats: Repeats) -> None:
    """Keep the repeated passages with a run, and its whole text if not all tokens are counted.

    ``fresh`` is the whole new text and its counted tokens.
    """
    new.provenance["repeats"] = repeats.as_dict(old.settings)
    if len(repeats.passages):
        new.parts["repeats"] = repeats
    if new.tokens is not None and (unstemmed_tokens(old.run) is not None or fresh[0] is not fresh[1]):
        new.parts["unstemmed"] = whole_text(old.unstemmed, fresh[0])


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


def with_half_life(run: Run, days: float) -> Run:
    """The run with another half-life, which the next update applies to all of its text.

    A method chosen by ``auto`` is fixed. Raises `OptionError` if the method has no half-life.
    """
    options = settings_of(run).as_dict() | {"method": run.provenance["method"], "half_life": days}
    settings = Settings(**options)
    changed = run.replace(provenance={**run.provenance, "options": settings.as_dict()}, tokens=run.tokens)
    if settings_of(run).half_life != days:
        changed.derived["half_life"] = days
    return changed


def change_of(intake: Intake, out: Mask) -> Change:
    """The changes found by reading; ``out`` marks the documents to withdraw, (D,) bool."""
    replaced = intake.replaced() if intake.known is not None else np.zeros_like(out)
    files = [{"path": path, "added": a, "skipped": b} for path, (a, b) in intake.counts.items()]
    added, skipped = (sum(numbers[k] for numbers in intake.counts.values()) for k in (0, 1))
    return Change(added, int(replaced.sum()), int(out.sum()), skipped, files, out | replaced)


@one_core()
def merge(
    runs: Sequence[Run | str | os.PathLike[str]],
    vectors: MovedVectors = None,
    *,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Merge runs. The result is the same as that of one run on all their corpora, one after the other.

    Parameters
    ----------
    runs : sequence of Run or path
        At least two, made with the same options from the same vectors. Not changed.
    vectors : `Vectors` or path, optional
        The initial vectors, if their file has moved or they were given in memory. They are only read with
        stemming or ``min_count``, because the whole may then have words that no part has.
    workspace : Workspace, optional
        Holds the state of interrupted work.
    progress : Progress, optional
        Receives the progress of each stage.
    jobs : int, optional
        Threads; all cores if None. The result is the same.

    Returns
    -------
    Run

    Raises
    ------
    InputError, FormatError, Interrupted
        As for `update`.
    OptionError
        If there are fewer than two runs, or their options or vectors differ.
    CorpusError
        If two runs contain the same file.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "wind broke a tree", "hail fell on a tree"]
    >>> shards = [selfvec.Refiner("decorrelated").fit(part, "none").run_ for part in (texts[:2], texts[2:])]
    >>> merge(shards).vectors.counts.tolist()
    [2, 2, 2, 2, 1, 1, 1, 1, 1]
    """
    execution = Execution(workspace, as_progress(progress), jobs, Timings(read=0.0, tokenize=0.0))
    if len(runs) < 2:
        raise OptionError("merging needs at least two runs", remedy="name another run")
    with execution.timings.stage("load"):
        parts = [source_run(run, number) for number, run in enumerate(runs)]
        refuse_different(parts)
    settings = parts[0].settings
    with execution.timings.stage("count"):
        batches = [part.unstemmed for part in parts]
        kept = without_repeats(batches)
        refuse_same_files([part.recorded("corpus") for part in parts])
        left_out = sum(a.documents - b.documents for a, b in zip(batches, kept, strict=True))
        corpus = joined_corpora([part.recorded("corpus") for part in parts], _repeats(batches), left_out)
        # With stemming or min_count the whole may have words that no part has.
        initial = source_vectors(parts[0], vectors) if settings.stem or settings.min_count > 1 else None
        texts = [part.recorded("text") for part in parts]
        inputs = _inputs(parts, kept, corpus, texts, initial, jobs)
        inputs = replace(inputs, documents=_documents(parts))
    step = {"by": "merge", "runs": [_described(part) for part in parts]}
    return refine_inputs(inputs.with_steps([step]), settings, execution)


def _inputs(
    parts: Sequence[SourceRun],
    batches: Sequence[TokenBatch],  # before stemming and `min_count`
    corpus: dict[str, Any],  # the summary of the whole
    texts: Sequence[dict[str, Any]],  # the descriptions of the encoded texts
    initial: Vectors | None,  # for words that the parts do not have
    jobs: int | None,
) -> Inputs:
    """The whole text, stemmed and counted, with the initial vectors of its words."""
    first, whole = parts[0], joined(batches)
    vectors, files = first.recorded("vectors"), first.recorded("option_files")
    about = InputProvenance(corpus, joined_encodings(texts, whole), vectors, files)
    known = {word: 0 for part in parts for word in part.known} if initial is None else initial.key_to_index
    return inputs_from(
        whole, known, first.settings, about, lambda batch: gathered(batch, parts, initial), jobs
    )


def _documents(parts: Sequence[SourceRun]) -> KnownDocuments:
    """The documents of merged runs."""
    masks = kept_documents([part.unstemmed for part in parts])
    known = [known_documents(part.run) for part in parts]
    return KnownDocuments.joined([k.part(m) for k, m in zip(known, masks, strict=True) if k is not None])


def fields_of(run: Run) -> dict[str, Any]:
    """Arguments of `Corpus.open` that read a corpus like the run's."""
    recorded = run.provenance.get("corpus")
    recorded = recorded if isinstance(recorded, dict) else {}
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


def _counted(batch: TokenBatch) -> dict[str, int]:
    return {"documents": batch.documents, "tokens": len(batch), "types": len(batch.types)}


def _repeats(batches: Sequence[TokenBatch]) -> int:
    """Number of distinct texts that an earlier part contains, over all parts."""
    found = zip(batches, repeated(batches), strict=True)
    return sum(
        len(np.unique(batch.fingerprints[again])) for batch, again in found if batch.fingerprints is not None
    )


def _files(corpus: dict[str, Any]) -> list[dict[str, Any]]:
    """Paths and hashes of the files that were read."""
    return [{name: file[name] for name in ("path", "sha256")} for file in corpus.get("files", [])]


def _described(part: SourceRun) -> dict[str, Any]:
    return {"run": part.name, **part.counted, "files": _files(part.recorded("corpus")), "grown": part.steps}
