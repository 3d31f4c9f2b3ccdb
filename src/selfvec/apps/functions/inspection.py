"""`info`, `health` and `verify`: what a run or file holds, whether its vectors are sound, its files whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.analysis.views.run_summary import method_details, text_details
from selfvec.base.answer import Answer, Json
from selfvec.base.checks import StrPath, check_path
from selfvec.base.declarations import checked
from selfvec.base.display import escape_for_display, printable, size_of
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.base.finding import Finding
from selfvec.base.installed import RUN_FORMAT
from selfvec.base.view import COUNT, NUMBER, PROSE, Column, Part, Table
from selfvec.data.provenance import Provenance
from selfvec.data.run import AnyRun, Run, split_state, state_name
from selfvec.data.settings import Settings
from selfvec.data.vectors import Vectors
from selfvec.files.atomic_files import FolderKind
from selfvec.files.checksums import CHANGED, damaged_files, is_sealed, unchanged
from selfvec.files.tensors import first_not_finite, read_header
from selfvec.files.text_files import read_json
from selfvec.storage.folder_kinds import RUN, folder_kind
from selfvec.storage.formats import load
from selfvec.storage.opened import GivenRun, as_run
from selfvec.storage.run_folder import (
    CACHE,
    HISTORY,
    LOCK,
    ORIGINAL,
    PRESENT,
    PREVIOUS,
    REFINED,
    TOKENS,
    open_run,
)
from selfvec.text.languages import language_name

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
    "cache/keywords": "results of drift: the words that either side uses more",
    "cache/document_distances": "results of drift: how far apart the documents with a word are",
    "cache/sentence_distances": "results of drift: how far apart the sentences of words are",
    "cache/sentences": "example sentences of drift, as they were written",
    "cache/page": "the map of the page, and the words that the text is about",
    "cache/passages": "what many documents hold word for word, and which do",
    "cache/events": "what happened in the time of a text, with passages of it",
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
    "cache/events", "cache/passages", "cache/segment", "cache/sentences", "cache/sides", "cache/words",
    "arrays.safetensors",
)  # fmt: skip
"""Files that hold documents or parts of them."""

_UNSHOWN = ("files", "stamp", "sha256")  # of a description

_WORDS = ("method", "words", "dimensions", "window", "learning_rate", "seed")


@checked
def info(path: GivenRun) -> Answer:
    """Show what a folder or file holds, and how it was made.

    Parameters
    ----------
    path : Run, path or name
        A run, a search index, an encoder or vectors.

    Returns
    -------
    Answer
        ``path``, ``kind``, ``bytes``, ``written``, when that was; ``about``, what is said of it; ``text``,
        files and folders that documents, or parts of them, can be read from; ``provenance``; of a run
        ``fields`` with name, type, empty and examples. ``rows``, and ``files``, have a dict for each file.

    Raises
    ------
    InputError
        If the path is something else. `FormatError` if it is damaged.

    Examples
    --------
    >>> selfvec.info("default").about["words"]
    10981
    """
    given = _place(path)
    place = None if given is None else Path(given)
    kind = folder_kind(place) if place is not None and place.is_dir() else None
    name = "run" if place is None else "vectors" if kind is None else kind.name
    made: Mapping[str, Any]
    holds: Mapping[str, str] = {}
    fields: Sequence[Json] = []
    if place is None or name == "run":
        run = as_run(path)
        made, about, holds = run.provenance, _of_run(run), HELD
        fields = [] if run.text is None else run.text.described()
    elif kind is None:
        vectors = load(place)
        made, about = vectors.provenance, _of_vectors(vectors)
        place = Path(str(made.get("path", place)))
    else:
        made = read_json(place / kind.file, "make it again")
        about = {name: value for name, value in made.items() if name not in _UNSHOWN}
        if name == "index":
            days = read_header(place / "arrays.safetensors")[0].get("days", {})
            about["documents"] = sum(days.get("shape", [])[:1])
            holds = _INDEX
    files, written = ([], "never") if place is None else _files(place, holds)
    parts = dict.fromkeys(_part(file["name"]) for file in files)
    figures = {
        "path": "in memory" if given is None else str(given),
        "kind": name,
        "bytes": sum(file["bytes"] for file in files),
        "written": written,
        "about": about,
        "files": files,
        "text": [part for part in parts if _kind(part) in _TEXT and holds],
        "provenance": dict(made),
        "fields": list(fields),
    }
    title = f"{name} {printable(figures['path'])}"
    return Answer(title, figures, rows=files, parts=list(_shown_parts(title, figures)))


def _place(given: GivenRun) -> StrPath | None:
    """The path that is given, or of the folder of a run; None of a run in memory."""
    if isinstance(given, AnyRun):
        return given.present.folder
    check_path("path", given)
    return given


def _files(place: Path, holds: Mapping[str, str]) -> tuple[list[Json], str]:
    """The files of a folder, or the one file; and when the last was written, in local time, to the second."""
    within, folder = (sorted(place.rglob("*")), place) if place.is_dir() else ([place], place.parent)
    files, last = [], 0.0
    for path in within:
        if path.is_file():
            name, status = path.relative_to(folder).as_posix(), path.stat()
            files.append({"name": name, "bytes": status.st_size, "holds": holds.get(_kind(_part(name)), "")})
            last = max(last, status.st_mtime)
    return files, datetime.fromtimestamp(last).isoformat(sep=" ", timespec="seconds")


def _part(name: str) -> str:
    """The first part of a path; of what is kept in the cache, the first two."""
    return "/".join(name.split("/")[: 2 if name.startswith(f"{CACHE}/") else 1])


def _kind(part: str) -> str:
    """What a part is, without the number of a state, or the digests of an entry of the cache.

    >>> _kind("text-12.parquet"), _kind("cache/search-0ab1-92fe")
    ('text.parquet', 'cache/search')
    """
    return part.partition("-")[0] if part.startswith(f"{CACHE}/") else split_state(part)[0]


def _of_run(run: Run) -> Json:
    made = run.provenance
    about = {
        **{name: made[name] for name in _WORDS if name in made},
        "words": len(run.vectors),
        "passes": made.epochs,
        "tokens": made.tokens,
        "documents": made.documents,
        "language": made.text.get("language"),
    }
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
        about["dates"] = run.tokens.period or []
        about["slices"] = list(run.tokens.slice_names)
    about["updates"] = len(made.grown)
    if since := made.since_vectors:
        about["since the vectors were made"] = since
    return {**about, "options": dict(made.options)}


def _of_vectors(vectors: Vectors) -> Json:
    return {
        "format": vectors.provenance.get("format"),
        "words": len(vectors),
        "dimensions": vectors.vector_size,
        "dtype": str(vectors.vectors.dtype),
        "counts": vectors.counts is not None,
        "notes": vectors.provenance.get("notes", []),
    }


_FIELDS = (
    Column("name", "field", PROSE),
    Column("type"),
    Column("empty", "without", COUNT),
    Column("examples", form=PROSE),
)
_FILES = (
    Column("name", "file", PROSE),
    Column("holds", form=PROSE),
    Column("size", form=NUMBER, of=lambda file: size_of(file["bytes"])),
)


def _shown_parts(title: str, figures: Json) -> Iterator[Part]:
    """The facts, the files with their sizes, and the files that documents can be read from."""
    kind, made, text = figures["kind"], figures["provenance"], figures["text"]
    run = Provenance.of(made) if kind == "run" and "coverage" in made else None
    facts = [
        {"name": name.replace("_", " "), "value": _shown(value)}
        for name, value in _facts(figures["about"], run)
        if value not in (None, [], {}, "")
    ]
    title += f", {size_of(figures['bytes'])}, written {figures['written']}"
    yield Table((Column("name", ""), Column("value", "", PROSE)), facts, title)
    yield from method_details(run) if run else ()
    if figures["fields"]:
        rows = [row | {"examples": printable(", ".join(row["examples"]))} for row in figures["fields"]]
        yield Table(_FIELDS, rows, "Fields of the documents")
    yield Table(_FILES, figures["files"], "Files")
    if kind in ("run", "index"):
        read = f"Documents, or parts of them, can be read from: {', '.join(map(printable, text))}"
        yield read if text else "Documents cannot be read from these files."


def _facts(about: Json, run: Provenance | None) -> Iterator[tuple[str, Any]]:
    """The facts about a folder or file, and the options that differ from their defaults."""
    about = dict(about)
    options = about.pop("options", None) or {}
    if run is not None:
        about["words"] = f"{about['words']:,}: {text_details(run)}"
        about["language"] = about["language"] and language_name(about["language"])
    for name, value in about.items():
        notes = value if name == "notes" else [value]
        yield from zip_longest([name], notes, fillvalue="")  # each note in a row of its own
    usual = Settings().as_dict()
    yield "options", " ".join(f"{k}={_shown(v)}" for k, v in options.items() if v != usual.get(k))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return printable(text) if len(text) > 24 else escape_for_display(text)


@checked
def health(run: GivenRun) -> Answer:
    """Check that words moved and that the vectors have not collapsed.

    Parameters
    ----------
    run : Run or path

    Returns
    -------
    Answer
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
    return shown_health(as_run(run).health_report)


