"""`Scorer`: from a query to a score for every document. Computes BM25, dense and hybrid scores.

    words     BM25 of the words of the query; words that share a stem are one word
    related   BM25 again, with the sixteen words nearest to each word counted in part
    dense     the cosine of the vectors of query and text
    encoder   the same by a sentence encoder, if the run has one: see `selfvec.retrieval.encoder_part`
    signs     what phrases and excluded words of the question add or take away

The hybrid is a weighted mean of the first three, each in standard deviations over all documents:
(1 - m) / 2 · (z(words) + z(related)) + m · z(dense).
The share m belongs to the collection, see `selfvec.retrieval.build`. The encoder's part is added to
that with a weight of its own. The query then moves toward the five best documents (Rocchio, 1971), and the
dense part is computed again, in large collections for the best documents only. A long document scores half
as a whole and half as its best passage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial, reduce
from typing import Literal, get_args

import numpy as np

from selfvec.base.arrays import Floats, Ids, Ints, Mask, Rows
from selfvec.base.errors import OptionError
from selfvec.base.threads import at_once
from selfvec.numerics.rows import top_indices, unit_rows
from selfvec.text.document_vectors import bm25_weight
from selfvec.text.vocabulary import Query

from . import kernels
from .dense_space import DenseSpace, Related
from .documents import TextVectors, sample_of
from .encoder_part import EncodedQuestion
from .segments import SearchedDocuments

Mode = Literal["hybrid", "bm25", "dense"]
MODES: tuple[str, ...] = get_args(Mode)
PARTS = ("words", "related", "dense", "encoder", "signs")  # names in JSON
_ENCODER = 3  # the number of the encoder's part, and how many parts are before it
LARGE = 10_000  # documents; in larger collections, only the best are scored again after feedback
RESCORED = 2_000  # documents that are scored again, about

# See docs/results/search.md for the choice of both.
FEEDBACK = 5  # documents that the query moves toward, by as much as its own length
BEST_PASSAGE = 0.5  # share of the best passage in the score of a long document

ACCENTED = 0.8
"""What a word with accents counts for a question that has it without: exact ones come first."""

_NARROW = 1e-6  # standard deviation of values that are all the same but for rounding
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
    parts: Rows  # (K, U) the first K of `PARTS` but the last for every unit, before scaling
    scales: Rows  # (K,) a part counts ``scale · part - shift`` in the score
    shifts: Rows  # (K,)
    signs: Rows | None = None  # (D,) what phrases and excluded words of the question add to the scores

    def best_documents(self, top: int) -> list[int]:
        """The best documents, best first, ties by number."""
        number = int(np.count_nonzero(self.found))
        scores = self.scores if self.found.all() else np.where(self.found, self.scores, np.float32(-np.inf))
        return top_indices(scores, min(top, number))

    def among(self, passing: Mask) -> Scored:
        """These scores, with no document found but those that pass, (D,)."""
        return replace(self, found=self.found & passing)

    def preferring(self, higher: Floats | None, last: Mask | None) -> Scored:
        """Scores with some documents higher than by these, and others, (D,), behind all the rest.

        ``higher``, (D,), is the share of the question's words that are in phrases which a document has. The
        document is moved up from its score, at least from the mean, by twice this share of the distance
        between the mean and the best document, at most by all of it. So a phrase that is half of a question
        decides, and one word in quotes in a long text hardly counts.
        """
        if higher is None and last is None:
            return self
        # All documents with a phrase first was tried: on CACM and CISI it lost nearly what leaving out the
        # others loses, because plain questions quote a word in passing.
        best = self.scores.max(where=self.found, initial=0)
        signs = np.zeros_like(self.scores)
        found = self.found
        if higher is not None:
            moved = higher > 0
            mean = self.scores.mean(dtype=np.float64)
            signs[moved] = np.maximum(mean - self.scores[moved], 0)  # a phrase of stop words has no score
            signs[moved] += np.minimum(2 * higher[moved], 1) * (best - mean)
            found = found | moved
        if last is not None:
            signs[last] -= 1 + 2 * (best - self.scores.min())  # more than all that the others may differ
        total = signs if self.signs is None else self.signs + signs
        return replace(self, scores=self.scores + signs, found=found, signs=total)


@dataclass(frozen=True, eq=False)
class Scorer:
    """Scores documents for queries."""

    documents: SearchedDocuments
    space: DenseSpace

    @cached_property
    def _saturations(self) -> list[Floats]:
        """BM25's k of the units of each part of the documents."""
        return [saturation(part.lengths, self._mean_length) for part in self.documents.parts]

    @cached_property
    def _mean_length(self) -> np.float32:
        """Tokens of a document, in the mean."""
        documents = len(self.documents)
        return np.float32(max(int(self.documents.lengths[:documents].sum()), 1) / max(documents, 1))

    @cached_property
    def weights(self) -> Floats:
        """BM25's weight of each type, (V,): by the documents as they are, unlike the weights of vectors."""
        return bm25_weight(len(self.documents), self.documents.occurs).astype(np.float32)

    @cached_property
    def _shares(self) -> Rows:
        """Shares of words, related words and the dense part in the hybrid, (3,)."""
        dense = self.space.share
        return np.array([(1 - dense) / 2, (1 - dense) / 2, dense], np.float32)

    def with_words(self, rows: Rows) -> Scorer:
        """A scorer for a question with further words, which no document has, by their rows, (n, d)."""
        later = rows if self.space.later is None else np.vstack([self.space.later, rows])
        made = replace(self, space=self.space.with_later(later))
        none = np.zeros(len(rows), np.int64)
        weights = np.append(self.weights, bm25_weight(len(self.documents), none).astype(np.float32))
        computed = {"_mean_length": self._mean_length, "_saturations": self._saturations, "weights": weights}
        made.__dict__.update(computed)
        return made

    def score(self, query: Query, mode: str = "hybrid", asked: EncodedQuestion | None = None) -> Scored:
        """Score every document; in the hybrid and dense modes also by the question in the encoder's space."""
        check_mode(mode)
        if mode == "dense":
            return self.near(self.space.query_vector(query.types, query.counts), asked)
        if mode == "hybrid":
            query = replace(query, counts=saturated_counts(query.counts))
        else:
            asked = None
        parts = self._no_parts(_ENCODER + 1 if asked else _ENCODER)
        if mode == "bm25":
            self._bm25(query, parts, related=False)
            return self._combined(parts, np.array([1, 0, 0], np.float32))
        hybrid = self._hybrid(query, parts[:_ENCODER])
        return hybrid if asked is None else self._with_encoder(hybrid, parts, asked)

    def _hybrid(self, query: Query, parts: Rows) -> Scored:
        """The hybrid of words, related words and the dense part."""
        vector = self.space.query_vector(query.types, query.counts)

        def dense() -> None:
            parts[2] = self.documents.dense.products(vector)

        works = dense, partial(self._bm25, query, parts, related=True)
        if len(self.documents) < LARGE:  # threads would take longer to begin
            for work in works:
                work()
        else:
            at_once(*works)
        of_documents = parts[:, : len(self.documents)]
        standard = np.array(list(map(_standard, self._shares, of_documents)))
        first = self._combined(parts, self._shares, standard.T)
        moved = self._feedback(vector, first)
        if moved is None:
            return first
        standard[2] = _standard(self._shares[2], self._dense_again(moved, first.scores, parts[2]))
        return self._combined(parts, self._shares, standard.T)

    def _with_encoder(self, hybrid: Scored, parts: Rows, asked: EncodedQuestion) -> Scored:
        """The hybrid and the encoder's part, as wide as the hybrid times its weight."""
        parts[_ENCODER] = self._encoded.products(asked.vector)
        wide = float(hybrid.scores.std(dtype=np.float64))
        share = asked.weight * (wide if wide > _NARROW else 1.0)  # no word of the question is in the index
        of_encoder = _standard(share, parts[_ENCODER, : len(self.documents)])
        standard = np.column_stack([[hybrid.scales, hybrid.shifts], of_encoder])
        return self._combined(parts, np.append(self._shares, np.float32(share)), standard)

    def by_counts(self, counts: Ints) -> Scored:
        """Score every document by how often, (D,), it has one thing, as BM25 does."""
        number = len(self.documents)
        parts = self._no_parts(_ENCODER)
        weight = bm25_weight(number, np.array(np.count_nonzero(counts)))
        parts[0, :number] = (
            weight * counts / (counts + saturation(self.documents.lengths[:number], self._mean_length))
        )
        scored = self._combined(parts, np.array([1, 0, 0], np.float32))
        return replace(scored, scores=parts[0, :number].copy(), best=np.full(number, -1, np.int32))

    def near(self, vector: Rows, asked: EncodedQuestion | None = None) -> Scored:
        """Score every document by its cosine with a unit vector, (d,).

        With a vector in the encoder's space, the score is the mean of both cosines, the latter by its weight.
        """
        cosines = [self.documents.dense.products(vector)]
        if asked is None:
            return self._near(cosines, [1])
        share = asked.weight / (1 + asked.weight)
        return self._near([*cosines, self._encoded.products(asked.vector)], [1 - share, share])

    def near_encoded(self, vector: Rows) -> Scored:
        """Score every document by its product with a vector in the encoder's space alone, (h,)."""
        products = self._encoded.products(vector)
        return self._near([np.zeros_like(products), products], [0, 1])

    @property
    def _encoded(self) -> TextVectors:
        assert self.documents.encoded is not None
        return self.documents.encoded

    def _near(self, cosines: Sequence[Floats], shares: Sequence[float]) -> Scored:
        """Score every document by the dense part, and by the encoder's, (U,) each, by their shares."""
        parts = self._no_parts(2 + len(cosines))
        parts[2:] = cosines
        return self._combined(parts, np.array([0, 0, *shares], np.float32))

    def _no_parts(self, number: int) -> Rows:
        return np.zeros((number, self.documents.units), np.float32)

    def _bm25(self, query: Query, parts: Rows, *, related: bool) -> None:
        """BM25, and BM25 with related words, into the first two parts."""
        types = query.types.tolist()
        written: list[Related] = [
            [(word, 1.0), *((other, ACCENTED) for other in query.alike.get(word, ()))] for word in types
        ]
        if related:
            groups = [dict(same) for same in written]  # what is written otherwise counts as that
            for group, near in zip(groups, self.space.related_to(types), strict=True):
                group |= {other: like for other, like in near if other not in group}
            self._score_groups(query, [list(group.items()) for group in groups], parts[:2])
        if query.alike:
            both = np.empty((2, parts.shape[1]), np.float32)
            self._score_groups(query, written, both)
            parts[0] = both[1]
        elif not related:
            self._score_groups(query, written, parts[:1])

    def _score_groups(self, query: Query, types: Sequence[Related], out: Rows) -> None:
        """BM25 of groups of types, each counted as one word, by the first of each, and by all of each."""
        numbers = np.array([other for group in types for other, _ in group], np.int64)
        likeness = np.array([like for group in types for _, like in group], np.float32)
        bounds = np.cumsum([0, *map(len, types)], dtype=np.int64)
        weights = (self.weights[query.types] * query.counts).astype(np.float32)
        scores = []
        for place, part in enumerate(self.documents.parts):
            local = self.documents.local_types(place, numbers)
            lists = np.stack([part.arrays["starts"][local], part.arrays["starts"][local + 1]], axis=1)
            lists[local < 0] = 0
            postings = part.arrays["units"], part.arrays["counts"], lists
            of_part = out if self.documents.is_one_index else np.empty((len(out), part.units), np.float32)
            kernels.score_postings(*postings, likeness, bounds, weights, self._saturations[place], of_part)
            scores.append(of_part)
        if not self.documents.is_one_index:
            out[:] = self.documents.assembled(scores)

    def _dense_again(self, query: Rows, scores: Rows, out: Rows) -> Rows:
        """Write the products with another query into ``out``, (U,); return those of documents.

        In large collections they are written for the best documents so far, and returned for a sample.
        """
        vectors = self.documents.dense
        if len(scores) < LARGE:
            out[:] = vectors.products(query)
            return out[: len(scores)]
        units = self._with_passages(self._best(scores))
        out[units] = vectors.among(units).products(query)
        return vectors.sample.products(query)

    def _best(self, scores: Floats) -> Ints:
        """About 2,000 documents with the largest scores, (D,)."""
        sampled = scores[sample_of(len(scores))]
        best = min(RESCORED * len(sampled) // len(scores) + 1, len(sampled))
        return np.flatnonzero(scores >= np.partition(sampled, -best)[-best])

    def _with_passages(self, documents: Ints) -> Ints:
        """The units of some documents: themselves and their passages."""
        owners = self.documents.owners
        if not len(owners):
            return documents
        chosen = np.zeros(len(self.documents), bool)
        chosen[documents] = True
        return np.flatnonzero(np.concatenate([chosen, chosen[owners]]))

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
        if len(owners := self.documents.owners):
            kernels.add_best_passages(units[number:], owners, BEST_PASSAGE, scores, best)
        return Scored(scores, found, best, parts, scales, shifts)

    def _feedback(self, query: Rows, first: Scored) -> Rows | None:
        """The query's vector, moved toward those of the best documents; None if nothing was found."""
        best = first.best_documents(FEEDBACK)
        if not best:
            return None
        toward = unit_rows(self.documents.dense.at(np.array(best)).sum(axis=0)[None])[0]
        moved: Rows = unit_rows((query + toward)[None])[0]
        return moved


def _standard(share: float, values: Rows) -> Rows:
    """Scale and shift that turn values into a share of standard deviations, (2,)."""
    # Deviations over all documents, since cosines and BM25 have no common unit. Fusing ranks instead was
    # worse: a rank does not say by how much one document is better than the next.
    exact = values.mean(dtype=np.float64)
    mean, spread = float(exact), float(values.std(dtype=np.float64, mean=exact))
    scaled = (share / spread, share * mean / spread) if spread > _NARROW else (0, 0)
    return np.array(scaled, np.float32)


# ---- BM25: the score of a text by the words of a query, which saturates as a word is repeated
#
#     Σ_w  idf(w) · x / (x + k),      k = k1 · (1 - b + b · length / mean length)
#
# x is the count of the word in the text. With related words, it is the sum of likeness · count over the word
# and the words related to it. The inverse document frequency is `selfvec.text.document_vectors.bm25_weight`.
# The constant factor k1 + 1 of the original is left out, as in Lucene. (S. Robertson and H. Zaragoza, 2009,
# *The Probabilistic Relevance Framework: BM25 and Beyond*.)


K1 = 1.2  # with B, the values of Robertson and of most implementations
B = 0.75
# Of the words of a query in the hybrid, see `saturated_counts`: who repeats a word does not mean it twice as
# much. Counted in full, the repeated words of long questions lose .03 on CACM (docs/results/search.md).
K3 = 2.0


def saturation(lengths: Ids, mean: np.float32) -> Floats:
    """k of each unit, (U,) float32: the count at which a word gives half of its weight.

    ``lengths``, (U,), are in tokens. The ``mean`` length is that of documents, without passages.
    """
    relative = lengths / mean
    relative *= K1 * B  # in place: memory for each step takes longer than the step
    relative += K1 * (1 - B)
    return relative.astype(np.float32)


def saturated_counts(counts: Floats) -> Floats:
    """What words repeated n times in a query count, (T,) float32: (k3 + 1) · n / (k3 + n)."""
    return ((K3 + 1) * counts / (K3 + counts)).astype(np.float32)
