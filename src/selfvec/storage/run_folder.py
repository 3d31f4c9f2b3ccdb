"""The run folder: how a `Run` is saved and opened.

    run.json               format number; provenance: inputs with hashes, options, versions, timings;
                           checksums of all files
    vocabulary.txt         a word per line, most frequent first; \\n, \\r and \\ are escaped
    vectors.safetensors    "vectors" (V, d) float32, "counts" (V,) int64, "sources" (V,) uint8
    original.safetensors   "vectors" (V, d) float32, "sources" (V,) uint8, and "pieces" (V,)
                           uint8 if some are composed
    tokens.safetensors     the corpus as ids: "ids" (N,) int32, "offsets" (D + 1,), "days" (D,) int64,
                           "slices" (D,) int32 with their names, "texts" (D,) uint64, a number per
                           text, "sentences" (D,) int32
    unstemmed/             the whole text, if repeated passages, stemming or min_count changed it
    repeats/               hashes of the repeated passages, if there are any
    documents/             hashes of each document's text, id and file
    sums/                  what an update adds to, after the decorrelated update
    counts/                exact co-occurrence counts, if they were made
    history/               recorded states, if kept
    report.json            health

Everything large is memory-mapped when a folder is opened. A folder of another format is refused: making the
run again is cheaper than converting it.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.checksums import check_sizes, write_sealed
from selfvec.base.errors import FormatError, InputError, TargetError
from selfvec.base.files import (
    atomic_folder,
    read_json,
    read_vocabulary,
    restore_folder,
    unchanged,
    write_vocabulary,
)
from selfvec.base.ownership import Kind
from selfvec.base.tensors import map_tensors, read_metadata, write_tensors
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.trajectory import History
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import first_not_finite

__all__ = [
    "ORIGINAL",
    "RUN",
    "RUN_FORMAT",
    "_CHECKS",
    "is_run",
    "open_run",
    "refuse_run",
    "save_run",
    "write_run",
]

RUN = Kind("a run folder", lambda folder: is_run(folder))
RUN_FORMAT = 1
"""The number of the format; raise it when a folder changes so that older code or folders no longer fit."""

REFINED, ORIGINAL = "vectors.safetensors", "original.safetensors"
_TOKENS, _HISTORY, _STATES = "tokens.safetensors", "history", "history.safetensors"
PARTS = ("counts", "unstemmed", "repeats", "documents", "sums")
_CHECKS = ("files", "sha256")  # keys of run.json that describe the folder and not the run
_COLUMNS = {"counts": np.int64().dtype, "sources": np.uint8().dtype, "pieces": np.uint8().dtype}
_MOST = 1 << 46  # occurrences of a word; with epochs they fit 64 bits
_QUICK = 1 << 26  # bytes of a table that is read through when it is opened, which takes 20 ms
_AGAIN = "make the run again"


def is_run(path: str | os.PathLike[str]) -> bool:
    """Whether a path looks like a run folder."""
    return (Path(path) / "run.json").is_file()


def refuse_run(path: str | os.PathLike[str]) -> None:
    """Raise `TargetError` if there is a run at a path to which something else is to be written."""
    if is_run(path):
        rule = "is a run, it is not replaced, even with --overwrite"
        raise TargetError(rule, path=path, remedy="choose another name")


def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run folder; tables are memory-mapped.

    Raises
    ------
    InputError
        If the path is not a run folder.
    FormatError
        If the folder has another format, or a file in it is damaged.
    """
    folder = Path(path)
    restore_folder(folder)
    return unchanged(folder, lambda: _open(folder))


