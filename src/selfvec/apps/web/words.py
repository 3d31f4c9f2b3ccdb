"""The words of a run: how often they occur, which carry meaning, are names, or match a typed text."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from selfvec.analysis.concepts.terms import stop_words
from selfvec.base.arrays import Ints, Mask
from selfvec.data.run import Run


def counts_of(run: Run) -> Ints:
    """Occurrences of each word of a run, (V,) int64."""
    counts = run.vectors.counts
    return np.ones(len(run.vectors), np.int64) if counts is None else np.asarray(counts, np.int64)


def content_words(run: Run) -> Mask:
    """True for words that are neither numbers nor stop words of the run's language, (V,) bool."""
    stops = stop_words(run)
    words = run.vectors.index_to_key
    return np.array([word.lower() not in stops and any(map(str.isalpha, word)) for word in words], bool)


def frequent_words(run: Run, most: int) -> list[tuple[str, int]]:
    """The most frequent content words with their counts."""
    counts = counts_of(run)
    words = run.vectors.index_to_key
    order = np.argsort(np.where(content_words(run), -counts, 1), kind="stable")[:most]
    return [(words[i], int(counts[i])) for i in order.tolist()]


class Completion:
    """Finds words that contain a text, the most frequent first.

    >>> found = Completion(["hail", "storm", "hailstorm", "Hailey"], np.array([5, 9, 2, 1]))
    >>> found("hail"), found("STO"), found("")
    ([('hail', 5), ('hailstorm', 2), ('Hailey', 1)], [('storm', 9), ('hailstorm', 2)], [])
    >>> found("storm?.")
    [('storm', 9), ('hailstorm', 2)]
    """

    def __init__(self, words: Sequence[str], counts: Ints) -> None:
        order = np.argsort(-counts, kind="stable").tolist()
        self._words = [words[i] for i in order]
        self._counts = counts[order].tolist() if len(order) else []
        # One string of all words in lower case, the most frequent first, because str.find is fast.
        lowered = [word.lower() for word in self._words]
        self._text = "\n" + "\n".join(lowered) + "\n"
        self._starts = np.cumsum([1, *(len(word) + 1 for word in lowered)])

    def __call__(self, text: str, most: int = 8) -> list[tuple[str, int]]:
        """The word ``text``, then words that begin with it, then words that contain it, ignoring case.

        If there are none, the same without the signs around it.
        """
        typed = text.replace("\n", "")
        return self._matching(typed, most) or self._matching(re.sub(r"^\W+|\W+$", "", typed), most)

    def _matching(self, typed: str, most: int) -> list[tuple[str, int]]:
        text = typed.lower()
        if not text:
            return []
        found = self._find("\n" + text, most)
        if len(found) < most:
            known = set(found)
            found += [i for i in self._find(text, most + len(found)) if i not in known][: most - len(found)]
        exact = sorted(self._find("\n" + text + "\n", most), key=lambda i: self._words[i] != typed)
        return [(self._words[i], self._counts[i]) for i in list(dict.fromkeys(exact + found))[:most]]

    def _find(self, part: str, most: int) -> list[int]:
        """The first words that contain a text. A leading line break matches the beginning of a word."""
        out: list[int] = []
        place = self._text.find(part)
        while place >= 0 and len(out) < most:
            i = int(np.searchsorted(self._starts, place + part.startswith("\n"), side="right")) - 1
            out.append(i)
            if i + 1 >= len(self._starts):
                break
            place = self._text.find(part, int(self._starts[i + 1]) - 1)
        return out
