"""Vectors of texts from vectors of words: the mean weighted by inverse document frequency; a test of them.

A text is tokenised like the corpus of the word vectors, words that share a stem are merged, and each word is
weighted by its `inverse_document_frequency`. With several word vectors the means are concatenated. Last, each
text moves toward the mean of similar texts (`smooth_by_neighbours`). Runs that whiten have an encoder, whose
rows learn from the texts (`selfvec.retrieval.encoder`).

Self-retrieval tests vectors on a text without labels: words in a row, cut out of a document, should find the
rest of it. `transforms.compress` measures by it what small vectors keep, and `selfvec.retrieval` cuts the
questions by which it compares encoders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Doubles, Ids, Ints, Mask, Rows
from selfvec.base.threads import finish, in_order
from selfvec.data.token_batch import TokenBatch, bounds_of, places_in
from selfvec.data.vectors import Vectors
from selfvec.numerics.nearest import Pool
from selfvec.numerics.rows import add_rows, ranks_among, sampled, unit_in_place, unit_rows

from . import kernels
from .passages import random_window
from .preprocessing import Preprocessing, encode_texts, mean_rows_by_stem, merge_stems, stem_groups

# More smoothing helps questions with many answers and harms those with one: `benchmarks.quality.smoothing`.
NEIGHBOURS = 10  # similar texts
STRENGTH = 0.5  # weight of their mean
_POOL = 20_000  # texts searched for neighbours, at most, so that the cost stays linear
_BLOCK = 1024
_TEXTS = 256  # that a thread adds up at a time


def document_frequencies(batch: TokenBatch, documents: int | None = None) -> Ints:
    """The number of documents, by default of all, or of the first ones, in which each type occurs, (V,)."""
    total = batch.documents if documents is None else documents
    ids, offsets = batch.read_only
    return kernels.document_frequencies(ids, offsets[: total + 1], len(batch.types))


class WordDocuments(NamedTuple):
    """The documents of each of n words: those of word i are from ``bounds[i]`` to ``bounds[i + 1]``."""

    documents: Ints  # in rising order for each word
    counts: Ints  # how often the word occurs there
    bounds: Ints  # (n + 1,)

    def of(self, word: int) -> Ints:
        """The documents of a word."""
        return self.documents[self.bounds[word] : self.bounds[word + 1]]

    def shared(self, word: int) -> Ints:
        """How many of the documents of a word each word is in, (n,)."""
        number = np.diff(self.bounds)
        met = np.isin(self.documents, self.of(word))
        return np.bincount(np.repeat(np.arange(len(number)), number)[met], minlength=len(number))


def word_documents(tokens: Ints | Ids, offsets: Ints, words: int) -> WordDocuments:
    """The documents of the words 0 to ``words - 1`` in a text of ``tokens``; other tokens are negative."""
    documents = len(offsets) - 1
    there = np.flatnonzero(tokens >= 0)
    if 4 * len(there) < len(tokens):  # few occurrences are looked up faster than all documents are written
        of = np.searchsorted(offsets, there, side="right") - 1
    else:
        of = np.repeat(np.arange(documents), np.diff(offsets))[there]
    pairs, counts = np.unique(tokens[there].astype(np.int64) * documents + of, return_counts=True)
    bounds = np.searchsorted(pairs, np.arange(words + 1) * documents)
    return WordDocuments(pairs % max(documents, 1), counts, bounds)


def documents_of_words(batch: TokenBatch, rows: Ints) -> WordDocuments:
    """The documents of some types."""
    places = places_among(batch, rows).astype(np.int32)
    return word_documents(places[batch.ids], batch.offsets, len(rows))


def places_among(batch: TokenBatch, rows: Ints) -> Ints:
    """The place of each type among some rows, (V,); -1 for others."""
    place = np.full(len(batch.types), -1, np.int64)
    place[rows] = np.arange(len(rows))
    return place


def inverse_document_frequency(batch: TokenBatch, documents: int | None = None) -> Rows:
    """BM25's weight of each type, log(1 + (D − df + ½) / (df + ½)), (V,) float32.

    It is positive for every word. D is the first ``documents`` documents, by default all.
    """
    total = batch.documents if documents is None else documents
    occurs = document_frequencies(batch, total)
    return bm25_weight(total, occurs).astype(np.float32)


def bm25_weight(documents: float, occurs: NDArray[np.number]) -> Doubles:
    """BM25's inverse document frequency of words that occur in ``occurs`` of so many documents."""
    weight: Doubles = np.log1p((documents - occurs + 0.5) / (occurs + 0.5))
    return weight


