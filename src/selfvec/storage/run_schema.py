"""The schemas of ``run.json`` and ``report.json``: names, types and ranges, checked when a run is opened.

All other code relies on this check. Values of names that are not listed are not checked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selfvec.base.schema import COUNT, check
from selfvec.data.provenance import Provenance

__all__ = ["check_report", "check_run"]

_FOLDER: dict[Any, Any] = {
    ...: ("state", "files", "sha256"),
    "state": range(1, 1 << 31),
    "files": {str: {"bytes": COUNT, "sha256": str}},
    "sha256": str,
}
"""What `selfvec.storage.run_writer` adds: the number of the state, and its files with their checksums."""
_FIGURE = (float, None)
_FINDING: dict[Any, Any] = {...: ("name", "level", "message", "remedy"), str: str}
_HEALTH: dict[Any, Any] = {
    ...: ("verdicts", "findings"),
    "verdicts": [str],
    "findings": [_FINDING],
    **dict.fromkeys(("types", "tokens", "known", "composed", "oov", "oov_empty"), COUNT),
    str: _FIGURE,
}


def check_run(described: dict[str, Any], path: Path, remedy: str) -> None:
    """Raise `FormatError` unless the content of ``run.json`` fits its schema."""
    schema: dict[Any, Any] = Provenance.schema() | _FOLDER
    if "options" in described:
        schema[...] = (*_FOLDER[...], *Provenance.required())
    check(described, schema, path, remedy)


def check_report(report: dict[str, Any], path: Path, remedy: str) -> None:
    """Raise `FormatError` unless the content of ``report.json`` fits its schema."""
    check(report, {"health": _HEALTH}, path, remedy)
