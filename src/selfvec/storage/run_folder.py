"""The run folder: what a `Run` is on the disk, and how it is opened.

    run.json               what the run is: inputs with hashes, options, versions, timings; the number of its
                           state, and the files of that state with their checksums
    vocabulary.txt         a word per line, most frequent first; \\n, \\r and \\ are escaped
    vectors.safetensors    "vectors" (V, d) float32, "counts" (V,) int64, "sources" (V,) uint8
    original.safetensors   "vectors" (V, d) float32, "sources" (V,) uint8, and "pieces" (V,)
                           uint8 if some are built from subwords
    tokens.safetensors     the corpus as ids: "ids" (N,) int32, "offsets" (D + 1,), "days" (D,) int64,
                           "slices" (D,) int32 with their names, "texts" (D,) uint64, a number per
                           text, "sentences" (D,) int32
    text.parquet           the documents as they were written, see `selfvec.data.run_text`
    repeats/               hashes of the repeated passages, if there are any
    counts/                exact co-occurrence counts, if they were made
    encoded/               a sentence encoder's vectors of the texts, if one was given
    history.safetensors    recorded states of the vectors, if kept
    report.json            health

From its second state on a run's files have the number of the state in their names: ``text-2.parquet``; see
`selfvec.storage.run_writer`. Large arrays are memory-mapped when a folder is opened.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Array, Floats
from selfvec.base.checks import check_path
from selfvec.base.errors import CorpusError, FormatError, InputError, TargetError
from selfvec.base.versions import RUN_FORMAT
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run, state_name
from selfvec.data.run_text import RunText
from selfvec.data.token_batch import TokenBatch
from selfvec.data.trajectory import History
from selfvec.data.vectors import Source, Vectors
from selfvec.files.checksums import check_files, identity, unchanged
from selfvec.files.tensors import (
    Forms,
    check_tensors,
    first_not_finite,
    map_tensors,
    read_metadata,
    write_tensors,
)
from selfvec.files.text_files import COUNT, check, misfit, read_json, read_vocabulary
from selfvec.files.untrusted import decoding, parse_json

from .folder_kinds import not_a_run

PRESENT = "run.json"
REFINED = "vectors.safetensors"
ORIGINAL = "original.safetensors"
VOCABULARY = "vocabulary.txt"
TOKENS = "tokens.safetensors"
PREVIOUS = "previous.json"
LOCK = "lock"
HISTORY = "history.safetensors"
TEXT = "text.parquet"
REPORT = "report.json"
PARTS = ("counts", "encoded", "repeats")
_FOLDER: dict[Any, Any] = {
    ...: ("state", "files", "sha256"),
    "state": range(1, 1 << 31),
    "files": {str: {"bytes": COUNT, "sha256": str}},
    "sha256": str,
}
"""What `selfvec.storage.run_writer` adds: the number of the state, and its files with their checksums."""

_FINDING: dict[Any, Any] = {...: ("name", "level", "message", "remedy"), str: str}
_HEALTH: dict[Any, Any] = {
    ...: ("verdicts", "findings"),
    "verdicts": [str],
    "findings": [_FINDING],
    **dict.fromkeys(("types", "tokens", "known", "composed", "oov", "oov_empty"), COUNT),
    str: (float, None),
}
"""The schema of the health in ``report.json``."""

_COLUMNS = {"counts": "i8", "sources": "u1", "pieces": "u1"}
_MOST = 1 << 46  # occurrences of all words; multiplied by the passes they fit 64 bits
_QUICK = 1 << 26  # bytes; rows of smaller matrices are checked on opening, which takes 15 ms
_LONGEST = 1.001  # a number of a row at length 1, rounded
_AGAIN = "make the run again"


def is_run(path: str | os.PathLike[str]) -> bool:
    """Whether a path looks like a run folder."""
    return (Path(path) / PRESENT).is_file()


def refuse_run(path: str | os.PathLike[str]) -> None:
    """Raise `TargetError` if there is a run at a path where something else will be written."""
    if is_run(path):
        rule = "is a run; it is not replaced even with --overwrite"
        raise TargetError(rule, path=path, remedy="choose another name")


def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run folder; see `selfvec.open_run`."""
    check_path("path", path, "the path of a run folder")
    folder = Path(path)
    return unchanged(folder / PRESENT, lambda: _open(folder))


