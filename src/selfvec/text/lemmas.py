"""Lemmas: the lexicons of word forms that ``--lemmatize`` reads, from the package simplemma."""

from __future__ import annotations

from collections.abc import Callable

from selfvec.base.errors import OptionError

from .languages import lemma_code

__all__ = ["lemmatizer"]


def lemmatizer(languages: tuple[str, ...]) -> Callable[[str], str]:
    """A function from a word to its lemma, by the dictionaries of some languages, the first one first.

    Raises `OptionError` for a language without a dictionary.
    """
    from simplemma import Lemmatizer
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    languages = tuple(lemma_code(code) for code in languages)
    for code in languages:
        if code not in SUPPORTED_LANGUAGES:
            raise OptionError(
                f"no lemmas for the language {code!r}",
                field="lemmatize",
                remedy=f"use one of {', '.join(sorted(SUPPORTED_LANGUAGES))}",
            )
    found = Lemmatizer(cache_max_size=1)  # each type comes once
    found.lemmatize("a", languages)  # reads the dictionaries
    return lambda word: found.lemmatize(word, languages)
