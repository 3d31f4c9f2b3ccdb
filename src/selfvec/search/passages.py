"""Long texts as passages: whole sentences, so many words, each beginning with the last sentence before it.

A text of hundreds of words says many things, and the mean of its words says none of them. So it is searched
as a whole and by its passages; a short one is its own only passage.
"""

from __future__ import annotations

import re

from selfvec.text.sentences import sentence_spans

__all__ = ["OVERLAP", "WORDS", "passages"]

WORDS = 200  # of a passage; texts a half longer stay whole
OVERLAP = 40  # words repeated from the passage before, at most

_IDEOGRAPH = "\u2e80-\u9fff\uac00-\ud7af"  # written without spaces: a character counts as a word
_WORD = re.compile(rf"[{_IDEOGRAPH}]|[^\s{_IDEOGRAPH}]{{1,40}}")


def passages(text: str, words: int = WORDS, overlap: int = OVERLAP) -> list[tuple[int, int]]:
    """Where the passages of a text begin and end, in characters; none where it is short enough to be one.

    Parameters
    ----------
    text : str
    words : int
        Words of a passage, at most; a sentence that is longer is cut.
    overlap : int
        Sentences of the passage before are repeated up to so many words.

    Examples
    --------
    >>> text = "One two. Three four. Five six. Seven eight."
    >>> [text[a:b] for a, b in passages(text, words=4, overlap=2)]
    ['One two. Three four.', 'Three four. Five six.', 'Five six. Seven eight.']
    """
    short = words * 3 // 2
    if len(text) <= short or (text.isascii() and len(text) <= 40 * short and len(text.split()) <= short):
        return []
    if sum(1 for _ in _WORD.finditer(text)) <= short:
        return []
    parts = [piece for start, end in sentence_spans(text) for piece in _pieces(text, start, end, words)]
    out: list[tuple[int, int]] = []
    first = 0
    while True:
        last, total = first, 0
        while last < len(parts) and (last == first or total + parts[last][2] <= words):
            total += parts[last][2]
            last += 1
        if last == len(parts):  # the last one reaches back, so that it is not a scrap
            while first > 0 and parts[first - 1][2] + total <= words:
                first -= 1
                total += parts[first][2]
        out.append((parts[first][0], parts[last - 1][1]))
        if last == len(parts):
            return out
        again, repeated = last, 0
        while again - 1 > first and repeated + parts[again - 1][2] <= overlap:
            again -= 1
            repeated += parts[again][2]
        first = again


def _pieces(text: str, start: int, end: int, words: int) -> list[tuple[int, int, int]]:
    """A sentence without the space around it, and its number of words; cut where it has too many."""
    found = [match.span() for match in _WORD.finditer(text, start, end)]
    parts = [found[i : i + words] for i in range(0, len(found), words)]
    return [(part[0][0], part[-1][1], len(part)) for part in parts]
