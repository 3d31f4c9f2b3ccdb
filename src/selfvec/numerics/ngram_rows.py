"""Vectors of words from the rows of their character n-grams, as in fastText (Bojanowski et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Floats, Rows

from .kernels import mean_of_ngram_rows


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
