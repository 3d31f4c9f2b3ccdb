"""Runs made from the documents of other runs: `update` and `merge`.

    documents kept − withdrawn − replaced + new ──▶ refine

So the result is that of one refinement of all these documents in this order, bit for bit. New documents are
read first, because they tell which of the kept ones they replace.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.base.display import count_of
from selfvec.base.errors import CorpusError, FormatError, InputError, OptionError
from selfvec.base.threads import one_core
from selfvec.corpus import Corpus
from selfvec.corpus.fingerprints import Seen
from selfvec.corpus.kept_documents import Intake, KnownDocuments, kept_corpus, notes_on_ids, repeated_between
from selfvec.corpus.summary import joined_corpora, refuse_same_files
from selfvec.data.documents import Documents
from selfvec.data.field_types import NOTHING, TEXT, read_as, shown_kind
from selfvec.data.run import Run
from selfvec.data.run_text import FIELD, ID, RunText, column_of, column_or_nulls, schema_of
from selfvec.data.settings import Settings
from selfvec.data.vectors import Source, Vectors
from selfvec.encoders.given import GivenSentenceEncoder
from selfvec.encoders.run_encoder import keep_encoder
from selfvec.files.checksums import sha256
from selfvec.numerics.rows import unit_rows
from selfvec.storage.formats import load
from selfvec.storage.public_vectors import BUILT_IN, locate
from selfvec.storage.run_writer import NEW

from .input_reading import Start, option_files, read_inputs, refuse_tokens
from .inputs import FROM_TEXT, Execution, by_token
from .pipeline import refine_inputs
from .teacher import Teacher


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


@dataclass(frozen=True)
class Taken:
    """What an update takes into a run, and out of it."""

    corpus: Corpus | None = None
    withdraw: Sequence[str | Path] = ()  # ids (str), and files that documents came from (Path)
    allow_duplicates: bool = False  # also documents whose text is in the run
    for_good: bool = False  # nothing brings back what is withdrawn

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to take."""
        return self.corpus is None and not self.withdraw


@one_core()
def update(
    run: Run,
    taken: Taken,
    vectors: MovedVectors = None,
    *,
    half_life: float | None = None,
    encoder: GivenSentenceEncoder | None = None,
    embeddings: Any = None,
    execution: Execution | None = None,
) -> Run:
    """The run that one refinement of its documents and the new ones would give; itself if that is it.

    Parameters are those of `selfvec.update`. The method that ``auto`` chose for the run stays.
    """
    execution = execution or Execution()
    with execution.timings.stage("load"):
        old = source_run(run)
        settings = old.settings
        if half_life is not None:  # `OptionError` if the method that was chosen has none
            options = old.run.settings.as_dict() | {"method": old.run.provenance.method}
            settings = Settings(**options | {"half_life": half_life})
        refuse_changed_files(old)
        start = source_vectors(old, vectors)
        erasing = taken.for_good and taken.corpus is None  # which must not fail for want of an encoder
        teacher = Teacher.of_runs([old.run], encoder, embeddings, needed=not erasing)
    new, described, change = _read(old, taken, execution)
    if change.nothing and settings == old.settings and not old.run.provenance.live:
        return old.run
    if teacher is not None:
        teacher = teacher.with_documents(embeddings, new)
    texts = [(old.text, ~change.out), (new, None)]
    summary = joined_corpora(
        [old.run.provenance.corpus, described], left_out=int(change.out.sum()), on_ids=notes_on_ids(texts)
    )
    updated = _refined(texts, start, settings, old, summary, execution, teacher, old.text.kinds)
    grown = {
        name: updated.provenance[name] - old.run.provenance[name] for name in ("documents", "tokens", "types")
    }
    step = {"by": "update", **change.as_dict(), "files": _files(described), **grown}
    return _with_steps(updated, [*old.run.provenance.steps, step])


def preview(run: Run, taken: Taken, execution: Execution) -> Change:
    """The changes that `update` would make. Only the text is read."""
    return _read(source_run(run), taken, execution)[2]


def _read(old: SourceRun, taken: Taken, execution: Execution) -> tuple[RunText, Mapping[str, Any], Change]:
    """The new documents, the summary of the text that they are from, and what they change."""
    kept = KnownDocuments.of_text(old.text).with_given(old.text)
    withdrawn = kept.find(taken.withdraw)
    intake = Intake(kept, allow_duplicates=taken.allow_duplicates)
    seen = Seen(kept.texts) if taken.allow_duplicates else None
    described: Mapping[str, Any] = {}
    days = None
    with execution.text_writer(NEW) as text:
        if (corpus := taken.corpus) is not None:
            refuse_tokens(corpus, old.settings)
            with (
                execution.timings.stage("read"),
                execution.progress.stage("New documents", corpus.total_bytes, "bytes") as advance,
            ):

                def taken_as_kept(batch: Documents, path: str) -> Documents:
                    return as_kept(old.run, corpus, intake.taken(batch, path), path)

                for batch in corpus.batches(advance, seen=seen, select=taken_as_kept):
                    text.add(batch.rows)
            described, days = corpus.summary.as_dict(), corpus.days
        return text.finish(days), described, Change.of(intake, withdrawn)


