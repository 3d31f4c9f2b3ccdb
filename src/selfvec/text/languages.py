"""The languages: case, stems, lemmas, stop words, elided words.

A language is a code, as in ``--language tr``. docs/reference/languages.md lists them.
"""

from __future__ import annotations

import gzip
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from typing import Any

from selfvec.base.errors import OptionError


@dataclass(frozen=True)
class Language:
    """A language and its names in other libraries; None where a library lacks it."""

    name: str
    stemmer: str | None = None  # of Snowball, or "own": `selfvec.text.rules.without_particle`
    stop_words: str | None = None  # of bm25s, or "own" for those of stop_words.toml
    lemmas: str | None = None  # of simplemma
    elided: str | None = None  # pattern of the part that an apostrophe joins to a word, or `SUFFIX`


_FRENCH = r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)'"
_ITALIAN = r"(?:[cdlmnstv]|un|gl|(?:d|n|s|c|qu)?[aeou]ll|dagl|degl|negl|sugl|quest|sant|anch|com|dov|cos)'"
_CATALAN = r"[dlmnst]'"
SUFFIX = "ending"  # İstanbul'da

LANGUAGES = {
    "ar": Language("Arabic", "arabic", "own", "ar"),
    "az": Language("Azerbaijani"),
    "bg": Language("Bulgarian", lemmas="bg"),
    "ca": Language("Catalan", "catalan", lemmas="ca", elided=_CATALAN),
    "cs": Language("Czech", "czech", lemmas="cs"),
    "cy": Language("Welsh", lemmas="cy"),
    "da": Language("Danish", "danish", "DANISH", "da"),
    "de": Language("German", "german", "GERMAN", "de"),
    "el": Language("Greek", "greek", lemmas="el"),
    "en": Language("English", "english", "EN_PLUS", "en"),
    "eo": Language("Esperanto", "esperanto", lemmas="eo"),
    "es": Language("Spanish", "spanish", "SPANISH", "es"),
    "et": Language("Estonian", "estonian", lemmas="et"),
    "eu": Language("Basque", "basque"),
    "fa": Language("Persian", "persian", lemmas="fa"),
    "fi": Language("Finnish", "finnish", "own", "fi"),
    "fr": Language("French", "french", "FRENCH", "fr", elided=_FRENCH),
    "ga": Language("Irish", "irish", lemmas="ga"),
    "he": Language("Hebrew", stop_words="own", lemmas="he"),
    "hi": Language("Hindi", "hindi", lemmas="hi"),
    "hu": Language("Hungarian", "hungarian", "own", "hu"),
    "hy": Language("Armenian", "armenian", lemmas="hy"),
    "id": Language("Indonesian", "indonesian", lemmas="id"),
    "is": Language("Icelandic", lemmas="is"),
    "it": Language("Italian", "italian", "ITALIAN", "it", elided=_ITALIAN),
    "ja": Language("Japanese", stop_words="own"),
    "ko": Language("Korean", "own", "KOREAN"),
    "lt": Language("Lithuanian", "lithuanian", lemmas="lt"),
    "lv": Language("Latvian", lemmas="lv"),
    "ne": Language("Nepali", "nepali"),
    "nl": Language("Dutch", "dutch", "DUTCH", "nl"),
    "no": Language("Norwegian", "norwegian", "NORWEGIAN", "nb"),
    "pl": Language("Polish", "polish", "own", "pl"),
    "pt": Language("Portuguese", "portuguese", "PORTUGUESE", "pt"),
    "ro": Language("Romanian", "romanian", lemmas="ro"),
    "ru": Language("Russian", "russian", "RUSSIAN", "ru"),
    "sk": Language("Slovak", lemmas="sk"),
    "sl": Language("Slovenian", lemmas="sl"),
    "sr": Language("Serbian", "serbian", lemmas="hbs"),
    "sv": Language("Swedish", "swedish", "SWEDISH", "sv"),
    "ta": Language("Tamil", "tamil"),
    "th": Language("Thai", stop_words="own"),
    "tr": Language("Turkish", "turkish", "TURKISH", "tr", elided=SUFFIX),
    "uk": Language("Ukrainian", lemmas="uk"),
    "yi": Language("Yiddish", "yiddish"),
    "zh": Language("Chinese", stop_words="own"),
    "zh-hant": Language("Chinese, traditional", stop_words="own"),
}
SCRIPTS = {  # letters that one language uses, or nearly one
    "am": "\u1200-\u139f", "bn": "\u0980-\u09ff", "bo": "\u0f00-\u0fff", "el": "\u0370-\u03ff\u1f00-\u1fff",
    "hy": "\u0530-\u058f", "ka": "\u10a0-\u10ff", "km": "\u1780-\u17ff",
    "ko": "\u1100-\u11ff\uac00-\ud7af", "lo": "\u0e80-\u0eff", "my": "\u1000-\u109f",
    "ta": "\u0b80-\u0bff", "te": "\u0c00-\u0c7f", "th": "\u0e00-\u0e7f", "ja": "\u3040-\u30ff",
    "zh": "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
}  # fmt: skip
_OTHERS = {
    **{"af": "Afrikaans", "am": "Amharic", "be": "Belarusian", "bn": "Bengali", "bo": "Tibetan"},
    **{"gl": "Galician", "hr": "Croatian", "ka": "Georgian", "km": "Khmer", "lo": "Lao", "mk": "Macedonian"},
    **{"my": "Burmese", "sq": "Albanian", "sw": "Swahili", "te": "Telugu", "tl": "Tagalog", "ur": "Urdu"},
    **{"vi": "Vietnamese"},
}
STEMMERS = {code: one.stemmer for code, one in LANGUAGES.items() if one.stemmer}
STOP_WORDS = tuple(code for code, one in LANGUAGES.items() if one.stop_words)


