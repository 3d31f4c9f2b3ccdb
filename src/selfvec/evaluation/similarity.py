"""Word similarity: do cosines rank pairs of words as people do?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from selfvec.base.arrays import Doubles, Ints, Mask
from selfvec.base.errors import InputError
from selfvec.numerics.statistics import rank_correlation, spearman

from .compared_vectors import ComparedVectors, listed, word_vectors
from .task import Measurement, Task, number, rows


@dataclass(frozen=True)
class Pairs:
    """n scored pairs of W distinct words."""

    words: list[str]  # W
    numbers: Ints  # (n, 2) of the words of a pair
    scores: Doubles  # (n,)
    common: Mask  # (n,) whether all compared vectors have both words


@dataclass(frozen=True)
class Similarity(Task[Pairs]):
    """Spearman's rank correlation of cosines with human scores.

    All pairs count in ``value``. A pair with a word that has no vector gets cosine 0, and ``covered`` is the
    share of pairs with both vectors. ``value_known`` is over these alone, None if they are fewer than two
    (``spearman_covered`` is its older name, 0 without pairs). ``value_common``, from ``low_common`` to
    ``high_common``, is over the ``n_common`` pairs of all compared vectors, and None if these are fewer than
    two; most papers report this figure. ``spearman_occurring`` is over the ``occurring`` pairs whose words
    are in the vocabulary, with or without a vector. The original and the refined vectors of a run have the
    vocabulary of its corpus, so it compares them on words that the corpus contains.

    Parameters
    ----------
    path : path
        Rows of word<TAB>word<TAB>score.
    """

    kind: ClassVar[str] = "similarity"

    def load(self, entries: Sequence[ComparedVectors], seed: int) -> Pairs:
        """Read the pairs, and find which of them all vectors have."""
        pairs = read_pairs(self.path)
        known = np.ones(len(pairs.words), bool)
        for entry in entries:
            if not entry.truncated:  # truncated vectors have the same words as the full ones
                known &= word_vectors(entry.vectors, pairs.words)[1]
        a, b = pairs.numbers.T
        return replace(pairs, common=known[a] & known[b])

    def score(self, entry: ComparedVectors, items: Pairs, seed: int) -> Iterator[Measurement]:
        """One row of metric ``spearman``."""
        found, known = word_vectors(entry.vectors, items.words)
        a, b = items.numbers.T
        cosines = np.einsum("ij,ij->i", found[a], found[b], dtype=np.float64)
        both = known[items.numbers].all(axis=1)
        occurring = (known | listed(entry.vectors, items.words))[items.numbers].all(axis=1)
        common = items.common
        n_common = int(items.common.sum())
        over_known = rank_correlation(cosines[both], items.scores[both])
        measured = Measurement.of(
            entry,
            "spearman",
            spearman(cosines, items.scores, seed),
            n=len(cosines),
            covered=float(both.mean()),
            value_known=over_known if both.sum() > 1 else None,
            spearman_covered=over_known,
            spearman_occurring=rank_correlation(cosines[occurring], items.scores[occurring]),
            occurring=int(occurring.sum()),
        )
        over_common = spearman(cosines[common], items.scores[common], seed) if n_common > 1 else None
        yield replace(measured, common=over_common, n_common=n_common)


def read_pairs(path: Path) -> Pairs:
    """Read scored pairs of words."""
    index: dict[str, int] = {}
    numbers = []
    scores = []
    for line, (one, other, score) in rows(path, ("word", "word", "score")):
        numbers.append([index.setdefault(word, len(index)) for word in (one, other)])
        scores.append(number(score, path, line, "score"))
    if len(set(scores)) < 2:
        rule = f"a correlation needs pairs with different scores, found {len(set(scores))}"
        raise InputError(rule, path=path, remedy="give rows of word<TAB>word<TAB>score")
    return Pairs(list(index), np.array(numbers, np.int64), np.array(scores), np.ones(len(scores), bool))
