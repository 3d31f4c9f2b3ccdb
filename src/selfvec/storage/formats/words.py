"""The words of a vectors file: UTF-8, one per line, in the file itself or in a file next to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from selfvec.base.errors import FormatError, OptionError

from .input_file import Input

LENIENT = "use --vectors-errors replace (in Python, errors='replace')"
"""The remedy for words that are not UTF-8 or occur twice."""


def decode_words(data: bytes, source: Input, *, first_line: int | None = None) -> list[str]:
    """Words from UTF-8 bytes with a newline after each (optional after the last)."""
    data = data.removesuffix(b"\n")
    try:
        return data.decode(errors=source.errors).split("\n")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start)
        which = f"word {row + 1}" if first_line is None else "the one of this line"
        raise source.error(
            f"words are UTF-8, but {which} is not",
            line=None if first_line is None else row + first_line,
            remedy=f"re-encode the file or {LENIENT}, which puts U+FFFD there",
        ) from None


def encode_words(words: Sequence[str], forbidden: str = "\n\r") -> bytes:
    """Words as UTF-8, each with a newline after it."""
    text = "\n".join(words)
    for character in forbidden:
        if text.count(character) > (len(words) - 1 if character == "\n" else 0):
            word = next(word for word in words if character in word)
            raise OptionError(
                f"this format cannot hold the word {word[:40]!r}: it contains {character!r}",
                remedy="rename the word or choose another format (safetensors refuses line breaks only)",
            )
    try:
        return (text + "\n").encode()
    except UnicodeEncodeError as error:
        raise OptionError(
            f"words are Unicode text, one holds the lone surrogate {text[error.start]!r}",
            remedy="rename the word",
        ) from None


def read_vocabulary(path: Path, rows: int, source: Input) -> list[str]:
    """The words of a text file with one per line, as many as the matrix of ``source`` has ``rows``."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", path=path, remedy="check the path") from error
    if data.count(b"\r\n") == data.count(b"\n"):
        data = data.replace(b"\r\n", b"\n")
    words = decode_words(data, Input(path, errors=source.errors), first_line=1) if data else []
    if len(words) != rows:
        raise FormatError(
            f"a vocabulary has a word for every row of its matrix, but this one has {len(words)} for {rows}",
            path=path,
            remedy="put the right vocabulary next to the matrix",
        )
    return words


def vocabulary_beside(source: Input) -> Path:
    """The text file with the words of a matrix file."""
    names = ("{}.vocabulary.txt", "{}.vocab.txt", "vocabulary.txt", "vocab.txt")
    found = source.siblings(*names)
    if not found:
        stem = Path(source.path.name).stem
        raise source.error(
            "holds a matrix without words",
            remedy=f"put the words, one per line, into {names[0].format(stem)} next to it",
        )
    return found[0]
