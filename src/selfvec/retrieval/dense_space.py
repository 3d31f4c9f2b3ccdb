"""`DenseSpace`: the vectors of an index's words, and which words are related.

The vector of a word concatenates its rows in the original, refined and topic vectors of a run, rotated to
the axes in which the documents vary most and partly whitened. Words are related if their vectors are near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Halves, Ids, Ints, Rows
from selfvec.base.casing import lower
from selfvec.base.characters import plain
from selfvec.base.errors import OptionError
from selfvec.base.threads import each_block, one_core
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.files.tensors import Forms, Tensor
from selfvec.numerics.ridge import affine, affine_ridge
from selfvec.numerics.rows import sampled, top_indices, unit_in_place, unit_rows
from selfvec.numerics.whitening import axes_of_rows
from selfvec.refinement.derived_vectors import topic_vectors
from selfvec.storage.formats.glosses import COLUMNS, gloss_rows, gloss_words
from selfvec.text.document_vectors import (
    document_frequencies,
    inverse_document_frequency,
    weighted_sums,
)
from selfvec.text.preprocessing import mean_rows_by_stem

TABLES = ("original", "refined", "topics")

# A third to twice of each gives similar results; see docs/results/search.md.
DIMENSIONS = 256  # axes kept of the concatenated vectors
# of whitening: axes are divided by (moment / mean moment + floor) ** exponent
EXPONENT = 0.15
FLOOR = 0.3
RELATED = 16  # words related to a word, at most
LEAST_COSINE = 0.2  # of related words; their weight grows from there as a square
_SAMPLE = 20_000  # documents from which axes are computed
_CANDIDATES = 30_000  # words that may be related to others: the most frequent
_BLOCK = 1024

SPACE: Forms = {
    "rows": Tensor("f2", ("V", "d")),
    "weights": Tensor("f4", ("V",), finite=True),
    "pool": Tensor("i4", ("types of the pool",), 0, "V", step=1),
    "turn": Tensor("f4", ("r", "d")),
    "general": Tensor("f2", (COLUMNS + 1, "d"), finite=True, optional=True),
}
"""What is written of a `DenseSpace`, by the names of its fields."""


class Ramp(NamedTuple):
    """How much a part counts by how far it agrees with another: a line between two bounds."""

    slope: float
    zero_at: float  # where it would be 0
    least: float
    most: float

    def at(self, agreement: float) -> float:
        return float(np.clip(self.slope * (agreement - self.zero_at), self.least, self.most))


Related = list[tuple[int, float]]
"""Types, each with what one of its occurrences counts, 0 to 1."""


@dataclass(frozen=True, eq=False)
class DenseSpace:
    """Vectors of V types, and of those that came later, which have higher numbers."""

    rows: Halves  # (V, d) zeros for a type without a vector
    weights: Rows  # (V,) BM25's inverse document frequencies, when the rows were made
    pool: Ids  # (P,) the types that may be related to others, rising
    turn: Rows  # (r, d) from refined rows to these
    general: Halves | None = None  # (385, d) see `general_map`
    share: float = 0.5  # share of the dense part in the hybrid
    later: Rows | None = None  # (n, d) of types that came later, zeros for a type without a vector
    related: dict[int, Related] = field(default_factory=dict, repr=False)  # of the V types, if asked before

    @classmethod
    def of(cls, rows: Rows, weights: Rows, batch: TokenBatch, turn: Rows) -> DenseSpace:
        """From the vectors of the types, see `projected`, their weights, and the documents as these types.

        Rows are kept in half precision: it changes a cosine by some millionths.
        """
        occurs = document_frequencies(batch)
        pool = np.flatnonzero((occurs >= 2) & np.any(rows, axis=1))
        if len(pool) > _CANDIDATES:
            pool = np.sort(pool[np.argsort(-occurs[pool], kind="stable")[:_CANDIDATES]])
        return cls(rows.astype(np.float16), weights, pool.astype(np.int32), turn)

    @classmethod
    def words_only(cls, batch: TokenBatch) -> DenseSpace:
        """Without vectors: every word is related to itself only."""
        rows = np.zeros((len(batch.types), 1), np.float16)
        return cls(
            rows, inverse_document_frequency(batch), np.zeros(0, np.int32), np.zeros((0, 1), np.float32)
        )

    def with_later(self, rows: Rows) -> DenseSpace:
        """This space with rows of later types, (n, d); what others are related to is not computed again."""
        made = replace(self, later=rows)
        made.__dict__["_pool_rows"] = self._pool_rows
        return made

    def turned(self, refined: Rows) -> Rows:
        """Refined rows of later words, (n, r), as rows of this space, (n, d), as long as those of others."""
        # In float64, so that a row has the same bits whatever others are turned with it.
        turned = (refined.astype(np.float64) @ self.turn.astype(np.float64)).astype(np.float32)
        return unit_in_place(turned) * self._length

    @cached_property
    def _length(self) -> np.float32:
        """The median length of the rows."""
        lengths = np.sqrt(np.einsum("ij,ij->i", self.rows, self.rows, dtype=np.float32))
        return np.float32(np.median(lengths[lengths > 0])) if lengths.any() else np.float32(1)

    def of_types(self, types: Ints) -> tuple[Rows, Rows]:
        """The rows, (n, d), and the weights, (n,), of types. Later ones weigh as much as the rarest."""
        if self.later is None or not len(self.later):
            return self.rows[types].astype(np.float32), self.weights[types]
        is_later = types >= len(self.rows)
        rows = np.empty((len(types), self.rows.shape[1]), np.float32)
        weights = np.full(len(types), self.weights.max(initial=0), np.float32)
        rows[~is_later], weights[~is_later] = self.rows[types[~is_later]], self.weights[types[~is_later]]
        rows[is_later] = self.later[types[is_later] - len(self.rows)]
        return rows, weights

    def query_vector(self, types: Ints, counts: Rows) -> Rows:
        """The unit vector of a query, (d,); zeros if none of its words has a vector."""
        rows, weights = self.of_types(types)
        row: Rows = unit_rows(((counts * weights) @ rows)[None])[0]
        return row

    def related_to(self, types: Sequence[int]) -> list[Related]:
        """Each type and at most 16 related ones, the nearest first, each with what one occurrence counts."""
        memos = [self.related if word < len(self.rows) else self._related_later for word in types]
        new = [word for word, memo in zip(types, memos, strict=True) if word not in memo]
        related = dict(zip(new, self._nearest(new), strict=True))
        return [memo.setdefault(word, related.get(word, [])) for word, memo in zip(types, memos, strict=True)]

    @cached_property
    def _related_later(self) -> dict[int, Related]:
        return {}

    def _nearest(self, types: Sequence[int]) -> Iterator[Related]:
        rows = unit_rows(self.of_types(np.array(types, np.int64))[0])
        cosines = np.empty((len(rows), len(self.pool)), np.float32)
        # The pool is read once for all types, most of the time. A product of both matrices would be as fast,
        # but then the bits of a cosine depend on the number of types.
        for start in range(0, len(self.pool) if types else 0, _BLOCK):
            block = self._pool_rows[start : start + _BLOCK]
            with one_core():  # so that the sums do not depend on the machine
                for row, out in zip(rows, cosines, strict=True):
                    np.dot(block, row, out=out[start : start + _BLOCK])
        for word, near in zip(types, cosines, strict=True):
            near[self.pool == word] = -1
            best = [place for place in top_indices(near, RELATED) if near[place] > LEAST_COSINE]
            above = ((near[best].astype(np.float64) - LEAST_COSINE) / (1 - LEAST_COSINE)) ** 2
            yield [(word, 1.0), *zip(self.pool[best].tolist(), above.tolist(), strict=True)]

    @cached_property
    def _pool_rows(self) -> Rows:
        """The unit vectors of the pool, (P, d)."""
        return unit_in_place(self.rows[self.pool].astype(np.float32))


def run_tables(run: Run, names: Sequence[str] = TABLES) -> dict[str, Vectors]:
    """Vectors of a run by name, in the order of `TABLES`; without topic vectors if the run has none."""
    unknown = [name for name in names if name not in TABLES]
    if unknown or not names:
        what = repr(unknown[0]) if unknown else "none"
        raise OptionError(f"are some of {', '.join(TABLES)}, not {what}", field="tables")
    topics = topic_vectors(run) if "topics" in names else None
    tables = {"original": run.original, "refined": run.vectors, "topics": topics}
    return {name: vectors for name, vectors in tables.items() if name in names and vectors is not None}


def sample_documents(batch: TokenBatch, seed: int) -> TokenBatch:
    """At most 20,000 of the documents, from which axes are computed."""
    if batch.documents <= _SAMPLE:
        return batch
    return batch.part(sampled(np.arange(batch.documents), _SAMPLE, np.random.default_rng(seed)))


def projected(
    makers: list[Callable[[], Rows]], batch: TokenBatch, weights: Rows, seed: int = 0
) -> tuple[Rows, Rows]:
    """Vectors of the types, (V, d): their rows in all vectors, on common axes; and these axes, (D, d).

    Each function of ``makers`` returns the rows of all types and is called twice. Then it is removed from the
    list to free its memory.
    """
    axes = _axes(sample_documents(batch, seed), (make() for make in makers), weights)
    out = np.zeros((len(batch.types), axes.shape[1]), np.float32)
    end = len(axes)
    while makers:
        rows = makers.pop()()
        start = end - rows.shape[1]
        _add_product(out, rows, axes[start:end])
        end = start
    return out, axes


def _add_product(out: Rows, vectors: Rows, axes: Rows) -> None:
    def add(part: slice) -> None:
        out[part] += vectors[part] @ axes

    each_block(len(vectors), add)


def _axes(batch: TokenBatch, vectors: Iterable[Rows], weights: Rows) -> Rows:
    """Axes in which texts, uncentred, vary most, (D, d) float32, one axis per column, whitened in part.

    The floor limits the weight of axes with little variance, which are noise in collections of few documents.
    """
    sums: list[Rows] = []
    for rows in vectors:
        sums.append(weighted_sums(batch, rows, weights))
        del rows  # before the next rows are made
    documents = unit_in_place(np.hstack(sums))
    del sums
    width = min(DIMENSIONS, documents.shape[1])
    values, axes = axes_of_rows(documents.shape, lambda part: documents[part], width)
    values = np.maximum(values, 0)
    lengths = (values / max(values.mean(), 1e-30) + FLOOR) ** -EXPONENT
    return np.ascontiguousarray(axes * lengths, np.float32)


# ---- Rows of words that no document has, so that a question finds what the text says in other words.
# The built-in vectors `glosses` have rows of words by their definitions. What the index makes of such a row
# is a linear map, learned by ridge regression from the words that the text and `glosses` share, when the
# index is built. Only rows of whole words are used: sums of their pieces lost what these gain, as did rows of
# `default` (docs/results/search.md).


def general_map(vectors: Vectors, stem_of: Ints, rows: AnyFloats) -> Halves | None:
    """The map, (385, d), from unit rows of `glosses`, with a 1 at the end, to rows of stems, (V, d).

    ``stem_of``, (n,), are the stems of the words of the vectors. None if `glosses` lack most of the text:
    then it is in another language, in which a word may be written as another one is in English.
    """
    counts = weights_of_words(vectors)
    names = list(map(_name, vectors.index_to_key))
    places = [place for place, name in enumerate(names) if name in gloss_words()]
    if 2 * counts[places].sum() <= counts.sum():
        return None
    used, group = np.unique(stem_of[places], return_inverse=True)
    general = unit_rows(gloss_rows([names[place] for place in places]))
    initial = mean_rows_by_stem(general, group, counts[places], len(used))
    wanted = rows[used].astype(np.float32)
    has_row = np.any(wanted != 0, axis=1)
    return affine_ridge(initial[has_row], wanted[has_row], 1.0).astype(np.float16)


def weights_of_words(vectors: Vectors) -> Ints:
    """What each word weighs in the mean of its stem, (V,): one more than its count."""
    return np.ones(len(vectors), np.int64) if vectors.counts is None else vectors.counts + 1


def with_general_row(words: Sequence[str]) -> list[str]:
    """Those of some words that have a general row."""
    return [word for word in words if _name(word) in gloss_words()]


def general_rows(words: Sequence[str], change: Halves) -> Rows:
    """The rows of such words in the space of an index, (n, d), by its map."""
    return affine(unit_rows(gloss_rows(list(map(_name, words)))), change)


def _name(word: str) -> str:
    return lower(plain(word))
