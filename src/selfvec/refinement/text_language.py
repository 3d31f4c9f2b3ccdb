"""The language of the text, and what helps where the initial vectors do not know it."""

from __future__ import annotations

from collections.abc import Iterable

from selfvec.data.settings import Settings
from selfvec.data.vectors import KNOWN_TEXT
from selfvec.storage.public_vectors import PUBLIC_VECTORS
from selfvec.text.language_recognition import language_name, recognised_language
from selfvec.text.languages import LANGUAGES

ENCODER = "multilingual-e5-small"  # of a hundred languages


def language_of_text(words: Iterable[tuple[str, int]], settings: Settings) -> str | None:
    """The code of the language that an option names, or else the one that the words tell; None for neither.

    ``words`` are those of the text with their counts. Stop words that were left out tell nothing any more, so
    their language is the last that is believed.
    """
    named = (settings.language, settings.lemmatize, settings.stem)
    asked = next((str(code).split(",")[0] for code in named if code), None)
    if asked in LANGUAGES:
        return asked
    if settings.tokenizer not in ("words", "whitespace"):
        return None
    listed = settings.stop_words if settings.stop_words in LANGUAGES else None
    return recognised_language(words) or listed


def vectors_of(language: str | None) -> str | None:
    """The name of public vectors of a language; None if there are none."""
    name = f"cc.{(language or '').partition('-')[0]}.300"
    return name if name in PUBLIC_VECTORS else None


def note_on_language(language: str | None, vectors: str, known: float, settings: Settings) -> str | None:
    """What to do if the initial vectors are of another language, or know less than half of a text in it.

    ``vectors`` is their name, and ``known`` the share of the text that is in them.
    """
    row = PUBLIC_VECTORS.get(vectors)
    theirs = "en" if vectors == "default" else row.language if row else None
    if language is None or theirs in (language, language.partition("-")[0], "many"):
        return None
    if theirs is None and (language == "en" or known >= KNOWN_TEXT):
        return None
    name = language_name(language)
    of = f"are of {language_name(theirs)}" if theirs in LANGUAGES else f"know {known:.0%} of the text"
    better = vectors_of(language)
    ways = [f"--vectors {better} (selfvec vectors fetch {better})"] if better else []
    ways.append(f"--encoder {ENCODER} (selfvec vectors fetch {ENCODER})")
    named = f"; name the language: --language {language}" if _is_unnamed(language, settings) else ""
    return f"they {of}, and the text is {name}; better: {' or '.join(ways)}{named}"


def _is_unnamed(language: str, settings: Settings) -> bool:
    return language in LANGUAGES and not any((settings.language, settings.lemmatize, settings.stem))
