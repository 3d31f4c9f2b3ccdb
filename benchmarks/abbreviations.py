"""Pairs of abbreviations and words that texts give: defined in brackets, or planted in a third of texts."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

_BRACKET = re.compile(r"\s*\(([^()\s]{2,10}(?: [^()\s]{1,10})?)\)")
_CLAUSE = re.compile(r"[.;:()\[\]\n]|, ")
_LETTERS = re.compile(r"[A-Za-z]+")
_FUNCTION = {"and", "by", "for", "in", "of", "on", "or", "the", "to", "with"}
_AGREED = 0.6  # share of the definitions of an abbreviation that name its commonest long form
_WORDS = 200  # planted
_SEED = 0


def long_form(short: str, before: str) -> str | None:
    """The end of ``before`` that ``short`` abbreviates, by the algorithm of Schwartz and Hearst (2003).

    >>> long_form("MRI", "patients with magnetic resonance imaging"), long_form("XY", "a storm")
    ('magnetic resonance imaging', None)
    """
    place = len(before) - 1
    for at in range(len(short) - 1, -1, -1):
        letter = short[at].lower()
        if not letter.isalnum():
            continue
        while place >= 0 and (
            before[place].lower() != letter or (at == 0 and place > 0 and before[place - 1].isalnum())
        ):
            place -= 1
        if place < 0:
            return None
        place -= 1
    return before[place + 1 :]


def defined(texts: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The texts without the brackets that define abbreviations, and the words of each abbreviation."""
    found: dict[str, Counter[str]] = defaultdict(Counter)

    def without(text: str) -> str:
        def read(match: re.Match[str]) -> str:
            short = match[1]
            words = _CLAUSE.split(text[max(0, match.start() - 200) : match.start()])[-1].split()
            if not (short[0].isalnum() and re.search("[A-Za-z]", short)):
                return match[0]
            long = long_form(short, " ".join(words[-min(len(short) + 5, 2 * len(short)) :]))
            if not long or len(long) <= len(short) or short.lower() in long.lower().split():
                return match[0]
            found[short.lower()][" ".join(long.lower().split())] += 1
            return ""

        return _BRACKET.sub(read, text)

    left = [without(text) for text in texts]
    pairs = {}
    for short, longs in sorted(found.items()):
        long, times = longs.most_common(1)[0]
        if times >= _AGREED * longs.total():
            pairs[short] = [word for word in re.findall("[a-z0-9]+", long) if word not in _FUNCTION]
    return left, pairs


def planted(texts: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The texts with abbreviations of 200 words, each in a third of them, and the word of each abbreviation.

    A word loses its end, its vowels and its end, or its vowels and its middle.
    """
    counts = Counter(word.lower() for text in texts for word in _LETTERS.findall(text))
    words = [w for w, n in sorted(counts.items()) if len(w) >= 6 and 40 <= n <= 1000 and w[-1] != "s"]
    random.Random(_SEED).shuffle(words)
    of: dict[str, str] = {}
    for number, word in enumerate(words):
        short = _shortened(word, number % 3)
        if len(short) >= 3 and short not in counts and short not in of.values():
            of[word] = short
        if len(of) == _WORDS:
            break

    def replaced(number: int, text: str) -> str:
        def shorten(match: re.Match[str]) -> str:
            word = match[0].lower()
            drawn = hashlib.sha256(f"{word}{number}".encode()).digest()[0] % 3 == 0
            return of[word] if word in of and drawn else match[0]

        return _LETTERS.sub(shorten, text)

    return [replaced(*pair) for pair in enumerate(texts)], {short: word for word, short in of.items()}


def _shortened(word: str, way: int) -> str:
    if way == 0:
        return word[:4] if len(word) >= 8 else word[:3]
    consonants = re.sub(r"(.)\1+", r"\1", word[0] + re.sub("[aeiou]", "", word[1:]))
    return consonants[:4] if way == 1 or len(consonants) < 5 else consonants[:3] + consonants[-1]
