"""Words of text that was read in the wrong encoding: *cafÃ©*, *supervisionâ* (of *supervision’s*).

UTF-8 that was read as Windows-1252 has two or three letters and signs for one. A tokenizer drops the signs
and may lower the letters, so often a single letter is left at the end of a word, or alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["garbled"]

_LEADS = "ÂÃÄÅÎÏÐÑâãäåîïðñ"  # the first byte of two, or of three, read as Windows-1252; some in lower case
_SIGNS = "".join(bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xC0))
_WHOLE = re.compile(f"[{_LEADS}][{re.escape(_SIGNS)}]")
_CUT = re.compile("(?:([a-z]{3,})|it|he|we|)[âã]")
_CONTRACTED = frozenset(("don", "didn", "doesn", "isn", "wasn", "couldn", "wouldn", "hasn", "weren", "aren"))
_FEWEST = 2  # words of the second kind that there must be, and
_SHARE = 0.2  # of the words with letters beyond ASCII: in a language with â and ã they are hardly any


def garbled(words: Sequence[str]) -> list[int]:
    """The places of such words among all words of a text, ascending.

    A word counts if it has a pair of letters that only a wrong encoding gives; or if it is another word of
    the text with *â* or *ã* added, or such a letter alone, and many words beyond ASCII are.

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
