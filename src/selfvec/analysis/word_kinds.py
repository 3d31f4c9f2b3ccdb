"""The words of a run: their vectors, and what kind of word each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from selfvec.base.arrays import Ids, Ints, Mask
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.text.language_recognition import function_words
from selfvec.text.odd_words import garbled, spelling_key
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.rules import Rulebook, Rules


@dataclass(frozen=True, eq=False)
class WordTable:
    """What is known of V words without the text.

    Attributes
    ----------
    names : sequence of V str
    original, refined : Vectors
        Before and after refining.
    counts : (V,) int64
        Occurrences; zeros if they are unknown.
    stops : set of str
        `stop_words_of`.
    """

    names: Sequence[str]
    original: Vectors
    refined: Vectors
    counts: Ints
    stops: frozenset[str]

    @classmethod
    def of(cls, run: Run) -> WordTable:
        """The words of a run."""
        names, counts = run.vectors.index_to_key, run.vectors.counts
        counts = np.zeros(len(names), np.int64) if counts is None else counts
        return cls(names, run.original, run.vectors, counts, stop_words_of(run.provenance))

    # What the words are is looked at when it is first asked for: a result from the cache needs none of it.

    @cached_property
    def stop_words(self) -> Mask:
        """Which are stop words, or joined of them: *the*, *don't*, (V,) bool."""
        return np.array([self.stops.issuperset(word.lower().split("'")) for word in self.names], bool)

    @cached_property
    def with_letters(self) -> Mask:
        """Which have a letter, (V,) bool."""
        return with_letters(self.names)

    @cached_property
    def first_spellings(self) -> Ids:
        """The most frequent spelling of each word, such as *bed-room* of *bedroom*, (V,)."""
        first: dict[str, int] = {}
        numbers = [first.setdefault(spelling_key(word), i) for i, word in enumerate(self.names)]
        return np.array(numbers, np.int32)

    @property
    def content(self) -> Mask:
        """Which have a letter and are no stop words, (V,) bool."""
        return self.with_letters & ~self.stop_words

    def numbers(self, words: Sequence[str]) -> Ints:
        """Their places in the table, (n,)."""
        index = self.refined.key_to_index
        return np.array([index[word] for word in words], np.int64)

    def count(self, word: str) -> int:
        """Occurrences of a word."""
        return int(self.counts[self.refined.key_to_index[word]])


def stop_words_of(made: Provenance) -> frozenset[str]:
    """The stop words of a run, or those of `spoken`, in lower case; empty without a list."""
    told = spoken(made)[0]
    if told != "en" and not languages(made) and not made.options.get("stop_words"):
        return function_words().get(told, frozenset())
    return Rulebook(Rules(stop_words=Preprocessing.of(made).stop_words), "lower").stop_words


def garbled_words(run: Run) -> frozenset[str]:
    """The words of a run that are remains of a wrong encoding; they are no words of any list."""
    names = run.vectors.index_to_key
    return run.held("garbled words", lambda: frozenset(names[i] for i in garbled(names)))


def languages(made: Provenance) -> list[str]:
    """The languages that the options of a run name; the taggers take none for English."""
    named = (str(made.options.get(name) or "") for name in ("language", "lemmatize", "stem"))
    return [code for codes in named for code in codes.split(",") if code]


def spoken(made: Provenance) -> list[str]:
    """The languages of a run, or that which its text tells; English if that tells none."""
    return languages(made) or [str(made.text.get("language") or "en")]


def has_letter(word: str) -> bool:
    """Whether a word has a letter; numbers and punctuation have none."""
    return any(map(str.isalpha, word))


def with_letters(words: Sequence[str]) -> Mask:
    """Which words have a letter, (V,) bool."""
    return np.array([has_letter(word) for word in words], bool)
