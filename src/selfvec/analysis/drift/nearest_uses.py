"""How far the uses of a word are from the nearest uses in the other slice.

A new sense is far from every old use even if most uses stay the same, which a distance of means hardly shows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.base.progress import Progress
from selfvec.base.threads import cut, in_order
from selfvec.usage.use_vectors import UseSpace

__all__ = ["nearest_distances"]

NEAREST = 5  # uses of the other slice
SAMPLED = 50  # uses of a word in a slice that are compared, evenly spaced over the text
_WORDS = 200  # at a time

Ints = NDArray[np.int64]
Numbers = NDArray[np.float64]


def nearest_distances(
    space: UseSpace,  # of two slices
    words: Ints,  # (m,), each occurs in both slices
    jobs: int = 1,
    progress: Progress | None = None,
) -> Numbers:
    """Mean cosine distance of a use to the nearest five uses of the other slice, from both sides, (m,)."""
    batch = space.batch
    sides = np.repeat(space.sides, np.diff(batch.offsets))
    inside = np.flatnonzero(sides >= 0)
    order = inside[np.argsort(batch.ids[inside], kind="stable")]  # places of word 0, of word 1, …
    bounds = np.searchsorted(batch.ids[order], np.stack([words, words + 1]))

    def work(share: tuple[int, int]) -> list[float]:
        found = []
        for start, stop in bounds[:, slice(*share)].T.tolist():
            places = order[start:stop]
            parts = [_spaced(places[sides[places] == side]) for side in (0, 1)]
            a, b = (space.directions(part) for part in parts)
            found.append(_distance(a @ b.T))
        return found

    out: list[float] = []
    with (progress or Progress()).stage("Nearest uses", len(words), "words") as advance:
        for part in in_order(cut(np.ones(len(words), np.int64), _WORDS), work, jobs):
            out += part
            advance(len(part))
    return np.array(out)


def _spaced(places: Ints) -> Ints:
    """At most 50 places, evenly spaced."""
    if len(places) <= SAMPLED:
        return places
    return places[np.linspace(0, len(places) - 1, SAMPLED).astype(np.int64)]


def _distance(cosines: NDArray[np.float32]) -> float:
    """1 - the mean cosine of rows, and of columns, to their nearest five."""
    means = []
    for table in (cosines, cosines.T):
        number = min(NEAREST, table.shape[1])
        means.append(float(np.partition(table, -number, axis=1)[:, -number:].mean()))
    return 1 - sum(means) / 2
