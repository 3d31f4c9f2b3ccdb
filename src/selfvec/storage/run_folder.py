"""The run folder: what a `Run` is on the disk, and how it is opened.

    run.json               what the run is: inputs with hashes, options, versions, timings; the number of its
                           state, and the files of that state with their checksums
    vocabulary.txt         a word per line, most frequent first; \\n, \\r and \\ are escaped
    vectors.safetensors    the refined vectors, with counts; what the arrays of a run are, `FORMS` says
    original.safetensors   the vectors before refining
    tokens.safetensors     the corpus as ids
    text.parquet           the documents as they were written, see `selfvec.data.run_text`
    added-N.parquet        documents that were added while the vectors stayed, and in added-N.safetensors
                           their tokens, over types of their own; see `selfvec.data.live_run`. In
                           added-encoded-N/ the vectors of their texts by the encoder, if the run has one
    deleted-N.safetensors  the numbers of the documents that are gone, by segment
    repeats/               hashes of the repeated passages, if there are any
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
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.arrays import Array, Ints
from selfvec.base.checks import StrPath
from selfvec.base.declarations import Kind
from selfvec.base.errors import CorpusError, FormatError, InputError, TargetError
from selfvec.base.installed import RUN_FORMAT
from selfvec.data.provenance import schema
from selfvec.data.run import BASE, Part, Run, Segment, TopicName, split_state, state_name
from selfvec.data.run_text import RunText
from selfvec.data.token_batch import TokenBatch
from selfvec.data.trajectory import History
from selfvec.data.vectors import Source, Vectors
from selfvec.files.checksums import identity, read_description, unchanged
from selfvec.files.tensors import (
    Forms,
    Tensor,
    check_tensors,
    days,
    map_tensors,
    read_header,
    read_metadata,
    read_tensors,
    write_tensors,
)
from selfvec.files.text_files import Schema, check, read_json, read_text, read_vocabulary
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
CACHE = "cache"  # what can be made anew
REPORT = "report.json"
TOPICS = "topics.csv"
PARTS = ("encoded", "repeats")
ADDED = "added.parquet"
ADDED_TOKENS = "added.safetensors"
ADDED_ENCODED = "added-encoded"
DELETED = "deleted.safetensors"
_OF_FOLDER = ("format", "state", "stamp", "files", "sha256")  # in run.json; the rest is how the run was made
_AGAIN = "make the run again"

_WHOLE = Kind("Natural").fault
_DESCRIBED: Schema = {
    **schema(),
    ...: ("state", "files"),
    "state": Kind("Count").fault,
    "stamp": Kind("str").fault,
    "live": {
        **dict.fromkeys(("documents", "tokens", "without_vector", "gone", "not_encoded"), _WHOLE),
        BASE: Kind("str").fault,
        "before": {},
        "segments": [Kind("Count").fault],
        "deleted": lambda number: None if number is None else _WHOLE(number),
    },
}
_VECTORS: Forms = {
    "vectors": Tensor("f4", ("V", "d")),
    "counts": Tensor("i8", ("V",), 0, optional=True),  # of refined ones
    "sources": Tensor("u1", ("V",), 0, len(Source)),
    "pieces": Tensor("u1", ("V",), optional=True),  # if some original ones are built from subwords
}
FORMS: Mapping[str, Forms] = {
    REFINED: _VECTORS,
    ORIGINAL: _VECTORS,
    HISTORY: {
        "starts": Tensor("i8", ("V + 1",), ends="R"),
        "updates": Tensor("i8", ("R",), 0),
        "vectors": Tensor("f2", ("R", "d")),
    },
    TOKENS: {  # what ids, offsets and slices may be, `TokenBatch` checks
        "ids": Tensor("i4", ("N",)),
        "offsets": Tensor("i8", ("D + 1",)),
        "days": days("D", optional=True),
        "slices": Tensor("i4", ("D",), optional=True),
        "texts": Tensor("u8", ("D",), optional=True),  # a hash of each
        "sentences": Tensor("i4", ("D",), 0, optional=True),
    },
    ADDED_TOKENS: {"rows": Tensor("f4", ("n", "d"))},  # and those of `TOKENS`
}
"""The arrays of a run, by the names of their files in its first state."""


def is_run(path: StrPath) -> bool:
    return (Path(path) / PRESENT).is_file()


def refuse_run(path: StrPath) -> None:
    """Raise `TargetError` if there is a run at a path where something else will be written."""
    if is_run(path):
        rule = "is a run; it is not replaced even with --overwrite"
        raise TargetError(rule, path=path, remedy="choose another name")


def open_run(path: StrPath) -> Run:
    """Open a run folder; see `selfvec.open_run`."""
    folder = Path(path)
    return unchanged(folder / PRESENT, lambda: _open(folder))


def present_state(run: Run) -> Run:
    """The run that the folder of an opened run holds now: the same one, unless another state replaced it.

    This is the one rule for all that stays open, for a `selfvec.Run` as for servers: it gives what the run is
    now, so nothing of a document that was withdrawn. A run in memory stays as it is. `InputError` or
    `FormatError` if the folder is gone or damaged.
    """
    if run.opened_from is None or not run.stamp:
        return run
    place, before = run.opened_from
    present = identity(place)
    if present == before:
        return run
    if present is None:
        raise InputError("is no longer there", path=place.parent, remedy="open the run where it is now")
    now = unchanged(place, lambda: _open(place.parent, run))
    if now.stamp != run.stamp:
        return now
    # It was only written again, or its topics named.
    run.opened_from, run.topic_names = now.opened_from, now.topic_names
    return run


def stamp_of(described: Mapping[str, Any]) -> str:
    """What tells a state of a run from others; topics that are named do not make it another one."""
    return str(described.get("stamp", described["sha256"]))


def kept_topic_names(folder: Path, described: Mapping[str, Any]) -> list[TopicName]:
    """The names of topics that a state of a run keeps."""
    names = (name for name in described["files"] if split_state(name)[0] == TOPICS)
    return [own for name in names for own in read_names(folder / name)]


class _Files(NamedTuple):
    """The files and folders of a run that its description names: nothing else is read."""

    folder: Path
    names: frozenset[str]

    def find(self, name: str, state: int) -> Path | None:
        """One of them in a state; None if the run has none."""
        own = state_name(name, state)
        return self.folder / own if own in self.names else None

    def get(self, name: str, state: int) -> Path:
        path = self.find(name, state)
        if path is None:
            rule = f"names no {state_name(name, state)}"
            raise FormatError(rule, path=self.folder / PRESENT, remedy=_AGAIN)
        return path


def _open(folder: Path, earlier: Run | None = None) -> Run:
    """The run in a folder. What has not changed since an ``earlier`` state of it is not opened again."""
    if not is_run(folder):
        raise not_a_run(folder)
    place = (folder / PRESENT).absolute()  # the working directory may change
    # Before anything is read: a state that comes meanwhile is another one.
    opened_from = place, identity(place)
    written = read_json(folder / PRESENT, _AGAIN).get("format", "none")
    if written != RUN_FORMAT:  # before the seal, which other formats may lack
        rule = f"the format of the run folder is {written}, this Selfvec reads format {RUN_FORMAT}"
        newer = isinstance(written, int) and written > RUN_FORMAT
        remedy = f"install a newer Selfvec, or {_AGAIN}" if newer else "refine the text again"
        raise FormatError(rule, path=folder / PRESENT, remedy=remedy)
    provenance = read_description(folder / PRESENT, _AGAIN)
    said = {name: value for name, value in provenance.items() if value is not None}
    check(said, _DESCRIBED, folder / PRESENT, _AGAIN)
    files = _Files(folder, frozenset(name.partition("/")[0] for name in provenance["files"]))
    state, stamp = provenance["state"], stamp_of(provenance)
    topic_names = kept_topic_names(folder, provenance)
    for name in _OF_FOLDER:
        provenance.pop(name, None)
    live = provenance.get("live", {})
    with decoding(folder / PRESENT, "description of a run", _AGAIN):
        if BASE not in live:
            run = _open_base(files, provenance, state, stamp)
        else:
            base = None if earlier is None else earlier.fitted_run
            if base is None or base.stamp != live[BASE]:
                made = {**provenance, "live": live["before"]}
                base = _open_base(files, made, state, live[BASE])
            from selfvec.data.live_run import LiveRun

            run = LiveRun(base, _open_segments(files, live, base, earlier), provenance, stamp)
    run.opened_from, run.topic_names = opened_from, topic_names
    return run


def _open_segments(files: _Files, live: Mapping[str, Any], base: Run, earlier: Run | None) -> list[Part]:
    """The segments of a run, each with the documents that are gone; those of an earlier state are held."""
    held = {}
    if earlier is not None and earlier.fitted_run is base:
        held = {part.segment.name: part.segment for part in earlier.segments}
    (first,) = base.segments
    segments = [first.segment]
    for number in live["segments"]:
        segments.append(held.get(str(number)) or _open_segment(files, number, base.vectors))
    gone: Mapping[str, Ints] = {}
    if live["deleted"] is not None:
        sizes = {segment.name: _documents(files, segment, base) for segment in segments}
        forms = {
            name: Tensor("i8", (f"gone of {name}",), 0, size, step=1, optional=True)
            for name, size in sizes.items()
        }
        gone = read_tensors(files.get(DELETED, live["deleted"]), forms, _AGAIN)
    return [Part(segment, np.array(gone.get(segment.name, ()), np.int64)) for segment in segments]


def _documents(files: _Files, segment: Segment, base: Run) -> int:
    """How many documents a segment has; its tokens are not read for that."""
    own = (TOKENS, base.state) if segment.name == BASE else (ADDED_TOKENS, int(segment.name))
    return int(read_header(files.get(*own))[0]["offsets"]["shape"][0]) - 1


def _open_segment(files: _Files, number: int, first: Vectors) -> Segment:
    path, documents = (files.get(name, number) for name in (ADDED_TOKENS, ADDED))
    described, text = read_metadata(path), RunText(documents)
    with decoding(path, "documents that were added", _AGAIN):
        types, names = json.loads(described["types"]), json.loads(described["later"])
        sizes = {"n": len(names), "d": first.vector_size}
        tensors = read_tensors(path, FORMS[ADDED_TOKENS], _AGAIN, **sizes)
        later = Vectors(names, tensors["rows"], normalized=True)
        if not all(word in first.key_to_index or word in later.key_to_index for word in types):
            raise FormatError("holds a row of each word that the run lacks", path=path, remedy=_AGAIN)
    tokens = partial(_read_tokens, path, types, tensors, described, text.__len__)

    return Segment(str(number), text, tokens, later, files.find(ADDED_ENCODED, number))


def _open_base(files: _Files, provenance: dict[str, Any], state: int, stamp: str) -> Run:
    words = read_vocabulary(files.get(VOCABULARY, state))
    refined = _load_vectors(files.get(REFINED, state), words, provenance)
    tokens, text, states = (files.find(name, state) for name in (TOKENS, TEXT, HISTORY))
    history = None if states is None else read_tensors(states, FORMS[HISTORY], _AGAIN, V=len(words))
    # Mapped now, because the folder may be replaced later.
    held = None if tokens is None else (tokens, words, map_tensors(tokens), read_metadata(tokens))
    return Run(
        refined,
        _load_vectors(files.get(ORIGINAL, state), refined, provenance),
        None if history is None else History(*(history[name] for name in FORMS[HISTORY])),
        provenance,
        read_json(files.get(REPORT, state), _AGAIN),
        tokens=held and partial(_read_tokens, *held),
        text=None if text is None else RunText(text),
        folder=files.folder,
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


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _load_vectors(path: Path, words: list[str] | Vectors, provenance: dict[str, Any]) -> Vectors:
    columns = read_tensors(path, _VECTORS, _AGAIN, V=len(words))
    with decoding(path, "file of vectors of the run", _AGAIN):
        return Vectors(
            words,
            columns["vectors"],
            sources=columns.get("sources"),
            counts=columns.get("counts"),
            pieces=columns.get("pieces"),
            provenance=provenance,
            normalized=True,  # rows are written at length 1, so that comparing them needs no second matrix
        )


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


def _read_tokens(
    path: Path,
    words: Sequence[str],
    tensors: dict[str, Array],
    described: dict[str, str],
    documents: Callable[[], int] | None = None,  # that these must be
) -> TokenBatch:
    check_tensors(tensors, FORMS[TOKENS], path, _AGAIN, **({} if documents is None else {"D": documents()}))
    dates = tensors.get("days")
    with decoding(path, "corpus of the run", _AGAIN):
        try:
            return TokenBatch(
                tensors["ids"],
                tensors["offsets"],
                words,
                dates=None if dates is None else dates.astype("datetime64[D]"),
                sentences=int(described.get("sentences", 0)),
                slices=tensors.get("slices"),
                slice_names=json.loads(described.get("slices", "[]")),
                fingerprints=tensors.get("texts"),
                sentence_counts=tensors.get("sentences"),
            )
        except CorpusError as error:
            raise FormatError(f"does not fit the run: {error}", path=path, remedy=_AGAIN) from None


# The names that a person gave to topics: a table


def read_names(path: StrPath) -> list[TopicName]:
    """The names in a table of topics: a row for each, with its ``name`` and its ``terms``, between commas."""
    remedy = "give what selfvec text topics RUN --report topics.csv wrote, with other names in it"
    text = read_text(Path(path))
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

    from selfvec.files.report_page import save_rows

    schema = {"name": pl.String(), "terms": pl.List(pl.String)}
    save_rows(pl.DataFrame([(name, list(terms)) for name, terms in names], schema, orient="row"), path)
