"""What files and data frames can hold, and run folders and terminals cannot: it becomes U+FFFD."""

from __future__ import annotations

import re

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
