"""The run folder: how a `Run` is saved and opened.

    run.json               format number; provenance: inputs with hashes, options, versions, timings;
                           checksums of all files
    vocabulary.txt         a word per line, most frequent first; \\n, \\r and \\ are escaped
    vectors.safetensors    "vectors" (V, d) float32, "counts" (V,) int64, "sources" (V,) uint8
    original.safetensors   "vectors" (V, d) float32, "sources" (V,) uint8, and "pieces" (V,)
                           uint8 if some are built from subwords
    tokens.safetensors     the corpus as ids: "ids" (N,) int32, "offsets" (D + 1,), "days" (D,) int64,
                           "slices" (D,) int32 with their names, "texts" (D,) uint64, a number per
                           text, "sentences" (D,) int32
    unstemmed/             words that are not counted and their places, or the text before stemming
    repeats/               hashes of the repeated passages, if there are any
    documents/             hashes of each document's text, id and file
    sums/                  sums that an update adds to, after the method decorrelated
    counts/                exact co-occurrence counts, if they were made
    history/               recorded states, if kept
    report.json            health

Large arrays are memory-mapped when a folder is opened. There has been one format so far. A version that adds
another must go on reading this one; it refuses numbers that it does not know.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Floats
from selfvec.base.atomic_files import atomic_folder
from selfvec.base.checks import check_path
from selfvec.base.checksums import check_sizes, write_sealed
from selfvec.base.errors import FormatError, OptionError, TargetError
from selfvec.base.folder_swap import restore_folder, unchanged
from selfvec.base.targets import Kind
from selfvec.base.tensors import Forms, check_tensors, first_beyond, map_tensors, write_tensors
from selfvec.base.text_files import read_json, read_vocabulary, write_vocabulary
from selfvec.base.versions import RUN_FORMAT
from selfvec.data.run import Run
from selfvec.data.trajectory import History
from selfvec.data.vectors import Source, Vectors
from selfvec.storage.leftovers import tidy

from .run_schema import check_report, check_run
from .tokens_file import TOKENS, read_tokens_later, write_tokens
from .wrong_paths import not_a_run

__all__ = [
    "ORIGINAL",
    "REFINED",
    "RUN",
    "is_run",
    "link",
    "open_run",
    "open_unrefined",
    "refuse_run",
    "save_run",
    "write_run",
    "write_vectors",
]

RUN = Kind("a run folder", lambda folder: is_run(folder))

REFINED = "vectors.safetensors"
ORIGINAL = "original.safetensors"
VOCABULARY = "vocabulary.txt"
_HISTORY = Path("history", "history.safetensors")
PARTS = ("counts", "unstemmed", "repeats", "documents", "sums")
_OF_THE_FOLDER = ("files", "sha256")  # keys of run.json that describe the folder and not the run
_COLUMNS = {"counts": "i8", "sources": "u1", "pieces": "u1"}
_MOST = 1 << 46  # occurrences of all words; multiplied by the passes they fit 64 bits
_QUICK = 1 << 26  # bytes; rows of smaller matrices are checked on opening, which takes 15 ms
_LONGEST = 1.001  # a number of a row at length 1, rounded
_AGAIN = "make the run again"


def is_run(path: str | os.PathLike[str]) -> bool:
    """Whether a path looks like a run folder."""
    return (Path(path) / "run.json").is_file()


def refuse_run(path: str | os.PathLike[str]) -> None:
    """Raise `TargetError` if there is a run at a path where something else will be written."""
    if is_run(path):
        rule = "is a run; it is not replaced even with --overwrite"
        raise TargetError(rule, path=path, remedy="choose another name")


def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run folder; its vectors are memory-mapped.

    Raises
    ------
    InputError
        If the path is not a run folder.
    FormatError
        If the folder has another format, or a file in it is damaged.
    """
    check_path("path", path, "the path of a run folder")
    folder = Path(path)
    restore_folder(folder)
    tidy(folder)
    return unchanged(folder, lambda: _open(folder))


def _open(folder: Path) -> Run:
    if not is_run(folder):
        raise not_a_run(folder)
    provenance = read_json(folder / "run.json", _AGAIN)
    found = provenance.pop("format", "none")
    if found != RUN_FORMAT:
        rule = f"the format of the run folder is {found}, this Selfvec reads format {RUN_FORMAT}"
        newer = isinstance(found, int) and found > RUN_FORMAT
        remedy = f"install a newer Selfvec, or {_AGAIN}" if newer else _AGAIN
        raise FormatError(rule, path=folder / "run.json", remedy=remedy)
    check_run(provenance, folder / "run.json", _AGAIN)
    check_sizes(folder, provenance, _AGAIN)
    for name in _OF_THE_FOLDER:
        provenance.pop(name, None)
    words = read_vocabulary(_required(folder / VOCABULARY))
    tokens = folder / TOKENS
    history = folder / _HISTORY
    refined = _load_vectors(folder / REFINED, words, provenance)
    return Run(
        refined,
        _load_vectors(folder / ORIGINAL, refined, provenance),
        _load_history(history, len(words), refined.vector_size) if history.exists() else None,
        provenance,
        _load_report(folder / "report.json"),
        tokens=read_tokens_later(tokens, words) if tokens.is_file() else None,
        folder=folder,
    )


