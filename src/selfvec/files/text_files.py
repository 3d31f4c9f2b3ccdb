"""UTF-8 text files: lines, TOML, vocabularies with a word per line, and JSON that fits a schema.

A schema looks like the JSON that it describes:

    function               value -> the broken rule, or None; for a plain value that of a `Kind`
    [schema]               a list of such values
    {"name": schema}       an object; listed names are optional, others are allowed
    {str: schema}          an object; the schema of all names that are not listed
    {...: ("name",)}       an object; required names
"""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from selfvec.base.display import code_of
from selfvec.base.errors import FormatError, InputError

from .untrusted import parse_json

_LINE_ENDS = re.compile(r"\r\n?|\n")
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_ESCAPED = re.compile(r"\\[\\nr]")
_PLAIN = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or with a mark in UTF-16; `InputError` names a line that is neither."""
    try:
        data = path.read_bytes()
    except OSError as error:
        rule = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise InputError(f"cannot be read: {rule}", path=path, remedy="check the path") from None
    from .charsets import marked, tallied

    try:
        return data.decode(marked(data) or "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        fault = tallied(data).fault
        raise InputError(fault.rule, path=path, line=fault.line, remedy=fault.remedy) from None


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file that hold more than white space, with their numbers from 1."""
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if text and not text.isspace():
            yield line, text.removesuffix("\r")


def separated_rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a list of questions or words, one in each line that is not blank, with their numbers.

    With tabs, a quote without a partner is text; with commas it is an `InputError`.
    """
    for line, text in enumerate(_LINE_ENDS.split(read_text(path)), 1):
        if not text or text.isspace():
            continue
        try:
            yield line, next(csv.reader([text], delimiter=delimiter, strict=True))
        except csv.Error:
            if delimiter != "\t":
                rule = "a row is one line, in which every quoted field is closed and quotes in it are doubled"
                raise InputError(rule, path=path, line=line, remedy="close the quote, or double it") from None
            yield line, text.split("\t")


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
        # Python advises programs to raise its limits of depth and digits.
        ours = isinstance(error, json.JSONDecodeError | tomllib.TOMLDecodeError)
        fault = str(error) if ours else "it is nested too deeply, or holds a number of thousands of digits"
        raise InputError(f"is not {name}: {fault}", path=path, remedy="correct the file") from None


def write_vocabulary(path: Path, words: Sequence[str]) -> None:
    """Write a word per line, UTF-8; line breaks inside a word are escaped."""
    text = "\n".join([*words, ""])  # one by one, a million words take ten times as long
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
    return [_ESCAPED.sub(lambda escape: _PLAIN[escape[0]], word) for word in words] if "\\" in text else words


# Schemas

Schema = Any


def check(value: Any, schema: Schema, path: Path, remedy: str) -> None:
    """Raise `FormatError` with the first part of a value that does not fit the schema."""
    fault = misfit(value, schema)
    if fault is not None:
        place, rule = fault
        raise FormatError(rule, path=path, field=place or None, remedy=remedy)


def misfit(value: Any, schema: Schema, place: str = "") -> tuple[str, str] | None:
    """The path of the first part that does not fit, and the rule; None if the whole value fits.

    >>> from selfvec.base.declarations import Kind
    >>> size = Kind("Natural").fault
    >>> misfit({"files": [{"bytes": 3}, {"bytes": -3}]}, {"files": [{"bytes": size}]})
    ('files.1.bytes', 'is a whole number of at least 0, not -3')
    """
    if callable(schema):
        rule = schema(value)
        return None if rule is None else (place, rule)
    if not isinstance(value, type(schema)):
        kind = "a list" if isinstance(schema, list) else "an object"
        return place, f"is {kind}, not {code_of(value, 40)}"
    if isinstance(schema, list):
        parts, schema = {str(i): part for i, part in enumerate(value)}, {str: schema[0]}
    else:
        parts = value
    for name, part in parts.items():
        inner = schema.get(name, schema.get(str))
        fault = None if inner is None else misfit(part, inner, f"{place}.{name}" if place else name)
        if fault is not None:
            return fault
    missing = next((name for name in schema.get(..., ()) if name not in parts), None)
    return None if missing is None else (place, f"lacks {missing!r}")
