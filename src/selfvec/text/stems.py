"""Words that share a Snowball stem are merged: *storm*, *storms* and *storming* become one word.

A stem is cheaper and coarser than a lemma, and often not a word itself (*comput*). So users see a word
instead: the most frequent one with this stem that has a vector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError

__all__ = ["DROPPED", "STEMMERS", "merged_types", "same_stem", "stems"]

DROPPED = -1  # the number of a type that a rule leaves out

STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}


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
    found: list[str] = Stemmer.Stemmer(STEMMERS[language]).stemWords([word.lower() for word in words])
    return found


def same_stem(
    words: Sequence[str],  # n words; counts of repeated words are added up
    counts: NDArray[np.int64],  # (n,) int64
    known: Mapping[str, int],  # words with a vector, preferred ones first
    language: str,
) -> list[str]:
    """The word that represents the stem of each word: the most frequent of those that have a vector.

    If none has one, it is the first word of ``known`` with that stem, or else the most frequent word.

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
    if known and not all(has for has, _, _ in best.values()):
        for word, stem in zip(known, stems(list(known), language), strict=True):
            if stem in best and not best[stem][0]:
                best[stem] = (True, 0, word)
    return [best[stem][2] for stem in own]


def merged_types(
    types: Sequence[str],  # U types in order of first appearance
    counts: NDArray[np.int64],  # (U,) int64
    known: Mapping[str, int],  # words with a vector
    stem: str | None = None,  # language code; None merges nothing
    min_count: int = 1,
) -> tuple[NDArray[np.int32], list[str]]:
    """Merge types that share a stem, then drop those that occur less than ``min_count`` times.

    Returns each type's new index, (U,) int32, -1 if dropped, and the new types by first appearance.
    """
    names = same_stem(types, counts, known, stem) if stem else types
    index = {name: i for i, name in enumerate(dict.fromkeys(names))}
    places = np.fromiter(map(index.__getitem__, names), np.int32, len(names))
    totals = np.zeros(len(index), np.int64)
    np.add.at(totals, places, counts)
    frequent = totals >= min_count
    numbers = np.where(frequent, np.cumsum(frequent) - 1, DROPPED).astype(np.int32)
    return numbers[places], [name for name, kept in zip(index, frequent.tolist(), strict=True) if kept]
