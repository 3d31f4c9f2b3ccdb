"""The words of the two states that drift compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.analysis.comparison.chosen_slices import BY_REFINING
from selfvec.base.arrays import Ints, Mask
from selfvec.base.errors import InputError
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run


def sources_of(run: Run, slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """The slices to measure: all documents if no slices are compared; empty without a corpus."""
    if slices or run.tokens is None:
        return tuple(slices)
    return (Slice("all", np.ones(run.tokens.documents, bool)),)


@dataclass(frozen=True, eq=False)
class CountedSides:
    """The two states that are compared, by their words."""

    names: Sequence[str]
    counts: Ints  # (2, V), of all words
    able: Mask  # (V,), words that can be measured
    least: int  # occurrences on each side; 0 if they are unknown

    @classmethod
    def of(cls, run: Run, slices: Sequence[Slice], least: int) -> CountedSides:
        """Two slices or, without them, the text before and after refining."""
        if slices:
            counts = slice_counts(run.require_tokens(), slices)
            names = [part.name for part in slices]
            return cls(names, counts, _in_both(counts, least, names), least)
        own = run.vectors.counts
        counts = np.stack([np.zeros(len(run.vectors), np.int64) if own is None else own] * 2)
        able = (counts[0] >= least) | (own is None)
        able &= run.original.unit.any(axis=1) & run.vectors.unit.any(axis=1)
        return cls(BY_REFINING, counts, able, 0 if own is None else least)


def _in_both(counts: Ints, least: int, names: Sequence[str]) -> Mask:
    able: Mask = counts.min(axis=0) >= least
    if not able.any():
        rule = f"no word occurs {least} times in both {names[0]} and {names[1]}"
        wider = "compare larger slices: --between A..B C..D, or --between original refined"
        raise InputError(rule, remedy=f"{wider}; or lower --min-count")
    return able
