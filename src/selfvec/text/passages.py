"""Sentences of a text, and passages: the stretches of whole sentences that a long text is cut into.

A sentence ends at a blank line, and at . ! ? … ؟ । before white space unless the next word is in lower case;
。！？ need no white space. Full stops of initials and of common abbreviations of a dozen languages do not end
a sentence. `selfvec.text.kernels.count_sentences` works on bytes and does not know these abbreviations.

A text of hundreds of words has several subjects, and the mean of its words represents none of them. Such a
text is searched as a whole and by its passages. A short text has no passages.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.checks import check_whole
from selfvec.base.errors import OptionError

# A full stop after these does not end a sentence. They are in lower case unless that is another word.
_LISTED = """
dr mr ms mrs prof vs al cf eq eqs fig figs e.g i.e vol resp approx St No
abb bzw ca d.h evtl ggf inkl nr s.o s.u sog u.a vgl z.b z.t mme mlle p.ex env chap sr sra srta pág núm p.ej
dott pag bijv d.w.z m.a.w mevr dhr blz t.o.v i.p.v t.ex bl.a dvs f.eks d.v.s kap esim kb ún ill vö özv örn
bkz yy yrd doç np m.in tzn tzw tj např tzv т.е т.к т.н ул рис стр
"""
_ABBREVIATIONS = frozenset(_LISTED.split())
_CLOSED = r"[\"'\u2019\u201d\u00bb\u300d\u300f)\]\uff09]*"
_SPACED, _ALONE = (
    ".!?\u2026\u061f\u06d4\u0964",
    "\u3002\uff01\uff1f\uff61",
)  # before a space, and before anything
# A pattern that begins with a set of characters is searched for ten times as fast as one of alternatives.
_END = re.compile(
    rf"[{_SPACED}{_ALONE}\n]"
    rf"(?:(?<=[{_SPACED}]){_CLOSED}\s+|(?<=[{_ALONE}])[{_ALONE}]*{_CLOSED}\s*|(?<=\n)\s*\n)"
)
_LAST = re.compile(r"[\w.]*$")


def sentence_spans(text: str, lower: bool = False) -> list[tuple[int, int]]:
    """Start and end of each sentence in characters, with the space after it; blank sentences are left out.

    With ``lower``, a sentence may begin in lower case, as in a text without capitals.

    >>> text = "It hailed. Was it bad? (Yes, e.g. on roofs.)"
    >>> [text[first:last] for first, last in sentence_spans(text)]
    ['It hailed. ', 'Was it bad? ', '(Yes, e.g. on roofs.)']
    >>> len(sentence_spans("Dr. J. Doe (Fig. 2) left."))
    1
    >>> len(sentence_spans("it hailed . it froze .", lower=True))
    2
    >>> len(sentence_spans("昨日は雨でした。今日は晴れです。"))
    2
    """
    ends = [match.end() for match in _END.finditer(text) if _ends(text, match, lower)] + [len(text)]
    return [(a, b) for a, b in zip([0, *ends], ends, strict=False) if text[a:b].strip()]


def _ends(text: str, match: re.Match[str], lower: bool) -> bool:
    """Whether a mark ends a sentence: not after an abbreviation or initial, nor before lower case."""
    start, end = match.span()
    if text[start] not in _SPACED:  # or a blank line
        return True
    if not lower and text[end : end + 1].islower() and match.group().count("\n") < 2:
        return False
    if text[start] == ".":
        last = _LAST.search(text, max(0, start - 8), start)
        word = last.group() if last else ""
        initial = word[-1:].isupper() and not word[-2:-1].isalnum()
        letters = len(word) == 1 and text[end + 1 : end + 2] == "."  # z. B.
        if initial or letters or not _ABBREVIATIONS.isdisjoint((word, word.lower())):
            return False
    return True


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

    If both texts have it as often, it is the same one in order. Otherwise its ends are told by the nearest
    pieces that both have once: it has more if something was mended there. In a text without such pieces they
    are told by their share of the whole.

    >>> text, given = "It broke & fell. It rained all day.", "It broke &amp; fell. It rained all day."
    >>> start, end = span_as_given(text, given, (17, 35))
    >>> given[start:end], span_as_given(text, given, (0, 35)) == (0, len(given))
    ('It rained all day.', True)
    >>> span_as_given(text, given, (17, 19))
    (21, 23)
    """
    if text == given:
        return span
    whole = text[slice(*span)]
    if whole and text.count(whole) == given.count(whole):
        before = given.split(whole)[: 1 + text.count(whole, 0, span[0])]
        first = len(whole.join(before))
        return first, first + len(whole)

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


def marked(text: str, spans: Iterable[tuple[int, int, str]]) -> tuple[tuple[str, str], ...]:
    """A text in pieces: what stands from here to there, with its style, and what is between.

    >>> marked("Hail fell", [(0, 4, "mark")])
    (('Hail', 'mark'), (' fell', ''))
    """
    pieces, done = [], 0
    for start, end, style in spans:
        pieces += [(text[done:start], ""), (text[start:end], style)]
        done = end
    return tuple(piece for piece in (*pieces, (text[done:], "")) if piece[0])


def check_cut(cut: Cut) -> Cut:
    """The same; `OptionError` unless passages have at least 20 words, of which at most half are repeated."""
    words, overlap = cut
    check_whole("passage_words", words, 20)
    check_whole("overlap", overlap, 0)
    if not 0 <= overlap <= words // 2:
        raise OptionError(f"is at most half of a passage, {words // 2} words, not {overlap}", field="overlap")
    return cut


def random_span(text: str, number: int, rng: np.random.Generator, share: float = 0.5) -> tuple[int, int]:
    """Start and end of consecutive words from a random position, at most a share of all words.

    >>> random_span("One two. Three four.", 4, np.random.default_rng(0), share=1)
    (0, 20)
    """
    starts, ends = _words(text)
    first, last = random_window(len(starts), min(number, int(len(starts) * share)), rng)
    return (int(starts[first]), int(ends[last - 1])) if last else (0, 0)


def random_window(length: int, size: int, rng: np.random.Generator) -> tuple[int, int]:
    """Start and end of ``size`` of ``length`` items in a row, from a random position; (0, 0) of none."""
    if not size:
        return 0, 0
    start = int(rng.integers(length - size + 1))
    return start, start + size
