"""Passages: the stretches of whole sentences that a long text is cut into.

A text of hundreds of words has several subjects, and the mean of its words represents none of them. Such a
text is searched as a whole and by its passages. A short text has no passages.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from selfvec.base.checks import check_whole
from selfvec.base.errors import OptionError
from selfvec.text.self_retrieval import random_window
from selfvec.text.sentences import sentence_spans

__all__ = ["CUT", "Cut", "check_cut", "passages", "random_span", "random_words"]

Cut = tuple[int, int]
"""Words of a passage, and how many of them are repeated from the passage before."""

CUT: Cut = (200, 40)  # texts up to half longer have no passages

_IDEOGRAPH = "\u2e80-\u9fff\uac00-\ud7af"  # written without spaces: a character counts as a word
_WORD = re.compile(rf"[{_IDEOGRAPH}]|[^\s{_IDEOGRAPH}]{{1,40}}")


def passages(text: str, words: int = CUT[0], overlap: int = CUT[1]) -> list[tuple[int, int]]:
    """Where the passages of a text begin and end, in characters; none for a short text.

    >>> text = "One two. Three four. Five six. Seven eight."
    >>> [text[a:b] for a, b in passages(text, words=4, overlap=2)]
    ['One two. Three four.', 'Three four. Five six.', 'Five six. Seven eight.']
    """
    short = words * 3 // 2
    if len(text) <= short or (text.isascii() and len(text) <= 40 * short and len(text.split()) <= short):
        return []
    if sum(1 for _ in _WORD.finditer(text)) <= short:
        return []
    parts = [part for span in sentence_spans(text) for part in _sentence_parts(text, span, words)]
    out: list[tuple[int, int]] = []
    first = 0
    while True:
        last, total = _fill(parts, first, words)
        if last == len(parts):  # the last passage repeats more words, so that it is not short
            while first > 0 and parts[first - 1].words + total <= words:
                first -= 1
                total += parts[first].words
        out.append((parts[first].start, parts[last - 1].end))
        if last == len(parts):
            return out
        first = _repeat(parts, first, last, overlap)


class _SentencePart(NamedTuple):
    """A sentence, or a part of one that has too many words."""

    start: int  # characters
    end: int
    words: int


def _sentence_parts(text: str, span: tuple[int, int], words: int) -> list[_SentencePart]:
    """A sentence without surrounding space, cut if it has too many words."""
    found = [match.span() for match in _WORD.finditer(text, *span)]
    parts = [found[i : i + words] for i in range(0, len(found), words)]
    return [_SentencePart(part[0][0], part[-1][1], len(part)) for part in parts]


def _fill(parts: list[_SentencePart], first: int, words: int) -> tuple[int, int]:
    """The end of the passage that begins with a part, and its number of words."""
    last = first
    total = 0
    while last < len(parts) and (last == first or total + parts[last].words <= words):
        total += parts[last].words
        last += 1
    return last, total


def _repeat(parts: list[_SentencePart], first: int, last: int, overlap: int) -> int:
    """The first part of the passage after ``first`` … ``last - 1``; it repeats the last of these parts."""
    again = last
    repeated = 0
    while again - 1 > first and repeated + parts[again - 1].words <= overlap:
        again -= 1
        repeated += parts[again].words
    return again


def check_cut(cut: Cut) -> Cut:
    """The same; `OptionError` unless passages have at least 20 words, of which at most half are repeated."""
    words, overlap = cut
    check_whole("passage_words", words, 20)
    check_whole("overlap", overlap, 0)
    if not 0 <= overlap <= words // 2:
        raise OptionError(f"is at most half of a passage, {words // 2} words, not {overlap}", field="overlap")
    return cut


def random_words(text: str, number: int, rng: np.random.Generator) -> str:
    """Consecutive words of a text from a random position; a shorter text as a whole.

    >>> random_words("One two. Three four.", 4, np.random.default_rng(0))
    'One two. Three four.'
    """
    start, end = random_span(text, number, rng, share=1)
    return text[start:end]


def random_span(text: str, number: int, rng: np.random.Generator, share: float = 0.5) -> tuple[int, int]:
    """Start and end of consecutive words from a random position, at most a share of all words."""
    spans = [match.span() for match in _WORD.finditer(text)]
    first, last = random_window(len(spans), min(number, int(len(spans) * share)), rng)
    return (spans[first][0], spans[last - 1][1]) if last else (0, 0)
