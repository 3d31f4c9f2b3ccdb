"""The sentences behind a claim: where in the text a word stands, and what about it made the word move.

A run keeps its text as ids, so that what is shown is pieced together from tokens: words that were left out
when the run was made (stop words, for one) are missing, and so is punctuation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch

__all__ = [
    "beside",
    "fit_scores",
    "occurrences",
    "pair_uses",
    "shared_company",
    "shown_tokens",
    "uses",
    "windows",
]

HALF = 12  # tokens shown on either side
_NEAR = 8  # tokens on either side that are looked at
_MOST = 2000  # uses looked at, evenly over the text

Ints = NDArray[np.int64]


def occurrences(
    batch: TokenBatch, word: int, documents: NDArray[np.bool_] | None = None, most: int = _MOST
) -> Ints:
    """Where a word stands, (n,) int64, in reading order; at most ``most`` places, evenly over the text.

    >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["a"]])
    >>> occurrences(batch, 0).tolist(), occurrences(batch, 0, np.array([False, True])).tolist()
    ([0, 2, 3], [3])
    """
    places = np.flatnonzero(batch.ids == word)
    if documents is not None:
        places = places[documents[_documents(batch, places)]]
    if len(places) > most:
        places = places[np.linspace(0, len(places) - 1, most).astype(np.int64)]
    return places


def uses(
    batch: TokenBatch,
    places: Ints,
    scores: NDArray[np.floating[Any]],
    marks: Mapping[int, str],
    most: int = 5,
) -> list[dict[str, Any]]:
    """The best of some uses of a word, one a document and no two alike, as tokens to be shown.

    Parameters
    ----------
    batch : TokenBatch
    places : (n,) int64
        Where the word stands.
    scores : (n,) float
        The higher, the better a use shows what is claimed.
    marks : mapping of int to str
        Words to be marked, and how.
    most : int

    Returns
    -------
    list of dict
        ``document`` (its number), ``date`` and ``slice`` where known, ``cut`` (whether text was left out
        before and after) and ``tokens``: a word and its mark ("self" for the word itself, "" for none).
    """
    documents = _documents(batch, places)
    out: list[dict[str, Any]] = []
    told: set[int] = set()
    seen: set[tuple[int, ...]] = set()
    for i in np.argsort(-np.asarray(scores), kind="stable").tolist():
        document, place = int(documents[i]), int(places[i])
        first, last = int(batch.offsets[document]), int(batch.offsets[document + 1])
        around = tuple(batch.ids[max(place - 3, first) : min(place + 4, last)].tolist())
        if document in told or around in seen:
            continue
        told.add(document)
        seen.add(around)
        start, end = max(place - HALF, first), min(place + HALF + 1, last)
        out.append(shown_tokens(batch, document, start, end, {**marks, int(batch.ids[place]): "self"}))
        if len(out) == most:
            break
    return out


def shown_tokens(
    batch: TokenBatch, document: int, start: int, end: int, marks: Mapping[int, str]
) -> dict[str, Any]:
    """Some tokens of a document, from ``start`` to before ``end``, as `uses` returns them."""
    shown: dict[str, Any] = {
        "document": document,
        "cut": [start > int(batch.offsets[document]), end < int(batch.offsets[document + 1])],
        "tokens": [[batch.types[i], marks.get(i, "")] for i in batch.ids[start:end].tolist()],
    }
    if batch.dates is not None and not np.isnat(batch.dates[document]):
        shown["date"] = str(batch.dates[document])
    if batch.slices is not None and batch.slices[document] >= 0:
        shown["slice"] = batch.slice_names[batch.slices[document]]
    return shown


def windows(batch: TokenBatch, places: Ints, half: int = _NEAR) -> NDArray[np.int32]:
    """Words around some places, (n, 2 · half) int32; -1 beyond the document and for the word itself."""
    documents = _documents(batch, places)
    around = places[:, None] + np.concatenate([np.arange(-half, 0), np.arange(1, half + 1)])
    inside = (around >= batch.offsets[documents][:, None]) & (around < batch.offsets[documents + 1][:, None])
    ids = batch.ids[np.clip(around, 0, max(len(batch) - 1, 0))]
    out: NDArray[np.int32] = np.where(inside & (ids != batch.ids[places][:, None]), ids, -1).astype(np.int32)
    return out


def fit_scores(
    around: NDArray[np.int32],
    table: NDArray[np.float32],
    weights: NDArray[np.float32],
    towards: NDArray[np.float32],
) -> NDArray[np.float32]:
    """How near the words around each use are, in the mean, to a vector: cosines, (n,).

    Parameters
    ----------
    around : (n, w) int32
        As of `windows`.
    table : (V, d) float32
    weights : (V,) float32
        What a neighbour counts.
    towards : (d,) float32
        A unit vector.
    """
    sums = np.zeros((len(around), table.shape[1]), np.float32)
    for column in around.T:
        sums += np.where(column >= 0, weights[column], np.float32(0))[:, None] * table[column]
    lengths = np.linalg.norm(sums, axis=1)
    cosines = np.zeros(len(around), np.float32)
    np.divide(sums @ towards, lengths, out=cosines, where=lengths > 0)
    return cosines


def beside(around: NDArray[np.int32], wanted: Collection[int]) -> NDArray[np.int64]:
    """How many of some words stand around each use, (n,)."""
    out = np.zeros(len(around), np.int64)
    for word in wanted:
        out += (around == word).any(axis=1)
    return out


def pair_uses(batch: TokenBatch, word: int, other: int) -> tuple[Ints, int]:
    """Places of a word at which another one is near, and how many of its places were looked at."""
    places = occurrences(batch, word, most=20 * _MOST)
    beside = (windows(batch, places) == other).any(axis=1)
    return places[beside], len(places)


def shared_company(batch: TokenBatch, word: int, other: int, most: int = 8) -> list[int]:
    """Words that stand near both of two words more often than anywhere, the most telling first.

    Ranked by the smaller of the two lifts: how many times as often a word stands near one of the two as its
    frequency lets expect. Words that stand near either only once tell nothing.
    """
    counts = batch.counts
    lifts = []
    for one in (word, other):
        around = windows(batch, occurrences(batch, one))
        kept = around[around >= 0]
        seen = np.bincount(kept, minlength=len(counts))
        expected = np.maximum(len(kept) * counts / max(len(batch), 1), 1e-9)
        lifts.append(np.where(seen > 1, np.log1p(seen) * np.log(np.maximum(seen / expected, 1)), 0))
    both = np.minimum(*lifts)
    both[[word, other]] = 0
    best = np.argsort(-both, kind="stable")[:most]
    return [int(i) for i in best if both[i] > 0]


def _documents(batch: TokenBatch, places: Ints) -> Ints:
    return np.searchsorted(batch.offsets, places, side="right") - 1
