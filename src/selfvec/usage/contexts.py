"""Uses of a word and the words around each: all that senses are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["HALF", "Contexts"]

HALF = 10  # neighbours on each side, the farthest weighing a tenth of the nearest


@dataclass(frozen=True)
class Contexts:
    """What stands around n uses, a short document each.

    Parameters
    ----------
    ids : (M,) int32
        The words of the n windows, one window after the other, the used word in its place.
    offsets : (n + 1,) int64
        Where the windows begin.
    places : (n,) int64
        Where in ``ids`` the used words stand.
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    places: NDArray[np.int64]

    @classmethod
    def around(
        cls, ids: NDArray[np.int32], offsets: NDArray[np.int64], places: NDArray[np.int64], half: int = HALF
    ) -> Contexts:
        """The windows around some tokens of a corpus, within their documents.

        Parameters
        ----------
        ids : (N,) int32, offsets : (D + 1,) int64
            As in `TokenBatch`.
        places : (n,) int64
        half : int
            Neighbours on each side.

        Examples
        --------
        >>> found = Contexts.around(np.arange(6, dtype=np.int32), np.array([0, 4, 6]), np.array([2, 4]), 1)
        >>> found.ids.tolist(), found.offsets.tolist(), found.places.tolist()
        ([1, 2, 3, 4, 5], [0, 3, 5], [1, 3])
        """
        documents = np.searchsorted(offsets, places, side="right") - 1
        starts = np.maximum(offsets[documents], places - half)
        lengths = np.minimum(offsets[documents + 1], places + half + 1) - starts
        ends = np.cumsum(lengths)
        flat = np.repeat(starts - (ends - lengths), lengths) + np.arange(int(ends[-1]) if len(ends) else 0)
        bounds = np.concatenate(([0], ends)).astype(np.int64)
        return cls(ids[flat], bounds, bounds[:-1] + places - starts)

    def __len__(self) -> int:
        return len(self.places)

    def part(self, chosen: NDArray[np.int64]) -> Contexts:
        """Some of the uses, (m,) numbers, in that order."""
        lengths = np.diff(self.offsets)[chosen]
        ends = np.cumsum(lengths)
        starts = self.offsets[chosen]
        flat = np.repeat(starts - (ends - lengths), lengths) + np.arange(int(ends[-1]) if len(ends) else 0)
        bounds = np.concatenate(([0], ends)).astype(np.int64)
        return Contexts(self.ids[flat], bounds, bounds[:-1] + self.places[chosen] - starts)

    def counts(self, types: int, owners: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """In how many windows each of so many words stands, other than as the used word, (V,) int64.

        ``owners``, (n,), names the document of each window: then it is in how many documents' windows.
        """
        windows = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        others = self.ids != self.ids[self.places][windows]
        counted = windows if owners is None else owners[windows]
        pairs = np.sort(counted[others] * types + self.ids[others])
        first = np.diff(pairs, prepend=-1) > 0
        return np.bincount(pairs[first] % types, minlength=types).astype(np.int64)
