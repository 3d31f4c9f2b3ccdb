"""The neighbours that words have gained and lost, and the nearest occurrences in the other slice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Doubles, Floats, Ints, Rows
from selfvec.base.progress import Progress
from selfvec.base.threads import cut, in_order
from selfvec.numerics.neighbours import nearest, only_in_each
from selfvec.usage.kernels import count_occurrences, sample_occurrences
from selfvec.usage.occurrence_vectors import OccurrenceSpace

__all__ = ["NEIGHBOURS", "Side", "changed_neighbours", "known_rows", "nearest_distances"]

NEIGHBOURS = 10

Side = tuple[Ints, Rows]
"""The words, (n,), that may be neighbours on one side, in rising order, and their vectors, (n, d)."""


def known_rows(words: Ints, rows: Rows) -> Side:
    """The words that have a vector, and their vectors."""
    known = np.any(rows, axis=1)
    return words[known], rows[known]


def changed_neighbours(
    keys: Sequence[str], words: Ints, sides: Sequence[Side], most: int, progress: Progress
) -> list[dict[str, list[str]]]:
    """The neighbours that each word has gained and lost."""
    near = np.full((2, len(words), most), -1, np.int64)
    with progress.stage("Neighbours", 2 * len(words), "words") as advance:
        for found, (among, rows) in zip(near, sides, strict=True):
            known = np.flatnonzero(np.isin(words, among))
            best = nearest(rows, np.searchsorted(among, words[known]), most, advance=advance)
            found[known] = np.where(best >= 0, among[best], -1)
    out = []
    for before, after in zip(*near.tolist(), strict=True):
        gained, lost = only_in_each(before, after)
        changes = {"gained": gained, "lost": lost}
        out.append({name: [keys[i] for i in found if i >= 0] for name, found in changes.items()})
    return out


# ---- Nearest occurrences
# A new sense is far from every old occurrence. A distance of means hardly shows it if most occurrences stay
# the same.


NEAREST = 5  # occurrences in the other slice
SAMPLED = 50  # occurrences per word and slice that are compared, evenly spaced over the text
_WORDS = 200  # at a time


def nearest_distances(
    space: OccurrenceSpace,  # of two slices
    words: Ints,  # (m,), each occurs in both slices
    jobs: int = 1,
    progress: Progress | None = None,
) -> Doubles:
    """Mean cosine distance of an occurrence to the nearest five in the other slice, from both sides, (m,)."""
    starts, places = sampled_places(space, words)

    def work(share: tuple[int, int]) -> list[float]:
        bounds = starts[slice(*share)]
        rows = space.directions(places[bounds[0, 0] : bounds[-1, 2]])
        bounds = bounds - bounds[0, 0]
        return [_distance(rows[a:b] @ rows[b:end].T) for a, b, end in bounds.tolist()]

    out: list[float] = []
    with (progress or Progress()).stage("Nearest occurrences", len(words), "words") as advance:
        for part in in_order(cut(np.ones(len(words), np.int64), _WORDS), work, jobs):
            out += part
            advance(len(part))
    return np.array(out)


def sampled_places(space: OccurrenceSpace, words: Ints) -> tuple[Ints, Ints]:
    """At most 50 positions of each word per slice, evenly spaced over the text, in the order of the words.

    The first array, (m, 3), holds the start of a word's positions in the first slice, the start of those in
    the second, and their end.
    """
    types = len(space.batch.types)
    row = np.full(types, -1, np.int64)
    row[words] = np.arange(len(words))
    text = (space.batch.ids, space.batch.offsets, space.sides, row)
    counts = np.zeros((len(words), 2), np.int64)
    count_occurrences(*text, counts)
    ends = np.cumsum(np.minimum(counts, SAMPLED))
    first = (ends - np.minimum(counts, SAMPLED).ravel()).reshape(-1, 2)
    places = np.empty(int(ends[-1]) if len(ends) else 0, np.int64)
    sample_occurrences(*text, counts, first, SAMPLED, places)
    return np.column_stack([first, ends[1::2]]), places


def _distance(cosines: Floats) -> float:
    """1 - the mean cosine of rows, and of columns, to their nearest five."""
    means = []
    for of in (cosines, cosines.T):
        number = min(NEAREST, of.shape[1])
        means.append(float(np.partition(of, -number, axis=1)[:, -number:].mean()))
    return 1 - sum(means) / 2
