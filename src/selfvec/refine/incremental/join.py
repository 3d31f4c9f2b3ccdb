"""Joining the parts of a corpus, with the same result as reading all of it at once.

Words are numbered anew in order of first appearance, which decides ties of frequency. In layouts that hold a
text only once, documents that an earlier part contains are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from selfvec.corpus.fingerprints import ONCE
from selfvec.data.token_batch import TokenBatch

__all__ = ["joined", "repeated", "without_repeats"]

_BLOCK = 1 << 20


def joined(parts: Sequence[TokenBatch]) -> TokenBatch:
    """All documents of the parts in their order; types in order of first appearance.

    ``parts`` are batches before stemming and `min_count`. Types that do not occur are dropped.

    >>> one, two = (TokenBatch.from_documents([text.split()]) for text in ("b a", "c a a"))
    >>> whole = joined([one, two])
    >>> list(whole.types), whole.ids.tolist(), whole.offsets.tolist()
    (['b', 'a', 'c'], [0, 1, 2, 1, 1], [0, 2, 5])
    """
    index = {word: i for i, word in enumerate(dict.fromkeys(chain.from_iterable(p.types for p in parts)))}
    numbers = [np.fromiter(map(index.__getitem__, p.types), np.int32, len(p.types)) for p in parts]
    starts = np.cumsum([0, *map(len, parts)])
    labels = dict.fromkeys(chain.from_iterable(part.slice_names for part in parts))
    names = {name: i for i, name in enumerate(labels)}
    marks = [part.fingerprints for part in parts if part.fingerprints is not None]
    sentence_counts = [part.sentence_counts for part in parts if part.sentence_counts is not None]
    return _by_appearance(
        TokenBatch(
            np.concatenate([new[part.ids] for new, part in zip(numbers, parts, strict=True)]),
            np.concatenate([[0], *(s + p.offsets[1:] for s, p in zip(starts, parts, strict=False))]),
            list(index),
            _dates(parts),
            sum(part.sentences for part in parts),
            np.concatenate([_slices(part, names) for part in parts]) if names else None,
            list(names),
            np.concatenate(marks) if len(marks) == len(parts) else None,
            np.concatenate(sentence_counts) if len(sentence_counts) == len(parts) else None,
        )
    )


def repeated(parts: Sequence[TokenBatch]) -> list[NDArray[np.bool_]]:
    """For each part, whether each document repeats a text of an earlier part, (D,) bool."""
    seen, found = np.zeros(0, np.uint64), []
    for part in parts:
        marks = part.fingerprints
        if marks is None:
            found.append(np.zeros(part.documents, bool))
            continue
        found.append(np.isin(marks | ONCE, seen))
        seen = np.union1d(seen, marks | ONCE)
    return found


def without_repeats(parts: Sequence[TokenBatch]) -> list[TokenBatch]:
    """The parts without the documents of earlier ones, in layouts that hold a text only once."""
    kept = []
    for part, again in zip(parts, repeated(parts), strict=True):
        if part.fingerprints is not None:
            again &= (part.fingerprints & ONCE).astype(bool)
        kept.append(part.part(~again) if again.any() else part)
    return kept


def _by_appearance(batch: TokenBatch) -> TokenBatch:
    """The same corpus with its types in order of first appearance, without those that do not occur."""
    first = np.full(len(batch.types), len(batch), np.int64)
    for start in range(0, len(batch), _BLOCK):
        block = batch.ids[start : start + _BLOCK]
        np.minimum.at(first, block, np.arange(start, start + len(block)))
    order = np.argsort(first, kind="stable")[: np.count_nonzero(first < len(batch))]
    new = np.zeros(len(first), np.int32)
    new[order] = np.arange(len(order), dtype=np.int32)
    return replace(batch, ids=new[batch.ids], types=[batch.types[i] for i in order.tolist()])


def _dates(parts: Sequence[TokenBatch]) -> NDArray[np.datetime64] | None:
    if all(part.dates is None for part in parts):
        return None
    unknown = [np.full(part.documents, "NaT", "datetime64[D]") for part in parts]
    return np.concatenate([n if p.dates is None else p.dates for p, n in zip(parts, unknown, strict=True)])


def _slices(part: TokenBatch, names: dict[str, int]) -> NDArray[np.int32]:
    """A part's slice of each document as a number in the whole corpus, (D,) int32."""
    if part.slices is None:
        return np.full(part.documents, -1, np.int32)
    numbers = np.array([*(names[name] for name in part.slice_names), -1], np.int32)
    return numbers[part.slices]  # -1 stays: it takes the last
