"""Vectors for texts without a known word, for libraries that cannot work with zeros.

Such a question is replaced by the known words with the most similar spelling. If there are none, it gets a
constant direction, `apart`, on which all known words have nearly the same small coordinate. Such a document
gets the opposite direction. So a question without words is dissimilar to all documents, and a document
without words is ranked last for every question, by cosine and by distance.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.threads import one_core
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import axes_of_rows
from selfvec.text.languages import STOP_WORDS, stop_words_of_language

from .word_lookup import normal

_RIDGE = 1e-3  # of the mean variance of a dimension
_SHORTEST = 4  # letters of a word that may be misspelt
_ALIKE = 0.8  # least of difflib's ratio


def apart(rows: Rows) -> Rows:
    """The direction on which rows at unit length differ least from a small constant, (d,) float32.

        w = (S + εI)⁻¹ m / |...|        m: mean of the rows, S: their second moment

    >>> apart(np.array([[1, 0.1], [-1, 0.1]], np.float32)).round(2).tolist()
    [0.0, 1.0]
    """
    width = rows.shape[1]
    unit = unit_rows(rows)
    count = max(1, len(unit))
    values, axes = axes_of_rows(unit.shape, lambda part: unit[part], min(width, count + 1))
    mean = unit.sum(axis=0, dtype=np.float64) / count
    ridge = _RIDGE * max(float(values.sum()) / count / width, 1e-12)
    with one_core():  # the mean lies in the span of the axes
        found = axes @ (axes.T @ mean / (np.maximum(values, 0) / count + ridge))
    if not np.linalg.norm(found) > 1e-9:  # rows that cancel out
        found = axes[:, -1]
    return np.asarray(found / np.linalg.norm(found), np.float32)


def nearest_spellings(text: str, known: Sequence[str], language: str | None, stop_words: object) -> list[str]:
    """The known words that are spelt most like those of a text; stop words and short words have none.

    ``stop_words`` is the code of a list of them, if there is one.
    """
    left_out = stop_words_of_language(str(stop_words)) if stop_words in STOP_WORDS else frozenset()
    found = []
    for word in dict.fromkeys(re.findall(r"[^\W\d_]+", normal(text, language))):
        if len(word) >= _SHORTEST and word not in left_out:
            near = [other for other in known if other[:1] == word[0] and abs(len(other) - len(word)) < 3]
            found += difflib.get_close_matches(word, near, 1, _ALIKE)
    return found
