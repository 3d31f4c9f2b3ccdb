"""Words found while they are typed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Completion"]


class Completion:
    """Words by their beginning, found in a time that does not grow with the vocabulary.

    Parameters
    ----------
    words : sequence of V str
    counts : (V,) int64
        How often each occurs: commoner words come first.

    Examples
    --------
    >>> found = Completion(["hail", "storm", "hailstorm", "Hailey"], np.array([5, 9, 2, 1]))
    >>> found("hail"), found("STO"), found("")
    ([('hail', 5), ('hailstorm', 2), ('Hailey', 1)], [('storm', 9), ('hailstorm', 2)], [])
    """

    def __init__(self, words: Sequence[str], counts: NDArray[np.int64]) -> None:
        order = np.argsort(-counts, kind="stable").tolist()
        self._words = [words[i] for i in order]
        self._counts = counts[order].tolist() if len(order) else []
        # All words as one text, the commonest first, in lower case: str.find is the fastest search there is.
        lowered = [word.lower() for word in self._words]
        self._text = "\n" + "\n".join(lowered) + "\n"
        self._starts = np.cumsum([1, *(len(word) + 1 for word in lowered)])

    def __call__(self, text: str, most: int = 8) -> list[tuple[str, int]]:
        """The commonest words that begin with ``text``, then those that contain it; upper case or lower."""
        text = text.lower().replace("\n", "")
        if not text:
            return []
        found = self._find("\n" + text, most)
        if len(found) < most:
            known = set(found)
            found += [i for i in self._find(text, most + len(found)) if i not in known][: most - len(found)]
        exact = [i for i in found if self._words[i].lower() == text]
        return [(self._words[i], self._counts[i]) for i in dict.fromkeys(exact + found)]

    def _find(self, part: str, most: int) -> list[int]:
        out: list[int] = []
        place = self._text.find(part)
        while place >= 0 and len(out) < most:
            i = int(np.searchsorted(self._starts, place + part.startswith("\n"), side="right")) - 1
            out.append(i)
            if i + 1 >= len(self._starts):
                break
            place = self._text.find(part, int(self._starts[i + 1]) - 1)
        return out
