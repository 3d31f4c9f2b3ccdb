"""Words that are mostly names of people, places and products."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.base.memory import release
from selfvec.retrieval.indexed_documents import IndexedDocuments

__all__ = ["proper_names"]

_READ = 20_000  # documents that are read, at regular intervals
_MID_SENTENCE = re.compile(r"(?<=[\w,;] )[^\W\d_]+")
_CAPITALIZED = 0.7  # least share of capitalised occurrences of a name


def proper_names(words: Sequence[str], documents: IndexedDocuments) -> Mask:
    """True for words that the documents mostly capitalise in mid-sentence, (V,) bool."""
    numbers = np.linspace(0, len(documents) - 1, min(len(documents), _READ)).astype(int)
    forms: Counter[str] = Counter()
    for number in numbers.tolist():
        forms.update(_MID_SENTENCE.findall(documents.text(number)))
    release(documents.arrays["texts"])
    every = Counter[str]()
    capitalized = Counter[str]()
    for form, times in forms.items():
        every[form.lower()] += times
        capitalized[form.lower()] += times * form[0].isupper()

    def is_name(word: str) -> bool:
        return capitalized[word] > 0 and capitalized[word] >= _CAPITALIZED * every[word]

    return np.array([is_name(word.lower()) for word in words], bool)
