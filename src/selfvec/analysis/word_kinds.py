"""Kinds of words: stop words, words without letters, and parts of speech."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.data.run import Run
from selfvec.text.odd_words import garbled
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.rules import Rulebook, Rules


def stop_words_of_run(run: Run) -> frozenset[str]:
    """The stop words of a run, or those of its language, in lower case; empty without a list."""
    return Rulebook(Rules(stop_words=Preprocessing.of(run.provenance).stop_words), "lower").stop_words


def are_stop_words(run: Run) -> Mask:
    """Which words of a run are `stop_words_of_run`, or joined of them: *the*, *don't*, (V,) bool."""
    stops = stop_words_of_run(run)
    return np.array([stops.issuperset(word.lower().split("'")) for word in run.vectors.index_to_key], bool)


def garbled_words(run: Run) -> frozenset[str]:
    """The words of a run that are remains of a wrong encoding; they are no words of any list."""
    names = run.vectors.index_to_key
    return run.held("garbled words", lambda: frozenset(names[i] for i in garbled(names)))


def languages(run: Run) -> list[str]:
    """The languages that the options of a run name; the taggers take none for English."""
    named = (str(run.provenance.options.get(name) or "") for name in ("language", "lemmatize", "stem"))
    return [code for codes in named for code in codes.split(",") if code]


def has_letter(word: str) -> bool:
    """Whether a word has a letter; numbers and punctuation have none."""
    return any(map(str.isalpha, word))


def with_letters(words: Sequence[str]) -> Mask:
    """Which words have a letter, (V,) bool."""
    return np.array([has_letter(word) for word in words], bool)