def shown_health(report: Json) -> Answer:
    """A health report: its findings with their remedies, then the figures that are known."""
    title = f"Health: {', '.join(report.get('verdicts') or ()) or 'nothing is wrong'}"
    figures = [
        Table(
            (Column("what", ""), Column("value", "", NUMBER), Column("meaning", "", PROSE)), _listed(report)
        )
    ]
    findings = [Finding.of(finding) for finding in report["findings"]]
    return Answer(title, report, rows="findings", findings=findings, parts=figures)


def _listed(report: Json) -> list[dict[str, str]]:
    """The figures that are known, with their meanings."""

    def number(key: str, form: str) -> str:
        value = report.get(key)
        return "" if value is None else format(value, form)

    def change(key: str, form: str) -> str:
        before, after = number(f"{key}_original", form), number(key, form)
        return f"{before} -> {after}" if before and after else after

    counted = sum(int(report.get(key) or 0) for key in ("known", "composed", "oov"))
    of_text = max(int(report.get("types") or 0) - counted, 0) if "known" in report else 0
    rows = (
        ("tokens", number("tokens", ",d"), ""),
        ("types", number("types", ",d"), "different words"),
        ("cosine to the original", number("mean_cosine_to_original", ".2f"), "1 unmoved, 0 unrelated"),
        ("cosine of random words", change("anisotropy", ".2f"), "near 1: all words look alike"),
        ("effective rank", change("effective_rank", ".0f"), "dimensions in use"),
        ("capped neighbours", number("saturated", ".0%"), "nearest words at a cosine of about 1"),
        ("words with a vector", number("known", ",d"), "in the initial vectors"),
        ("words from subwords", number("composed", ",d"), "their initial vectors are built from subwords"),
        ("words from the text", f"{of_text:,}" if of_text else "", "their first vectors are made of it"),
        ("words without a vector", number("oov", ",d"), "none of these"),
        ("... still without one", number("oov_empty", ",d"), "nothing was learned about them"),
    )
    return [{"what": what, "value": value, "meaning": meaning} for what, value, meaning in rows if value]


