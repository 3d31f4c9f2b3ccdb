"""Counting sequences of words, and the measures by which phrases are chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Grams", "c_values", "grams", "parts_of", "pointwise", "whole"]

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Figures = NDArray[np.float64]

_ONE = np.uint64(1)
_HALF = np.uint64(32)
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, with well-mixed bits (golden ratio)


@dataclass(frozen=True)
class Grams:
    """The distinct sequences of n words that occur often enough.

    Parameters
    ----------
    counts : (G,) int64
    firsts : (G,) int64
        The token at which each first begins.
    left, right : (G,) int64
        Numbers of the sequences of its first and of its last n - 1 words; of words if n is 2.
    """

    counts: Int64
    firsts: Int64
    left: Int64
    right: Int64


def grams(
    words: NDArray[np.int32], breaks: Flags, inside: Flags, min_count: int, longest: int
) -> list[Grams]:
    """Sequences of 2 to ``longest`` words.

    Parameters
    ----------
    words : (N,) int32
        The text.
    breaks : (N,) bool
        Whether a word does not follow the previous one.
    inside : (C,) bool
        Words that may be part of a sequence.
    min_count : int
        Rarer sequences are dropped, and with them all longer ones.
    longest : int

    Returns
    -------
    list of Grams
        Of 2 words, of 3, and so on, each in order of first appearance.
    """
    current = np.where(inside[words], words, -1).astype(np.int32)
    out = []
    for _ in range(2, longest + 1):
        ids, counts, firsts = pairs(current, breaks)
        often = counts >= min_count
        firsts = firsts[often]
        left, right = current[firsts].astype(np.int64), current[firsts + 1].astype(np.int64)
        out.append(Grams(counts[often], firsts, left, right))
        new = np.append(np.where(often, np.cumsum(often) - 1, -1), -1).astype(np.int32)
        current = new[ids]  # -1 selects the last entry
    return out


def pointwise(
    level: Grams, words: NDArray[np.int32], n: int, counts: Int64, total: int
) -> tuple[Figures, Figures]:
    """PMI in bits and NPMI of sequences of n words, each (G,) float64.

    Parameters
    ----------
    counts : (C,) int64
        How often each word occurs.
    total : int
        Tokens of the text.
    """
    apart = np.zeros(len(level.counts))
    for k in range(n):
        apart += np.log2(counts[words[level.firsts + k]] / total)
    together = np.log2(level.counts / total)
    pmi = together - apart
    npmi = np.divide(pmi, -(n - 1) * together, out=np.ones_like(pmi), where=together < 0)
    return pmi, npmi


def parts_of(levels: Sequence[Grams], n: int, chosen: Int64) -> Iterator[tuple[int, Int64, Int64]]:
    """The shorter sequences inside given sequences.

    Parameters
    ----------
    levels : sequence of Grams
        Of 2 words, of 3, and so on.
    n : int
        Index in ``levels`` of the given sequences.
    chosen : (g,) int64
        Their numbers in that level.

    Yields
    ------
    level : int
        Index in ``levels``, from ``n - 1`` down to 0; once for each position in the sequences.
    whole, part : (h,) int64
        Which of ``chosen`` (by index) contains which sequence of that level; each pair once.
    """
    held = chosen[:, None]  # parts at each offset, (g, offsets), shorter by one word at every turn
    for shorter in range(n - 1, -1, -1):
        upper = levels[shorter + 1]
        held = np.concatenate([upper.left[held], upper.right[held[:, -1:]]], axis=1)
        for column in range(held.shape[1]):
            once = ~np.any(held[:, :column] == held[:, column : column + 1], axis=1)
            yield shorter, np.flatnonzero(once), held[once, column]


def c_values(levels: Sequence[Grams], candidates: Sequence[Flags]) -> list[Figures]:
    """C-value of every sequence.

    From the longest to the shortest, a candidate adds to each of its parts the occurrences that no longer
    candidate has claimed, and counts there as one.

    Parameters
    ----------
    levels : sequence of Grams
        Of 2 words, of 3, and so on.
    candidates : for each level, (G,) bool
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


def whole(levels: Sequence[Grams], good: Sequence[Flags], share: float) -> list[Flags]:
    """Which sequences do not occur mostly inside one longer sequence, for each level, (G,) bool.

    Parameters
    ----------
    levels : sequence of Grams
    good : for each level, (G,) bool
        Sequences that may absorb others, if they are not absorbed themselves.
    share : float
        A sequence is absorbed if one longer sequence has this share of its occurrences.
    """
    most = [np.zeros(len(level.counts)) for level in levels]  # occurrences in the commonest longer one
    out = list(good)
    for n in range(len(levels) - 1, -1, -1):
        out[n] = good[n] & (most[n] < share * levels[n].counts)
        chosen = np.flatnonzero(out[n])
        for shorter, holder, part in parts_of(levels, n, chosen):
            np.maximum.at(most[shorter], part, levels[n].counts[chosen[holder]])
    return out


@njit(cache=True, nogil=True)
def _grown(keys: NDArray[np.uint64], values: Int32) -> tuple[NDArray[np.uint64], Int32]:
    """The same hash table with four times the slots."""
    new, numbers = np.zeros(4 * len(keys), np.uint64), np.zeros(4 * len(keys), np.int32)
    mask = np.uint64(len(new) - 1)
    for s in range(len(keys)):
        if keys[s]:
            t = (keys[s] * _MIX >> _HALF) & mask
            while new[t]:
                t = (t + _ONE) & mask
            new[t], numbers[t] = keys[s], values[s]
    return new, numbers


@njit(cache=True, nogil=True)
def pairs(grams: Int32, breaks: NDArray[np.bool_]) -> tuple[Int32, Int64, Int64]:
    """Number the pairs of neighbours in a sequence, in order of first appearance.

    A sequence of n words is a pair of sequences of n - 1 words, of which the second begins a word later. So
    one loop numbers sequences of any length.

    Parameters
    ----------
    grams : (N,) int32
        The sequence that begins at each token; -1 for none.
    breaks : (N,) bool
        Whether a token does not follow the previous one.

    Returns
    -------
    ids : (N,) int32
        The pair that begins at each token; -1 for none.
    counts : (P,) int64
    firsts : (P,) int64
        Where each pair first begins.
    """
    ids = np.full(len(grams), -1, np.int32)
    counts, firsts = np.zeros(1 << 12, np.int64), np.zeros(1 << 12, np.int64)
    keys, values = np.zeros(1 << 14, np.uint64), np.zeros(1 << 14, np.int32)
    n = 0
    for i in range(len(grams) - 1):
        a, b = grams[i], grams[i + 1]
        if a < 0 or b < 0 or breaks[i + 1]:
            continue
        key = (np.uint64(a) << _HALF | np.uint64(b)) + _ONE  # 0 is a free slot
        mask = np.uint64(len(keys) - 1)
        s = (key * _MIX >> _HALF) & mask
        while keys[s] and keys[s] != key:
            s = (s + _ONE) & mask
        if not keys[s]:
            if n == len(counts):
                counts = np.concatenate((counts, np.zeros_like(counts)))
                firsts = np.concatenate((firsts, np.zeros_like(firsts)))
            keys[s], values[s] = key, n
            firsts[n] = i
            ids[i] = n
            counts[n] = 1
            n += 1
            if 2 * n > len(keys):
                keys, values = _grown(keys, values)
        else:
            ids[i] = values[s]
            counts[values[s]] += 1
    return ids, counts[:n].copy(), firsts[:n].copy()
