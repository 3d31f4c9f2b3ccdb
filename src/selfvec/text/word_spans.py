"""The words of texts and their positions, in characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Ids, Ints

from . import kernels
from .characters import table
from .distinct_words import DistinctWords
from .long_tokens import without_long
from .segmentation import segmenter, split_spans


def word_spans(text: str, tokenizer: str = "words", code: str | None = None) -> list[tuple[int, int]]:
    """Start and end of each word of a text, in characters; ``code`` is its language.

    >>> word_spans("Über the county’s roof")
    [(0, 4), (5, 8), (9, 17), (18, 22)]
    """
    words = find_words([text], tokenizer, code)
    return list(zip(words.starts.tolist(), words.ends.tolist(), strict=True))


@dataclass(frozen=True)
class FoundWords:
    """The N words of D texts, V of them distinct."""

    names: list[str]  # V words
    ids: Ids  # (N,) int32, index into names
    starts: Ints  # (N,) int64, in characters of its text
    ends: Ints  # (N,) int64, in characters of its text
    bounds: Ints  # (D + 1,) int64, where the words of each text begin


def find_words(texts: Sequence[str], tokenizer: str = "words", code: str | None = None) -> FoundWords:
    """The words of texts and their positions."""
    whole = "".join(texts)
    data = np.frombuffer(whole.encode(), np.uint8)
    bounds = characters = np.cumsum([0, *map(len, texts)])
    if len(data) != len(whole):
        bounds = np.cumsum([0, *(len(text.encode()) for text in texts)])
    flags = table("whitespace" if tokenizer == "whitespace" else "words")
    starts, lengths, offsets = kernels.spans(data, bounds, flags)
    if tokenizer == "words" and (segment := segmenter(code)) is not None:
        starts, lengths, offsets = split_spans(data, starts, lengths, offsets, segment)
    starts, lengths, offsets, _ = without_long(data, starts, lengths, offsets)
    ends = starts + lengths
    distinct = DistinctWords()
    ids = distinct.number_spans(data, starts, ends)
    if len(data) != len(whole):  # bytes to characters: count the bytes that begin one
        before = np.concatenate(([0], np.cumsum((data & 0xC0) != 0x80)))
        starts = before[starts]
        ends = before[ends]
    shift = np.repeat(characters[:-1], np.diff(offsets))
    return FoundWords(list(distinct.packed()), ids, starts - shift, ends - shift, offsets)
