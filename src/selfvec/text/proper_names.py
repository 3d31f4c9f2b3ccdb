"""Words that are mostly names of people, places and products."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from selfvec.base.arrays import Ints, Mask
from selfvec.data.run import Run

_DOCUMENTS = 20_000  # of a large corpus that are enough, at regular intervals
_CHARACTERS = 10_000_000  # of all of them

_MID_SENTENCE = re.compile(r"(?<=[\w,;] )[^\W\d_]+")
_CAPITALIZED = 0.7  # least share of capitalised occurrences of a name
_NOUNS = 0.2  # of all words; if more are capitalised, the language capitalises nouns, or the text headings


def names_of(run: Run, words: Sequence[str], documents: Ints | None = None) -> Mask:
    """True for words that a run's documents, or some of them, mostly capitalise, (V,) bool.

    They are read at regular intervals, long ones in part. Without the text no word is a name.
    """
    if run.text is None:
        return np.zeros(len(words), bool)
    every = np.arange(len(run.text)) if documents is None else documents
    read = every[np.linspace(0, len(every) - 1, min(len(every), _DOCUMENTS)).astype(np.int64)]
    most = _CHARACTERS // max(len(read), 1)
    return proper_names(words, (text[:most] for text in run.text.texts(read.tolist())))


def proper_names(words: Sequence[str], texts: Iterable[str]) -> Mask:
    """True for words that the texts mostly capitalise in mid-sentence, (V,) bool.

    Words in capitals throughout, such as abbreviations, do not count. The parts of a phrase, such as
    new_york, must all be names. No word is a name if the texts capitalise most nouns, as German does.

    >>> text = "When it rained in Ohio, the river rose, and the NWS said that the river was over its banks."
    >>> proper_names(["ohio", "river", "nws"], [text])
    array([ True, False, False])
    """
    forms: Counter[str] = Counter()
    for text in texts:
        forms.update(_MID_SENTENCE.findall(text))
    every = Counter[str]()
    capitalized = Counter[str]()
    for form, times in forms.items():
        if len(form) > 1 and form.isupper():
            continue
        every[form.lower()] += times
        capitalized[form.lower()] += times * form[0].isupper()
    if capitalized.total() > _NOUNS * every.total():
        return np.zeros(len(words), bool)

    def is_name(word: str) -> bool:
        return capitalized[word] > 0 and capitalized[word] >= _CAPITALIZED * every[word]

    return np.array([all(map(is_name, word.lower().split("_"))) for word in words], bool)
