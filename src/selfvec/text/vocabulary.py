"""`Vocabulary`: queries and words as type numbers of a vocabulary.

The types of the vocabulary are words after `Preprocessing`, with words that share a stem merged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from typing import cast

import numpy as np

from selfvec.base.arrays import Floats, Ids, Ints
from selfvec.base.casing import lower
from selfvec.base.characters import plain, without_accents
from selfvec.base.errors import OptionError

from .preprocessing import Preprocessing
from .rules import Rulebook, stems
from .segmentation import is_unspaced, other_scripts
from .tokenizers import SPLITS, WORDS, Tokenizer, find_words, parts_of, tokenizer, word_spans

_KEPT = 100_000  # words whose types are remembered
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_LONG_VOWEL = re.compile("(?<=[\u30a1-\u30fc]{2})\u30fc$")


@dataclass(frozen=True)
class Query:
    """The T words of a query that are in the vocabulary, in order of first appearance, and the others."""

    types: Ints  # (T,) int64
    counts: Floats  # (T,) float32
    words: list[str]  # T words, in their first spelling
    unknown: list[str]  # words that are not in the vocabulary
    left_out: list[str]  # words that the rules leave out, stop words above all
    alike: dict[int, tuple[int, ...]] = field(default_factory=dict)  # type -> the same with accents


@dataclass(frozen=True, eq=False)
class Vocabulary:
    preprocessing: Preprocessing
    types: Sequence[str]
    _seen: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False)
    _bare: dict[str, dict[str, list[int]]] = field(default_factory=dict, repr=False)  # see `_without_accents`

    def grown(self, types: Sequence[str]) -> Vocabulary:
        """The same with further types; what is known of the others is not computed again."""
        known = {word: numbers for word, numbers in self._seen.copy().items() if -1 not in numbers}
        made = Vocabulary(self.preprocessing, [*self.types, *types], known)
        last = len(self)
        index = self.index | {name: last + place for place, name in enumerate(types)}
        accented = [(number + last, bare) for bare, number in Vocabulary(self.preprocessing, types)._accented]
        made.__dict__.update(index=index, _tokenizer=self._tokenizer, _rules=self._rules)
        made.__dict__["_accented"] = [*self._accented, *((bare, number) for number, bare in accented)]
        return made

    @cached_property
    def index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.types)}

    def __len__(self) -> int:
        return len(self.types)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        made = self.preprocessing
        return tokenizer(self._uncut, parts=made.parts)

    @cached_property
    def _rules(self) -> Rulebook:
        return Rulebook(self.preprocessing.rules, self._tokenizer.casing)

    @property
    def _by_words(self) -> bool:
        return self.preprocessing.tokenizer in SPLITS

    @property
    def _uncut(self) -> str:
        """The same tokeniser for single words, which stay whole."""
        name = self.preprocessing.tokenizer
        return "runs" if name in WORDS else name

    def parse(self, text: str) -> Query:
        """A query as types; `OptionError` if it is not valid Unicode."""
        if not is_text(text):
            rule = "the question holds half of a surrogate pair, which is not Unicode text"
            raise OptionError(rule, remedy="write it again, in UTF-8")
        if self._by_words:
            words = self._words(text)
            types_of = self.types_of(words)
            pairs = [
                (n, word)
                for word, ns in zip(words, types_of, strict=True)
                for n in ns  # of a word with parts itself, or else the parts that have a type
                if n == ns[0] or ns[0] < 0 <= n or not parts_of(word)
            ]
            left_out = [word for word, ns in zip(words, types_of, strict=True) if not ns]
        else:  # subwords depend on the text before them, so the text is tokenised as a whole
            left_out = []
            pairs = [(n, self.types[n] if n >= 0 else "") for ns in self.types_of([text]) for n in ns]
        alike: dict[int, tuple[int, ...]] = {}
        if self._by_words and (self._accented or is_unspaced(text)):
            pairs = [(self._spelt(number, word, alike), word) for number, word in pairs]
        counts = Counter(number for number, _ in pairs)
        first_words = dict(reversed(pairs))
        types = [number for number in counts if number >= 0]
        if types and self.preprocessing.tokenizer == "characters":  # pieces across two words
            pairs = [(number, word) for number, word in pairs if number >= 0 or not is_unspaced(word)]
        return Query(
            np.array(types, np.int64),
            np.array([counts[number] for number in types], np.float32),
            [first_words[number] for number in types],
            list(dict.fromkeys(word for number, word in pairs if number < 0 and word)),
            list(dict.fromkeys(left_out)),
            alike,
        )

    @cached_property
    def _accented(self) -> list[tuple[str, int]]:
        """The types with accents: what they are without, and their numbers."""
        ascii_types = enumerate(map(str.isascii, self.types))
        others = [number for number, is_ascii in ascii_types if not is_ascii]
        bare = [
            (spell(self.types[number]), number) for spell in (without_accents, respelt) for number in others
        ]
        return [(name, number) for name, number in bare if name != self.types[number]]

    def _with_accents(self, keys: set[str]) -> list[int]:
        """The types, rising, that are one of ``keys`` without accents, themselves or by their stems.

        Stems count, because accents hide endings.
        """
        letters = {key[:1] for key in keys}
        tables = [self._without_accents(letter) for letter in letters]
        return sorted({number for table in tables for key in keys for number in table.get(key, ())})

    def _without_accents(self, letter: str) -> dict[str, list[int]]:
        """The types with accents by what they are without, and by its stem; those that begin with a letter.

        They are found when that letter is first asked for.
        """
        if letter not in self._bare:
            numbers: dict[str, list[int]] = {}
            for bare, number in self._accented:
                for key in {bare, *stems([bare], self.preprocessing.stem)} if bare[:1] == letter else ():
                    numbers.setdefault(key, []).append(number)
            self._bare[letter] = numbers
        return self._bare[letter]

    def _spelt(self, number: int, word: str, alike: dict[int, tuple[int, ...]]) -> int:
        """The type of a word. If it is written without accents, those with accents are noted in ``alike``.

        If the word has no type itself, it is the first of these.
        """
        bare = lower(plain(word), self.preprocessing.language)
        others = [other for other in self._other_spellings(bare, number) if other != number]
        if not others:
            return number
        first, *more = [number, *others] if number >= 0 else others
        alike[first] = tuple(more)
        return first

    def _other_spellings(self, word: str, number: int) -> list[int]:
        """The types that are a word, of a type or of none, as it is spelt, too.

        In text without spaces, those with the word inside if there is none: *smartphone* for *phone*.
        """
        unspaced, stem = is_unspaced(word), self.preprocessing.stem
        if not unspaced and word == without_accents(word):
            keys = {word, *stems([word], stem), *([self.types[number]] if number >= 0 else [])}
            return self._with_accents(keys)
        forms = [*other_scripts(word), respelt(word), *stems([respelt(word)], stem), f"{word}\u30fc"]
        same = [self.index[form] for form in dict.fromkeys(forms) if form in self.index]
        if same or number >= 0 or not unspaced or self.preprocessing.tokenizer == "characters":
            return same
        return [i for i, name in enumerate(self.types) if any(form in name for form in (word, *forms))]

    def _words(self, text: str) -> list[str]:
        """The words of a query.

        In a few letters a dictionary may be wrong. So a text between spaces that is in the vocabulary is kept
        whole.
        """
        name = self.preprocessing.tokenizer
        if text.count("`") == 1:  # L`hotel
            text = re.sub(r"(?<=\w)`(?=\w)", "'", text)
        whole = [text[a:b] for a, b in word_spans(text, self._uncut)]
        words = []
        for word in whole:
            known = not is_unspaced(word) or max(self.types_of([word])[0], default=0) >= 0
            words += [word] if known else [word[a:b] for a, b in word_spans(word, name)]
        return words

    def parse_all(self, texts: Sequence[str]) -> list[Query]:
        if self._by_words:
            self.types_of(find_words(texts, self.preprocessing.tokenizer).names)
        return [self.parse(text) for text in texts]

    def types_of(self, words: Sequence[str]) -> list[tuple[int, ...]]:
        """The types of each word: usually one, () for a stop word, -1 for an unknown word."""
        types_by_word = {word: self._seen.get(word) for word in words}  # other threads may forget them
        new = [word for word, types in types_by_word.items() if types is None]
        if new:
            looked_up = dict(zip(new, self._look_up(new), strict=True))
            if len(self._seen) + len(new) > _KEPT:
                self._seen.clear()
            self._seen.update(looked_up)
            types_by_word.update(looked_up)
        return cast(list[tuple[int, ...]], [types_by_word[word] for word in words])

    def _look_up(self, words: list[str]) -> list[tuple[int, ...]]:
        types, ids, bounds = self._cut(words)
        counts = np.bincount(ids, minlength=len(types)).astype(np.int64)
        keys = self._rules.keys(types, counts, self.index)
        names = stems(keys.types, self.preprocessing.stem)
        number = np.array([self.index.get(name, -1) for name in names], np.int64)
        places = keys.places[ids].tolist()
        return [tuple(int(number[place]) for place in places[a:b] if place >= 0) for a, b in pairwise(bounds)]

    def _cut(self, words: list[str]) -> tuple[list[str], Ids, list[int]]:
        if self.preprocessing.tokenizer in WORDS:
            pieces = find_words(words)
            if np.array_equal(pieces.ends - pieces.starts, [len(word) for word in words]):  # one token each
                rows = [[word, *(parts_of(word) if self.preprocessing.parts else ())] for word in words]
                types = [plain(word) for row in rows for word in row]
                return types, np.arange(len(types), dtype=np.int32), [0, *accumulate(map(len, rows))]
        import polars as pl

        raw = self._tokenizer(pl.Series(words, dtype=pl.String))
        return raw.types, raw.ids, raw.offsets.tolist()


def is_text(text: str) -> bool:
    """Whether a string can be encoded as UTF-8; half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def respelt(word: str) -> str:
    """A word as it is spelt, too: umlauts by two letters, katakana without the long vowel at its end.

    >>> [respelt(word) for word in ("müller", "サーバー", "roof")]
    ['mueller', 'サーバ', 'roof']
    """
    return _LONG_VOWEL.sub("", word.translate(_UMLAUTS))
