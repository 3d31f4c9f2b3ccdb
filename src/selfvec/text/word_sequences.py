"""Sequences of words: counting them, measures for choosing phrases, and finding phrases in a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from selfvec.base.arrays import Doubles, Hashes, Ids, Ints, Mask
from selfvec.base.compiled import allocating_kernel

__all__ = ["Grams", "c_values", "grams", "matches", "parts_of", "pointwise", "whole"]


_ONE = np.uint64(1)
_HALF = np.uint64(32)
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, with well-mixed bits (golden ratio)


@dataclass(frozen=True)
class Grams:
    """The G distinct sequences of n words that occur often enough."""

    counts: Ints  # (G,) int64
    firsts: Ints  # (G,) int64, token at which each first begins
    left: Ints  # (G,) int64, number of the first n - 1 words' sequence (of the word if n is 2)
    right: Ints  # (G,) int64, number of the last n - 1 words' sequence


def grams(
    words: Ids,  # (N,) int32
    breaks: Mask,  # (N,) bool, the word does not follow the previous one
    inside: Mask,  # (C,) bool, words that may be part of a sequence
    min_count: int,
    longest: int,
) -> list[Grams]:
    """Sequences of 2 to ``longest`` words: one `Grams` per length, in order of first appearance.

    A rare sequence is dropped together with all longer ones that contain it.
    """
    current = np.where(inside[words], words, -1).astype(np.int32)
    out = []
    for _ in range(2, longest + 1):
        ids, counts, firsts = pairs(current, breaks)
        often = counts >= min_count
        firsts = firsts[often]
        left = current[firsts].astype(np.int64)
        right = current[firsts + 1].astype(np.int64)
        out.append(Grams(counts[often], firsts, left, right))
        new = np.append(np.where(often, np.cumsum(often) - 1, -1), -1).astype(np.int32)
        current = new[ids]  # -1 selects the last entry
    return out


def pointwise(
    level: Grams,
    words: Ids,  # (N,) int32
    n: int,
    counts: Ints,  # (C,) int64, how often each word occurs
    total: int,  # tokens of the text
) -> tuple[Doubles, Doubles]:
    """PMI, in bits, and NPMI of sequences of n words, each (G,) float64."""
    apart = np.zeros(len(level.counts))
    for k in range(n):
        apart += np.log2(counts[words[level.firsts + k]] / total)
    together = np.log2(level.counts / total)
    pmi = together - apart
    npmi = np.divide(pmi, -(n - 1) * together, out=np.ones_like(pmi), where=together < 0)
    return pmi, npmi


def parts_of(
    levels: Sequence[Grams],  # of 2 words, of 3, and so on
    n: int,  # index in levels of the given sequences
    chosen: Ints,  # (g,) int64, their numbers in that level
) -> Iterator[tuple[int, Ints, Ints]]:
    """The shorter sequences inside given sequences, one (level, whole, part) for each position.

    ``level`` falls from ``n - 1`` to 0. ``whole`` and ``part``, (h,) int64, are indices into ``chosen`` and
    into that level. Each pair occurs once.
    """
    held = chosen[:, None]  # parts at each offset, (g, offsets), one word shorter in each round
    for shorter in range(n - 1, -1, -1):
        upper = levels[shorter + 1]
        held = np.concatenate([upper.left[held], upper.right[held[:, -1:]]], axis=1)
        for column in range(held.shape[1]):
            once = ~np.any(held[:, :column] == held[:, column : column + 1], axis=1)
            yield shorter, np.flatnonzero(once), held[once, column]


def c_values(
    levels: Sequence[Grams],  # of 2 words, of 3, and so on
    candidates: Sequence[Mask],  # for each level, (G,) bool
) -> list[Doubles]:
    """C-value of every sequence, (G,) float64 for each level.

    From the longest to the shortest, each candidate adds to its parts the occurrences that are not inside a
    longer candidate, and counts as one longer candidate there.
    """
    nested = [np.zeros(len(level.counts)) for level in levels]  # t
    holders = [np.zeros(len(level.counts)) for level in levels]  # c
    for n in range(len(levels) - 1, 0, -1):
        chosen = np.flatnonzero(candidates[n])
        own = np.maximum(levels[n].counts[chosen] - nested[n][chosen], 0)
        for shorter, whole, part in parts_of(levels, n, chosen):
            np.add.at(nested[shorter], part, own[whole])
            np.add.at(holders[shorter], part, 1)
    return [
        np.log2(n) * (level.counts - np.divide(t, c, out=np.zeros_like(t), where=c > 0))
        for n, (level, t, c) in enumerate(zip(levels, nested, holders, strict=True), 2)
    ]


def whole(
    levels: Sequence[Grams],
    good: Sequence[Mask],  # for each level, (G,) bool, may absorb others unless absorbed
    share: float,
) -> list[Mask]:
    """Which sequences do not occur mostly inside one longer sequence, for each level, (G,) bool.

    A sequence is absorbed if one longer sequence has ``share`` of its occurrences.
    """
    most = [np.zeros(len(level.counts)) for level in levels]  # occurrences in the most common longer sequence
    out = list(good)
    for n in range(len(levels) - 1, -1, -1):
        out[n] = good[n] & (most[n] < share * levels[n].counts)
        chosen = np.flatnonzero(out[n])
        for shorter, holder, part in parts_of(levels, n, chosen):
            np.maximum.at(most[shorter], part, levels[n].counts[chosen[holder]])
    return out


@njit(cache=True, nogil=True)
def _enlarged(keys: Hashes, values: Ids) -> tuple[Hashes, Ids]:
    """The same hash table with four times the slots."""
    larger_keys = np.zeros(4 * len(keys), np.uint64)
    larger_values = np.zeros(4 * len(keys), np.int32)
    mask = np.uint64(len(larger_keys) - 1)
    for s in range(len(keys)):
        if keys[s]:
            t = (keys[s] * _MIX >> _HALF) & mask
            while larger_keys[t]:
                t = (t + _ONE) & mask
            larger_keys[t] = keys[s]
            larger_values[t] = values[s]
    return larger_keys, larger_values


@allocating_kernel
def pairs(
    grams: Ids,  # (N,) int32, sequence that begins at each token, -1 for none
    breaks: Mask,  # (N,) bool, the token does not follow the previous one
) -> tuple[Ids, Ints, Ints]:
    """Number the pairs of neighbours by first appearance: ids (N,) int32, counts and firsts (P,) int64.

    A sequence of n words is a pair of overlapping sequences of n - 1 words, so one loop numbers any length.
    """
    ids = np.full(len(grams), -1, np.int32)
    counts = np.zeros(1 << 12, np.int64)
    firsts = np.zeros(1 << 12, np.int64)
    keys = np.zeros(1 << 14, np.uint64)  # a hash table with linear probing
    values = np.zeros(1 << 14, np.int32)
    n = 0  # pairs numbered so far
    for i in range(len(grams) - 1):
        left = grams[i]
        right = grams[i + 1]
        if left < 0 or right < 0 or breaks[i + 1]:
            continue
        key = (np.uint64(left) << _HALF | np.uint64(right)) + _ONE  # 0 is a free slot
        mask = np.uint64(len(keys) - 1)
        s = (key * _MIX >> _HALF) & mask
        while keys[s] and keys[s] != key:
            s = (s + _ONE) & mask
        if not keys[s]:
            if n == len(counts):
                counts = np.concatenate((counts, np.zeros_like(counts)))
                firsts = np.concatenate((firsts, np.zeros_like(firsts)))
            keys[s] = key
            values[s] = n
            firsts[n] = i
            ids[i] = n
            counts[n] = 1
            n += 1
            if 2 * n > len(keys):
                keys, values = _enlarged(keys, values)
        else:
            ids[i] = values[s]
            counts[values[s]] += 1
    return ids, counts[:n].copy(), firsts[:n].copy()


@allocating_kernel
def matches(
    classes: Ids,  # (N,) int32, the words, numbered
    breaks: Mask,  # (N,) bool, the word does not follow the previous one
    bounds: Ints,  # (C + 1,), phrases that begin with c: bounds[c]:bounds[c + 1], longest first
    sizes: Ints,  # (P,) int64, words of each phrase
    words: Ids,  # (P, n) int32
) -> Ids:
    """Find phrases from left to right, the longest first, without overlaps.

    (N,) int32: the phrase that begins at each token, -1 for none, -2 inside a phrase.
    """
    out = np.full(len(classes), -1, np.int32)
    i = 0
    while i < len(classes):
        first = classes[i]
        taken = 1
        for p in range(bounds[first], bounds[first + 1]):
            size = sizes[p]
            if i + size > len(classes):
                continue
            same = True
            for k in range(1, size):
                if breaks[i + k] or classes[i + k] != words[p, k]:
                    same = False
                    break
            if same:
                out[i] = p
                for k in range(1, size):
                    out[i + k] = -2
                taken = size
                break
        i += taken
    return out