def open_unrefined(folder: Path, provenance: dict[str, Any]) -> Run:
    """The words, tokens, original vectors and parts in a folder as a run whose vectors are the original ones.

    `FormatError` if a file is damaged.
    """
    words = read_vocabulary(_required(folder / VOCABULARY))
    original = _load_vectors(folder / ORIGINAL, words, provenance)
    tokens = read_tokens_later(_required(folder / TOKENS), words)()
    return Run(original, original, None, provenance, tokens=tokens, folder=folder)


def save_run(run: Run, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a run folder, atomically.

    `TargetError` if ``path`` exists. With ``overwrite`` a run is replaced, but nothing else.
    """
    if not isinstance(run, Run):
        raise OptionError(f"is a Run, not {type(run).__name__}", field="run")
    check_path("path", path, "the path of a run folder")
    with atomic_folder(path, overwrite=overwrite, kind=RUN) as folder:
        write_run(run, folder)


def write_vectors(path: Path, vectors: Vectors) -> None:
    """Write ``vectors.safetensors``, which also holds the counts, or ``original.safetensors``."""
    counts = vectors.counts if path.name == REFINED else None
    columns = {"counts": counts, "sources": vectors.sources, "pieces": vectors.pieces}
    present = {name: column for name, column in columns.items() if column is not None}
    write_tensors(path, {"vectors": vectors.vectors, **present})


def write_run(run: Run, folder: Path, written: Mapping[str, Path] | None = None) -> None:
    """Write all files of a run into an existing folder; ``written`` are those that there are, by name."""
    start = time.perf_counter()
    with ThreadPoolExecutor() as pool:
        waiting: list[Future[Any]] = []
        for name, vectors in ((REFINED, run.vectors), (ORIGINAL, run.original)):
            if written and name in written:
                waiting.append(pool.submit(link, written[name], folder / name))
            else:
                waiting.append(pool.submit(write_vectors, folder / name, vectors))
        waiting.append(pool.submit(write_vocabulary, folder / VOCABULARY, run.vectors.index_to_key))
        if written and TOKENS in written:
            waiting.append(pool.submit(link, written[TOKENS], folder / TOKENS))
        elif run.tokens is not None:
            waiting.append(pool.submit(write_tokens, folder / TOKENS, run.tokens))
        for name in PARTS:
            if name in run.parts:
                waiting.append(pool.submit(run.parts[name].save, folder / name))
            elif run.folder is not None and (run.folder / name).is_dir():
                waiting.append(pool.submit(shutil.copytree, run.folder / name, folder / name))
        for one in waiting:
            one.result()  # raises what the thread raised
    if run.history is not None and len(run.history):
        history = folder / _HISTORY
        history.parent.mkdir(exist_ok=True)
        write_tensors(history, vars(run.history))
    text = json.dumps(run.report, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    timings = {**run.provenance.timings, "save": time.perf_counter() - start}
    run.provenance = run.provenance.replace(timings=timings)
    # Last, since this file makes the folder a run.
    write_sealed(folder / "run.json", {"format": RUN_FORMAT, **run.provenance})


def link(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _required(path: Path) -> Path:
    if not path.is_file():
        raise FormatError("this file of the run folder is missing", path=path, remedy=_AGAIN)
    return path


def _load_report(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    report = read_json(path, _AGAIN)
    check_report(report, path, _AGAIN)
    return report


def _load_vectors(path: Path, words: list[str] | Vectors, provenance: dict[str, Any]) -> Vectors:
    tensors = map_tensors(_required(path))
    matrix = tensors.get("vectors")
    size = len(words)
    if matrix is None or matrix.ndim != 2 or len(matrix) != size or matrix.dtype.kind != "f":
        rule = f"the tensor 'vectors' has a row of floats for each of the {size:,} words in vocabulary.txt"
        raise FormatError(rule, path=path, remedy=_AGAIN)
    needed = ("counts",) if path.name == REFINED else ()
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
    row = first_beyond(matrix, _LONGEST)
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
