"""Words that a line end cuts in two, as in the text of a PDF.

A soft hyphen and the sign ``¬`` stand only where a word is cut. A hyphen may also be the own one of
*well-known*, and stays. The document tells which: it has the whole word elsewhere, or both of its parts.
"""

from __future__ import annotations

import re
from collections import Counter

# A soft hyphen or ¬ before a blank is a line end, too, that a program has made a blank.
_CUT = re.compile(r"(?<=[^\W\d_])(?:([-\u2010\u2011])[ \t\r]*\n[ \t]*|(\xad)\s+|(\xac)\s*)(?=[^\W\d_])")
_BEFORE = re.compile(r"[\w\u2010\u2011-]+\Z")
_AFTER = re.compile(r"\w{1,64}")
_LONGEST = 64  # letters of a part
_HYPHENS = re.compile("[\u2010\u2011]")
_WORD = re.compile(r"\w+(?:-\w+)*")
_SHORTEST = 3  # letters of parts that are words of their own: *in* and *to* of *into* tell nothing
_FIRST = frozenset(("well", "self"))  # that stand before a hyphen where the document does not tell


def joined_lines(text: str) -> tuple[str, int]:
    """A text without the line ends inside words, and how many they were; a hyphen that is a word's own stays.

    >>> joined_lines("The win-\\ndows of a well-\\nknown shop. Windows broke.")
    ('The windows of a well-known shop. Windows broke.', 2)
    >>> joined_lines("a long-\\nterm plan in 1990-\\n95; the long term"), joined_lines("win¬dows, har¬ bour")
    (('a long-term plan in 1990-\\n95; the long term', 1), ('windows, harbour', 2))
    """
    if _CUT.search(text) is None:
        return text, 0
    whole = _HYPHENS.sub("-", _CUT.sub("_", text)).lower()  # which makes of cut words others
    words = Counter(_WORD.findall(whole))
    for word in [word for word in words if "-" in word]:
        words.update(dict.fromkeys(word.split("-"), words[word]))

    def joined(cut: re.Match[str]) -> str:
        before = _BEFORE.search(text[max(0, cut.start() - _LONGEST) : cut.start()])
        after = _AFTER.match(text, cut.end())
        if before is None or after is None or not cut[1]:
            return ""
        return cut[1] if _is_own(before[0], after[0], words) else ""

    return _CUT.subn(joined, text)


def _is_own(left: str, right: str, words: Counter[str]) -> bool:
    first, second = _HYPHENS.sub("-", left).lower(), right.lower()
    with_hyphen, without = words[f"{first}-{second}"], words[first + second]
    if with_hyphen != without:
        return with_hyphen > without
    if "-" in first or len(first) == 1 or (right[0].isupper() and not left.isupper()):
        return True  # state-of-the-art, X-ray, Anglo-Saxon
    parts = len(first) >= _SHORTEST and len(second) >= _SHORTEST and words[first] and words[second]
    return bool(parts) or first in _FIRST