def _open(folder: Path) -> Run:
    if not is_run(folder):
        raise InputError(
            "is not a run folder", path=folder, remedy="make one with: selfvec refine CORPUS -o RUN"
        )
    provenance = read_json(folder / "run.json", _AGAIN)
    found = provenance.pop("format", "none")
    if found != RUN_FORMAT:
        rule = f"the format of the run folder is {found}, this Selfvec reads format {RUN_FORMAT}"
        raise FormatError(rule, path=folder / "run.json", remedy=_AGAIN)
    check_sizes(folder, provenance, _AGAIN)
    epochs = provenance.get("epochs", 1)
    if type(epochs) is not int or not 0 <= epochs < 1 << 17:
        rule = f"epochs are a whole number, not {str(epochs)[:40]!r}"
        raise FormatError(rule, path=folder / "run.json", field="epochs", remedy=_AGAIN)
    for name in _CHECKS:
        provenance.pop(name, None)
    words = read_vocabulary(_required(folder / "vocabulary.txt"))
    tokens, states = folder / _TOKENS, folder / _HISTORY / _STATES
    refined = _load_table(folder / REFINED, words, provenance)
    return Run(
        refined,
        _load_table(folder / ORIGINAL, refined, provenance),
        _load_history(states, len(words)) if states.exists() else None,
        provenance,
        read_json(folder / "report.json", _AGAIN) if (folder / "report.json").exists() else {},
        tokens=_tokens_of(tokens, words) if tokens.is_file() else None,
        folder=folder,
    )


