"""UTF-8 text files: lines, JSON, TOML, and vocabularies with a word per line."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .errors import FormatError, InputError
from .untrusted import parse_json

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_ESCAPED = re.compile(r"\\[\\nr]")
_PLAIN = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


def read_text(path: Path) -> str:
    """The text of a UTF-8 file without a byte order mark; `InputError` names a line that is not UTF-8."""
    try:
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        rule = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise InputError(f"cannot be read: {rule}", path=path, remedy="check the path") from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError("is not UTF-8", path=path, line=line, remedy="save it as UTF-8") from None


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file that hold more than white space, with their numbers from 1."""
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if text and not text.isspace():
            yield line, text.removesuffix("\r")


def read_json(path: Path, remedy: str) -> dict[str, Any]:
    """The JSON object in a file; `FormatError` with this remedy if it holds anything else."""
    try:
        data = parse_json(path.read_bytes())
    except ValueError as error:
        raise FormatError(f"is not JSON: {error}", path=path, remedy=remedy) from None
    if not isinstance(data, dict):
        raise FormatError("is not a JSON object", path=path, remedy=remedy)
    return data


def read_toml_or_json(path: Path) -> Any:
    """The content of a .toml or .json file; `InputError` if it is neither."""
    parse = {".toml": tomllib.loads, ".json": json.loads}.get(path.suffix.lower())
    if parse is None:
        rule = f"is .toml or .json, not {path.suffix or 'without a suffix'}"
        raise InputError(rule, path=path, remedy="rename the file")
    text = read_text(path)
    try:
        return parse(text)
    except (ValueError, RecursionError) as error:
        name = path.suffix[1:].upper()
        raise InputError(f"is not {name}: {error}", path=path, remedy="correct the file") from None


def write_vocabulary(path: Path, words: Sequence[str]) -> None:
    """Write a word per line, UTF-8; line breaks inside a word are escaped."""
    text = "\n".join([*words, ""])
    if "\\" in text or "\r" in text or text.count("\n") > len(words):
        text = "".join(f"{word.translate(_ESCAPES)}\n" for word in words)
    path.write_text(text, encoding="utf-8", newline="\n")


def read_vocabulary(path: Path) -> list[str]:
    """Read what `write_vocabulary` wrote; `FormatError` if it is not UTF-8."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"a vocabulary is UTF-8 text: {error.reason}", path=path) from None
    words = text.removesuffix("\n").split("\n") if text else []
    return [_ESCAPED.sub(lambda found: _PLAIN[found[0]], word) for word in words] if "\\" in text else words
