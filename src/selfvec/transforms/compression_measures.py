"""The tasks that compressed vectors are measured on, and the share of the original figure that they keep.

A run is measured on its own text, without labels: ten words in a row, cut out of a document, should find the
rest of it among 2,000 documents, by nDCG@10. If collections or word pairs are named, they are measured
instead. A vectors file alone is measured on the ten nearest words of 500 words, and so is a run whose
documents are too few or too similar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.evaluation.compared_vectors import ComparedVectors, distinct_names
from selfvec.evaluation.retrieval import Retrieval
from selfvec.evaluation.task import Task
from selfvec.evaluation.words import Similarity
from selfvec.numerics.nearest import nearest_rows
from selfvec.numerics.statistics import Estimate, difference, mean
from selfvec.text.document_vectors import SelfRetrieval
from selfvec.text.preprocessing import Preprocessing

_DOCUMENTS = 2000  # drawn for self-retrieval
_LONGEST = 300  # tokens of a document
_QUERY = 10  # tokens of a question
_FEWEST = 20  # documents to measure on
_TOO_ALIKE = 0.05  # nDCG@10 below which documents are not distinguishable
_WORDS = 500  # whose nearest words are compared
_POOL = 20_000  # rows that are searched
_NEAREST = 10


@dataclass(frozen=True)
class Measure:
    """A task, its metric, and a function from vectors to the figure."""

    task: str
    metric: str
    of: Callable[[Vectors], Estimate]


def measures(
    given: Vectors | Run, retrieval: Sequence[Path] = (), similarity: Sequence[Path] = (), seed: int = 0
) -> list[Measure]:
    """The named tasks; without any, the run's own text, or the nearest words of vectors."""
    if retrieval or similarity:
        preprocessing = Preprocessing.of(given.provenance)
        names = distinct_names([*retrieval, *similarity], stem=True)
        tasks: list[Task] = [*map(Retrieval, retrieval), *map(Similarity, similarity)]
        return [_task(name, task, preprocessing, seed) for name, task in zip(names, tasks, strict=True)]
    if not isinstance(given, Run):
        return [_nearest_words(given, seed)]
    found = None if given.tokens is None else _self_retrieval(given.tokens, seed)
    if found is None or found.of(given.vectors).value < _TOO_ALIKE:
        return [_nearest_words(given.vectors, seed)]
    return [found]


def kept(whole: Estimate, part: Estimate) -> tuple[float, float, float]:
    """The share of a figure in percent, and its paired 95 % interval; 100 of a figure up to 0."""
    if whole.value <= 0:
        return 100.0, 100.0, 100.0
    apart = difference(part, whole)
    value, low, high = (100 + 100 * one / whole.value for one in (apart.value, apart.low, apart.high))
    return value, low, high


def _self_retrieval(tokens: TokenBatch, seed: int) -> Measure | None:
    """Ten tokens of a document, or a third of a short one, find the rest; None for too few documents."""
    probe = SelfRetrieval(tokens, _DOCUMENTS, _LONGEST, _QUERY, np.random.default_rng(seed))
    if probe.documents < _FEWEST:
        return None

    def of(vectors: Vectors) -> Estimate:
        ranks = probe.ranks(vectors)
        return mean(np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0.0), seed)

    return Measure(f"self-retrieval, {probe.documents:,} of the run's documents", "ndcg@10", of)


def _task(name: str, task: Task, preprocessing: Preprocessing, seed: int) -> Measure:
    metric = "ndcg@10" if task.kind == "retrieval" else "spearman"

    def of(vectors: Vectors) -> Estimate:
        rows = task.measure([ComparedVectors(name, vectors, preprocessing)], seed)
        return next(row.estimate for row in rows if row.metric == metric)

    return Measure(name, metric, of)


def _nearest_words(whole: Vectors, seed: int) -> Measure:
    """The share of a word's ten nearest words that stay among its ten nearest."""
    pool = whole.unit[:_POOL]
    known = np.flatnonzero(pool.any(axis=1))
    asked = np.sort(np.random.default_rng(seed).permutation(known)[:_WORDS])

    def nearest(vectors: Vectors) -> list[set[int]]:
        rows = vectors.unit[:_POOL]
        found, _ = nearest_rows(rows[asked], rows, asked, _NEAREST)
        return [set(row[row >= 0].tolist()) for row in found]

    before = nearest(whole)

    def of(vectors: Vectors) -> Estimate:
        pairs = zip(before, nearest(vectors), strict=True)
        return mean(np.array([len(a & b) / max(len(a), 1) for a, b in pairs]), seed)

    return Measure(f"ten nearest words of {len(asked):,} words", "kept@10", of)
