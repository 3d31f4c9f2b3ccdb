"""Tokens that are too long to be words: encoded data, a text without spaces, a file that is broken.

Every later step copies a token: normal forms, cases, stems, the subwords of an unknown word. So a token of
megabytes would take a hundred times its size. Such tokens are found by their places in the text and left out
before any string is made of them.
"""

from __future__ import annotations

import re

import numpy as np

from selfvec.base.arrays import Bytes, Ids, Ints

LONGEST = 1000
"""Characters of the longest token that is kept."""

LONG = f"longer than {LONGEST:,} characters"
"""The rule, as `selfvec.text.Encoding.dropped` names it."""

_WIDEST = 4  # bytes of a character, at most
_UNSPACED = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Letters of scripts without spaces between words: Thai to Burmese, Khmer, kana, Chinese characters."""


def long_tokens(data: Bytes, starts: Ints, lengths: Ids) -> list[int]:
    """The numbers of the tokens that are too long; arrays as of `selfvec.text.kernels.spans`."""
    return [
        number
        for number in np.flatnonzero(lengths > LONGEST).tolist()  # bytes, and so a few of shorter ones
        if lengths[number] > _WIDEST * LONGEST
        or np.count_nonzero((data[starts[number] :][: lengths[number]] & 0xC0) != 0x80) > LONGEST
    ]


def without_long(data: Bytes, starts: Ints, lengths: Ids, offsets: Ints) -> tuple[Ints, Ids, Ints, int]:
    """The starts, lengths and offsets of the other tokens, and how many are too long."""
    left_out = long_tokens(data, starts, lengths)
    if not left_out:
        return starts, lengths, offsets, 0
    kept = np.ones(len(starts), bool)
    kept[left_out] = False
    return starts[kept], lengths[kept], np.concatenate(([0], np.cumsum(kept)))[offsets], len(left_out)


def without_long_runs(
    documents: list[str], data: Bytes, bounds: Ints, starts: Ints, lengths: Ids
) -> tuple[list[str], int]:
    """The documents without words that are too long, for a tokeniser that reads texts; how many these are.

    Runs of letters of scripts without spaces stay: they are ordinary text, which that tokeniser divides.
    """
    left_out: dict[int, list[int]] = {}  # document -> its bounds, and first and last byte of each such word
    total = 0
    for number in long_tokens(data, starts, lengths):
        first = int(starts[number])
        last = first + int(lengths[number])
        if _UNSPACED.search(data[first:last].tobytes().decode()):
            continue
        document = int(np.searchsorted(bounds, first, "right")) - 1
        left_out.setdefault(document, bounds[document : document + 2].tolist())[-1:-1] = first, last
        total += 1
    if total:
        documents = documents.copy()
    for document, places in left_out.items():
        parts = (data[first:last].tobytes() for first, last in zip(places[::2], places[1::2], strict=True))
        documents[document] = b" ".join(parts).decode()
    return documents, total
