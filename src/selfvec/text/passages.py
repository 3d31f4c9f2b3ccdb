"""Passages: the stretches of whole sentences that a long text is cut into.

A text of hundreds of words has several subjects, and the mean of its words represents none of them. Such a
text is searched as a whole and by its passages. A short text has no passages.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.checks import check_whole
from selfvec.base.errors import OptionError

from .document_vectors import random_window
from .sentences import sentence_spans

Cut = tuple[int, int]
"""Words of a passage, and how many of them are repeated from the passage before."""

CUT: Cut = (200, 40)  # texts up to half longer have no passages

_LONGEST = 40  # characters; a longer stretch without spaces is several words
_WHITESPACE = np.array([chr(code).isspace() for code in range(0x3002)])  # later ones are as the last
_IDEOGRAPHS = ((0x2E80, 0x9FFF), (0xAC00, 0xD7AF))  # written without spaces: a character counts as a word


def passages(text: str, words: int = CUT[0], overlap: int = CUT[1]) -> list[tuple[int, int]]:
    """Where the passages of a text begin and end, in characters; none for a short text.

    >>> text = "One two. Three four. Five six. Seven eight."
    >>> [text[a:b] for a, b in passages(text, words=4, overlap=2)]
    ['One two. Three four.', 'Three four. Five six.', 'Five six. Seven eight.']
    """
    short = words * 3 // 2
    few = len(text.split(None, short)) <= short  # not counting the pieces of long stretches without spaces
    surely = len(text) <= (_LONGEST * short if text.isascii() else short)
    if few and (surely or len(_words(text)[0]) <= short):
        return []
    sentences = [start for start, _ in sentence_spans(text)]
    starts, ends = _words(text, sentences)
    parts = _parts(np.searchsorted(starts, [*sentences, len(text)]), words).tolist()
    number = len(parts) - 1
    out: list[tuple[int, int]] = []
    first = last = 0
    while last < number:
        last = bisect_right(parts, parts[first] + words) - 1
        if last == number:  # the last passage repeats more words, so that it is not short
            first = min(first, bisect_left(parts, parts[last] - words))
        out.append((int(starts[parts[first]]), int(ends[parts[last] - 1])))
        first = max(first + 1, bisect_left(parts, parts[last] - overlap))
    return out


_PIECE, _FAR = 20, 400  # characters


def span_as_given(text: str, given: str, span: tuple[int, int]) -> tuple[int, int]:
    """Where a passage of a text stands in the text as it came, from which something was mended.

    Its ends are told by the nearest pieces that both texts have once: it has more if something was mended
    there. In a text without such pieces they are told by their share of the whole.

    >>> text, given = "It broke & fell. It rained all day.", "It broke &amp; fell. It rained all day."
    >>> start, end = span_as_given(text, given, (17, 35))
    >>> given[start:end], span_as_given(text, given, (0, 35)) == (0, len(given))
    ('It rained all day.', True)
    """
    if text == given:
        return span

    def place(at: int, pieces: range) -> int:
        for start in pieces:
            piece = text[start : start + _PIECE]
            if text.count(piece) == given.count(piece) == 1:
                return given.index(piece) + min(max(at - start, 0), _PIECE)
        return at * len(given) // len(text)

    start, end = span
    first = place(start, range(start, max(start - _FAR, 0), -_PIECE))
    return first, max(first, place(end, range(end - _PIECE, min(end + _FAR, len(text) - _PIECE), _PIECE)))


def _words(text: str, bounds: Sequence[int] = ()) -> tuple[Ints, Ints]:
    """Where the words of a text begin and end, each (n,) int64; none reaches over one of the ``bounds``."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    blank = _WHITESPACE[np.minimum(codes, len(_WHITESPACE) - 1)]
    alone = np.zeros(len(codes), bool)
    if not text.isascii():
        for least, most in _IDEOGRAPHS:
            alone |= (codes >= least) & (codes <= most)
        alone &= ~blank
    begins = ~blank
    begins[1:] &= blank[:-1] | alone[1:] | alone[:-1]
    cut = np.array(bounds, np.int64)
    begins[cut] = ~blank[cut]
    starts = np.flatnonzero(begins)
    after = np.flatnonzero(blank)
    ends = np.minimum(
        np.append(after, len(codes))[np.searchsorted(after, starts)], np.append(starts[1:], len(codes))
    )
    pieces = -(-(ends - starts) // _LONGEST)
    if np.any(pieces > 1):
        starts = np.repeat(starts, pieces) + _LONGEST * _ordinals(pieces)
        ends = np.minimum(np.repeat(ends, pieces), starts + _LONGEST)
    return starts, ends


def _parts(sentences: Ints, words: int) -> Ints:
    """The first word of each sentence, or of a part of one that has too many words; at last their number.

    >>> _parts(np.array([0, 3, 8]), 4).tolist()
    [0, 3, 7, 8]
    """
    parts = -(-np.diff(sentences) // words)
    return np.append(np.repeat(sentences[:-1], parts) + words * _ordinals(parts), sentences[-1])


def _ordinals(sizes: Ints) -> Ints:
    """0, 1, … within each group of some sizes.

    >>> _ordinals(np.array([2, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)


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
    starts, ends = _words(text)
    first, last = random_window(len(starts), min(number, int(len(starts) * share)), rng)
    return (int(starts[first]), int(ends[last - 1])) if last else (0, 0)
