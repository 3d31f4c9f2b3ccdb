"""Words that say nothing about the subject of a text: stop words, and words without letters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.data.run import Run
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.rules import Rulebook, Rules

__all__ = ["has_letter", "listed_stop_words", "with_letters"]


def listed_stop_words(run: Run) -> frozenset[str]:
    """The stop words of a run, or those of its language, in lower case; empty without a list."""
    return Rulebook(Rules(stop_words=Preprocessing.of(run.provenance).stop_words), "lower").stop_words


def has_letter(word: str) -> bool:
    """Whether a word has a letter; numbers and punctuation have none."""
    return any(map(str.isalpha, word))


def with_letters(words: Sequence[str]) -> Mask:
    """Which words have a letter, (V,) bool."""
    return np.array([has_letter(word) for word in words], bool)
