"""`info`, `health` and `verify`: what a run or file holds, whether its vectors are sound, its files whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.checks import check_path
from selfvec.base.declarations import checked
from selfvec.base.display import printable, size_of
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.base.result_table import Figures, RecordTable, short_repr
from selfvec.base.versions import RUN_FORMAT
from selfvec.base.view import NUMBER, PIECES, PROSE, Column, Part, Table, View
from selfvec.data.run import AnyRun, Run, split_state, state_name
from selfvec.files.atomic_files import FolderKind
from selfvec.files.checksums import CHANGED, damaged_files, is_sealed, unchanged
from selfvec.files.tensors import first_not_finite, read_header
from selfvec.files.text_files import read_json

from .folder_kinds import RUN, folder_kind
from .formats import load
from .opened import GivenRun, as_run
from .run_folder import CACHE, HISTORY, LOCK, ORIGINAL, PRESENT, PREVIOUS, REFINED, TOKENS, open_run

HELD = {  # by the kind of a part of a run folder
    "run.json": "how the run was made: files and hashes, options, versions, timings; checksums",
    "vocabulary.txt": "the words",
    "vectors.safetensors": "refined vectors and counts",
    "original.safetensors": "original vectors",
    "report.json": "the health report",
    "previous.json": "how the state before was made; its files have another number",
    "lock": "held while a command writes",
    "text.parquet": "all documents as they were written, with ids, dates and fields",
    "tokens.safetensors": "all documents as numbers of words, in their order",
    "added.parquet": "documents that were added while the vectors stayed, as they were written",
    "added-encoded": "vectors of their texts by the run's encoder",
    "added.safetensors": "the same as numbers of words, with these words",
    "deleted.safetensors": "the numbers of documents that were deleted or replaced",
    "repeats": "hashes of the repeated passages",
    "encoded": "vectors of passages and words by a sentence encoder, found by hashes of the texts",
    "encoded.journal": "what an interrupted command has encoded; the next one goes on from there",
    "history.safetensors": "states of the vectors while refining",
    "cache/segment": "search index of documents that were added: these documents as they were written",
    "cache/search": "search index: all documents as they were written",
    "cache/learned": "the encoder that export and evaluate use, and what it learned from the texts",
    "cache/narrow": "the nearest words before and after each word, for similar --as replacement",
    "cache/topics": "vectors of words by the documents that they occur in",
    "cache/sides": "how the sides of comparisons are written, with a passage that one of them repeats",
    "cache/copies": "numbers of documents that are nearly the same text",
    "cache/quotations": "all documents as numbers of words, without the lines that they quote of others",
    "cache/variants": "pairs of words of which one vanishes as the other comes",
    "cache/drift": "results of drift: figures of words",
    "cache/document_distances": "results of drift: how far apart the documents with a word are",
    "cache/sentence_distances": "results of drift: how far apart the sentences of words are",
    "cache/sentences": "example sentences of drift, as they were written",
    "cache/page": "the map of the page, and the words that the text is about",
    "cache/clusters": "topics: their terms, and the topic of each document",
    "cache/words": "all documents as numbers of words, every occurrence, for counts",
    "topics.csv": "names that you gave to topics, with the terms of these",
}
_INDEX = {
    "index.json": "how the index was made; checksums",
    "vocabulary.txt": "the words of the documents",
    "arrays.safetensors": "all documents as they were written, with ids, dates and fields; vectors",
}
_TEXT = (
    "text.parquet", "tokens.safetensors", "added.parquet", "added.safetensors", "cache/search",
    "cache/segment", "cache/sentences", "cache/sides", "cache/words", "arrays.safetensors",
)  # fmt: skip
"""Files that hold documents or parts of them."""

_UNSHOWN = ("files", "stamp", "sha256")  # of a description

_WORDS = ("method", "words", "dimensions", "window", "learning_rate", "seed")


@dataclass(frozen=True)
class File:
    name: str
    bytes: int
    holds: str


@dataclass(frozen=True, repr=False)
class Contents(RecordTable):
    """What `info` found; a row for each file."""

    listed = "files"
    path: str
    kind: str  # run, index, encoder, table or vectors
    bytes: int
    written: str  # local time, to the second
    about: dict[str, Any]
    files: list[File]
    text: list[str]  # files and folders that documents, or parts of them, can be read from
    provenance: dict[str, Any] = field(default_factory=dict)
    fields: list[dict[str, Any]] = field(default_factory=list)  # of a run: name, type, empty, examples

    def __repr__(self) -> str:
        title = f"Info: {self.kind}, {self.bytes:,} bytes in {len(self.files)} files"
        named = [f"{name} {value}" for name, value in self.about.items() if isinstance(value, int | str)]
        return short_repr(title, named, self.path)


@checked
def info(path: GivenRun) -> Contents:
    """Show what a folder or file holds, and how it was made.

    Parameters
    ----------
    path : Run, path or name
        A run, a search index, an encoder or vectors.

    Returns
    -------
    Contents
        Without files, if it is of a run in memory.

    Raises
    ------
    InputError
        If the path is something else. `FormatError` if it is damaged.

    Examples
    --------
    >>> selfvec.info("default").about["words"]
    10981
    """
    place = _place(path)
    if place is None:
        run = as_run(path)
        held = [] if run.text is None else run.text.described()
        return Contents("in memory", "run", 0, "never", _of_run(run), [], [], dict(run.provenance), held)
    folder = Path(place)
    kind = folder_kind(folder) if folder.is_dir() else None
    if kind is None:
        return _of_vectors(folder)
    described: dict[str, Any]
    holds: dict[str, str] = {}
    fields: list[dict[str, Any]] = []
    if kind.name == "run":
        run = open_run(folder)
        described = dict(run.provenance)
        about = _of_run(run)
        fields = [] if run.text is None else run.text.described()
        holds = HELD
    else:
        described = read_json(folder / kind.file, "make it again")
        about = {name: value for name, value in described.items() if name not in _UNSHOWN}
    if kind.name == "index":
        days = read_header(folder / "arrays.safetensors")[0].get("days", {})
        about["documents"] = sum(days.get("shape", [])[:1])
        holds = _INDEX
    files = list(_files(folder, holds))
    parts = dict.fromkeys(_part(file.name) for file in files)
    return Contents(
        path=str(folder),
        kind=kind.name,
        bytes=sum(file.bytes for file in files),
        written=_time(max((folder / file.name).stat().st_mtime for file in files)),
        about=about,
        files=files,
        text=[part for part in parts if _kind(part) in _TEXT and kind.name in ("run", "index")],
        provenance=described,
        fields=fields,
    )


def _place(given: GivenRun) -> str | os.PathLike[str] | None:
    """The path that is given, or of the folder of a run; None of a run in memory."""
    if isinstance(given, AnyRun):
        return given.present.folder
    check_path("path", given)
    return given


def _files(folder: Path, holds: dict[str, str]) -> Iterator[File]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            name = file.relative_to(folder).as_posix()
            yield File(name, file.stat().st_size, holds.get(_kind(_part(name)), ""))


def _part(name: str) -> str:
    """The first part of a path; of what is kept in the cache, the first two."""
    return "/".join(name.split("/")[: 2 if name.startswith(f"{CACHE}/") else 1])


def _kind(part: str) -> str:
    """What a part is, without the number of a state, or the digests of an entry of the cache.

    >>> _kind("text-12.parquet"), _kind("cache/search-0ab1-92fe")
    ('text.parquet', 'cache/search')
    """
    return part.partition("-")[0] if part.startswith(f"{CACHE}/") else split_state(part)[0]


def _of_run(run: Run) -> dict[str, Any]:
    about = {name: run.provenance[name] for name in _WORDS if name in run.provenance}
    about["words"] = len(run.vectors)
    made = run.provenance
    about["passes"] = made.passes
    about["tokens"] = made.tokens
    about["documents"] = made.documents
    about["language"] = made.text.get("language")
    repeats = made.repeats or {}
    if repeats.get("tokens"):
        counted = "each counted once" if repeats["counted"] == "once" else "every occurrence counted"
        about["repeated passages"] = f"{float(repeats['share']):.1%} of the text, {counted}"
    about["vectors"] = made.vectors.get("name")
    if made.encoder is not None:
        about["encoder"] = made.encoder["name"]
    about["corpus"] = [file.get("path") for file in made.corpus.get("files", [])]
    about["read"] = made.corpus.get("description")
    about["notes"] = [*made.corpus.get("notes", ()), *made.notes_on_vectors]
    about["keeps"] = "text" if run.text is not None else "tokens" if run.tokens is not None else "nothing"
    if run.tokens is not None and run.tokens.dates is not None:
        days = run.tokens.dates[~np.isnat(run.tokens.dates)]
        about["dates"] = [str(days.min()), str(days.max())] if len(days) else []
        about["slices"] = list(run.tokens.slice_names)
    about["updates"] = len(made.steps)
    if since := made.since_vectors:
        about["since the vectors were made"] = since
    return {**about, "options": dict(made.options)}


def _of_vectors(path: Path) -> Contents:
    vectors = load(path)
    place = Path(str(vectors.provenance.get("path", path)))
    within = sorted(place.rglob("*")) if place.is_dir() else [place]
    paths = [path for path in within if path.is_file()]
    files = [File(path.name, path.stat().st_size, "") for path in paths]
    return Contents(
        path=str(path),
        kind="vectors",
        bytes=sum(file.bytes for file in files),
        written=_time(max((path.stat().st_mtime for path in paths), default=0.0)),
        about={
            "format": vectors.provenance.get("format"),
            "words": len(vectors),
            "dimensions": vectors.vector_size,
            "dtype": str(vectors.vectors.dtype),
            "counts": vectors.counts is not None,
            "notes": vectors.provenance.get("notes", []),
        },
        files=files,
        text=[],
        provenance=vectors.provenance,
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).isoformat(sep=" ", timespec="seconds")


@checked
def health(run: GivenRun) -> Figures:
    """Check that words moved and that the vectors have not collapsed.

    Parameters
    ----------
    run : Run or path

    Returns
    -------
    Figures
        ``verdicts`` is empty if nothing is wrong. Its rows are the findings.

    Raises
    ------
    InputError
        If the run has no health report.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> selfvec.health(run)["verdicts"]
    []
    """
    report = as_run(run).health_report
    title = f"Health: {', '.join(report.get('verdicts') or ()) or 'nothing is wrong'}"
    return Health(title, report, rows="findings" if "findings" in report else None)


class Health(Figures):
    """A health report."""

    def view(self, top: int | None = None) -> View:
        """The findings with their remedies, then the figures that are known."""
        findings = []
        for finding in self.get("findings", ())[:top]:
            level = str(finding["level"])
            remedy = f"\nWhat to do: {finding['remedy']}." if finding.get("remedy") else ""
            said = [(str(finding["name"]), "strong"), (f": {finding['message']}{remedy}", "")]
            findings.append({"level": [(level.upper(), level)], "finding": said})
        columns = (Column("level", "", PIECES), Column("finding", "", PIECES))
        what = (Column("what", ""), Column("value", "", NUMBER), Column("meaning", "", PROSE))
        tables = [Table(columns, findings), Table(what, self._listed())]
        return View(self.title, [table for table in tables if table.rows], records=self.rows)

    def _listed(self) -> list[dict[str, str]]:
        def number(key: str, form: str) -> str:
            value = self.get(key)
            return "" if value is None else format(value, form)

        def change(key: str, form: str) -> str:
            before, after = number(f"{key}_original", form), number(key, form)
            return f"{before} -> {after}" if before and after else after

        counted = sum(int(self.get(key) or 0) for key in ("known", "composed", "oov"))
        of_text = max(int(self.get("types") or 0) - counted, 0) if "known" in self else 0
        rows = (
            ("tokens", number("tokens", ",d"), ""),
            ("types", number("types", ",d"), "different words"),
            ("cosine to the original", number("mean_cosine_to_original", ".2f"), "1 unmoved, 0 unrelated"),
            ("cosine of random words", change("anisotropy", ".2f"), "near 1: all words look alike"),
            ("effective rank", change("effective_rank", ".0f"), "dimensions in use"),
            ("capped neighbours", number("saturated", ".0%"), "nearest words at a cosine of about 1"),
            ("words with a vector", number("known", ",d"), "in the initial vectors"),
            (
                "words from subwords",
                number("composed", ",d"),
                "their initial vectors are built from subwords",
            ),
            ("words from the text", f"{of_text:,}" if of_text else "", "their first vectors are made of it"),
            ("words without a vector", number("oov", ",d"), "none of these"),
            ("... still without one", number("oov_empty", ",d"), "nothing was learned about them"),
        )
        return [{"what": what, "value": value, "meaning": meaning} for what, value, meaning in rows if value]


# Whether it is as it was written


@dataclass(frozen=True)
class Damage:
    """A file that has changed since it was written, or is missing."""

    file: str
    rule: str


@dataclass(frozen=True, repr=False)
class Verified(RecordTable):
    """What `verify` found; a row for each damaged file."""

    listed = "damaged"
    path: str
    kind: str  # the name of a row of `selfvec.storage.folder_kinds.FOLDER_KINDS`
    files: int  # compared
    bytes: int
    damaged: list[Damage]
    unchecked: list[str]  # files without a known checksum, and empty folders

    def __repr__(self) -> str:
        title = f"Verified: {self.kind}, {self.files} files, {len(self.damaged)} damaged"
        return short_repr(title, [damage.file for damage in self.damaged], self.path)

    def view(self, top: int | None = None) -> View:
        """A line for every damaged file, or one line if no file is damaged."""
        whole = f"{self.files} files, {size_of(self.bytes)}: all as they were written"
        damaged = [[(f"{printable(damage.file)}: {damage.rule}", "bad")] for damage in self.damaged[:top]]
        parts: list[Part] = [*damaged] or [whole]
        unchecked = f"without a checksum: {', '.join(map(printable, self.unchecked))}"
        return View(f"Verified: {printable(self.path)}", parts, notes=[unchecked] * bool(self.unchecked))


@checked
def verify(path: GivenRun) -> Verified:
    """Compare every file with its checksum and name damaged ones.

    The checksums were kept when the files were written.

    Folders inside are compared, too, such as the search indexes of a run.

    Parameters
    ----------
    path : Run or path
        A run, an index, an encoder or fetched vectors.

    Returns
    -------
    Verified

    Raises
    ------
    InputError
        If the folder is not a run, index, encoder or fetched vectors.

    Examples
    --------
    >>> _ = selfvec.refine(["hail broke the roof"], "none", "decorrelated", output="run")
    >>> selfvec.verify("run").damaged
    []
    """
    place = _place(path)
    if place is None:
        raise OptionError("is in memory, and has no files", field="path", remedy="write it with run.save")
    folder = Path(place)
    kind = folder_kind(folder)
    if kind is None:
        rule = "is not a run folder, an index, an encoder or a folder of fetched vectors"
        raise InputError(rule, path=folder, remedy="name the folder that holds one")
    return unchanged(folder / kind.file, lambda: _verified(folder, kind))


def _verified(folder: Path, own: FolderKind) -> Verified:
    damaged: list[Damage] = []
    checked: set[Path] = set()
    within = sorted(folder.rglob("*"))
    for place in [folder, *within]:
        if any(part.startswith(".") for part in place.relative_to(folder).parts):
            continue  # what a killed process left
        kind = folder_kind(place)
        if kind is not None:
            damaged += _compared(place, kind, checked)
    if (folder / PREVIOUS).is_file():
        damaged += _compared(folder, replace(RUN, file=PREVIOUS), checked)
    present = [path for path in within if path.is_file() or (path.is_dir() and not any(path.iterdir()))]
    return Verified(
        path=str(folder),
        kind=own.name,
        files=len(checked),
        bytes=sum(file.stat().st_size for file in checked if file.is_file()),
        damaged=damaged,
        unchecked=[str(path) for path in present if path not in {*checked, folder / LOCK, folder / CACHE}],
    )


def _compared(folder: Path, kind: FolderKind, checked: set[Path]) -> Iterator[Damage]:
    """The damaged files of one folder; all that were compared are added to ``checked``."""
    description = folder / kind.file
    checked.add(description)
    intact = not kind.sealed or is_sealed(description.read_bytes())
    try:
        described = read_json(description, "")
    except FormatError as error:
        yield Damage(str(description), error.rule)
        return
    if not intact:
        yield Damage(str(description), CHANGED)
    files = described.get("files")
    if isinstance(files, dict):
        checked.update(folder / str(name) for name in files)
    damaged = [Damage(str(file), rule) for file, rule in damaged_files(folder, described)]
    yield from damaged
    if not damaged and intact and kind.file == PRESENT and described.get("format") == RUN_FORMAT:
        try:
            run = open_run(folder)
            faults = list(_faults(run))
        except FormatError as error:
            yield Damage(error.path or str(folder), error.rule)
            return
        yield from (Damage(str(folder / state_name(name, run.state)), rule) for name, rule in faults)


# Numbers that no run has, beside those that it is not opened with: looking at all of them takes some time.

_LONGEST = 1.001  # a number of a row at length 1, rounded
_MOST = 1 << 46  # occurrences of all words; multiplied by the passes they fit 64 bits


def _faults(run: Run) -> Iterator[tuple[str, str]]:
    """The files of a run with impossible vectors, counts or recorded states, each with the broken rule."""
    for name, vectors in ((REFINED, run.vectors), (ORIGINAL, run.original)):
        row = first_not_finite(vectors.vectors, _LONGEST)
        if row is not None:
            finite = np.isfinite(vectors.vectors[row]).all()
            fault = "is longer than 1" if finite else "holds NaN or inf"
            yield name, f"the vector of {vectors.index_to_key[row][:40]!r} (row {row + 1}) {fault}"
    counts = run.vectors.counts
    if counts is None or counts.sum(dtype=np.float64) > _MOST:
        yield REFINED, "counts of words are missing or impossible"
    row = None if run.history is None else first_not_finite(run.history.vectors)
    if row is not None:
        yield HISTORY, f"the recorded state {row + 1} holds NaN or inf"
    if run.tokens is not None and run.tokens.sentences < 0:
        yield TOKENS, "a number of sentences is negative"
