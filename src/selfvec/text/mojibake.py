"""Words of text that was read in the wrong encoding: *cafÃ©*, *supervisionâ* (of *supervision’s*).

UTF-8 that was read as Windows-1252 has two or three letters and signs instead of one. A tokenizer drops the
signs and may lower-case the letters. So often a single letter remains at the end of a word, or alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LEADS = "ÂÃÄÅÎÏÐÑâãäåîïðñ"  # the first byte of two, or of three, read as Windows-1252; some in lower case
_SIGNS = "".join(bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xC0))
_WHOLE = re.compile(f"[{_LEADS}][{re.escape(_SIGNS)}]")
_CUT = re.compile("(?:([a-z]{3,})|it|he|we|)[âã]")
_CONTRACTED = frozenset(("don", "didn", "doesn", "isn", "wasn", "couldn", "wouldn", "hasn", "weren", "aren"))
_FEWEST = 2  # least number of words of the second kind
_SHARE = 0.2  # their least share of the words beyond ASCII; in languages with â and ã it is far smaller


def garbled(words: Sequence[str]) -> list[int]:
    """The indices of garbled words among all words of a text, ascending.

    A word is garbled if it has a pair of letters that only a wrong encoding gives. It is also garbled if it
    is *â* or *ã*, alone or added to another word of the text, and many of the words beyond ASCII are.

    >>> garbled(["cafÃ©", "naïve", "hail", "hailâ", "straÃŸe"]), garbled(["hail", "hailâ", "itâ", "naïve"])
    ([0, 4], [1, 2])
    """
    odd = [i for i, word in enumerate(words) if not word.isascii()]
    whole = [i for i in odd if _WHOLE.search(words[i])]
    known = _CONTRACTED.union(word.lower() for word in words) if odd else _CONTRACTED
    ends = [(i, _CUT.fullmatch(words[i].lower())) for i in odd]
    cut = [i for i, end in ends if end and (end[1] is None or end[1] in known)]
    certain = len(cut) >= _FEWEST and len(cut) >= _SHARE * len(odd)
    return sorted({*whole, *(cut if certain else ())})
