"""`WordLookup`: the words of texts as numbers of an encoder's vocabulary.

The spelling of a text is normalised as a whole before it is cut into words. (Reading a corpus normalises each
type.) Tokenisers of other libraries work in this order, so that they can find exactly the same words
(`selfvec.exporters.encoder_folders`). Both orders differ only for marks and soft hyphens in odd places.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from selfvec.base.arrays import Bytes, Ids, Ints, Mask
from selfvec.base.casing import lower
from selfvec.base.errors import InputError
from selfvec.base.packed_strings import PackedStrings
from selfvec.text.distinct_words import DistinctWords
from selfvec.text.kernels import APOSTROPHE, spans, table
from selfvec.text.languages import without_elision
from selfvec.text.segmentation import segmenter, split_spans

SPLITS = ("words", "whitespace")

# Replaced after lower-casing: soft hyphens, curly apostrophes, the final sigma.
REPLACED = {"\u00ad": "", "\u2019": "'", "\u03c2": "\u03c3"}

_APOSTROPHE = 39
_S = 115


def normal(text: str, language: str | None = None) -> str:
    """The normal spelling of a text: lower case, `REPLACED`, ``NFC``, without elided words.

    >>> normal("Don\u2019t RE\u00adENTER CAFE\u0301")
    "don't reenter café"
    """
    text = lower(text, language)
    if not text.isascii():
        for old, new in REPLACED.items():
            text = text.replace(old, new)
        text = unicodedata.normalize("NFC", text)
    return without_elision(text, language)


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
