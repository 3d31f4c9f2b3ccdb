"""`info`: the content of a run, an index or a vectors file, its text and its origin."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.checks import check_path
from selfvec.base.declarations import checked
from selfvec.base.result_table import RecordTable, short_repr
from selfvec.data.run import Run, split_state
from selfvec.files.tensors import read_header
from selfvec.files.text_files import read_json
from selfvec.storage.cache import CACHE
from selfvec.storage.folder_kinds import folder_kind
from selfvec.storage.formats import load
from selfvec.storage.run_folder import open_run

_RUN = {  # by the kind of a part of a run folder
    "run.json": "how the run was made: files and hashes, options, versions, timings; checksums",
    "vocabulary.txt": "the words",
    "vectors.safetensors": "refined vectors and counts",
    "original.safetensors": "original vectors",
    "report.json": "the health report",
    "previous.json": "how the state before was made; its files have another number",
    "lock": "held while a command writes",
    "text.parquet": "all documents as they were written, with ids, dates and fields",
    "tokens.safetensors": "all documents as numbers of words, in their order",
    "repeats": "hashes of the repeated passages",
    "counts": "exact co-occurrence counts",
    "encoded": "vectors of passages and words by a sentence encoder, found by hashes of the texts",
    "encoded.journal": "what an interrupted command has encoded; the next one goes on from there",
    "history.safetensors": "states of the vectors while refining",
    "cache/search": "search index: all documents as they were written",
    "cache/learned": "the encoder that export and evaluate use, and what it learned from the texts",
    "cache/narrow": "the nearest words before and after each word, for similar --as replacement",
    "cache/topics": "vectors of words by the documents that they occur in",
    "cache/drift": "results of drift: figures of words",
    "cache/sentence_distances": "results of drift: how far apart the sentences of words are",
    "cache/sentences": "example sentences of drift, as they were written",
    "cache/page": "maps and topics of the page",
}
_INDEX = {
    "index.json": "how the index was made; checksums",
    "vocabulary.txt": "the words of the documents",
    "arrays.safetensors": "all documents as they were written, with ids, dates and fields; vectors",
}
_TEXT = ("text.parquet", "tokens.safetensors", "cache/search", "cache/sentences", "arrays.safetensors")
"""Files that hold documents or parts of them."""

_UNSHOWN = ("files", "sha256")  # of a description

_WORDS = ("method", "words", "dimensions", "window", "learning_rate", "seed")


@dataclass(frozen=True)
class File:
    """A file and what it holds."""

    name: str
    bytes: int
    holds: str


@dataclass(frozen=True, repr=False)
class Contents(RecordTable[File]):
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

    def __repr__(self) -> str:
        title = f"Info: {self.kind}, {self.bytes:,} bytes in {len(self.files)} files"
        named = [f"{name} {value}" for name, value in self.about.items() if isinstance(value, int | str)]
        return short_repr(title, named, self.path)


@checked
def info(path: str | os.PathLike[str]) -> Contents:
    """Show what a folder or file holds, and how it was made.

    Parameters
    ----------
    path : path or name
        A run, a search index, an encoder or vectors.

    Returns
    -------
    Contents

    Raises
    ------
    InputError
        If the path is something else. `FormatError` if it is damaged.

    Examples
    --------
    >>> selfvec.info("default").about["words"]
    10981
    """
    check_path("path", path)
    folder = Path(path)
    kind = folder_kind(folder) if folder.is_dir() else None
    if kind is None:
        return _of_vectors(folder)
    described: dict[str, Any]
    holds: dict[str, str] = {}
    if kind.name == "run":
        run = open_run(folder)
        described = dict(run.provenance)
        about = _of_run(run)
        holds = _RUN
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
    )


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
    """The main facts about a run."""
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
    return {**about, "options": dict(made.options)}


def _of_vectors(path: Path) -> Contents:
    vectors = load(path)
    place = Path(str(vectors.provenance.get("path", path)))
    within = sorted(place.rglob("*")) if place.is_dir() else [place]
    paths = [one for one in within if one.is_file()]
    files = [File(one.name, one.stat().st_size, "") for one in paths]
    return Contents(
        path=str(path),
        kind="vectors",
        bytes=sum(file.bytes for file in files),
        written=_time(max((one.stat().st_mtime for one in paths), default=0.0)),
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
