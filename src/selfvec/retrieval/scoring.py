"""`Scorer`: from a query to a score for every document. Computes BM25, dense and hybrid scores.

    words     BM25 of the words of the query; words that share a stem are one word
    related   BM25 again, with the sixteen words nearest to each word counted in part
    dense     the cosine of the vectors of query and text

The hybrid is a weighted mean of the three, each in standard deviations over all documents:
(1 - m) / 2 · (z(words) + z(related)) + m · z(dense). The share m belongs to the collection, see
`selfvec.retrieval.dense_share`. The query then moves toward the five best documents (Rocchio, 1971), and the
dense part is computed again, in large collections for the best documents only. A long document scores half
as a whole and half as its best passage.

`score_rm3` is the strongest classical alternative, a baseline of `selfvec.evaluation.Retrieval`: BM25, whose
query is expanded with words of the best documents by the relevance model of Lavrenko and Croft (2001), mixed
with the query (Abdul-Jaleel et al., 2004), and searched again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce

import numpy as np

from selfvec.base.arrays import AnyInts, Doubles, Floats, Ids, Int8s, Ints, Mask, Rows
from selfvec.base.compiled import read_only
from selfvec.base.errors import OptionError
from selfvec.numerics.rows import top_indices, unit_rows
from selfvec.text.document_vectors import bm25_weight
from selfvec.text.vocabulary import Query

from . import bm25, kernels
from .dense_space import DenseSpace, Related
from .indexed_documents import IndexedDocuments

MODES = ("hybrid", "bm25", "dense")
PARTS = ("words", "related", "dense")  # names in JSON
LARGE = 10_000  # documents; in larger collections, only the best are scored again after feedback
RESCORED = 2_000  # documents that are scored again, about
SAMPLED = 2_500  # documents that say which these are, and how the dense part is spread

# See docs/results/search.md for the choice of both.
FEEDBACK = 5  # documents that the query moves toward, by as much as its own length
BEST_PASSAGE = 0.5  # share of the best passage in the score of a long document

ACCENTED = 0.8
"""What a word with accents counts for a question that has it without: exact ones come first."""

_BLOCK = 1 << 14  # units whose parts stay in the processor's cache


def check_mode(mode: str) -> None:
    """Raise `OptionError` for an unknown mode."""
    if mode not in MODES:
        raise OptionError.one_of(mode, MODES, field="mode")


@dataclass(frozen=True)
class Scored:
    """Scores of D documents for a query."""

    scores: Rows  # (D,)
    found: Mask  # (D,) whether a document matches the query at all
    best: Ids  # (D,) the best passage, -1 for documents without passages
    parts: Rows  # (3, U) each of `PARTS` for every unit, before scaling
    scales: Rows  # (3,) a part counts ``scale · part - shift`` in the score
    shifts: Rows  # (3,)

    def best_documents(self, passing: Mask, top: int) -> list[int]:
        """The best documents that pass, best first, ties by number."""
        return best_documents(self.scores, self.found & passing, top)


@dataclass(frozen=True, eq=False)
class Scorer:
    """Scores documents for queries."""

    documents: IndexedDocuments
    space: DenseSpace

    @cached_property
    def _saturation(self) -> Floats:
        """BM25's k of each unit, (U,)."""
        return bm25.saturation(self.documents.arrays["lengths"], len(self.documents))

    @cached_property
    def _shares(self) -> Rows:
        """Shares of words, related words and the dense part in the hybrid, (3,)."""
        dense = self.space.share
        return np.array([(1 - dense) / 2, (1 - dense) / 2, dense], np.float32)

    def score(self, query: Query, mode: str = "hybrid") -> Scored:
        """Score every document."""
        check_mode(mode)
        if mode == "hybrid":
            query = replace(query, counts=bm25.saturated_counts(query.counts))
        if mode == "dense":
            return self.near(self.space.query_vector(query.types, query.counts))
        parts = self._no_parts()
        self._bm25(query, parts, related=mode == "hybrid")
        if mode == "bm25":
            return self._combined(parts, np.array([1, 0, 0], np.float32))
        vector = self.space.query_vector(query.types, query.counts)
        dense = self._dense_first(vector, parts, mode)
        spread = (*parts[:2, : len(self.documents)], dense)
        standard = np.array([self._standard(k, values) for k, values in enumerate(spread)])
        first = self._combined(parts, self._shares, standard.T)
        moved = self._feedback(vector, first)
        if moved is None:
            return first
        standard[2] = self._standard(2, self._dense_again(moved, first.scores, parts[2]))
        return self._combined(parts, self._shares, standard.T)

    def by_counts(self, counts: Ints) -> Scored:
        """Score every document by how often, (D,), it has one thing, as BM25 does."""
        number = len(self.documents)
        parts = self._no_parts()
        weight = bm25_weight(number, np.array(np.count_nonzero(counts)))
        parts[0, :number] = weight * counts / (counts + self._saturation[:number])
        scored = self._combined(parts, np.array([1, 0, 0], np.float32))
        return replace(scored, scores=parts[0, :number].copy(), best=np.full(number, -1, np.int32))

    def near(self, vector: Rows) -> Scored:
        """Score every document by its cosine with a unit vector, (d,)."""
        parts = self._no_parts()
        self._dense_first(vector, parts, "dense")
        return self._combined(parts, np.array([0, 0, 1], np.float32))

    def _no_parts(self) -> Rows:
        return np.zeros((len(PARTS), self.documents.units), np.float32)

    def _bm25(self, query: Query, parts: Rows, *, related: bool) -> None:
        """BM25, and BM25 with related words, into the first two parts."""
        alike = [[(other, ACCENTED) for other in query.alike.get(own, ())] for own in query.types.tolist()]
        if related or not query.alike:
            near = [self.space.related_to(own) if related else [(own, 1.0)] for own in query.types.tolist()]
            groups = [
                [*own[:1], *same, *(one for one in own[1:] if one[0] not in dict(same))]
                for own, same in zip(near, alike, strict=True)
            ]
            self._score_groups(query, groups, parts[: 1 + related])
        if query.alike:
            own_words = [[(own, 1.0), *same] for own, same in zip(query.types.tolist(), alike, strict=True)]
            both = np.empty((2, parts.shape[1]), np.float32)
            self._score_groups(query, own_words, both)
            parts[0] = both[1]

    def _score_groups(self, query: Query, types: Sequence[Related], out: Rows) -> None:
        """BM25 of groups of types, each counted as one word, by the first of each, and by all of each."""
        numbers = np.array([other for group in types for other, _ in group], np.int64)
        likeness = np.array([like for group in types for _, like in group], np.float32)
        bounds = np.cumsum([0, *map(len, types)], dtype=np.int64)
        arrays = self.documents.arrays
        lists = np.stack([arrays["starts"][numbers], arrays["starts"][numbers + 1]], axis=1)
        weights = (self.space.weights[query.types] * query.counts).astype(np.float32)
        kernels.score_postings(
            arrays["units"], arrays["counts"], lists, likeness, bounds, weights, self._saturation, out
        )

    def _dense(self, query: Rows, units: AnyInts | slice) -> Floats:
        """Products of the vectors of n units with a query, (d,)."""
        arrays = self.documents.arrays
        return _products(query, arrays["vectors"], arrays["scales"], self.documents.rows[units])

    def _dense_of_sample(self, query: Rows) -> Floats:
        """The same for the sample of documents, whose vectors lie together."""
        vectors, scales = self._sample_vectors
        return _products(query, vectors, scales, np.arange(len(scales), dtype=np.int32))

    @cached_property
    def _sample_vectors(self) -> tuple[Int8s, Floats]:
        """Vectors of the sample in int8, (n, d), and their scales, (n,)."""
        rows = self.documents.rows[self._sample]
        vectors, scales = (read_only(self.documents.arrays[name][rows]) for name in ("vectors", "scales"))
        return vectors, scales

    def _dense_first(self, query: Rows, parts: Rows, mode: str) -> Rows:
        """Write the products of the units with a query into the third part, (U,); return those of documents.

        If units are in clusters, they are written for the documents of near clusters and for the best by
        words, and returned for a sample. In the hybrid, others count as the least of the sample.
        """
        number = len(self.documents)
        clusters = self.documents.clusters
        if clusters is None:
            parts[2] = self._dense(query, slice(None))
            return parts[2, :number]
        units = clusters.near(query, mode)
        passages = units[units >= number] - number
        near = [units[units < number], self.documents.arrays["owners"][passages]]
        sampled = self._dense_of_sample(query)
        if mode == "hybrid":
            near.append(self._best(parts[0, :number] + parts[1, :number]))
            parts[2] = sampled.min()
        self._dense_some(query, np.concatenate(near), parts[2])
        return sampled

    def _dense_again(self, query: Rows, scores: Rows, out: Rows) -> Rows:
        """Write the products with another query into ``out``, (U,); return those of documents.

        In large collections they are written for the best documents so far, and returned for a sample.
        """
        if len(scores) < LARGE:
            out[:] = self._dense(query, slice(None))
            return out[: len(scores)]
        self._dense_some(query, self._best(scores), out)
        return self._dense_of_sample(query)

    @cached_property
    def _sample(self) -> Ints:
        """Documents of a large collection that say how values are spread."""
        number = len(self.documents)
        return np.arange(0, number, max(1, number // SAMPLED))

    def _best(self, scores: Floats) -> Ids:
        """About 2,000 documents with the largest scores, (D,)."""
        sampled = scores[self._sample]
        best = min(RESCORED * len(sampled) // len(scores) + 1, len(sampled))
        return np.flatnonzero(scores >= np.partition(sampled, -best)[-best]).astype(np.int32)

    def _dense_some(self, query: Rows, documents: Ids, out: Rows) -> None:
        """Write the products of some documents and their passages into ``out``, (U,)."""
        units: AnyInts = documents
        if len(owners := self.documents.arrays["owners"]):
            chosen = np.zeros(len(self.documents), bool)
            chosen[documents] = True
            units = np.flatnonzero(np.concatenate([chosen, chosen[owners]]))
        out[units] = self._dense(query, units)

    def _standard(self, k: int, values: Rows) -> Rows:
        """Scale and shift that turn the ``k``-th part into its share of standard deviations, (2,)."""
        exact = values.mean(dtype=np.float64)
        mean, spread = float(exact), float(values.std(dtype=np.float64, mean=exact))
        scaled = (self._shares[k] / spread, self._shares[k] * mean / spread) if spread > 1e-6 else (0, 0)
        return np.array(scaled, np.float32)

    def _combined(self, parts: Rows, shares: Rows, standard: Rows | None = None) -> Scored:
        """Scores of documents from the parts of their units; parts without a share are ignored."""
        scales, shifts = np.stack([shares, np.zeros_like(shares)]) if standard is None else standard.copy()
        number = len(self.documents)
        counted = np.flatnonzero(shares).tolist()
        shift = np.float32(shifts.sum())
        units = np.empty(parts.shape[1], np.float32)
        for start in range(0, len(units), _BLOCK):
            block = slice(start, start + _BLOCK)
            weighted = (scales[k] * parts[k, block] for k in counted)
            np.subtract(reduce(np.add, weighted), shift, out=units[block])
        found = np.zeros(number, bool)
        for k in counted:
            found |= parts[k, :number] != 0
        scores = units[:number]
        best = np.full(number, -1, np.int32)
        if len(owners := self.documents.arrays["owners"]):
            kernels.add_best_passages(units[number:], owners, BEST_PASSAGE, scores, best)
        return Scored(scores, found, best, parts, scales, shifts)

    def _feedback(self, query: Rows, first: Scored) -> Rows | None:
        """The query's vector, moved toward those of the best documents; None if nothing was found."""
        best = best_documents(first.scores, first.found, FEEDBACK)
        if not best:
            return None
        toward = unit_rows(self.documents.vectors(np.array(best)).sum(axis=0)[None])[0]
        moved: Rows = unit_rows((query + toward)[None])[0]
        return moved


def best_documents(scores: Floats, allowed: Mask, most: int) -> list[int]:
    """The documents with the highest scores among those allowed, best first, ties by number."""
    number = int(np.count_nonzero(allowed))
    if number < len(scores):
        scores = np.where(allowed, scores, np.float32(-np.inf))
    return top_indices(scores, min(most, number))


def _products(query: Rows, vectors: Int8s, scales: Floats, rows: Ids) -> Floats:
    """Products of n rows of vectors in int8, with their scales, and a query, (d,)."""
    largest = float(np.abs(query).max(initial=0)) or 1.0
    whole = np.rint(query * (32767 / largest)).astype(np.int16)
    products: Floats = kernels.dot_products(vectors, scales, rows, whole, largest / 32767)
    return products


# ---- BM25 with RM3


def score_rm3(
    scorer: Scorer,
    query: Query,
    documents: int = 8,  # the best ones, which are assumed to be relevant
    words: int = 50,  # kept of their relevance model
    own: float = 0.5,  # weight of the query's own words; the model has the rest
) -> Scored:
    """BM25 scores of all documents for the expanded query.

    See docs/results/evaluation.md for the choice of the defaults.
    """
    first = scorer.score(query, "bm25")
    best = np.array(first.best_documents(first.found, documents), np.int64)
    if not len(best):
        return first
    model = relevance_model(scorer.documents, best, first.scores[best], words)
    return scorer.score(expand_query(query, model, own), "bm25")


def relevance_model(
    documents: IndexedDocuments,
    best: Ints,  # (n,) documents
    scores: Floats,  # (n,) BM25
    words: int,
) -> Doubles:
    """Probabilities of the most probable words, (V,), which sum to 1.

    They are the means of count / length over the documents, by exp(score): as a score is a sum over the words
    of the query, its exponential takes the place of the likelihood of the query. Words of equal probability
    are kept in the order of their numbers.
    """
    share = np.zeros(documents.units)
    share[best] = np.exp(scores - scores.max()) / documents.arrays["lengths"][best]
    starts = documents.arrays["starts"]
    units = documents.arrays["units"]
    places = np.flatnonzero(share[units] > 0)
    types = np.searchsorted(starts, places, side="right") - 1
    weights = share[units[places]] * documents.arrays["counts"][places]
    model = np.bincount(types, weights, minlength=len(starts) - 1)
    model[np.argsort(-model, kind="stable")[words:]] = 0
    out: Doubles = model / model.sum()
    return out


def expand_query(query: Query, model: Doubles, own: float) -> Query:
    """A query mixed with a relevance model, (V,); the sum of its counts does not change."""
    mixed = (1 - own) * model
    mixed[query.types] += own * query.counts / query.counts.sum()
    types = np.flatnonzero(mixed)
    return replace(query, types=types, counts=(mixed[types] * query.counts.sum()).astype(np.float32))
