"""Where words occur in a corpus, and the windows of words around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch

__all__ = ["HALF", "Contexts", "document_of", "occurrences", "padded_windows"]

HALF = 10  # neighbours on each side of a use; the farthest weighs a tenth of the nearest

Ints = NDArray[np.int64]


def document_of(offsets: Ints, places: Ints) -> Ints:
    """The document of each token, (n,) int64, by document bounds (D + 1,)."""
    return np.searchsorted(offsets, places, side="right") - 1


def occurrences(
    batch: TokenBatch, word: int, documents: NDArray[np.bool_] | None = None, most: int | None = None
) -> Ints:
    """Places of a word, (n,) int64, in reading order.

    Parameters
    ----------
    batch : TokenBatch
    word : int
    documents : (D,) bool, optional
        Documents searched; all by default.
    most : int, optional
        If the word occurs more often, return this many places, evenly spaced over the text.

    Examples
    --------
    >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["a"]])
    >>> occurrences(batch, 0).tolist(), occurrences(batch, 0, np.array([False, True])).tolist()
    ([0, 2, 3], [3])
    """
    places = np.flatnonzero(batch.ids == word)
    if documents is not None:
        places = places[documents[document_of(batch.offsets, places)]]
    if most is not None and len(places) > most:
        places = places[np.linspace(0, len(places) - 1, most).astype(np.int64)]
    return places


def padded_windows(batch: TokenBatch, places: Ints, half: int) -> NDArray[np.int32]:
    """Words around some places, (n, 2 · half) int32; -1 outside the document and for the word itself."""
    documents = document_of(batch.offsets, places)
    around = places[:, None] + np.concatenate([np.arange(-half, 0), np.arange(1, half + 1)])
    inside = (around >= batch.offsets[documents][:, None]) & (around < batch.offsets[documents + 1][:, None])
    ids = batch.ids[np.clip(around, 0, max(len(batch) - 1, 0))]
    out: NDArray[np.int32] = np.where(inside & (ids != batch.ids[places][:, None]), ids, -1).astype(np.int32)
    return out


@dataclass(frozen=True)
class Contexts:
    """The windows of words around n uses.

    Parameters
    ----------
    ids : (M,) int32
        The words of all windows, one window after the other, each with the used word in its place.
    offsets : (n + 1,) int64
        Bounds of the windows.
    places : (n,) int64
        Places of the used words in ``ids``.
    """

    ids: NDArray[np.int32]
    offsets: Ints
    places: Ints

    @classmethod
    def around(cls, ids: NDArray[np.int32], offsets: Ints, places: Ints, half: int = HALF) -> Contexts:
        """Windows around some tokens of a corpus, within their documents.

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
        documents = document_of(offsets, places)
        starts = np.maximum(offsets[documents], places - half)
        return cls._cut(ids, starts, np.minimum(offsets[documents + 1], places + half + 1), places)

    @classmethod
    def _cut(cls, ids: NDArray[np.int32], starts: Ints, stops: Ints, places: Ints) -> Contexts:
        """Copy the windows ``ids[starts[i]:stops[i]]``."""
        lengths = stops - starts
        bounds = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        flat = np.repeat(starts - bounds[:-1], lengths) + np.arange(bounds[-1])
        return cls(ids[flat], bounds, bounds[:-1] + places - starts)

    def __len__(self) -> int:
        return len(self.places)

    def part(self, chosen: Ints) -> Contexts:
        """Some of the uses, by their numbers (m,), in that order."""
        return self._cut(self.ids, self.offsets[chosen], self.offsets[chosen + 1], self.places[chosen])

    def counts(self, types: int, owners: Ints | None = None) -> Ints:
        """Number of windows in which each of V words occurs, the used word itself excepted, (V,) int64.

        With ``owners``, (n,), the document of each window, count documents instead of windows.
        """
        windows = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        others = self.ids != self.ids[self.places][windows]
        counted = windows if owners is None else owners[windows]
        pairs = np.sort(counted[others] * types + self.ids[others])
        first = np.diff(pairs, prepend=-1) > 0
        return np.bincount(pairs[first] % types, minlength=types).astype(np.int64)
