"""The p and q that the page shows next to changes: those of `drift`.

`selfvec.analysis.word_drift.permutation_test` computes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from selfvec.analysis.word_drift.compared_slices import without_slices
from selfvec.analysis.word_drift.drift_rows import drift, order_key
from selfvec.analysis.word_drift.word_choice import WordChoice
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run

__all__ = ["FIGURES", "Tests", "significance_of_refining", "significance_of_slices"]

FIGURES = ("apd", "p", "q", "low", "high", "expected")  # that a test adds to a word
MARKS = ("kind", "variants")  # the same, in words
Tests = dict[str, dict[str, Any]]
"""`FIGURES`, `MARKS`, distance and ``below`` by word, in the order of `drift`."""


def significance_of_refining(run: Run, jobs: int, progress: Progress) -> Tests:
    """Tests of whether the documents of each word agree on where refinement moved it."""
    return {} if run.tokens is None else significance_of_slices(without_slices(run), None, jobs, progress)


def significance_of_slices(run: Run, pair: Sequence[Slice] | None, jobs: int, progress: Progress) -> Tests:
    """Tests of how words changed between two slices, in the order of `drift`.

    q is the false discovery rate among the words that `drift` lists, for other words among all. ``below`` is
    true for other spellings of a listed word.
    """
    try:
        every = drift(run, pair, which=WordChoice(every=True), jobs=jobs, progress=progress)
    except InputError:  # no word is frequent enough on both sides to be tested
        return {}
    listed = {row["word"]: row for row in every.choose(run, WordChoice())}
    rows = ({row["word"]: row for row in every} | listed).values()
    return {
        row["word"]: {name: row[name] for name in ("distance", *FIGURES, *MARKS)}
        | {"below": row["word"] not in listed and not listed.keys().isdisjoint(row["variants"])}
        for row in sorted(rows, key=order_key)
    }
