"""Building an index: texts and their passages as words, vectors of words, vectors of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise

import numpy as np

from selfvec.base.arrays import Floats, Ids, Int8s, Ints, Rows
from selfvec.base.errors import InputError
from selfvec.base.memory import release, return_freed_memory
from selfvec.base.packed_strings import PackedStrings
from selfvec.base.progress import Progress
from selfvec.base.threads import at_once
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.quantization import quantised
from selfvec.text.document_vectors import Smoothing, document_vectors, inverse_document_frequency
from selfvec.text.preprocessing import Preprocessing, encode_texts, mean_rows_by_stem, merge_stems
from selfvec.text.repeats import find_repeats, tokens_by_document
from selfvec.text.rules import stems
from selfvec.text.vocabulary import Vocabulary

from . import clusters
from .clusters import Clusters
from .dense_share import agreement, dense_share
from .dense_space import TABLES, DenseSpace, projected, run_tables
from .documents import GatheredDocuments
from .indexed_documents import IndexedDocuments
from .scoring import Scorer

IndexParts = tuple[Vocabulary, DenseSpace, IndexedDocuments]

# Of smoothing. The hybrid gains from twice the default: where smoothing would harm, the dense share is small.
STRENGTH = 1.0
_UNITS = 1 << 15  # units whose vectors are made at a time


def build_index(
    run: Run,
    found: GatheredDocuments,
    *,
    tables: Sequence[str] = TABLES,
    progress: Progress | None = None,
    seed: int = 0,
) -> IndexParts:
    """The parts of an index of documents, with the vectors of a run; see `selfvec.retrieval.Index.memory`."""
    if not found.texts:
        raise InputError("there is no document to search", remedy="give at least one")
    progress = progress or Progress()

    def texts() -> tuple[Ids, Ids, Vocabulary, TokenBatch, Ints]:
        owners, spans = found.passages()
        return owners, spans, *_vocabulary_and_units(run, found, owners, spans)

    with progress.stage("Counting words", None, "documents"):
        # Topic vectors are compiled sums, texts are cut in Python.
        made, chosen = at_once(texts, partial(_run_vectors, run, tables))
        owners, spans, vocabulary, units, stem_of = made
        bounds = units.offsets[: len(found.texts) + 1]
        documents = TokenBatch(units.ids[: bounds[-1]], bounds, units.types)  # the first units; a view
        return_freed_memory()
        weights = inverse_document_frequency(documents)
        counts = run.vectors.counts if run.vectors.counts is not None else np.zeros(len(stem_of), np.int64)
        rows = projected(_by_stem(chosen, stem_of, counts + 1, len(vocabulary)), documents, weights, seed)
        return_freed_memory()
        space = DenseSpace.of(rows, weights, documents)
    with progress.stage("Relating documents", None, "documents"):
        vectors, by_cluster = _quantised_vectors(units, documents, space, seed)
        if by_cluster is not None:
            number = f"{units.documents:,} documents and passages"
            progress.say(
                f"{number}: meaning is searched in the nearest of {len(by_cluster.centres):,} clusters"
            )
        repeats, _ = find_repeats(documents)
        indexed = IndexedDocuments.build(found, units, owners, spans, vectors, repeats, by_cluster)
        del units, documents
        return_freed_memory()
    with progress.stage("Comparing words and meaning", None, "queries"):
        agreed = agreement(vocabulary, Scorer(indexed, space), found.texts, seed)
    return vocabulary, replace(space, share=dense_share(agreed)), indexed


def _quantised_vectors(
    units: TokenBatch, documents: TokenBatch, space: DenseSpace, seed: int
) -> tuple[tuple[Int8s, Floats], Clusters | None]:
    """The smoothed vectors of U units in int8, (U, d), and their scales, (U,); and clusters of them, if many.

    The first units, the documents, may be neighbours. Only a block of the vectors is in memory as float32.
    Those of a cluster come together.
    """

    def vectors_of(numbers: Ints) -> Rows:
        return document_vectors(units.part(numbers), space.rows, space.weights)

    has_row = np.any(space.rows != 0, axis=1)
    known = tokens_by_document(has_row[documents.ids], documents) > 0
    smoothing = Smoothing.of(known, vectors_of, seed, STRENGTH)
    codes = np.empty((units.documents, space.rows.shape[1]), np.int8)
    scales = np.empty(units.documents, np.float32)
    homes = np.zeros(units.documents, np.int32)
    centres = None
    if smoothing is not None and units.documents >= clusters.FROM:
        centres = clusters.centres_of(smoothing.pool.rows, seed)
    for first in range(0, units.documents, _UNITS):
        part = slice(first, first + _UNITS)
        rows = vectors_of(np.arange(units.documents)[part])
        if smoothing is not None:
            rows = smoothing.smoothed(rows, first, out=rows)
        codes[part], scales[part] = quantised(rows, scale_of_zeros=0)
        if centres is not None:
            homes[part] = np.argmax(rows @ centres.T, axis=1)
    if centres is None:
        return (codes, scales), None
    found = Clusters.of(centres, homes)
    return (codes[found.members], scales[found.members]), found


def _run_vectors(run: Run, tables: Sequence[str]) -> dict[str, Vectors]:
    """The chosen vectors of a run by name; what was derived for this only is not kept with the run."""
    derived = set(run.derived)
    chosen = run_tables(run, tables)
    for name in set(run.derived) - derived:  # as large as the run's vectors
        run.derived.pop(name, None)  # another thread may have removed it
    if run.tokens is not None:
        release(run.tokens.ids)
    return chosen


def _vocabulary_and_units(
    run: Run, found: GatheredDocuments, owners: Ids, spans: Ids
) -> tuple[Vocabulary, TokenBatch, Ints]:
    """The stems of documents and run, all units as these stems, and the stem of each run word, (V,)."""
    preprocessing = Preprocessing.of(run.provenance).by_words
    pieces, bounds = _cut(found.texts, owners, spans)
    merged = merge_stems(encode_texts(pieces, preprocessing, run.vectors), preprocessing)
    words: Sequence[str] = run.vectors.index_to_key
    names = words if preprocessing.stem is None else stems(words, preprocessing.stem)
    vocabulary = Vocabulary(preprocessing, list(dict.fromkeys([*merged.types, *names])))
    stem_of = np.array([vocabulary.index[name] for name in names], np.int64)
    starts, ends = merged.offsets[bounds]
    of_passages = zip(starts[len(found.texts) :].tolist(), ends[len(found.texts) :].tolist(), strict=True)
    ids = np.concatenate([merged.ids, *(merged.ids[a:b] for a, b in of_passages)])  # all are of documents
    offsets = np.concatenate(([0], np.cumsum(ends - starts)))
    return vocabulary, TokenBatch(ids, offsets, vocabulary.types), stem_of


def _cut(texts: PackedStrings, owners: Ids, spans: Ids) -> tuple[PackedStrings, Ints]:
    """The texts of D documents, cut where any of their P passages begins or ends: each is read once.

    And for each document, and then each passage, its first piece and the one after its last, (2, D + P).
    """
    of_documents = np.searchsorted(owners, np.arange(len(texts) + 1))
    documents: list[int] = [0]  # their first pieces
    passages: list[tuple[int, int]] = []

    def pieces() -> Iterator[str]:
        for document, text in enumerate(texts):
            own = spans[of_documents[document] : of_documents[document + 1]].tolist()
            own = [(_word_end(text, start), stop) for start, stop in own]
            places = sorted({0, len(text), *(place for span in own for place in span)})
            number = {place: documents[-1] + i for i, place in enumerate(places)}
            passages.extend((number[start], number[stop]) for start, stop in own)
            documents.append(documents[-1] + max(len(places) - 1, 1))
            yield from (text[a:b] for a, b in pairwise(places)) if text else [""]

    packed = PackedStrings.of(pieces())
    return packed, np.array([*pairwise(documents), *passages], np.int64).reshape(-1, 2).T


def _word_end(text: str, place: int) -> int:
    """Where the word before a place ends. A tokeniser of subwords expects the blanks before a word, too."""
    while place > 0 and text[place - 1].isspace():
        place -= 1
    return place


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
    found = GatheredDocuments.of(texts)
    documents = IndexedDocuments.build(found, batch, no_owners, no_spans, no_vectors, repeats)
    return Vocabulary(preprocessing, batch.types), DenseSpace.words_only(batch), documents
