"""The neighbours that words have gained and lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.analysis.word_kinds import are_stop_words, with_letters
from selfvec.base.arrays import Ints, Mask, Rows
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.numerics.nearest import nearest, only_in_each

NEIGHBOURS = 10
_AMONG = 10_000  # words of a side

Side = tuple[Ints, Rows]
"""The words, (n,), that may be neighbours on one side, in rising order, and their vectors, (n, d)."""


def possible_neighbours(
    run: Run,
    counts: Ints,  # (2, V)
    least: int,  # occurrences on a side
) -> Mask:
    """The words that may be neighbours, (2, V) bool: the most frequent, but no stop words or numbers."""
    words = with_letters(run.vectors.index_to_key) & ~are_stop_words(run)
    most = np.sort(counts, axis=1)[:, -_AMONG:][:, :1]
    listed: Mask = words & (counts >= np.maximum(most, least))
    return listed


def known_rows(words: Ints, rows: Rows) -> Side:
    """The words that have a vector, and their vectors."""
    known = np.any(rows, axis=1)
    return words[known], rows[known]


def changed_neighbours(
    keys: Sequence[str],
    words: Ints,
    sides: Sequence[Side],
    listed: Mask,  # (2, V), from `possible_neighbours`
    most: int,
    progress: Progress,
) -> list[dict[str, list[str]]]:
    """The neighbours that each word has gained and lost."""
    near = np.full((2, len(words), most), -1, np.int64)
    with progress.stage("Neighbours", 2 * len(words), "words") as advance:
        for found, (among, rows), allowed in zip(near, sides, listed, strict=True):
            known = np.flatnonzero(np.isin(words, among))
            places = np.searchsorted(among, words[known])
            best = nearest(rows, places, most, among=allowed[among], advance=advance)
            found[known] = np.where(best >= 0, among[best], -1)
    out = []
    for before, after in zip(*near.tolist(), strict=True):
        gained, lost = only_in_each(before, after)
        changes = {"gained": gained, "lost": lost}
        out.append({name: [keys[i] for i in found if i >= 0] for name, found in changes.items()})
    return out
