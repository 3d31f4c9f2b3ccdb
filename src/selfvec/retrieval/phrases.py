"""Documents that have words in a row, stop words included, which the index of words leaves out.

Documents that lack one of the other words are ruled out by the index; the texts of those left are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from selfvec.base.arrays import Ids, Ints, Mask
from selfvec.base.casing import lower
from selfvec.base.characters import plain, without_accents
from selfvec.base.threads import cut, in_order, threads
from selfvec.text.segmentation import is_unspaced
from selfvec.text.sentences import sentence_spans
from selfvec.text.tokenizers import FoundWords, find_words
from selfvec.text.vocabulary import Query, Vocabulary

from .indexed_documents import IndexedDocuments
from .question import Question

Fits = Callable[[str], bool]
_READ = 1 << 21  # bytes read at a time: what many texts have in common is compared once
_CLAUSE = re.compile("[;\u037e\u061b\uff1b]")


@dataclass(frozen=True)
class _Phrase:
    words: Sequence[Fits]
    crosses: bool = False  # whether a sentence may end within it


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
    crosses = _is_broken(text)
    phrases = [_Phrase(exact, crosses)] if text != text.lower() else []
    phrases += [_Phrase(free, crosses), *(_Phrase([word]) for word in free)]
    counted = _count(documents, phrases, among, _sizes(words, code))
    *whole, by_word = np.split(counted, range(1, len(phrases) - len(free) + 1))
    return next((counts[0] for counts in whole if counts.any()), by_word.sum(axis=0))


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
    words = words_of(phrase)
    whole = _Phrase([_fits(word, code) for word in words], _is_broken(phrase))
    return np.asarray(_count(documents, [whole], among, _sizes(words, code))[0])


def _sizes(asked: Sequence[str], code: str | None) -> set[int]:
    """The lengths of words of ASCII that may fit one of those asked for."""
    return {len(form) for word in asked for form in (word, lower(word, code))}


def _same_word(asked: str, code: str | None) -> Fits:
    """Whether a word is the one asked for: in any case and, if that has no accents, with accents, too."""
    key = lower(asked, code)
    if key != without_accents(key):
        return lambda word: lower(word, code) == key
    return lambda word: without_accents(lower(word, code)) == key


def _fits(asked: str, code: str | None) -> Fits:
    """The same; a word of a script without spaces is looked for in a longer run of letters."""
    return (lambda word: asked in word) if is_unspaced(asked) else _same_word(asked, code)


class _Fitting(dict[str, int]):
    """For each spelling of a text a row of ``table``: which words of some phrases it fits."""

    def __init__(self, words: Sequence[Fits]) -> None:
        super().__init__()
        self._words = words
        self._rows: dict[tuple[bool, ...], int] = {}

    def __missing__(self, name: str) -> int:
        word = plain(name)
        row = tuple(fits(word) for fits in self._words)
        self[name] = self._rows.setdefault(row, len(self._rows))
        return self[name]

    @property
    def table(self) -> Mask:
        return np.array(list(self._rows), bool).reshape(len(self._rows), len(self._words))


def _count(
    documents: IndexedDocuments,
    phrases: Sequence[_Phrase],
    among: Mask,
    sizes: Collection[int],  # of the words of ASCII that may be in a phrase
) -> Ints:
    """How often each document of ``among`` has each phrase, (P, D); the texts are read once."""
    out = np.zeros((len(phrases), len(documents)), np.int64)
    fitting = _Fitting([word for phrase in phrases for word in phrase.words])
    numbers = np.flatnonzero(among)
    lengths = np.diff(documents.arrays["texts ends"])[numbers]

    def read(block: tuple[int, int]) -> tuple[Ints, list[str], FoundWords]:
        part = numbers[slice(*block)]
        texts = [documents.text(number) for number in part.tolist()]
        return part, texts, find_words(texts, sizes=sizes)

    for part, texts, found in in_order(cut(lengths + 1, _READ), read, threads(None)):
        names = ("", *found.names)  # the first, of words that cannot fit, has the id -1
        rows = np.fromiter(map(fitting.__getitem__, names), np.int64, len(names))[found.ids + 1]
        owners = np.repeat(np.arange(len(part)), np.diff(found.bounds))
        table = fitting.table
        column = 0
        for number, phrase in enumerate(phrases):
            fit = table[:, column : column + len(phrase.words)]
            column += len(phrase.words)
            begins = _in_a_row(fit, rows, owners)
            if not phrase.crosses and len(phrase.words) > 1:
                begins = begins[_in_sentences(texts, found, owners, begins, len(phrase.words))]
            out[number, part] = np.bincount(owners[begins], minlength=len(part))
    return out


def _in_a_row(fit: Mask, rows: Ints, owners: Ints | Ids) -> Ints:
    """Where a phrase begins, by the row of ``fit``, (R, n), of each word: n words in the same text."""
    size = len(rows) - fit.shape[1] + 1
    if not fit.size or size < 1:
        return np.zeros(0, np.int64)
    begins = np.flatnonzero(fit[:, 0][rows[:size]])
    for k in range(1, fit.shape[1]):
        begins = begins[fit[:, k][rows[begins + k]]]
    whole: Ints = begins[owners[begins] == owners[begins + fit.shape[1] - 1]]
    return whole


def _in_sentences(
    texts: Sequence[str], found: FoundWords, owners: Ints | Ids, begins: Ints, size: int
) -> Mask:
    """Whether no sentence ends within a phrase of ``size`` words, for each place where it begins."""
    places = zip(
        owners[begins].tolist(),
        found.starts[begins].tolist(),
        found.ends[begins + size - 1].tolist(),
        strict=True,
    )
    return np.array([not _is_broken(texts[owner][start:end]) for owner, start, end in places], bool)


@lru_cache(maxsize=1 << 12)
def _is_broken(text: str) -> bool:
    """Whether a sentence or, at a semicolon, a clause ends within a text."""
    return _CLAUSE.search(text) is not None or len(sentence_spans(text)) > 1
