"""`Rows`: what goes into a store. Passages or words, with fields as columns, and their vectors.

Documents are cut into passages as search cuts them, and each passage is a row. Fields of the documents are
columns, so that stores can filter by them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.search.documents import CUT, Cut, check_cut

if TYPE_CHECKING:
    import polars as pl

    from selfvec.search.documents import GatheredDocuments

__all__ = ["Encode", "Rows", "passage_rows", "word_rows"]

_BLOCK = 4096  # texts encoded at a time

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to vectors: n texts -> (n, d) float32, unit rows, zeros for texts without a known word."""


@dataclass(frozen=True)
class Rows:
    """Rows to be stored; `InputError` if there is none, or not one vector for each."""

    name: str  # passages or words; the name of their table in a store
    table: pl.DataFrame  # n rows: all but the vectors; column names hold letters, digits and _ only
    vectors: NDArray[np.float32]  # (n, d) float32, unit rows or zeros
    language: str | None = None  # code of the language whose stems a full-text index may use
    left_out: Sequence[str] = ()  # fields of the documents that are too long to filter by
    source: str | None = None  # the fingerprint of the run whose encoder made the vectors

    def __post_init__(self) -> None:
        if not len(self.table):
            raise InputError(f"there are no {self.name} to store", remedy="name other documents")
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.table):
            raise InputError(
                f"{len(self.table):,} {self.name} need a vector each, these are {self.vectors.shape}"
            )

    def __len__(self) -> int:
        return len(self.table)

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Which rows have no vector, (n,) bool: none of their words is known."""
        filled: NDArray[np.bool_] = np.any(self.vectors != 0, axis=1)
        return ~filled

    def frame(self) -> pl.DataFrame:
        """The table with a last column ``vector``, a fixed-size list of float32."""
        import polars as pl

        return self.table.with_columns(pl.Series("vector", self.vectors))


def passage_rows(
    run: Run,
    corpus: Sequence[str | os.PathLike[str]] | None = None,
    *,
    encode: Encode | None = None,
    cut: Cut = CUT,
    progress: Progress | None = None,
) -> Rows:
    """The passages of a run's documents, or of others.

    Parameters
    ----------
    run : Run
    corpus : sequence of paths, optional
        Files and folders. By default the run's own documents, read again and compared with their hashes.
    encode : callable, optional
        By default that of `selfvec.search.encoder.Encoder.of`; its vectors are then smoothed
        (`selfvec.text.document_vectors.smooth_by_neighbours`).
    cut : tuple of int
        Words of a passage, and how many of them are repeated from the passage before.
    progress : Progress, optional

    Returns
    -------
    Rows
        Columns ``id`` (the document's, with ``#1``, ``#2``, ... for the passages of a long one),
        ``document``, ``text``, ``date`` (null if unknown), and one per field: whole numbers or floats if
        all its values are, else strings.

    Raises
    ------
    InputError
        If the documents cannot be read, or there are none.
    """
    import polars as pl

    from selfvec.search.documents import gather
    from selfvec.search.encoder import Encoder
    from selfvec.text.document_vectors import smooth_by_neighbours
    from selfvec.text.preprocessing import Preprocessing

    progress = progress or Progress()
    found = replace(gather(run, corpus, progress), cut=check_cut(cut))
    ids, texts, owners = _passages(found)
    table = pl.DataFrame(
        {
            "id": pl.Series(ids, dtype=pl.String),
            "document": pl.Series([found.ids[owner] for owner in owners], dtype=pl.String),
            "text": pl.Series(texts, dtype=pl.String),
            "date": pl.Series(found.days.astype("datetime64[D]")[owners], dtype=pl.Date),
        }
    )
    names = _column_names(list(found.fields), [*table.columns, "vector"])
    columns = [_typed(pl.Series(new, found.fields[old], dtype=pl.String)) for old, new in names.items()]
    table = table.with_columns(column.gather(owners) for column in columns)
    vectors = _encoded(texts, encode or Encoder.of(run).encode, progress)
    if encode is None:
        vectors = smooth_by_neighbours(vectors, len(vectors))
    source = run.fingerprint if encode is None else None
    return Rows("passages", table, vectors, Preprocessing.of(run.provenance).stem, found.left_out, source)


def word_rows(run: Run) -> Rows:
    """The words of a run with their refined vectors, as columns ``word`` and ``count``."""
    import polars as pl

    known = np.flatnonzero(np.any(run.vectors.unit, axis=1))
    words = run.vectors.index_to_key
    table = pl.DataFrame({"word": pl.Series([words[i] for i in known.tolist()], dtype=pl.String)})
    if run.vectors.counts is not None:
        table = table.with_columns(pl.Series("count", run.vectors.counts[known]))
    return Rows("words", table, run.vectors.unit[known])


def _passages(found: GatheredDocuments) -> tuple[list[str], list[str], NDArray[np.int64]]:
    """Ids and texts of all passages, and the number of the document of each."""
    ids: list[str] = []
    texts: list[str] = []
    owners: list[int] = []
    for number, (name, text, spans) in enumerate(zip(found.ids, found.texts, found.spans(), strict=True)):
        ids += [f"{name}#{i}" for i in range(1, len(spans) + 1)] or [name]
        texts += [text[start:end] for start, end in spans] or [text]
        owners += [number] * max(1, len(spans))
    return ids, texts, np.array(owners, np.int64)


def _column_names(fields: Sequence[str], taken: Sequence[str]) -> dict[str, str]:
    """Column names of fields: valid in every store and in SQL, none of them twice.

    >>> _column_names(["state", "Text", "wind speed", "_score"], ["id", "text"])
    {'state': 'state', 'Text': 'Text_', 'wind speed': 'wind_speed', '_score': 'field_score'}
    """
    used = set(taken)
    out = {}
    for field in fields:
        name = re.sub(r"\W", "_", field) or "_"
        name = f"field{name}" if name.startswith("_") else name
        while name.lower() in used:
            name += "_"
        used.add(name.lower())
        out[field] = name
    return out


def _typed(values: pl.Series) -> pl.Series:
    """Strings as numbers if every one is written as a number is; ``007`` and ``1.50`` stay strings."""
    import polars as pl

    whole = values.str.strip_suffix(".0")
    for kind in (pl.Int64, pl.Float64):
        numbers = values.cast(kind, strict=False)
        if numbers.cast(pl.String).str.strip_suffix(".0").eq_missing(whole).all():
            return numbers
    return values


def _encoded(texts: Sequence[str], encode: Encode, progress: Progress) -> NDArray[np.float32]:
    """(n, d) float32."""
    parts = []
    with progress.stage("Encoding", len(texts), "passages") as advance:
        for start in range(0, len(texts), _BLOCK):
            block = texts[start : start + _BLOCK]
            parts.append(np.asarray(encode(block), np.float32))
            advance(len(block))
    return np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)
