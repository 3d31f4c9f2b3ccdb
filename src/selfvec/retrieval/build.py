"""Building an index: texts and their passages as words, vectors of words, vectors of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np

from selfvec.base.arrays import Ids, Ints, Rows
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.base.threads import at_once
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.encoders.encoded_texts import EncodedTexts, encoded_texts_of
from selfvec.files.memory import release, return_freed_memory
from selfvec.numerics.quantization import quantised
from selfvec.text.document_vectors import Smoothing, document_vectors, inverse_document_frequency
from selfvec.text.passages import random_words
from selfvec.text.preprocessing import Preprocessing, encode_texts, mean_rows_by_stem, merge_stems
from selfvec.text.repeats import find_repeats, tokens_by_document
from selfvec.text.vocabulary import Vocabulary

from .dense_space import TABLES, DenseSpace, projected, run_tables
from .documents import GatheredDocuments, IndexedDocuments, UnitVectors, vocabulary_and_units
from .encoder_part import EncoderPart, encoder_part
from .run_student import student_of
from .scoring import Scorer, best_documents

IndexParts = tuple[Vocabulary, DenseSpace, IndexedDocuments, EncoderPart | None]

# Of smoothing. The hybrid gains from twice the default: where smoothing would harm, the dense share is small.
STRENGTH = 1.0


def build_index(
    run: Run,
    gathered: GatheredDocuments,
    *,
    tables: Sequence[str] = TABLES,
    encoded: EncodedTexts | None = None,
    progress: Progress | None = None,
    seed: int = 0,
) -> IndexParts:
    """The parts of an index of documents, with the vectors of a run; see `selfvec.retrieval.Index.memory`."""
    if not gathered.texts:
        raise InputError("there is no document to search", remedy="give at least one")
    progress = progress or Progress()
    encoded = encoded or encoded_texts_of(run)
    student = None if encoded is None or run.text is None else student_of(run, progress)

    def texts() -> tuple[Ids, Ids, Vocabulary, TokenBatch, Ints]:
        owners, spans = gathered.passages()
        return owners, spans, *vocabulary_and_units(run, gathered, owners, spans)

    with progress.stage("Counting words", None, "documents"):
        # Topic vectors are compiled sums, texts are cut in Python.
        made, chosen = at_once(texts, partial(_run_vectors, run, tables))
        owners, spans, vocabulary, units, stem_of = made
        bounds = units.offsets[: len(gathered.texts) + 1]
        documents = TokenBatch(units.ids[: bounds[-1]], bounds, units.types)  # the first units; a view
        return_freed_memory()
        weights = inverse_document_frequency(documents)
        counts = run.vectors.counts if run.vectors.counts is not None else np.zeros(len(stem_of), np.int64)
        rows = projected(_by_stem(chosen, stem_of, counts + 1, len(vocabulary)), documents, weights, seed)
        return_freed_memory()
        space = DenseSpace.of(rows, weights, documents)
    with progress.stage("Relating documents", None, "documents"):
        vectors = _unit_vectors(units, documents, space, seed)
        repeats, _ = find_repeats(documents)
        in_int8 = vectors.codes, vectors.scales
        indexed = IndexedDocuments.build(gathered, units, owners, spans, in_int8, repeats)
        encoder = None
        if encoded is not None and student is not None:
            encoder = encoder_part(gathered, (owners, spans), units, encoded, student)
        del units, documents
        return_freed_memory()
    with progress.stage("Comparing words and meaning", None, "queries"):
        scorer = Scorer(indexed, space, encoder)
        space = replace(space, share=dense_share(agreement(vocabulary, scorer, gathered.texts, seed)))
    return vocabulary, space, indexed, encoder


def _unit_vectors(units: TokenBatch, documents: TokenBatch, space: DenseSpace, seed: int) -> UnitVectors:
    """The smoothed vectors of units. The first ones, the documents, may be neighbours."""

    def vectors_of(numbers: Ints) -> Rows:
        return document_vectors(units.part(numbers), space.rows, space.weights)

    has_row = np.any(space.rows != 0, axis=1)
    has_vector = tokens_by_document(has_row[documents.ids], documents) > 0
    smoothing = Smoothing.of(has_vector, vectors_of, seed, STRENGTH)

    def smoothed(numbers: Ints) -> Rows:
        rows = vectors_of(numbers)
        return rows if smoothing is None else smoothing.smoothed(rows, int(numbers[0]), out=rows)

    return UnitVectors.of(units.documents, documents.documents, smoothed)


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
    no_owners = np.zeros(0, np.int32)
    no_spans = np.zeros((0, 2), np.int32)
    no_vectors = quantised(np.zeros((len(texts), 1), np.float32), scale_of_zeros=0)
    repeats, _ = find_repeats(batch)
    gathered = GatheredDocuments.of(texts)
    documents = IndexedDocuments.build(gathered, batch, no_owners, no_spans, no_vectors, repeats)
    return Vocabulary(preprocessing, batch.types), DenseSpace.words_only(batch), documents, None


# ---- The share of the dense part in a collection's hybrid scores, chosen without labels
#
# It grows with the agreement of BM25 and dense. If many documents share a subject, the two agree on half of
# the first documents, and dense adds documents in other words. If every document has its own subject, they
# agree on a third, and the additions of dense are mostly chance. (Agreement of rankings as an estimate of
# their quality: Aslam and Pavlu, 2007.)


# Chosen on collections with and without judgements, each left out in turn; see docs/results/search.md.
SLOPE = 3.0  # the share grows by 0.3 for 0.1 more agreement
NONE = 0.35  # agreement at which the share would be 0
# of the share
LEAST = 0.1
MOST = 0.7
UNKNOWN = 0.5  # the share if the agreement cannot be measured

QUERIES = 200  # texts that serve as queries, at most
QUERY_WORDS = 200  # of each, at most
NEAREST = 10  # documents of each ranking
FEWEST_QUERIES = 20


def dense_share(agreed: float | None) -> float:
    """The share for an `agreement`.

    >>> [round(dense_share(agreed), 2) for agreed in (0.3, 0.45, 0.5, 0.8, None)]
    [0.1, 0.3, 0.45, 0.7, 0.5]
    """
    return UNKNOWN if agreed is None else float(np.clip(SLOPE * (agreed - NONE), LEAST, MOST))


def agreement(vocabulary: Vocabulary, scorer: Scorer, texts: Sequence[str], seed: int = 0) -> float | None:
    """The mean share of documents that BM25 and dense both rank among the first ten.

    The queries are 200 of the texts, or 200 words of a longer text; a text does not count as its own result.
    Shorter queries distinguish collections less well, and sentences depend on punctuation and case. None if
    there are too few texts.
    """
    most = min(NEAREST, len(texts) // NEAREST)
    if not most:
        return None
    rng = np.random.default_rng(seed)
    numbers = rng.permutation(len(texts))[:QUERIES].tolist()
    queries = [random_words(texts[number], QUERY_WORDS, rng) for number in numbers]
    shared = []
    for number, query in zip(numbers, vocabulary.parse_all(queries), strict=True):
        if len(query.types) < 2:
            continue
        rankings: list[set[int]] = []
        for mode in ("bm25", "dense"):
            scored = scorer.score(query, mode)
            scored.found[number] = False
            rankings.append(set(best_documents(scored.scores, scored.found, most)))
        shared.append(len(rankings[0] & rankings[1]) / most)
    return float(np.mean(shared)) if len(shared) >= FEWEST_QUERIES else None
