"""Building an index: texts and their passages as words, vectors of words, vectors of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.text.document_vectors import document_vectors, smooth_by_neighbours
from selfvec.text.lexicon import Lexicon
from selfvec.text.preprocessing import Preprocessing, encode_texts, mean_rows_by_stem, merge_stems
from selfvec.text.stems import stems

from .dense_share import agreement, dense_share
from .dense_space import TABLES, DenseSpace, run_tables
from .gathered import GatheredDocuments
from .postings import IndexedDocuments
from .scoring import Scorer

__all__ = ["Parts", "build_index", "build_words_only"]

Parts = tuple[Lexicon, DenseSpace, IndexedDocuments]


def build_index(
    run: Run,
    found: GatheredDocuments,
    *,
    tables: Sequence[str] = TABLES,
    progress: Progress | None = None,
    seed: int = 0,
) -> Parts:
    """The parts of an index of documents, with the vectors of a run; see `selfvec.search.Index.memory`."""
    if not found.texts:
        raise InputError("there is no document to search", remedy="give at least one")
    progress, chosen = progress or Progress(), run_tables(run, tables)
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
        rows = [mean_rows_by_stem(t.unit, groups, counts + 1, len(lexicon)) for t in chosen.values()]
        own = batch.part(np.arange(batch.documents) < len(found.texts))
        space = DenseSpace.learn(rows, own, seed)
    with progress.stage("Relating documents", None, "documents"):
        vectors = document_vectors(batch, space.rows, space.weights)
        vectors = smooth_by_neighbours(vectors, len(found.texts), seed)
        documents = IndexedDocuments.build(found, batch, owners, spans, vectors)
    with progress.stage("Comparing words and meaning", None, "sentences"):
        agreed = agreement(lexicon, Scorer(documents, space), found.texts, seed)
    return lexicon, replace(space, share=dense_share(agreed)), documents


def build_words_only(texts: Sequence[str], preprocessing: Preprocessing) -> Parts:
    """The parts of an index of whole texts that can be searched by words only."""
    batch = merge_stems(encode_texts(texts, preprocessing), preprocessing)
    no_passages = np.zeros(0, np.int32), np.zeros((0, 2), np.int32)
    vectors = np.zeros((len(texts), 1), np.float32)
    documents = IndexedDocuments.build(GatheredDocuments.of(texts), batch, *no_passages, vectors)
    return Lexicon(preprocessing, batch.types), DenseSpace.words_only(batch), documents
