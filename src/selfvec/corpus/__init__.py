"""Documents from text files, tables, folders, pipes and memory, with a summary of each pass."""

from __future__ import annotations

from .conversion import as_corpus
from .corpus import Corpus
from .summary import FileRead, Summary

__all__ = ["Corpus", "FileRead", "Summary", "as_corpus"]
