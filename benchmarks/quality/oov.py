"""How good are vectors of words that the original lacks? Fills docs/results/oov.md.

Hidden words found again on five collections, by what ``evaluate --oov`` measures.
Constants were chosen on held-out words of PubMed abstracts and samples of them.
"""

from __future__ import annotations

import numpy as np

from benchmarks.datasets import STARTS
from benchmarks.page import table
from benchmarks.refining import refined
from selfvec.data.vectors import Source
from selfvec.lab.evaluation.words import induced, ranks, without_relatives, words_to_hide

COLLECTIONS = {"PubMed": 3, "NOAA": 1, "MED": 1, "Cranfield": 1, "CACM": 1}  # and least occurrences


def alone() -> str:
    """Median ranks, by each way, of those that share their first letters with no known word."""
    rows = []
    for label, start in STARTS.items():
        for name, least in COLLECTIONS.items():
            run = refined(name, start, min_count=least, history="none")
            batch, known = run.tokens, run.original.sources == Source.KNOWN
            hidden = words_to_hide(known, batch, 0)
            chosen = without_relatives(batch.types, known, hidden)
            candidates = np.flatnonzero(known)
            place, truth = np.searchsorted(candidates, hidden), run.original.unit[candidates]
            medians = [
                np.median(ranks(made, truth, place)[chosen]) for _, made in induced(run, batch, hidden, 0)
            ]
            corpus = f"{name} (chosen on)" if name == "PubMed" else name
            rows.append([label, corpus, int(chosen.sum()), *(f"{median:,.0f}" for median in medians)])
    return table(["initial vectors", "corpus", "words", "zeros", "refined"], rows)


NEEDS_DATA = True
PAGES = {"oov.md": {"alone": alone}}
