"""Lower and title case of words, which depend on the language: Turkish *ISI* is *ısı*, *İL* is *il*.

So do the letters that are encoded twice. Persian keyboards have written the Arabic *yeh* and *kaf* for
decades, and Romanian ones *ş* for *ș*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .characters import plain

DOTTED = ("tr", "az")  # i and ı are two letters: i, İ and ı, I
_DOT = "\u0307"  # Unicode lower-cases İ to i and this combining dot above


# Languages without a row have the letters of Persian: those that share them, such as Urdu and Kurdish, cannot
# be named, and Arabic can. No language but Romanian has ţ, and many have ş.
_ARABIC = {"ی": "ي", "ک": "ك"}
_USUAL = {letter: own for own, letter in _ARABIC.items()} | {"ţ": "ț", "Ţ": "Ț"}
_LETTERS = {
    "ar": _ARABIC,
    "az": _USUAL | {"ǝ": "ə", "Ǝ": "Ə"},
    "ro": _USUAL | {"ş": "ș", "Ş": "Ș"},
}
_OTHERS = tuple(map(str.maketrans, (_ARABIC, _USUAL, {"ș": "ş", "ț": "ţ"}, {"ş": "ș", "ţ": "ț"})))
"""By which vectors and texts may spell a word that is in the letters of its language."""


def letters_of(language: str | None) -> dict[str, str]:
    """For each letter of another encoding, that of the language."""
    return _LETTERS.get(language or "", _USUAL)


def in_letters(word: str, language: str | None = None) -> str:
    """A word or text in the letters of its language, where one letter has two encodings.

    >>> in_letters("كتاب", "fa"), in_letters("کتاب", "ar"), in_letters("şi", "ro"), in_letters("şi", "tr")
    ('کتاب', 'كتاب', 'și', 'şi')
    """
    if not word.isascii():
        for letter, own in letters_of(language).items():
            word = word.replace(letter, own)
    return word


def language_of(options: Mapping[str, Any]) -> str:
    """The language of a run's text: the option ``language``, or the one that ``lemmatize`` or ``stem`` names.

    >>> language_of({"language": None, "lemmatize": "de,en"}), language_of({})
    ('de', 'en')
    """
    named = options.get("language") or options.get("lemmatize") or options.get("stem") or "en"
    return str(named).split(",")[0]


def lower(word: str, language: str | None = None) -> str:
    """A word in lower case, and in the letters of its language.

    >>> lower("ISPARTA İLİ", "tr"), lower("ISLAND"), lower("ŞI", "ro")
    ('ısparta ili', 'island', 'și')
    """
    if language in DOTTED:
        word = word.replace("I", "ı").replace("İ", "i")  # three times as fast as `str.translate`
    return in_letters(word, language).lower()


def title(word: str, language: str | None = None) -> str:
    """A word in title case.

    >>> title("istanbul", "tr"), title("istanbul")
    ('İstanbul', 'Istanbul')
    """
    if language in DOTTED:
        return word[:1].replace("i", "İ").upper() + lower(word[1:], language)
    return word.title()


def case_forms(word: str, language: str | None = None) -> tuple[str, ...]:
    """The forms in which a word is looked up: as written, in lower case, in title case, and further ones.

    Some forms may be equal. Turkish words are also looked up by the rules of other languages, because some
    words are foreign and many vectors were made without regard to the language.

    >>> case_forms("INTERNET", "tr")
    ('INTERNET', 'ınternet', 'Internet', 'internet', 'internet')
    """
    forms: tuple[str, ...] = (word, lower(word, language), title(word, language))
    if language in DOTTED:
        forms += (word.lower().replace(_DOT, ""), word.lower())
    if not word.isascii():
        forms += tuple(form.translate(letters) for letters in _OTHERS for form in forms[:3])
    return forms


def asked_forms(word: str, language: str | None = None) -> tuple[str, ...]:
    """The forms in which a word that somebody asks for is looked up: `case_forms`, as written and as read.

    >>> asked_forms("ﬁre\u2019s")
    ('ﬁre’s', 'Fire’S', 'fire', 'Fire')
    """
    forms = (*case_forms(word, language), *case_forms(plain(word.strip()), language))
    return tuple(dict.fromkeys(forms))


def in_any_case(name: str, known: Iterable[str]) -> str | None:
    """The known name that is the same, or else the only one that differs in case alone; None without one.

    >>> in_any_case("kind", ["Kind", "State"]), in_any_case("kind", ["Kind", "KIND"])
    ('Kind', None)
    """
    alike = [other for other in known if other.casefold() == name.casefold()]
    return name if name in alike else alike[0] if len(alike) == 1 else None


def different_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names without those that differ from an earlier one in case alone.

    >>> different_names(["Day", "when", "DAY"])
    ('Day', 'when')
    """
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    return tuple(first.values())
