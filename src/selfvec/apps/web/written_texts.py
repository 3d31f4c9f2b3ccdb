"""The original documents of a run, read from its search index on disk."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.arrays import Ints, Mask
from selfvec.base.tensors import release
from selfvec.corpus.documents import ONCE, fingerprints
from selfvec.data.run import Run
from selfvec.retrieval.indexed_documents import IndexedDocuments
from selfvec.usage.examples import quoted

__all__ = ["WrittenTexts"]

_BLOCK = 4096  # texts compared at a time
_READ = 20_000  # documents that are searched for names
_MIDDLE = re.compile(r"(?<=[\w,;] )[^\W\d_]+")  # words in mid-sentence
_CAPITAL = 0.7  # least share of capitalised occurrences of a name


class WrittenTexts:
    """The documents of a run in an index. Those that it lacks, or has only as tokens, are not found."""

    def __init__(self, run: Run, documents: IndexedDocuments) -> None:
        self.run, self.documents = run, documents
        self._places = _places(run, documents)

    def quoted(self, use: dict[str, Any]) -> dict[str, Any]:
        """An occurrence from `marked_occurrences` with its original sentence and the id of its document."""
        number = use["document"]
        place = int(self._places[number]) if number < len(self._places) else -1
        if place < 0:
            return use
        return {**quoted(use, {number: self.documents.text(place)}), "id": self.documents.ids[place]}

    @cached_property
    def names(self) -> Mask:
        """True for words that the documents mostly capitalise in mid-sentence, (V,) bool."""
        forms: Counter[str] = Counter()
        for number in (
            np.linspace(0, len(self.documents) - 1, min(len(self.documents), _READ)).astype(int).tolist()
        ):
            forms.update(_MIDDLE.findall(self.documents.text(number)))
        release(self.documents.arrays["texts"])
        every, capital = Counter[str](), Counter[str]()
        for form, times in forms.items():
            every[form.lower()] += times
            capital[form.lower()] += times * form[0].isupper()
        words = [word.lower() for word in self.run.vectors.index_to_key]
        return np.array(
            [capital[word] > 0 and capital[word] >= _CAPITAL * every[word] for word in words], bool
        )


def _places(run: Run, documents: IndexedDocuments) -> Ints:
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
    own, indexed = marks & ~ONCE, np.concatenate(found) & ~ONCE
    if np.array_equal(own, indexed):  # also correct if texts are repeated
        return np.arange(len(own))
    there = {mark: number for number, mark in enumerate(indexed.tolist())}
    return np.array([there.get(mark, -1) for mark in own.tolist()], np.int64)
