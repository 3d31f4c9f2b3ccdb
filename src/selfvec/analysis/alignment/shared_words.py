"""The words two tables have in common: what every way of comparing them begins with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors

__all__ = ["Shared", "share"]

_EVIDENCE = 20  # occurrences at which a word weighs half of what it can weigh


@dataclass(frozen=True, eq=False)
class Shared:
    """n words with a vector in both tables, most frequent first, equally frequent ones in alphabetical order.

    The order of words in the tables does not matter where their counts are known. Where they are not, a word
    is as frequent as its later place in the two says, as vectors files are usually sorted.

    Parameters
    ----------
    words : list of n str
    rows_a, rows_b : (n,) int64
        Their rows in the two tables.
    counts_a, counts_b : (n,) int64 or None
        How often they occurred, where both tables tell.
    """

    words: list[str]
    rows_a: NDArray[np.int64]
    rows_b: NDArray[np.int64]
    counts_a: NDArray[np.int64] | None = None
    counts_b: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.words)

    @property
    def weights(self) -> NDArray[np.float64]:
        """What each word counts when tables are fitted, (n,): m / (m + 20) for the smaller count m, or 1."""
        if self.counts_a is None or self.counts_b is None:
            return np.ones(len(self))
        seen = np.minimum(self.counts_a, self.counts_b)
        return np.asarray(seen / (seen + _EVIDENCE), np.float64)


def share(a: Vectors, b: Vectors, min_count: int = 1) -> Shared:
    """The shared words of two tables; a row of zeros is no vector.

    Parameters
    ----------
    a, b : Vectors
    min_count : int
        Words that occur less often in either table's text are left out.

    Raises
    ------
    OptionError
        If a least count is asked for and a table does not tell counts.
    InputError
        If no word is left.
    """
    both = [(word, row, b.key_to_index[word]) for word, row in a.key_to_index.items() if word in b]
    rows_a = np.array([row for _, row, _ in both], np.int64)
    rows_b = np.array([row for _, _, row in both], np.int64)
    kept = np.any(a.vectors[rows_a] != 0, axis=1) & np.any(b.vectors[rows_b] != 0, axis=1)
    counts = None if a.counts is None or b.counts is None else (a.counts[rows_a], b.counts[rows_b])
    if min_count > 1:
        if counts is None:
            raise OptionError(
                "a least count needs two tables that know how often their words occurred",
                field="min_count",
                remedy="give two run folders, or leave it out",
            )
        kept &= np.minimum(*counts) >= min_count
    if not kept.any():
        raise InputError(
            "the two tables share no word that has a vector in both" + _often(min_count),
            remedy="check that both are of one language and casing",
        )
    rarity = np.maximum(rows_a, rows_b) if counts is None else -np.minimum(*counts)
    order = np.array(sorted(np.flatnonzero(kept).tolist(), key=lambda i: (rarity[i], both[i][0])), np.int64)
    words = [both[i][0] for i in order.tolist()]
    if counts is None:
        return Shared(words, rows_a[order], rows_b[order])
    return Shared(words, rows_a[order], rows_b[order], counts[0][order], counts[1][order])


def _often(min_count: int) -> str:
    return f" and occurs {min_count} times in both texts" if min_count > 1 else ""
