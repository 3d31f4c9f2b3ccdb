"""Runs made from the documents of other runs: `update` and `merge`.

    documents kept − withdrawn − replaced + new ──▶ refine

So the result is that of one refinement of all these documents in this order, bit for bit. New documents are
read first, because they tell which of the kept ones they replace.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.threads import one_core
from selfvec.data.run import Run
from selfvec.data.run_text import RunText, schema_of
from selfvec.data.settings import Settings
from selfvec.encoders.given import GivenSentenceEncoder
from selfvec.encoders.run_encoder import keep_encoder
from selfvec.storage.run_writer import NEW, RunWriter

from .input_reading import read_inputs, refuse_tokens
from .pipeline import refine_inputs
from .plan import Execution
from .source_runs import (
    MovedVectors,
    SourceRun,
    refuse_changed_files,
    refuse_different,
    refuse_other_vectors,
    source_run,
    source_vectors,
)
from .teacher import Teacher

if TYPE_CHECKING:
    import polars as pl

    from selfvec.corpus import Corpus
    from selfvec.corpus.kept_documents import Intake


@dataclass
class Change:
    """The changes that an update makes to the documents of a run."""

    added: int = 0  # documents whose text is new, new versions included
    changed: int = 0  # documents replaced by a new version: same file and id, another text
    withdrawn: int = 0  # documents removed on request
    skipped: int = 0  # documents left out because the run has their text
    files: list[dict[str, Any]] = field(default_factory=list)  # path, documents added and skipped
    out: Mask = field(default_factory=lambda: np.zeros(0, bool))  # of the run's documents, (D,)

    @classmethod
    def of(cls, intake: Intake, withdrawn: Mask) -> Change:
        """The changes found by reading; ``withdrawn`` marks documents of the run, (D,)."""
        replaced = intake.replaced()
        files = [{"path": path, "added": a, "skipped": b} for path, (a, b) in intake.counts.items()]
        added, skipped = (sum(numbers[k] for numbers in intake.counts.values()) for k in (0, 1))
        out = withdrawn | replaced
        return cls(added, int(replaced.sum()), int(withdrawn.sum()), skipped, files, out)

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
    half_life: float | None = None,
    encoder: GivenSentenceEncoder | None = None,
    embeddings: Any = None,
    writer: RunWriter | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Bring a run up to date: the run that one refinement of its documents and the new ones would give.

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
    half_life : float, optional
        Days after which a document counts half, from now on. A method chosen by ``auto`` is fixed.
    encoder : SentenceEncoder, path, object or callable, optional
        The run's encoder, if it has moved or was given in memory.
    embeddings : matrix, mapping or data frame, optional
        The vectors of new documents, if the run was made with such.
    writer : RunWriter, optional
        That of the run folder.
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
        If the run did not keep its text, or its vectors are not found.
    FormatError
        If the vectors are not the initial vectors of the run, or files of the run are damaged.
    OptionError
        If a file that an option names has changed, or no document has a given id or file.
    CorpusError
        If the text cannot be read.
    Interrupted
        On Ctrl-C.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "wind broke a tree", "hail fell on a tree"]
    >>> updated = update(selfvec.Refiner("decorrelated").fit(texts[:2], "none").run_, texts[1:])
    >>> whole = selfvec.Refiner("decorrelated").fit(texts, "none").run_
    >>> bool((updated.vectors.vectors == whole.vectors.vectors).all())
    True
    """
    execution = Execution(writer, as_progress(progress), jobs)
    with execution.timings.stage("load"):
        old = source_run(run)
        settings = old.settings if half_life is None else _with_half_life(old.run, half_life)
        refuse_changed_files(old)
        start = source_vectors(old, vectors)
        teacher = Teacher.of_runs([old.run], encoder, embeddings)
    new, described, change = _read(old, corpus, withdraw, allow_duplicates, execution)
    if change.nothing and settings == old.settings:
        return old.run
    if teacher is not None:
        teacher = teacher.with_documents(embeddings, new)
    from selfvec.corpus.kept_documents import notes_on_ids
    from selfvec.corpus.summary import joined_corpora

    recorded = old.run.provenance.corpus
    texts = [(old.text, ~change.out), (new, None)]
    left_out = int(change.out.sum())
    summary = joined_corpora([recorded, described], left_out=left_out, on_ids=notes_on_ids(texts))
    step = {"by": "update", **change.as_dict(), "files": _files(described)}
    updated = _refined(texts, start, settings, old, summary, execution, teacher)
    for name in ("documents", "tokens", "types"):
        step[name] = updated.provenance[name] - old.run.provenance[name]
    steps = [*old.run.provenance.steps, step]
    return _with_steps(updated, steps)


