"""Occurrences of words in repeated text: those with the same words next to them as other occurrences.

The words next to an occurrence are hashed. Hashes are sorted for a share of the words at a time, so memory
does not grow with the text.
"""

from __future__ import annotations

import numpy as np

from selfvec.analysis.kernels import FEWEST, hash_occurrences
from selfvec.base.arrays import Hashes, Ids, Ints, Mask
from selfvec.data.token_batch import TokenBatch

__all__ = ["repeated_occurrences"]

_HASHED = 1 << 21  # occurrences at a time


def repeated_occurrences(batch: TokenBatch, words: Mask, numbers: Mask) -> Ints:
    """Occurrences of each word that share the five words before, or after them, with two others, (V,).

    The larger of the two numbers; 0 for words not among the ``words``, (V,). All ``numbers``, (V,), count as
    the same word. Occurrences with fewer than three other words next to them are not counted.

    >>> lines = [["all", "rights", "reserved", "by", "us", "here"]] * 3 + [["she", "reserved", "a", "table"]]
    >>> batch = TokenBatch.from_documents(lines)
    >>> repeated_occurrences(batch, np.ones(9, bool), np.zeros(9, bool))[batch.types.index("reserved")].item()
    3
    """
    adjacent = np.where(numbers, len(numbers), np.arange(len(numbers))).astype(np.int32)
    most = np.zeros(len(words), np.int64)
    share = np.cumsum(np.where(words, batch.counts, 0)) // _HASHED  # of each word
    sizes = np.bincount(share, np.where(words, batch.counts, 0)).astype(np.int64)
    for number in np.flatnonzero(sizes):
        mine = words & (share == number)
        keys = np.empty(sizes[number], np.uint64)
        owners = np.empty(sizes[number], np.int32)  # the word of each key
        for step in (-1, 1):  # the words before, the words after
            found = hash_occurrences(batch.ids, batch.offsets, adjacent, mine, step, keys, owners)
            most = np.maximum(most, _often(keys[:found], owners[:found], len(most)))
    return most


def _often(keys: Hashes, owners: Ids, types: int) -> Ints:
    """Number of occurrences of each word whose key at least `FEWEST` occurrences share, (V,)."""
    order = np.argsort(keys)
    keys = keys[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else order
    times = np.diff(np.append(first, len(keys)))
    often = times >= FEWEST
    held = np.bincount(owners[order[first[often]]], times[often], minlength=types)
    return held.astype(np.int64)
