"""Kinds of words: stop words, words without letters, other forms of a word, and parts of speech."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.base.casing import language_of
from selfvec.data.run import Run
from selfvec.text.languages import STEMMERS
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.rules import Rulebook, Rules, stems


def listed_stop_words(run: Run) -> frozenset[str]:
    """The stop words of a run, or those of its language, in lower case; empty without a list."""
    return Rulebook(Rules(stop_words=Preprocessing.of(run.provenance).stop_words), "lower").stop_words


def are_stop_words(run: Run) -> Mask:
    """Which words of a run are `listed_stop_words`, or joined of them: *the*, *don't*, (V,) bool."""
    stops = listed_stop_words(run)
    return np.array([stops.issuperset(word.lower().split("'")) for word in run.vectors.index_to_key], bool)


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


def own_forms(run: Run, index: int, top: int, min_count: int | None = None) -> list[str]:
    """Other forms of the word of a row among its ``top`` nearest words before refining, nearest first.

    Forms have the same stem: *tornado*, *tornadoes*. There are at most half of ``top``.
    """
    language = language_of(run.provenance.options)
    if language not in STEMMERS or not run.original.unit[index].any():
        return []
    word = run.vectors.index_to_key[index]
    near = [term for term, _ in run.original.most_similar(word, topn=top, min_count=min_count)]
    stem, *others = stems([word, *near], language)
    return [term for term, other in zip(near, others, strict=True) if other == stem][: top // 2]
