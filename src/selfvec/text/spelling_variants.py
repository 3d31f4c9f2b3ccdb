"""Spellings of the same word: old letters, British and American endings, hyphens, and misread letters.

`spelling_key` is the same for spellings that a rule relates: ſ and s, ß and ss, -ise and -ize, -our and -or,
with and without a hyphen or an apostrophe. `letters_key` is the same for words that a reader of old print may
confuse: fame and same, vpon and upon. Many different words share it, too, so it is only a hint.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BETWEEN = re.compile(r"[-‐‑_.'’`\u00ad]")
_ENDINGS = (
    (re.compile(r"(?<=\w{3})(i|y)s(?=(e|es|ed|er|ers|ing|ation|ations)$)"), r"\1z"),
    (
        re.compile(
            r"(?<=\w{3})our(?=(s|ed|ing|able|ite|ites|er|ers|al|ally|less|ful|ize|izes|ized|izing)?$)"
        ),
        "or",
    ),
    (re.compile(r"(?<=\w{2}[^aeiou])re(?=s?$)"), "er"),
    (re.compile(r"(?<=\w{2})ll(?=(ed|ing|er|ers)$)"), "l"),
    (re.compile(r"(?<=\w{3})ogue(?=s?$)"), "og"),
    (re.compile(r"(?:ae|oe)(?=\w{3})"), "e"),
)
_CONFUSED = str.maketrans({"f": "s", "v": "u", "j": "i", "y": "i", "w": "uu", "m": "rn", "0": "o", "1": "i"})
_SHORTEST = 5  # letters of a word that the rules about endings are for


@lru_cache(1 << 16)  # the same words are neighbours of many
def spelling_key(word: str) -> str:
    """A key that other spellings of the same word share.

    >>> [spelling_key(word) for word in ("Colour", "colorize", "colourise", "houſe", "co-operate", "daß")]
    ['color', 'colorize', 'colorize', 'house', 'cooperate', 'dass']
    """
    folded = unicodedata.normalize("NFKC", word.casefold()).replace("æ", "ae").replace("œ", "oe")
    key = _BETWEEN.sub("", folded)
    if len(key) >= _SHORTEST:
        for ending, other in _ENDINGS:
            key = ending.sub(other, key)
    return key


def letters_key(word: str) -> str:
    """A key that words with letters that are confused in print share.

    >>> letters_key("vpon") == letters_key("upon"), letters_key("fame") == letters_key("same")
    (True, True)
    """
    return spelling_key(word).translate(_CONFUSED)
