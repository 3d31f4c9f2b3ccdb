"""The key of a word's characters: spellings that look the same to a reader are one word.

Texts are shown as they were written. Only what is counted, looked up and compared is folded, once per
distinct word, so that the positions of words in a text stay those of the text.
"""

from __future__ import annotations

import re
import unicodedata

UNSEEN = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F)),
    *((0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),
    (0xE0000, 0xE0FFF),
)
"""The first and last of characters that show nothing: Unicode's Default_Ignorable_Code_Point."""

NEVER_ALONE = "\u0640\uff9e\uff9f"
"""Letters by their category that only change the one before: Arabic's stretching, marks of narrow kana."""
APOSTROPHES = "'\u2019\u2018\u201b\u02bc\u00b4\uff07\u05f3"
"""Straight, curly, as a letter, as an accent, of full width; and the geresh of Hebrew."""
GERSHAYIM = '"\u05f4\u201d'
"""The mark before the last letter of Hebrew's acronyms, as it is typed."""

# Removed: what is not seen, except joiners that shape Arabic and Indic letters; enclosing marks of keycaps;
_SHAPED = "\u0600-\u08ff\u0900-\u109f\u1780-\u17ff\ufb50-\ufdff\ufe70-\ufeff"
_ENCLOSING = "\u0488\u0489\u1abe\u20dd-\u20e0\u20e2-\u20e4\ua670-\ua672"
# the points of Hebrew; the stretching, the vowels and the marks of recitation of Arabic.
_HEBREW = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
_ARABIC = "\u0640\u064b-\u0652\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
_UNSEEN = "".join(f"{chr(first)}-{chr(last)}" for first, last in UNSEEN)
# A pattern that begins with a set of characters is searched for ten times as fast as with a condition.
_NO_JOINER = f"(?:(?<![\u200c\u200d])|(?<![{_SHAPED}].)|(?![{_SHAPED}]))"
REMOVED = re.compile(f"[{_UNSEEN}{_ENCLOSING}{_HEBREW}{_ARABIC}]{_NO_JOINER}")
_DIGIT = re.compile(r"[^\D0-9]")
_APOSTROPHE = re.compile(f"[{APOSTROPHES}]")
_GERSHAYIM = re.compile(f"[{GERSHAYIM}]")
# These stay whole, as their compatibility forms have signs: 3½ would be 31⁄2, ⑴ would be (1), ﷺ four words.
_WHOLE = re.compile(
    "([\u00bc-\u00be\u013f\u0140\u0149\u037a\u2150-\u215f\u2189\u2474-\u249b\u3220-\u3243"
    "\ufc5e-\ufc63\ufcf2-\ufcf4\ufdfa\ufdfb\ufe70-\ufe7f\U0001f100-\U0001f10a])"
)
_OWN_FORMS = {
    **{"\u0e4d\u0e32": "\u0e33", "\u0ecd\u0eb2": "\u0eb3"},  # a vowel of Thai and Lao that stays whole
    **{"ŀl": "l·l", "ĿL": "L·L"},  # Catalan's double l, of which only this form has no other letters
}


def folded(word: str) -> str:
    """The key of a word: compatibility forms resolved, accents composed, without what is not seen.

    >>> folded("ﬁre"), folded("Ｈ₂Ｏ"), folded("ｶﾞｽ"), folded("co\u00adoperate"), folded("cafe\u0301")
    ('fire', 'H2O', 'ガス', 'cooperate', 'café')
    >>> folded("۴۲"), folded("don\u2019t"), folded("צה\u05f4ל"), folded("مُحَمَّد")
    ('42', "don't", 'צה"ל', 'محمد')
    >>> folded("co\u0140legi")
    'col·legi'
    """
    if word.isascii():
        return word
    word = _GERSHAYIM.sub('"', _APOSTROPHE.sub("'", word))
    parts = _WHOLE.split(word)
    parts[::2] = [unicodedata.normalize("NFKC", part) for part in parts[::2]]
    word = "".join(parts)
    for apart, whole in _OWN_FORMS.items():
        word = word.replace(apart, whole)
    # What was between two characters may have kept them from being composed.
    word = unicodedata.normalize("NFC", REMOVED.sub("", word))
    return _DIGIT.sub(lambda digit: str(int(digit[0])), word)


def plain(word: str) -> str:
    """The key of a word as texts are read: `folded`, without a possessive and apostrophes around it.

    >>> plain("county\u2019s"), plain("\u2018hail\u2019")
    ('county', 'hail')
    """
    if word.isascii() and "'" not in word:
        return word
    word = folded(word)
    if word.endswith(("'s", "'S")) and any(map(str.isalnum, word[:-2])):
        word = word[:-2]
    return word.strip("'")


# Letters that are written with a plain one where the keyboard lacks them, and have no decomposition
_PLAIN = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ß": "ss", "æ": "ae", "Æ": "AE"}
    | {"œ": "oe", "Œ": "OE", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"}
)
_ACCENTS = re.compile("(?<![\u0438\u0418])[\u0300-\u036f]")  # the breve of й makes another letter


def without_accents(word: str) -> str:
    """A word as people type it on a plain keyboard.

    >>> [without_accents(word) for word in ("Zürich", "hôpital", "Łódź", "чайной")]
    ['Zurich', 'hopital', 'Lodz', 'чайной']
    """
    if word.isascii():
        return word
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", word.translate(_PLAIN)))
    return unicodedata.normalize("NFC", bare)
