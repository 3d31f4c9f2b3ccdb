"""Stemming, `min_count` and `max_types`: the rules that need the counts of the whole corpus.

Words that share a Snowball stem are merged: *storm*, *storms* and *storming* become one word. A stem is
cheaper and coarser than a lemma, and often not a word itself (*comput*). So users see a word instead: the
most frequent one with this stem that has a vector.

The rules are applied last; all others are in `selfvec.text.rules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress

import numpy as np

from selfvec.base.arrays import Ids, Ints
from selfvec.base.casing import lower
from selfvec.base.errors import OptionError

from .languages import STEMMERS

DROPPED = -1  # the number of a type that a rule leaves out


def stems(words: Sequence[str], language: str) -> list[str]:
    """Snowball's stem of every word, in lower case.

    >>> stems(["Storms", "storm", "tornadoes"], "en")
    ['storm', 'storm', 'tornado']
    """
    import Stemmer

    if language not in STEMMERS:
        raise OptionError(
            f"no stems for the language {language!r}",
            field="stem",
            remedy=f"use one of {', '.join(STEMMERS)}",
        )
    lowered = [lower(word, language) for word in words]
    found: list[str] = Stemmer.Stemmer(STEMMERS[language]).stemWords(lowered)
    return found


def same_stem(
    words: Sequence[str],  # n words; counts of repeated words are added up
    counts: Ints,  # (n,) int64
    known: Mapping[str, int],  # words with a vector, preferred ones first
    language: str,
) -> list[str]:
    """The word that represents the stem of each word: the most frequent one that has a vector.

    If no word has a vector, it is the first word of ``known`` with that stem, or else the most frequent word.

    >>> same_stem(["storms", "storm", "hails"], np.array([5, 2, 1]), {"storm": 0, "hail": 1}, "en")
    ['storm', 'storm', 'hail']
    """
    own = stems(words, language)
    totals: dict[str, int] = {}
    for word, count in zip(words, counts.tolist(), strict=True):
        totals[word] = totals.get(word, 0) + count
    best: dict[str, tuple[bool, int, str]] = {}
    for word, stem in zip(words, own, strict=True):
        rank = (word in known, totals[word])
        if stem not in best or rank > best[stem][:2]:
            best[stem] = (*rank, word)
    if known and not all(has_vector for has_vector, _, _ in best.values()):
        for word, stem in zip(known, stems(list(known), language), strict=True):
            if stem in best and not best[stem][0]:
                best[stem] = (True, 0, word)
    return [best[stem][2] for stem in own]


def merged_types(
    types: Sequence[str],  # U types in order of first appearance
    counts: Ints,  # (U,) int64
    known: Mapping[str, int],  # words with a vector
    stem: str | None = None,  # language code; None merges nothing
    min_count: int = 1,
    max_types: int | None = None,  # None for any number
) -> tuple[Ids, list[str], int]:
    """Merge types that share a stem, then drop those that occur less than ``min_count`` times.

    If more than ``max_types`` are left, those that occur less than `kept_from` times are dropped. Returns
    each type's new index, (U,) int32, -1 if dropped; the new types by first appearance; and that count.
    """
    if not stem:
        return _frequent(types, counts, min_count, max_types)
    names = same_stem(types, counts, known, stem)
    index = {name: i for i, name in enumerate(dict.fromkeys(names))}
    places = np.fromiter(map(index.__getitem__, names), np.int32, len(names))
    totals = np.zeros(len(index), np.int64)
    np.add.at(totals, places, counts)
    numbers, kept, least = _frequent(list(index), totals, min_count, max_types)
    return numbers[places], kept, least


def keep_all(types: int, stem: str | None, min_count: int, max_types: int | None) -> bool:
    """Whether the rules of `merged_types` are not set, or cannot change ``types`` types."""
    return not stem and min_count <= 1 and (max_types is None or types <= max_types)


def _frequent(
    types: Sequence[str], counts: Ints, min_count: int, max_types: int | None
) -> tuple[Ids, list[str], int]:
    """`merged_types` of types that are not merged."""
    least = kept_from(counts, min_count, max_types)
    frequent = counts >= least
    numbers = np.where(frequent, np.cumsum(frequent) - 1, DROPPED).astype(np.int32)
    return numbers, list(compress(types, frequent.tolist())), least


def kept_from(counts: Ints, min_count: int = 1, max_types: int | None = None) -> int:
    """The smallest count from ``min_count`` on that at most ``max_types`` types have. Ties are not broken.

    >>> kept_from(np.array([5, 2, 2, 1]), max_types=3), kept_from(np.array([5, 2, 2, 1]), max_types=2)
    (2, 3)
    """
    if max_types is None or np.count_nonzero(counts >= min_count) <= max_types:
        return min_count
    most_dropped = len(counts) - max_types - 1  # place of the most frequent type that is certainly dropped
    return int(np.partition(counts, most_dropped)[most_dropped]) + 1