def present_state(run: Run) -> Run:
    """The run that the folder of an opened run holds now: the same one, unless another state replaced it.

    This is the one rule for all that stays open, for a `selfvec.Run` as for servers: it gives what the run is
    now, so nothing of a document that was withdrawn. A run in memory stays as it is. `InputError` or
    `FormatError` if the folder is gone or damaged.
    """
    if run.seen is None or not run.stamp:
        return run
    place, seen = run.seen
    found = identity(place)
    if found == seen:
        return run
    if found is None:
        raise InputError("is no longer there", path=place.parent, remedy="open the run where it is now")
    now = open_run(place.parent)
    if now.stamp != run.stamp:
        return now
    run.seen = now.seen  # only written again
    return run


def _open(folder: Path) -> Run:
    if not is_run(folder):
        raise not_a_run(folder)
    place = (folder / PRESENT).absolute()  # the working directory may change
    seen = place, identity(place)
    provenance = read_json(folder / PRESENT, _AGAIN)
    found = provenance.pop("format", "none")
    if found != RUN_FORMAT:
        rule = f"the format of the run folder is {found}, this Selfvec reads format {RUN_FORMAT}"
        newer = isinstance(found, int) and found > RUN_FORMAT
        remedy = f"install a newer Selfvec, or {_AGAIN}" if newer else "refine the text again"
        raise FormatError(rule, path=folder / PRESENT, remedy=remedy)
    schema: dict[Any, Any] = Provenance.schema() | _FOLDER
    if "options" in provenance:
        schema[...] = (*_FOLDER[...], *Provenance.required())
    check(provenance, schema, folder / PRESENT, _AGAIN)
    check_files(folder, provenance, _AGAIN)
    state, stamp = provenance["state"], provenance["sha256"]
    for name in _FOLDER[...]:
        provenance.pop(name, None)

    def file(name: str) -> Path:
        return folder / state_name(name, state)

    words = read_vocabulary(_required(file(VOCABULARY)))
    refined = _load_vectors(_required(file(REFINED)), words, provenance, counted=True)
    history = file(HISTORY)
    run = Run(
        refined,
        _load_vectors(_required(file(ORIGINAL)), refined, provenance),
        _load_history(history, len(words), refined.vector_size) if history.exists() else None,
        provenance,
        _load_report(file(REPORT)),
        tokens=_tokens_later(file(TOKENS), words) if file(TOKENS).is_file() else None,
        text=RunText(file(TEXT)) if file(TEXT).is_file() else None,
        folder=folder,
        state=state,
        stamp=stamp,
    )
    run.seen = seen
    return run


