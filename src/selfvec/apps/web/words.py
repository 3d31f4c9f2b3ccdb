"""The words of a run: how often they occur, which carry meaning, are names, or match a typed text."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from selfvec.analysis.concepts.terms import stop_words
from selfvec.analysis.word_kinds import has_letter
from selfvec.base.arrays import Ints, Mask
from selfvec.base.characters import folded, without_accents
from selfvec.data.run import Run


def counts_of(run: Run) -> Ints:
    """Occurrences of each word of a run, (V,) int64."""
    counts = run.vectors.counts
    return np.ones(len(run.vectors), np.int64) if counts is None else np.asarray(counts, np.int64)


def content_words(run: Run) -> Mask:
    """True for words that are neither numbers nor stop words of the run's language, (V,) bool."""
    stops = stop_words(run)
    words = run.vectors.index_to_key
    return np.array([word.lower() not in stops and has_letter(word) for word in words], bool)


def frequent_words(run: Run, most: int) -> list[tuple[str, int]]:
    """The most frequent content words with their counts."""
    counts = counts_of(run)
    words = run.vectors.index_to_key
    order = np.argsort(np.where(content_words(run), -counts, 1), kind="stable")[:most]
    return [(words[i], int(counts[i])) for i in order.tolist()]


class Completion:
    """Finds words that contain a text, the most frequent first; a text without accents finds those with them.

    >>> found = Completion(["hail", "storm", "hailstorm", "Hailey"], np.array([5, 9, 2, 1]))
    >>> found("hail"), found("STO"), found("")
    ([('hail', 5), ('hailstorm', 2), ('Hailey', 1)], [('storm', 9), ('hailstorm', 2)], [])
    >>> found("storm?.")
    [('storm', 9), ('hailstorm', 2)]
    >>> Completion(["Zürich", "zur"], np.array([1, 2]))("zur")
    [('zur', 2), ('Zürich', 1)]
    """

    def __init__(self, words: Sequence[str], counts: Ints) -> None:
        order = np.argsort(-counts, kind="stable").tolist()
        lower = [(words[i].lower(), words[i], int(counts[i])) for i in order]
        self._known = [(key, without_accents(key), word, count) for key, word, count in lower]

    def __call__(self, text: str, most: int = 8) -> list[tuple[str, int]]:
        """The word ``text``, then words that begin with it, then words that contain it, ignoring case.

        If there are none, the same without the signs around it.
        """
        return self._matching(text, most) or self._matching(re.sub(r"^\W+|\W+$", "", text), most)

    def _matching(self, typed: str, most: int) -> list[tuple[str, int]]:
        text = folded(typed).lower()
        found = [row for row in self._known if text in row[0] or text in row[1]] if text else []

        def worth(row: tuple[str, str, str, int]) -> tuple[bool, ...]:
            begins = row[0].startswith(text) or row[1].startswith(text)
            return row[0] != text, row[1] != text, row[2] != typed, not begins

        found.sort(key=worth)
        return [(word, count) for *_, word, count in found[:most]]
