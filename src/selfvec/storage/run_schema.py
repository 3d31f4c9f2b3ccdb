"""The schemas of ``run.json`` and ``report.json``: names, types and ranges, checked when a run is opened.

All other code relies on this check. Values of names that are not listed are not checked.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from selfvec.base.schema import COUNT, check
from selfvec.data.settings import METHODS, Settings, stored_option

__all__ = ["check_report", "check_run"]

_TEXT_OR_NONE = (str, None)
_FIGURE = (float, None)

_FILE = {
    "path": str,
    "kind": str,
    "bytes": (COUNT, None),
    "sha256": str,
    "text_fields": [str],
    "date_field": _TEXT_OR_NONE,
    "layout": _TEXT_OR_NONE,
}
_CORPUS = {
    "description": str,
    "files": [_FILE],
    "documents": COUNT,
    "bad_rows": COUNT,
    "text_fields": [str],
    "text_given": bool,
    "date_field": _TEXT_OR_NONE,
    "date_given": bool,
    "layout": _TEXT_OR_NONE,
    "slice_field": _TEXT_OR_NONE,
    "slice_by_name": bool,
}
_TEXT = {
    "tokenizer": str,
    **dict.fromkeys(("documents", "sentences", "empty", "raw_tokens", "tokens", "types"), COUNT),
    "raw_types": (COUNT, None),
    "dropped": {str: COUNT},
}
_VECTORS: dict[Any, Any] = {
    ...: ("name",),
    "name": str,
    "path": str,
    "bytes": COUNT,
    "sha256": str,
    "words": COUNT,
    "dimensions": COUNT,
}
_PHRASE: dict[Any, Any] = {
    ...: ("term",),
    "term": str,
    "count": COUNT,
    "pmi": _FIGURE,
    "npmi": _FIGURE,
    "c_value": _FIGURE,
}

_RUN: dict[str, Any] = {
    "method": METHODS,
    "tokens": COUNT,
    "types": COUNT,
    "documents": COUNT,
    "window": range(1, 1 << 31),
    "epochs": range(1 << 17),
    "learning_rate": _FIGURE,
    "seed": range(1 << 128),
    "dimensions": range(1 << 31),
    "options": {of.name: stored_option(of.name) for of in fields(Settings)},
    "corpus": _CORPUS,
    "text": _TEXT,
    "vectors": _VECTORS,
    "option_files": {str: str},
    "coverage": {str: {str: COUNT}},
    "sources": {str: COUNT},
    "history": {"records": COUNT, "bytes": COUNT},
    "timings": {str: float},
    "repeats": {
        "counted": ("once", "all"),
        **dict.fromkeys(("passages", "documents", "tokens", "example_documents"), COUNT),
        "share": float,
        "example": str,
        "templates": bool,
    },
    "phrases": {"rows": [_PHRASE], "tokens": COUNT},
    "grown": [{}],
    "files": {str: {"bytes": COUNT, "sha256": str}},
    "sha256": str,
}
_WRITTEN = ("method", "tokens", "types", "window", "epochs", "seed", "dimensions", "vectors")
"""Names that a run with options also has."""

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
    check(described, {**_RUN, ...: _WRITTEN} if "options" in described else _RUN, path, remedy)


def check_report(report: dict[str, Any], path: Path, remedy: str) -> None:
    """Raise `FormatError` unless the content of ``report.json`` fits its schema."""
    check(report, {"health": _HEALTH}, path, remedy)
