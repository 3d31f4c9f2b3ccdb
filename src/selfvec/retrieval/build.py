"""Building an index: texts and their passages as words, vectors of words, vectors of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np

from selfvec.base.arrays import Ints, Rows
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.base.tensors import release, return_freed_memory
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.text.document_vectors import (
    document_vectors,
    inverse_document_frequency,
    smooth_by_neighbours,
)
from selfvec.text.lexicon import Lexicon
from selfvec.text.preprocessing import Preprocessing, encode_texts, mean_rows_by_stem, merge_stems
from selfvec.text.repeats import find_repeats
from selfvec.text.stems import stems

from . import kernels
from .dense_space import TABLES, DenseSpace, projected, run_tables
from .documents import GatheredDocuments, random_words
from .indexed_documents import IndexedDocuments, in_steps
from .scoring import Scorer

__all__ = ["Parts", "agreement", "build_index", "build_words_only", "dense_share"]

Parts = tuple[Lexicon, DenseSpace, IndexedDocuments]

# Of smoothing. The hybrid gains from twice the default: where smoothing would harm, the dense share is small.
STRENGTH = 1.0


def build_index(
    run: Run,
    found: GatheredDocuments,
    *,
    tables: Sequence[str] = TABLES,
    progress: Progress | None = None,
    seed: int = 0,
) -> Parts:
    """The parts of an index of documents, with the vectors of a run; see `selfvec.retrieval.Index.memory`."""
    if not found.texts:
        raise InputError("there is no document to search", remedy="give at least one")
    progress, derived = progress or Progress(), set(run.derived)
    chosen = run_tables(run, tables)
    for name in set(run.derived) - derived:  # as large as the run's vectors, and no longer needed
        del run.derived[name]
    if run.tokens is not None:
        release(run.tokens.ids)
    preprocessing = Preprocessing.of(run.provenance).by_words
    with progress.stage("Counting words", None, "documents"):
        owners, spans = found.passages()
        parts = [found.texts[d][a:b] for d, (a, b) in zip(owners.tolist(), spans.tolist(), strict=True)]
        merged = merge_stems(encode_texts([*found.texts, *parts], preprocessing, run.vectors), preprocessing)
        words: Sequence[str] = run.vectors.index_to_key
        names = words if preprocessing.stem is None else stems(words, preprocessing.stem)
        lexicon = Lexicon(preprocessing, list(dict.fromkeys([*merged.types, *names])))
        batch = TokenBatch(merged.ids, merged.offsets, lexicon.types)
        groups = np.array([lexicon.index[name] for name in names], np.int64)
        counts = run.vectors.counts if run.vectors.counts is not None else np.zeros(len(words), np.int64)

        bounds = batch.offsets[: len(found.texts) + 1]
        own = TokenBatch(batch.ids[: bounds[-1]], bounds, batch.types)
        return_freed_memory()
        weights = inverse_document_frequency(own)
        vectors = projected(_by_stem(chosen, groups, counts + 1, len(lexicon)), own, weights, seed)
        return_freed_memory()
        space = DenseSpace.of(vectors, weights, own)
    with progress.stage("Relating documents", None, "documents"):
        vectors = document_vectors(batch, space.rows, space.weights)
        vectors = smooth_by_neighbours(vectors, len(found.texts), seed, STRENGTH, in_place=True)
        steps = in_steps(vectors)
        del vectors
        repeats, _ = find_repeats(own)
        documents = IndexedDocuments.build(found, batch, owners, spans, steps, repeats)
        del batch, merged, own
        return_freed_memory()
    with progress.stage("Comparing words and meaning", None, "queries"):
        agreed = agreement(lexicon, Scorer(documents, space), found.texts, seed)
    return lexicon, replace(space, share=dense_share(agreed)), documents


def _by_stem(tables: dict[str, Vectors], groups: Ints, counts: Ints, stems: int) -> list[Callable[[], Rows]]:
    """Functions that return the rows of all stems, (G, d), for each set of vectors of a run.

    The original and refined vectors are on disk, and their rows are computed whenever they are needed. Topic
    vectors are in memory, and only their rows by stem are kept.
    """

    def means(name: str) -> Rows:
        table = tables.pop(name) if name == "topics" else tables[name]
        return mean_rows_by_stem(table.unit, groups, counts, stems)

    return [cache(partial(means, name)) if name == "topics" else partial(means, name) for name in tables]


def build_words_only(texts: Sequence[str], preprocessing: Preprocessing) -> Parts:
    """The parts of an index of whole texts that can be searched by words only."""
    batch = merge_stems(encode_texts(texts, preprocessing), preprocessing)
    no_passages = np.zeros(0, np.int32), np.zeros((0, 2), np.int32)
    vectors = in_steps(np.zeros((len(texts), 1), np.float32))
    repeats, _ = find_repeats(batch)
    documents = IndexedDocuments.build(GatheredDocuments.of(texts), batch, *no_passages, vectors, repeats)
    return Lexicon(preprocessing, batch.types), DenseSpace.words_only(batch), documents


# ---- The share of the dense part in hybrid scores

QUERIES, WORDS = 200, 200  # texts, and words of each at most
NEAREST, FEWEST = 10, 20  # documents of each ranking; queries needed

# Chosen on collections with and without judgements, each left out in turn; see docs/results/search.md.
SLOPE, NONE = 3.0, 0.35  # the share grows by 0.3 for 0.1 more agreement, from 0 at 0.35
LEAST, MOST, UNKNOWN = 0.1, 0.7, 0.5


def dense_share(agreed: float | None) -> float:
    """The share of the dense part in a collection's hybrid scores, chosen without labels.

    It grows with the agreement of BM25 and dense. If many documents share a subject, the two agree
    on half of the first documents, and dense adds documents in other words. If every document has its own
    subject, they agree on a third, and the additions of dense are mostly chance. (Agreement of rankings as
    an estimate of their quality: Aslam and Pavlu, 2007.)

    >>> [round(dense_share(agreed), 2) for agreed in (0.3, 0.45, 0.5, 0.8, None)]
    [0.1, 0.3, 0.45, 0.7, 0.5]
    """
    return UNKNOWN if agreed is None else float(np.clip(SLOPE * (agreed - NONE), LEAST, MOST))


def agreement(lexicon: Lexicon, scorer: Scorer, texts: Sequence[str], seed: int = 0) -> float | None:
    """The mean share of documents that BM25 and dense both rank among the first ten.

    The queries are 200 of the texts, or 200 words of a longer text; a text does not count as its own result.
    Shorter queries distinguish collections less well, and sentences depend on punctuation and case. None if
    there are too few texts.
    """
    most = min(NEAREST, len(texts) // NEAREST)
    rng = np.random.default_rng(seed)
    numbers = rng.permutation(len(texts))[:QUERIES].tolist()
    queries = [random_words(texts[number], WORDS, rng) for number in numbers]
    values = []
    for number, query in zip(numbers, lexicon.parse_all(queries), strict=True):
        if len(query.types) < 2:
            continue
        first: list[set[int]] = []
        for mode in ("bm25", "dense"):
            one = scorer.score(query, mode)
            one.found[number] = False
            first.append(set(kernels.best_documents(one.scores, one.found, max(most, 1)).tolist()))
        values.append(len(first[0] & first[1]) / max(most, 1))
    return float(np.mean(values)) if most and len(values) >= FEWEST else None
