"""Documents that have words in a row, stop words included, which the index of words leaves out.

Documents that lack one of the other words are ruled out by the index; the texts of those left are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from selfvec.base.arrays import Ids, Ints, Mask
from selfvec.base.casing import lower
from selfvec.base.characters import plain, without_accents
from selfvec.text.segmentation import is_unspaced
from selfvec.text.tokenizers import find_words
from selfvec.text.vocabulary import Query, Vocabulary

from .indexed_documents import IndexedDocuments
from .question import Question

Fits = Callable[[str], bool]
_READ = 1024  # texts read at a time


def restrict(
    vocabulary: Vocabulary, documents: IndexedDocuments, asked: Question, passing: Mask
) -> Iterator[str]:
    """Take the documents out of ``passing`` that a question rules out; yield what could not be done."""
    for phrase in asked.phrases:
        found = _with_phrase(vocabulary, documents, phrase, passing) > 0
        if found.any():
            passing &= found
        else:
            yield f"no document has the phrase \u201c{phrase}\u201d: its words were searched"
    for phrase in asked.excluded:
        query = vocabulary.parse(phrase)
        if len(words_of(phrase)) == 1 and len(query.types):  # in all its forms
            passing &= ~_with_types(documents, [*query.types.tolist(), *_spellings(query)])
        else:
            passing &= _with_phrase(vocabulary, documents, phrase, passing) == 0


def count_written(documents: IndexedDocuments, text: str, code: str | None, among: Mask) -> Ints:
    """How often each document has a text as a phrase, (D,): in its case, else in any case, else its words."""
    words = words_of(text)
    exact: list[Fits] = [word.__eq__ for word in words]
    free = [_same_word(word, code) for word in words]
    for phrase in ([exact] if text != text.lower() else []) + [free]:
        counts = _count(documents, phrase, among)
        if counts.any():
            return counts
    return sum((_count(documents, [word], among) for word in free), np.zeros(len(documents), np.int64))


def words_of(text: str) -> list[str]:
    """The words of a text, stop words included."""
    found = find_words([text])
    names = list(map(plain, found.names))
    return [names[i] for i in found.ids.tolist()]


def _spellings(query: Query) -> list[int]:
    return [other for others in query.alike.values() for other in others]


def _with_types(documents: IndexedDocuments, types: Sequence[int]) -> Mask:
    """The documents that have one of some types, (D,)."""
    starts, units = documents.arrays["starts"], documents.arrays["units"]
    found = np.zeros(documents.units, bool)
    for number in types:
        found[units[starts[number] : starts[number + 1]]] = True
    return found[: len(documents)]


def _with_phrase(vocabulary: Vocabulary, documents: IndexedDocuments, phrase: str, among: Mask) -> Ints:
    """How often each document of ``among`` has a phrase, (D,): in any case, and with accents or without."""
    among = among.copy()
    if vocabulary.preprocessing.tokenizer == "words" and not is_unspaced(phrase):
        query = vocabulary.parse(phrase)
        among &= not query.unknown
        for number in query.types.tolist():
            among &= _with_types(documents, [number, *query.alike.get(number, ())])
    code = vocabulary.preprocessing.language
    return _count(documents, [_fits(word, code) for word in words_of(phrase)], among)


def _same_word(asked: str, code: str | None) -> Fits:
    """Whether a word is the one asked for: in any case and, if that has no accents, with accents, too."""
    key = lower(asked, code)
    if key != without_accents(key):
        return lambda word: lower(word, code) == key
    return lambda word: without_accents(lower(word, code)) == key


def _fits(asked: str, code: str | None) -> Fits:
    """The same; a word of a script without spaces is looked for in a longer run of letters."""
    return (lambda word: asked in word) if is_unspaced(asked) else _same_word(asked, code)


def _count(documents: IndexedDocuments, words: Sequence[Fits], among: Mask) -> Ints:
    out = np.zeros(len(documents), np.int64)
    numbers = np.flatnonzero(among)
    for first in range(0, len(numbers) if words else 0, _READ):
        part = numbers[first : first + _READ]
        found = find_words([documents.text(number) for number in part.tolist()])
        names = list(map(plain, found.names))
        fit = [np.array(list(map(word, names)), bool)[found.ids] for word in words]
        owners = np.repeat(np.arange(len(part)), np.diff(found.bounds))
        out[part] = np.bincount(owners[_in_a_row(fit, owners)], minlength=len(part))
    return out


def _in_a_row(fit: Sequence[Mask], owners: Ints | Ids) -> Ints:
    """Where a phrase begins: word k after it fits the k-th of its words, in the same text."""
    size = len(owners) - len(fit) + 1
    if size < 1:
        return np.zeros(0, np.int64)
    begins = owners[:size] == owners[len(fit) - 1 :]
    for k, mask in enumerate(fit):
        begins &= mask[k : k + size]
    return np.flatnonzero(begins)
