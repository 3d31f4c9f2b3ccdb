"""Vectors of words from the rows of their character n-grams, as in fastText (Bojanowski et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Bytes, Floats, Ints, Rows
from selfvec.base.compiled import kernel


@dataclass(frozen=True)
class NgramRows:
    """Builds the vectors of words from the rows of their subwords, which are character n-grams."""

    rows: Rows  # (words + bucket, d)
    words: int  # rows before the first n-gram row
    bucket: int  # n-gram rows
    shortest: int  # characters in an n-gram, inclusive
    longest: int

    def __call__(self, words: Sequence[str]) -> Floats:
        """Mean of the n-gram rows of each word, (n, d); zeros for a word without n-grams."""
        return self.compose([word.encode(errors="replace") for word in words], first_row=-1)

    def compose(self, words: Sequence[bytes], first_row: int) -> Floats:
        """Mean of the rows of each word; word i has its own row ``first_row + i`` if that is not negative."""
        marked = [b"" if word == b"</s>" else b"<%b>" % word for word in words]
        ends = np.cumsum([0, *map(len, marked)], dtype=np.int64)
        text = np.frombuffer(b"".join(marked), np.uint8)
        out = np.zeros((len(words), self.rows.shape[1]), np.float32)
        lengths = (self.shortest, self.longest if self.bucket else 0)
        mean_of_ngram_rows(text, ends, first_row, self.rows, self.words, max(1, self.bucket), *lengths, out)
        return out


_FNV_OFFSET = np.uint32(2166136261)  # of the 32-bit FNV-1a hash


_FNV_PRIME = np.uint32(16777619)


@kernel
def mean_of_ngram_rows(
    text: Bytes,  # UTF-8 of all words, each between < and >; empty for one without n-grams
    ends: Ints,  # (n + 1,) word i is text[ends[i]:ends[i + 1]]
    first_row: int,  # row of word 0, of which word i has the i-th after it; negative if words have no rows
    rows: Rows,  # (words + bucket, d)
    words: int,  # rows before the n-gram rows
    bucket: int,  # n-gram rows
    shortest: int,  # characters in an n-gram
    longest: int,
    out: Rows,  # (n, d) zeros on entry
) -> None:
    """Mean of the rows of each word: its own row first, then those that its n-grams are hashed to."""
    dimensions = out.shape[1]
    for i in range(len(ends) - 1):
        begin = ends[i]
        end = ends[i + 1]
        total = 0
        if first_row >= 0:
            for k in range(dimensions):
                out[i, k] = rows[first_row + i, k]
            total = 1
        for start in range(begin, end):
            if text[start] & 0xC0 == 0x80:  # inside a character
                continue
            hashed = _FNV_OFFSET
            position = start
            for n in range(1, longest + 1):
                if position == end:
                    break
                while True:  # one character: its first byte and those that continue it
                    byte = np.uint32(text[position])
                    if byte & 0x80:  # fastText widens a signed char
                        byte |= np.uint32(0xFFFFFF00)
                    hashed = np.uint32((hashed ^ byte) * _FNV_PRIME)
                    position += 1
                    if position == end or text[position] & 0xC0 != 0x80:
                        break
                # As in fastText, < and > alone are no n-grams.
                if n >= shortest and not (n == 1 and (start == begin or position == end)):
                    row = words + np.int64(hashed % np.uint32(bucket))
                    for k in range(dimensions):
                        out[i, k] += rows[row, k]
                    total += 1
        if total:
            scale = np.float32(1.0 / total)
            for k in range(dimensions):
                out[i, k] *= scale