def document_vectors(
    batch: TokenBatch,
    rows: Rows,  # (V, d) float32, zeros for a type without a vector
    weights: Rows,  # (V,) float32
) -> Rows:
    """Weighted means of word vectors, (D, d) float32: unit rows, zeros if no word has a vector."""
    return unit_in_place(weighted_sums(batch, rows, weights))


def weighted_sums(batch: TokenBatch, rows: Rows, weights: Rows) -> Rows:
    """Weighted sums of word vectors, (D, d) float32; see `document_vectors`."""
    out = np.zeros((batch.documents, rows.shape[1]), np.float32)
    rows = np.ascontiguousarray(rows)
    ids, offsets = batch.read_only

    def add(first: int) -> None:
        ends = offsets[first : first + _TEXTS + 1]
        add_rows(ids, ends, rows, weights, out[first : first + _TEXTS])

    finish(in_order(range(0, batch.documents, _TEXTS), add))
    return out


def embed(
    texts: Sequence[str],  # D texts
    tables: Sequence[Vectors],  # their document vectors are concatenated, d numbers in all
    preprocessing: Preprocessing,
    collection: int | None = None,  # number of texts for document frequencies and neighbours; all by default
    *,
    questions: bool = False,  # texts after the collection are questions and are not smoothed
    strength: float = STRENGTH,  # of smoothing, 0 for none
) -> tuple[Rows, float]:
    """Document vectors, (D, d) float32 unit rows or zeros, and the share of known tokens.

    A token is known if its word has a vector in the first of ``tables``.
    """
    count = len(texts) if collection is None else collection
    words = encode_texts(texts, preprocessing, tables[0])
    merged = merge_stems(words, preprocessing)
    groups = stem_groups(words, merged)
    weights = inverse_document_frequency(merged, count)
    counts = np.bincount(words.ids[: words.offsets[count]], minlength=len(words.types)) + 1
    parts: list[Rows] = []
    covered = 0.0
    for table in tables:
        rows, _ = table.lookup(words.types)
        if not parts:
            covered = _known_share(words, rows)
        means = mean_rows_by_stem(unit_rows(rows), groups, counts, len(merged.types))
        parts.append(document_vectors(merged, means, weights))
    out = unit_rows(np.hstack(parts))
    smoothed = count if questions else len(out)
    out[:smoothed] = smooth_by_neighbours(out[:smoothed], count, strength=strength)
    return out, covered


def known_share(texts: Sequence[str], table: Vectors, preprocessing: Preprocessing) -> float:
    """The share of the tokens of texts whose words have a vector; stop words do not count."""
    words = encode_texts(texts, preprocessing, table)
    return _known_share(words, table.lookup(words.types)[0])


def _known_share(words: TokenBatch, rows: Rows) -> float:
    return float(words.counts[np.any(rows != 0, axis=1)].sum() / len(words)) if len(words) else 0.0


def smooth_by_neighbours(
    rows: Rows,  # (D, d) float32 unit rows or zeros; zeros stay
    collection: int,  # first rows that may be neighbours; of more than 20,000, a sample
    strength: float = STRENGTH,  # weight of the mean of the neighbours
) -> Rows:
    """Move each text toward the mean of its most similar texts: unit(x + strength · mean of the ten nearest).

    Texts about one subject use different words, and the mean of similar texts covers more of them (Liu and
    Croft, 2004). The mean is not scaled to unit length: the more similar the ten texts are, the longer it is
    and the further the text moves. At most a tenth of the collection are neighbours, so fewer than ten texts
    stay unchanged. A text is not its own neighbour.
    """
    filled = np.any(rows[:collection], axis=1)
    smoothing = Smoothing.of(filled, rows.__getitem__, strength=strength)
    return rows if smoothing is None else smoothing.smoothed(rows)


