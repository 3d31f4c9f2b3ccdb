"""The occurrences of words in a corpus, and the words around them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from selfvec.base.arrays import Ids, Ints, Mask
from selfvec.data.token_batch import TokenBatch

HALF = 10  # neighbours on each side of an occurrence, by default; the farthest weighs a tenth of the nearest
NEARBY = 8  # tokens on each side that are compared when occurrences are quoted
SAMPLED = 2000  # occurrences compared for this, evenly spaced over the text


def occurrences(
    batch: TokenBatch,
    word: int,
    documents: Mask | None = None,  # (D,): the documents to search, all if None
    most: int | None = None,
) -> Ints:
    """Positions of a word, (n,) int64, in reading order; at most ``most``, evenly spaced over the text.

    >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["a"]])
    >>> occurrences(batch, 0).tolist(), occurrences(batch, 0, np.array([False, True])).tolist()
    ([0, 2, 3], [3])
    """
    places = np.flatnonzero(batch.ids == word)
    if documents is not None:
        places = places[documents[batch.document_of(places)]]
    if most is not None and len(places) > most:
        places = places[np.linspace(0, len(places) - 1, most).astype(np.int64)]
    return places


def padded_windows(batch: TokenBatch, places: Ints, half: int = HALF) -> Ids:
    """Words around some positions, (n, 2 · half) int32; -1 outside the document and for the word itself."""
    documents = batch.document_of(places)
    around = places[:, None] + np.concatenate([np.arange(-half, 0), np.arange(1, half + 1)])
    inside = (around >= batch.offsets[documents][:, None]) & (around < batch.offsets[documents + 1][:, None])
    ids = batch.ids[np.clip(around, 0, max(len(batch) - 1, 0))]
    return np.where(inside & (ids != batch.ids[places][:, None]), ids, -1).astype(np.int32)


def window_counts(windows: Ids, types: int, owners: Ints | None = None) -> Ints:
    """Number of windows in which each of V words occurs, (V,) int64.

    With ``owners``, (n,), the document of each window, count documents instead of windows.
    """
    counted = np.arange(len(windows)) if owners is None else owners
    pairs = np.sort((counted[:, None] * types + windows)[windows >= 0])
    first = np.diff(pairs, prepend=-1) > 0
    return np.bincount(pairs[first] % types, minlength=types).astype(np.int64)


def count_present(windows: Ids, wanted: Collection[int]) -> Ints:
    """Number of the given words that occur in each window, (n,)."""
    out = np.zeros(len(windows), np.int64)
    for word in wanted:
        out += (windows == word).any(axis=1)
    return out


def pair_places(batch: TokenBatch, word: int, other: int) -> tuple[Ints, int]:
    """Positions of a word with another word nearby, and the number of positions that were searched."""
    places = occurrences(batch, word, most=20 * SAMPLED)
    near = (padded_windows(batch, places, NEARBY) == other).any(axis=1)
    return places[near], len(places)