def write_vectors(path: Path, vectors: Vectors, *, counts: bool) -> None:
    """Write a file of vectors with their sources, and with their counts if asked."""
    columns = {
        "counts": vectors.counts if counts else None,
        "sources": vectors.sources,
        "pieces": vectors.pieces,
    }
    present = {name: column for name, column in columns.items() if column is not None}
    write_tensors(path, {"vectors": vectors.vectors, **present})


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Write ``report.json``."""
    text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _required(path: Path) -> Path:
    if not path.is_file():
        raise FormatError("this file of the run folder is missing", path=path, remedy=_AGAIN)
    return path


def _load_report(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    report = read_json(path, _AGAIN)
    check(report, {"health": _HEALTH}, path, _AGAIN)
    return report


def _load_vectors(
    path: Path, words: list[str] | Vectors, provenance: dict[str, Any], *, counted: bool = False
) -> Vectors:
    tensors = map_tensors(path)
    matrix = tensors.get("vectors")
    size = len(words)
    if matrix is None or matrix.ndim != 2 or len(matrix) != size or matrix.dtype.kind != "f":
        rule = f"the tensor 'vectors' has a row of floats for each of the {size:,} words in vocabulary.txt"
        raise FormatError(rule, path=path, remedy=_AGAIN)
    needed = ("counts",) if counted else ()
    columns: Forms = {name: (kind, (size,)) for name, kind in _COLUMNS.items() if name in (*tensors, *needed)}
    check_tensors(tensors, columns, path, _AGAIN)
    counts = tensors.get("counts")
    sources = tensors.get("sources")
    if counts is not None and size and (counts.min() < 0 or counts.sum(dtype=np.float64) > _MOST):
        raise FormatError("the tensor 'counts' holds invalid numbers", path=path, remedy=_AGAIN)
    if sources is not None and sources.max(initial=0) > max(Source):
        raise FormatError(f"the tensor 'sources' has numbers up to {max(Source)}", path=path, remedy=_AGAIN)
    vectors = Vectors(
        words,
        matrix,
        sources=sources,
        counts=counts,
        provenance=provenance,
        normalized=True,
        pieces=tensors.get("pieces"),
        check=partial(check_rows, path, words, matrix),
    )
    if matrix.nbytes <= _QUICK:
        _ = vectors.unit  # checks all rows
    return vectors


def check_rows(path: Path, words: Iterable[str], matrix: Floats) -> None:
    """Raise `FormatError` with the first word whose vector holds NaN or a number above 1."""
    row = first_not_finite(matrix, _LONGEST)
    if row is not None:
        finite = np.isfinite(matrix[row]).all()
        fault = "is longer than 1" if finite else "holds NaN or inf"
        rule = f"the vector of {list(words)[row][:40]!r} (row {row + 1}) {fault}"
        raise FormatError(rule, path=path, remedy=_AGAIN)


def _load_history(path: Path, words: int, width: int) -> History:
    tensors = map_tensors(path)
    expected: Forms = {
        "starts": ("i8", (words + 1,)),
        "updates": ("i8", ("R",)),
        "vectors": ("f2", ("R", width)),
    }
    check_tensors(tensors, expected, path, _AGAIN)
    history = History(**{name: tensors[name] for name in expected})
    starts = history.starts
    if starts[0] != 0 or starts[-1] != len(history.updates) or np.any(starts[1:] < starts[:-1]):
        raise FormatError("does not hold the recorded states of each word", path=path, remedy=_AGAIN)
    return history


# The corpus as numbers of words, with dates, slices, sentences

_FORMS: Forms = {
    "ids": ("i4", ("N",)),
    "offsets": ("i8", ("D + 1",)),
    "days": ("i8", ("D",)),
    "slices": ("i4", ("D",)),
    "texts": ("u8", ("D",)),
    "sentences": ("i4", ("D",)),
}
_REQUIRED = ("ids", "offsets")
_FIRST_DAY, _LAST_DAY = np.array(["0001-01-01", "9999-12-31"], "datetime64[D]").astype(np.int64)
_NO_DAY = np.iinfo(np.int64).min
_MOST_SENTENCES = 1 << 46


def write_tokens(path: Path, batch: TokenBatch) -> None:
    """Write the tokens of a run to a new file."""
    tensors: dict[str, Array] = {"ids": batch.ids, "offsets": batch.offsets}
    if batch.dates is not None:
        tensors["days"] = batch.dates.astype("datetime64[D]").astype(np.int64)
    described = {"sentences": str(batch.sentences)}
    if batch.slices is not None:
        tensors["slices"] = batch.slices
        described["slices"] = json.dumps(list(batch.slice_names), ensure_ascii=False)
    if batch.fingerprints is not None:
        tensors["texts"] = batch.fingerprints
    if batch.sentence_counts is not None:
        tensors["sentences"] = batch.sentence_counts
    write_tensors(path, tensors, described)


def _tokens_later(path: Path, words: Sequence[str]) -> Callable[[], TokenBatch]:
    """A function that reads the tokens. The file is mapped now, because the folder may be replaced later."""
    return partial(_read_tokens, path, words, map_tensors(path), read_metadata(path))


def _read_tokens(
    path: Path, words: Sequence[str], tensors: dict[str, Array], described: dict[str, str]
) -> TokenBatch:
    present = {name: form for name, form in _FORMS.items() if name in tensors or name in _REQUIRED}
    check_tensors(tensors, present, path, _AGAIN)
    with decoding(path, "corpus of the run", _AGAIN):
        sentences = int(described.get("sentences", 0))
        slice_names = parse_json(described.get("slices", "[]"))
        _check_values(tensors, sentences, slice_names)
        days = tensors.get("days")
        try:
            return TokenBatch(
                tensors["ids"],
                tensors["offsets"],
                words,
                dates=None if days is None else days.astype("datetime64[D]"),
                sentences=sentences,
                slices=tensors.get("slices"),
                slice_names=slice_names,
                fingerprints=tensors.get("texts"),
                sentence_counts=tensors.get("sentences"),
            )
        except CorpusError as error:
            raise FormatError(f"does not fit the run: {error}", path=path, remedy=_AGAIN) from None


def _check_values(tensors: dict[str, Array], sentences: int, slice_names: object) -> None:
    """Raise `ValueError` for numbers that no run has."""
    days = tensors.get("days")
    if days is not None and np.any(((days < _FIRST_DAY) | (days > _LAST_DAY)) & (days != _NO_DAY)):
        raise ValueError("dates are not all of the years 1 to 9999")
    counts = tensors.get("sentences")
    if not 0 <= sentences < _MOST_SENTENCES or (counts is not None and np.any(counts < 0)):
        raise ValueError("a number of sentences is negative")
    if misfit(slice_names, [str]) is not None:
        raise ValueError("a name of a slice is not a text")
