"""The first view of a run, which needs no comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from selfvec.corpus.slices import Slice
from selfvec.data.run import Run

from .words_of_run import content_words, counts_of

__all__ = ["overview"]

_FREQUENT = 40  # words


def overview(run: Run, parts: Sequence[Slice]) -> dict[str, Any]:
    """The most frequent content words with their counts, and the documents of each period."""
    counts = counts_of(run)
    words = run.vectors.index_to_key
    order = np.argsort(np.where(content_words(run), -counts, 1), kind="stable")[:_FREQUENT]
    return {
        "words": [[words[i], int(counts[i])] for i in order.tolist()],
        "time": [[part.name, int(part.documents.sum())] for part in parts],
    }
