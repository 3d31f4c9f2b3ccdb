"""LanceDB: an embedded database as a folder, asked by vectors, by full text, by both, and by SQL filters.

There is no index of vectors: up to some hundred thousand rows an exact scan is as fast. A row of zeros has no
cosine; LanceDB leaves it out there, and finds it by its words.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .rows import Rows

__all__ = ["write"]

_LANGUAGES = {
    "ar": "Arabic",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "hu": "Hungarian",
    "it": "Italian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "ta": "Tamil",
    "tr": "Turkish",
}
"""Those whose stems and stop words its full-text index knows."""


def write(rows: Rows, folder: Path) -> None:
    """Write a table called as the rows are, with a full-text index where they have a text."""
    import lancedb
    import polars as pl
    from lancedb.index import FTS

    data = rows.frame().to_arrow(compat_level=pl.CompatLevel.oldest())
    table = lancedb.connect(folder).create_table(rows.name, data)
    if "text" in rows.table.columns:
        table.create_index("text", config=FTS(**_words(rows.language)))


def _words(language: str | None) -> dict[str, Any]:
    """How the full-text index makes words of texts."""
    if language not in _LANGUAGES:
        return {"stem": False, "remove_stop_words": False}
    return {"language": _LANGUAGES[language], "stem": True, "remove_stop_words": True}
