"""What an index knows of meaning, learned once from a run and the documents, and then fixed.

A type's row lies in one space of a run's tables side by side: original (what the world knows), refined and
topics (what the corpus says), turned to the axes in which the documents vary most. Texts are idf-weighted
sums of rows; the types nearest to a type are those related to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import FormatError
from selfvec.base.threads import by_blocks, one_core
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows
from selfvec.refine.topic_vectors import topic_vectors
from selfvec.text.document_kernels import document_frequencies, nearest_columns
from selfvec.text.document_vectors import document_vectors, inverse_document_frequency
from selfvec.text.lexicon import Lexicon
from selfvec.text.preprocessing import mean_rows_by_stem

from .segment import NARROW

__all__ = ["Space", "run_tables"]

_AGAIN = "remove the index folder, it is made again at the next search"

# Chosen on MED, Cranfield and CACM, where a third to twice of each is alike; see docs/search.md.
DIMENSIONS = 256  # axes kept of the tables side by side
RELATED = 16  # types related to a type, at most
LEAST = 0.2  # cosine from which they are; what they count grows from there as a square
_SAMPLE = 20_000  # documents that tell the axes, and among which a text's nearest are sought
_WORDS = 30_000  # types that others may be related to, the most frequent
_BLOCK = 1024

Rows = NDArray[np.float32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Space:
    """The meaning of V types, of an index made with D documents.

    Parameters
    ----------
    rows : (V, d) float32
        Zeros for a type without a vector.
    weights : (V,) float32
        Inverse document frequencies when the index was made.
    related : (V, 16) int32
        Types by falling likeness, -1 where there are no more.
    likeness : (V, 16) float32
        What one occurrence of a related type counts, 0 to 1.
    pool : (P, d) float32
        Documents by which others are smoothed.
    share : float
        Of meaning in the hybrid.
    """

    rows: Rows
    weights: Rows
    related: NDArray[np.int32]
    likeness: Rows
    pool: Rows
    share: float = 0.5

    @classmethod
    def learn(cls, tables: Sequence[Rows], batch: TokenBatch, seed: int = 0) -> tuple[Space, Numbers]:
        """From tables of the types, (V, d) each, and the documents in the same types.

        Returns
        -------
        space : Space
        members : (D,) int64
            The place of each document in the pool, -1 where it has none.
        """
        weights = inverse_document_frequency(batch)
        chosen = np.ones(batch.documents, bool)
        if batch.documents > _SAMPLE:
            chosen[:] = False
            chosen[np.random.default_rng(seed).choice(batch.documents, _SAMPLE, replace=False)] = True
        sample = batch.part(chosen)
        wide = np.hstack(tables)
        rows = np.ascontiguousarray(wide @ _axes(sample, wide, weights))
        pool = document_vectors(sample, rows, weights)
        filled: NDArray[np.bool_] = np.any(pool != 0, axis=1)
        members = np.full(batch.documents, -1, np.int64)
        members[np.flatnonzero(chosen)[filled]] = np.arange(np.count_nonzero(filled))
        return cls(rows, weights, *_relations(rows, batch), pool[filled]), members

    @classmethod
    def empty(cls) -> Space:
        """Of no types: words mean themselves only."""
        rows, weights = np.zeros((0, 1), np.float32), np.zeros(0, np.float32)
        return cls(rows, weights, np.zeros((0, RELATED), np.int32), np.zeros((0, RELATED), np.float32), rows)

    @classmethod
    def of(cls, tensors: Mapping[str, NDArray[Any]], path: Any) -> Space:
        """What `tensors` gave.

        Raises
        ------
        FormatError
            If they do not fit each other.
        """
        names = ("rows", "weights", "related", "likeness", "pool", "share")
        if any(name not in tensors for name in names):
            raise FormatError(f"holds the tensors {', '.join(names)}", path=path, remedy=_AGAIN)
        rows, weights, related, likeness, pool, share = found = [tensors[name] for name in names]
        number, width = len(rows), rows.shape[-1]
        shapes = [(number, width), (number,), (number, RELATED), (number, RELATED), (len(pool), width), (1,)]
        kinds = [np.float32, np.float32, np.int32, np.float32, np.float32, np.float32]
        for tensor, shape, kind in zip(found, shapes, kinds, strict=True):
            if tensor.shape != shape or tensor.dtype != kind:
                raise FormatError("its tensors do not fit each other", path=path, remedy=_AGAIN)
        if number and not -1 <= related.min() <= related.max() < number:
            raise FormatError("related types are types", path=path, remedy=_AGAIN)
        if not 0 <= share[0] <= 1:
            raise FormatError("a share is from 0 to 1", path=path, remedy=_AGAIN)
        return cls(rows, weights, related, likeness, pool, float(share[0]))

    @property
    def tensors(self) -> dict[str, NDArray[Any]]:
        """To be written."""
        return {
            "rows": self.rows,
            "weights": self.weights,
            "related": self.related,
            "likeness": self.likeness,
            "pool": self.pool,
            "share": np.array([self.share], np.float32),
        }

    def vectors(self, batch: TokenBatch) -> Rows:
        """Texts as unit rows, (D, d) float32; types that came later say nothing."""
        if len(batch.types) > len(self.rows):
            known = batch.ids < len(self.rows)
            ends = np.concatenate(([0], np.cumsum(known)))[batch.offsets].astype(np.int64)
            batch = TokenBatch(batch.ids[known], ends, batch.types[: len(self.rows)])
        return document_vectors(batch, self.rows, self.weights)

    def asked(self, types: NDArray[np.int64], counts: Rows) -> Rows:
        """A question's unit vector, (d,)."""
        inside = types < len(self.rows)
        types = types[inside]
        total = (counts[inside] * self.weights[types]) @ self.rows[types]
        row: Rows = unit_rows(total[None])[0]
        return row


