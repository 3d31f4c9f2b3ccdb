"""Smaller vectors: the codes that keep most of the quality within a size.

`compress` finds and writes the vectors; `BinarySearch` searches signs and ranks the best hits again.
"""

from __future__ import annotations

from .binary_search import BinarySearch
from .compress import compress

__all__ = ["BinarySearch", "compress"]