def as_kept(run: Run, corpus: Corpus, batch: Documents, path: str) -> Documents:
    """New documents of a part of a corpus with the fields that a run keeps, if these were named.

    A value that is not of the kind of its field is a `CorpusError`, or nothing if bad rows are skipped.
    """
    named, kinds = run.provenance.corpus.get("kept_fields"), run.require_text().kinds
    documents = batch.rows
    if named is not None:
        own = schema_of([*kinds, *named])
        documents = documents.select([name for name in documents.columns if name in own])
    columns = {column_of(name): kind for name, kind in kinds.items() if kind not in (TEXT, NOTHING)}
    columns = {name: kind for name, kind in columns.items() if name in documents}
    texts, values = read_as(documents, columns)
    for name, kind in columns.items():
        if texts[name].null_count() == values[name].null_count():
            continue
        odd = (values[name].is_null() & texts[name].is_not_null()).arg_true()
        first, field = int(odd[0]), name.removeprefix(FIELD)
        text = texts[name][first]
        if corpus.skip_bad_rows:
            count = count_of(len(odd), "value")
            corpus.summary.note(f"{count} of {field} left out: not {shown_kind(kind)}, first {text!r:.60}")
            continue
        line = None if batch.lines is None else int(batch.lines[first])
        raise CorpusError(
            f"{text!r:.60} is not {shown_kind(kind)}, as the values of this field are in the run",
            path=path if line else f"{path}, document {column_or_nulls(documents, ID)[first]!r}",
            line=line,
            field=field,
            remedy="correct it, leave it out with --skip-bad-rows, or refine anew, which decides again",
        )
    return batch.of_rows(documents.with_columns(values))


def _refined(
    texts: Sequence[tuple[RunText, Mask | None]],
    start: Any,
    settings: Settings,
    first: SourceRun,
    summary: Mapping[str, Any],
    execution: Execution,
    teacher: Teacher | None,
    kinds: Mapping[str, str] | None = None,  # of fields, which hold for the life of a run
) -> Run:
    inputs = read_inputs(kept_corpus(texts), start, settings, execution, kinds)
    recorded = first.run.provenance.vectors
    provenance = inputs.provenance.replace(corpus=summary, vectors=recorded)
    return refine_inputs(replace(inputs, provenance=provenance), settings, execution, teacher)


@one_core()
def merge(
    runs: Sequence[Run],
    vectors: MovedVectors = None,
    *,
    encoder: GivenSentenceEncoder | None = None,
    execution: Execution | None = None,
) -> Run:
    """The run that one refinement of the documents of runs, one after the other, would give.

    Parameters are those of `selfvec.merge`.
    """
    execution = execution or Execution()
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
    made = run.replace(provenance=run.provenance.replace(steps=steps))
    keep_encoder(run, made)
    return made


def _described(part: SourceRun) -> dict[str, Any]:
    made = part.run.provenance
    sizes = {name: made[name] for name in ("documents", "tokens", "types")}
    return {"run": part.name, **sizes, "files": _files(made.corpus), "grown": list(made.steps)}


def _files(corpus: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{name: file[name] for name in ("path", "sha256")} for file in corpus.get("files", [])]


# ---- The runs whose documents become a new run: the checks that they can, and their initial vectors
#
# Runs can be merged if they have the same options and initial vectors.


MovedVectors = Vectors | str | os.PathLike[str] | None
"""The initial vectors of a run, if their file has moved; else None."""

_BLOCK = 4096  # words compared at a time: no second table is made beside a large one
_ROUNDING = 1e-6  # of vectors that were scaled when others were joined to them
_AGAIN = "give their path with --vectors PATH"


@dataclass(frozen=True)
class SourceRun:
    """A run whose documents become those of a new one."""

    name: str  # for messages
    run: Run
    text: RunText
    settings: Settings


def source_run(run: Run, number: int = 0) -> SourceRun:
    """A run as a source; `InputError` if it has not kept its text."""
    name = f"run {number + 1}" if run.folder is None else os.fspath(run.folder)
    text = run.require_text("so it cannot be updated or merged")
    return SourceRun(name, run, text, run.settings)


