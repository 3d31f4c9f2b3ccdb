"""The words that two files or runs share, and their weights in a fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Doubles, Ints
from selfvec.base.checks import check_whole
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors

__all__ = ["SharedWords", "shared_words"]

_EVIDENCE = 20  # occurrences at which a word has half of its full weight


@dataclass(frozen=True, eq=False)
class SharedWords:
    """n words with a vector in both, most frequent first, ties in alphabetical order.

    If counts are unknown, a word's rank is the larger of its two row numbers, because files of vectors are
    usually sorted by frequency.
    """

    words: list[str]
    rows_a: Ints  # (n,), their rows in both
    rows_b: Ints
    counts_a: Ints | None = None  # (n,), their occurrences, if both have counts
    counts_b: Ints | None = None

    def __len__(self) -> int:
        return len(self.words)

    @property
    def weights(self) -> Doubles:
        """Weights in a fit, (n,): m / (m + 20) for the smaller count m, or 1 if counts are unknown."""
        if self.counts_a is None or self.counts_b is None:
            return np.ones(len(self))
        seen = np.minimum(self.counts_a, self.counts_b)
        return np.asarray(seen / (seen + _EVIDENCE), np.float64)


def shared_words(a: Vectors, b: Vectors, min_count: int = 1) -> SharedWords:
    """The words with a vector in both that occur ``min_count`` times in either text."""
    check_whole("min_count", min_count)
    both = [(word, row, b.key_to_index[word]) for word, row in a.key_to_index.items() if word in b]
    rows_a = np.array([row for _, row, _ in both], np.int64)
    rows_b = np.array([row for _, _, row in both], np.int64)
    kept = np.any(a.vectors[rows_a] != 0, axis=1) & np.any(b.vectors[rows_b] != 0, axis=1)
    counts = None if a.counts is None or b.counts is None else (a.counts[rows_a], b.counts[rows_b])
    if min_count > 1:
        if counts is None:
            raise OptionError(
                "needs vectors with word counts",
                field="min_count",
                remedy="give two run folders, or leave it out",
            )
        kept &= np.minimum(*counts) >= min_count
    if not kept.any():
        often = f" and occurs {min_count} times in both texts" if min_count > 1 else ""
        raise InputError(
            f"no word has a vector in both{often}",
            remedy="check that both have the same language and casing",
        )
    rarity = np.maximum(rows_a, rows_b) if counts is None else -np.minimum(*counts)
    order = np.array(sorted(np.flatnonzero(kept).tolist(), key=lambda i: (rarity[i], both[i][0])), np.int64)
    words = [both[i][0] for i in order.tolist()]
    known = () if counts is None else (counts[0][order], counts[1][order])
    return SharedWords(words, rows_a[order], rows_b[order], *known)
