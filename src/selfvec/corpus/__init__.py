"""Documents from text files, tables, folders, pipes and memory, with a summary of each pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .conversion import as_corpus
from .corpus import Corpus
from .summary import FileRead, Summary

if TYPE_CHECKING:
    from .documents import Documents

__all__ = ["Corpus", "Documents", "FileRead", "Summary", "as_corpus"]


def __getattr__(name: str) -> Any:
    if name == "Documents":  # imports Polars, which most importers of this package do not need
        from .documents import Documents

        return Documents
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
