"""Words made safe to display: unprintable and bidirectional characters are escaped.

Words come from any corpus. A control character could move the cursor of a terminal; a bidirectional override
could reverse a label.
"""

from __future__ import annotations

import unicodedata

__all__ = ["LONGEST", "count_of", "escape_for_display", "printable"]

LONGEST = 32
"""Characters of a word that are displayed; an ellipsis replaces the rest."""

_LEFT_TO_RIGHT = "\u200e"

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def count_of(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun in the right form.

    >>> count_of(1, "word"), count_of(2000, "word"), count_of(2, "pass", "passes")
    ('1 word', '2,000 words', '2 passes')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def escape_for_display(word: str) -> str:
    """A word with unprintable characters escaped, shortened to `LONGEST` characters.

    A word written from right to left is put between marks that keep the order of the text around it.

    >>> escape_for_display("a\\x1b[31m\\u202e"), escape_for_display("x" * 40)[-3:]
    ('a\\\\x1b[31m\\\\u202e', 'xx…')
    """
    shown = "".join(_escape(character) if _hostile(character) else character for character in word)
    shown = shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
    leftward = any(unicodedata.bidirectional(character) in {"R", "AL"} for character in shown)
    return f"{_LEFT_TO_RIGHT}{shown}{_LEFT_TO_RIGHT}" if leftward else shown


def printable(text: str) -> str:
    """A passage with each unprintable character replaced by a space."""
    return "".join(character if character.isprintable() else " " for character in text)


def _hostile(character: str) -> bool:
    # Cc control, Cs lone surrogate, Zl and Zp line breaks. Joiners (Cf) are part of many scripts and stay.
    unprintable = unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _BIDI
    return unprintable or ord(character) & 0xFFFE == 0xFFFE  # noncharacters, not allowed in XML


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 128 else character.encode("ascii", "backslashreplace").decode()