@dataclass(frozen=True, eq=False)
class Smoothing:
    """What `smooth_by_neighbours` does to some texts at a time: a pool of texts that may be neighbours."""

    numbers: Ints  # (P,) of the texts of the pool, rising
    pool: Pool  # their rows
    nearest: int  # neighbours of a text
    strength: float

    @classmethod
    def of(
        cls,
        filled: Mask,  # (C,) texts of the collection that have a vector
        rows_of: Callable[[Ints], Rows],  # their rows, (P, d), by their numbers
        seed: int = 0,
        strength: float = STRENGTH,
    ) -> Smoothing | None:
        """None if nothing is to be smoothed."""
        numbers = sampled(np.flatnonzero(filled), _POOL, np.random.default_rng(seed))
        nearest = min(NEIGHBOURS, len(numbers) // 10)
        if nearest < 1 or not strength:
            return None
        return cls(numbers, Pool(rows_of(numbers), seed), nearest, strength)

    @classmethod
    def among(cls, rows: Rows, strength: float) -> Smoothing:
        """The smoothing of texts toward those of a pool that was chosen before, (P, d) unit rows."""
        return cls(np.arange(len(rows)), Pool(rows), min(NEIGHBOURS, len(rows) // 10), strength)

    def smoothed(self, rows: Rows, first: int = 0, out: Rows | None = None) -> Rows:
        """The texts ``first``, ``first`` + 1, …, (n, d) unit rows or zeros, smoothed; written to ``out``."""
        texts = np.arange(first, first + len(rows))
        return self.moved(rows, places_in(self.numbers, texts), out)

    def moved(self, rows: Rows, places: Ints, out: Rows | None = None) -> Rows:
        """Texts, (n, d) unit rows or zeros, smoothed; ``places`` in the pool are their own, -1 for none.

        A text is not its own neighbour.
        """
        near, _ = self.pool.nearest(rows, places, self.nearest)
        near.sort(axis=1)  # a fixed order of summation
        out = np.empty_like(rows) if out is None else out
        for start in range(0, len(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            sums = np.where((near[part] >= 0)[:, :, None], self.pool.rows[near[part]], 0).sum(axis=1)
            sums[~rows[part].any(axis=1)] = 0
            out[part] = rows[part] + np.float32(self.strength / self.nearest) * sums
        return unit_in_place(out)


# Self-retrieval


class SelfRetrieval:
    """Questions cut out of documents, and the rests of these documents."""

    def __init__(
        self,
        tokens: TokenBatch,
        documents: int,  # to draw, at most
        longest: int,  # tokens of a document that are used
        question: int,  # tokens of a question; of a short document, a third of it
        rng: np.random.Generator,
    ) -> None:
        rests: list[Ids] = []
        questions: list[Ids] = []
        for document in rng.permutation(tokens.documents).tolist():
            ids = tokens.ids[tokens.offsets[document] : tokens.offsets[document + 1]][:longest]
            start, end = random_window(len(ids), min(question, len(ids) // 3), rng)
            if end:
                questions.append(ids[start:end])
                rests.append(np.concatenate([ids[:start], ids[end:]]))
            if len(rests) == documents:
                break
        self.documents = len(rests)
        parts = [*rests, *questions]
        offsets = bounds_of([*map(len, parts)])
        self._batch = TokenBatch(np.concatenate(parts or [tokens.ids[:0]]), offsets, tokens.types)
        self._weights = inverse_document_frequency(self._batch, self.documents)

    def ranks(self, vectors: Vectors) -> Doubles:
        """The rank of the rest of its document for each question, by cosine, (Q,), from 1."""
        rows = document_vectors(self._batch, vectors.unit, self._weights)
        cosines = rows[self.documents :] @ rows[: self.documents].T
        return ranks_among(cosines, np.diag(cosines))