def _axes(batch: TokenBatch, wide: Rows, weights: Rows) -> Rows:
    """Axes in which texts, uncentred, vary most, a column each, (D, d) float32."""
    moments = np.zeros((wide.shape[1],) * 2)
    with one_core():
        for start in range(0, batch.documents, _BLOCK):
            offsets = batch.offsets[start : start + _BLOCK + 1]
            ids = batch.ids[offsets[0] : offsets[-1]]
            part = document_vectors(TokenBatch(ids, offsets - offsets[0], batch.types), wide, weights)
            moments += part.T @ part
        _, axes = np.linalg.eigh(moments)
    return np.ascontiguousarray(axes[:, ::-1][:, :DIMENSIONS], np.float32)


def _relations(rows: Rows, batch: TokenBatch) -> tuple[NDArray[np.int32], Rows]:
    """The types related to each, and what one of their occurrences counts."""
    narrow = unit_rows(rows[:, :NARROW])
    occurs = document_frequencies(batch.ids, batch.offsets, len(batch.types))
    pool = np.flatnonzero((occurs >= 2) & np.any(narrow != 0, axis=1))
    if len(pool) > _WORDS:  # rare ones seldom meet a document
        pool = np.sort(pool[np.argsort(-occurs[pool], kind="stable")[:_WORDS]])
    place = np.full(len(rows), -1, np.int64)
    place[pool] = np.arange(len(pool))
    related = np.full((len(rows), RELATED), -1, np.int32)
    cosines = np.zeros((len(rows), RELATED), np.float32)
    others = np.ascontiguousarray(narrow[pool].T)

    def work(block: slice) -> None:
        for start in range(block.start, block.stop, _BLOCK):
            part = slice(start, min(start + _BLOCK, block.stop))
            related[part], cosines[part] = nearest_columns(narrow[part] @ others, place[part], RELATED, LEAST)

    for _ in by_blocks(len(rows), work):
        pass
    found = related >= 0
    related[found] = pool[related[found]]
    return related, (np.maximum(cosines - np.float32(LEAST), 0) / np.float32(1 - LEAST)) ** 2


def run_tables(run: Run, lexicon: Lexicon) -> list[Rows]:
    """Rows of the lexicon's types in a run's tables: original, refined, and topics where there are any.

    A type stands for words of one stem: its row is their mean direction, by their counts in the run. The
    lexicon takes in the run's words.
    """
    keys, preprocessing = run.vectors.index_to_key, lexicon.preprocessing
    if preprocessing.stem is not None:
        from selfvec.text.stems import stems

        numbers = lexicon.numbers(stems(keys, preprocessing.stem))
    else:
        numbers = lexicon.numbers(keys)
    counts = run.vectors.counts if run.vectors.counts is not None else np.zeros(len(keys), np.int64)
    tables = [run.original.unit, run.vectors.unit]
    topics = topic_vectors(run)
    if topics is not None:
        tables.append(topics.unit)
    return [mean_rows_by_stem(table, numbers, counts + 1, len(lexicon)) for table in tables]
