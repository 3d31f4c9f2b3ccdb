"""`Reader`: how an encoder turns texts into the numbers of its words.

The spelling of a text is normalised as a whole before it is cut into words. (Reading a corpus normalises each
type.) Tokenisers of other libraries work in this order, so that they can find exactly the same words
(`selfvec.export.encoder_folders`). Both orders differ only for marks and soft hyphens in odd places.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.text.characters import table

__all__ = ["REPLACED", "SPLITS", "Reader", "no_text", "normal", "readable"]

SPLITS = ("words", "whitespace")

REPLACED = {"\u00ad": "", "\u2019": "'", "\u03c2": "\u03c3"}
"""Replaced after lower-casing: soft hyphens, curly apostrophes, the final sigma."""


def normal(text: str) -> str:
    """The normal spelling of a text: lower case, `REPLACED`, composed (NFC).

    >>> normal("Don\u2019t RE\u00adENTER CAFE\u0301")
    "don't reenter café"
    """
    text = text.lower()
    if text.isascii():
        return text
    for old, new in REPLACED.items():
        text = text.replace(old, new)
    return unicodedata.normalize("NFC", text)


def _join(texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of texts in their normal spelling, and where each text begins, (D + 1,) int64."""
    try:
        encoded = [normal(text).encode(errors="replace") for text in texts]
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


def readable(words: Sequence[str], split: str) -> NDArray[np.bool_]:
    """Whether each word, in its normal spelling, is read as one whole word, (n,) bool."""
    from selfvec.text.kernels import spans

    data, bounds = _join(words)
    starts, lengths, offsets = spans(data, bounds, table(split))
    single = np.diff(offsets) == 1
    first = np.minimum(offsets[:-1], max(len(starts) - 1, 0))
    whole: NDArray[np.bool_] = single.copy()
    if len(starts):
        whole &= lengths[first] == np.diff(bounds)
        if split == "words":
            whole &= [not word.endswith("'s") or len(word) <= 2 for word in map(normal, words)]
    return whole


@dataclass(frozen=True, eq=False)
class Reader:
    """Turns texts into numbers of a vocabulary.

    Parameters
    ----------
    words : sequence of V str
        Distinct, in their normal spelling.
    split : {"words", "whitespace"}
        See `selfvec.text.tokenizer`.
    """

    words: Sequence[str]
    split: str

    @cached_property
    def _vocabulary(
        self,
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int32], NDArray[np.uint64]]:
        from . import kernels

        encoded = [word.encode() for word in self.words]
        spelt = np.frombuffer(b"".join(encoded), np.uint8)
        sizes = np.fromiter(map(len, encoded), np.int32, len(encoded))
        begins = np.cumsum(sizes, dtype=np.int64) - sizes
        return spelt, begins, sizes, kernels.index(spelt, begins, sizes)

    def read(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The words of D texts by number, (N,) int32, -1 for unknown words, and bounds, (D + 1,) int64.

        Raises
        ------
        InputError
            If something is not a text.
        """
        from selfvec.text.kernels import spans

        from . import kernels

        flags = table(self.split)
        data, bounds = _join(texts)
        starts, lengths, offsets = spans(data, bounds, flags)
        return kernels.find(data, starts, lengths, flags, *self._vocabulary), offsets