def language(code: str | None) -> Language:
    """A language by its code; an empty one for None. `OptionError` if the code is unknown."""
    if code is None:
        return Language("unknown")
    if code not in LANGUAGES:
        remedy = f"use one of {', '.join(LANGUAGES)}, or leave it out"
        raise OptionError(f"there is no language {code!r}", field="language", remedy=remedy)
    return LANGUAGES[code]


def language_name(code: str) -> str:
    """The English name of a language by its code.

    >>> language_name("de"), language_name("af")
    ('German', 'Afrikaans')
    """
    return LANGUAGES[code].name if code in LANGUAGES else _OTHERS.get(code, code)


def letters_of_scripts(words: Iterable[tuple[str, int]]) -> Counter[str]:
    """How many letters of each of `SCRIPTS` some words hold, with their counts."""
    letters: Counter[str] = Counter()
    for word, count in words:
        if not word.isascii():
            for code, pattern in _patterns().items():
                letters[code] += count * len(pattern.findall(word))
    return letters


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {code: re.compile(f"[{letters}]") for code, letters in SCRIPTS.items()}


def lemma_code(code: str) -> str:
    return LANGUAGES[code].lemmas or code if code in LANGUAGES else code


def lemmatizer(languages: tuple[str, ...]) -> Callable[[str], str]:
    """A function from a word to its lemma, by the dictionaries of some languages, the first one first.

    Raises `OptionError` for a language without a dictionary.
    """
    from simplemma import Lemmatizer
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    languages = tuple(lemma_code(code) for code in languages)
    for code in languages:
        if code not in SUPPORTED_LANGUAGES:
            rule = f"no lemmas for the language {code!r}"
            remedy = f"use one of {', '.join(sorted(SUPPORTED_LANGUAGES))}"
            raise OptionError(rule, field="lemmatize", remedy=remedy)
    dictionaries = Lemmatizer(cache_max_size=1)  # each type comes once
    dictionaries.lemmatize("a", languages)  # reads the dictionaries
    return lambda word: dictionaries.lemmatize(word, languages)


@lru_cache(1)
def lemmas_of_forms(languages: tuple[str, ...]) -> Callable[[str], list[str]]:
    """A function from a word to all its lemmas in lower case, that of `lemmatizer` first.

    A dictionary has a single lemma of each form. A word is its own lemma, too, if another form has it as
    lemma, as *found*. English forms have those of `english_lemmas` besides.

    >>> lemmas_of_forms(("en",))("found"), lemmas_of_forms(("de",))("weise")
    (['find', 'found'], ['weise'])
    """
    from simplemma.strategies.dictionaries.dictionary_factory import DEFAULT_DICTIONARY_FACTORY

    first = lemmatizer(languages)
    codes = list(map(lemma_code, languages))
    dictionaries = list(map(DEFAULT_DICTIONARY_FACTORY.get_dictionary, codes))
    of_others = {lemma.lower() for each in dictionaries for form, lemma in each.items() if form != lemma}
    english = english_lemmas() if "en" in codes else {}

    def lemmas(word: str) -> list[str]:
        capital = (each.get(word.capitalize()) for each in dictionaries)  # German Waren beside waren
        more = [first(word), *filter(None, capital), *english.get(word, ())]
        own = [word] * (word in of_others)
        return list(dict.fromkeys([*(lemma.lower() for lemma in more if lemma != word), *own])) or [word]

    return lemmas


@cache
def english_lemmas() -> dict[str, list[str]]:
    """All lemmas of each English form, by the list of LemmInflect; empty without it."""
    package = find_spec("lemminflect")  # which would load spaCy
    if package is None or package.origin is None:
        return {}
    lemmas = dict[str, list[str]]()
    path = Path(package.origin).parent / "resources" / "lemma_lu.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for form, _, several in (line.strip().split(",") for line in lines):
            lemmas.setdefault(form, []).extend(several.split("/"))
    return lemmas


@cache
def stop_words_of_language(code: str) -> frozenset[str]:
    """The stop words of a language of `STOP_WORDS`, in lower case."""
    name = LANGUAGES[code].stop_words
    if name == "own":
        own = Path(__file__).with_name("stop_words.toml").read_text(encoding="utf-8")
        return frozenset(tomllib.loads(own)[code].split())
    return frozenset(_lists_of_bm25s()[f"STOPWORDS_{name}"])


@cache
def _lists_of_bm25s() -> dict[str, Any]:
    """Stop words by their names in bm25s: 179 English ones, where stop-words and stopwordsiso have 1,300."""
    package = find_spec("bm25s")  # the package itself would load Numba
    assert package is not None
    assert package.origin is not None
    return run_path(str(Path(package.origin).with_name("stopwords.py")))


def elision(code: str | None, word: str = r"\w") -> str | None:
    """A regular expression for the parts that apostrophes join to words; None if the language has none.

    ``word`` matches a character of a word.
    """
    pattern = language(code).elided
    if pattern is None or pattern == SUFFIX:
        return pattern and f"(?<={word})'{word}+"
    return f"(?<!{word})(?<!')(?:{pattern})(?={word})"


@cache
def _compiled(code: str | None) -> re.Pattern[str] | None:
    pattern = elision(code)
    return None if pattern is None else re.compile(pattern, re.IGNORECASE)


def without_elision(text: str, code: str | None) -> str:
    """A word or a text without the parts that apostrophes join to words.

    >>> without_elision("l'homme", "fr"), without_elision("İstanbul'da", "tr"), without_elision("don't", "en")
    ('homme', 'İstanbul', "don't")
    """
    pattern = _compiled(code)
    return text if pattern is None or "'" not in text else pattern.sub("", text)
