"""Words of scripts without spaces between them: Chinese, Japanese, Thai, Lao, Khmer and Burmese.

The script of a run of letters says that it is cut: by the dictionaries of ICU, if they are installed, or
else into all its pieces of so many characters, which overlap. Search finds nearly as much by these, but their
counts are not those of words. Tibetan separates its syllables.

Segmentation comes after the other tokenisers and only makes tokens shorter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import accumulate, pairwise

import numpy as np

from selfvec.base.arrays import Bytes, Ids, Ints, Mask
from selfvec.base.errors import require
from selfvec.data.provenance import PIECES
from selfvec.data.token_batch import bounds_of

from .languages import SCRIPTS

Segment = Callable[[str], list[tuple[int, int]]]
"""From a run of letters to where its words begin and end."""

_PACKAGE = "icu4py"
_SCRIPTS = (("zh", "ja"), ("th", "lo", "km", "my"))
_MARKS = "\u3005-\u3007\ufe00-\ufe0f\U000e0100-\U000e01ef"  # 々 and what chooses the form of a character
_LETTERS = [f"[{''.join(map(SCRIPTS.__getitem__, scripts))}]" for scripts in _SCRIPTS]
_LETTER = re.compile("|".join(_LETTERS))
_RUNS = [rf"(?!\d){letters}(?:(?!\d){letters}|[{_MARKS}])*" for letters in _LETTERS]
_PARTS = re.compile("|".join([*_RUNS, rf"(?:\d|(?!{_LETTER.pattern}).)+"]), re.DOTALL)


def segmenter(tokenizer: str) -> Segment | None:
    """What cuts a run of letters into words, for the name of a tokeniser; None for one that does not.

    `MissingExtra` if words of a dictionary are needed and it is not installed.
    """
    if tokenizer == "dictionary":
        require(_PACKAGE, "segment", "cutting text without spaces into words")
    if tokenizer not in ("words", "wordpunct", "dictionary", "characters"):
        return None
    return pieces if tokenizer == "characters" or find_spec(_PACKAGE) is None else _words


def _words(run: str) -> list[tuple[int, int]]:
    """Where the words of a run of letters begin and end, by the dictionaries of ICU."""
    from icu4py.breakers import WordBreaker

    sizes = map(len, WordBreaker(run, "en"))  # the script decides, not the locale
    return list(pairwise(accumulate(sizes, initial=0)))


def pieces(run: str) -> list[tuple[int, int]]:
    """Where the pieces of a run of letters begin and end.

    >>> [run[a:b] for run in ["图书馆", "ลมฝน"] for a, b in pieces(run)]
    ['图', '图书', '书', '书馆', '馆', 'ลมฝ', 'ลมฝน', 'มฝน']
    """
    sizes = (1, 2) if re.match(_LETTERS[0], run) else (3, 4)
    places = range(len(run))
    return [(i, i + n) for i in places for n in sizes if i + n <= len(run)] or [(0, len(run))]


def is_unspaced(text: str) -> bool:
    return not text.isascii() and _LETTER.search(text) is not None


def cut_by(words: Sequence[tuple[str, int]], tokenizer: str) -> tuple[str, list[str]]:
    """The tokeniser that gives the words of a text again, whatever is installed; a note on pieces.

    >>> cut_by([("hail", 3)], "words"), cut_by([("天气", 1), ("hail", 3)], "characters")
    (('words', []), ('characters', []))
    """
    unspaced = sum(len(word) * count for word, count in words if is_unspaced(word))
    if unspaced and tokenizer == "words":
        tokenizer = "characters" if find_spec(_PACKAGE) is None else "dictionary"
    mostly = 2 * unspaced > sum(len(word) * count for word, count in words)
    note = f"text without spaces is {PIECES}: for these, pip install 'selfvec[segment]' and refine again"
    return tokenizer, [note] * (mostly and tokenizer == "characters")


def other_scripts(word: str) -> list[str]:
    """A word in simplified or traditional characters, where it differs and OpenCC is installed."""
    if find_spec("opencc") is None:
        return []
    return [form for form in (convert(word) for convert in _converters()) if form != word]


@cache
def _converters() -> list[Callable[[str], str]]:
    from opencc import OpenCC

    return [OpenCC(name).convert for name in ("t2s", "s2t")]


@cache
def _leads() -> Mask:
    """Whether two bytes may begin a letter of these scripts, (256, 256)."""
    out = np.zeros((256, 256), bool)
    for first, last in re.findall("(.)-(.)", _LETTER.pattern):
        for code in range(ord(first), ord(last) + 1, 64):
            out[tuple(chr(code).encode()[:2])] = True
        out[tuple(last.encode()[:2])] = True
    return out


def split_spans(
    data: Bytes,  # (B,) uint8, the texts in UTF-8
    starts: Ints,  # (N,) int64, as of `selfvec.text.kernels.spans`
    lengths: Ids,  # (N,) int32
    offsets: Ints,  # (D + 1,) int64
    segment: Segment,
) -> tuple[Ints, Ids, Ints]:
    """The same tokens, those with letters of these scripts cut: starts, lengths and offsets."""
    places = np.flatnonzero(data >= 0xE0)  # no letter of these scripts begins with less
    places = places[_leads()[data[places], data[places + 1]]]
    if not len(places) or not len(starts):
        return starts, lengths, offsets
    numbers = np.unique(np.searchsorted(starts, places, "right")) - 1
    text = data.tobytes()
    cut: dict[bytes, list[tuple[int, int]]] = {}  # token -> where each of its words begins, and its bytes
    words: list[tuple[int, int]] = []
    sizes = np.ones(len(starts), np.int64)  # words of each token
    is_cut = np.zeros(len(starts), bool)
    for number in numbers[numbers >= 0].tolist():
        token = text[starts[number] :][: lengths[number]]
        if token not in cut:
            cut[token] = _cut(token.decode(), segment)
        words += cut[token]
        sizes[number] = len(cut[token])
        is_cut[number] = True
    new_starts, new_lengths = np.repeat(starts, sizes), np.repeat(lengths, sizes)
    of_cut = np.repeat(is_cut, sizes)
    shifts, new_lengths[of_cut] = np.array(words, np.int64).T
    new_starts[of_cut] += shifts
    return new_starts, new_lengths, bounds_of(sizes)[offsets]


def _cut(token: str, segment: Segment) -> list[tuple[int, int]]:
    """Where each word of a token begins, and its length, in bytes; other letters and numbers stay whole."""
    ends = [0, *accumulate(len(character.encode()) for character in token)]
    out = []
    for part in _PARTS.finditer(token):
        first, last = part.span()
        words = segment(part[0]) if _LETTER.match(part[0]) else [(0, last - first)]
        out += [(ends[first + a], ends[first + b] - ends[first + a]) for a, b in words]
    return out
