"""Words that are too rare on one side to be compared, and frequent on the other: they came, or went.

Documents are the observations, as in the test of a distance: p is that of the documents with the word, if all
documents were divided by chance between the two sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.numerics.statistics import hypergeometric_p
from selfvec.text.document_vectors import document_frequencies

from .compared_slices import CountedSides
from .word_marks import left_out_words, mark_words

Row = dict[str, Any]

_SMALLEST = 1e-300  # p is never 0


def unmatched_words(
    run: Run, slices: Sequence[Slice], sides: CountedSides
) -> tuple[list[Row], dict[str, str]]:
    """Words that are rare in one of two slices only, with their p; and the reasons not to list some."""
    counts, least = sides.counts, sides.least
    frequent = (counts.max(axis=0) >= least) & (counts.min(axis=0) < least)
    batch = run.require_tokens()
    parts = [batch.part(part.documents) for part in slices]
    occurs: Ints = np.stack([document_frequencies(part) for part in parts])
    totals = np.array([part.documents for part in parts], np.int64)
    more = np.argmax(occurs / np.maximum(totals, 1)[:, None], axis=0)  # the side with a larger share
    words = np.flatnonzero(frequent & (more == counts.argmax(axis=0)))
    p = hypergeometric_p(occurs[1, words], occurs[:, words].sum(axis=0), int(totals[1]), int(totals.sum()))
    rows = [
        {
            "word": run.vectors.index_to_key[word],
            "count_a": int(counts[0, word]),
            "count_b": int(counts[1, word]),
            "documents_a": int(occurs[0, word]),
            "documents_b": int(occurs[1, word]),
            "p": max(one, _SMALLEST),
        }
        for word, one in zip(words.tolist(), p.tolist(), strict=True)
    ]
    mark_words(run, slices, rows, least)
    chosen = np.zeros_like(frequent)
    chosen[words] = True
    return rows, left_out_words(run, slices, chosen)
