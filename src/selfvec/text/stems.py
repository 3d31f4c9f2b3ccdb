"""Words that share a Snowball stem are merged: *storm*, *storms* and *storming* become one word.

A stem is cheaper and coarser than a lemma, and is often no word itself (*comput*). So users see a word: of
those that share the stem, the most frequent one that has a vector.
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

    Raises
    ------
    OptionError
        If there are no rules for the language.

    Examples
    --------
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
    words: Sequence[str], counts: NDArray[np.int64], known: Mapping[str, int], language: str
) -> list[str]:
    """The word that represents the stem of each word.

    That is the most frequent of the words that have a vector. If none has one, it is the first word of
    ``known`` with the same stem, or else the most frequent word. Ties go to the first.

    Parameters
    ----------
    words : sequence of n str
        A word may occur more than once; its counts are added up.
    counts : (n,) int64
    known : mapping
        Words with a vector, the preferred ones first.
    language : str

    Examples
    --------
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
    types: Sequence[str],
    counts: NDArray[np.int64],
    known: Mapping[str, int],
    stem: str | None = None,
    min_count: int = 1,
) -> tuple[NDArray[np.int32], list[str]]:
    """Merge types that share a stem, then drop those that occur less than ``min_count`` times.

    Parameters
    ----------
    types : sequence of U str
        In order of first appearance.
    counts : (U,) int64
    known : mapping
        Words with a vector.
    stem : str, optional
        Language of the stems; nothing is merged without one.
    min_count : int
        Counted after merging.

    Returns
    -------
    numbers : (U,) int32
        Index of each type in ``merged``; -1 if it is dropped.
    merged : list of str
        In order of first appearance.

    Examples
    --------
    >>> numbers, merged = merged_types(["storms", "hail", "storm"], np.array([1, 1, 2]), {}, "en", 2)
    >>> numbers.tolist(), merged
    ([0, -1, 0], ['storm'])
    """
    names = same_stem(types, counts, known, stem) if stem else types
    index = {name: i for i, name in enumerate(dict.fromkeys(names))}
    places = np.fromiter(map(index.__getitem__, names), np.int32, len(names))
    totals = np.zeros(len(index), np.int64)
    np.add.at(totals, places, counts)
    frequent = totals >= min_count
    numbers = np.where(frequent, np.cumsum(frequent) - 1, DROPPED).astype(np.int32)
    return numbers[places], [name for name, kept in zip(index, frequent.tolist(), strict=True) if kept]
