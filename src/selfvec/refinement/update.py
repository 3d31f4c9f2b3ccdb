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
from selfvec.base.progress import stage
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

from .inputs import FROM_TEXT, Execution, Start, by_token, option_files, read_inputs, refuse_tokens
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
    execution: Execution,
) -> Run:
    """The run that one refinement of its documents and the new ones would give; itself if that is it.

    Parameters are those of `selfvec.update`. The method that ``auto`` chose for the run stays.
    """
    old, made = run.require_text(_NEEDED), run.provenance
    with execution.timings.stage("load"):
        settings = run.settings
        if half_life is not None:  # `OptionError` if the method that was chosen has none
            settings = Settings(**settings.as_dict() | {"method": made.method, "half_life": half_life})
        refuse_changed_files(run)
        start = source_vectors(run, vectors)
        erasing = taken.for_good and taken.corpus is None  # which must not fail for want of an encoder
        teacher = Teacher.of_runs([run], encoder, embeddings, needed=not erasing)
    new, described, change = _read(run, taken, execution)
    if change.nothing and settings == run.settings and not made.live:
        return run
    if teacher is not None:
        teacher = teacher.with_documents(embeddings, new)
    texts = [(old, ~change.out), (new, None)]
    summary = joined_corpora(
        [made.corpus, described], left_out=int(change.out.sum()), on_ids=notes_on_ids(texts)
    )
    about = {"corpus": summary, "vectors": made.vectors}
    updated = _refined(texts, start, settings, about, execution, teacher, old.kinds)
    grown = {name: updated.provenance[name] - made[name] for name in _SIZES}
    step = {"by": "update", **change.as_dict(), "files": _files(described), **grown}
    return _with_steps(updated, [*made.grown, step])


def preview(run: Run, taken: Taken) -> Change:
    """The changes that `update` would make. Only the text is read."""
    return _read(run, taken, Execution())[2]


def _read(run: Run, taken: Taken, execution: Execution) -> tuple[RunText, Mapping[str, Any], Change]:
    """The new documents, the summary of the text that they are from, and what they change."""
    old, settings = run.require_text(_NEEDED), run.settings
    kept = KnownDocuments.of_text(old).with_given(old)
    withdrawn = kept.find(taken.withdraw)
    intake = Intake(kept, allow_duplicates=taken.allow_duplicates)
    seen = Seen(kept.texts) if taken.allow_duplicates else None
    described: Mapping[str, Any] = {}
    days = None
    with execution.text_writer(NEW) as text:
        if (corpus := taken.corpus) is not None:
            refuse_tokens(corpus, settings)
            with (
                execution.timings.stage("read"),
                stage("New documents", corpus.total_bytes, "bytes") as advance,
            ):

                def taken_as_kept(batch: Documents, path: str) -> Documents:
                    return as_kept(run, corpus, intake.taken(batch, path), path)

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
    start: Start,
    settings: Settings,
    about: Mapping[str, Any],  # of `Provenance`: the text and the initial vectors
    execution: Execution,
    teacher: Teacher | None,
    kinds: Mapping[str, str] | None = None,  # of fields, which hold for the life of a run
) -> Run:
    inputs = read_inputs(kept_corpus(texts), start, settings, execution, kinds)
    inputs = replace(inputs, provenance=inputs.provenance.replace(**about))
    return refine_inputs(inputs, settings, execution, teacher)


@one_core()
def merge(
    runs: Sequence[Run],
    vectors: MovedVectors = None,
    *,
    encoder: GivenSentenceEncoder | None = None,
    execution: Execution,
) -> Run:
    """The run that one refinement of the documents of runs, one after the other, would give.

    Parameters are those of `selfvec.merge`.
    """
    if len(runs) < 2:
        raise OptionError("merging needs at least two runs", remedy="name another run")
    first, *others = runs
    with execution.timings.stage("load"):
        texts = [(run.require_text(_NEEDED), None) for run in runs]
        refuse_different(runs)
        refuse_changed_files(first)
        start = source_vectors(first, vectors)
        for number, run in enumerate(others, 1):
            if isinstance(start, Vectors) and "sha256" not in run.provenance.vectors:
                _check_rows(by_token(start, run.settings), run, number)
        teacher = Teacher.of_runs(runs, encoder)
    corpora = [run.provenance.corpus for run in runs]
    refuse_same_files(corpora)
    repeats = repeated_between([text for text, _ in texts])
    summary = joined_corpora(corpora, repeats, on_ids=notes_on_ids(texts))
    about = {"corpus": summary, "vectors": first.provenance.vectors}
    merged = _refined(texts, start, first.settings, about, execution, teacher)
    described = [
        {
            "run": _name(run, number),
            **{name: run.provenance[name] for name in _SIZES},
            "files": _files(run.provenance.corpus),
            "grown": list(run.provenance.grown),
        }
        for number, run in enumerate(runs)
    ]
    return _with_steps(merged, [{"by": "merge", "runs": described}])


def _with_steps(run: Run, steps: Sequence[Mapping[str, Any]]) -> Run:
    made = run.replace(provenance=run.provenance.replace(grown=steps))
    keep_encoder(run, made)
    return made


def _files(corpus: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{name: file[name] for name in ("path", "sha256")} for file in corpus.get("files", [])]


