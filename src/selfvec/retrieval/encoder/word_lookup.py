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
from numba import njit

from selfvec.base.arrays import Bytes, Hashes, Ids, Ints, Mask
from selfvec.base.casing import lower
from selfvec.base.compiled import allocating_kernel
from selfvec.base.errors import InputError
from selfvec.text.characters import APOSTROPHE, table
from selfvec.text.kernels import first_slot, spans, token_key
from selfvec.text.languages import without_elision
from selfvec.text.segmentation import segmenter, split_spans

__all__ = ["REPLACED", "SPLITS", "WordLookup", "no_text", "normal", "readable"]

SPLITS = ("words", "whitespace")

# Replaced after lower-casing: soft hyphens, curly apostrophes, the final sigma.
REPLACED = {"\u00ad": "", "\u2019": "'", "\u03c2": "\u03c3"}

_ONE = np.uint64(1)
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
    starts, lengths, offsets = spans(data, bounds, table(split))
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
    def _vocabulary(self) -> tuple[Bytes, Ints, Ids, Hashes]:
        """The bytes of the words, where each begins, (V,), its size, (V,), and the hash table."""
        encoded = [word.encode() for word in self.words]
        spelt = np.frombuffer(b"".join(encoded), np.uint8)
        sizes = np.fromiter(map(len, encoded), np.int32, len(encoded))
        begins = np.cumsum(sizes, dtype=np.int64) - sizes
        return spelt, begins, sizes, _hash_table(spelt, begins, sizes)

    def find(self, texts: Sequence[str]) -> tuple[Ids, Ints]:
        """The words of D texts by number, (N,) int32, -1 for unknown words, and bounds, (D + 1,) int64."""
        flags = table(self.split)
        data, bounds = _join(texts, self.language)
        starts, lengths, offsets = spans(data, bounds, flags)
        if self.split == "words" and (segment := segmenter(self.language)) is not None:
            starts, lengths, offsets = split_spans(data, starts, lengths, offsets, segment)
        return _find(data, starts, lengths, flags, *self._vocabulary), offsets


@allocating_kernel
def _hash_table(data: Bytes, starts: Ints, lengths: Ids) -> Hashes:
    """A hash table of V distinct words, (S, 4) uint64: 16 bytes, length and rest, number + 1 (0: free).

    It is that of `selfvec.text.kernels.distinct`, and never changed, so that threads can share it.
    """
    room = 16
    while room < 2 * len(starts):
        room *= 2
    slots = np.zeros((room, 4), np.uint64)
    mask = np.uint64(room - 1)
    for i in range(len(starts)):
        low, high, rest = token_key(data, starts[i], lengths[i])
        s = first_slot(low, high, rest, mask)
        while slots[s, 3]:
            s = (s + _ONE) & mask
        slots[s, 0] = low
        slots[s, 1] = high
        slots[s, 2] = rest
        slots[s, 3] = i + 1
    return slots


@njit(cache=True, nogil=True)
def _equal(data: Bytes, a: int, spelt: Bytes, b: int, length: int) -> bool:
    for k in range(length):  # noqa: SIM110 (Numba compiles the loop, not a generator)
        if data[a + k] != spelt[b + k]:
            return False
    return True


@allocating_kernel
def _find(
    data: Bytes,  # tokens, as of `spans`
    starts: Ints,
    lengths: Ids,
    flags: Bytes,  # the table of characters that `spans` used
    spelt: Bytes,  # the words of the vocabulary, in the same form
    begins: Ints,
    sizes: Ids,
    slots: Hashes,
) -> Ids:
    """The number of each token in a vocabulary, (N,) int32, -1 for unknown words.

    If apostrophes belong to words, a final ``'s`` is ignored.
    """
    out = np.empty(len(starts), np.int32)
    mask = np.uint64(len(slots) - 1)
    possessive = flags[_APOSTROPHE] & APOSTROPHE != 0
    for i in range(len(starts)):
        start = starts[i]
        length = lengths[i]
        end = start + length
        if possessive and length > 2 and data[end - 1] == _S and data[end - 2] == _APOSTROPHE:
            length -= 2
        low, high, rest = token_key(data, start, length)
        s = first_slot(low, high, rest, mask)
        out[i] = -1
        while slots[s, 3]:
            if slots[s, 0] == low and slots[s, 1] == high and slots[s, 2] == rest:
                word = np.int64(slots[s, 3] - _ONE)
                same = sizes[word] == length and _equal(data, start, spelt, begins[word], length)
                if length <= 16 or same:
                    out[i] = word
                    break
            s = (s + _ONE) & mask
    return out
