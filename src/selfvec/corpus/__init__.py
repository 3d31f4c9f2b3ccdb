"""Documents from text files, tables, folders, pipes and memory, and an account of what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .conversion import as_corpus
from .corpus import Corpus
from .summary import FileRead, Summary

if TYPE_CHECKING:
    from .documents import Documents

__all__ = ["Corpus", "Documents", "FileRead", "Summary", "as_corpus"]


def __getattr__(name: str) -> Any:
    if name == "Documents":  # brings polars, which most of what imports this package does not need yet
        from .documents import Documents

        return Documents
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
