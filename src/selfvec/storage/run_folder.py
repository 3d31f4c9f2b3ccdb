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
    added-N.parquet        documents that were added while the vectors stayed, and in added-N.safetensors
                           their tokens, over types of their own; see `selfvec.data.live_run`. In
                           added-encoded-N/ the vectors of their texts by the encoder, if the run has one
    deleted-N.safetensors  the numbers of the documents that are gone, by segment
    repeats/               hashes of the repeated passages, if there are any
    counts/                exact co-occurrence counts, if they were made
    encoded/               a sentence encoder's vectors of the texts, if one was given
    history.safetensors    recorded states of the vectors, if kept
    report.json            health
    topics.csv             names that a person gave to topics, with the terms of these

From its second state on a run's files have the number of the state in their names: ``text-2.parquet``; see
`selfvec.storage.run_writer`. A state that differs from the one before in names of topics alone has the
``stamp`` of that, so that whatever was derived from it stays. Large arrays are memory-mapped when a folder is
opened.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Array
from selfvec.base.errors import CorpusError, FormatError, InputError, TargetError
from selfvec.base.versions import RUN_FORMAT
from selfvec.data.live_run import BASE, LiveRun, Part, Segment, segments_of
from selfvec.data.run import Run, TopicName, split_state, state_name
from selfvec.data.run_text import RunText
from selfvec.data.token_batch import TokenBatch
from selfvec.data.trajectory import History
from selfvec.data.vectors import Vectors
from selfvec.files.checksums import identity, read_description, unchanged
from selfvec.files.report_page import save_rows
from selfvec.files.tensors import map_tensors, read_metadata, write_tensors
from selfvec.files.text_files import read_json, read_vocabulary
from selfvec.files.untrusted import decoding

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
TOPICS = "topics.csv"
PARTS = ("counts", "encoded", "repeats")
ADDED = "added.parquet"
ADDED_TOKENS = "added.safetensors"
ADDED_ENCODED = "added-encoded"
DELETED = "deleted.safetensors"
_OF_FOLDER = ("format", "state", "stamp", "files", "sha256")  # in run.json; the rest is how the run was made
_AGAIN = "make the run again"


def is_run(path: str | os.PathLike[str]) -> bool:
    return (Path(path) / PRESENT).is_file()


def refuse_run(path: str | os.PathLike[str]) -> None:
    """Raise `TargetError` if there is a run at a path where something else will be written."""
    if is_run(path):
        rule = "is a run; it is not replaced even with --overwrite"
        raise TargetError(rule, path=path, remedy="choose another name")


