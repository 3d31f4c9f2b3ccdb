"""Rows as a file of JSON objects, one in a line."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """The path with the rows in it."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path
