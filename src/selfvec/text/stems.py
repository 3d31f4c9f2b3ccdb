"""Words of one stem as one: *storm*, *storms* and *storming*, told by Snowball's rules.

A stem is a rule of spelling, cheaper and bolder than a lemma, and no word itself (*comput*). What users see
is therefore a word: of those that share a stem, the one that has a vector and occurs most often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError

__all__ = ["STEMMERS", "same_stem", "stems"]

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
    """For every word the one that stands for its stem.

    It is the most frequent of the words that have a vector; if none has one, a word of ``known`` with the
    same stem; else the most frequent. Equal counts: the first.

    Parameters
    ----------
    words : sequence of n str
        Words may stand twice; their counts add up.
    counts : (n,) int64
    known : mapping
        Words with a vector, in the order in which they are preferred.
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
