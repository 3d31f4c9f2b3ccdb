"""Text made safe to keep and to display: unprintable and bidirectional characters are escaped.

Words come from any corpus, and the names of files from anyone. A control character could move the cursor of a
terminal; a bidirectional override could reverse a label. Files and data frames can also hold what run folders
and terminals cannot: it becomes U+FFFD.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

LONGEST = 32
"""Characters of a word that are displayed; an ellipsis replaces the rest."""

_LEFT_TO_RIGHT = "\u200e"

_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_NONCHARACTERS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
# Controls, line breaks, lone surrogates, and noncharacters, which XML forbids. Joiners belong to scripts.
_HOSTILE = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}{_NONCHARACTERS}]")


def count_of(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun in the right form.

    >>> count_of(1, "word"), count_of(2000, "word"), count_of(2, "pass", "passes")
    ('1 word', '2,000 words', '2 passes')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def enumerated(words: Sequence[str]) -> str:
    """Words as a list in a sentence.

    >>> enumerated(["hail", "wind", "ice"]), enumerated(["hail"])
    ('hail, wind and ice', 'hail')
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def code_of(value: object, most: int = 80) -> str:
    """The beginning of a value as Python writes it; its type, if it is too deep or too long for that.

    >>> code_of([1, "two"]), code_of(10**5000)
    ("[1, 'two']", 'int')
    """
    try:
        return repr(value)[:most]
    except (RecursionError, ValueError):  # whose texts tell programs how to raise a limit
        return type(value).__name__


def size_of(count: int) -> str:
    """A number of bytes.

    >>> size_of(12_300_000), size_of(4096)
    ('12.3 MB', '4,096 bytes')
    """
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count:,} bytes"


def escape_controls(text: str, *, lines: bool = False) -> str:
    """A text with control and bidirectional characters escaped; with ``lines``, line breaks stay.

    >>> escape_controls("a\\x1b[31m\\u202e\\n"), escape_controls("a\\x9b\\n", lines=True)
    ('a\\\\x1b[31m\\\\u202e\\\\x0a', 'a\\\\x9b\\n')
    """
    return _HOSTILE.sub(lambda found: found[0] if lines and found[0] == "\n" else _escape(found[0]), text)


def escape_json(text: str) -> str:
    r"""A JSON document whose strings have the same characters as ``\u`` escapes, which its readers decode.

    Line breaks stay: JSON has them only between values.

    >>> print(escape_json('["\x9b\u202e"]'))
    ["\u009b\u202e"]
    """
    return _HOSTILE.sub(lambda found: found[0] if found[0] == "\n" else _json_escape(found[0]), text)


def escape_for_display(word: str) -> str:
    """A word or phrase with unprintable characters escaped, shortened to `LONGEST` characters.

    A word written from right to left is put between marks that keep the order of the text around it.

    >>> escape_for_display("a\\x1b[31m\\u202e"), escape_for_display("x" * 40)[-3:]
    ('a\\\\x1b[31m\\\\u202e', 'xx…')
    """
    shown = escape_controls(word)
    shown = whole_words(shown, LONGEST)
    leftward = any(unicodedata.bidirectional(character) in {"R", "AL"} for character in shown)
    return f"{_LEFT_TO_RIGHT}{shown}{_LEFT_TO_RIGHT}" if leftward else shown


def whole_words(text: str, most: int) -> str:
    """A text, or its first whole words and an ellipsis; only a word that is longer than all is cut itself.

    >>> whole_words("monetary policy", 15), whole_words("monetary policy report", 20), whole_words("x" * 9, 5)
    ('monetary policy', 'monetary policy …', 'xxxx…')
    """
    if len(text) <= most:
        return text
    head, _, _ = text[: most - 1].rpartition(" ")
    return f"{head.rstrip(' ,;')} …" if head.strip() else f"{text[: most - 1]}…"


def shortened(text: str, place: int, longest: int) -> tuple[bool, str, bool]:
    """At most ``longest`` characters of whole words around a position, and whether each end was cut."""
    if len(text) <= longest:
        return False, text, False
    start = max(0, min(place - longest // 2, len(text) - longest))
    cut = text[start : start + longest]
    before, after = start > 0, start + longest < len(text)
    cut = cut[cut.find(" ") + 1 :] if before else cut
    return before, cut[: cut.rfind(" ")] if after else cut, after


def printable(text: str) -> str:
    """A passage with each unprintable character replaced by a space."""
    return "".join(character if character.isprintable() else " " for character in text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 128 else character.encode("ascii", "backslashreplace").decode()


def _json_escape(character: str) -> str:
    """One escape, or two for a character beyond U+FFFF."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return re.sub("....", r"\\u\g<0>", units)


# What cannot be kept

NUL = "\0"
REPLACEMENT = "\ufffd"
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


def readable(text: str) -> str:
    """The text with U+FFFD in place of NUL and of halves of surrogate pairs.

    >>> readable("storm\\0s")
    'storm�s'
    """
    return _UNREADABLE.sub(REPLACEMENT, text)


def decoded(data: bytes, codec: str = "utf-8") -> tuple[str, int]:
    """The text with U+FFFD in each place that cannot be decoded, and how many places these are.

    >>> decoded(b"a caf\\xe9 \\xff")
    ('a caf� �', 2)
    """
    try:
        return data.decode(codec), 0
    except UnicodeError:
        text = data.decode(codec, "replace")
        return text, text.count(REPLACEMENT) - data.decode(codec, "ignore").count(REPLACEMENT)
