"""The words of the two states that drift compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.analysis.comparison.chosen_slices import BY_REFINING
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.arrays import Ints, Mask
from selfvec.base.errors import InputError
from selfvec.corpus.slices import slice_counts


@dataclass(frozen=True, eq=False)
class CountedSides:
    """The two states that are compared, by their words."""

    names: Sequence[str]
    counts: Ints  # (2, V), of all words
    able: Mask  # (V,), words that can be measured
    least: int  # occurrences on each side; 0 if they are unknown

    @classmethod
    def of(cls, compared: Comparison, table: WordTable, least: int) -> CountedSides:
        """Two sides or, without them, the text before and after refining."""
        if compared.names:
            counts = slice_counts(compared.tokens, compared.slices)
            return cls(compared.names, counts, _in_both(counts, least, compared.names), least)
        unknown = table.refined.counts is None
        able = (table.counts >= least) | unknown
        able &= table.original.unit.any(axis=1) & table.refined.unit.any(axis=1)
        return cls(BY_REFINING, np.stack([table.counts] * 2), able, 0 if unknown else least)


def _in_both(counts: Ints, least: int, names: Sequence[str]) -> Mask:
    able: Mask = counts.min(axis=0) >= least
    if not able.any():
        rule = f"no word occurs {least} times in both {names[0]} and {names[1]}"
        wider = "compare larger slices: --between A..B C..D, or --between original refined"
        raise InputError(rule, remedy=f"{wider}; or lower --min-count")
    return able
