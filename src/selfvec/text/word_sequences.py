"""Sequences of words: counting them, measures for choosing phrases, and finding phrases in a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Doubles, Ids, Ints, Mask

__all__ = ["Grams", "c_values", "grams", "parts_of", "pointwise", "whole"]


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


def pairs(
    grams: Ids,  # (N,) int32, sequence that begins at each token, -1 for none
    breaks: Mask,  # (N,) bool, the token does not follow the previous one
) -> tuple[Ids, Ints, Ints]:
    """Number the pairs of neighbours by first appearance: ids (N,) int32, counts and firsts (P,) int64.

    A sequence of n words is a pair of overlapping sequences of n - 1 words, so one rule numbers any length.
    """
    import polars as pl

    places = np.flatnonzero((grams[:-1] >= 0) & (grams[1:] >= 0) & ~breaks[1:])
    keys = grams[places].astype(np.int64) << 32 | grams[places + 1]
    frame = pl.DataFrame({"key": keys, "place": places})
    found = frame.group_by("key", maintain_order=True).agg(pl.len().alias("count"), pl.first("place"))
    numbered = found.select("key").with_row_index("number")
    ids = np.full(len(grams), -1, np.int32)
    ids[places] = frame.join(numbered, on="key", how="left", maintain_order="left")["number"].to_numpy()
    return ids, found["count"].to_numpy().astype(np.int64), found["place"].to_numpy().astype(np.int64)
