"""Vocabulary files: a word per line, UTF-8, with line breaks and backslashes inside words escaped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .errors import FormatError

__all__ = ["read_vocabulary", "write_vocabulary"]

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_PLAIN = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


def write_vocabulary(path: Path, words: Sequence[str]) -> None:
    """Write a word per line, UTF-8; line breaks inside a word are escaped."""
    text = "".join(f"{word}\n" for word in words)
    if "\\" in text or "\r" in text or text.count("\n") > len(words):
        text = "".join(f"{word.translate(_ESCAPES)}\n" for word in words)
    path.write_text(text, encoding="utf-8", newline="\n")


def read_vocabulary(path: Path) -> list[str]:
    """Read what `write_vocabulary` wrote.

    Raises
    ------
    FormatError
        If the file is not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"a vocabulary is UTF-8 text: {error.reason}", path=path) from None
    words = text.removesuffix("\n").split("\n") if text else []
    return [_unescape(word) if "\\" in word else word for word in words] if "\\" in text else words


def _unescape(word: str) -> str:
    out, i = [], 0
    while i < len(word):
        pair = word[i : i + 2]
        out.append(_PLAIN.get(pair, word[i]))
        i += 2 if pair in _PLAIN else 1
    return "".join(out)
