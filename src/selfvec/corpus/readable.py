"""Characters that JSON, Parquet and data frames can hold, and that run folders and terminals cannot."""

from __future__ import annotations

import re

__all__ = ["NUL", "REPLACEMENT", "readable"]

NUL = "\0"
REPLACEMENT = "\ufffd"
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


def readable(text: str) -> str:
    """The text with U+FFFD in place of NUL and of halves of surrogate pairs.

    >>> readable("storm\\0s")
    'storm�s'
    """
    return _UNREADABLE.sub(REPLACEMENT, text)
