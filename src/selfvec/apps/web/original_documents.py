"""The original documents of a run, read from its search index on disk."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from selfvec.base.arrays import Ints
from selfvec.base.memory import release
from selfvec.corpus.fingerprints import fingerprints
from selfvec.data.run import Run
from selfvec.data.token_batch import ONCE
from selfvec.retrieval.indexed_documents import IndexedDocuments
from selfvec.usage.examples import quoted

__all__ = ["OriginalDocuments"]

_BLOCK = 4096  # texts compared at a time


class OriginalDocuments:
    """The documents of a run in an index. Those that it lacks, or has only as tokens, are not found."""

    def __init__(self, run: Run, documents: IndexedDocuments) -> None:
        self.run = run
        self.documents = documents
        self._index_numbers = _index_numbers(run, documents)

    def quoted(self, use: dict[str, Any]) -> dict[str, Any]:
        """An occurrence from `marked_occurrences` with its original sentence and the id of its document."""
        number = use["document"]
        found = int(self._index_numbers[number]) if number < len(self._index_numbers) else -1
        if found < 0:
            return use
        return {**quoted(use, {number: self.documents.text(found)}), "id": self.documents.ids[found]}


def _index_numbers(run: Run, documents: IndexedDocuments) -> Ints:
    """The index number of each document of the run, (D,), or -1.

    The order of an updated run may differ from that of its files, so texts are matched by fingerprint.
    """
    marks = None if run.tokens is None else run.tokens.fingerprints
    if marks is None:
        return np.zeros(0, np.int64)
    found = [np.zeros(0, np.uint64)]
    for start in range(0, len(documents), _BLOCK):
        texts = [documents.text(number) for number in range(start, min(start + _BLOCK, len(documents)))]
        found.append(fingerprints(pl.Series(texts, dtype=pl.String)))
    release(documents.arrays["texts"])
    own = marks & ~ONCE
    indexed = np.concatenate(found) & ~ONCE
    if np.array_equal(own, indexed):  # also correct if texts are repeated
        return np.arange(len(own))
    there = {mark: number for number, mark in enumerate(indexed.tolist())}
    return np.array([there.get(mark, -1) for mark in own.tolist()], np.int64)
