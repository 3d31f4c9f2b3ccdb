"""Building an index: texts and their passages as words, vectors of words, vectors of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import Halves, Hashes, Ints, Rows
from selfvec.base.errors import InputError
from selfvec.base.progress import stage
from selfvec.base.threads import at_once
from selfvec.corpus.fingerprints import hashes
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch, places_in
from selfvec.data.vectors import Vectors
from selfvec.encoders.encoded_texts import EncodedTexts, encoded_texts_of
from selfvec.files.memory import PackedStrings, release, return_freed_memory
from selfvec.files.tensors import Forms, Tensor
from selfvec.text.document_vectors import Smoothing, document_vectors, inverse_document_frequency
from selfvec.text.passages import random_span
from selfvec.text.preprocessing import Preprocessing, encode_texts, mean_rows_by_stem, merge_stems
from selfvec.text.repeats import find_repeats, tokens_by_document
from selfvec.text.rules import first_of_stems
from selfvec.text.vocabulary import Vocabulary

from .dense_space import TABLES, DenseSpace, Ramp, general_map, projected, run_tables, weights_of_words
from .documents import (
    NO_PASSAGES,
    GatheredDocuments,
    IndexedDocuments,
    UnitVectors,
    like_units,
    vocabulary_and_units,
)
from .encoder_part import EncoderPart, encoded_units, student_of, weight_of
from .scoring import Scorer
from .segments import IndexedPart, SearchedDocuments

IndexParts = tuple[Vocabulary, DenseSpace, SearchedDocuments, EncoderPart | None, "PoolOfTexts | None"]

# Of smoothing. The hybrid gains from twice the default: where smoothing would harm, the dense share is small.
STRENGTH = 1.0

# A text says at once what it is about, and mentions other things later. So a word counts more if it is said
# there, as in a title (BM25F), but without a title. Vectors do not: in documentation they gain as much,
# but they lose where questions are about details. See docs/results/search.md.
LEAD = (5, 20)  # a word that is among so many first words of a text or passage counts once more each
TIMES = (1 + np.sum(np.arange(LEAD[-1] + 1)[:, None] < LEAD, axis=1)).astype(np.uint16)
"""What each occurrence of a word counts by the place of its first, the last for all later places."""


def build_index(
    run: Run,
    gathered: GatheredDocuments,
    *,
    tables: Sequence[str] = TABLES,
    encoded: EncodedTexts | None = None,
    seed: int = 0,
) -> IndexParts:
    """The parts of an index of documents, with the vectors of a run; see `selfvec.retrieval.Index.memory`."""
    if not gathered.texts:
        raise InputError("there is no document to search", remedy="give at least one")
    encoded = encoded or encoded_texts_of(run)
    student = None if encoded is None or run.text is None else student_of(run)

    with stage("Counting words", None, "documents"):
        # Topic vectors are compiled sums, texts are cut in Python.
        words = partial(vocabulary_and_units, run, gathered)
        (vocabulary, units, stem_of), chosen = at_once(words, partial(_run_vectors, run, tables))
        bounds = units.offsets[: len(gathered.texts) + 1]
        documents = TokenBatch(units.ids[: bounds[-1]], bounds, units.types)  # the first units; a view
        return_freed_memory()
        weights = inverse_document_frequency(documents)
        makers = _by_stem(chosen, stem_of, weights_of_words(run.vectors), len(vocabulary))
        rows, axes = projected(makers, documents, weights, seed)
        return_freed_memory()
        # The axes of the refined rows among those of all tables, which are in the order of `TABLES`.
        first, width = run.original.vector_size if "original" in tables else 0, run.vectors.vector_size
        no_turn = np.zeros((width, axes.shape[1]), np.float32)
        turn = axes[first : first + width] if "refined" in tables else no_turn
        space = DenseSpace.of(rows, weights, documents, turn)
        if encoded is None:  # an encoder knows more of words that the text lacks
            space = replace(space, general=general_map(run.vectors, stem_of, rows))
        del rows
    with stage("Relating documents", None, "documents"):
        vectors, smoothing = _unit_vectors(units, documents, space, seed)
        pool = None if smoothing is None else PoolOfTexts.of(smoothing, gathered.texts)
        repeats, _ = find_repeats(documents)
        encoder, by_encoder = None, None
        if encoded is not None and student is not None:
            encoder = EncoderPart.of(student, units.types, encoded.encoder)
            by_encoder = encoded_units(gathered, units, encoded, student.among(units.types))
        of_units = gathered.passages, vectors, by_encoder
        indexed = SearchedDocuments.whole(IndexedDocuments.build(gathered, units, *of_units, repeats, TIMES))
        del units, documents
        return_freed_memory()
    with stage("Comparing words and meaning", None, "queries"):
        agreed = agreement(vocabulary, Scorer(indexed, space), gathered.texts, seed)
        space = replace(space, share=dense_share(agreed))
        if encoder is not None and agreed is not None and agreed.encoder is not None:
            length = float(indexed.lengths[: len(indexed)].mean())
            encoder = replace(encoder, weight=weight_of(agreed.encoder / (agreed.words or 1), length))
    return vocabulary, space, indexed, encoder, pool


POOL: Forms = {
    "pool of texts": Tensor("f2", ("texts of the pool", "d"), optional=True),
    "keys of the pool": Tensor("u8", ("texts of the pool",), optional=True),
}
"""What is written of a `PoolOfTexts`."""


@dataclass(frozen=True, eq=False)
class PoolOfTexts:
    """The texts toward which the vectors of later ones are moved: those of the index that made the space."""

    rows: Halves  # (P, d) before they were moved themselves
    keys: Hashes  # (P,) of the texts

    @classmethod
    def of(cls, smoothing: Smoothing, texts: PackedStrings) -> PoolOfTexts:
        """Those of a smoothing, by their numbers among texts."""
        return cls(smoothing.pool.rows.astype(np.float16), _keys(texts)[smoothing.numbers])

    @cached_property
    def smoothing(self) -> Smoothing:
        """The smoothing of other texts."""
        return Smoothing.among(self.rows.astype(np.float32), strength=STRENGTH)

    @cached_property
    def _order(self) -> Ints:
        return np.argsort(self.keys, kind="stable")

    def places(self, texts: PackedStrings) -> Ints:
        """Where texts are in the pool, -1 for those that are not."""
        keys = _keys(texts)
        places = places_in(self.keys[self._order], keys)
        return np.where(places < 0, -1, self._order[places])


def _keys(texts: PackedStrings) -> Hashes:
    """A hash of each text, (D,)."""
    return hashes(texts.data, texts.ends[:-1], texts.ends[1:])


def build_like(
    run: Run,  # that the space was made for
    gathered: GatheredDocuments,
    vocabulary: Vocabulary,
    space: DenseSpace,
    pool: PoolOfTexts | None,
    later: Vectors | None,  # words that came since the space was made
    encoded: EncodedTexts | None,  # if the index has a part of an encoder
) -> IndexedPart:
    """Other documents in the space of an index. Types are numbered as in that index, new ones after them."""
    units, new = like_units(gathered, vocabulary, run.vectors)
    refined = np.zeros((len(new), run.vectors.vector_size), np.float32)  # of stems of later words
    if later is not None:  # all of a stem have one row
        number = first_of_stems(later.index_to_key, vocabulary.preprocessing.stem)
        rows = np.array([number.get(name, -1) for name in new], np.int64)
        refined[rows >= 0] = later.unit[rows[rows >= 0]]
    new_rows = space.turned(refined)
    used, ids = np.unique(units.ids, return_inverse=True)
    few = TokenBatch(ids.astype(np.int32), units.offsets, [units.types[i] for i in used.tolist()])
    rows_of_few, weights = replace(space, later=new_rows).of_types(used.astype(np.int64))
    places = np.full(units.documents, -1)  # in the pool
    if pool is not None:
        places[: len(gathered.texts)] = pool.places(gathered.texts)

    def smoothed(numbers: Ints) -> Rows:
        rows = document_vectors(few.part(numbers), rows_of_few, weights)
        return rows if pool is None else pool.smoothing.moved(rows, places[numbers], out=rows)

    vectors = UnitVectors.of(units.documents, len(gathered.texts), smoothed)
    student = None if encoded is None else student_of(run)
    by_encoder = None
    if encoded is not None and student is not None:
        by_encoder = encoded_units(gathered, few, encoded, student.among(few.types))
    of_units = gathered.passages, vectors, by_encoder
    return IndexedPart.whole(IndexedDocuments.build(gathered, units, *of_units, times=TIMES), new, new_rows)


def _unit_vectors(
    units: TokenBatch, documents: TokenBatch, space: DenseSpace, seed: int
) -> tuple[UnitVectors, Smoothing | None]:
    """The smoothed vectors of units, and how. The first ones, the documents, may be neighbours."""

    rows_of_types = space.rows.astype(np.float32)  # as kept, so that later texts get the same vectors

    def vectors_of(numbers: Ints) -> Rows:
        return document_vectors(units.part(numbers), rows_of_types, space.weights)

    has_row = np.any(rows_of_types != 0, axis=1)
    has_vector = tokens_by_document(has_row[documents.ids], documents) > 0
    smoothing = Smoothing.of(
        has_vector, lambda some: vectors_of(some).astype(np.float16).astype(np.float32), seed, STRENGTH
    )

    def smoothed(numbers: Ints) -> Rows:
        rows = vectors_of(numbers)
        return rows if smoothing is None else smoothing.smoothed(rows, int(numbers[0]), out=rows)

    return UnitVectors.of(units.documents, documents.documents, smoothed), smoothing


def _run_vectors(run: Run, tables: Sequence[str]) -> dict[str, Vectors]:
    """The chosen vectors of a run by name; what was derived for this only is not kept with the run."""
    derived = set(run.derived)
    chosen = run_tables(run, tables)
    for name in set(run.derived) - derived:  # as large as the run's vectors
        run.derived.pop(name, None)  # another thread may have removed it
    if run.tokens is not None:
        release(run.tokens.ids)
    return chosen


def _by_stem(
    tables: dict[str, Vectors],
    stem_of: Ints,  # (V,)
    counts: Ints,  # (V,)
    number: int,  # of stems, G
) -> list[Callable[[], Rows]]:
    """Functions that return the rows of all stems, (G, d), for each set of vectors of a run.

    The original and refined vectors are on disk, and their rows are computed whenever they are needed. Topic
    vectors are in memory, and only their rows by stem are kept.
    """

    def means(name: str) -> Rows:
        vectors = tables.pop(name) if name == "topics" else tables[name]
        return mean_rows_by_stem(vectors.unit, stem_of, counts, number)

    return [cache(partial(means, name)) if name == "topics" else partial(means, name) for name in tables]


def build_words_only(texts: Sequence[str], preprocessing: Preprocessing) -> IndexParts:
    """The parts of an index of whole texts that can be searched by words only."""
    batch = merge_stems(encode_texts(texts, preprocessing), preprocessing)
    no_vectors = UnitVectors.of(len(texts), len(texts), lambda some: np.zeros((len(some), 1), np.float32))
    repeats, _ = find_repeats(batch)
    gathered = GatheredDocuments.of(texts)
    documents = IndexedDocuments.build(gathered, batch, NO_PASSAGES, no_vectors, None, repeats)
    indexed = SearchedDocuments.whole(documents)
    return Vocabulary(preprocessing, batch.types), DenseSpace.words_only(batch), indexed, None, None


# ---- The share of the dense part in a collection's hybrid scores, chosen without labels
#
# It grows with the agreement of BM25 and dense. If many documents share a subject, the two agree on half of
# the first documents, and dense adds documents in other words. If every document has its own subject, they
# agree on a third, and the additions of dense are mostly chance. (Agreement of rankings as an estimate of
# their quality: Aslam and Pavlu, 2007.)
#
# At most half, although short answers to everyday questions gain from more: with a share of 0.7, the hybrid
# of a manual was below BM25 alone, since its headings say what its sections say.


# Chosen on collections with and without judgements, each left out in turn; see docs/results/search.md.
SHARE = Ramp(slope=3.0, zero_at=0.35, least=0.1, most=0.5)
"""The share of the dense part by the agreement."""

UNKNOWN = 0.5  # the share if the agreement cannot be measured

QUERIES = 200  # texts that serve as queries, at most
QUERY_WORDS = 200  # of each, at most
NEAREST = 10  # documents of each ranking
FEWEST_QUERIES = 20  # whose mean tells how far two parts agree


class Agreement(NamedTuple):
    """The mean share of documents that the dense part and another both rank among the first ten."""

    words: float  # BM25
    encoder: float | None = None


def dense_share(agreed: Agreement | None) -> float:
    """The share for an `agreement`.

    >>> [round(dense_share(Agreement(words)), 2) for words in (0.3, 0.45, 0.5, 0.8)]
    [0.1, 0.3, 0.45, 0.5]
    """
    return UNKNOWN if agreed is None else SHARE.at(agreed.words)


def agreement(
    vocabulary: Vocabulary, scorer: Scorer, texts: Sequence[str], seed: int = 0
) -> Agreement | None:
    """How often the dense part of a scorer agrees with BM25, and with its encoder's part if it has one.

    The queries are 200 of the texts, or 200 words of a longer text; a text does not count as its own result.
    Shorter queries distinguish collections less well, and sentences depend on punctuation and case. None if
    there are too few texts.
    """
    most = min(NEAREST, len(texts) // NEAREST)
    if not most:
        return None
    rng = np.random.default_rng(seed)
    numbers = rng.permutation(len(texts))[:QUERIES].tolist()
    spans = [random_span(texts[number], QUERY_WORDS, rng, share=1) for number in numbers]
    queries = [texts[number][slice(*span)] for number, span in zip(numbers, spans, strict=True)]
    shared = []
    for number, query in zip(numbers, vocabulary.parse_all(queries), strict=True):
        if len(query.types) < 2:
            continue
        ways = [scorer.score(query, mode) for mode in ("dense", "bm25")]
        if scorer.documents.encoded is not None:
            ways.append(scorer.near_encoded(scorer.documents.encoded.at(np.array([number]))[0]))
        for scored in ways:
            scored.found[number] = False
        dense, *others = (set(scored.best_documents(most)) for scored in ways)
        shared.append([len(dense & other) / most for other in others])
    return Agreement(*np.mean(shared, axis=0).tolist()) if len(shared) >= FEWEST_QUERIES else None
