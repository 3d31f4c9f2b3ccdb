"""Smaller tables: which codes keep what the table is used for, under a size.

`compress` finds and writes the table; `BinarySearch` searches signs and ranks the best again.
"""

from __future__ import annotations

from .binary_search import BinarySearch
from .compress import compress

__all__ = ["BinarySearch", "compress"]
