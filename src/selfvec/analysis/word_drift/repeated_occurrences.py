"""Occurrences of words in repeated text: those with the same words next to them as other occurrences.

The words next to an occurrence are hashed. Hashes are sorted for a share of the words at a time, so memory
does not grow with the text.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Hashes, Ids, Ints, Mask
from selfvec.base.compiled import kernel
from selfvec.data.token_batch import TokenBatch

__all__ = ["repeated_occurrences"]

ADJACENT = 5  # words before an occurrence, or after it, that are the same in repeated text
FEWEST = 3  # least number of these words, and of the occurrences that share them
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
            found = _hash_occurrences(batch.ids, batch.offsets, adjacent, mine, step, keys, owners)
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


@kernel
def _hash_occurrences(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    adjacent: Ids,  # (V,), the number of each word as a neighbour; V for all numbers
    mine: Mask,  # (V,), words whose occurrences are hashed
    step: int,  # -1 for the words before, 1 for those after
    keys: Hashes,  # written
    owners: Ids,  # written: the word of each key
) -> int:
    """Write a key for each occurrence of some words, from the words on one side; return their number."""
    number = 0
    types = adjacent.size
    for document in range(offsets.size - 1):
        lo, hi = offsets[document], offsets[document + 1]
        for i in range(lo, hi):
            word = ids[i]
            if not mine[word]:
                continue
            key = np.uint64(word)
            others = 0  # neighbours that are words
            for distance in range(1, ADJACENT + 1):
                other = i + step * distance
                there = 0  # nothing: the document ends
                if lo <= other < hi:
                    there = adjacent[ids[other]] + 1
                    if there <= types:
                        others += 1
                key = (key ^ (key >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(there)
            if others >= FEWEST:
                keys[number] = key
                owners[number] = word
                number += 1
    return number
