"""Words that a person may mean who has typed a part of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Ints

__all__ = ["Completion"]


class Completion:
    """Finds words that contain a text, the most frequent first.

    >>> found = Completion(["hail", "storm", "hailstorm", "Hailey"], np.array([5, 9, 2, 1]))
    >>> found("hail"), found("STO"), found("")
    ([('hail', 5), ('hailstorm', 2), ('Hailey', 1)], [('storm', 9), ('hailstorm', 2)], [])
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
        """The word ``text``, then words that begin with it, then words that contain it, ignoring case."""
        typed = text.replace("\n", "")
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
