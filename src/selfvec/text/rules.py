"""Rules that decide, once per type, whether a word is kept and under which key.

A corpus of millions of tokens has hundreds of thousands of types, so a rule may take microseconds per type. A
rule depends only on the word, so batches, threads and order do not change the result.

Stemming, `min_count` and `max_types` need the counts of the whole corpus and are applied last. Words that
share a Snowball stem are merged: *storm*, *storms* and *storming* become one word. A stem is cheaper and
coarser than a lemma, and often not a word itself (*comput*). So users see a word instead: the most frequent
one with this stem that has a vector.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfvec.base.arrays import Ids, Ints
from selfvec.base.casing import DOTTED, case_forms, in_letters, lower
from selfvec.base.characters import folded
from selfvec.base.errors import InputError, OptionError
from selfvec.data.field_types import coded
from selfvec.data.token_batch import kept_numbers, occurrences_of_merged
from selfvec.files.text_files import text_lines

from .languages import (
    LANGUAGES,
    STEMMERS,
    STOP_WORDS,
    language,
    lemmatizer,
    stop_words_of_language,
    without_elision,
)

if TYPE_CHECKING:
    from selfvec.data.settings import Settings

    from .tagger import Tagger
    from .tokenizers import Casing


@dataclass(frozen=True)
class Rules:
    """The rules for words; none by default. `OptionError` if one has an invalid value.

    A word is dropped as a stop word if it or its lemma is listed, in any case.
    """

    lemmatize: str | None = None  # language codes of simplemma, separated by commas
    stop_words: str | None = None  # language code, or path of a file with a word per line
    pos: tuple[str, ...] = ()  # parts of speech to keep: noun (names included), …; all if empty
    min_count: int = 1  # rarer keys are dropped (counted after merging)
    tagger: str | None = None  # name or path of a spaCy pipeline; an English lexicon by default
    stem: str | None = None  # language code: words that share a stem get one key
    language: str | None = None  # of the text, for lower case and elided words; by default that of a rule
    max_types: int | None = None  # if there are more keys, the rarest are dropped
    variants: str = ""  # each with the word that it is counted as after it, separated by spaces

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        asked = {of.name: getattr(settings, of.name) for of in fields(cls) if of.name != "variants"}
        return cls(**{**asked, "pos": tuple(settings.pos)})

    def __post_init__(self) -> None:
        for part in self.pos:
            from .tagger import PARTS

            if part not in PARTS:
                raise OptionError.one_of(part, PARTS, field="pos")
        if self.min_count < 1:
            raise OptionError(f"is a whole number of at least 1, not {self.min_count!r}", field="min_count")


@dataclass(frozen=True)
class Keys:
    """The keys of V raw types."""

    places: Ids  # (V,) int32, index into types, -1 if dropped
    types: list[str]  # keys in order of first appearance
    dropped: dict[str, int]  # tokens that each rule dropped
    kept_from: int = 1  # occurrences of the rarest keys that are not dropped


class Rulebook:
    """`Rules` with their resources loaded, so that an invalid option fails before any text is read."""

    def __init__(self, rules: Rules, casing: Casing) -> None:
        self.casing = casing
        codes = [rules.language, *(rules.lemmatize or "").split(","), rules.stem, rules.stop_words]
        self.language = next((code for code in codes if code in LANGUAGES), None)
        language(rules.language)  # raises for an unknown one
        self.min_count = rules.min_count
        self.max_types = rules.max_types
        languages = rules.lemmatize.split(",") if rules.lemmatize else []
        asked = {"lemmatize": languages, "stop_words": rules.stop_words, "pos": rules.pos, "stem": rules.stem}
        if casing == "exact" and any(asked.values()):
            field = next(name for name, value in asked.items() if value)
            rule = "is a rule for words, but a tokenizer.json gives subwords"
            remedy = "leave it out, or use the tokeniser words"
            raise OptionError(rule, field=field, remedy=remedy)
        stops = listed_stop_words(rules.stop_words) if rules.stop_words else ()
        self.stop_words = frozenset(in_letters(word, self.language) for word in stops)
        self.lemma = lemmatizer(tuple(languages)) if languages else None
        if rules.variants:
            self.lemma = _joining(rules.variants.split(), self.lemma)
        self.stem = rules.stem
        if rules.stem:
            stems([], rules.stem)  # raises for an unknown language
        self.parts = frozenset(rules.pos)
        self.tagger: Tagger | None = None
        if rules.pos:
            languages += [rules.language] if rules.language else []
            languages += [rules.stop_words] if rules.stop_words in STOP_WORDS else []
            from .tagger import tagger  # only who asks for parts of speech loads it

            self.tagger = tagger(rules.tagger, languages)

    def keys(
        self,
        words: Sequence[str],  # V raw types
        counts: Ints,  # (V,) int64
        pretrained: Mapping[str, int],  # words with a vector
        unstemmed: bool = False,  # leave stemming and `min_count` out: they do not depend on the word alone
    ) -> Keys:
        """Apply stop words, part of speech, stemming and minimal count, in this order.

        A token is counted under the first rule that drops it.
        """
        words = self._whole(words)
        forms = [self._form(word) for word in words] if self.lemma else words
        dropped_by = np.zeros(len(words), np.int8)  # 1 + index into the rules' names
        if self.stop_words:
            stops = (self._stops(word) or self._stops(form) for word, form in zip(words, forms, strict=True))
            dropped_by[np.fromiter(stops, bool, len(words))] = 1
        if self.tagger is not None:
            left = np.flatnonzero(dropped_by == 0)
            parts = self.tagger.parts([words[i] for i in left.tolist()])
            dropped_by[left[[part not in self.parts for part in parts]]] = 2
        left = np.flatnonzero(dropped_by == 0)
        keys = [self._name(words[i], forms[i], pretrained) for i in left.tolist()]
        places = np.full(len(words), DROPPED, np.int32)
        places[left], types = coded(keys)
        totals = np.bincount(dropped_by, counts, minlength=3)
        names = ("stop words", "part of speech")
        dropped = {name: int(n) for name, n in zip(names, totals[1:], strict=True) if n}
        unmerged = Keys(places, types, dropped)
        return unmerged if unstemmed else self._merged(unmerged, counts, pretrained)

    def _merged(self, keys: Keys, counts: Ints, pretrained: Mapping[str, int]) -> Keys:
        totals = occurrences_of_merged(counts, keys.places, len(keys.types))
        numbers, types, least = merged_types(
            keys.types, totals, pretrained, self.stem, self.min_count, self.max_types
        )
        places = np.append(numbers, np.int32(DROPPED))[keys.places]  # -1 takes the last: it stays dropped
        rare = int(totals[numbers == DROPPED].sum())
        return Keys(places, types, keys.dropped | ({"minimal count": rare} if rare else {}), least)

    def names(self, words: Sequence[str], pretrained: Mapping[str, int]) -> list[str]:
        """The keys that words would have if no rule dropped them."""
        return [self._name(word, self._form(word), pretrained) for word in self._whole(words)]

    def forms(self, words: Sequence[str]) -> list[str]:
        return [self._form(word) for word in self._whole(words)]

    def _whole(self, words: Sequence[str]) -> Sequence[str]:
        """Words in the letters of this language, without the parts that an apostrophe joins to them in it."""
        if self.casing == "exact":
            return words
        words = [word if word.isascii() else in_letters(word, self.language) for word in words]
        if language(self.language).elided is None:
            return words
        return [without_elision(word, self.language) for word in words]

    def _stops(self, word: str) -> bool:
        """Whether a word is listed, or is a contraction of listed words (*we're* = *we* + *re*)."""
        word = lower(word, self.language)
        return word in self.stop_words or ("'" in word and self.stop_words.issuperset(word.split("'")))

    def _form(self, word: str) -> str:
        """The lemma, or the word itself if they differ only in case."""
        if self.lemma is None:
            return word
        lemma = self.lemma(lower(word, self.language) if self.language in DOTTED else word)
        return word if lower(lemma, self.language) == lower(word, self.language) else lemma

    def _name(self, word: str, form: str, pretrained: Mapping[str, int]) -> str:
        """The key of the lemma, or of the word if only that has a vector, since the lemma may be wrong."""
        key = self.key(form, pretrained)
        if form is not word and key not in pretrained:
            own = self.key(word, pretrained)
            return own if own in pretrained else key
        return key

    def key(self, form: str, pretrained: Mapping[str, int]) -> str:
        """The first of the exact, lower-case and title-case forms that has a vector."""
        if self.casing == "exact" or form in pretrained:
            return form
        forms = case_forms(form, self.language)
        for spelling in forms:
            if spelling in pretrained:
                return spelling
        return forms[1] if self.casing == "lower" else form


def _joining(names: Sequence[str], lemma: Callable[[str], str] | None) -> Callable[[str], str]:
    """The word of a variant, which stands after it in ``names``; of other words the lemma."""
    word_of = dict(zip(names[::2], names[1::2], strict=True))

    def form(word: str) -> str:
        joined = word_of.get(word) or word_of.get(word.lower())
        return joined or (lemma(word) if lemma else word)

    return form


def listed_stop_words(spec: str) -> frozenset[str]:
    if spec in STOP_WORDS:
        return stop_words_of_language(spec)
    path = Path(spec)
    if not path.is_file():
        rule = f"no stop words for the language {spec!r}, and no file of that name"
        remedy = f"give a file with a word per line or one of {', '.join(STOP_WORDS)}"
        raise OptionError(rule, field="stop_words", remedy=remedy)
    words = set()
    for number, word in listed_lines(path):
        if len(word.split()) > 1:
            rule = f"a line holds one word, this one has {len(word.split())}"
            raise InputError(rule, path=path, line=number, remedy="give each word its own line")
        words.add(folded(word))
    return frozenset(words)


def listed_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a list in lower case, with their numbers, without comments (#) and blank lines."""
    lines = ((number, line.strip().lower()) for number, line in text_lines(path))
    return ((number, line) for number, line in lines if not line.startswith("#"))


# The rules that need the counts of the whole corpus

DROPPED = -1  # the number of a type that a rule leaves out


def stems(words: Sequence[str], language: str | None) -> list[str]:
    """Snowball's stem of every word, in lower case; of Korean words, in any text, those without particles.

    Without a language they are the words themselves.

    >>> stems(["Storms", "storm", "tornadoes"], "en")
    ['storm', 'storm', 'tornado']
    """
    if language is None:
        return list(words)
    import Stemmer

    if language not in STEMMERS:
        rule = f"no stems for the language {language!r}"
        remedy = f"use one of {', '.join(STEMMERS)}"
        raise OptionError(rule, field="stem", remedy=remedy)
    stemmed: list[str] = [lower(word, language) for word in words]
    if STEMMERS[language] != "own":
        # Its cache of stems would cost three times what it saves: words are given once each.
        stemmed = Stemmer.Stemmer(STEMMERS[language], 0).stemWords(stemmed)
    return [without_particle(word) if is_korean(word) else word for word in stemmed]


def first_of_stems(words: Sequence[str], language: str | None) -> dict[str, int]:
    """The number of the first word with each stem; of each word without a ``language`` of stems.

    >>> first_of_stems(["hail", "storms", "storm"], "en")
    {'storm': 1, 'hail': 0}
    """
    return {name: number for number, name in reversed([*enumerate(stems(words, language))])}


def same_stem(
    words: Sequence[str],  # n words; counts of repeated words are added up
    counts: Ints,  # (n,) int64
    pretrained: Mapping[str, int],  # words with a vector, preferred ones first
    language: str,
) -> list[str]:
    """The word that represents the stem of each word: the most frequent one that has a vector.

    If no word has a vector, it is the first of ``pretrained`` with that stem, or else the most frequent word.

    >>> same_stem(["storms", "storm", "hails"], np.array([5, 2, 1]), {"storm": 0, "hail": 1}, "en")
    ['storm', 'storm', 'hail']
    """
    own = stems(words, language)
    totals: Counter[str] = Counter()
    for word, count in zip(words, counts.tolist(), strict=True):
        totals[word] += count
    best: dict[str, tuple[bool, int, str]] = {}
    for word, stem in zip(words, own, strict=True):
        rank = (word in pretrained, totals[word])
        if stem not in best or rank > best[stem][:2]:
            best[stem] = (*rank, word)
    if pretrained and not all(has_vector for has_vector, _, _ in best.values()):
        for word, stem in zip(pretrained, stems(list(pretrained), language), strict=True):
            if stem in best and not best[stem][0]:
                best[stem] = (True, 0, word)
    return [best[stem][2] for stem in own]


def merged_types(
    types: Sequence[str],  # U types in order of first appearance
    counts: Ints,  # (U,) int64
    pretrained: Mapping[str, int],  # words with a vector
    stem: str | None = None,  # language code; None merges nothing
    min_count: int = 1,
    max_types: int | None = None,  # None for any number
) -> tuple[Ids, list[str], int]:
    """Merge types that share a stem, then drop those that occur less than ``min_count`` times.

    If more than ``max_types`` are left, those that occur less than `kept_from` times are dropped. Returns
    each type's new index, (U,) int32, -1 if dropped; the new types by first appearance; and that count.
    """
    places = np.arange(len(types), dtype=np.int32)
    if stem:
        places, types = coded(same_stem(types, counts, pretrained, stem))
        counts = occurrences_of_merged(counts, places, len(types))
    least = kept_from(counts, min_count, max_types)
    frequent = counts >= least
    return kept_numbers(frequent)[places], list(compress(types, frequent.tolist())), least


def kept_from(counts: Ints, min_count: int = 1, max_types: int | None = None) -> int:
    """The smallest count from ``min_count`` on that at most ``max_types`` types have. Ties are not broken.

    >>> kept_from(np.array([5, 2, 2, 1]), max_types=3), kept_from(np.array([5, 2, 2, 1]), max_types=2)
    (2, 3)
    """
    if max_types is None or np.count_nonzero(counts >= min_count) <= max_types:
        return min_count
    most_dropped = len(counts) - max_types - 1  # place of the most frequent type that is certainly dropped
    return int(np.partition(counts, most_dropped)[most_dropped]) + 1


# Korean nouns without their particles: 학교에서, *at the school*, is found by 학교.
#
# Korean joins particles to a word. Some have two forms, one after a final consonant and one after a vowel,
# which tells many of them from the last syllable of a noun (나이, 사과). A short particle that any syllable
# may precede is cut off only if two syllables remain (회의, 제도).

_FIRST, _LAST = "\uac00", "\ud7a3"  # the syllables of Hangul
_FINALS = 28  # a syllable's number, modulo this, is its final consonant; 0 for none
_RIEUL = 8  # ㄹ, after which 로 stands as after a vowel

_LONG = """
에서부터 으로부터 로부터 에게서 한테서 에서는 에서도 에서의 에게는 에게도 으로는 으로도
으로서 으로써 까지는 까지도 부터는 이라고 이라는 처럼 보다 까지 부터 에서 에게 한테 께서
으로 마다 조차 마저 밖에 에는 에도 에만 와의 과의 와는 과는 로서 로써 로는 로도
들은 들이 들을 들의 들에게 들과 들도
"""
_PARTICLES = tuple(sorted(_LONG.split(), key=len, reverse=True))
_AFTER_CONSONANT = {"은": 1, "을": 1, "이": 2, "과": 2}  # and the syllables that must remain
_AFTER_VOWEL = {"는": 1, "를": 1, "가": 2, "와": 2, "로": 2}
_AFTER_ANY = {"의": 2, "에": 2, "도": 2, "만": 2}


def is_korean(word: str) -> bool:
    return _FIRST <= word[-1:] <= _LAST


def without_particle(word: str) -> str:
    """A word without its last particle.

    >>> [without_particle(word) for word in ("학교에서", "학교를", "물은", "나이", "사과", "회의")]
    ['학교', '학교', '물', '나이', '사과', '회의']
    """
    for particle in _PARTICLES:
        if word.endswith(particle) and len(word) - len(particle) >= 2:
            return word[: -len(particle)]
    body, last = word[:-1], word[-1:]
    if not is_korean(body):
        return word
    final = (ord(body[-1]) - ord(_FIRST)) % _FINALS
    fitting = _AFTER_CONSONANT if final else _AFTER_VOWEL
    least = _AFTER_ANY.get(last) or fitting.get(last) or (2 if last == "로" and final == _RIEUL else 0)
    return body if least and len(body) >= least else word