def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run folder; see `selfvec.open_run`."""
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
    present = identity(place)
    if present == seen:
        return run
    if present is None:
        raise InputError("is no longer there", path=place.parent, remedy="open the run where it is now")
    now = unchanged(place, lambda: _open(place.parent, run))
    if now.stamp != run.stamp:
        return now
    run.seen, run.topic_names = now.seen, now.topic_names  # only written again, or its topics named
    return run


def stamp_of(described: Mapping[str, Any]) -> str:
    """What tells a state of a run from others; topics that are named do not make it another one."""
    return str(described.get("stamp", described["sha256"]))


def kept_topic_names(folder: Path, described: Mapping[str, Any]) -> list[TopicName]:
    """The names of topics that a state of a run keeps."""
    names = (name for name in described["files"] if split_state(name)[0] == TOPICS)
    return [own for name in names for own in read_names(folder / name)]


def _open(folder: Path, earlier: Run | None = None) -> Run:
    """The run in a folder. What has not changed since an ``earlier`` state of it is not opened again."""
    if not is_run(folder):
        raise not_a_run(folder)
    place = (folder / PRESENT).absolute()  # the working directory may change
    seen = place, identity(place)  # before anything is read: a state that comes meanwhile is another one
    written = read_json(folder / PRESENT, _AGAIN).get("format", "none")
    if written != RUN_FORMAT:  # before the seal, which other formats may lack
        rule = f"the format of the run folder is {written}, this Selfvec reads format {RUN_FORMAT}"
        newer = isinstance(written, int) and written > RUN_FORMAT
        remedy = f"install a newer Selfvec, or {_AGAIN}" if newer else "refine the text again"
        raise FormatError(rule, path=folder / PRESENT, remedy=remedy)
    provenance = read_description(folder / PRESENT, _AGAIN)
    state, stamp = provenance["state"], stamp_of(provenance)
    topic_names = kept_topic_names(folder, provenance)
    for name in _OF_FOLDER:
        provenance.pop(name, None)
    live = provenance.get("live", {})
    if BASE not in live:
        run = _open_base(folder, provenance, state, stamp)
    else:
        base = None if earlier is None else earlier.base
        if base is None or base.stamp != live[BASE]:
            made = {**provenance, "live": live["before"]}
            base = _open_base(folder, made, state, live[BASE])
        run = LiveRun(base, _open_segments(folder, live, base, earlier), provenance, stamp)
    run.seen, run.topic_names = seen, topic_names
    return run


def _open_segments(folder: Path, live: Mapping[str, Any], base: Run, earlier: Run | None) -> list[Part]:
    """The segments of a run, each with the documents that are gone; those of an earlier state are held."""
    held = {}
    if earlier is not None and earlier.base is base:
        held = {part.segment.name: part.segment for part in segments_of(earlier)}
    (first,) = segments_of(base)
    gone = {}
    if live["deleted"] is not None:
        gone = map_tensors(folder / state_name(DELETED, live["deleted"]))
    segments = [first.segment]
    for number in live["segments"]:
        segments.append(held.get(str(number)) or _open_segment(folder, number))
    return [Part(segment, np.array(gone.get(segment.name, ()), np.int64)) for segment in segments]


def _open_segment(folder: Path, number: int) -> Segment:
    path = folder / state_name(ADDED_TOKENS, number)
    described, tensors = read_metadata(path), map_tensors(path)
    with decoding(path, "documents that were added", _AGAIN):
        tokens = partial(_read_tokens, path, json.loads(described["types"]), tensors, described)
        later = Vectors(json.loads(described["later"]), tensors["rows"], normalized=True)
    encoded = folder / state_name(ADDED_ENCODED, number)
    text = RunText(folder / state_name(ADDED, number))
    return Segment(str(number), text, tokens, later, encoded if encoded.is_dir() else None)


def _open_base(folder: Path, provenance: dict[str, Any], state: int, stamp: str) -> Run:
    def file(name: str) -> Path:
        return folder / state_name(name, state)

    words = read_vocabulary(file(VOCABULARY))
    refined = _load_vectors(file(REFINED), words, provenance)
    return Run(
        refined,
        _load_vectors(file(ORIGINAL), refined, provenance),
        _load_history(file(HISTORY)) if file(HISTORY).is_file() else None,
        provenance,
        read_json(file(REPORT), _AGAIN),
        tokens=_tokens_later(file(TOKENS), words) if file(TOKENS).is_file() else None,
        text=RunText(file(TEXT)) if file(TEXT).is_file() else None,
        folder=folder,
        state=state,
        stamp=stamp,
    )


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
    text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _load_vectors(path: Path, words: list[str] | Vectors, provenance: dict[str, Any]) -> Vectors:
    columns = map_tensors(path)
    with decoding(path, "file of vectors of the run", _AGAIN):
        matrix = columns["vectors"]
        if len(matrix) != len(words):  # a file too large to be hashed may be that of another run
            raise ValueError(f"it has {len(matrix):,} rows, the run {len(words):,} words")
        return Vectors(
            words,
            matrix,
            sources=columns.get("sources"),
            counts=columns.get("counts"),
            pieces=columns.get("pieces"),
            provenance=provenance,
            normalized=True,  # rows are written at length 1, so that comparing them needs no second matrix
        )


def _load_history(path: Path) -> History:
    tensors = map_tensors(path)
    with decoding(path, "history of the run", _AGAIN):
        return History(**tensors)


# The corpus as numbers of words, with dates, slices, sentences


def write_tokens(path: Path, batch: TokenBatch, later: Vectors | None = None) -> None:
    """Write the tokens of a run to a new file; of a segment with their types, and with its later words."""
    tensors: dict[str, Array] = {"ids": batch.ids, "offsets": batch.offsets}
    if batch.dates is not None:  # safetensors has no dates
        tensors["days"] = batch.dates.astype("datetime64[D]").astype(np.int64)
    described = {"sentences": str(batch.sentences)}
    if batch.slices is not None:
        tensors["slices"] = batch.slices
        described["slices"] = json.dumps(list(batch.slice_names), ensure_ascii=False)
    if later is not None:
        described["types"] = json.dumps(list(batch.types), ensure_ascii=False)
        described["later"] = json.dumps(later.index_to_key, ensure_ascii=False)
        tensors["rows"] = later.vectors
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
    days = tensors.get("days")
    with decoding(path, "corpus of the run", _AGAIN):
        try:
            return TokenBatch(
                tensors["ids"],
                tensors["offsets"],
                words,
                dates=None if days is None else days.astype("datetime64[D]"),
                sentences=int(described.get("sentences", 0)),
                slices=tensors.get("slices"),
                slice_names=json.loads(described.get("slices", "[]")),
                fingerprints=tensors.get("texts"),
                sentence_counts=tensors.get("sentences"),
            )
        except CorpusError as error:
            raise FormatError(f"does not fit the run: {error}", path=path, remedy=_AGAIN) from None


# The names that a person gave to topics: a table


def read_names(path: str | os.PathLike[str]) -> list[TopicName]:
    """The names in a table of topics: a row for each, with its ``name`` and its ``terms``, between commas."""
    remedy = "give what selfvec text topics RUN --report topics.csv wrote, with other names in it"
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not in UTF-8", path=path, remedy=remedy) from None
    head = text.partition("\n")[0]
    rows = csv.DictReader(text.splitlines(), delimiter="\t" if "\t" in head else ",")
    if not {"name", "terms"} <= set(rows.fieldnames or ()):
        raise InputError("has no columns name and terms", path=path, remedy=remedy)
    out = []
    for row in rows:
        name = " ".join((row["name"] or "").removeprefix("'").split())  # the sign against formulas
        terms = tuple(term.strip() for term in (row["terms"] or "").split(",") if term.strip())
        if name and terms:
            out.append(TopicName(name, terms))
    return out


def write_names(path: Path, names: Sequence[TopicName]) -> None:
    """Write the table to a new file; it can be edited and given back."""
    import polars as pl

    name = pl.Series([own.name for own in names], dtype=pl.String)
    terms = pl.Series([list(own.terms) for own in names], dtype=pl.List(pl.String))
    save_rows(pl.DataFrame({"name": name, "terms": terms}), path)