def _read(
    old: SourceRun,
    corpus: Corpus | str | os.PathLike[str] | Iterable[str] | None,
    withdraw: Sequence[str | Path],
    allow_duplicates: bool,
    execution: Execution,
) -> tuple[RunText, Mapping[str, Any], Change]:
    """The new documents, the summary of the text that they are from, and what they change."""
    from selfvec.corpus import as_corpus
    from selfvec.corpus.fingerprints import Seen
    from selfvec.corpus.kept_documents import Intake, KnownDocuments

    known = KnownDocuments.of_text(old.text)
    withdrawn = known.find(withdraw)
    intake = Intake(known, allow_duplicates=allow_duplicates)
    seen = Seen(known.texts) if allow_duplicates else None
    described: Mapping[str, Any] = {}
    with execution.text_writer(NEW) as text:
        if corpus is not None:
            given = as_corpus(corpus, "corpus", like=old.run.provenance.corpus)
            refuse_tokens(given, old.settings)
            with (
                execution.timings.stage("read"),
                execution.progress.stage("New documents", given.total_bytes, "bytes") as advance,
            ):
                for batch in given.batches(advance, seen=seen, select=intake.taken):
                    text.add(_like(old, batch.rows))
            described = given.summary.as_dict()
        return text.finish(), described, Change.of(intake, withdrawn)


def _like(old: SourceRun, documents: pl.DataFrame) -> pl.DataFrame:
    """New documents with those fields only that the run keeps, if they were named."""
    named = old.run.provenance.corpus.get("kept_fields")
    if named is None:
        return documents
    own = schema_of([*old.text.fields, *named])
    return documents.select([name for name in documents.columns if name in own])


def _refined(
    texts: Sequence[tuple[RunText, Mask | None]],
    start: Any,
    settings: Settings,
    first: SourceRun,
    summary: Mapping[str, Any],
    execution: Execution,
    teacher: Teacher | None,
) -> Run:
    """The run of the selected documents of several texts."""
    from selfvec.corpus.kept_documents import kept_corpus

    inputs = read_inputs(kept_corpus(texts), start, settings, execution)
    recorded = first.run.provenance.vectors
    provenance = inputs.provenance.replace(corpus=summary, vectors=recorded)
    return refine_inputs(replace(inputs, provenance=provenance), settings, execution, teacher)


@one_core()
def merge(
    runs: Sequence[Run | str | os.PathLike[str]],
    vectors: MovedVectors = None,
    *,
    encoder: GivenSentenceEncoder | None = None,
    writer: RunWriter | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Merge runs. The result is the same as that of one run on all their documents, one after the other.

    Parameters
    ----------
    runs : sequence of Run or path
        At least two, made with the same options from the same vectors. Not changed.
    vectors : `Vectors` or path, optional
        The initial vectors, if their file has moved or they were given in memory.
    encoder : SentenceEncoder, path, object or callable, optional
        The encoder of the runs, if it has moved or was given in memory.
    writer : RunWriter, optional
        That of the run folder.
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
    from selfvec.corpus.kept_documents import notes_on_ids, repeated_between
    from selfvec.corpus.summary import joined_corpora, refuse_same_files

    execution = Execution(writer, as_progress(progress), jobs)
    if len(runs) < 2:
        raise OptionError("merging needs at least two runs", remedy="name another run")
    with execution.timings.stage("load"):
        parts = [source_run(run, number) for number, run in enumerate(runs)]
        refuse_different(parts)
        refuse_changed_files(parts[0])
        start = source_vectors(parts[0], vectors)
        for part in parts[1:]:
            refuse_other_vectors(start, part)
        teacher = Teacher.of_runs([part.run for part in parts], encoder)
    corpora = [part.run.provenance.corpus for part in parts]
    refuse_same_files(corpora)
    texts = [(part.text, None) for part in parts]
    repeats = repeated_between([part.text for part in parts])
    summary = joined_corpora(corpora, repeats, on_ids=notes_on_ids(texts))
    merged = _refined(texts, start, parts[0].settings, parts[0], summary, execution, teacher)
    step = {"by": "merge", "runs": [_described(part) for part in parts]}
    return _with_steps(merged, [step])


def _with_steps(run: Run, steps: Sequence[Mapping[str, Any]]) -> Run:
    """A run that says by which updates and merges it was made."""
    made = run.replace(provenance=run.provenance.replace(steps=steps))
    keep_encoder(run, made)
    return made


def _described(part: SourceRun) -> dict[str, Any]:
    made = part.run.provenance
    sizes = {name: made[name] for name in ("documents", "tokens", "types")}
    return {"run": part.name, **sizes, "files": _files(made.corpus), "grown": list(made.steps)}


def _files(corpus: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The files that a corpus was read from, for ``run.json``."""
    return [{name: file[name] for name in ("path", "sha256")} for file in corpus.get("files", [])]


def preview(
    run: Run,
    corpus: Corpus | None,
    *,
    withdraw: Sequence[str | Path] = (),
    allow_duplicates: bool = False,
    progress: Progress | None = None,
) -> Change:
    """The changes that `update` would make. Only the text is read."""
    execution = Execution(None, as_progress(progress))
    return _read(source_run(run), corpus, withdraw, allow_duplicates, execution)[2]


def _with_half_life(run: Run, days: float) -> Settings:
    """The settings of a run with another half-life; `OptionError` if its method has no half-life."""
    options = run.settings.as_dict() | {"method": run.provenance.method, "half_life": days}
    return Settings(**options)