# Whether it is as it was written


Damage = dict[str, str]
"""A ``file`` that has changed since it was written, or is missing, and the broken ``rule``."""


@checked
def verify(path: GivenRun) -> Answer:
    """Compare every file with its checksum and name damaged ones.

    The checksums were kept when the files were written.

    Folders inside are compared, too, such as the search indexes of a run.

    Parameters
    ----------
    path : Run or path
        A run, an index, an encoder or fetched vectors.

    Returns
    -------
    Answer
        ``path``, ``kind``, how many ``files`` were compared, their ``bytes``, ``unchecked`` files without a
        known checksum and empty folders. ``rows``, and ``damaged``, have a dict for each damaged file.

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


def _verified(folder: Path, own: FolderKind) -> Answer:
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
    unchecked = [str(path) for path in present if path not in {*checked, folder / LOCK, folder / CACHE}]
    size = sum(file.stat().st_size for file in checked if file.is_file())
    figures = {"path": str(folder), "kind": own.name, "files": len(checked), "bytes": size}
    lines: list[Part] = [[(f"{printable(row['file'])}: {row['rule']}", "bad")] for row in damaged]
    return Answer(
        f"Verified: {printable(str(folder))}",
        {**figures, "damaged": damaged, "unchecked": unchecked},
        rows="damaged",
        parts=lines or [f"{len(checked)} files, {size_of(size)}: all as they were written"],
        notes=[f"without a checksum: {', '.join(map(printable, unchecked))}"] * bool(unchecked),
    )


def _compared(folder: Path, kind: FolderKind, checked: set[Path]) -> Iterator[Damage]:
    """The damaged files of one folder; all that were compared are added to ``checked``."""
    description = folder / kind.file
    checked.add(description)
    intact = not kind.sealed or is_sealed(description.read_bytes())
    try:
        described = read_json(description, "")
    except FormatError as error:
        yield {"file": str(description), "rule": error.rule}
        return
    if not intact:
        yield {"file": str(description), "rule": CHANGED}
    files = described.get("files")
    if isinstance(files, dict):
        checked.update(folder / str(name) for name in files)
    damaged = [{"file": str(file), "rule": rule} for file, rule in damaged_files(folder, described)]
    yield from damaged
    if not damaged and intact and kind.file == PRESENT and described.get("format") == RUN_FORMAT:
        try:
            run = open_run(folder)
            faults = list(_faults(run))
        except FormatError as error:
            yield {"file": error.path or str(folder), "rule": error.rule}
            return
        yield from (
            {"file": str(folder / state_name(name, run.state)), "rule": rule} for name, rule in faults
        )


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
