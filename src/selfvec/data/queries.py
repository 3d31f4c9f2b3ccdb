"""`Queries`: what gensim's KeyedVectors answer, by the same names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Ints
from selfvec.base.errors import InputError, OptionError
from selfvec.numerics.rows import top_indices, unit_rows

from .word_rows import Key, WordRows

MIN_COUNT = 5
"""Occurrences that a neighbour needs by default, as in word2vec and gensim.

The vector of a word seen once or twice depends mostly on its spelling. So it is near every word of similar
spelling, and lists of neighbours leave it out.
"""
_ENOUGH = 1000  # words must reach the default; otherwise a list of ten would leave out near words


def least_count(counts: Ints | None, min_count: int | None = None) -> int:
    """Occurrences that a neighbour needs: ``min_count`` or, by default, 5, or fewer in a small text.

    The default is the largest number up to 5 that 1,000 words reach, otherwise 1. It is 1 for vectors without
    counts; a larger ``min_count`` is an `OptionError` for these.

    >>> least_count(np.full(2000, 12)), least_count(np.array([7, 3, 1])), least_count(np.array([7, 3, 1]), 3)
    (5, 1, 3)
    """
    if min_count is not None:
        if min_count > 1 and counts is None:
            rule = "these vectors hold no counts of words"
            raise OptionError(rule, field="min_count", remedy="leave it out, or name a run")
        return min_count
    if counts is None:
        return 1
    return next((n for n in range(MIN_COUNT, 1, -1) if np.count_nonzero(counts >= n) >= _ENOUGH), 1)


Query = Key | AnyFloats | tuple[Key | AnyFloats, float]
"""A word, a row number or a vector, alone or with a weight."""
Ranking = list[tuple[str, float]]
"""(word, score) pairs, best first."""


class Queries(WordRows):
    """Nearest words, similarities and means of V words with vectors."""

    def similarity(self, w1: Key, w2: Key) -> float:
        """Cosine of two rows; exactly 1 for equal ones, 0 if one is all zeros.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> round(v.similarity("north", "up"), 2), v.similarity("north", "east")
        (0.8, 0.0)
        """
        a, b = (self.get_vector(word).astype(np.float64) for word in (w1, w2))
        scale = np.sqrt((a @ a) * (b @ b))
        return float(a @ b / scale) if scale else 0.0

    def distance(self, w1: Key, w2: Key) -> float:
        """1 minus the cosine of two rows.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> round(v.distance("north", "up"), 2)
        0.2
        """
        return 1 - self.similarity(w1, w2)

    def doesnt_match(self, words: Sequence[Key]) -> Key:
        """The word least similar to the mean of all of them; unknown words are ignored.

        >>> selfvec.load("default").doesnt_match(["rain", "snow", "storm", "bread"])
        'bread'
        """
        present = [word for word in words if word in self]
        if not present:
            raise InputError("none of these words has a vector")
        rows = np.stack([self.get_vector(word, norm=True) for word in present]).astype(np.float32)
        scores = rows @ _unit(rows.mean(axis=0))
        return present[-1 - int(np.argmin(scores[::-1]))]

    # Search

    def most_similar(
        self,
        positive: Query | Iterable[Query] | None = None,
        negative: Query | Iterable[Query] | None = None,
        topn: int = 10,
        restrict_vocab: int | None = None,
        *,
        min_count: int | None = None,
    ) -> Ranking:
        """The words nearest by cosine to a mean of words and vectors.

        Parameters
        ----------
        positive, negative : word, row number, vector, (any of these, weight), or several of them
            The weight is 1 for ``positive`` and -1 for ``negative`` unless given. Words count at length 1,
            vectors as long as they are, as in gensim.
        topn : int
            How many words to return.
        restrict_vocab : int, optional
            Number of rows to search from the first one; all by default.
        min_count : int, optional
            Leave out words that occur less often, if `counts` are known, as in a run. By default 5, or in a
            small text the largest number that 1,000 words reach, at least 1.

        Returns
        -------
        list of (word, cosine)
            Best first, without the words of the query. Equal cosines are in the order of the rows. A row of
            zeros has cosine 0 to all others.

        Raises
        ------
        KeyError
            If a word has no row.
        InputError
            If there is neither a positive nor a negative word or vector, or if ``min_count`` is given for
            vectors without counts.

        Examples
        --------
        >>> from selfvec import Vectors
        >>> v = Vectors(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]], dtype=np.float32))
        >>> [(word, round(cosine, 3)) for word, cosine in v.most_similar("a")]
        [('b', 0.707), ('c', 0.0)]
        >>> v.most_similar(positive=[("a", 2.0), "c"], topn=1)[0][0]
        'b'
        """
        terms = [*_weighted(positive, 1.0), *_weighted(negative, -1.0)]
        keys = [key for key, _ in terms]
        if not keys:
            raise InputError("most_similar needs at least one word or vector")
        query = self.get_mean_vector(
            keys, [weight for _, weight in terms], post_normalize=True, ignore_missing=False
        )
        scores = self.unit[: restrict_vocab or len(self)] @ query
        least = least_count(self.counts, min_count)
        left_out = {self.get_index(key) for key in keys if not isinstance(key, np.ndarray)}
        most = max(0, int(topn))
        if self.counts is None or least <= 1:
            best = top_indices(scores, most + len(left_out))
        else:
            often = np.flatnonzero(self.counts[: len(scores)] >= least)
            best = often[top_indices(scores[often], most + len(left_out))].tolist()
        return [(self.index_to_key[i], float(scores[i])) for i in best if i not in left_out][:most]

    # Means

    def get_mean_vector(
        self,
        keys: Sequence[Key | AnyFloats] | AnyFloats,
        weights: Sequence[float] | AnyFloats | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Floats:
        """Weighted mean of words, row numbers and vectors, (d,) float32.

        Parameters
        ----------
        keys, weights : sequences of n
            All weights are 1 by default. The sum is divided by the sum of the weights' absolute values.
        pre_normalize : bool
            Whether the rows of words are scaled to length 1. Given vectors are not scaled.
        post_normalize : bool
            Whether the mean is scaled to length 1.
        ignore_missing : bool
            Whether words without a row are left out; otherwise they raise `KeyError`.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> v.get_mean_vector(["north", "east"])
        array([0.5, 0.5], dtype=float32)
        """
        each = [1.0] * len(keys) if weights is None else [float(weight) for weight in weights]
        if not len(keys) or len(each) != len(keys):
            raise InputError(f"a mean needs keys and a weight for each, not {len(keys)} and {len(each)}")
        mean = np.zeros(self.vector_size, np.float32)
        total = 0.0
        for key, weight in zip(keys, each, strict=True):
            if ignore_missing and not isinstance(key, np.ndarray) and key not in self:
                continue
            row = key if isinstance(key, np.ndarray) else self.get_vector(key, pre_normalize)
            mean += weight * row
            total += abs(weight)
        mean = mean / total if total else mean
        return _unit(mean) if post_normalize else mean


def _weighted(keys: Query | Iterable[Query] | None, weight: float) -> list[tuple[Key | AnyFloats, float]]:
    """Each key or vector with its own weight, or else with the default."""
    if keys is None:
        return []
    single = isinstance(keys, str | int | np.integer) or (isinstance(keys, np.ndarray) and keys.ndim == 1)
    each = cast("Iterable[Query]", [keys] if single else keys)
    return [(key[0], float(key[1])) if isinstance(key, tuple) else (key, weight) for key in each]


def _unit(vector: AnyFloats) -> Floats:
    return unit_rows(np.asarray(vector)[None]).ravel()