# ---- The runs whose documents become a new run: the checks that they can, and their initial vectors
#
# Runs can be merged if they have the same options and initial vectors.


MovedVectors = Vectors | str | os.PathLike[str] | None
"""The initial vectors of a run, if their file has moved; else None."""

_NEEDED = "so it cannot be updated or merged"
_SIZES = ("documents", "tokens", "types")
_BLOCK = 4096  # words compared at a time: no second table is made beside a large one
_ROUNDING = 1e-6  # of vectors that were scaled when others were joined to them
_AGAIN = "give their path with --vectors PATH"


def _name(run: Run, number: int = 0) -> str:
    """What messages call one of several runs."""
    return f"run {number + 1}" if run.folder is None else os.fspath(run.folder)


def refuse_different(runs: Sequence[Run]) -> None:
    """Raise `OptionError` if runs have different options or vectors; name the first difference."""
    first, *others = map(_made_with, runs)
    for number, other in enumerate(others, 1):
        for option in dict.fromkeys((*first, *other)):
            (what, here, shown), (_, there, others_shown) = (
                made.get(option, ("options", None, None)) for made in (first, other)
            )
            if here != there:
                raise OptionError(
                    f"merged runs must have the same {what}, but {_name(runs[0])} has {shown!r} and "
                    f"{_name(runs[number], number)} has {others_shown!r}",
                    field=option,
                    remedy="refine one of them again",
                )


def _made_with(run: Run) -> dict[str, tuple[str, Any, Any]]:
    """What runs must share, by field: what it is, its identity, and what a message says of it.

    Files that options name are known by their hashes, initial vectors by their content, wherever they are,
    and an encoder by its digest, or else its name.
    """
    made = run.provenance
    options = {**run.settings.as_dict(), **made.option_files}
    encoder: Mapping[str, Any] = made.encoder or {"digest": None, "name": None}
    by_hash = ("sha256",) if "sha256" in made.vectors else made.vectors.keys() - {"name", "path", "notes"}
    table = {name: made.vectors[name] for name in by_hash}
    return {
        **{name: ("options", value, value) for name, value in options.items()},
        "encoder": ("encoder", encoder["digest"] or encoder["name"], encoder["name"]),
        "vectors": ("initial vectors", table, made.vectors.get("name")),
    }


def refuse_changed_files(run: Run) -> None:
    """Raise `OptionError` if a file named by the run's options, such as stop words, has changed."""
    now = option_files(run.settings)
    for option, digest in run.provenance.option_files.items():
        if now.get(option) != digest:
            raise OptionError(
                f"names the file {getattr(run.settings, option, None)!r}, which was removed or "
                f"changed since the run was made",
                field=option,
                remedy="restore it, or refine all of the text together",
            )


def source_vectors(run: Run, given: MovedVectors = None) -> Start:
    """The initial vectors of a run, checked: read again, or the name of those that are made from the text.

    ``given`` replaces the recorded path. Raises `InputError` if they are not found, `FormatError` if they
    differ.
    """
    recorded = run.provenance.vectors
    if (name := str(recorded.get("name"))) in FROM_TEXT:
        return name
    source = _recorded_source(run, str(recorded.get("name", "memory"))) if given is None else given
    if isinstance(source, Vectors):
        vectors = source
    else:
        source = locate(source)
        if "sha256" in recorded and (not Path(source).is_file() or sha256(source) != recorded["sha256"]):
            rule = f"is not the file that {_name(run)} was refined from"
            raise FormatError(rule, path=os.fspath(source), remedy=_AGAIN)
        vectors = load(source)
    if "sha256" not in recorded or isinstance(given, Vectors):
        _check_rows(by_token(vectors, run.settings), run)
    return vectors


def _recorded_source(run: Run, name: str) -> str | Path:
    """The name or path of the initial vectors: as recorded, or in the folder that contains the run."""
    if name == "memory":
        rule = f"the vectors that {_name(run)} was refined from were given in memory"
        raise InputError(rule, remedy="give them again (vectors=...)")
    if name in BUILT_IN:
        return name
    neighbours = [] if run.folder is None else [run.folder.parent / name]
    for path in (locate(name), *neighbours):
        if path.exists():
            return path
    rule = f"the vectors that {_name(run)} was refined from are not found"
    raise InputError(rule, path=name, remedy=_AGAIN)


def _check_rows(vectors: Vectors, run: Run, number: int = 0) -> None:
    """Raise `FormatError` if vectors differ from the initial vectors of a run for the run's words."""
    original = run.original
    described = run.provenance.encoder or {}
    joined = bool(described.get("initial"))  # the encoder's vectors are beside these
    width = original.vector_size - (described["dimensions"] if joined else 0)
    with_row = np.flatnonzero(original.sources == Source.KNOWN)
    for start in range(0, len(with_row), _BLOCK):
        block = with_row[start : start + _BLOCK]
        words = [original.index_to_key[i] for i in block.tolist()]
        rows, _ = vectors.lookup(words, compose=False)
        kept = original.vectors[block, :width]
        same = vectors.vector_size == width and (
            np.allclose(unit_rows(rows), unit_rows(kept), rtol=0, atol=_ROUNDING)
            if joined
            else np.array_equal(unit_rows(rows), kept)
        )
        if not same:
            rule = f"these are not the vectors that {_name(run, number)} was refined from"
            raise FormatError(rule, remedy=_AGAIN)
