"""Reading task files. They are foreign, so every error names the file and line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError
from selfvec.base.files import text_lines

__all__ = ["json_objects", "number", "rows"]


def rows(path: Path, names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows of a file of tab-separated columns, with their line numbers.

    Raises
    ------
    InputError
        If a row has too few or too many columns, or an empty one.
    """
    for line, text in text_lines(path):
        fields = [field.strip() for field in text.split("\t")]
        if len(fields) != len(names):
            found = f"this one has {len(fields)} field{'s' * (len(fields) != 1)}"
            rule = f"a row is {'<TAB>'.join(names)}, {found}"
            raise InputError(rule, path=path, line=line, remedy="separate the fields by one tab each")
        if "" in fields:
            field, remedy = names[fields.index("")], "fill it or remove the row"
            raise InputError("is empty", path=path, line=line, field=field, remedy=remedy)
        yield line, fields


def number(text: str, path: Path, line: int, field: str) -> float:
    """A finite number; an `InputError` otherwise."""
    try:
        value = math.nan if "_" in text else float(text)  # Python reads 1_0 as 10
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"is a number, not {text[:40]!r}", path=path, line=line, field=field)
    return value


def json_objects(path: Path, required: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file, with their line numbers.

    Raises
    ------
    InputError
        If a line is not a JSON object or lacks a required field.
    """
    for line, text in text_lines(path):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            rule = f"is not JSON: {error}"
            raise InputError(rule, path=path, line=line, remedy="correct the line") from None
        if not isinstance(value, dict):
            raise InputError("a line is a JSON object, this one is not", path=path, line=line)
        for name in required:
            if name not in value:
                raise InputError("the row has no such field", path=path, line=line, field=name)
        yield line, value
