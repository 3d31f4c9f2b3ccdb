"""Long texts as passages of whole sentences, each of which repeats the last sentences of the one before.

A text of hundreds of words has several subjects, and the mean of its words represents none of them. Such a
text is searched as a whole and by its passages. A short text has no passages.
"""

from __future__ import annotations

import re

from selfvec.text.sentences import sentence_spans

__all__ = ["OVERLAP", "WORDS", "passages"]

WORDS = 200  # of a passage; texts up to half longer have none
OVERLAP = 40  # words repeated from the passage before

_IDEOGRAPH = "\u2e80-\u9fff\uac00-\ud7af"  # written without spaces: a character counts as a word
_WORD = re.compile(rf"[{_IDEOGRAPH}]|[^\s{_IDEOGRAPH}]{{1,40}}")


def passages(text: str, words: int = WORDS, overlap: int = OVERLAP) -> list[tuple[int, int]]:
    """Where the passages of a text begin and end, in characters; none for a short text.

    Parameters
    ----------
    text : str
    words : int
        Words of a passage at most; longer sentences are cut.
    overlap : int
        Words at most that are repeated from the passage before, in whole sentences.

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
        if last == len(parts):  # the last one repeats more, so that it is not short
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
    """A sentence without surrounding space and its number of words, cut if it has too many."""
    found = [match.span() for match in _WORD.finditer(text, start, end)]
    parts = [found[i : i + words] for i in range(0, len(found), words)]
    return [(part[0][0], part[-1][1], len(part)) for part in parts]
