"""`StoreRows`: passages for a store, with fields as columns, and their vectors.

Documents are cut into the passages of search, and each passage is a row. Fields of the documents are columns,
so that stores can filter by them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.arrays import Ints, Mask, Rows
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.data.field_types import TEXT, parsed
from selfvec.data.run import Run
from selfvec.retrieval.documents import GatheredDocuments, gather
from selfvec.retrieval.encoder import Encoder
from selfvec.text.document_vectors import smooth_by_neighbours
from selfvec.text.passages import CUT, Cut, check_cut
from selfvec.text.preprocessing import Preprocessing

RUN = "selfvec.run"  # metadatum of a store: the fingerprint of the run whose encoder made the vectors
_BLOCK = 4096  # texts encoded at a time

Encode = Callable[[Sequence[str]], Rows]
"""Texts to vectors: n texts -> (n, d) float32, unit rows, zeros for texts without a known word."""


@dataclass(frozen=True)
class StoreRows:
    """Rows to be stored; raises `InputError` without rows, or unless each row has one vector."""

    table: pl.DataFrame  # n rows without the vectors; column names have only letters, digits and _
    vectors: Rows  # (n, d), unit rows or zeros
    language: str | None = None  # code of the language whose stems a full-text index may use
    notes: Sequence[str] = ()  # what is changed or left out, one sentence each
    about: Mapping[str, str] = field(default_factory=dict)  # metadata of the store

    def __post_init__(self) -> None:
        if not len(self.table):
            raise InputError("there are no passages to store", remedy="use another run")
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.table):
            raise InputError(
                f"{len(self.table):,} passages need a vector each, the shape is {self.vectors.shape}"
            )

    def __len__(self) -> int:
        return len(self.table)

    @property
    def empty(self) -> Mask:
        """True for rows without a vector, because all of their words are unknown, (n,) bool."""
        filled: Mask = np.any(self.vectors != 0, axis=1)
        return ~filled

    def frame(self) -> pl.DataFrame:
        """The table with a last column ``vector``, a fixed-size list of float32."""
        return self.table.with_columns(pl.Series("vector", self.vectors))


def passage_rows(
    run: Run, *, encode: Encode | None = None, cut: Cut = CUT, progress: Progress | None = None
) -> StoreRows:
    """The passages of a run's documents, encoded and, without ``encode``, smoothed by their neighbours.

    The columns are ``id`` (the document's, with ``#1``, ``#2``, ... for the passages of a long one; with
    ``##1`` if that is the id of another document), ``document``, ``text`` (as it is counted, since vectors
    and a store's own index are of it), ``date`` (null if unknown), and one per field:
    numbers, booleans, lists or objects if all its values are, else strings.
    """
    progress = progress or Progress()
    documents = replace(gather(run, progress), cut=check_cut(cut))
    ids, texts, owners = _passages(documents)
    table = pl.DataFrame(
        {
            "id": pl.Series(ids, dtype=pl.String),
            "document": pl.Series([documents.ids[owner] for owner in owners], dtype=pl.String),
            "text": pl.Series(texts, dtype=pl.String),
            "date": pl.Series(documents.days.astype("datetime64[D]")[owners], dtype=pl.Date),
        }
    )
    fields = {}
    for old, new in column_names(list(documents.fields), [*table.columns, "vector"]).items():
        values, kind = pl.Series(new, documents.fields[old], dtype=pl.String), documents.kinds[old]
        fields[old] = typed_column(values) if kind == TEXT else parsed(values, kind)
    table = table.with_columns(column.gather(owners) for column in fields.values())
    about: dict[str, str] = {}
    if encode is None:
        encoder = Encoder.of(run, progress=progress)
        encode, about = encoder.encode, described(run, encoder)
    vectors = np.concatenate([*encoded_blocks(texts, encode, progress)] or [np.zeros((0, 1), np.float32)])
    if about:
        vectors = smooth_by_neighbours(vectors, len(vectors))
    language = Preprocessing.of(run.provenance).stem
    why = dict.fromkeys(documents.left_out, "its values are too long")
    why |= dict.fromkeys(documents.unread, "it has bytes or vectors, or occurs twice")
    notes = [f"the field {name!r} is not a column: {reason}" for name, reason in why.items()]
    return StoreRows(table, vectors, language, [*notes, *_changes(fields)], about)


def described(run: Run, encoder: Encoder) -> dict[str, str]:
    """The metadata of a store: the fingerprint and name of the run, the encoder, and its dimensions."""
    return {
        RUN: run.fingerprint,
        "selfvec.name": "" if run.folder is None else run.folder.absolute().name,
        "selfvec.encoder": encoder.digest,
        "selfvec.dimensions": str(encoder.dimensions),
    }


def _changes(columns: Mapping[str, pl.Series]) -> list[str]:
    notes = [f"the field {old!r} is the column {new.name}" for old, new in columns.items() if old != new.name]
    for name, column in columns.items():
        if column.dtype == pl.String and column.str.contains(r"^[\[{]").any():
            notes.append(f"the field {name!r} is a column of JSON text: its values are of several types")
    return notes


def _passages(documents: GatheredDocuments) -> tuple[list[str], list[str], Ints]:
    ids: list[str] = []
    texts: list[str] = []
    owners: list[int] = []
    taken = set(documents.ids)
    for number, (name, text, spans) in enumerate(
        zip(documents.ids, documents.texts, documents.spans(), strict=True)
    ):
        sign = "#"
        while not taken.isdisjoint(several := [f"{name}{sign}{i}" for i in range(1, len(spans) + 1)]):
            sign += "#"  # a document may be called a#1 itself
        taken.update(several)
        ids += several or [name]
        texts += [text[start:end] for start, end in spans] or [text]
        owners += [number] * max(1, len(spans))
    return ids, texts, np.array(owners, np.int64)


def encoded_blocks(texts: Sequence[str], encode: Encode, progress: Progress, done: int = 0) -> Iterator[Rows]:
    """Vectors of texts, some at a time, from the first on that is not ``done``."""
    with progress.stage("Encoding", len(texts), "passages") as advance:
        advance(done)
        for start in range(done, len(texts), _BLOCK):
            block = np.asarray(encode(texts[start : start + _BLOCK]), np.float32)
            yield block
            advance(len(block))


# ---- Columns


def column_names(fields: Sequence[str], taken: Sequence[str]) -> dict[str, str]:
    """Column names of fields: valid in every store and in SQL, and distinct.

    >>> column_names(["Text", "wind speed", "_score", "2019"], ["id", "text"])
    {'Text': 'Text_', 'wind speed': 'wind_speed', '_score': 'field_score', '2019': 'field_2019'}
    """
    used = set(taken)
    out = {}
    for old in fields:
        name = re.sub(r"\W", "_", old) or "_"
        name = f"_{name}" if name[0].isdigit() else name  # in a condition, 2019 is a number
        name = f"field{name}" if name.startswith("_") else name
        while name.lower() in used:
            name += "_"
        used.add(name.lower())
        out[old] = name
    return out


def typed_column(values: pl.Series) -> pl.Series:
    """Texts as lists or objects, if all of them are JSON of one type; others stay texts."""
    if not values.str.contains(r"^(\[|\{)").fill_null(True).all():
        return values
    try:
        read = _of_one_type(values.name, [None if text is None else json.loads(text) for text in values])
    except (ValueError, RecursionError):
        return values
    return values if read is None else read


def _of_one_type(name: str, values: list[Any]) -> pl.Series | None:
    """JSON values as a column; None if they have several types, or a type that stores do not support."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {list}:
        items = _of_one_type(name, [item for value in values if value is not None for item in value])
        return None if items is None else pl.Series(name, values, dtype=pl.List(items.dtype))
    if kinds == {dict}:
        keys = column_names(list(dict.fromkeys(key for value in values if value for key in value)), [])
        columns = {new: _of_one_type(new, [(v or {}).get(old) for v in values]) for old, new in keys.items()}
        parts = [column for column in columns.values() if column is not None]
        return pl.DataFrame(parts).to_struct(name) if parts and len(parts) == len(columns) else None
    for allowed, dtype in (
        ({bool}, pl.Boolean),
        ({int}, pl.Int64),
        ({int, float}, pl.Float64),
        ({str}, pl.String),
    ):
        if kinds <= allowed:
            wide = any(isinstance(value, int) and abs(value) > 1 << 53 for value in values)
            return None if wide else pl.Series(name, values, dtype=dtype if kinds else pl.String)
    return None
