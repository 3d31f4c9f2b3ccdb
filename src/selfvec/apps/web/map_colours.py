"""The colours of a map: a name, its values, and the value of each point, -1 for none.

A word has its nearest topic, the size of its change, and the part of the text that it is typical of. A
document has its topic, its part of the text and its fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from selfvec.analysis.concepts import Topics
from selfvec.base.arrays import Array, Ints
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.retrieval.indexed_documents import IndexedDocuments

from .ranking import Ranking

__all__ = ["document_colours", "text_parts", "word_colours"]

_VALUES = 9  # most frequent values of a field, which have a colour
_RESIDUAL = 2.0  # standard deviations from which a word is typical of a part of the text

Colour = dict[str, Any]
Parts = Mapping[str, Sequence[Slice]]  # parts of the text by the name of a colour


def word_colours(
    run: Run, words: Ints, topics: Topics | None, parts: Parts, ranking: Ranking
) -> list[Colour]:
    """The colours of words: topic, change, and the part of the text that they are typical of."""
    found = []
    if topics is not None:
        found.append(_colour("topic", [row.name for row in topics.topics], topics.labels[words]))
    found.append(_changes(len(run.vectors), words, ranking))
    for name, slices in parts.items():
        codes = _typical(slice_counts(run.require_tokens(), slices))[words]
        found.append(_colour(name, [part.name for part in slices], codes, name == "date"))
    return found


def document_colours(
    numbers: Ints,  # of the documents in the index
    topics: Topics | None,
    parts: Parts,
    total: int,  # documents in the index
) -> list[Colour]:
    """The colours of documents: topic, part of the text, and fields."""
    found = []
    if topics is not None and len(topics.of_documents) == total:
        found.append(_colour("topic", [row.name for row in topics.topics], topics.of_documents[numbers]))
    for name, slices in parts.items():
        codes = np.full(total, -1)
        for code, part in enumerate(slices):
            codes[part.documents] = code
        found.append(_colour(name, [part.name for part in slices], codes[numbers], name == "date"))
    return found


def text_parts(run: Run, documents: IndexedDocuments, slices: Sequence[Slice]) -> Parts:
    """The parts of the text by date or label, and by each field with few values."""
    parts = {"date": list(slices)} if slices else {}
    if run.tokens is None or run.tokens.documents != len(documents):
        return parts
    for name in documents.fields:
        codes, values = documents.field(name)
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        often = np.argsort(-counts, kind="stable")[:_VALUES]
        if len(values) > 1 and counts[often].sum() > 0.3 * len(codes):
            parts[name] = [Slice(values[i], codes == i) for i in often.tolist()]
    return parts


def _changes(total: int, words: Ints, ranking: Ranking) -> Colour:
    """The quintile of each word among all ranked words, by the size of its change."""
    edges = np.quantile(ranking.size, [0.2, 0.4, 0.6, 0.8]) if len(ranking.size) else np.zeros(4)
    bounds = ["0", *(f"{edge:.2f}" for edge in edges.tolist()), "more"]
    codes = np.full(total, -1)
    codes[ranking.rows] = np.searchsorted(edges, ranking.size)
    return _colour("change", [f"{a} to {b}" for a, b in pairwise(bounds)], codes[words], True)


def _colour(name: str, values: Sequence[str], codes: Array, ordered: bool = False) -> Colour:
    return {"name": name, "values": list(values), "codes": codes.tolist(), "ordered": ordered}


def _typical(counts: Ints) -> Ints:
    """The part of the text in which each word is most over-represented by Pearson's residual, (V,).

    -1 if no part reaches `_RESIDUAL`; ``counts`` is (S, V).

    >>> _typical(np.array([[40, 50, 0], [0, 500, 0]])).tolist()
    [0, -1, -1]
    """
    sums = counts.sum(axis=1, keepdims=True) / max(int(counts.sum()), 1)
    expected = sums * counts.sum(axis=0)
    residual = (counts - expected) / np.sqrt(np.maximum(expected, 1e-9))
    best: Ints = np.where(residual.max(axis=0) >= _RESIDUAL, residual.argmax(axis=0), -1)
    return best
