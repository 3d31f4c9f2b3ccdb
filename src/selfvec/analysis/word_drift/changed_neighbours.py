"""The neighbours that words have gained and lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Ints, Mask, Rows
from selfvec.base.progress import Progress
from selfvec.numerics.neighbours import nearest, only_in_each

__all__ = ["NEIGHBOURS", "Side", "changed_neighbours", "known_rows"]

NEIGHBOURS = 10

Side = tuple[Ints, Rows]
"""The words, (n,), that may be neighbours on one side, in rising order, and their vectors, (n, d)."""


def known_rows(words: Ints, rows: Rows) -> Side:
    """The words that have a vector, and their vectors."""
    known = np.any(rows, axis=1)
    return words[known], rows[known]


def changed_neighbours(
    keys: Sequence[str],
    words: Ints,
    listed: Mask,  # (V,), words that may be neighbours
    sides: Sequence[Side],
    most: int,
    progress: Progress,
) -> list[dict[str, list[str]]]:
    """The neighbours that each word has gained and lost."""
    near = np.full((2, len(words), most), -1, np.int64)
    with progress.stage("Neighbours", 2 * len(words), "words") as advance:
        for found, (among, rows) in zip(near, sides, strict=True):
            known = np.flatnonzero(np.isin(words, among))
            places = np.searchsorted(among, words[known])
            best = nearest(rows, places, most, among=listed[among], advance=advance)
            found[known] = np.where(best >= 0, among[best], -1)
    out = []
    for before, after in zip(*near.tolist(), strict=True):
        gained, lost = only_in_each(before, after)
        changes = {"gained": gained, "lost": lost}
        out.append({name: [keys[i] for i in found if i >= 0] for name, found in changes.items()})
    return out
