"""Documents from text files, tables, folders, pipes and memory, with a summary of each pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfvec.base.lazy import lazily

if TYPE_CHECKING:
    from .conversion import as_corpus
    from .corpus import Corpus
    from .summary import FileRead, Summary

__all__ = ["Corpus", "FileRead", "Summary", "as_corpus"]

_HOMES = {"as_corpus": "conversion", "Corpus": "corpus", "FileRead": "summary", "Summary": "summary"}
if not TYPE_CHECKING:
    __getattr__ = lazily(__name__, _HOMES)