def refuse_different(parts: Sequence[SourceRun]) -> None:
    """Raise `OptionError` if runs have different options or vectors; name the first difference."""
    first, *others = parts
    for part in others:
        here, there = _made_with(first), _made_with(part)
        for option in dict.fromkeys((*here, *there)):
            (what, own, shown), (_, other, others_shown) = (
                made.get(option, ("options", None, None)) for made in (here, there)
            )
            if own != other:
                raise OptionError(
                    f"merged runs must have the same {what}, but {first.name} has {shown!r} and "
                    f"{part.name} has {others_shown!r}",
                    field=option,
                    remedy="refine one of them again",
                )


def _made_with(part: SourceRun) -> dict[str, tuple[str, Any, Any]]:
    """What runs must share, by field: what it is, its identity, and what a message says of it.

    Files that options name are known by their hashes, initial vectors by their content, wherever they are,
    and an encoder by its digest, or else its name.
    """
    made = part.run.provenance
    options = {**part.settings.as_dict(), **made.option_files}
    encoder: Mapping[str, Any] = made.encoder or {"digest": None, "name": None}
    by_hash = ("sha256",) if "sha256" in made.vectors else made.vectors.keys() - {"name", "path", "notes"}
    table = {name: made.vectors[name] for name in by_hash}
    return {
        **{name: ("options", value, value) for name, value in options.items()},
        "encoder": ("encoder", encoder["digest"] or encoder["name"], encoder["name"]),
        "vectors": ("initial vectors", table, made.vectors.get("name")),
    }


def refuse_changed_files(part: SourceRun) -> None:
    """Raise `OptionError` if a file named by the run's options, such as stop words, has changed."""
    now = option_files(part.settings)
    for option, digest in part.run.provenance.option_files.items():
        if now.get(option) != digest:
            raise OptionError(
                f"names the file {getattr(part.settings, option, None)!r}, which was removed or "
                f"changed since the run was made",
                field=option,
                remedy="restore it, or refine all of the text together",
            )


def source_vectors(part: SourceRun, given: MovedVectors = None) -> Start:
    """The initial vectors of a run, checked: read again, or the name of those that are made from the text.

    ``given`` replaces the recorded path. Raises `InputError` if they are not found, `FormatError` if they
    differ.
    """
    recorded = part.run.provenance.vectors
    if (name := str(recorded.get("name"))) in FROM_TEXT:
        return name
    source = _recorded_source(part, recorded) if given is None else given
    if isinstance(source, Vectors):
        vectors = source
    else:
        source = locate(source)
        if "sha256" in recorded and (not Path(source).is_file() or sha256(source) != recorded["sha256"]):
            raise _different(os.fspath(source), f"the file that {part.name} was refined from")
        vectors = load(source)
    if "sha256" not in recorded or isinstance(given, Vectors):
        _check_rows(by_token(vectors, part.settings), part)
    return vectors


def refuse_other_vectors(start: Start, part: SourceRun) -> None:
    """Raise `FormatError` if initial vectors without a file differ from those of a run."""
    if isinstance(start, Vectors) and "sha256" not in part.run.provenance.vectors:
        _check_rows(by_token(start, part.settings), part)


def _recorded_source(part: SourceRun, recorded: Mapping[str, Any]) -> str | Path:
    """The name or path of the initial vectors: as recorded, or in the folder that contains the run."""
    name = str(recorded.get("name", "memory"))
    if name == "memory":
        raise InputError(
            f"the vectors that {part.name} was refined from were given in memory",
            remedy="give them again (vectors=...)",
        )
    if name in BUILT_IN:
        return name
    neighbours = [] if part.run.folder is None else [part.run.folder.parent / name]
    for path in (locate(name), *neighbours):
        if path.exists():
            return path
    raise InputError(f"the vectors that {part.name} was refined from are not found", path=name, remedy=_AGAIN)


def _check_rows(vectors: Vectors, part: SourceRun) -> None:
    """Raise `FormatError` if vectors differ from the initial vectors of a run for the run's words."""
    original = part.run.original
    described = part.run.provenance.encoder or {}
    joined = bool(described.get("initial"))  # the encoder's vectors are beside these
    width = original.vector_size - (described["dimensions"] if joined else 0)
    own = np.flatnonzero(original.sources == Source.KNOWN)
    for start in range(0, len(own), _BLOCK):
        block = own[start : start + _BLOCK]
        words = [original.index_to_key[i] for i in block.tolist()]
        rows, _ = vectors.lookup(words, compose=False)
        kept = original.vectors[block, :width]
        same = vectors.vector_size == width and (
            np.allclose(unit_rows(rows), unit_rows(kept), rtol=0, atol=_ROUNDING)
            if joined
            else np.array_equal(unit_rows(rows), kept)
        )
        if not same:
            raise _different(None, f"the vectors that {part.name} was refined from")


def _different(path: str | None, which: str) -> FormatError:
    return FormatError(f"is not {which}" if path else f"these are not {which}", path=path, remedy=_AGAIN)
