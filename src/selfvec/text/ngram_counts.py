"""Sequences of words counted, and the figures that tell a phrase from a mere sequence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ngram_kernels import pairs

__all__ = ["Grams", "c_values", "grams", "parts_of", "pointwise", "whole"]

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Figures = NDArray[np.float64]


@dataclass(frozen=True)
class Grams:
    """The different sequences of n words that occur often enough.

    Parameters
    ----------
    counts : (G,) int64
    firsts : (G,) int64
        The token at which each begins first.
    left, right : (G,) int64
        Numbers of its first and its last n - 1 words among the sequences of these; of words where n is 2.
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
        Whether a word does not follow the one before it.
    inside : (C,) bool
        Words that may be part of a sequence.
    min_count : int
        What occurs less often is left out, and with it all that is longer.
    longest : int

    Returns
    -------
    list of Grams
        Those of 2 words, of 3, and so on; in order of first appearance.
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
        current = new[ids]  # the last entry is what -1 finds
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
    """The shorter sequences inside some sequences.

    Parameters
    ----------
    levels : sequence of Grams
        Those of 2 words, of 3, and so on.
    n : int
        Place in ``levels`` of the sequences asked about.
    chosen : (g,) int64
        Their numbers there.

    Yields
    ------
    level : int
        Place in ``levels``, from ``n - 1`` down to 0; once for each place in the sequences.
    whole, part : (h,) int64
        Which of ``chosen`` (by its place there) holds which sequence of that level; a pair comes once.
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

    From the longest to the shortest: a candidate adds to each of its parts the occurrences that no longer
    candidate has taken already, and counts there as one.

    Parameters
    ----------
    levels : sequence of Grams
        Those of 2 words, of 3, and so on.
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
    """Which sequences are no mere part of one longer one, for each level, (G,) bool.

    Parameters
    ----------
    levels : sequence of Grams
    good : for each level, (G,) bool
        Sequences that others may be part of, if they are whole themselves.
    share : float
        Of a sequence's occurrences; as many of them in one longer sequence make it a part.
    """
    most = [np.zeros(len(level.counts)) for level in levels]  # occurrences in the commonest longer one
    out = list(good)
    for n in range(len(levels) - 1, -1, -1):
        out[n] = good[n] & (most[n] < share * levels[n].counts)
        chosen = np.flatnonzero(out[n])
        for shorter, holder, part in parts_of(levels, n, chosen):
            np.maximum.at(most[shorter], part, levels[n].counts[chosen[holder]])
    return out