def save_run(run: Run, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a run folder, whole or not at all.

    `TargetError` if there is something at ``path``; with ``overwrite`` a run is replaced, nothing else.
    """
    with atomic_folder(path, overwrite=overwrite, kind=RUN) as folder:
        write_run(run, folder)


def table_tensors(name: str, table: Vectors) -> dict[str, NDArray[Any]]:
    """The content of ``vectors.safetensors`` or ``original.safetensors``; the first holds the counts."""
    counts = table.counts if name == REFINED else None
    columns = {"counts": counts, "sources": table.sources, "pieces": table.pieces}
    return {"vectors": table.vectors} | {name: kept for name, kept in columns.items() if kept is not None}


def write_run(run: Run, folder: Path, written: Mapping[str, Path] | None = None) -> None:
    """Write all files of a run into an existing folder; ``written`` are files of its tables, by name."""
    start = time.perf_counter()
    made = dict(written or {})
    with ThreadPoolExecutor() as pool:
        files: list[Future[Any]] = [
            pool.submit(_link, made[name], folder / name)
            if name in made
            else pool.submit(write_tensors, folder / name, table_tensors(name, table))
            for name, table in ((REFINED, run.vectors), (ORIGINAL, run.original))
        ]
        files.append(pool.submit(write_vocabulary, folder / "vocabulary.txt", run.vectors.index_to_key))
        if run.tokens is not None:
            files.append(pool.submit(_write_tokens, folder / _TOKENS, run.tokens))
        for name in PARTS:
            if name in run.parts:
                files.append(pool.submit(run.parts[name].save, folder / name))
            elif run.folder is not None and (run.folder / name).is_dir():
                files.append(pool.submit(shutil.copytree, run.folder / name, folder / name))
        for file in files:
            file.result()
    if run.history is not None and len(run.history):
        (folder / _HISTORY).mkdir(exist_ok=True)
        write_tensors(folder / _HISTORY / _STATES, vars(run.history))
    text = json.dumps(run.report, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    run.provenance.setdefault("timings", {})["save"] = time.perf_counter() - start
    # Last, since this file makes the folder a run.
    write_sealed(folder / "run.json", {"format": RUN_FORMAT, **run.provenance})


def _link(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _required(path: Path) -> Path:
    if not path.is_file():
        raise FormatError("this file of the run folder is missing", path=path, remedy=_AGAIN)
    return path


def _load_table(path: Path, words: list[str] | Vectors, provenance: dict[str, Any]) -> Vectors:
    tensors = map_tensors(_required(path))
    matrix = tensors.get("vectors")
    if matrix is None or matrix.ndim != 2 or len(matrix) != len(words):
        raise FormatError(
            f"the tensor 'vectors' has a row for each of the {len(words):,} words in vocabulary.txt",
            path=path,
            remedy=_AGAIN,
        )
    for name, dtype in _COLUMNS.items():
        column = tensors.get(name)
        needed = (name, path.name) == ("counts", REFINED)
        if needed if column is None else column.shape != (len(words),) or column.dtype != dtype:
            rule = f"the tensor {name!r} has a {dtype} for each of the {len(words):,} words"
            raise FormatError(rule, path=path, remedy=_AGAIN)
        if column is not None and len(column) and not 0 <= column.min() <= column.max() <= _MOST:
            raise FormatError(f"the tensor {name!r} holds impossible numbers", path=path, remedy=_AGAIN)
    if matrix.nbytes <= _QUICK and (row := first_not_finite(matrix)) is not None:
        rule = f"the vector of {list(words)[row][:40]!r} (row {row + 1}) holds NaN or inf"
        raise FormatError(rule, path=path, remedy=_AGAIN)
    return Vectors(
        words,
        matrix,
        sources=tensors.get("sources"),
        counts=tensors.get("counts"),
        provenance=provenance,
        normalized=True,
        pieces=tensors.get("pieces"),
    )


def _load_history(path: Path, words: int) -> History:
    tensors = map_tensors(path)
    try:
        history = History(**tensors)
        starts, updates, vectors = history.starts, history.updates, history.vectors
        sound = starts.shape == (words + 1,) and updates.shape == vectors.shape[:1] and vectors.ndim == 2
        sound = sound and starts.dtype == updates.dtype == np.int64 and vectors.dtype == np.float16
        sound = sound and starts[0] == 0 and starts[-1] == len(updates) and bool((np.diff(starts) >= 0).all())
    except TypeError:  # other tensors
        sound = False
    if not sound:
        raise FormatError("does not hold the recorded states of each word", path=path, remedy=_AGAIN)
    return history


def _write_tokens(path: Path, batch: TokenBatch) -> None:
    tensors: dict[str, NDArray[Any]] = {"ids": batch.ids, "offsets": batch.offsets}
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


def _tokens_of(path: Path, words: Sequence[str]) -> Callable[[], TokenBatch]:
    """What reads the tokens. The file is mapped now: later another run may have the folder's name."""
    try:
        tensors, described = map_tensors(path), read_metadata(path)
    except FormatError as error:
        return partial(_raise, error)
    return partial(_read_tokens, path, words, tensors, described)


def _raise(error: FormatError) -> TokenBatch:
    raise error


def _read_tokens(
    path: Path, words: Sequence[str], tensors: dict[str, NDArray[Any]], described: dict[str, str]
) -> TokenBatch:
    kept = {name: tensors.get(name, np.zeros(0, np.float32)) for name in ("ids", "offsets")}
    days, slices = tensors.get("days"), tensors.get("slices")
    texts, sentence_counts = tensors.get("texts"), tensors.get("sentences")
    if kept["ids"].dtype != np.int32 or any(t.ndim != 1 for t in tensors.values()):
        raise FormatError("holds the one-dimensional tensors ids and offsets", path=path, remedy=_AGAIN)
    try:
        return TokenBatch(
            kept["ids"],
            kept["offsets"].astype(np.int64, copy=False),
            words,
            dates=None if days is None else days.astype(np.int64).astype("datetime64[D]"),
            sentences=int(described.get("sentences", 0)),
            slices=None if slices is None else slices.astype(np.int32, copy=False),
            slice_names=[str(name) for name in json.loads(described.get("slices", "[]"))],
            fingerprints=None if texts is None else texts.astype(np.uint64, copy=False),
            sentence_counts=None if sentence_counts is None else sentence_counts.astype(np.int32, copy=False),
        )
    except (InputError, ValueError, TypeError) as error:
        raise FormatError(f"does not fit the run: {error}", path=path, remedy=_AGAIN) from None
