"""Compiled loops of `selfvec.text.repeats`: rolling hashes of n-grams.

The hash of an n-gram is a polynomial of the hashes of its words, modulo 2^64. The hash of the next n-gram
follows from it by two multiplications and two additions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Bytes, Hashes, Ids, Ints, Mask
from selfvec.base.compiled import kernel

__all__ = ["BASE", "MIX", "count", "cover", "gather", "hash_documents", "hash_words"]

BASE = np.uint64(0x9E3779B97F4A7C15)  # odd
MIX = np.uint64(0xBF58476D1CE4E5B9)  # odd; the high bits of a product with it are the number of a counter
_MOST = np.uint8(255)

Text = tuple[Ids, Ints]  # ids (N,), offsets (D + 1,)


@kernel
def hash_words(
    characters: NDArray[np.uint32],  # of all words, one after the other
    ends: Ints,  # (V,)
    hashes: Hashes,  # (V,), written
) -> None:
    """Hash each word by FNV-1a over its characters, mixed as in SplitMix64."""
    start = 0
    for word in range(len(ends)):
        value = np.uint64(0xCBF29CE484222325)
        for i in range(start, ends[word]):
            value = (value ^ np.uint64(characters[i])) * np.uint64(0x100000001B3)
        value = (value ^ (value >> np.uint64(30))) * MIX
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        hashes[word] = value ^ (value >> np.uint64(31))
        start = ends[word]


@kernel
def hash_documents(
    text: Text,
    documents: Ints,  # (n,)
    hashes: Hashes,  # (V,) of the words
    out: Hashes,  # (n,): what each hash starts from; written
) -> None:
    """Hash all tokens of some documents."""
    ids, offsets = text
    for k in range(len(documents)):
        value = out[k]
        for i in range(offsets[documents[k]], offsets[documents[k] + 1]):
            value = value * BASE + hashes[ids[i]]
        out[k] = value


@kernel
def count(
    text: Text,
    documents: tuple[int, int],  # the first, and the one behind the last
    hashes: Hashes,  # (V,) of the words
    n: int,
    leaving: Any,  # BASE to the n-th power
    counters: Bytes,  # added to, up to 255; their number is a power of two
    shift: Any,  # 64 minus its binary logarithm
) -> None:
    """Count the n-grams of some documents. Several n-grams share a counter."""
    ids, offsets = text
    for document in range(documents[0], documents[1]):
        start, stop = offsets[document], offsets[document + 1]
        if stop < start + n:
            continue
        value = np.uint64(0)
        for i in range(start, start + n):
            value = value * BASE + hashes[ids[i]]
        for i in range(start + n, stop + 1):
            slot = (value * MIX) >> shift
            if counters[slot] < _MOST:
                counters[slot] += np.uint8(1)
            if i < stop:
                value = value * BASE + hashes[ids[i]] - hashes[ids[i - n]] * leaving


@kernel
def gather(
    text: Text,
    documents: tuple[int, int],
    hashes: Hashes,
    n: int,
    leaving: Any,
    counters: Bytes,
    shift: Any,
    least: int,
    share: tuple[int, int],  # which n-grams, k of m: those whose hash is k modulo m
    values: Hashes,  # written: the hashes of the n-grams ...
    places: Ints,  # ... and where they start
) -> int:
    """Find the n-grams whose counter is at least ``least``. Returns their number, also if not all fit."""
    ids, offsets = text
    found = 0
    part, parts = np.uint64(share[0]), np.uint64(share[1])
    for document in range(documents[0], documents[1]):
        start, stop = offsets[document], offsets[document + 1]
        if stop < start + n:
            continue
        value = np.uint64(0)
        for i in range(start, start + n):
            value = value * BASE + hashes[ids[i]]
        for i in range(start + n, stop + 1):
            if counters[(value * MIX) >> shift] >= least and value % parts == part:
                if found < len(values):
                    values[found], places[found] = value, i - n
                found += 1
            if i < stop:
                value = value * BASE + hashes[ids[i]] - hashes[ids[i - n]] * leaving
    return found


@kernel
def cover(
    tokens: Mask,  # (N,), written
    places: Ints,
    n: int,
    value: bool,
) -> None:
    """Set the tokens of the n-grams that start at some places."""
    for place in places:
        tokens[place : place + n] = value
