"""What is known of a run before anything is compared: its frequent words, and when each word occurs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.concepts.terms import stop_words
from selfvec.corpus.slices import Slice, by_label, by_period
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.usage.contexts import document_of, occurrences

__all__ = ["content_words", "counts_of", "overview", "periods", "time_course"]

_FREQUENT = 40  # words of an overview
_MOST = 60  # periods of a chart
_UNITS = (("month", 1), ("year", 12), ("decade", 120))

Json = dict[str, Any]


def counts_of(run: Run) -> NDArray[np.int64]:
    """Occurrences of each word of a run, (V,) int64."""
    counts = run.vectors.counts
    return np.ones(len(run.vectors), np.int64) if counts is None else np.asarray(counts, np.int64)


def content_words(run: Run) -> NDArray[np.bool_]:
    """Whether each word is neither a stop word of the run's language nor a number, (V,) bool."""
    stops = stop_words(run)
    words = run.vectors.index_to_key
    return np.array([word.lower() not in stops and any(map(str.isalpha, word)) for word in words], bool)


def periods(batch: TokenBatch) -> list[Slice]:
    """The periods of a text that have documents, at most `_MOST`; its labelled parts if it has no dates."""
    if batch.dates is not None and not np.isnat(batch.dates).all():
        days = batch.dates[~np.isnat(batch.dates)]
        span = (days.max() - days.min()).astype(int) / 30.4  # months
        return by_period(batch, next((unit for unit, months in _UNITS if span <= months * _MOST), "century"))
    return by_label(batch) if batch.slices is not None and len(batch.slice_names) <= _MOST else []


def overview(run: Run, parts: Sequence[Slice]) -> Json:
    """The most frequent content words with their counts, and the documents of each period."""
    counts, words = counts_of(run), run.vectors.index_to_key
    order = np.argsort(np.where(content_words(run), -counts, 1), kind="stable")[:_FREQUENT]
    return {
        "words": [[words[i], int(counts[i])] for i in order.tolist()],
        "time": [[part.name, int(part.documents.sum())] for part in parts],
    }


def time_course(batch: TokenBatch, row: int, parts: Sequence[Slice]) -> list[Json]:
    """How often a word occurs in each period, and how many tokens the period has."""
    uses = np.bincount(document_of(batch, occurrences(batch, row)), minlength=batch.documents)
    lengths = np.diff(batch.offsets)
    return [
        {
            "name": part.name,
            "count": int(uses[part.documents].sum()),
            "tokens": int(lengths[part.documents].sum()),
        }
        for part in parts
    ]
