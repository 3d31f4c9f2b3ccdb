"""`WordLookup`: the words of texts as numbers of an encoder's vocabulary.

The spelling of a text is normalised as a whole before it is cut into words. (Reading a corpus normalises each
type.) Tokenisers of other libraries work in this order, so that they can find exactly the same words
(`selfvec.exporters.encoder_folders`). Both orders differ for marks in odd places, for fractions, and for
names with signs: C++ and AT&T are read by their letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from selfvec.base.arrays import Bytes, Ids, Ints, Mask
from selfvec.base.casing import lower
from selfvec.base.characters import APOSTROPHES, REMOVED
from selfvec.base.errors import InputError
from selfvec.files.memory import PackedStrings
from selfvec.text.kernels import APOSTROPHE, WORD, spans, table
from selfvec.text.languages import without_elision
from selfvec.text.segmentation import segmenter, split_spans
from selfvec.text.tokenizers import DistinctWords

SPLITS = ("words", "whitespace")

FINAL_SIGMA = ("\u03c2", "\u03c3")

_APOSTROPHES = re.compile(f"[{APOSTROPHES}]")
_APOSTROPHE = 39
_S = 115


def normal(text: str, language: str | None = None) -> str:
    """The normal spelling of a text: lower case, folded, without elided words.

    As of `selfvec.base.characters.folded`, but without exceptions, which other libraries do not know.

    >>> normal("Don\u2019t RE\u00adENTER CAFE\u0301 \ufb01re\u2122")
    "don't reenter café fire "
    """
    if text.isascii():
        return without_elision(lower(text, language), language)
    text = _APOSTROPHES.sub("'", text)
    if not unicodedata.is_normalized("NFKC", text):
        for pattern in signs():
            text = pattern.sub(" ", text)
        text = unicodedata.normalize("NFKC", text)
    text = lower(text, language).replace(*FINAL_SIGMA)
    text = unicodedata.normalize("NFC", REMOVED.sub("", text))
    return without_elision(text, language)


@cache
def signs() -> tuple[re.Pattern[str], ...]:
    """The characters between words that would become letters or numbers, such as ™.

    Two sets, since one that holds characters above U+FFFF is searched fifty times as slowly.
    """
    word = table("words") & WORD != 0
    others = [chr(code) for code in np.flatnonzero(~word[:0x20000]).tolist()]
    found = [c for c in others if any(word[ord(one)] for one in unicodedata.normalize("NFKC", c))]
    codes = np.array([ord(c) for c in found if c > "\uffff"])
    ranges = np.split(codes, np.flatnonzero(np.diff(codes) > 1) + 1)
    high = "".join(f"{chr(one[0])}-{chr(one[-1])}" for one in ranges)
    low = "".join(c for c in found if c <= "\uffff")
    return re.compile(f"[{low}]"), re.compile(f"[{high}]")


def _join(texts: Sequence[str], language: str | None = None) -> tuple[Bytes, Ints]:
    """The bytes of texts in their normal spelling, and where each text begins, (D + 1,) int64."""
    try:
        encoded = [normal(text, language).encode(errors="replace") for text in texts]
    except AttributeError:
        raise no_text(texts) from None
    bounds = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=bounds[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), bounds


def no_text(texts: Sequence[object]) -> InputError:
    """The error for something that is not a text."""
    number, wrong = next((i, text) for i, text in enumerate(texts) if not isinstance(text, str))
    rule = f"texts are str, number {number} is {type(wrong).__name__}"
    return InputError(rule, remedy="leave it out or give an empty text")


def readable(words: Sequence[str], split: str, language: str | None = None) -> Mask:
    """Whether each word, in its normal spelling, is read as one whole word, (n,) bool."""
    data, bounds = _join(words, language)
    starts, lengths, offsets = spans(data, bounds, table(split), False)
    first = np.minimum(offsets[:-1], max(len(starts) - 1, 0))
    whole: Mask = np.diff(offsets) == 1
    if len(starts):
        whole &= lengths[first] == np.diff(bounds)
        if split == "words":
            whole &= [not word.endswith("'s") or len(word) <= 2 for word in map(normal, words)]
    return whole


@dataclass(frozen=True, eq=False)
class WordLookup:
    """Finds the words of texts in a vocabulary."""

    words: Sequence[str]  # distinct, in their normal spelling
    split: str  # of `SPLITS`
    language: str | None = None  # of the texts

    @cached_property
    def _numbers(self) -> DistinctWords:
        numbers = DistinctWords()
        numbers.number(PackedStrings.of(self.words))
        return numbers

    def find(self, texts: Sequence[str]) -> tuple[Ids, Ints]:
        """The words of D texts by number, (N,) int32, -1 for unknown words, and bounds, (D + 1,) int64."""
        flags = table(self.split)
        data, bounds = _join(texts, self.language)
        starts, lengths, offsets = spans(data, bounds, flags, False)
        if self.split == "words" and (segment := segmenter(self.language)) is not None:
            starts, lengths, offsets = split_spans(data, starts, lengths, offsets, segment)
        ends = starts + lengths
        if flags[_APOSTROPHE] & APOSTROPHE:  # a final 's is ignored
            long = np.flatnonzero(lengths > 2)
            last = ends[long] - 1
            ends[long] -= 2 * ((data[last] == _S) & (data[last - 1] == _APOSTROPHE))
        return self._numbers.find_spans(data, starts, ends), offsets
