"""Lines and rows of task files: foreign text, so that whatever is wrong with it is told with its line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError

__all__ = ["json_objects", "number", "rows", "text_lines"]


def text_lines(path: Path, errors: str = "strict") -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file that hold more than white space, with their numbers from 1.

    ``errors="replace"`` reads what is not UTF-8 as U+FFFD, for running text that a stray byte does not spoil.

    Raises
    ------
    InputError
        If the file cannot be read, or a line is not UTF-8.
    """
    try:
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        rule = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise InputError(f"cannot be read: {rule}", path=path, remedy="check the path") from None
    for line, raw in enumerate(data.split(b"\n"), 1):
        try:
            text = raw.decode(errors=errors).removesuffix("\r")
        except UnicodeDecodeError:
            raise InputError("is not UTF-8", path=path, line=line, remedy="save it as UTF-8") from None
        if text and not text.isspace():
            yield line, text


def rows(
    path: Path, names: Sequence[str], *, errors: str = "strict", comment: str | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Rows of a file of tab-separated columns with their line numbers; every row has each column, filled.

    Lines that begin with ``comment`` are none; ``errors`` as in `text_lines`.

    Raises
    ------
    InputError
        Also if a row has fewer or more columns, or an empty one.
    """
    layout = "<TAB>".join(names)
    for line, text in text_lines(path, errors):
        if comment is not None and text.startswith(comment):
            continue
        fields = [field.strip() for field in text.split("\t")]
        if len(fields) != len(names):
            rule = f"a row is {layout}, this one has {len(fields)} field{'s' * (len(fields) != 1)}"
            raise InputError(rule, path=path, line=line, remedy="separate the fields by one tab each")
        if "" in fields:
            field = names[fields.index("")]
            raise InputError(
                "is empty", path=path, line=line, field=field, remedy="fill it or remove the row"
            )
        yield line, fields


def number(text: str, path: Path, line: int, field: str) -> float:
    """A finite number.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        value = math.nan if "_" in text else float(text)  # Python reads 1_0 as 10
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"is a number, not {text[:40]!r}", path=path, line=line, field=field)
    return value


def json_objects(path: Path, required: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file with their line numbers.

    Raises
    ------
    InputError
        If a line is no JSON object or lacks a required field.
    """
    for line, text in text_lines(path):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"is not JSON: {error}", path=path, line=line, remedy="mend the line") from None
        if not isinstance(value, dict):
            raise InputError("a line is a JSON object, this one is not", path=path, line=line)
        for name in required:
            if name not in value:
                raise InputError("the row has no such field", path=path, line=line, field=name)
        yield line, value
